"""Whom to ask how they like us, and what they said: once for a ticket (CSAT), from time to time (NPS).

Nobody is asked who said that they do not want to be, and nobody twice about the same ticket.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_
from sqlmodel import Session, col, select

from handoff.errors import HandoffError
from handoff.models import Conversation, Customer, Thread, Ticket, TicketStatus
from handoff.people import customer_by_id, person, person_ids
from handoff.rows import id_of
from handoff.surveys.models import Survey, SurveyKind
from handoff.surveys.settings import SurveySettings, survey_settings
from handoff.wording import clean
from store.changes import note_change

CSAT, NPS = "csat", "nps"
"""The kinds of the timers; an NPS timer for nobody in particular looks for whom to ask."""
SCORES = {SurveyKind.CSAT: range(1, 6), SurveyKind.NPS: range(11)}
LONGEST_WORDS = 2_000
ACTIVE = timedelta(days=90)
KNOWN_FOR = timedelta(days=7)
QUIET = timedelta(days=7)
"""So long after any question about us no other is asked."""
SILENT = timedelta(hours=24)
_UNSOLVED = (TicketStatus.OPEN, TicketStatus.PENDING)


class BadScore(HandoffError):
    """This is no number that was asked for."""


def ask_about(session: Session, ticket: Ticket, now: datetime) -> Survey | None:
    """A new question how the ticket was dealt with; None where it must not be asked."""
    is_over = ticket.status not in _UNSOLVED and ticket.merged_into_id is None
    if not is_over or not survey_settings(session).csat or survey_of(session, id_of(ticket)):
        return None
    if has_opted_out(session, ticket.customer_id):
        return None
    return _asked(session, SurveyKind.CSAT, ticket.customer_id, ticket.conversation_id, now, id_of(ticket))


def ask_in_general(session: Session, customer_id: int, conversation: Conversation, now: datetime) -> Survey:
    """A new question how likely they would recommend us, said in ``conversation``."""
    return _asked(session, SurveyKind.NPS, customer_id, id_of(conversation), now, None)


def survey_of(session: Session, ticket_id: int) -> Survey | None:
    """The question about this ticket, if it was asked."""
    return session.exec(select(Survey).where(Survey.kind == SurveyKind.CSAT, Survey.ticket_id == ticket_id)).first()


def rated(session: Session, ticket_ids: Collection[int]) -> dict[int, int]:
    """The scores of those of these tickets that were rated. Reads only."""
    query = select(Survey.ticket_id, Survey.score).where(
        Survey.kind == SurveyKind.CSAT, col(Survey.ticket_id).in_(ticket_ids), col(Survey.score).is_not(None)
    )
    return {ticket_id: score for ticket_id, score in session.exec(query) if ticket_id and score is not None}


def score_ticket(session: Session, ticket: Ticket, score: int, now: datetime) -> Survey:
    """The customer rates the ticket, asked or not; the last number counts. Raises BadScore."""
    survey = survey_of(session, id_of(ticket)) or _asked(
        session, SurveyKind.CSAT, ticket.customer_id, ticket.conversation_id, now, id_of(ticket)
    )
    return score_survey(session, survey, score, now)


def score_survey(session: Session, survey: Survey, score: int, now: datetime) -> Survey:
    """The answer to a question; the last number counts. Raises BadScore."""
    if score not in SCORES[survey.kind]:
        raise BadScore
    survey.score, survey.answered_at = score, now
    session.flush()
    note_change(session, "survey", id_of(survey), now)
    return survey


def add_words(session: Session, survey: Survey, text: str, now: datetime) -> Survey:
    """What the customer said beside the number; what they said before stays."""
    said = [survey.words] if survey.words else []
    survey.words = "\n".join([*said, clean(text).strip()])[:LONGEST_WORDS]
    session.flush()
    note_change(session, "survey", id_of(survey), now)
    return survey


def has_opted_out(session: Session, customer_id: int) -> bool:
    """Whether the person said, in any channel, that they do not want to be asked."""
    return any(one.no_surveys_at for one in person(session, customer_by_id(session, customer_id)))


def opt_out(session: Session, customer_id: int, now: datetime | None) -> None:
    """Never ask the person again; None: they may be asked again."""
    for one in person(session, customer_by_id(session, customer_id)):
        one.no_surveys_at = (one.no_surveys_at or now) if now else None
    session.flush()


def due_for_nps(session: Session, now: datetime, limit: int = 100) -> list[int]:
    """Customers to ask whether they would recommend us: active lately, known for a while, with nothing open, not asked
    anything these days. Of a person known in several channels, the customer who wrote last. Reads only."""
    last = (
        select(Conversation.customer_id, func.max(Conversation.last_message_at).label("at"))
        .where(col(Conversation.last_message_at).between(now - ACTIVE, now - SILENT))
        .group_by(col(Conversation.customer_id))
        .subquery()
    )
    asked = select(Survey.customer_id).where(_was_asked(survey_settings(session), now))
    query = (
        select(Customer)
        .join(last, last.c.customer_id == Customer.id)
        .where(
            Customer.created_at < now - KNOWN_FOR,
            col(Customer.no_surveys_at).is_(None),
            col(Customer.id).not_in(asked),
            col(Customer.id).not_in(select(Ticket.customer_id).where(col(Ticket.status).in_(_UNSOLVED))),
        )
        .order_by(last.c.at.desc())
        .limit(limit)
    )
    found: dict[int, int] = {}
    for customer in session.exec(query):
        found.setdefault(customer.joined_to_id or id_of(customer), id_of(customer))
    return [customer_id for customer_id in found.values() if may_be_asked(session, customer_id, now)]


def may_be_asked(session: Session, customer_id: int, now: datetime) -> bool:
    """Whether NPS may be asked of the person, all their channels together. Reads only."""
    settings, people = survey_settings(session), person_ids(session, customer_id)
    asked = select(Survey.id).where(col(Survey.customer_id).in_(people), _was_asked(settings, now))
    busy = select(Ticket.id).where(col(Ticket.customer_id).in_(people), col(Ticket.status).in_(_UNSOLVED))
    talking = select(Conversation.id).where(
        col(Conversation.customer_id).in_(people), Conversation.last_message_at > now - SILENT
    )
    is_left_alone = all(session.exec(query.limit(1)).first() is None for query in (asked, busy, talking))
    return settings.nps and is_left_alone and not has_opted_out(session, customer_id)


def threads_of(session: Session, customer_id: int) -> list[Thread]:
    """The places where the customer wrote and that can be written to, the latest first. Reads only."""
    query = (
        select(Thread, Conversation.last_message_at)
        .join(Conversation, col(Conversation.thread_id) == Thread.id)
        .where(Conversation.customer_id == customer_id, col(Thread.unreachable).is_(None))
        .order_by(col(Conversation.last_message_at).desc())
        .limit(20)
    )
    return [thread for thread, _ in session.exec(query)]


def _was_asked(settings: SurveySettings, now: datetime) -> ColumnElement[bool]:
    """The condition on ``Survey`` that holds for questions which forbid another one now."""
    was_nps = and_(col(Survey.kind) == SurveyKind.NPS, col(Survey.asked_at) > now - settings.nps_every)
    return or_(col(Survey.asked_at) > now - QUIET, was_nps)


def _asked(
    session: Session, kind: SurveyKind, customer_id: int, conversation_id: int, now: datetime, ticket_id: int | None
) -> Survey:
    survey = Survey(
        kind=kind, customer_id=customer_id, conversation_id=conversation_id, ticket_id=ticket_id, asked_at=now
    )
    session.add(survey)
    session.flush()
    note_change(session, "survey", id_of(survey), now)
    return survey
