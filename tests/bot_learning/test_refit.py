"""What became of answers reaches the release, without anybody asking and without anything else changing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from answered import ARTICLES, Archive

from bot.learning.publish import Fit, publish_newest
from bot.learning.refit import ENOUGH, refit
from bot.learning.under_way import under_way
from bot.learning.upkeep import EVERY, REFIT, TOPICS, Upkeep, claim, next_time
from bot.topics import chosen_modes
from kb_content import catalogue
from kb_content.articles import Article, Mode
from kb_content.folder import Folder
from store import Database, reading, transaction

pytestmark = pytest.mark.usefixtures("quiet")

FIT = Fit()


@pytest.fixture
def archive(sqlite_database: Database) -> Archive:
    archive = Archive(sqlite_database)
    archive.publish()
    archive.later(minutes=1)
    return archive


def live(archive: Archive) -> tuple[int | None, set[str]]:
    """The live release, and the titles in it."""
    with reading(archive.database) as session:
        held = catalogue.contents(session)
        return catalogue.live_release_id(session), {one.article.title for one in held.articles}


def silent(sentence: str) -> None:
    """Nobody listens."""


def learn(archive: Archive, count: int = ENOUGH) -> None:
    for number in range(count):
        archive.thumb(archive.answered(question=f"I lost my password number {number}"), is_helpful=True)


def test_a_few_outcomes_are_not_worth_a_build(archive: Archive) -> None:
    learn(archive, ENOUGH - 1)
    assert refit(archive.database, FIT, archive.now, silent) is None
    assert live(archive)[0] == 1


def test_enough_of_them_fit_what_is_live_anew_and_nothing_that_was_written_since(archive: Archive) -> None:
    before = live(archive)
    learn(archive)
    with transaction(archive.database) as session:
        draft = Folder(articles=(*ARTICLES, Article("draft", "en", "Not yet for customers", "Soon.")))
        catalogue.apply_import(session, catalogue.plan_import(session, draft, "tests"), archive.now)
    fitted = refit(archive.database, FIT, archive.now, silent)
    assert fitted == 2
    assert live(archive) == (2, before[1])
    with reading(archive.database) as session:
        release = catalogue.live_release(session)
    assert release
    assert release.parameters
    archive.later(days=1)
    assert refit(archive.database, FIT, archive.now, silent) is None, "these outcomes are known by now"


def test_a_release_that_somebody_is_building_is_not_overtaken(archive: Archive) -> None:
    learn(archive)
    with under_way(archive.database, lambda session: catalogue.start_release(session, archive.now)) as begun:
        assert begun is not None
        assert refit(archive.database, FIT, datetime.now(UTC), silent) is None
        with transaction(archive.database) as session:
            catalogue.publish(session, begun, None, 0.5, {}, archive.now)
    assert live(archive)[0] == begun


def test_a_build_that_was_killed_does_not_put_the_next_one_off(archive: Archive) -> None:
    with transaction(archive.database) as session:
        killed = catalogue.start_release(session, archive.now)
        again = catalogue.repeat_release(session, archive.now)
        assert again is not None
        assert again > killed


def test_a_release_that_went_live_during_the_build_stays(archive: Archive) -> None:
    learn(archive)
    published: list[int] = []

    def report(sentence: str) -> None:
        if not published:
            published.append(archive.publish((Article("new", "en", "All new", "Words."),), ()))

    assert refit(archive.database, FIT, archive.now, report) is None
    assert live(archive) == (published[0], {"All new"})


def test_a_build_that_fails_leaves_what_is_live(archive: Archive) -> None:
    learn(archive)
    upkeep = Upkeep(archive.database, Fit(encoder="/nowhere/at/all"))
    upkeep.step(archive.now)
    archive.later(days=1)
    assert upkeep.step(archive.now) == [TOPICS, REFIT]
    assert live(archive)[0] == 1
    with transaction(archive.database) as session:
        assert catalogue.give_up_dead(session, archive.now) == 0, "it is given up at once by whoever built it"


def test_an_empty_house_has_nothing_to_fit(sqlite_database: Database) -> None:
    archive = Archive(sqlite_database)
    assert refit(sqlite_database, FIT, archive.now, silent) is None


def test_topics_are_looked_at_every_few_minutes_by_one_replica(database: Database) -> None:
    archive = Archive(database)
    assert claim(database, archive.now) == []
    assert claim(database, archive.now + EVERY - timedelta(seconds=1)) == []
    assert claim(database, archive.now + EVERY) == [TOPICS]
    assert claim(database, archive.now + EVERY) == [], "another replica comes too late"
    assert claim(database, archive.now + 2 * EVERY) == [TOPICS]


def test_a_refit_comes_once_a_night(sqlite_database: Database) -> None:
    archive = Archive(sqlite_database)
    tonight = next_time(REFIT, archive.now)
    assert archive.now < tonight <= archive.now + timedelta(days=1)
    assert tonight.astimezone().hour == 3
    assert next_time(REFIT, tonight) > tonight
    claim(sqlite_database, archive.now)
    assert REFIT in claim(sqlite_database, tonight)
    assert REFIT not in claim(sqlite_database, tonight + timedelta(hours=1))


def test_a_restart_does_not_put_the_night_off(sqlite_database: Database) -> None:
    archive = Archive(sqlite_database)
    claim(sqlite_database, archive.now)
    tonight = next_time(REFIT, archive.now)
    claim(sqlite_database, tonight - timedelta(minutes=1))
    assert REFIT in claim(sqlite_database, tonight)


def test_a_bad_topic_is_found_by_itself(archive: Archive) -> None:
    upkeep = Upkeep(archive.database, FIT)
    upkeep.step(archive.now)
    archive.judged(12, 10)
    archive.later(minutes=5)
    assert upkeep.step(archive.now) == [TOPICS]
    with reading(archive.database) as session:
        assert chosen_modes(session) == {"account-access": Mode.SUGGEST}


def test_the_thread_ends_when_it_is_told_to(archive: Archive) -> None:
    upkeep = Upkeep(archive.database, FIT)
    upkeep.start()
    upkeep.stop()
    assert not upkeep._thread.is_alive()


@pytest.mark.slow
def test_what_was_published_by_a_person_is_refitted_the_same(sqlite_database: Database) -> None:
    archive = Archive(sqlite_database)
    archive.publish()
    archive.later(minutes=1)
    first = publish_newest(sqlite_database, FIT, "Bob", archive.now, silent)
    archive.later(minutes=1)
    learn(archive)
    assert refit(sqlite_database, FIT, archive.now, silent) == first + 1
