"""What an import or accepted questions changed is published once, by the server, and says when it failed."""

from __future__ import annotations

import pytest
from answered import Archive

from bot.learning.building import BuildFailed
from bot.learning.publish import Fit
from bot.learning.publish_soon import Publishing, ask_to_publish, publishing
from bot.learning.studio.carrying_out import GivenUp, run_due
from bot.learning.upkeep import Upkeep
from bot.live import House
from kb_content import catalogue, proposals
from kb_content.proposals import Proposal
from kb_content.studio.models import Publication, PublicationState
from store import Database, leases, reading, transaction
from store.keeping import LASTS

pytestmark = pytest.mark.usefixtures("quiet")

FIT, HOUSE = Fit(), House("http://kb.example")


@pytest.fixture
def archive(database: Database) -> Archive:
    made = Archive(database)
    made.publish()
    made.later(minutes=1)
    return made


def ask(archive: Archive) -> int:
    archive.later(seconds=1)
    with transaction(archive.database) as session:
        return ask_to_publish(session, archive.bob.staff_id or 0, archive.now)


def state(archive: Archive) -> Publishing:
    with reading(archive.database) as session:
        return publishing(session, archive.now)


def silent(sentence: str) -> None:
    """Nobody listens."""


@pytest.mark.usefixtures("no_model")
def test_nothing_is_published_that_nobody_asked_for(archive: Archive) -> None:
    assert run_due(archive.database, FIT, HOUSE, archive.now, silent) is None
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
    assert run_due(archive.database, FIT, HOUSE, archive.now, silent) is None


@pytest.mark.usefixtures("no_model")
def test_asking_twice_is_asking_once_and_a_failure_is_said_until_one_succeeds(archive: Archive) -> None:
    assert ask(archive) == ask(archive)
    Upkeep(archive.database, FIT).step(archive.now)
    failed = state(archive)
    assert (failed.is_asked_for, failed.is_being_built) == (False, False)
    assert "no model" in failed.failed
    with reading(archive.database) as session:
        assert catalogue.live_release_id(session) == 1
    ask(archive)
    with transaction(archive.database) as session:
        row = session.get_one(Publication, 2)
        row.state = PublicationState.PUBLISHED
    assert state(archive) == Publishing()


def test_a_server_that_stops_meanwhile_builds_it_when_it_runs_again(archive: Archive) -> None:
    def stopping(sentence: str) -> None:
        raise GivenUp

    ask(archive)
    with pytest.raises(GivenUp):
        run_due(archive.database, FIT, HOUSE, archive.now, stopping)
    assert state(archive) == Publishing(is_asked_for=True)


def begun(archive: Archive, publication: int) -> int:
    """Another process builds this publication since this moment; returns its release's id."""
    with transaction(archive.database) as session:
        row = session.get_one(Publication, publication)
        row.release_id = catalogue.start_release(session, archive.now)
        row.state = PublicationState.BUILDING
        leases.acquire(session, catalogue.build_lease(row.release_id), "another", archive.now, LASTS)
        return row.release_id


@pytest.mark.usefixtures("no_model")
def test_what_a_killed_builder_was_asked_for_is_built_all_the_same(archive: Archive) -> None:
    asked = ask(archive)
    begun(archive, asked)
    assert state(archive) == Publishing(is_being_built=True)
    assert run_due(archive.database, FIT, HOUSE, archive.now, silent) is None, "its builder is at it still"
    archive.now += LASTS
    with pytest.raises(BuildFailed, match="no model"):
        run_due(archive.database, FIT, HOUSE, archive.now, silent)
    assert "no model" in state(archive).failed, "it was built once more, and this time it failed"
