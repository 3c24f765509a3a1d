"""What Slack told a process that died: it is fetched by another one, whatever that hears meanwhile."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from slack_house import Clock, SlackHouse, is_down, settled, slack_house
from sqlalchemy import text
from sqlmodel import col, select
from standins.slack.server import Http, SlackWorld

from bot.channels.slack import peers
from bot.channels.slack.peers import LASTS, SILENT, SignOfLife
from bot.channels.slack.socket import Patience
from bot.models import InboxRow
from store import Database, reading, transaction

NOBODY = Http("http://127.0.0.1:9/", "secret")
AT_ONCE = Patience(between=0.0, signs=0.02)
A_MOMENT = timedelta(seconds=1)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def at(world: SlackWorld, database: Database, folder: Path, **given: Any) -> AbstractContextManager[SlackHouse]:
    return slack_house(world, database, folder, **{"http": True, "patience": AT_ONCE, **given})


def in_vain(world: SlackWorld, person: Any, text: str) -> None:
    """All of Slack's tries go to a process that is dead."""
    way, world.deliver_by = world.deliver_by, NOBODY
    person.says(text, person.dm)
    world.wait_for(lambda: all(delivery.is_done for delivery in world.deliveries))
    world.deliver_by = way


def gives_signs(database: Database, count: int) -> None:
    """So many processes have given one."""
    settled(lambda: len(known(database)) >= count, lambda: str(known(database)))


def known(database: Database) -> list[SignOfLife]:
    with reading(database) as session:
        return peers.signs(session, "nobody")


def was_heard_later(database: Database) -> None:
    """What was kept last came minutes after what was kept before it: further than anybody looks back beyond that."""
    with transaction(database) as session:
        row = session.exec(select(InboxRow).order_by(col(InboxRow.id).desc())).first()
        assert row is not None
        row.received_at += timedelta(minutes=3)


def dies(world: SlackWorld, database: Database, folder: Path, person: Any, others: int = 0) -> None:
    """A process takes what ``person`` says, and is gone."""
    with at(world, database, folder) as house:
        house.is_connected()
        before = len(house.rows())
        person.says("hello", person.dm)
        house.kept(before + 1)
        gives_signs(database, others + 1)


def asks_the_dead_one_while_others_are_heard(
    world: SlackWorld, database: Database, folder: Path, asker: Any, other: Any
) -> None:
    """A process dies; what ``asker`` says then goes to it alone, and what ``other`` says to one that lives."""
    way = world.deliver_by
    dies(world, database, folder, asker, others=1)
    world.deliver_by = way
    in_vain(world, asker, "is anybody there?")
    other.says("others are heard", other.dm)


def test_what_slack_told_only_a_process_that_died_is_fetched_by_one_that_lives(
    world: SlackWorld, database: Database, tmp_path: Path, clock: Clock
) -> None:
    ann, bob = (world.teams[0].add_person(name) for name in ("ann", "bob"))
    with at(world, database, tmp_path / "lives", now=clock) as house:
        house.is_connected()
        asks_the_dead_one_while_others_are_heard(world, database, tmp_path / "dies", ann, bob)
        house.kept(2)
        clock.ahead = SILENT
        house.kept(3)
        assert house.texts() == ["hello", "others are heard", "is anybody there?"]


def test_what_was_still_told_to_it_after_the_first_look_is_fetched_when_slack_tells_it_nothing_more(
    world: SlackWorld, database: Database, tmp_path: Path, clock: Clock
) -> None:
    ann = world.teams[0].add_person("ann")
    with at(world, database, tmp_path / "lives", now=clock) as house:
        house.is_connected()
        dies(world, database, tmp_path / "dies", ann, others=1)
        in_vain(world, ann, "one")
        clock.ahead = SILENT
        house.kept(2)
        settled(lambda: any(sign.looked > sign.given for sign in known(database)), lambda: str(known(database)))
        in_vain(world, ann, "two")
        clock.ahead = LASTS
        house.kept(3)
        assert house.texts() == ["hello", "one", "two"]


@pytest.mark.parametrize("is_worker", [True, False])
def test_who_starts_looks_back_to_the_last_sign_of_a_silent_one_though_others_heard_more(
    world: SlackWorld, database: Database, tmp_path: Path, clock: Clock, is_worker: bool
) -> None:
    """Pages alone, too: where they are the only ones that Slack reaches, nobody else heard anything."""
    ann, bob = (world.teams[0].add_person(name) for name in ("ann", "bob"))
    # It does not notice by itself.
    with at(world, database, tmp_path / "lives", patience=Patience(between=0.0, signs=3600.0)) as house:
        house.is_connected()
        asks_the_dead_one_while_others_are_heard(world, database, tmp_path / "dies", ann, bob)
        house.kept(2)
        was_heard_later(database)
        clock.ahead = timedelta(minutes=4)
        with at(world, database, tmp_path / "starts", now=clock, is_worker=is_worker) as started:
            started.kept(3)
            assert started.texts() == ["hello", "others are heard", "is anybody there?"]


def test_who_lives_is_not_looked_for(world: SlackWorld, database: Database, tmp_path: Path, clock: Clock) -> None:
    with structlog.testing.capture_logs() as told:
        with at(world, database, tmp_path / "one", now=clock), at(world, database, tmp_path / "two", now=clock):
            gives_signs(database, 2)
            first = {sign.process: sign.given for sign in known(database)}
            clock.ahead = SILENT / 2
            settled(lambda: all(s.given - first[s.process] > A_MOMENT for s in known(database)), lambda: "no signs")
        assert not [line for line in told if "silent" in line["event"]]


def test_while_the_database_is_away_nobody_gives_signs_and_afterwards_they_go_on(
    world: SlackWorld, sqlite_database: Database, tmp_path: Path
) -> None:
    with structlog.testing.capture_logs() as told, at(world, sqlite_database, tmp_path):
        gives_signs(sqlite_database, 1)
        with is_down(sqlite_database):
            settled(lambda: any("not given" in line["event"] for line in told), lambda: str(told))
            away = datetime.now(UTC)
        settled(lambda: known(sqlite_database)[0].given > away, lambda: "no signs any more")


def test_of_several_that_see_it_one_looks_for_it_when_it_falls_silent_and_once_more(database: Database) -> None:
    died = datetime.now(UTC)
    with transaction(database) as session:
        peers.give_sign(session, "dead", died)

    def asks(process: str, after: timedelta, begun: datetime = died) -> datetime | None:
        with transaction(database) as session:
            return peers.take_over(session, process, died + after, begun=begun)

    assert asks("one", SILENT - A_MOMENT) is None
    assert asks("one", SILENT) == died
    assert asks("two", SILENT + A_MOMENT) is None
    assert asks("two", LASTS) == died + SILENT, "what came in since then, too"
    assert asks("one", LASTS + A_MOMENT) is None


def test_of_two_that_see_it_at_the_same_moment_one_looks_for_it(postgresql_database: Database) -> None:
    """SQLite lets one write at a time anyway."""
    database, died, found = postgresql_database, datetime.now(UTC), list[datetime | None]()
    with transaction(database) as session:
        peers.give_sign(session, "dead", died)

    def asks() -> None:
        with transaction(database) as another:
            found.append(peers.take_over(another, "two", died + SILENT, begun=died))

    second = threading.Thread(target=asks)
    here = "datname = current_database()"
    waits = text(f"SELECT count(*) FROM pg_stat_activity WHERE {here} AND wait_event_type = 'Lock'")
    with transaction(database) as session:
        found.append(peers.take_over(session, "one", died + SILENT, begun=died))
        second.start()
        while second.is_alive():
            with reading(database) as another:
                if another.execute(waits).scalar_one():
                    break
    second.join(60)
    assert found == [died, None]


def test_who_begins_in_its_place_looks_once_more_and_forgets_it(database: Database) -> None:
    died = datetime.now(UTC)
    with transaction(database) as session:
        peers.give_sign(session, "dead", died)
    begun = died + A_MOMENT
    with transaction(database) as session:
        assert peers.take_over(session, "next", died + SILENT, begun=begun) is None, "it looked back at its start"
        assert peers.take_over(session, "next", died + LASTS, begun=begun) == died
        assert peers.signs(session, "next") == []


def test_of_many_lives_that_ended_one_after_the_other_one_sign_is_kept(database: Database) -> None:
    ended = datetime.now(UTC)
    for number in range(3):
        with transaction(database) as session:
            peers.give_sign(session, f"life {number}", ended + number * A_MOMENT)
    begun = ended + SILENT + 2 * A_MOMENT
    with transaction(database) as session:
        assert peers.take_over_all(session, "next", begun) == ended
        assert peers.signs(session, "next") == [SignOfLife("life 2", ended + 2 * A_MOMENT, begun)]
        assert peers.take_over(session, "next", ended + LASTS + 2 * A_MOMENT, begun=begun) == begun
        assert peers.signs(session, "next") == []


def test_one_that_was_only_slow_is_alive_again_with_its_next_sign(database: Database) -> None:
    began = datetime.now(UTC)
    with transaction(database) as session:
        peers.give_sign(session, "slow", began)
        assert peers.take_over(session, "other", began + SILENT, begun=began) == began
        peers.give_sign(session, "slow", began + SILENT + A_MOMENT)
        assert peers.take_over(session, "other", began + SILENT + 2 * A_MOMENT, begun=began) is None
        assert peers.take_over(session, "other", began + 2 * SILENT + A_MOMENT, begun=began) is not None
