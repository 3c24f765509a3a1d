"""Publishing that somebody asked for in the console is done once, by the server, and says when it failed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from answered import Archive

from bot.learning.publish import Fit
from bot.learning.publish_soon import GivenUp, Publishing, ask_to_publish, publish_asked, publishing
from bot.learning.upkeep import Upkeep
from kb_content import catalogue, proposals
from kb_content.proposals import Proposal
from store import Database, leases, reading, transaction
from store.keeping import LASTS

pytestmark = pytest.mark.usefixtures("quiet")

FIT, BROKEN = Fit(), Fit(encoder="/nowhere/a-model")


@pytest.fixture
def archive(database: Database) -> Archive:
    made = Archive(database)
    made.publish()
    made.later(minutes=1)
    return made


def ask(archive: Archive) -> None:
    archive.later(seconds=1)
    with transaction(archive.database) as session:
        ask_to_publish(session, archive.bob.staff_id or 0, archive.now)


def state(archive: Archive) -> Publishing:
    with reading(archive.database) as session:
        return publishing(session, archive.now)


def silent(sentence: str) -> None:
    """Nobody listens."""


def test_nothing_is_published_that_nobody_asked_for(archive: Archive) -> None:
    assert publish_asked(archive.database, BROKEN, archive.now, silent) is None
    assert state(archive) == Publishing()


def test_what_was_accepted_goes_live_when_the_server_comes_to_it(sqlite_database: Database) -> None:
    archive = Archive(sqlite_database)
    archive.publish()
    with transaction(archive.database) as session:
        proposals.propose(session, [Proposal("invoices", "en", "where is my bill", "ticket")], archive.now)
        ids = [row.id or 0 for one in proposals.proposed(session) for row in one.proposed]
        proposals.decide(session, ids, True, "Bob", archive.now)
    ask(archive)
    assert state(archive) == Publishing(is_asked_for=True)
    Upkeep(archive.database, FIT).step(archive.now)
    assert state(archive) == Publishing()
    with reading(archive.database) as session:
        (invoices,) = (one.article for one in catalogue.contents(session).articles if one.article.id == "invoices")
    assert invoices.questions == ("where is my bill",)
    assert publish_asked(archive.database, BROKEN, archive.now, silent) is None


def test_asking_twice_is_asking_once_and_a_failure_is_said_until_one_succeeds(archive: Archive) -> None:
    ask(archive)
    ask(archive)
    Upkeep(archive.database, BROKEN).step(archive.now)
    failed = state(archive)
    assert (failed.is_asked_for, failed.is_being_built) == (False, False)
    assert "/nowhere/a-model" in failed.failed
    with reading(archive.database) as session:
        assert catalogue.live_release_id(session) == 1
    archive.publish()
    assert state(archive) == Publishing()


def test_a_server_that_stops_meanwhile_builds_it_when_it_runs_again(archive: Archive) -> None:
    def stopping(sentence: str) -> None:
        raise GivenUp

    ask(archive)
    with pytest.raises(GivenUp):
        publish_asked(archive.database, FIT, archive.now, stopping)
    assert state(archive).is_asked_for
    assert not state(archive).failed


def killed(*_: object) -> int:
    """As if the process ended here: nothing that is to be done at the end is done."""
    raise KeyboardInterrupt


def begun(archive: Archive, lasts: timedelta = LASTS) -> int:
    """A build that another process began at this moment."""
    with transaction(archive.database) as session:
        release_id = catalogue.start_release(session, archive.now)
        leases.acquire(session, catalogue.build_lease(release_id), "another", archive.now, lasts)
    return release_id


def test_a_build_is_said_to_go_on_while_its_builder_lives(archive: Archive) -> None:
    begun(archive)
    assert state(archive).is_being_built
    archive.now += LASTS
    assert not state(archive).is_being_built


def test_what_a_killed_builder_was_asked_for_is_built_all_the_same(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(archive)
    with monkeypatch.context() as patch:
        patch.setattr("bot.learning.publish_soon.publish_newest", killed)
        with pytest.raises(KeyboardInterrupt):
            publish_asked(archive.database, FIT, archive.now, silent)
    assert publish_asked(archive.database, BROKEN, archive.now, silent) is None, "its builder may be at it still"
    archive.later(minutes=1)
    slow = begun(archive, timedelta(seconds=90))
    assert publish_asked(archive.database, BROKEN, archive.now, silent) is None, "somebody builds"
    archive.later(minutes=2)
    with monkeypatch.context() as patch:
        patch.setattr("bot.learning.publish_soon.publish_newest", lambda *_: 77)
        assert publish_asked(archive.database, FIT, archive.now, silent) == 77
        archive.later(hours=1)
        assert publish_asked(archive.database, FIT, archive.now, silent) is None, "once is enough"
    with transaction(archive.database) as session:
        assert catalogue.give_up_dead(session, archive.now) == 1
        assert not catalogue.give_up(session, slow)
        assert catalogue.give_up_dead(session, archive.now) == 0
