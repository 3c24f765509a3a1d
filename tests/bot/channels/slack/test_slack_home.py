"""The home tab: the customer's own tickets and nobody else's, drawn anew when they change."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from slack_house import SlackHouse, slack_house
from slack_sdk.models.views import View
from standins.slack.server import SlackWorld

from bot.channels.base import Command, CommandName, Inbound
from bot.channels.slack import homes
from bot.channels.slack.home import SHOWN, Home, home_view, prompts
from bot.channels.slack.parsing import parse
from bot.channels.slack.words import say
from bot.own_tickets import OwnTicket
from bot.replies import LANGUAGES
from handoff.conversations import open_conversation
from handoff.customers import find_customer, find_thread
from handoff.models import Reason, TicketStatus
from handoff.own_tickets import choices
from handoff.tickets import open_ticket
from store import Database, open_database, transaction

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def has_ticket(database: Database, customer: str, subject: str, channel: str = "slack") -> int:
    """A ticket of this customer; its number."""
    with transaction(database) as session:
        thread = find_thread(session, channel, f"of {customer}", NOW)
        person = find_customer(session, channel, customer, NOW)
        conversation = open_conversation(session, thread, person, "en", NOW)
        return open_ticket(session, conversation, Reason.ASKED_FOR_HUMAN, subject, NOW).number


def test_the_home_tab_says_who_the_bot_is_and_offers_to_ask(house: SlackHouse) -> None:
    ann = house.world.teams[0].add_person("ann")
    ann.opens_home()
    home = ann.wait_for_home(say("home_no_tickets", "en"))
    assert say("home_intro", "en") in home.words
    assert home.buttons == [say("home_ask", "en")]


def test_the_home_tab_shows_the_customers_own_tickets_and_nobody_elses(house: SlackHouse) -> None:
    team = house.world.teams[0]
    ann, eve = team.add_person("ann"), team.add_person("eve")
    number = has_ticket(house.database, f"T1:{ann.id}", "Printer <burns> & smokes")
    has_ticket(house.database, f"T1:{eve.id}", "A secret of Eve's")
    has_ticket(house.database, f"T2:{ann.id}", "Of another workspace")
    has_ticket(house.database, f"T1:{ann.id}", "From elsewhere", channel="telegram")
    ann.opens_home()
    words = ann.wait_for_home("Printer").words
    assert f"#{number} · Printer <burns> & smokes" in words
    assert "secret" not in words
    assert "another workspace" not in words
    assert "elsewhere" not in words


def test_a_button_of_the_home_tab_is_kept_as_what_it_asks_for(house: SlackHouse) -> None:
    ann = house.world.teams[0].add_person("ann")
    number = has_ticket(house.database, f"T1:{ann.id}", "Printer burns")
    ann.opens_home()
    home = ann.wait_for_home("Printer burns")
    assert home.buttons == [say("home_ask", "en"), "Add information", "Close ticket"]
    ann.clicks(home, "Close ticket")
    [payload] = house.kept(1)
    event = parse(payload)
    assert isinstance(event, Inbound)
    assert event.command == Command(CommandName.CLOSE, str(number))
    assert (event.thread, event.customer) == (f"T1:@{ann.id}", f"T1:{ann.id}")


def test_the_suggested_question_about_tickets_is_the_command(house: SlackHouse) -> None:
    ann = house.world.teams[0].add_person("ann")
    for language in LANGUAGES:
        ann.says(say("prompt_tickets_message", language), ann.dm)
    events = [parse(payload) for payload in house.kept(2)]
    assert all(isinstance(one, Inbound) and one.command == Command(CommandName.TICKETS) for one in events)


def test_a_home_tab_is_drawn_anew_when_another_process_opens_a_ticket(
    world: SlackWorld, sqlite_url: str, sqlite_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(homes, "ELSEWHERE", 0.05)
    ann, elsewhere = world.teams[0].add_person("ann"), open_database(sqlite_url)
    with slack_house(world, sqlite_database, tmp_path, http=True) as house:
        house.is_connected()
        ann.opens_home()
        ann.wait_for_home(say("home_no_tickets", "en"))
        has_ticket(elsewhere, f"T1:{ann.id}", "Printer burns")
        ann.wait_for_home("Printer burns")
    elsewhere.close()


def test_a_home_tab_that_is_open_is_drawn_anew_when_a_ticket_is_opened(house: SlackHouse) -> None:
    ann = house.world.teams[0].add_person("ann")
    ann.opens_home()
    ann.wait_for_home(say("home_no_tickets", "en"))
    has_ticket(house.database, f"T1:{ann.id}", "Printer burns")
    assert "Printer burns" in ann.wait_for_home("Printer burns").words


def test_a_sent_form_draws_the_home_tab(house: SlackHouse) -> None:
    ann = house.world.teams[0].add_person("ann")
    ann.runs("/support", "", ann.dm)
    ann.submits(ann.modal, {"question": "Where is my invoice?"})
    ann.wait_for_home(say("home_no_tickets", "en"))


def test_a_home_tab_can_be_drawn_by_whoever_changed_something(house: SlackHouse) -> None:
    ann = house.world.teams[0].add_person("ann")
    house.connection.republish(f"T1:{ann.id}")
    assert ann.wait_for_home().buttons == [say("home_ask", "en")]
    house.connection.republish("T9:U9")
    house.connection.republish("nobody at all")
    assert len(house.world.calls_of("views.publish")) == 1


def test_the_messages_tab_suggests_first_questions(house: SlackHouse) -> None:
    ann = house.world.teams[0].add_person("ann")
    ann.opens_home("messages")
    [call] = house.world.wait_for(lambda: house.world.calls_of("assistant.threads.setSuggestedPrompts"))
    assert call.error is None
    assert call.arguments["prompts"] == prompts("en")
    assert house.rows() == []


def test_an_older_assistant_thread_gets_suggestions_too(house: SlackHouse) -> None:
    ann = house.world.teams[0].add_person("ann")
    root = ann.says("hi", ann.dm)
    thread = {"user_id": ann.id, "channel_id": ann.dm.id, "thread_ts": root.ts, "context": {}}
    house.world.inject_event({"type": "assistant_thread_started", "assistant_thread": thread, "event_ts": root.ts})
    [call] = house.world.wait_for(lambda: house.world.calls_of("assistant.threads.setSuggestedPrompts"))
    assert call.arguments["thread_ts"] == root.ts


def test_a_workspace_without_suggestions_does_not_mind(house: SlackHouse) -> None:
    house.world.teams[0].missing("assistant:write")
    ann = house.world.teams[0].add_person("ann")
    ann.opens_home("messages")
    [call] = house.world.wait_for(lambda: house.world.calls_of("assistant.threads.setSuggestedPrompts"))
    assert call.error == "missing_scope"
    ann.says("hello", ann.dm)
    assert house.kept(1)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("count", [0, 1, SHOWN, SHOWN + 1])
def test_the_home_tab_is_within_slacks_limits(language: str, count: int) -> None:
    promise = "You will hear from us by 14:30 today (Shanghai time)."
    tickets = [
        OwnTicket(n, status, "🙂" * 40, "🙂" * 120, "2026-11-22", NOW, promise, choices(status, is_rated=False))
        for n, status in enumerate([*TicketStatus] * SHOWN)
    ]
    view: dict[str, Any] = home_view(Home(language, tuple(tickets[:count])))
    View(**view).validate_json()
    assert len(view["blocks"]) <= 100
    assert (say("home_more", language, count=SHOWN) in str(view)) == (count > SHOWN)
