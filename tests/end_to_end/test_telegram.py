"""Customers on Telegram: what they ask, press and command, and the people who answer them. The whole product runs."""

from __future__ import annotations

import json

from end_to_end.chat_house import (
    AGENT,
    ANSWER,
    CHOSEN,
    FIRST_CHOICE,
    PERSON,
    QUESTION,
    UNSURE,
    House,
    asks_for_a_person,
    heard,
    number_in,
)
from sqlmodel import select
from standins.telegram import TelegramWorld

from handoff.models import Account, Customer

pytest_plugins = ["end_to_end.chat_fixtures"]


# -- the bot answers -------------------------------------------------------------------------------------------------


def test_a_question_is_answered_with_its_source_and_with_buttons(house: House, telegram: TelegramWorld) -> None:
    ada = telegram.person("Ada", language="en")
    ada.says(QUESTION)
    answer = ada.private.next_from_bot()
    assert ANSWER in answer.text
    assert any(url.startswith(f"{house.address}/kb/en/reset-password/") for _, url in answer.links)
    assert answer.buttons == ["👍 Helpful", "👎 Not helpful", "Talk to a person"]


def test_a_question_in_chinese_is_answered_in_chinese(house: House, telegram: TelegramWorld) -> None:
    lin = telegram.person("林", language="zh-hans")
    lin.says("忘记密码了怎么办")
    answer = lin.private.next_from_bot()
    assert "重置" in answer.text
    assert answer.buttons[-1] == "转人工"


def test_a_thumb_is_thanked_once_however_often_it_is_tapped(house: House, telegram: TelegramWorld) -> None:
    ada = telegram.person("Ada")
    ada.says(QUESTION)
    answer = ada.private.next_from_bot()
    presses = [ada.presses(answer, "👍") for _ in range(3)]
    for press in presses:
        press.wait()
    assert "Thank you" in ada.private.next_from_bot().text
    ada.says("hello")
    assert "support bot" in ada.private.next_from_bot().text, "and nothing came between"


def test_a_tap_that_telegram_calls_too_old_still_counts(house: House, telegram: TelegramWorld) -> None:
    ada = telegram.person("Ada")
    ada.says(QUESTION)
    answer = ada.private.next_from_bot()
    with telegram.hold("answerCallbackQuery") as held:
        press = ada.presses(answer, "👎")
        held.wait_for_arrival()
        press.expire()
    assert "Sorry" in ada.private.next_from_bot().text


def test_where_the_bot_is_unsure_a_button_chooses(house: House, telegram: TelegramWorld) -> None:
    ada = telegram.person("Ada")
    ada.says(UNSURE)
    question = ada.private.next_from_bot()
    assert question.buttons[-1] == "None of these"
    assert CHOSEN not in question.text
    ada.presses(question, FIRST_CHOICE).wait()
    assert CHOSEN in ada.private.next_from_bot().text


def test_where_the_bot_is_unsure_a_choice_can_be_typed_and_another_one_pressed_after_it(
    house: House, telegram: TelegramWorld
) -> None:
    ada = telegram.person("Ada")
    ada.says(UNSURE)
    question = ada.private.next_from_bot()
    ada.says("the first one, please")
    assert CHOSEN in ada.private.next_from_bot().text
    ada.presses(question, question.buttons[1])
    assert CHOSEN not in ada.private.next_from_bot().text


def test_what_is_foreign_is_declined_with_the_way_to_a_person(house: House, telegram: TelegramWorld) -> None:
    ada = telegram.person("Ada")
    ada.says("What is the weather in Paris?")
    declined = ada.private.next_from_bot()
    assert declined.buttons == ["Talk to a person"]
    ada.presses(declined, "Talk to a person").wait()
    number = number_in(ada.private.next_from_bot().text)
    assert house.texts(number) == ["What is the weather in Paris?", "Talk to a person"]


def test_two_first_messages_at_once_belong_to_one_conversation(house: House, telegram: TelegramWorld) -> None:
    ada = telegram.person("Ada")
    ada.says("It is about our office in Oslo.")
    number = asks_for_a_person(ada)
    assert house.texts(number) == ["It is about our office in Oslo.", PERSON]


# -- a person answers ------------------------------------------------------------------------------------------------


def test_from_a_person_to_a_ticket_to_a_reply_to_solved_to_not_yet(house: House, telegram: TelegramWorld) -> None:
    ada = telegram.person("Ada", last_name="Lovelace")
    number = asks_for_a_person(ada)
    ticket = house.ticket(number)
    assert (ticket["channel"], ticket["customer"], ticket["status"]) == ("telegram", "Ada Lovelace", "open")
    house.notes(number, "she is a friend of Charles")
    house.replies(number, "Good morning, which browser is it?")
    reply = heard(ada, "which browser")
    assert reply.text == f"{AGENT}:\nGood morning, which browser is it?"
    assert reply.bold == [f"{AGENT}:"]
    ada.says("Firefox")
    house.shows(number, "Firefox")
    house.resolves(number)
    closing = heard(ada, "Is it solved for you?")
    ada.presses(closing, "Not yet").wait()
    assert f"reopened ticket #{number}" in heard(ada, "reopened").text
    assert house.ticket(number)["status"] == "open"
    assert not [message for message in ada.private.from_bot if "Charles" in message.text], "a note is no reply"


def test_the_bot_is_silent_while_a_person_has_the_conversation(house: House, telegram: TelegramWorld) -> None:
    ada = telegram.person("Ada")
    number = asks_for_a_person(ada)
    ada.says(QUESTION)
    house.shows(number, QUESTION)
    house.replies(number, "One moment.")
    assert [message.text for message in ada.private.wait_for_count(2)][1] == f"{AGENT}:\nOne moment."
    house.hands_back(number)
    ada.says(QUESTION)
    assert ANSWER in heard(ada, ANSWER).text


def test_marks_and_ampersands_arrive_as_they_were_typed_both_ways(house: House, telegram: TelegramWorld) -> None:
    ada = telegram.person("Ada <i>& Co</i>")
    ada.says("<b>Is 1 < 2 & 3 > 2?</b>")
    number = asks_for_a_person(ada)
    assert house.texts(number)[0] == "<b>Is 1 < 2 & 3 > 2?</b>"
    assert "&lt;b&gt;Is 1 &lt; 2 &amp; 3 &gt; 2?&lt;/b&gt;" in house.page(number)
    house.replies(number, "Write <b>bold</b> & <script> as &lt;")
    reply = heard(ada, "Write")
    assert reply.text.endswith("\nWrite <b>bold</b> & <script> as &lt;")
    assert reply.bold == [f"{AGENT}:"], "only the name is ours to mark"


def test_a_long_reply_arrives_whole_and_in_order(house: House, telegram: TelegramWorld) -> None:
    ada = telegram.person("Ada")
    number = asks_for_a_person(ada)
    words = [f"word{n:04}🙂" for n in range(900)]
    house.replies(number, " ".join(words))
    *parts, last = ada.private.wait_for_count(4)[1:]
    said = [part.text for part in (*parts, last)]
    assert " ".join(said).removeprefix(f"{AGENT}:\n").split() == words
    assert max(len(text.encode("utf-16-le")) // 2 for text in said) <= 4096
    house.when(lambda: house.ticket(number)["messages"][-1]["delivery"] == "sent")


# -- commands --------------------------------------------------------------------------------------------------------


def test_commands_are_offered_in_english_and_in_chinese(house: House, telegram: TelegramWorld) -> None:
    offered = telegram.wait_for(lambda: len(telegram.commands) >= 2 and telegram.commands)
    by_language = {language: dict(commands) for (_, language), commands in offered.items()}
    assert set(by_language[""]) == set(by_language["zh"]) > {"start", "new", "tickets", "status", "human", "language"}
    assert by_language["zh"]["tickets"] != by_language[""]["tickets"]


def test_start_says_who_the_bot_is_in_the_language_of_the_app(house: House, telegram: TelegramWorld) -> None:
    ada, lin = telegram.person("Ada", language="en"), telegram.person("林", language="zh-hans")
    ada.starts()
    lin.starts()
    assert "I'm a bot" in ada.private.next_from_bot().text
    assert "机器人" in lin.private.next_from_bot().text


def test_a_link_ties_the_first_who_opens_it_to_the_account(house: House, telegram: TelegramWorld) -> None:
    assert house.server.command("account", "add", "Acme & Sons").returncode == 0
    made = json.loads(house.server.command("account", "link", "Acme & Sons", "--json").stdout)
    ada = telegram.person("Ada")
    ada.starts(made["code"])
    assert "customer of Acme & Sons" in ada.private.next_from_bot().text
    for code in (made["code"], "forged-code"):
        eve = telegram.person("Eve")
        eve.starts(code)
        assert "expired" in eve.private.next_from_bot().text
    query = select(Customer.external_id).join(Account).where(Account.name == "Acme & Sons")
    assert house.finds(lambda session: session.exec(query).all()) == [str(ada.id)]


def test_new_opens_another_matter_while_a_person_has_the_first(house: House, telegram: TelegramWorld) -> None:
    ada = telegram.person("Ada")
    number = asks_for_a_person(ada)
    ada.says("/new")
    assert "what is it about" in heard(ada, "what is it about").text
    ada.says(QUESTION)
    heard(ada, ANSWER)
    house.replies(number, "About the first one: done.")
    first = heard(ada, "About the first one")
    ada.says("I mean this one", reply_to=first) if False else ada.says("and this is for Grace", reply_to=first)
    house.shows(number, "and this is for Grace")
    assert QUESTION not in house.texts(number)


def test_a_customer_sees_their_own_tickets_and_nobody_elses(house: House, telegram: TelegramWorld) -> None:
    ada, eve = telegram.person("Ada"), telegram.person("Eve")
    number = asks_for_a_person(ada)
    for one in (ada, eve):
        one.says("/tickets")
        one.says(f"/status #{number}")
    assert f"#{number} · with our team" in heard(ada, "Your tickets").text
    assert f"#{number}" in heard(ada, "Your ticket:").text
    first, second = eve.private.wait_for_count(2)
    assert "no tickets" in first.text
    assert f"You have no ticket #{number}" in second.text


def test_human_opens_a_ticket_and_says_which_one_it_is(house: House, telegram: TelegramWorld) -> None:
    ada = telegram.person("Ada")
    ada.says("/human")
    number = number_in(ada.private.next_from_bot().text)
    ada.says("/human")
    assert f"#{number}" in heard(ada, "Your ticket:").text


def test_a_chosen_language_is_kept_whatever_a_message_looks_like(house: House, telegram: TelegramWorld) -> None:
    ada = telegram.person("Ada", language="en")
    ada.says("/language zh")
    assert "中文" in ada.private.next_from_bot().text
    ada.says("hello")
    assert "机器人" in ada.private.next_from_bot().text
    ada.says("/language")
    asked = ada.private.next_from_bot()
    assert asked.buttons == ["English", "中文"]
    ada.presses(asked, "English").wait()
    assert "English" in ada.private.next_from_bot().text
