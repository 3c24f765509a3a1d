"""Old releases lose what was fitted on them, and nothing that a customer may still open."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from answered import ARTICLES, INTENTS, Archive
from sqlmodel import func, select

from bot.learning import sweeping
from bot.learning.publish import Fit
from bot.learning.sweeping import Swept, sweep
from kb_content import catalogue
from kb_content.articles import Article
from kb_content.models import Release
from retrieval.encoders import Encoders, load_encoders
from retrieval.models import Vector
from retrieval.needs import wanted
from retrieval.vectors import Kind, key_of, save_vectors
from store import Database, leases, reading, transaction

FIT = Fit()
OLD = (Article("old", "en", "How it was once", "Nobody does it like this any more."),)


def silent(sentence: str) -> None:
    """Nobody listens."""


@pytest.fixture(scope="module")
def encoders() -> Encoders:
    return load_encoders(None, silent)


@pytest.fixture
def archive(database: Database, encoders: Encoders) -> Archive:
    """A release of OLD alone, then three of what is live now, each with parameters and all vectors."""
    archive = Archive(database)
    for articles in (OLD, ARTICLES, ARTICLES, ARTICLES):
        release_id = archive.publish(articles, INTENTS)
        with transaction(database) as session:
            session.get_one(Release, release_id).parameters = b"fitted"
            needs = wanted(catalogue.contents(session, release_id), encoders)
            save_vectors(session, dict.fromkeys(needs, np.zeros(4, np.float32)))
        archive.later(days=1)
    return archive


def parameters(archive: Archive) -> list[bool]:
    """Of each release, whether it has them still."""
    with reading(archive.database) as session:
        return [held is not None for held in session.exec(select(Release.parameters).order_by(Release.id))]  # type: ignore[arg-type]


def vectors(archive: Archive) -> int:
    with reading(archive.database) as session:
        return session.exec(select(func.count()).select_from(Vector)).one()


def test_what_is_live_and_the_newest_stay_and_the_rest_shrinks(
    archive: Archive, encoders: Encoders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "BATCH", 1)
    before = vectors(archive)
    assert sweep(archive.database, FIT, archive.now, silent) == Swept(), "the newest ten stay as they are"
    swept = sweep(archive.database, FIT, archive.now, silent, kept=1)
    assert parameters(archive) == [False, False, True, True]
    assert (swept.stripped, swept.dropped) == (2, 0)
    assert swept.vectors == before - vectors(archive) > 0
    with reading(archive.database) as session:
        needs = wanted(catalogue.contents(session), encoders)
        for key in needs:
            assert session.get(Vector, (key.encoder, key.kind.value, key.text_sha256)), "what is live needs it"
        page = catalogue.article_page(session, "old", "en", 1)
    assert page
    assert page.was_published, "a link to an old citation still opens"
    assert sweep(archive.database, FIT, archive.now, silent, kept=1) == Swept()


def test_a_build_that_came_to_nothing_is_forgotten_in_time(archive: Archive) -> None:
    with transaction(archive.database) as session:
        catalogue.start_release(session, archive.now)
    archive.publish(ARTICLES, INTENTS)
    assert sweep(archive.database, FIT, archive.now, silent, kept=0).dropped == 1
    with reading(archive.database) as session:
        assert catalogue.contents(session).articles


def test_nothing_is_swept_while_somebody_builds(archive: Archive) -> None:
    with transaction(archive.database) as session:
        release_id = catalogue.start_release(session, archive.now)
        leases.acquire(session, catalogue.build_lease(release_id), "another", archive.now, timedelta(seconds=30))
    assert sweep(archive.database, FIT, archive.now, silent, kept=0) == Swept()
    assert all(parameters(archive)[:4])


def test_a_build_that_begins_meanwhile_keeps_what_it_counts_on(archive: Archive) -> None:
    def begin(sentence: str) -> None:
        if "sweeping" in sentence:
            with transaction(archive.database) as session:
                catalogue.start_release(session, archive.now)

    before = vectors(archive)
    assert sweep(archive.database, FIT, archive.now, begin, kept=0).vectors == 0
    assert vectors(archive) == before


def test_vectors_of_no_release_at_all_go(archive: Archive) -> None:
    with transaction(archive.database) as session:
        stray = key_of("a model of once", Kind.PASSAGE, "words")
        save_vectors(session, {stray: np.zeros(4, np.float32)})
    assert sweep(archive.database, FIT, archive.now, silent) == Swept(vectors=1)
