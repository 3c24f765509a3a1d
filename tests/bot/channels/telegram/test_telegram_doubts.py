"""Words to Telegram whose fate nobody knows: the customer reads the bot's at most twice, an agent's once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

import pytest
import structlog
from desk_line import DeskLine
from slack_house import is_down, settled
from standins.telegram import Person, TelegramWorld, faults

from bot.channels.telegram.channel import TelegramChannel
from bot.sending import Sender, send
from handoff import deliveries
from handoff.deliveries import Claimed
from handoff.errors import Stale
from handoff.models import Author, DeliveryState
from store import Database, reading, transaction

READY, SENDING, SENT = DeliveryState.READY, DeliveryState.SENDING, DeliveryState.SENT
UNCERTAIN, FAILED = DeliveryState.UNCERTAIN, DeliveryState.FAILED
BOT, AGENT = Author.BOT, Author.AGENT
LONG = " ".join(f"word{number}" for number in range(1_500))


@pytest.fixture
def ada(world: TelegramWorld) -> Person:
    ada = world.person("Ada")
    ada.says("hello")
    return ada


@pytest.fixture
def line(database: Database, channel: TelegramChannel, ada: Person) -> DeskLine:
    return DeskLine(database, channel, str(ada.id))


@pytest.fixture
def sqlite_line(sqlite_database: Database, channel: TelegramChannel, ada: Person) -> DeskLine:
    """The same for what is between us and Telegram, whatever the database."""
    return DeskLine(sqlite_database, channel, str(ada.id))


def loses_answers(world: TelegramWorld, times: int = 1) -> None:
    world.fault("sendMessage", faults.DropAfter(), times=times)


def texts(ada: Person) -> list[str]:
    return [message.text for message in ada.private.from_bot]


def test_the_bots_words_are_sent_once_more_when_the_answer_was_lost(
    line: DeskLine, world: TelegramWorld, ada: Person
) -> None:
    first, second = line.says(BOT, "one"), line.says(BOT, "two")
    loses_answers(world)
    line.works()
    assert (line.state(first), line.state(second)) == (READY, READY), "what comes after waits"
    line.goes_on()
    assert texts(ada) == ["one", "one", "two"]
    assert (line.state(first), line.delivery(first).doubts) == (SENT, 1)


def test_the_bots_words_reach_the_customer_at_most_twice(line: DeskLine, world: TelegramWorld, ada: Person) -> None:
    first, second = line.says(BOT, "one"), line.says(BOT, "two")
    loses_answers(world, times=2)
    line.goes_on()
    assert texts(ada) == ["one", "one", "two"]
    assert (line.state(first), line.state(second)) == (UNCERTAIN, SENT)


def test_an_agents_words_are_not_repeated_and_shown_as_uncertain(
    line: DeskLine, world: TelegramWorld, ada: Person
) -> None:
    first, second = line.says(AGENT, "one"), line.says(AGENT, "two")
    loses_answers(world)
    line.goes_on()
    assert texts(ada) == ["one", "two"]
    assert (line.state(first), line.state(second)) == (UNCERTAIN, SENT)


@pytest.mark.parametrize(("author", "copies", "state"), [(BOT, 2, SENT), (AGENT, 1, UNCERTAIN)])
def test_a_worker_that_is_killed_while_sending_counts_as_a_lost_answer(
    line: DeskLine, ada: Person, author: Author, copies: int, state: DeliveryState
) -> None:
    delivery_id = line.says(author, "one")
    line.is_killed_at_work()
    line.goes_on()
    assert texts(ada) == ["one"] * copies
    assert (line.state(delivery_id), line.delivery(delivery_id).doubts) == (state, 1)


def test_killed_once_and_unanswered_once_the_bots_words_wait_for_a_person(
    sqlite_line: DeskLine, world: TelegramWorld, ada: Person
) -> None:
    delivery_id = sqlite_line.says(BOT, "one")
    sqlite_line.is_killed_at_work()
    loses_answers(world)
    sqlite_line.goes_on()
    assert texts(ada) == ["one", "one"]
    assert sqlite_line.state(delivery_id) is UNCERTAIN


def test_what_telegram_does_not_take_is_given_up_after_eight_tries_and_its_thread_goes_on(
    sqlite_line: DeskLine, world: TelegramWorld, ada: Person
) -> None:
    first, second = sqlite_line.says(BOT, "one"), sqlite_line.says(BOT, "two")
    world.fault("sendMessage", faults.Refuse(404, "Not Found"), times=8)
    sqlite_line.goes_on()
    assert (sqlite_line.state(first), sqlite_line.state(second)) == (FAILED, SENT)
    assert [call.status for call in world.calls_of("sendMessage")] == [404] * 8 + [200]


def test_what_a_person_sends_again_is_not_repeated_by_itself(
    sqlite_line: DeskLine, world: TelegramWorld, ada: Person
) -> None:
    delivery_id = sqlite_line.says(BOT, "one")
    loses_answers(world, times=3)
    sqlite_line.goes_on()
    sqlite_line.sends_again(delivery_id)
    sqlite_line.goes_on()
    assert sqlite_line.state(delivery_id) is UNCERTAIN
    assert len(texts(ada)) == 3
    sqlite_line.sends_again(delivery_id)
    sqlite_line.goes_on()
    assert sqlite_line.state(delivery_id) is SENT


def test_of_a_long_message_only_the_part_that_was_under_way_is_sent_again(
    line: DeskLine, world: TelegramWorld, ada: Person
) -> None:
    delivery_id = line.says(BOT, LONG)
    line.is_killed_at_work(parts=2)
    line.goes_on()
    arrived = texts(ada)
    assert " ".join([arrived[0], *arrived[2:]]) == LONG
    assert arrived[1] == arrived[2], "the second part was under way"
    assert line.state(delivery_id) is SENT


def test_a_late_answer_settles_what_was_given_up(line: DeskLine, world: TelegramWorld, ada: Person) -> None:
    delivery_id = line.says(AGENT, "one")
    with ThreadPoolExecutor(1) as pool:
        with world.hold("sendMessage") as held:
            sending = pool.submit(line.works)
            held.wait_for_arrival()
            line.gives_up("worker")
            assert line.state(delivery_id) is UNCERTAIN
        sending.result(60)
    assert line.state(delivery_id) is SENT
    assert texts(ada) == ["one"]


def test_a_slow_send_is_not_taken_for_dead(line: DeskLine, world: TelegramWorld, ada: Person) -> None:
    delivery_id = line.says(AGENT, "one")
    sender = Sender(line.database, {"telegram": line.channel}, "worker", lambda: None)
    with world.hold("sendMessage") as held:
        assert sender.step(line.now)
        held.wait_for_arrival()
        # Its clock is even set forward by an hour.
        later = line.now + timedelta(hours=1)
        sender.keep_leases(later)
        with reading(line.database) as session:
            assert not deliveries.has_outlived(session, later + timedelta(seconds=59))
        assert line.state(delivery_id) is SENDING
    sender.stop(60)
    assert line.state(delivery_id) is SENT
    assert texts(ada) == ["one"]


def test_what_a_dead_worker_left_is_taken_up_when_its_lease_is_over(line: DeskLine) -> None:
    delivery_id = line.says(BOT, "one")
    with transaction(line.database) as session:
        deliveries.claim(session, line.now, "dead", 1)
    sender = Sender(line.database, {"telegram": line.channel}, "another", lambda: None)
    sender.keep_leases(line.now + timedelta(seconds=59))
    assert line.state(delivery_id) is SENDING
    sender.keep_leases(line.now + timedelta(seconds=61))
    assert line.state(delivery_id) is READY
    sender.stop(60)


@pytest.mark.parametrize("author", [BOT, AGENT])
def test_who_stood_still_for_longer_than_its_lease_says_nothing_that_others_have_by_now(
    line: DeskLine, ada: Person, author: Author
) -> None:
    """A machine that was paused right before the words left, and goes on when another may have said them."""
    delivery_id = line.says(author, "one")
    paused = is_paused_before_it_sends(line)
    line.gives_up("paused")
    line.works()
    line.later(5)
    with suppress(Stale):
        send(line.database, line.channel, paused, "paused", line.now)
    line.goes_on()
    assert texts(ada) == ["one"]
    assert (line.state(delivery_id), line.delivery(delivery_id).doubts) == (SENT, author is BOT)


def test_who_stood_still_says_it_after_all_where_nobody_took_it(line: DeskLine, ada: Person) -> None:
    delivery_id = line.says(AGENT, "one")
    send(line.database, line.channel, is_paused_before_it_sends(line), "paused", line.now)
    assert texts(ada) == ["one"]
    assert line.state(delivery_id) is SENT


def is_paused_before_it_sends(line: DeskLine) -> Claimed:
    with transaction(line.database) as session:
        (claimed,) = deliveries.claim(session, line.now, "paused", 1)
    line.later(61)
    return claimed


def test_what_became_of_a_message_is_told_when_the_database_is_back(
    line: DeskLine, world: TelegramWorld, ada: Person
) -> None:
    delivery_id = line.says(AGENT, "one")
    sender = Sender(line.database, {"telegram": line.channel}, "worker", lambda: None)
    with structlog.testing.capture_logs() as logged:
        with world.hold("sendMessage") as held:
            sender.step(line.now)
            held.wait_for_arrival()
            with is_down(line.database):
                held.release()
                settled(lambda: any(each["event"] == "outcome kept for later" for each in logged), lambda: str(logged))
        sender.stop(60)
    assert (line.state(delivery_id), line.delivery(delivery_id).doubts) == (SENT, 0)
    assert texts(ada) == ["one"]


def test_a_customer_who_blocked_the_bot_costs_an_agent_no_word_in_silence(sqlite_line: DeskLine, ada: Person) -> None:
    ada.blocks_bot()
    delivery_id = sqlite_line.says(AGENT, "one")
    sqlite_line.goes_on()
    assert sqlite_line.state(delivery_id) is FAILED
    told = sqlite_line.transcript()
    assert any(text.startswith("A message could not be delivered: The customer blocked the bot.") for text in told)
    assert "one" in told


def test_what_a_person_sends_again_is_tried_though_the_place_was_out_of_reach(
    sqlite_line: DeskLine, ada: Person
) -> None:
    ada.blocks_bot()
    delivery_id = sqlite_line.says(BOT, "one")
    sqlite_line.goes_on()
    assert sqlite_line.state(delivery_id) is FAILED
    ada.unblocks_bot()
    sqlite_line.sends_again(delivery_id)
    sqlite_line.goes_on()
    assert sqlite_line.state(delivery_id) is SENT
    assert texts(ada) == ["one"]


def test_what_may_have_arrived_before_the_customer_blocked_the_bot_is_not_called_failed(
    sqlite_line: DeskLine, world: TelegramWorld, ada: Person
) -> None:
    delivery_id = sqlite_line.says(BOT, "one")
    loses_answers(world)
    sqlite_line.works()
    ada.blocks_bot()
    sqlite_line.goes_on()
    assert sqlite_line.state(delivery_id) is UNCERTAIN
