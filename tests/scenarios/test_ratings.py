"""What a customer is asked after a matter is over, and what their answers are worth."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import col, select
from talk import HOUSE, AgentAtTheDesk, CustomerOnTheWeb, World, conversations, text_of

from bot.desk import outcomes, surveys
from bot.live import Live, Serving
from handoff.actors import OPERATOR
from handoff.conversations import open_conversation
from handoff.customers import find_customer, find_thread
from handoff.models import Conversation, Reason, TicketStatus
from handoff.rows import id_of
from handoff.surveys.models import Outcome, Result, Survey, SurveyKind
from handoff.surveys.settings import SurveySettings, change_settings
from store import Database, reading, transaction

PERSON = "let me talk to a human"


@pytest.fixture
def world(sqlite_database: Database, serving: Serving) -> World:
    """On one kind of database: what is said does not depend on it, and the walk below is taken on both."""
    live = Live(HOUSE)
    live.serving = serving
    return World(sqlite_database, live)


@pytest.fixture
def helped(world: World, ada: CustomerOnTheWeb, bob: AgentAtTheDesk) -> CustomerOnTheWeb:
    """Ada, whose ticket bob has just resolved."""
    ada.says(PERSON)
    bob.replies("It works again.")
    bob.resolves()
    ada.hears()
    return ada


def asked(world: World) -> list[Survey]:
    with reading(world.database) as session:
        return list(session.exec(select(Survey).order_by(col(Survey.id))).all())


def outcome_of(world: World, conversation: int = 0) -> tuple[Result, Reason | None, bool] | None:
    """Result, reason, and whether it came to life again, of the conversation in this place."""
    with reading(world.database) as session:
        ids = session.exec(select(Conversation.id).order_by(col(Conversation.id))).all()
        found = session.get(Outcome, ids[conversation])
    return (found.result, found.reason, found.reopened_at is not None) if found else None


def days_pass(world: World, days: float = 1.1) -> None:
    """Time passes while the desk does what is due."""
    end = world.now + timedelta(days=days)
    while world.now < end:
        world.work()
        world.later(hours=6)
    world.work()


def actions(message: dict[str, object]) -> list[str]:
    buttons = message["buttons"]
    assert isinstance(buttons, list)
    return [button["action"] for button in buttons]


def test_who_says_that_it_is_solved_is_asked_how_it_was(helped: CustomerOnTheWeb) -> None:
    (thanks,) = helped.presses("solved")
    assert "Ticket #1 is closed" in thanks["text"]
    assert "1 is poor, 5 is very good" in thanks["text"]
    assert actions(thanks) == ["csat"] * 5 + ["no_surveys"]


def test_a_rating_is_kept_with_words_if_there_are_any(world: World, helped: CustomerOnTheWeb) -> None:
    helped.presses("solved")
    (thanks,) = helped.presses("csat", 4)
    assert "in a few words why" in thanks["text"]
    (heard,) = helped.says("Bob was quick and friendly")
    assert "every word" in heard["text"]
    (survey,) = asked(world)
    assert (survey.kind, survey.score, survey.words) == (SurveyKind.CSAT, 5, "Bob was quick and friendly")
    assert len(conversations(world.database)) == 1, "words about us open no matter"
    assert world.ticket().status is TicketStatus.CLOSED


def test_a_number_may_be_typed_instead_of_pressed(world: World, helped: CustomerOnTheWeb) -> None:
    helped.presses("solved")
    (thanks,) = helped.says("4")
    assert "Thank you" in thanks["text"]
    assert asked(world)[0].score == 4
    assert len(conversations(world.database)) == 1


def test_a_poor_rating_offers_to_open_the_ticket_again(world: World, helped: CustomerOnTheWeb) -> None:
    helped.presses("solved")
    (sorry,) = helped.presses("csat", 0)
    assert "sorry" in sorry["text"]
    helped.presses("reopen_ticket")
    assert world.ticket().status is TicketStatus.OPEN
    assert asked(world)[0].score == 1


@pytest.mark.parametrize("text", ["I forgot my password, can't get in", PERSON, "Do you repair espresso machines?"])
def test_a_new_question_after_a_rating_is_a_question(world: World, helped: CustomerOnTheWeb, text: str) -> None:
    helped.presses("solved")
    helped.presses("csat", 4)
    helped.says(text)
    assert asked(world)[0].words is None
    assert len(conversations(world.database)) == 2


def test_thanks_after_a_rating_are_thanks(world: World, helped: CustomerOnTheWeb) -> None:
    helped.presses("solved")
    helped.presses("csat", 4)
    helped.says("thanks!")
    assert asked(world)[0].words is None


def test_who_says_nothing_is_asked_once_a_day_later(world: World, helped: CustomerOnTheWeb) -> None:
    days_pass(world, 3)
    assert text_of(helped.hears()).count("How did we do with ticket #1?") == 1
    assert len(asked(world)) == 1


def test_a_ticket_that_came_to_life_again_is_asked_about_when_it_is_over(
    world: World, helped: CustomerOnTheWeb, bob: AgentAtTheDesk
) -> None:
    helped.presses("not_yet")
    days_pass(world)
    assert asked(world) == []
    bob.resolves()
    days_pass(world)
    assert len(asked(world)) == 1


def test_a_ticket_is_asked_about_once(world: World, helped: CustomerOnTheWeb, bob: AgentAtTheDesk) -> None:
    helped.presses("solved")
    helped.presses("csat", 4)
    helped.says("/reopen 1")
    bob.resolves()
    days_pass(world)
    helped.hears()
    (closed,) = helped.says("/close 1")
    assert actions(closed) == []
    assert len(asked(world)) == 1


def test_the_last_number_counts(world: World, helped: CustomerOnTheWeb) -> None:
    helped.presses("solved")
    helped.presses("csat", 0)
    helped.presses("csat", 3)
    assert [survey.score for survey in asked(world)] == [4]


def test_a_ticket_is_rated_unasked_by_command(world: World, helped: CustomerOnTheWeb) -> None:
    (thanks,) = helped.says("/rate 1 5")
    assert "Thank you" in thanks["text"]
    (again,) = helped.says("/rate 1 9")
    assert "not on the scale" in again["text"]
    days_pass(world, 2)
    assert "How did we do" not in text_of(helped.hears()), "it is not asked again"
    assert [survey.score for survey in asked(world)] == [5]


def test_who_does_not_want_to_be_asked_is_not(world: World, helped: CustomerOnTheWeb, bob: AgentAtTheDesk) -> None:
    helped.presses("solved")
    (reply,) = helped.presses("no_surveys")
    assert "/surveys on" in reply["text"]
    helped.says("/new")
    helped.says(PERSON)
    bob.does(_resolve_second)
    helped.hears()
    (closed,) = helped.presses("solved")
    assert actions(closed) == []
    helped.says("/surveys on")
    helped.says("/reopen 2")
    (closed,) = helped.says("/close 2")
    assert "csat" in actions(closed)


def _resolve_second(session: object, actor: object, now: object) -> None:
    from bot.replies import closing_words
    from handoff import desk

    desk.resolve(session, 2, actor, now, closing_words("en", 2))  # type: ignore[arg-type]


def switch(world: World, **settings: object) -> None:
    with transaction(world.database) as session:
        change_settings(session, SurveySettings(**settings), OPERATOR, world.now)  # type: ignore[arg-type]
        surveys.begin(session, world.now)


def test_a_house_that_asks_nothing_asks_nothing(world: World, helped: CustomerOnTheWeb) -> None:
    switch(world, csat=False)
    (closed,) = helped.presses("solved")
    assert actions(closed) == []
    days_pass(world, 2)
    assert asked(world) == []


def test_nps_is_asked_in_working_hours_once_in_its_time_and_not_while_something_is_open(
    world: World, ada: CustomerOnTheWeb, bob: AgentAtTheDesk
) -> None:
    ada.says("I forgot my password, can't get in")
    busy = CustomerOnTheWeb(world, "busy")
    busy.says(PERSON)
    days_pass(world, 8)
    switch(world, nps=True, nps_every_days=30)
    days_pass(world, 5)
    questions = [message for message in ada.hears() if "recommend us" in message["text"]]
    assert len(questions) == 1
    assert actions(questions[0]) == ["nps"] * 11 + ["no_surveys"]
    assert busy.hears() == [] or "recommend us" not in text_of(busy.hears())
    (survey,) = asked(world)
    assert survey.asked_at.weekday() < 5
    (thanks,) = ada.says("10")
    assert "Thank you" in thanks["text"]
    ada.says("It saves us days")
    (survey,) = asked(world)
    assert (survey.kind, survey.score, survey.words) == (SurveyKind.NPS, 10, "It saves us days")


def test_nps_is_not_asked_where_others_read_along(world: World) -> None:
    with transaction(world.database) as session:
        for place in ("-100123", "4711"):
            thread = find_thread(session, "telegram", place, world.now)
            person = find_customer(session, "telegram", f"of {place}", world.now)
            open_conversation(session, thread, person, "en", world.now)
    days_pass(world, 8)
    switch(world, nps=True)
    days_pass(world, 5)
    with reading(world.database) as session:
        found = session.exec(select(Survey.customer_id)).all()
        private = id_of(find_customer(session, "telegram", "of 4711", world.now))
    assert list(found) == [private]


def begin(world: World) -> None:
    with transaction(world.database) as session:
        outcomes.begin(session, world.now)


@pytest.mark.parametrize(
    ("thumb", "result"),
    [("helpful", Result.CONFIRMED), (None, Result.ASSUMED), ("not_helpful", Result.ABANDONED)],
)
def test_an_answer_ends_as_its_customer_says(
    world: World, ada: CustomerOnTheWeb, thumb: str | None, result: Result
) -> None:
    begin(world)
    ada.says("I forgot my password, can't get in")
    if thumb:
        ada.presses(thumb)
    days_pass(world, 0.5)
    assert outcome_of(world) is None, "it may go on"
    days_pass(world, 1)
    assert outcome_of(world) == (result, None, False)


def test_a_question_that_nobody_answered_was_abandoned(world: World, ada: CustomerOnTheWeb) -> None:
    begin(world)
    ada.says("what is the weather like in Paris tomorrow")
    days_pass(world)
    assert outcome_of(world) == (Result.ABANDONED, None, False)


def test_where_nothing_was_asked_there_is_no_outcome(world: World, ada: CustomerOnTheWeb) -> None:
    begin(world)
    ada.says("hi")
    ada.says("/tickets")
    days_pass(world)
    assert outcome_of(world) is None


def test_what_is_handed_over_is_so_at_once_and_says_why(world: World, ada: CustomerOnTheWeb) -> None:
    ada.says(PERSON)
    assert outcome_of(world) == (Result.HANDED_OFF, Reason.ASKED_FOR_HUMAN, False)


def test_a_solved_ticket_that_comes_back_within_a_week_counts_as_reopened(
    world: World, helped: CustomerOnTheWeb
) -> None:
    begin(world)
    days_pass(world, 2)
    helped.says("/reopen 1")
    days_pass(world, 2)
    assert outcome_of(world) == (Result.HANDED_OFF, Reason.ASKED_FOR_HUMAN, True)


def test_who_needs_the_same_article_again_was_not_helped(world: World, ada: CustomerOnTheWeb) -> None:
    begin(world)
    ada.says("I forgot my password, can't get in")
    days_pass(world, 3)
    assert outcome_of(world) == (Result.ASSUMED, None, False)
    ada.says("I still can't get in, I forgot my password")
    days_pass(world, 2)
    assert outcome_of(world) == (Result.ASSUMED, None, True)


def test_who_asks_for_a_person_later_was_handed_over_after_all(world: World, ada: CustomerOnTheWeb) -> None:
    begin(world)
    ada.says("I forgot my password, can't get in")
    days_pass(world, 2)
    assert outcome_of(world) == (Result.ASSUMED, None, False)
    ada.presses("person")
    assert outcome_of(world) == (Result.HANDED_OFF, Reason.ASKED_FOR_HUMAN, True)


def test_the_whole_way_on_either_kind_of_database(database: Database, serving: Serving) -> None:
    live = Live(HOUSE)
    live.serving = serving
    world = World(database, live)
    begin(world)
    ada, bob = CustomerOnTheWeb(world), AgentAtTheDesk(world, "bob")
    ada.says(PERSON)
    bob.resolves()
    ada.hears()
    days_pass(world, 2)
    ada.presses("csat", 1)
    ada.says("Nobody ever wrote to me")
    ada.presses("reopen_ticket")
    days_pass(world, 2)
    (survey,) = asked(world)
    assert (survey.score, survey.words) == (2, "Nobody ever wrote to me")
    assert outcome_of(world) == (Result.HANDED_OFF, Reason.ASKED_FOR_HUMAN, True)
    switch(world, nps=True)
    bob.resolves()
    days_pass(world, 16)
    assert [one.kind for one in asked(world)] == [SurveyKind.CSAT, SurveyKind.NPS]
