"""Trouble with Telegram that customers must not notice: limits, lost answers, updates that nobody can read."""

from __future__ import annotations

from typing import Any

from end_to_end.chat_house import ANSWER, QUESTION, House, asks_for_a_person, heard
from standins.telegram import TelegramWorld, faults

pytest_plugins = ["end_to_end.chat_fixtures"]
POISON = {"message": {"message_id": "seven", "chat": {"id": 1.5}, "from": "nobody", "text": "what a pity"}}


def test_after_a_429_nothing_is_sent_before_its_time_and_the_order_is_kept(
    house: House, telegram: TelegramWorld
) -> None:
    ada = telegram.person("Ada")
    number = asks_for_a_person(ada)
    plan = telegram.fault("sendMessage", faults.TooMany(retry_after=1), when=lambda args: args["chat_id"] == ada.id)
    for word in ("one", "two"):
        house.replies(number, word)
    said = [message.text.splitlines()[-1] for message in ada.private.wait_for_count(3)[1:]]
    assert said == ["one", "two"]
    refused, *after = [call.at for call in telegram.calls_of("sendMessage") if call.args["chat_id"] == ada.id][1:]
    assert plan.met == 1
    assert min(after) - refused >= 1


def test_a_chat_that_must_wait_holds_up_nobody_else(house: House, telegram: TelegramWorld) -> None:
    ada, bob = telegram.person("Ada"), telegram.person("Bob")
    with telegram.hold("sendMessage", when=lambda args: args["chat_id"] == ada.id) as held:
        ada.says(QUESTION)
        ada.says("hello")
        held.wait_for_arrival()
        bob.says(QUESTION)
        quick = bob.private.next_from_bot()
    slow = ada.private.next_from_bot()
    assert quick.order < slow.order
    assert ANSWER in slow.text, "and what Ada asked first is answered first"
    assert "support bot" in ada.private.next_from_bot().text


def test_an_update_that_cannot_be_read_is_shown_to_a_person_and_stops_nothing(
    house: House, telegram: TelegramWorld
) -> None:
    ada = telegram.person("Ada")
    telegram.inject_update(POISON)
    ada.says(QUESTION)
    assert ANSWER in ada.private.next_from_bot().text
    number = house.when(lambda: parked(house), "a ticket for the parked update")
    assert "what a pity" in house.words_on_page(number)


def test_updates_of_kinds_that_are_none_of_ours_disturb_nobody(house: House, telegram: TelegramWorld) -> None:
    ada = telegram.person("Ada")
    before = parked(house)
    for kind in ("business_message", "chat_boost", "purchased_paid_media", "a_kind_of_next_year"):
        telegram.inject_update({kind: {"anything": [1, None]}})
    ada.says(QUESTION)
    ada.private.next_from_bot()
    telegram.wait_until_confirmed()
    assert parked(house) == before


def test_a_reply_whose_fate_nobody_knows_is_not_sent_twice_and_shown_as_uncertain(
    house: House, telegram: TelegramWorld
) -> None:
    ada = telegram.person("Ada")
    number = asks_for_a_person(ada)
    telegram.fault("sendMessage", faults.DropAfter(), when=lambda args: args["chat_id"] == ada.id)
    house.replies(number, "This may have arrived.")
    house.when(lambda: last_message(house, number)["delivery"] == "uncertain")
    house.replies(number, "And this did.")
    heard(ada, "And this did.")
    assert len(ada.private.from_bot) == 3


def test_in_all_this_no_limit_of_telegram_was_broken(house: House, telegram: TelegramWorld) -> None:
    assert telegram.ban_strikes == 0, "nothing was sent within a penalty"
    refused = {call.description for call in telegram.calls if call.status == 400}
    assert refused <= {"Bad Request: query is too old and response timeout expired or query ID is invalid"} | {
        text for text in refused if "TOPIC_CLOSED" in text or "upgraded to a supergroup" in text
    }


def last_message(house: House, number: int) -> dict[str, Any]:
    return dict(house.ticket(number)["messages"][-1])


def parked(house: House) -> int:
    """The number of the newest ticket about an update that could not be read; 0 without one."""
    stuck = [ticket for ticket in house.tickets() if ticket["reason"] == "bot_stuck"]
    return max((int(ticket["number"]) for ticket in stuck), default=0)
