"""Customers on Slack: what they ask, press and command, and the people who answer them. The whole product runs."""

from __future__ import annotations

from pathlib import Path

from end_to_end.chat_house import (
    AGENT,
    ANSWER,
    CHOSEN,
    FIRST_CHOICE,
    PERSON,
    QUESTION,
    UNSURE,
    House,
    asks_on_slack,
    number_in,
)
from standins.slack.server import SlackWorld
from standins.slack.teams import Team

pytest_plugins = ["end_to_end.chat_fixtures"]


# -- direct messages -------------------------------------------------------------------------------------------------


def test_a_question_is_answered_in_its_thread_with_its_source_and_with_buttons(house: House, team: Team) -> None:
    ann = team.add_person("ann")
    asked = ann.says(QUESTION, ann.dm)
    answer = ann.dm.wait_for_bot(ANSWER)
    assert answer.thread_ts == asked.ts
    assert answer.buttons == ["👍 Helpful", "👎 Not helpful", "Talk to a person"]
    assert f"<{house.address}/kb/en/reset-password/" in str(answer.blocks)
    assert ANSWER in answer.text, "a notification shows the text"


def test_a_thumb_is_thanked_once_however_often_it_is_clicked(house: House, team: Team) -> None:
    ann = team.add_person("ann")
    asked = ann.says(QUESTION, ann.dm)
    answer = ann.dm.wait_for_bot(ANSWER)
    clicks = [ann.clicks(answer, "👍 Helpful", wait=False) for _ in range(3)]
    assert all(click.wait().acknowledged for click in clicks)
    ann.says("hello", ann.dm, thread_ts=asked.ts)
    ann.dm.wait_for_bot("support bot")
    assert [message.words for message in ann.dm.bot_messages if "Thank you" in message.words] == [
        "Thank you, good to know!"
    ]


def test_where_the_bot_is_unsure_a_button_chooses(house: House, team: Team) -> None:
    ann = team.add_person("ann")
    ann.says(UNSURE, ann.dm)
    question = ann.dm.wait_for_bot("Which of these")
    assert question.buttons[-1] == "None of these"
    ann.clicks(question, FIRST_CHOICE)
    assert ann.dm.wait_for_bot(CHOSEN).thread_ts == question.thread_ts


def test_where_the_bot_is_unsure_a_choice_can_be_typed(house: House, team: Team) -> None:
    ann = team.add_person("ann")
    ann.says(UNSURE, ann.dm)
    question = ann.dm.wait_for_bot("Which of these")
    ann.says("the first one, please", ann.dm, thread_ts=question.thread_ts)
    assert ann.dm.wait_for_bot(CHOSEN).thread_ts == question.thread_ts


def test_from_a_person_to_a_ticket_to_a_reply_to_solved_to_not_yet(house: House, team: Team) -> None:
    ann = team.add_person("ann", real_name="Ann Lee")
    asked, number = asks_on_slack(ann)
    ticket = house.ticket(number)
    assert (ticket["channel"], ticket["customer"], ticket["status"]) == ("slack", "ann", "open")
    house.replies(number, "Good morning, which browser is it?")
    reply = ann.dm.wait_for_bot("which browser")
    assert reply.words == f"From {AGENT}\nGood morning, which browser is it?"
    assert reply.thread_ts == asked.ts
    ann.says("Firefox", ann.dm, thread_ts=asked.ts)
    house.shows(number, "Firefox")
    house.resolves(number)
    ann.clicks(ann.dm.wait_for_bot("Is it solved for you?"), "Not yet")
    assert f"reopened ticket #{number}" in ann.dm.wait_for_bot("reopened").words
    assert house.ticket(number)["status"] == "open"
    house.resolves(number)
    ann.clicks(ann.dm.wait_for_bot("Is it solved for you?", count=2), "Yes, solved")
    ann.dm.wait_for_bot("is closed")
    assert house.ticket(number)["status"] == "closed"


def test_what_slack_knows_of_a_customer_is_kept_and_an_address_only_names_the_account(house: House, team: Team) -> None:
    for words in (("add", "Initech"), ("domain", "Initech", "add", "initech.example")):
        assert house.server.command("account", *words).returncode == 0
    peter = team.add_person(
        "peter", real_name="Peter Gibbons", email="peter@initech.example", tz="America/Chicago", locale="en-US"
    )
    _, number = asks_on_slack(peter)
    page = house.words_on_page(number)
    assert "Initech" in page
    assert "America/Chicago" in page
    assert "peter@initech.example" not in page
    kept = (Path(house.server.environment["FIRSTLINE_DATA_DIR"]) / "firstline.db").read_bytes()
    assert b"peter@initech.example" not in kept


def test_a_call_to_the_whole_channel_reaches_nobody_whoever_typed_it(house: House, team: Team) -> None:
    ann = team.add_person("ann")
    _, number = asks_on_slack(ann)
    ann.says("@channel <!here> 1 < 2 & 3", ann.dm)
    house.shows(number, "@channel <!here> 1 < 2 & 3")
    house.replies(number, "Dear <!channel>, <@U1> & <https://evil.example|our site>")
    reply = ann.dm.wait_for_bot("Dear")
    assert "Dear &lt;!channel&gt;, &lt;@U1&gt; &amp; &lt;" in reply.text
    assert "<!" not in reply.text + str(reply.blocks)


def test_a_long_reply_arrives_whole_and_in_order(house: House, team: Team) -> None:
    ann = team.add_person("ann")
    _, number = asks_on_slack(ann)
    words = [f"word{n:04}🙂" for n in range(900)]
    house.replies(number, " ".join(words))
    house.when(lambda: house.ticket(number)["messages"][-1]["delivery"] == "sent")
    said = [message.words.removeprefix(f"From {AGENT}\n") for message in ann.dm.bot_messages[1:]]
    assert len(said) > 1
    assert " ".join(said).split() == words


# -- channels --------------------------------------------------------------------------------------------------------


def test_a_mention_in_a_channel_is_answered_once_in_its_thread_and_so_are_follow_ups(house: House, team: Team) -> None:
    ann, bob = team.add_person("ann"), team.add_person("bob")
    room = team.add_channel("help", members=[ann, bob])
    bob.says("Does anybody know?", room)
    asked = ann.says(f"{team.bot.mention} {QUESTION}", room)
    room.wait_for_bot(ANSWER, thread_ts=asked.ts)
    ann.says("hello", room, thread_ts=asked.ts)
    room.wait_for_bot("support bot", thread_ts=asked.ts)
    assert len(room.bot_messages) == 2


def test_after_a_person_took_over_a_channels_thread_the_bot_only_listens(house: House, team: Team) -> None:
    ann, bob = team.add_person("ann"), team.add_person("bob")
    room = team.add_channel("help", members=[ann, bob])
    asked = ann.says(f"{team.bot.mention} {PERSON}", room)
    number = number_in(room.wait_for_bot("Your ticket is #", thread_ts=asked.ts).words)
    ann.says(QUESTION, room, thread_ts=asked.ts)
    bob.says("I have that, too", room, thread_ts=asked.ts)
    house.shows(number, "I have that, too")
    house.replies(number, "We are on it.")
    room.wait_for_bot("We are on it.", thread_ts=asked.ts)
    assert len(room.bot_messages) == 2
    assert house.texts(number) == [PERSON, QUESTION, "I have that, too"]
    assert "bob" in house.words_on_page(number), "the agent sees who it was"


def test_what_onlookers_say_is_kept_and_not_answered(house: House, team: Team) -> None:
    ann, bob = team.add_person("ann"), team.add_person("bob")
    room = team.add_channel("help", members=[ann, bob])
    asked = ann.says(f"{team.bot.mention} {QUESTION}", room)
    answer = room.wait_for_bot(ANSWER, thread_ts=asked.ts)
    bob.says("How do I export all tasks to a file?", room, thread_ts=asked.ts)
    ann.says(PERSON, room, thread_ts=asked.ts)
    number = number_in(room.wait_for_bot("Your ticket is #", thread_ts=asked.ts).words)
    assert house.texts(number) == [QUESTION, "How do I export all tasks to a file?", PERSON]
    assert len(room.bot_messages) == 2
    assert answer in room.bot_messages


def test_a_button_under_somebody_elses_answer_does_nothing(house: House, team: Team) -> None:
    ann, bob = team.add_person("ann"), team.add_person("bob")
    room = team.add_channel("help", members=[ann, bob])
    asked = ann.says(f"{team.bot.mention} {QUESTION}", room)
    answer = room.wait_for_bot(ANSWER)
    assert bob.clicks(answer, "Talk to a person").acknowledged
    ann.clicks(answer, "👍 Helpful")
    room.wait_for_bot("Thank you")
    ann.says("hello", room, thread_ts=asked.ts)
    room.wait_for_bot("support bot", thread_ts=asked.ts)
    assert len(room.bot_messages) == 3, "no ticket was opened for Bob's click"


def test_somebody_from_another_company_is_a_customer_of_their_own_in_a_shared_channel(
    house: House, slack: SlackWorld, team: Team
) -> None:
    other = slack.add_team("T9", installed=False)
    ann, eve = team.add_person("ann"), other.add_person("eve")
    room = team.add_channel("shared", members=[ann, eve], shared_with=[other])
    ann.says(f"{team.bot.mention} {QUESTION}", room)
    answer = room.wait_for_bot(ANSWER)
    eve.clicks(answer, "Talk to a person")
    asked = eve.says(f"{team.bot.mention} {PERSON}", room)
    number = number_in(room.wait_for_bot("Your ticket is #", thread_ts=asked.ts).words)
    assert house.texts(number) == [PERSON]
    assert len(room.bot_messages) == 2
