"""Our address cannot be reached for longer than Slack tries: customers are heard all the same, and admins told."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from slack_house import SlackHouse, is_down, settled, slack_house
from standins.slack.server import Http, SlackWorld

from bot.channels.slack import peers
from bot.channels.slack.backfill import FEW
from bot.channels.slack.catching_up import LASTS
from bot.channels.slack.silences import DEAF, LONGEST, QUIET, Silence, Silences, next_look, silence_of
from bot.channels.slack.socket import Patience
from store import Database, reading, transaction

HASTY = Patience(refused=0.05, between=0.0)
NOBODY = Http("http://127.0.0.1:9/", "secret")
NOW = datetime(2026, 11, 23, 20, tzinfo=UTC)


class Clock:
    """What a process takes for the time. It begins in the past: what Slack signs now must not be old."""

    def __init__(self) -> None:
        self.behind = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) - self.behind


@pytest.fixture
def clock() -> Clock:
    return Clock()


def at(world: SlackWorld, database: Database, folder: Path, clock: Clock) -> AbstractContextManager[SlackHouse]:
    return slack_house(world, database, folder, http=True, patience=HASTY, now=clock)


def in_vain(world: SlackWorld, *said: tuple[Any, str]) -> list[Any]:
    """Slack reaches nobody, and gives up; what it would have brought."""
    way, world.deliver_by = world.deliver_by, NOBODY
    for person, text in said:
        person.says(text, person.dm)
    world.wait_for(lambda: all(delivery.is_done for delivery in world.deliveries))
    world.deliver_by = way
    return [delivery.payload for delivery in world.deliveries[-len(said) :]]


def looked(database: Database) -> Silence | None:
    with reading(database) as session:
        return silence_of(session)


def test_what_was_said_while_slack_did_not_reach_us_is_fetched_and_told_until_it_does(
    world: SlackWorld, database: Database, tmp_path: Path, clock: Clock
) -> None:
    ann, bob = (world.teams[0].add_person(name) for name in ("ann", "bob"))
    clock.behind = QUIET
    with at(world, database, tmp_path, clock) as house:
        house.is_connected()
        in_vain(world, (ann, "is anybody there?"))
        clock.behind = timedelta()
        house.kept(1)
        assert house.texts() == ["is anybody there?"]
        assert "FIRSTLINE_PUBLIC_URL" in house.warns("Slack does not reach this Firstline")
        bob.says("now it does", bob.dm)
        house.kept(2)
        settled(lambda: house.connection.state.reason == "", lambda: str(house.connection.state))


def test_where_nobody_wrote_nothing_is_told_and_few_places_are_looked_at(
    world: SlackWorld, sqlite_database: Database, tmp_path: Path, clock: Clock
) -> None:
    people = [world.teams[0].add_person(f"person{number}") for number in range(3 * FEW)]
    clock.behind = QUIET + timedelta(minutes=5)
    for person in people:
        assert person.dm
    with at(world, sqlite_database, tmp_path, clock) as house:
        house.is_connected()
        clock.behind = timedelta()
        settled(lambda: looked(sqlite_database) is not None, lambda: "nobody looked")
        assert house.connection.state.reason == ""
    assert len(world.calls_of("conversations.history")) <= 2 * FEW
    assert house.rows() == []


def test_what_slack_brings_again_after_a_silence_is_a_sign_that_it_gave_up_more(
    world: SlackWorld, sqlite_database: Database, tmp_path: Path, clock: Clock
) -> None:
    ann, bob = (world.teams[0].add_person(name) for name in ("ann", "bob"))
    clock.behind = LASTS
    with at(world, sqlite_database, tmp_path, clock) as house:
        house.is_connected()
        _, brought = in_vain(world, (ann, "is anybody there?"), (bob, "hello"))
        clock.behind = timedelta()
        assert house.posts(brought, again=True).status == 200
        house.kept(2)
        assert sorted(house.texts()) == ["hello", "is anybody there?"]


def test_what_slack_holds_back_in_a_busy_minute_is_fetched_after_it(
    world: SlackWorld, sqlite_database: Database, tmp_path: Path, clock: Clock
) -> None:
    team = world.teams[0]
    ann = team.add_person("ann")
    with at(world, sqlite_database, tmp_path, clock) as house:
        house.is_connected()
        in_vain(world, (ann, "one of very many"))
        limited = {"type": "app_rate_limited", "team_id": team.id, "minute_rate_limited": 1_790_000_000}
        assert house.posts({**limited, "token": "old", "api_app_id": "A1"}).status == 200
        house.kept(1)
        assert house.texts() == ["one of very many"]


def test_a_night_in_which_nobody_writes_costs_a_few_looks() -> None:
    looks, last = [], None
    for minute in range(12 * 60):
        now = NOW + timedelta(minutes=minute)
        if (due := next_look(last, NOW, now)) is not None:
            looks.append(minute)
            last = due
    assert looks == [15, 45, 105, 225, 465]
    assert last is not None
    assert last.wait <= LONGEST


def test_where_something_was_found_it_is_looked_every_other_minute_until_slack_is_heard() -> None:
    deaf = Silence(NOW, DEAF, found=2)
    assert deaf.is_deaf(NOW - QUIET)
    assert next_look(deaf, NOW - QUIET, NOW + DEAF / 2) is None
    assert next_look(deaf, NOW - QUIET, NOW + DEAF) == Silence(NOW + DEAF, DEAF, found=2)
    heard = NOW + DEAF / 2
    assert not deaf.is_deaf(heard)
    assert next_look(deaf, heard, NOW + DEAF) is None
    assert next_look(deaf, heard, heard + QUIET) == Silence(heard + QUIET, 2 * QUIET)


def test_while_another_process_hears_slack_it_is_no_silence(database: Database) -> None:
    asked: list[datetime] = []

    def finds_nothing(since: datetime) -> int:
        asked.append(since)
        return 0

    silences = Silences(database, finds_nothing, asked.append)
    with transaction(database) as session:
        peers.give_sign(session, "other", NOW, heard=NOW)
    silences.look(NOW - 2 * QUIET, NOW)
    assert asked == []
    silences.look(NOW - 2 * QUIET, NOW + QUIET)
    assert asked == [NOW]


def test_once_slack_is_heard_again_all_is_looked_up_that_was_said_meanwhile(database: Database) -> None:
    found, missed = [2, 0], list[datetime]()
    silences = Silences(database, lambda since: found.pop(0), missed.append)
    silences.look(NOW, NOW + QUIET)
    assert (silences.is_deaf, missed) == (True, [NOW])
    silences.look(NOW, NOW + QUIET + DEAF)
    assert (silences.is_deaf, missed) == (True, [NOW])
    heard = NOW + QUIET + 2 * DEAF
    silences.look(heard, heard)
    assert (silences.is_deaf, missed) == (False, [NOW, NOW])


def test_without_the_database_nobody_looks(sqlite_database: Database) -> None:
    silences = Silences(sqlite_database, lambda since: pytest.fail("looked"), lambda since: pytest.fail("missed"))
    with is_down(sqlite_database):
        silences.look(NOW, NOW + QUIET)
    assert not silences.is_deaf
