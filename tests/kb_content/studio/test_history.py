from __future__ import annotations

from datetime import timedelta

import pytest
from drafted import ADA, BEN, BODY, RESET, Writers

from kb_content.catalogue import article_page
from kb_content.errors import DraftRefused
from kb_content.releases import give_up
from kb_content.studio.drafts import save
from kb_content.studio.history import NoSuchVersion, restore, versions
from kb_content.studio.models import DraftKind
from store import reading

pytestmark = pytest.mark.any_database

NEW_BODY = BODY.replace("Save", "Keep")


def test_the_history_says_who_wrote_each_version_and_when_it_was_live(writers: Writers) -> None:
    later = writers.now + timedelta(days=1)
    released = writers.publish([writers.write(RESET, body=NEW_BODY, by=BEN).id or 0], at=later)
    writers.do(give_up, writers.start([writers.write(RESET, title="Blocked").id or 0]))
    blocked, live, first = writers.do(versions, "reset", "en")
    assert (blocked.number, blocked.title, blocked.was_published, blocked.is_current) == (3, "Blocked", False, False)
    assert (live.number, live.made_by, live.created_at, live.is_current, live.is_live) == (2, BEN, later, True, True)
    assert [(one.release_id, one.live_at) for one in live.releases] == [(released, later)]
    assert (first.number, first.made_by, first.is_live, first.was_published) == (1, None, False, True)
    assert writers.do(versions, "no-such", "en") == []


def test_an_old_version_comes_back_as_a_draft_and_old_links_still_show_what_they_quoted(writers: Writers) -> None:
    writers.publish([writers.write(RESET, body=NEW_BODY).id or 0])
    draft = writers.do(restore, "reset", "en", 1, ADA, writers.now)
    assert (draft.origin, draft.base) == ("version:1", 2)
    writers.publish([draft.id])
    assert writers.live_article("reset") == RESET
    with reading(writers.database) as session:
        quoted = article_page(session, "reset", "en", 2)
    assert quoted is not None
    assert (quoted.article.body, quoted.is_live) == (NEW_BODY, False)


def test_what_somebody_writes_is_not_lost_by_restoring(writers: Writers) -> None:
    writers.publish([writers.write(RESET, body=NEW_BODY).id or 0])
    opened = writers.begin(DraftKind.ARTICLE, "reset", "en")
    assert writers.do(restore, "reset", "en", 1, ADA, writers.now).content["body"] == BODY, "nothing was written yet"
    writers.do(save, opened.id, 2, {**opened.content, "title": "Work of hours"}, BEN, writers.now)
    with pytest.raises(DraftRefused, match="Somebody is writing"):
        writers.do(restore, "reset", "en", 1, ADA, writers.now)


def test_only_a_version_that_there_is_comes_back(writers: Writers) -> None:
    with pytest.raises(NoSuchVersion):
        writers.do(restore, "reset", "en", 9, ADA, writers.now)
    with pytest.raises(NoSuchVersion):
        writers.do(restore, "no-such", "en", 1, ADA, writers.now)
