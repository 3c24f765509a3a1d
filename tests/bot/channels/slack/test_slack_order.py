"""Order within a thread of Slack, where events come late: Slack brings each again by itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from slack_house import SlackHouse, settled, slack_house
from standins.slack.server import Http, SlackWorld

from bot import inbox
from bot.channels.slack.catching_up import CROWD, HELD, CatchUp
from bot.channels.slack.envelopes import Kind
from bot.channels.slack.names import SLACK, InChannel
from bot.channels.slack.socket import Patience
from bot.models import InboxState
from store import Database, transaction

NOBODY = Http("http://127.0.0.1:9/", "secret")
HASTY = Patience(between=0.0)
NEVER_BY_ITSELF = Patience(between=3600.0)
"""Nobody gets as far as looking back at all places."""


def later() -> datetime:
    """Four minutes on: Slack brings again what was said before, and its signature is still good."""
    return datetime.now(UTC) + timedelta(minutes=4)


def begun(database: Database, now: datetime) -> str | None:
    """What a worker would begin with now."""
    with transaction(database) as session:
        row = inbox.claim(session, "worker", now, channels=(SLACK,))
        return row.payload if row is not None else None


def dealt_with(house: SlackHouse) -> None:
    """Everything that is there is over."""
    with transaction(house.database) as session:
        for row in house.rows():
            session.merge(row).state = InboxState.DONE


def missed(world: SlackWorld, *said: Any) -> list[Any]:
    """Slack gave these up; what it would have brought."""
    world.wait_for(lambda: all(delivery.is_done for delivery in world.deliveries))
    return [delivery.payload for delivery in world.deliveries[-len(said) :]]


@contextmanager
def says_more_after_a_gap(world: SlackWorld, database: Database, folder: Path) -> Iterator[SlackHouse]:
    """Somebody said something while nobody listened, and goes on now; Slack is being asked, and does not answer yet."""
    ann = world.teams[0].add_person("ann")
    with slack_house(world, database, folder, http=True, patience=HASTY) as house:
        house.is_connected()
        ann.says("hello", ann.dm)
        house.kept(1)
        dealt_with(house)
    world.deliver_by = NOBODY
    ann.says("said while nobody listened", ann.dm)
    missed(world, 1)
    world.fail_next("conversations.history", "hang")
    with slack_house(world, database, folder, http=True, patience=NEVER_BY_ITSELF) as house:
        house.is_connected()
        ann.says("said after that", ann.dm)
        house.kept(2)
        world.wait_for(lambda: world.calls_of("conversations.history"))
        yield house


def test_an_earlier_message_that_slack_brings_late_takes_its_place(
    world: SlackWorld, database: Database, tmp_path: Path
) -> None:
    ann = world.teams[0].add_person("ann")
    with slack_house(world, database, tmp_path, http=True, now=later) as house:
        house.is_connected()
        world.deliver_by = NOBODY
        said = [ann.says(text, ann.dm) for text in ("one", "two", "three", "four")]
        one, two, three, four = missed(world, *said)
        for payload in (three, two, four, one):
            assert house.posts(payload).status == 200
        assert house.texts() == ["one", "two", "three", "four"]
        assert [house.posts(payload).status for payload in (two, one)] == [200, 200]
        assert house.texts() == ["one", "two", "three", "four"], "each is known when it comes again"


def test_messages_that_overtake_each_other_within_a_second_take_their_places(
    world: SlackWorld, sqlite_database: Database, tmp_path: Path
) -> None:
    ann, before = world.teams[0].add_person("ann"), datetime.now(UTC)
    with slack_house(world, sqlite_database, tmp_path, http=True, now=lambda: before) as house:
        house.is_connected()
        world.deliver_by = NOBODY
        said = [ann.says(text, ann.dm) for text in ("one", "two", "three")]
        one, two, three = missed(world, *said)
        for payload in (two, three, one):
            assert house.posts(payload).status == 200
        assert house.texts() == ["one", "two", "three"]


def test_what_is_dealt_with_already_is_not_overtaken(world: SlackWorld, database: Database, tmp_path: Path) -> None:
    ann = world.teams[0].add_person("ann")
    with slack_house(world, database, tmp_path, http=True, now=later) as house:
        house.is_connected()
        world.deliver_by = NOBODY
        one, two = missed(world, ann.says("one", ann.dm), ann.says("two", ann.dm))
        house.posts(two)
        assert '"two"' in (begun(database, later()) or "")
        house.posts(one)
        assert house.texts() == ["two", "one"]
        assert begun(database, later()) is None, "one after another"


def test_after_a_gap_a_message_waits_until_what_was_said_before_it_is_there(
    world: SlackWorld, database: Database, tmp_path: Path
) -> None:
    with says_more_after_a_gap(world, database, tmp_path) as house:
        assert begun(database, datetime.now(UTC)) is None
        world.release()
        house.kept(3)
        assert house.texts() == ["hello", "said while nobody listened", "said after that"]
        settled(lambda: house.rows()[-1].not_before <= datetime.now(UTC), lambda: str(house.rows()))
        assert "while nobody listened" in (begun(database, datetime.now(UTC)) or "")


def test_a_message_whose_process_died_while_it_waited_waits_for_the_look_of_the_next(
    world: SlackWorld, database: Database, tmp_path: Path
) -> None:
    with says_more_after_a_gap(world, database, tmp_path) as house:
        assert house.rows()[-1].not_before < later(), "left alone it is due when the next one starts"
    world.fail_next("conversations.history", "hang")
    with slack_house(world, database, tmp_path, http=True, patience=NEVER_BY_ITSELF, now=later) as house:
        house.is_connected()
        assert begun(database, later()) is None
        world.wait_for(lambda: len(world.calls_of("conversations.history")) > 1)
        assert begun(database, later()) is None
        world.release()
        house.kept(3)
        settled(lambda: house.rows()[-1].not_before <= later(), lambda: str(house.rows()))
        assert house.texts() == ["hello", "said while nobody listened", "said after that"]
        assert "while nobody listened" in (begun(database, later()) or "")


def test_what_slack_brings_again_is_a_sign_that_other_messages_may_not_have_come_either(
    world: SlackWorld, database: Database, tmp_path: Path
) -> None:
    """Another process may have died, which Slack's events still went to."""
    ann, bob = (world.teams[0].add_person(name) for name in ("ann", "bob"))
    with slack_house(world, database, tmp_path, http=True, patience=HASTY) as house:
        house.is_connected()
        world.deliver_by = NOBODY
        said = [ann.says("one", ann.dm), bob.says("x", bob.dm), ann.says("two", ann.dm)]
        _, bobs, second = missed(world, *said)
        assert house.posts(bobs, again=True).status == 200
        house.posts(second)
        house.kept(3)
        assert house.texts() == ["x", "one", "two"]


def test_a_message_waits_no_longer_than_seconds_for_a_slack_that_does_not_answer(
    world: SlackWorld, sqlite_database: Database, tmp_path: Path
) -> None:
    ann = world.teams[0].add_person("ann")
    with slack_house(world, sqlite_database, tmp_path, http=True, patience=HASTY) as house:
        house.is_connected()
        ann.says("hello", ann.dm)
        house.kept(1)
        dealt_with(house)
    world.fail_next("conversations.history", "hang", times=99)
    with slack_house(world, sqlite_database, tmp_path, http=True, patience=NEVER_BY_ITSELF) as house:
        house.is_connected()
        ann.says("is anybody there?", ann.dm)
        house.kept(2)
        assert begun(sqlite_database, datetime.now(UTC)) is None
        assert "anybody" in (begun(sqlite_database, datetime.now(UTC) + HELD) or "")


def test_of_a_crowd_only_some_wait_for_a_mere_doubt_and_all_after_a_gap(sqlite_database: Database) -> None:
    """Slack brings again what we were slow to acknowledge, too."""
    catch_up = CatchUp(sqlite_database, later)
    catch_up.doubt()
    assert len(held_back(catch_up)) == CROWD
    catch_up.begin(later())
    assert len(held_back(catch_up)) == 3 * CROWD


def held_back(catch_up: CatchUp) -> list[str]:
    """The threads whose message waits, of many in which somebody writes at once."""
    held = []
    for number in range(3 * CROWD):
        thread = str(InChannel("T1", "C1", f"1700000000.{number:06}"))
        spoken = catch_up.awaited(thread, Kind.EVENT, {"event": {"channel": "C1", "ts": "1700000001.000000"}})
        if spoken is not None:
            held.append(thread)
            catch_up.fetch(thread, spoken)
    return held


def test_what_begins_a_thread_waits_for_nothing(world: SlackWorld, sqlite_database: Database, tmp_path: Path) -> None:
    team = world.teams[0]
    ann = team.add_person("ann")
    room = team.add_channel("general", members=[ann], bot=True)
    with slack_house(world, sqlite_database, tmp_path, http=True, patience=HASTY) as house:
        house.is_connected()
        ann.says("hello", ann.dm)
        house.kept(1)
        dealt_with(house)
    with slack_house(world, sqlite_database, tmp_path, http=True, patience=NEVER_BY_ITSELF) as house:
        house.is_connected()
        ann.says(f"{team.bot.mention} where is my invoice?", room)
        house.kept(2)
        assert "invoice" in (begun(sqlite_database, datetime.now(UTC)) or "")
