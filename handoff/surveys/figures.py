"""Satisfaction and outcomes in numbers, each with how many cases it rests on and how much it may be off.

What customers confirmed and what is only assumed of their silence are never one number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlalchemy import select as rows_of
from sqlmodel import Session, col, select

from handoff.models import Customer, Message, Reason, Ticket
from handoff.surveys.asking import SCORES
from handoff.surveys.intervals import Figure, mean, promoters, share
from handoff.surveys.models import Outcome, Result, Survey, SurveyKind
from handoff.surveys.outcomes import COMES_BACK

GOOD = 4
"""From this rating on a customer counts as satisfied."""
_ENDS_FOR = (Result.CONFIRMED, Result.ASSUMED, Result.HANDED_OFF)


@dataclass(frozen=True)
class Outcomes:
    """Conversations that ended in the period, as shares of all of them.

    ``reopened``: of those that ended in a period as long, but a week earlier, so that their week is over.
    """

    n: int
    shares: dict[Result, Figure]
    reasons: tuple[tuple[Reason | None, Figure], ...]
    """Why the bot handed over, the most frequent first; None: a person took it on their own account."""
    reopened: dict[Result, Figure]


@dataclass(frozen=True)
class Ratings:
    """What was said of the tickets of one group."""

    name: str
    average: Figure
    good: Figure


@dataclass(frozen=True)
class Csat:
    """Ratings of tickets that were asked for in the period."""

    answered: Figure
    """Of those who were asked."""
    whole: Ratings
    counts: tuple[int, ...]
    """How many said 1, 2, … 5."""
    by_way: tuple[Ratings, ...]
    """``person``: nobody but people answered; ``mixed``: the bot had answered before."""
    by_team: tuple[Ratings, ...]


@dataclass(frozen=True)
class Nps:
    """How likely customers would recommend us, of those who were asked in the period."""

    answered: Figure
    score: Figure
    counts: tuple[int, int, int]
    """9 and 10, 7 and 8, 0 to 6."""
    opted_out: int
    """Customers who do not want to be asked, whenever they said so."""


@dataclass(frozen=True)
class Figures:
    outcomes: Outcomes
    csat: Csat
    nps: Nps


@dataclass(frozen=True)
class Said:
    """An answer with what the customer said beside it."""

    kind: SurveyKind
    score: int
    words: str
    at: datetime
    customer: str
    ticket: int | None
    conversation_id: int


def figures(session: Session, since: datetime, until: datetime) -> Figures:
    """The figures of a period. Reads only."""
    return Figures(_outcomes(session, since, until), _csat(session, since, until), _nps(session, since, until))


def latest_words(session: Session, limit: int = 30) -> list[Said]:
    """The newest answers that came with words, or that were bad news. Reads only."""
    is_bad = (col(Survey.kind) == SurveyKind.CSAT) & (col(Survey.score) < GOOD - 1)
    query = (
        rows_of(Survey, Customer, col(Ticket.number))
        .join(Customer, col(Customer.id) == Survey.customer_id)
        .join(Ticket, col(Ticket.id) == Survey.ticket_id, isouter=True)
        .where(col(Survey.score).is_not(None), col(Survey.words).is_not(None) | is_bad)
        .order_by(col(Survey.answered_at).desc(), col(Survey.id).desc())
        .limit(limit)
    )
    return [_said(*row) for row in session.execute(query)]


def _outcomes(session: Session, since: datetime, until: datetime) -> Outcomes:
    counted = (
        rows_of(col(Outcome.result), col(Outcome.reason), func.count())
        .where(col(Outcome.at) >= since, col(Outcome.at) < until)
        .group_by(col(Outcome.result), col(Outcome.reason))
    )
    results, reasons = Counter[Result](), Counter[Reason | None]()
    for result, reason, count in session.execute(counted):
        results[result] += count
        if result is Result.HANDED_OFF:
            reasons[reason] += count
    n = results.total()
    return Outcomes(
        n,
        {result: share(results[result], n) for result in Result},
        tuple((reason, share(count, n)) for reason, count in reasons.most_common()),
        _reopened(session, since - COMES_BACK, until - COMES_BACK),
    )


def _reopened(session: Session, since: datetime, until: datetime) -> dict[Result, Figure]:
    counted = (
        rows_of(col(Outcome.result), func.count(), func.count(col(Outcome.reopened_at)))
        .where(col(Outcome.at) >= since, col(Outcome.at) < until)
        .group_by(col(Outcome.result))
    )
    found = {result: (again, count) for result, count, again in session.execute(counted)}
    return {result: share(*found.get(result, (0, 0))) for result in _ENDS_FOR}


def _csat(session: Session, since: datetime, until: datetime) -> Csat:
    has_answer = (
        select(Message.id)
        .where(Message.conversation_id == Survey.conversation_id, Message.decision == "answer")
        .correlate(Survey)
        .exists()
    )
    query = (
        rows_of(col(Survey.score), col(Ticket.team), has_answer)
        .join(Ticket, col(Ticket.id) == Survey.ticket_id)
        .where(col(Survey.kind) == SurveyKind.CSAT, col(Survey.asked_at) >= since, col(Survey.asked_at) < until)
    )
    asked = session.execute(query).all()
    given = [(score, team, is_mixed) for score, team, is_mixed in asked if score is not None]
    scores = [score for score, _, _ in given]
    ways = {"person": False, "mixed": True}
    teams = sorted({team for _, team, _ in given if team})
    return Csat(
        share(len(given), len(asked)),
        _ratings("", scores),
        tuple(scores.count(score) for score in SCORES[SurveyKind.CSAT]),
        tuple(_ratings(name, [one for one, _, mixed in given if bool(mixed) is way]) for name, way in ways.items()),
        tuple(_ratings(name, [one for one, team, _ in given if team == name]) for name in teams),
    )


def _ratings(name: str, scores: Sequence[int]) -> Ratings:
    allowed = SCORES[SurveyKind.CSAT]
    is_good = sum(score >= GOOD for score in scores)
    return Ratings(name, mean(scores, allowed[0], allowed[-1]), share(is_good, len(scores)))


def _nps(session: Session, since: datetime, until: datetime) -> Nps:
    asked = session.exec(
        select(Survey.score).where(Survey.kind == SurveyKind.NPS, Survey.asked_at >= since, Survey.asked_at < until)
    ).all()
    scores = [score for score in asked if score is not None]
    opted_out = select(func.count()).select_from(Customer).where(col(Customer.no_surveys_at).is_not(None))
    groups = (range(9, 11), range(7, 9), range(7))
    likes, between, dislikes = (sum(score in group for score in scores) for group in groups)
    return Nps(
        share(len(scores), len(asked)), promoters(scores), (likes, between, dislikes), session.exec(opted_out).one()
    )


def _said(survey: Survey, customer: Customer, number: int | None) -> Said:
    return Said(
        survey.kind,
        survey.score or 0,
        survey.words or "",
        survey.answered_at or survey.asked_at,
        customer.name or customer.external_id,
        number,
        survey.conversation_id,
    )
