"""How customers are asked what they think of us, and what is said when they answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel import Session

from bot.awaiting import words_for
from bot.own_tickets import deed_button, scores
from bot.replies import say as sentence
from bot.speaking import Turn, say, speak
from handoff import conversations
from handoff.conversations import ButtonSpec
from handoff.models import Action, Author, Conversation, Customer, Message, Ticket
from handoff.own_tickets import own_ticket
from handoff.people import person_ids
from handoff.rows import id_of
from handoff.surveys.asking import (
    BadScore,
    add_words,
    ask_about,
    ask_in_general,
    opt_out,
    score_survey,
    score_ticket,
)
from handoff.surveys.models import Survey, SurveyKind

POOR = 2
"""Up to this rating the customer is offered to have the ticket opened again."""
_KINDS = {SurveyKind.CSAT: "csat", SurveyKind.NPS: "nps"}


@dataclass(frozen=True)
class Question:
    """A question about us, ready to be said."""

    text: str
    buttons: list[ButtonSpec]
    detail: dict[str, Any] = field(default_factory=dict)


def question_about(session: Session, ticket: Ticket, language: str | None, now: datetime) -> Question | None:
    """How the ticket was dealt with; None where the customer is not to be asked. It counts as asked from now on."""
    survey = ask_about(session, ticket, now)
    return None if survey is None else _question(survey, language, number=ticket.number)


def ask_for_csat(session: Session, ticket: Ticket, conversation: Conversation, language: str, now: datetime) -> None:
    """Ask in the ticket's own conversation, if the customer is to be asked."""
    _put(session, conversation, question_about(session, ticket, language, now), now)


def ask_for_nps(session: Session, customer_id: int, conversation: Conversation, now: datetime) -> None:
    """Ask whether the customer would recommend us, in a conversation of its own."""
    survey = ask_in_general(session, customer_id, conversation, now)
    _put(session, conversation, _question(survey, conversation.language), now)


def closed(session: Session, conversation: Conversation, ticket: Ticket, key: str, turn: Turn, now: datetime) -> None:
    """Say that the ticket is closed (the sentence ``key``) and, unless that was asked before, how it was."""
    text = sentence(key, turn.language, number=ticket.number)
    question = question_about(session, ticket, turn.language, now)
    if question is None:
        speak(session, conversation, turn, text, now)
        return
    asked = f"{text}\n\n{question.text}"
    speak(session, conversation, turn, asked, now, detail=question.detail, buttons=question.buttons)


def rate(
    session: Session,
    conversation: Conversation,
    customer: Customer,
    score: int,
    turn: Turn,
    now: datetime,
    *,
    message_id: int | None = None,
    number: int | None = None,
) -> None:
    """Keep the number that the customer gave, thank them, and leave room for words."""
    try:
        found = _rated(session, customer, score, message_id, number, now)
    except BadScore:
        say(session, conversation, turn, "bad_score", now)
        return
    if found is None:
        say(session, conversation, turn, "no_such_ticket", now, number=number or 0)
        return
    survey, ticket = found
    is_poor = ticket is not None and score <= POOR
    buttons = [deed_button(Action.REOPEN_TICKET, ticket.number, turn.language)] if ticket and is_poor else []
    key = "rating_poor" if is_poor else "rating_thanks"
    say(session, conversation, turn, key, now, detail=words_for(id_of(survey)), buttons=buttons)


def take_words(session: Session, conversation: Conversation, survey_id: int, turn: Turn, now: datetime) -> None:
    """Keep what the customer said beside the number."""
    survey = session.get(Survey, survey_id)
    if survey is not None and turn.question.strip():
        add_words(session, survey, turn.question, now)
    buttons = [ButtonSpec(Action.SOMETHING_ELSE, sentence("something_else", turn.language))]
    say(session, conversation, turn, "words_thanks", now, buttons=buttons)


def choose_surveys(
    session: Session, conversation: Conversation, customer: Customer, are_wanted: bool, turn: Turn, now: datetime
) -> None:
    """Never ask the person again, or do."""
    opt_out(session, id_of(customer), None if are_wanted else now)
    say(session, conversation, turn, "surveys_on" if are_wanted else "surveys_off", now)


def _rated(
    session: Session, customer: Customer, score: int, message_id: int | None, number: int | None, now: datetime
) -> tuple[Survey, Ticket | None] | None:
    """The survey with its new score, and the ticket that it is about. None where it is not the customer's own."""
    if message_id is not None:
        detail = session.get_one(Message, message_id).detail
        survey = session.get(Survey, detail["survey"]) if "survey" in detail else None
        if survey is not None:
            if survey.customer_id not in person_ids(session, id_of(customer)):
                return None
            ticket = session.get(Ticket, survey.ticket_id) if survey.ticket_id else None
            return score_survey(session, survey, score, now), ticket
        number = detail.get("rates")
    ticket = own_ticket(session, id_of(customer), number) if number is not None else None
    return None if ticket is None else (score_ticket(session, ticket, score, now), ticket)


def _question(survey: Survey, language: str | None, **values: object) -> Question:
    text = sentence(f"{_KINDS[survey.kind]}_question", language, **values)
    never = ButtonSpec(Action.NO_SURVEYS, sentence("no_surveys", language))
    return Question(text, [*scores(survey.kind), never], {"survey": id_of(survey)})


def _put(session: Session, conversation: Conversation, question: Question | None, now: datetime) -> None:
    if question is not None:
        conversations.say(
            session,
            conversation,
            question.text,
            Author.BOT,
            now,
            detail=question.detail,
            buttons=question.buttons,
        )
