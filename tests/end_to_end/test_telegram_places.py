"""Where customers are on Telegram: groups, topics, a chat that blocks the bot, a group that moves."""

from __future__ import annotations

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
from standins.telegram import TelegramWorld

pytest_plugins = ["end_to_end.chat_fixtures"]


def states_of_replies(house: House, number: int) -> list[str | None]:
    return [each["delivery"] for each in house.ticket(number)["messages"] if each["author"] == "agent"]


# -- groups ----------------------------------------------------------------------------------------------------------


def test_in_a_group_the_bot_speaks_when_it_is_mentioned_or_replied_to_and_only_then(
    house: House, telegram: TelegramWorld
) -> None:
    ada, bob = telegram.person("Ada"), telegram.person("Bob")
    # An admin sees all that is said.
    group = telegram.supergroup("Users", [ada, bob], admin=True)
    ada.says(QUESTION, chat=group)
    bob.says("Ask the bot!", chat=group)
    asked = ada.says(f"@{telegram.username} {QUESTION}", chat=group)
    answer = group.next_from_bot()
    assert ANSWER in answer.text
    assert answer.reply_to is asked
    again = ada.says("hello", chat=group, reply_to=answer)
    greeting = group.next_from_bot()
    assert (greeting.reply_to, greeting.topic) == (again, None)
    assert len(group.from_bot) == 2


def test_two_customers_in_a_group_are_kept_apart(house: House, telegram: TelegramWorld) -> None:
    ada, bob = telegram.person("Ada"), telegram.person("Bob")
    group = telegram.supergroup("Users", [ada, bob])
    ada.says(f"@{telegram.username} {UNSURE}", chat=group)
    choices = group.next_from_bot()
    bob.presses(choices, FIRST_CHOICE).wait()
    bob.says(f"/human@{telegram.username}", chat=group)
    number = number_in(group.next_from_bot().text)
    assert house.texts(number) == ["/human"], "what Bob pressed was Ada's button, and changed nothing"
    ada.presses(choices, FIRST_CHOICE).wait()
    assert CHOSEN in group.next_from_bot().text, "a person has Bob's matter, and the bot has Ada's"
    house.replies(number, "Bob, this is for you.")
    assert group.next_from_bot().text == f"{AGENT}:\nBob, this is for you."


def test_what_is_a_customers_own_is_not_told_in_a_group(house: House, telegram: TelegramWorld) -> None:
    ada = telegram.person("Ada")
    number = asks_for_a_person(ada)
    group = telegram.group("Users", [ada])
    ada.says("/tickets", chat=group)
    said = group.next_from_bot().text
    assert "private chat" in said
    assert f"#{number}" not in said


def test_topics_of_a_forum_are_threads_of_their_own(house: House, telegram: TelegramWorld) -> None:
    ada = telegram.person("Ada")
    forum = telegram.forum("Help", [ada])
    ada.says("Welcome, everybody!", chat=forum)
    billing, sign_in = ada.opens_topic(forum, "Billing"), ada.opens_topic(forum, "Sign-in")
    ada.says(f"@{telegram.username} {PERSON}", chat=forum, topic=billing)
    number = number_in(billing.next_from_bot().text)
    ada.says(f"@{telegram.username} {QUESTION}", chat=forum, topic=sign_in)
    assert ANSWER in sign_in.next_from_bot().text
    ada.says(f"@{telegram.username} hello", chat=forum)
    general = forum.wait_for(lambda message: message.topic is None)
    assert "support bot" in general.text
    house.replies(number, "Your invoice is on its way.")
    assert "invoice" in billing.next_from_bot().text
    assert house.texts(number) == [PERSON]


def test_a_closed_topic_is_told_to_the_agent(house: House, telegram: TelegramWorld) -> None:
    ada = telegram.person("Ada")
    forum = telegram.forum("Help", [ada])
    ada.says("Welcome, everybody!", chat=forum)
    topic = ada.opens_topic(forum, "Sign-in")
    ada.says(f"@{telegram.username} {PERSON}", chat=forum, topic=topic)
    number = number_in(topic.next_from_bot().text)
    ada.closes_topic(topic)
    house.replies(number, "Are you there?")
    house.shows(number, "The topic is closed")
    ada.reopens_topic(topic)
    house.replies(number, "And now?")
    assert "And now?" in topic.next_from_bot().text


def test_a_group_that_became_a_supergroup_goes_on(house: House, telegram: TelegramWorld) -> None:
    ada = telegram.person("Ada")
    group = telegram.group("Users", [ada])
    ada.says(f"@{telegram.username} {PERSON}", chat=group)
    number = number_in(group.next_from_bot().text)
    moved = telegram.migrate(group)
    house.replies(number, "Still here?")
    assert "Still here?" in moved.next_from_bot().text
    ada.says(f"@{telegram.username} yes", chat=moved)
    house.shows(number, "yes")


# -- places that cannot be written to ---------------------------------------------------------------------------------


def test_who_blocked_the_bot_is_known_to_the_agent_until_they_come_back(house: House, telegram: TelegramWorld) -> None:
    ada = telegram.person("Ada")
    number = asks_for_a_person(ada)
    ada.blocks_bot()
    house.replies(number, "Good news!")
    house.shows(number, "The customer blocked the bot.")
    house.when(lambda: states_of_replies(house, number) == ["failed"])
    ada.unblocks_bot()
    house.replies(number, "Good news again!")
    heard(ada, "Good news again!")
    house.when(lambda: states_of_replies(house, number) == ["failed", "sent"])


def test_an_account_that_is_gone_is_told_to_the_agent(house: House, telegram: TelegramWorld) -> None:
    ada = telegram.person("Ada")
    number = asks_for_a_person(ada)
    ada.deletes_account()
    house.replies(number, "Are you there?")
    house.shows(number, "The customer's Telegram account is gone.")


def test_a_group_that_the_bot_was_removed_from_is_told_to_the_agent(house: House, telegram: TelegramWorld) -> None:
    ada = telegram.person("Ada")
    group = telegram.supergroup("Users", [ada])
    ada.says(f"@{telegram.username} {PERSON}", chat=group)
    number = number_in(group.next_from_bot().text)
    ada.removes_bot(group)
    house.replies(number, "Are you there?")
    house.shows(number, "The bot was removed from the group.")
