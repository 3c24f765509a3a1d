"""What a published item was worth: its questions asked again, and the look itself in its child process."""

from __future__ import annotations

import shutil
import sys
import threading
from datetime import UTC, datetime, timedelta

import pytest
from answered import Archive
from small_kb import articles, contents_of
from sqlmodel import select

from bot.learning.publish import Fit
from bot.learning.scratch import serve
from bot.learning.upkeep import TOPICS, Upkeep
from bot.learning.worklist.effects import Again, measured, of_all, share
from bot.learning.worklist.models import WorkItem, WorkKind, WorkState
from bot.learning.worklist.refreshing import WORKLIST, LookFailed, Refresher, ask_to_look, is_due, standing
from bot.live import House, Serving
from kb_content.articles import Article
from retrieval.encoders import load_encoders
from store import Database, leases, reading, transaction
from store.timers import claim_due

DARK = (
    "is there a dark mode",
    "how do I switch on dark mode",
    "dark mode please, my eyes hurt",
    "can I get a dark mode",
    "where is the dark mode setting",
)
LOST = {"decision": "escalate", "ground": "unsure", "confidence": 0.1, "passages": []}
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
def archive(sqlite_database: Database) -> Archive:
    made = Archive(sqlite_database)
    made.publish()
    return made


def served(*more: Article) -> Serving:
    held = contents_of((*articles(), *more))
    return serve(held, load_encoders(None, lambda sentence: None), Fit(), House(""), lambda sentence: None)


def test_questions_that_no_draft_was_given_are_counted_apart() -> None:
    text = "Open your picture, choose Appearance and then Dark. It holds for this browser only."
    article = Article("dark-mode", "en", "Switch on dark mode", text, questions=DARK[:3])
    again = Again("unanswered:q1", "en", DARK, ("dark-mode",))
    after = measured(served(article), again, NOW)
    assert after["all"]["asked"] == 5
    assert after["held_out"]["asked"] == 2
    assert after["held_out"]["answered"] + after["held_out"]["offered"] == 2
    assert after["all"]["by"] >= 3


def test_the_share_of_nothing_is_not_known() -> None:
    assert share(None) is None
    assert share({"asked": 0, "answered": 0}) is None
    assert share({"asked": 4, "answered": 1}) == 0.25
    assert of_all([]) == (0, 0)


def test_the_list_is_made_in_a_child_process(archive: Archive) -> None:
    for question in DARK:
        archive.asked(question, **LOST)
    new = Refresher(archive.database, Fit()).once(archive.now)
    with reading(archive.database) as session:
        (item,) = session.exec(select(WorkItem))
        far = standing(session, datetime.now(UTC))
    assert new == 1
    assert (item.kind, item.state, item.count) == (WorkKind.UNANSWERED, WorkState.OPEN, 5)
    assert (far.looked_at, far.asked, far.is_under_way) == (archive.now, 5, False)


def test_of_two_servers_one_looks(archive: Archive) -> None:
    now = datetime.now(UTC)
    with transaction(archive.database) as session:
        leases.acquire(session, WORKLIST, "another", now, timedelta(minutes=5))
    assert Refresher(archive.database, Fit()).once(now) is None
    with reading(archive.database) as session:
        assert standing(session, now).is_under_way
    assert not is_due(archive.database, now)
    assert is_due(archive.database, now + timedelta(minutes=1)), "the other one may have begun before it was asked for"


def test_what_is_asked_for_during_a_look_is_looked_at_afterwards(archive: Archive) -> None:
    looks, is_begun, may_end = [], threading.Event(), threading.Event()

    class Slow(Refresher):
        def once(self, now: datetime) -> int | None:
            looks.append(now)
            is_begun.set()
            assert may_end.wait(30)
            return None

    refresher = Slow(archive.database, Fit())
    refresher.begin()
    assert is_begun.wait(30)
    refresher.begin()
    refresher.begin()
    may_end.set()
    refresher.wait(30)
    assert len(looks) == 2
    refresher.begin()
    refresher.wait(30)
    assert len(looks) == 3


def test_a_look_that_fails_leaves_the_list_and_says_so(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    with pytest.raises(LookFailed):
        Refresher(archive.database, Fit()).once(archive.now)
    with reading(archive.database) as session:
        far = standing(session, datetime.now(UTC))
    assert "could not be brought up to date" in far.problem
    assert not far.is_under_way


def test_upkeep_begins_a_look_when_somebody_asked_for_it_and_waits_for_nothing(archive: Archive) -> None:
    begun = threading.Event()

    class Told(Refresher):
        def once(self, now: datetime) -> int | None:
            begun.set()
            return None

    upkeep = Upkeep(archive.database, Fit(), worklist=Told(archive.database, Fit()))
    upkeep.step(archive.now)
    assert not begun.is_set()
    with transaction(archive.database) as session:
        ask_to_look(session, archive.now)
    assert is_due(archive.database, archive.now)
    assert upkeep.step(archive.now) == [WORKLIST]
    assert begun.wait(30)
    assert not is_due(archive.database, archive.now)
    upkeep.stop()


def test_a_server_without_a_worklist_of_its_own_leaves_it_to_the_others(archive: Archive) -> None:
    with transaction(archive.database) as session:
        ask_to_look(session, archive.now)
    assert WORKLIST not in Upkeep(archive.database, Fit()).step(archive.now)
    with transaction(archive.database) as session:
        assert [timer.kind for timer in claim_due(session, archive.now, kinds=(WORKLIST,))] == [WORKLIST]


def test_the_night_has_its_look(archive: Archive) -> None:
    upkeep = Upkeep(archive.database, Fit(), worklist=Refresher(archive.database, Fit()))
    assert set(upkeep.kinds) >= {TOPICS, WORKLIST}
    upkeep.step(archive.now)
    assert not is_due(archive.database, archive.now + timedelta(hours=1))
    assert is_due(archive.database, archive.now + timedelta(days=1))
