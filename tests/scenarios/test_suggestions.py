"""A topic in which the bot may only suggest: an agent sends, edits or skips, and everybody sees the right thing."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest
from sqlmodel import Session, col, select
from talk import AgentAtTheDesk, CustomerOnTheWeb, World, text_of

from bot import suggestions
from handoff.errors import StaleReply, SuggestionGone
from handoff.models import Message, Suggestion, SuggestionState, TicketStatus
from handoff.rows import id_of
from kb_content.articles import Mode
from store import reading, transaction
from store.models import Audit

QUESTION = "I forgot my password, can't get in"


@pytest.fixture
def world(world: World) -> World:
    """Passwords are a topic in which the bot may only suggest."""
    serving = world.live.serving
    assert serving
    modes = {**serving.policy.modes, "account-access": Mode.SUGGEST}
    world.live.serving = replace(serving, policy=replace(serving.policy, modes=modes))
    return world


def offered(world: World) -> list[Suggestion]:
    with reading(world.database) as session:
        return list(session.exec(select(Suggestion).order_by(col(Suggestion.id))))


def waiting(world: World, number: int = 1) -> Suggestion | None:
    with reading(world.database) as session:
        return suggestions.pending(session, world.ticket(number).conversation_id)


def open_one(world: World) -> Suggestion:
    found = waiting(world)
    assert found
    return found


def audited(world: World) -> list[tuple[str, str]]:
    with reading(world.database) as session:
        rows = session.exec(select(Audit).order_by(col(Audit.id)))
        return [(row.actor, row.action) for row in rows if row.action.startswith("suggestion.")]


def sends(agent: AgentAtTheDesk, suggestion: Suggestion, seen: int | None = None) -> None:
    def deed(session: Session, *rest: Any) -> Message:
        return suggestions.send(session, 1, id_of(suggestion), *rest, seen_message_id=seen)

    agent.does(deed)


def edits(agent: AgentAtTheDesk, suggestion: Suggestion, text: str, seen: int | None = None) -> None:
    def deed(session: Session, *rest: Any) -> Message:
        return suggestions.edit(session, 1, id_of(suggestion), text, *rest, seen_message_id=seen)

    agent.does(deed)


def skips(agent: AgentAtTheDesk, suggestion: Suggestion) -> None:
    agent.does(suggestions.skip, 1, id_of(suggestion))


def newest(world: World) -> Message:
    with reading(world.database) as session:
        found = session.exec(select(Message).order_by(col(Message.id).desc()).limit(1)).one()
    return found


def test_where_the_bot_may_only_suggest_the_customer_gets_a_person_and_the_agent_an_answer(
    ada: CustomerOnTheWeb, world: World
) -> None:
    (reply,) = ada.says(QUESTION)
    assert reply["decision"] == "escalate"
    assert "#1" in reply["text"]
    assert "Forgot" not in reply["text"], "nothing of the answer goes out"
    suggestion = open_one(world)
    assert (suggestion.article, suggestion.topic) == ("reset-password", "account-access")
    assert "1. " in suggestion.text
    assert suggestion.detail["citations"][0]["article"] == "reset-password"
    assert suggestion.confidence >= 0.6


def test_send_brings_exactly_those_words_with_citations_in_the_agents_name(
    ada: CustomerOnTheWeb, bob: AgentAtTheDesk, world: World
) -> None:
    ada.says(QUESTION)
    suggestion = open_one(world)
    sends(bob, suggestion)
    (reply,) = ada.hears()
    assert (reply["author"], reply["name"], reply["text"]) == ("agent", "Bob", suggestion.text)
    assert reply["citations"] == suggestion.detail["citations"]
    assert [button["action"] for button in reply["buttons"]] == ["helpful", "not_helpful"]
    assert (world.ticket().status, world.ticket().assignee_id) == (TicketStatus.OPEN, bob.actor.staff_id)
    assert waiting(world) is None
    assert audited(world) == [("Bob", "suggestion.sent")]
    assert ada.says("and then?") == [], "the ticket is with a person"


def test_of_two_agents_the_first_one_answers_and_the_other_reads_who_it_was(
    ada: CustomerOnTheWeb, bob: AgentAtTheDesk, eve: AgentAtTheDesk, world: World
) -> None:
    ada.says(QUESTION)
    suggestion = open_one(world)
    sends(bob, suggestion)
    for deed in (lambda: sends(eve, suggestion), lambda: skips(eve, suggestion)):
        with pytest.raises(SuggestionGone, match="Bob has answered with this suggestion already"):
            deed()
    assert len(ada.hears()) == 1
    assert audited(world) == [("Bob", "suggestion.sent")]


def test_of_two_presses_in_the_same_moment_exactly_one_counts(
    ada: CustomerOnTheWeb, bob: AgentAtTheDesk, eve: AgentAtTheDesk, world: World
) -> None:
    ada.says(QUESTION)
    suggestion = open_one(world)
    both, refused = threading.Barrier(2), []
    actors = [bob.actor, eve.actor]

    def press(actor: Any) -> None:
        both.wait()
        try:
            with transaction(world.database) as session:
                suggestions.send(session, 1, id_of(suggestion), actor, world.now)
        except SuggestionGone as error:
            refused.append(str(error))

    threads = [threading.Thread(target=press, args=(actor,)) for actor in actors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    world.work()
    assert len(refused) == 1
    assert len(ada.hears()) == 1
    assert len(audited(world)) == 1


def test_what_an_agent_made_of_it_goes_out_and_keeps_the_sources(
    ada: CustomerOnTheWeb, bob: AgentAtTheDesk, world: World
) -> None:
    ada.says(QUESTION)
    suggestion = open_one(world)
    edits(bob, suggestion, f"Hello Ada!\n\n{suggestion.text}\n\nTell me if it works.")
    (reply,) = ada.hears()
    assert reply["text"].startswith("Hello Ada!")
    assert reply["citations"] == suggestion.detail["citations"]
    assert offered(world)[0].state is SuggestionState.EDITED
    assert audited(world) == [("Bob", "suggestion.edited")]


def test_an_edit_that_changes_nothing_is_the_suggestion(
    ada: CustomerOnTheWeb, bob: AgentAtTheDesk, world: World
) -> None:
    ada.says(QUESTION)
    suggestion = open_one(world)
    edits(bob, suggestion, suggestion.text + "\n")
    assert offered(world)[0].state is SuggestionState.SENT


def test_other_words_instead_do_not_rest_on_the_sources(
    ada: CustomerOnTheWeb, bob: AgentAtTheDesk, world: World
) -> None:
    ada.says(QUESTION)
    edits(bob, open_one(world), "Your account was merged yesterday; please use the new address that we sent you.")
    (reply,) = ada.hears()
    assert reply["citations"] == []
    assert reply["buttons"] == []


def test_an_edit_that_comes_too_late_is_told_and_may_be_said_all_the_same(
    ada: CustomerOnTheWeb, bob: AgentAtTheDesk, eve: AgentAtTheDesk, world: World
) -> None:
    ada.says(QUESTION)
    suggestion, had_read = open_one(world), id_of(newest(world))
    sends(bob, suggestion)
    with pytest.raises(SuggestionGone):
        edits(eve, suggestion, "Press Forgot password.", seen=had_read)
    edits(eve, suggestion, "Press Forgot password.", seen=id_of(newest(world)))
    first, second = ada.hears()
    assert (first["name"], second["name"], second["text"]) == ("Bob", "Eve", "Press Forgot password.")
    assert audited(world) == [("Bob", "suggestion.sent")], "the second is Eve's own"


def test_skip_puts_it_away_for_everybody(
    ada: CustomerOnTheWeb, bob: AgentAtTheDesk, eve: AgentAtTheDesk, world: World
) -> None:
    ada.says(QUESTION)
    suggestion = open_one(world)
    skips(bob, suggestion)
    assert waiting(world) is None
    assert ada.hears() == []
    with pytest.raises(SuggestionGone, match="Bob has put this suggestion away already"):
        sends(eve, suggestion)
    assert audited(world) == [("Bob", "suggestion.skipped")]


def test_it_is_not_sent_past_what_the_customer_wrote_since(
    ada: CustomerOnTheWeb, bob: AgentAtTheDesk, world: World
) -> None:
    ada.says(QUESTION)
    suggestion, had_read = open_one(world), id_of(newest(world))
    ada.says("forget it, found it")
    with pytest.raises(StaleReply):
        sends(bob, suggestion, seen=had_read)
    assert waiting(world) is not None
    sends(bob, suggestion, seen=id_of(newest(world)))
    assert len(ada.hears()) == 1


@pytest.mark.parametrize("end", ["resolves", "hands_back"])
def test_what_nobody_decided_about_is_gone_when_the_agent_is_through(
    ada: CustomerOnTheWeb, bob: AgentAtTheDesk, world: World, end: str
) -> None:
    ada.says(QUESTION)
    suggestion = open_one(world)
    getattr(bob, end)()
    bob.takes_over(world.ticket().conversation_id)
    assert waiting(world) is None
    assert offered(world)[0].state is SuggestionState.OUTDATED
    with pytest.raises(SuggestionGone, match="no longer open"):
        sends(bob, suggestion)


def test_a_newer_suggestion_replaces_the_older_one(ada: CustomerOnTheWeb, bob: AgentAtTheDesk, world: World) -> None:
    ada.says(QUESTION)
    bob.hands_back()
    ada.says("my account is locked after too many wrong passwords")
    states = [(one.article, one.state) for one in offered(world)]
    assert states == [
        ("reset-password", SuggestionState.OUTDATED),
        ("account-locked", SuggestionState.OFFERED),
    ]


def test_the_thumb_below_a_sent_suggestion_is_the_customers(
    ada: CustomerOnTheWeb, bob: AgentAtTheDesk, world: World
) -> None:
    ada.says(QUESTION)
    sends(bob, open_one(world))
    ada.hears()
    assert "good to know" in text_of(ada.presses("helpful"))
    (sorry,) = ada.presses("not_helpful")
    assert "a person reads it here" in sorry["text"]
    assert sorry["buttons"] == [], "there is a person already"
    assert world.ticket().status is TicketStatus.OPEN


def test_a_suggestion_of_another_ticket_is_not_sent_here(
    ada: CustomerOnTheWeb, bob: AgentAtTheDesk, world: World
) -> None:
    ada.says(QUESTION)
    suggestion = open_one(world)
    CustomerOnTheWeb(world, "grace").says("let me talk to a human")
    with pytest.raises(SuggestionGone):
        bob.does(suggestions.send, 2, id_of(suggestion))


def test_an_answer_that_only_the_mode_kept_back_is_marked_as_such(ada: CustomerOnTheWeb, world: World) -> None:
    ada.says(QUESTION)
    assert open_one(world).detail["would_answer"] is True
