"""What Slack could not bring is fetched afterwards: in order, once, and only where somebody talks with us."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from slack_house import SlackHouse, is_down, settled, slack_house
from standins.slack.server import Http, SlackWorld

from bot.channels.base import Status
from bot.channels.slack.gaps import unseen
from bot.channels.slack.socket import Patience
from bot.channels.slack.spoken import spoken_in
from bot.restored import settle
from handoff.conversations import add_incoming, open_conversation
from handoff.customers import find_customer, find_thread
from store import Database, reading, transaction

AT_ONCE = Patience(
    silence=timedelta(seconds=20), ping=timedelta(milliseconds=200), look=timedelta(milliseconds=50), between=0.0
)
NOBODY = Http("http://127.0.0.1:9/", "secret")


def at(world: SlackWorld, database: Database, folder: Path, **given: Any) -> AbstractContextManager[SlackHouse]:
    return slack_house(world, database, folder, http=True, patience=AT_ONCE, **given)


def talks(database: Database, thread: str, person: str, *, is_open: bool = True, spot: str | None = None) -> None:
    """There is a conversation in this thread."""
    now = datetime.now(UTC)
    with transaction(database) as session:
        customer = find_customer(session, "slack", f"T1:{person}", now)
        conversation = open_conversation(session, find_thread(session, "slack", thread, now), customer, "en", now)
        add_incoming(session, conversation, "hi", None, now, {"spot": spot} if spot else None)
        conversation.closed_at = None if is_open else now


def is_to_be_looked_for(database: Database) -> bool:
    """Whether anything may still be missed."""
    with reading(database) as session:
        return bool(unseen(session))


def later() -> datetime:
    """Four minutes on: more than is looked back at in any case, and less than a signature may be old."""
    return datetime.now(UTC) + timedelta(minutes=4)


def has_heard(world: SlackWorld, database: Database, folder: Path, person: Any, text: str = "hello") -> Any:
    """The server ran, and ``person`` said this to it, in private."""
    with at(world, database, folder) as house:
        house.is_connected()
        said = person.says(text, person.dm)
        house.kept(1)
    return said


def says_in_vain(world: SlackWorld, person: Any, text: str) -> None:
    """In private, while no server runs."""
    world.deliver_by = NOBODY
    person.says(text, person.dm)
    misses(world)


def asks_in_vain_in_a_new_channel(world: SlackWorld, database: Database, folder: Path) -> tuple[Any, Any]:
    """Somebody who talked in private invites the bot to a channel and mentions it there; nothing is brought any more.

    Returns:
        The person and the channel.
    """
    team = world.teams[0]
    ann = team.add_person("ann")
    has_heard(world, database, folder, ann)
    world.deliver_by = NOBODY
    room = team.add_channel("general", members=[ann], bot=True)
    ann.says(f"{team.bot.mention} where is my invoice?", room)
    return ann, room


def misses(world: SlackWorld) -> None:
    """Wait until Slack has given up bringing whatever was said."""
    world.wait_for(lambda: all(delivery.is_done for delivery in world.deliveries))


def looked_back(world: SlackWorld, method: str = "conversations.history") -> None:
    world.wait_for(lambda: world.calls_of(method))


def test_what_was_said_while_the_server_was_down_is_there_after_the_start(
    world: SlackWorld, ann: Any, database: Database, tmp_path: Path
) -> None:
    first = has_heard(world, database, tmp_path, ann)
    talks(database, f"T1:@{ann.id}", ann.id, spot=f"{ann.dm.id}/{first.ts}")
    world.deliver_by = NOBODY
    ann.says("in the same thread", ann.dm, thread_ts=first.ts)
    second = ann.says("and below", ann.dm)
    ann.says("is anybody there?", ann.dm, thread_ts=second.ts)
    misses(world)
    with at(world, database, tmp_path) as house:
        house.kept(4)
        settled(lambda: len(world.calls_of("conversations.replies")) >= 2, lambda: "it has not looked at all")
        assert house.texts() == ["hello", "in the same thread", "and below", "is anybody there?"]
        assert {row.thread_key for row in house.rows()} == {f"T1:@{ann.id}"}


def test_what_was_said_in_a_gap_of_the_line_is_fetched_when_it_is_back(
    world: SlackWorld, ann: Any, sqlite_database: Database, tmp_path: Path
) -> None:
    talks(sqlite_database, f"T1:@{ann.id}", ann.id)
    with slack_house(world, sqlite_database, tmp_path, patience=AT_ONCE) as house:
        house.is_connected()
        way, world.deliver_by = world.deliver_by, NOBODY
        world.sockets.refuse()
        world.sockets.abort()
        house.is_now(Status.TROUBLE)
        ann.says("said in the gap", ann.dm)
        misses(world)
        assert house.rows() == []
        world.deliver_by = way
        world.sockets.accept()
        house.kept(1)
        assert house.texts() == ["said in the gap"]


def test_what_slack_brings_as_well_is_kept_once(
    world: SlackWorld, ann: Any, sqlite_database: Database, tmp_path: Path
) -> None:
    talks(sqlite_database, f"T1:@{ann.id}", ann.id)
    has_heard(world, sqlite_database, tmp_path, ann)
    with at(world, sqlite_database, tmp_path) as house:
        house.is_connected()
        looked_back(world)
        ann.says("again", ann.dm)
        house.kept(2)
        assert house.texts() == ["hello", "again"]


def test_of_a_channel_only_our_threads_and_mentions_are_taken_in(
    world: SlackWorld, sqlite_database: Database, tmp_path: Path
) -> None:
    team = world.teams[0]
    ann, bob = team.add_person("ann"), team.add_person("bob")
    room = team.add_channel("general", members=[ann, bob], bot=True)
    with at(world, sqlite_database, tmp_path) as house:
        house.is_connected()
        root = ann.says(f"{team.bot.mention} where is my invoice?", room)
        house.kept(1)
    talks(sqlite_database, f"T1:{room.id}:{root.ts}", ann.id)
    world.deliver_by = NOBODY
    ann.says("it is still missing", room, thread_ts=root.ts)
    other = bob.says("lunch?", room)
    ann.says("yes", room, thread_ts=other.ts)
    bob.says(f"{team.bot.mention} mine too", room)
    misses(world)
    with at(world, sqlite_database, tmp_path) as house:
        house.kept(3)
        looked_back(world, "conversations.replies")
        said = [text.replace(team.bot.mention, "@bot") for text in house.texts()]
        assert said == ["@bot where is my invoice?", "it is still missing", "@bot mine too"]


def test_a_pause_that_slack_asks_for_is_kept(
    world: SlackWorld, ann: Any, sqlite_database: Database, tmp_path: Path
) -> None:
    talks(sqlite_database, f"T1:@{ann.id}", ann.id)
    has_heard(world, sqlite_database, tmp_path, ann)
    says_in_vain(world, ann, "still there?")
    world.fail_next("conversations.history", "ratelimited", retry_after=1)
    with at(world, sqlite_database, tmp_path) as house:
        house.kept(2)
    refused, granted = world.calls_of("conversations.history")[:2]
    assert refused.error == "ratelimited"
    assert granted.at - refused.at >= 1


@pytest.mark.parametrize("trouble", ["missing_scope", "channel_not_found", "token_revoked"])
def test_what_slack_does_not_let_us_see_is_said_once_in_the_log(
    world: SlackWorld, sqlite_database: Database, tmp_path: Path, trouble: str
) -> None:
    team = world.teams[0]
    people = [team.add_person(name) for name in ("ann", "bob")]
    has_heard(world, sqlite_database, tmp_path, people[0])
    for person in people:
        talks(sqlite_database, f"T1:@{person.id}", person.id, spot=f"{person.dm.id}/1.000001")
    world.fail_next("conversations.history", trouble, times=9)
    world.fail_next("conversations.replies", trouble, times=9)
    with structlog.testing.capture_logs() as told, at(world, sqlite_database, tmp_path) as house:
        settled(lambda: any("looked back" in line["event"] for line in told), lambda: str(told))
        assert len(house.rows()) == 1
    refusals = [line for line in told if line["event"].startswith(("slack does not let", "slack back-fill ended"))]
    assert len(refusals) == 1
    assert trouble in str(refusals)


@pytest.mark.parametrize("trouble", ["drop_before", "drop_after", "http_500", "internal_error"])
def test_a_look_back_that_is_cut_short_is_taken_up_again(
    world: SlackWorld, ann: Any, sqlite_database: Database, tmp_path: Path, trouble: str
) -> None:
    talks(sqlite_database, f"T1:@{ann.id}", ann.id)
    has_heard(world, sqlite_database, tmp_path, ann)
    says_in_vain(world, ann, "still there?")
    world.fail_next("conversations.history", trouble, times=2)
    with at(world, sqlite_database, tmp_path) as house:
        house.kept(2)
        assert house.texts() == ["hello", "still there?"]


def test_a_server_that_ends_while_it_looks_back_leaves_the_rest_to_the_next(
    world: SlackWorld, database: Database, tmp_path: Path
) -> None:
    ann, bob = (world.teams[0].add_person(name) for name in ("ann", "bob"))
    has_heard(world, database, tmp_path, ann)
    says_in_vain(world, ann, "still there?")
    world.fail_next("conversations.history", "drop_before", times=10_000)
    with at(world, database, tmp_path, now=later) as house:
        house.is_connected()
        looked_back(world)
        bob.says("hello from bob", bob.dm)
        house.kept(2)
    world.faults.forget()
    with at(world, database, tmp_path, now=later) as house:
        house.kept(3)
        assert sorted(house.texts()) == ["hello", "hello from bob", "still there?"]


@pytest.mark.parametrize("is_worker", [True, False])
def test_what_could_not_be_kept_while_the_database_was_away_is_fetched_when_it_is_back(
    world: SlackWorld, ann: Any, sqlite_database: Database, tmp_path: Path, is_worker: bool
) -> None:
    talks(sqlite_database, f"T1:@{ann.id}", ann.id)
    with at(world, sqlite_database, tmp_path, is_worker=is_worker) as house:
        house.is_connected()
        with is_down(sqlite_database):
            ann.says("is anybody there?", ann.dm)
            misses(world)
        house.kept(1)
        assert house.texts() == ["is anybody there?"]


def test_who_writes_for_the_first_time_while_the_server_is_down_is_heard(
    world: SlackWorld, database: Database, tmp_path: Path
) -> None:
    ann, bob = (world.teams[0].add_person(name) for name in ("ann", "bob"))
    has_heard(world, database, tmp_path, ann)
    says_in_vain(world, bob, "is anybody there?")
    with at(world, database, tmp_path) as house:
        house.kept(2)
        assert house.texts() == ["hello", "is anybody there?"]
        assert house.rows()[1].thread_key == f"T1:@{bob.id}"


def test_a_mention_in_a_channel_that_is_new_to_us_is_fetched_as_well(
    world: SlackWorld, sqlite_database: Database, tmp_path: Path
) -> None:
    team = world.teams[0]
    ann, room = asks_in_vain_in_a_new_channel(world, sqlite_database, tmp_path)
    elsewhere = team.add_channel("lunch", members=[ann], bot=False)
    ann.says("lunch?", room)
    ann.says(f"{team.bot.mention} is not here", elsewhere)
    misses(world)
    with at(world, sqlite_database, tmp_path) as house:
        house.kept(2)
        looked_back(world)
        assert [text.replace(team.bot.mention, "@bot") for text in house.texts()] == [
            "hello",
            "@bot where is my invoice?",
        ]


def test_a_reply_in_a_thread_of_direct_messages_begun_long_before_the_gap_is_fetched(
    world: SlackWorld, ann: Any, database: Database, tmp_path: Path
) -> None:
    """Not only in the thread in which the customer wrote last."""
    bob = world.teams[0].add_person("bob")
    first, last = (has_heard(world, database, tmp_path, ann, text) for text in ("hello", "something else"))
    talks(database, f"T1:@{ann.id}", ann.id, spot=f"{ann.dm.id}/{last.ts}")
    world.clock.advance(240)
    with at(world, database, tmp_path, now=later) as house:
        house.is_connected()
        bob.says("hello from bob", bob.dm)
        house.kept(3)
        settled(lambda: not is_to_be_looked_for(database), lambda: "it was not looked back to the end")
    world.deliver_by = NOBODY
    ann.says("it did not help", ann.dm, thread_ts=first.ts)
    misses(world)
    with at(world, database, tmp_path, now=later) as house:
        house.kept(4)
        assert house.texts()[-1] == "it did not help"


def test_where_much_was_said_meanwhile_the_first_of_it_is_fetched_as_well(
    world: SlackWorld, sqlite_database: Database, tmp_path: Path
) -> None:
    ann, room = asks_in_vain_in_a_new_channel(world, sqlite_database, tmp_path)
    for _ in range(8):
        ann.says("lunch?", room)
    misses(world)
    world.limits.page = 2
    with at(world, sqlite_database, tmp_path) as house:
        house.kept(2)


def test_without_the_scope_to_list_direct_messages_the_known_ones_are_read(
    world: SlackWorld, ann: Any, sqlite_database: Database, tmp_path: Path
) -> None:
    talks(sqlite_database, f"T1:@{ann.id}", ann.id)
    has_heard(world, sqlite_database, tmp_path, ann)
    says_in_vain(world, ann, "still there?")
    world.fail_next("users.conversations", "missing_scope", times=9)
    with structlog.testing.capture_logs() as told, at(world, sqlite_database, tmp_path) as house:
        house.kept(2)
        settled(lambda: any("looked back" in line["event"] for line in told), lambda: str(told))
    assert len([line for line in told if line["event"].startswith("slack does not let")]) == 1


def test_where_nobody_ever_wrote_nothing_is_asked(
    world: SlackWorld, ann: Any, sqlite_database: Database, tmp_path: Path
) -> None:
    has_heard(world, sqlite_database, tmp_path, ann)
    assert not world.calls_of("conversations.history")


def test_only_so_many_places_are_looked_at_the_newest_first(database: Database) -> None:
    for number in range(4):
        talks(database, f"T1:@U{number}", f"U{number}", is_open=False)
    talks(database, "T1:C1:1.000001", "U9", is_open=False)
    talks(database, "T1:C2:1.000001", "U9")
    with reading(database) as session:
        assert [str(spoken.place) for spoken in spoken_in(session, 3, {"T1"})] == ["T1:C2:1.000001", "T1:@U3", "T1:@U2"]


def test_what_was_said_before_a_restore_is_not_answered_again(
    world: SlackWorld, ann: Any, database: Database, tmp_path: Path
) -> None:
    talks(database, f"T1:@{ann.id}", ann.id)
    has_heard(world, database, tmp_path, ann, "in the backup")
    says_in_vain(world, ann, "answered since the backup was made")
    with transaction(database) as session:
        settle(session, "20261123T040000Z", datetime.now(UTC), datetime.now(UTC))
    says_in_vain(world, ann, "said while nothing ran")
    with at(world, database, tmp_path) as house:
        house.is_connected()
        house.kept(3)
        kept = [payload["body"]["event"]["text"] for payload in house.payloads() if payload]
        assert kept == ["in the backup", "said while nothing ran"]
