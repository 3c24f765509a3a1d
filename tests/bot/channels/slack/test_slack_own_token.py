"""The token that was given is refused, beside workspaces that added the app by themselves: those are served, and what
was said in ours meanwhile is fetched once Slack takes the token again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from slack_house import SlackHouse, settled, slack_house
from slack_sdk.oauth.installation_store import Installation
from standins.slack.server import Http, SlackWorld, Team

from bot.channels.base import Later, Outgoing
from bot.channels.slack.gaps import unseen
from bot.channels.slack.intake import quiet_logger
from bot.channels.slack.names import OWN
from bot.channels.slack.oauth import Installations
from bot.channels.slack.proofs import Proofs
from bot.channels.slack.socket import Patience
from handoff.conversations import add_incoming, open_conversation
from handoff.customers import find_customer, find_thread
from store import Database, reading, transaction

CLIENT: dict[str, Any] = {"client_id": "1111.2222", "client_secret": "client-secret"}
HASTY = Patience(refused=0.05, between=0.0)
NOBODY = Http("http://127.0.0.1:9/", "secret")


@pytest.fixture
def both(world: SlackWorld, sqlite_database: Database) -> tuple[Team, Team]:
    """T1, whose token was given, and T2, which added the app."""
    one, two = world.teams[0], world.add_team("T2")
    bot = Installation(
        app_id="A1",
        team_id=two.id,
        user_id="U1",
        bot_token=two.bot_token,
        bot_id=two.bot.bot_id,
        bot_user_id=two.bot.user_id,
        token_type="bot",
        team_name=two.name,
    )
    Installations(sqlite_database, CLIENT["client_id"], quiet_logger()).save(bot)
    return one, two


def at(world: SlackWorld, database: Database, folder: Path, **given: Any) -> AbstractContextManager[SlackHouse]:
    return slack_house(world, database, folder, **{"http": True, "patience": HASTY, **CLIENT, **given})


def later() -> datetime:
    """Four minutes on: more than is looked back at in any case, and less than a signature may be old."""
    return datetime.now(UTC) + timedelta(minutes=4)


def talks(database: Database, team: Team, person: Any) -> None:
    now = datetime.now(UTC)
    with transaction(database) as session:
        customer = find_customer(session, "slack", f"{team.id}:{person.id}", now)
        thread = find_thread(session, "slack", f"{team.id}:@{person.id}", now)
        add_incoming(session, open_conversation(session, thread, customer, "en", now), "hi", None, now, {})


def sent_to(house: SlackHouse, team: Team, person: Any) -> tuple[str, ...]:
    return house.connection.channel.send(Outgoing(1, 1, f"{team.id}:@{person.id}", "an answer"))


def in_vain(world: SlackWorld, *said: tuple[Any, str]) -> None:
    """Slack reaches nobody."""
    way, world.deliver_by = world.deliver_by, NOBODY
    for person, text in said:
        person.says(text, person.dm)
    world.wait_for(lambda: all(delivery.is_done for delivery in world.deliveries))
    world.deliver_by = way


@contextmanager
def unheard(world: SlackWorld) -> Iterator[None]:
    """What is said meanwhile reaches nobody, however often Slack tries."""
    way, world.deliver_by = world.deliver_by, NOBODY
    world.sockets.refuse()
    world.sockets.abort()
    yield
    world.wait_for(lambda: all(delivery.is_done for delivery in world.deliveries))
    world.deliver_by = way
    world.sockets.accept()


def test_refused_at_the_start_the_others_are_served_and_ours_once_it_is_taken(
    world: SlackWorld, both: tuple[Team, Team], sqlite_database: Database, tmp_path: Path
) -> None:
    one, two = both
    ann, bob = one.add_person("ann"), two.add_person("bob")
    one.revokes_token(tells=False)
    with at(world, sqlite_database, tmp_path) as house:
        said = house.warns("FIRSTLINE_SLACK_BOT_TOKEN: it was revoked")
        assert f"Served all the same: {two.name} (T2)." in said
        bob.says("from two", bob.dm)
        house.kept(1)
        assert sent_to(house, two, bob)
        with pytest.raises(Later):
            sent_to(house, one, ann)
        ann.says("from one", ann.dm)
        world.wait_for(lambda: all(delivery.is_done for delivery in world.deliveries))
        assert house.texts() == ["from two"], "nobody knows yet that T1 is ours, and Slack was told so"
        assert world.unacknowledged()
        one.installs(token=one.bot_token)
        house.kept(2)
        assert house.texts() == ["from two", "from one"]
        assert sent_to(house, one, ann)
        house.is_connected()


def test_refused_while_we_run_the_others_are_looked_at_after_a_gap_and_ours_once_it_is_taken(
    world: SlackWorld, both: tuple[Team, Team], sqlite_database: Database, tmp_path: Path
) -> None:
    one, two = both
    ann, bob = one.add_person("ann"), two.add_person("bob")
    talks(sqlite_database, two, bob)
    talks(sqlite_database, one, ann)
    with slack_house(world, sqlite_database, tmp_path, patience=HASTY, **CLIENT) as house:
        house.is_connected()
        one.revokes_token(tells=False)
        with pytest.raises(Later):
            sent_to(house, one, ann)
        assert house.warns("FIRSTLINE_SLACK_BOT_TOKEN").startswith(f"The Slack workspace {one.name} (T1) is off. ")
        with unheard(world):
            ann.says("from one", ann.dm)
            bob.says("from two", bob.dm)
        house.kept(1)
        assert house.texts() == ["from two"]
        assert sent_to(house, two, bob)
        one.installs(token=one.bot_token)
        house.kept(2)
        assert house.texts() == ["from two", "from one"]
        assert sent_to(house, one, ann)


def test_refused_at_the_start_it_stays_noted_that_nobody_looked_at_ours_yet(
    world: SlackWorld, both: tuple[Team, Team], sqlite_database: Database, tmp_path: Path
) -> None:
    one, two = both
    ann, bob = one.add_person("ann"), two.add_person("bob")
    talks(sqlite_database, one, ann)
    with at(world, sqlite_database, tmp_path) as house:
        house.is_connected()
        bob.says("hello", bob.dm)
        house.kept(1)
    talks(sqlite_database, two, bob)
    in_vain(world, (ann, "from one"), (bob, "from two"))
    # Slack took the token of another process since, which says nothing of what this one was told.
    Proofs(sqlite_database, later).note(OWN, is_taken=True)
    one.revokes_token(tells=False)
    with at(world, sqlite_database, tmp_path, now=later) as house:
        house.kept(2)
        assert house.texts() == ["hello", "from two"]
        bob.says("that came later", bob.dm)
        house.kept(3)
    one.installs(token=one.bot_token)
    with at(world, sqlite_database, tmp_path, now=later) as house:
        house.kept(4)
        assert house.texts() == ["hello", "from two", "that came later", "from one"]
        settled(lambda: _is_all_seen(sqlite_database), lambda: "something is still to be looked for")


def test_after_ours_removed_the_app_and_installed_it_again_it_is_heard_and_answered_beside_the_others(
    world: SlackWorld, both: tuple[Team, Team], sqlite_database: Database, tmp_path: Path
) -> None:
    one, two = both
    ann, bob = one.add_person("ann"), two.add_person("bob")
    with at(world, sqlite_database, tmp_path) as house:
        house.is_connected()
        ann.says("hello", ann.dm)
        house.kept(1)
        talks(sqlite_database, one, ann)
        one.uninstalls()
        house.warns("FIRSTLINE_SLACK_BOT_TOKEN")
        world.wait_for(lambda: not world.unacknowledged())
        bob.says("from two", bob.dm)
        house.kept(2)
        assert sent_to(house, two, bob)
        with pytest.raises(Later):
            sent_to(house, one, ann)
        one.installs(token=one.bot_token)
        # At once, before anybody may have asked Slack again.
        ann.says("here we are again", ann.dm)
        house.kept(3)
        assert house.texts() == ["hello", "from two", "here we are again"]
        settled(lambda: house.connection.state.reason == "", lambda: str(house.connection.state))
        house.is_connected()
        assert sent_to(house, one, ann)


def test_what_was_said_in_ours_before_it_removed_the_app_is_not_taken_for_seen_by_a_look_at_the_others(
    world: SlackWorld, both: tuple[Team, Team], sqlite_database: Database, tmp_path: Path
) -> None:
    one, two = both
    ann, bob = one.add_person("ann"), two.add_person("bob")
    talks(sqlite_database, one, ann)
    talks(sqlite_database, two, bob)
    with slack_house(world, sqlite_database, tmp_path, patience=HASTY, **CLIENT) as house:
        house.is_connected()
        one.uninstalls()
        house.warns("FIRSTLINE_SLACK_BOT_TOKEN")
        world.wait_for(lambda: not world.unacknowledged())
        with unheard(world):
            bob.says("from two", bob.dm)
            one.installs(token=one.bot_token)
            world.fail_next("auth.test", "account_inactive", times=10_000, team=one)
            ann.says("from one", ann.dm)
        house.kept(1)
        settled(lambda: world.calls_of("users.conversations") != [], lambda: "it did not look")
        world.faults.forget()
        house.kept(2)
        assert house.texts() == ["from two", "from one"]


def test_ours_that_is_taken_while_the_others_are_looked_at_is_looked_at_after_them(
    world: SlackWorld, both: tuple[Team, Team], sqlite_database: Database, tmp_path: Path
) -> None:
    one, two = both
    ann, bob = one.add_person("ann"), two.add_person("bob")
    talks(sqlite_database, one, ann)
    with at(world, sqlite_database, tmp_path) as house:
        house.is_connected()
        bob.says("hello", bob.dm)
        house.kept(1)
    talks(sqlite_database, two, bob)
    in_vain(world, (ann, "from one"))
    one.revokes_token(tells=False)
    world.fail_next("users.conversations", "ratelimited", team=two, retry_after=2)
    with at(world, sqlite_database, tmp_path, now=later) as house:
        world.wait_for(lambda: world.calls_of("users.conversations"))
        one.installs(token=one.bot_token)
        house.kept(2)
        assert house.texts() == ["hello", "from one"]


def test_while_ours_is_refused_the_others_are_looked_at_once(
    world: SlackWorld, both: tuple[Team, Team], sqlite_database: Database, tmp_path: Path
) -> None:
    one, two = both
    bob, carol = two.add_person("bob"), two.add_person("carol")
    with at(world, sqlite_database, tmp_path) as house:
        house.is_connected()
        bob.says("hello", bob.dm)
        house.kept(1)
    in_vain(world, (bob, "is anybody there?"))
    one.revokes_token(tells=False)
    with at(world, sqlite_database, tmp_path, now=later) as house:
        house.kept(2)
        settled(lambda: _is_left(sqlite_database, {OWN}), lambda: "the others are still to be looked at")
        before = len(world.calls_of("conversations.history"))
        carol.says("good morning", carol.dm)
        house.kept(3)
        assert len(world.calls_of("conversations.history")) == before, "nothing was missed in her messages"


def _is_left(database: Database, teams: set[str]) -> bool:
    """Whether these alone are still to be looked at."""
    with reading(database) as session:
        gaps = unseen(session)
    return gaps.everywhere is None and gaps.teams.keys() == teams


def _is_all_seen(database: Database) -> bool:
    with reading(database) as session:
        return not unseen(session)
