"""A token that dies without a word: it is noticed though nothing is sent, and nothing is lost that was said since."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from slack_house import Clock, is_down, settled, slack_house
from slack_sdk.oauth.installation_store import Installation
from standins.slack.server import Http, SlackWorld, Team

from bot.channels.base import Status
from bot.channels.slack.intake import quiet_logger
from bot.channels.slack.oauth import Installations
from bot.channels.slack.proofs import AGAIN, EVERY, MOST, Proof, Proofs, proof_of, set_about, write
from bot.channels.slack.socket import Patience
from store import Database, reading, transaction

CLIENT: dict[str, Any] = {"client_id": "1111.2222", "client_secret": "client-secret"}
HASTY = Patience(refused=0.05, between=0.0)
NOBODY = Http("http://127.0.0.1:9/", "secret")
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def in_vain(world: SlackWorld, person: Any, text: str) -> None:
    """Slack reaches nobody."""
    way, world.deliver_by = world.deliver_by, NOBODY
    person.says(text, person.dm)
    world.wait_for(lambda: all(delivery.is_done for delivery in world.deliveries))
    world.deliver_by = way


def adds_the_app(database: Database, team: Team) -> None:
    bot = Installation(
        app_id="A1",
        team_id=team.id,
        team_name=team.name,
        user_id="U1",
        bot_token=team.bot_token,
        bot_id=team.bot.bot_id,
        bot_user_id=team.bot.user_id,
        token_type="bot",
    )
    Installations(database, CLIENT["client_id"], quiet_logger()).save(bot)


def test_ours_is_noticed_and_what_was_said_since_it_was_last_good_is_fetched_once_it_is_taken_again(
    world: SlackWorld, sqlite_database: Database, tmp_path: Path, clock: Clock
) -> None:
    team = world.teams[0]
    ann = team.add_person("ann")
    with slack_house(world, sqlite_database, tmp_path, http=True, patience=HASTY, now=clock) as house:
        house.is_connected()
        ann.says("hello", ann.dm)
        house.kept(1)
        team.revokes_token(tells=False)
        in_vain(world, ann, "is anybody there?")
        clock.ahead = EVERY
        assert "FIRSTLINE_SLACK_BOT_TOKEN" in house.is_now(Status.OFF)
        team.installs(token=team.bot_token)
        house.kept(2)
        assert house.texts() == ["hello", "is anybody there?"]


def test_that_of_one_that_added_the_app_is_noticed_named_and_what_was_said_there_is_fetched_as_well(
    world: SlackWorld, sqlite_database: Database, tmp_path: Path, clock: Clock
) -> None:
    one, two = world.teams[0], world.add_team("T2")
    adds_the_app(sqlite_database, two)
    bob = two.add_person("bob")
    with slack_house(world, sqlite_database, tmp_path, http=True, patience=HASTY, now=clock, **CLIENT) as house:
        house.is_connected()
        bob.says("hello", bob.dm)
        house.kept(1)
        settled(lambda: _good(sqlite_database, "T2") is not None, lambda: "it was never tried")
        two.revokes_token(tells=False)
        in_vain(world, bob, "is anybody there?")
        clock.ahead = EVERY
        said = house.warns(f"The Slack workspace {two.name} (T2) refuses the app's token")
        assert f"Served all the same: {one.name} (T1)." in said
        two.installs(token=two.bot_token)
        clock.ahead = EVERY + AGAIN
        house.kept(2)
        assert house.texts() == ["hello", "is anybody there?"]
        settled(lambda: house.connection.state.reason == "", lambda: str(house.connection.state))


def test_a_slack_that_does_not_answer_takes_no_workspace_off(
    world: SlackWorld, sqlite_database: Database, tmp_path: Path, clock: Clock
) -> None:
    with slack_house(world, sqlite_database, tmp_path, http=True, patience=HASTY, now=clock) as house:
        house.is_connected()
        asked = len(world.calls_of("auth.test"))
        world.fail_next("auth.test", "internal_error", times=1)
        clock.ahead = EVERY
        world.wait_for(lambda: len(world.calls_of("auth.test")) > asked)
        clock.ahead = EVERY + AGAIN
        world.wait_for(lambda: len(world.calls_of("auth.test")) > asked + 1)
        assert house.connection.state.status is Status.CONNECTED


def test_of_several_processes_one_tries_a_token_now_and_then(database: Database) -> None:
    def is_ours(now: datetime) -> bool:
        with transaction(database) as session:
            return set_about(session, "T1", now)

    assert is_ours(NOW)
    assert not is_ours(NOW), "another one is at it"
    assert is_ours(NOW + AGAIN), "that one died before it was told"
    with transaction(database) as session:
        write(session, "T1", Proof(NOW + AGAIN, NOW + AGAIN))
    assert not is_ours(NOW + EVERY)
    assert is_ours(NOW + AGAIN + EVERY)


def test_when_it_was_last_good_stays_known_while_it_is_refused(database: Database) -> None:
    at = [NOW]
    proofs = Proofs(database, lambda: at[0])
    proofs.note("T1", is_taken=True)
    for minutes in (6, 8):
        at[0] = NOW + timedelta(minutes=minutes)
        assert proofs.look(["T1"], lambda name: False) == {"T1": False}
    assert proofs.last_good("T1") == NOW


def test_of_many_workspaces_a_few_are_tried_at_a_time(database: Database) -> None:
    asked: list[str] = []
    names = [f"T{number}" for number in range(MOST + 5)]

    def takes(name: str) -> bool:
        asked.append(name)
        return True

    proofs = Proofs(database, lambda: NOW)
    proofs.look(names, takes)
    assert len(asked) == MOST
    proofs.look(names, takes)
    assert sorted(asked) == sorted(names)


def test_without_the_database_nothing_is_tried(sqlite_database: Database) -> None:
    proofs = Proofs(sqlite_database, lambda: NOW)
    with is_down(sqlite_database):
        assert proofs.look(["T1"], lambda name: pytest.fail("asked")) == {}
        proofs.note("T1", is_taken=False)
    assert proofs.last_good("T1") is None


def _good(database: Database, name: str) -> datetime | None:
    with reading(database) as session:
        return proof_of(session, name).good
