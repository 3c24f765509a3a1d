"""What agents do with a ticket: reply in working hours, soon or too late, find out, resolve; and what they say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from api.demo.cast import Case, Person
from api.demo.scenes import Play, confirms
from api.demo.stage import Scene
from bot import suggestions
from bot.replies import closing_words
from handoff import desk
from handoff.actors import Actor
from handoff.errors import HandoffError
from handoff.models import Action, Impact, Message, Priority, Ticket, TicketStatus, Urgency
from handoff.people import account_of, customer_by_id
from handoff.rows import id_of
from handoff.suggestions import pending
from handoff.ticketing.levels import move_tier, set_priority
from handoff.ticketing.marks import Mark, mark
from handoff.ticketing.pausing import snooze, wait_for_customer
from handoff.ticketing.sorting import set_external, set_tags
from handoff.tickets import ticket_by_number
from store import transaction

OPENS, CLOSES, WEEKEND = 9, 18, 5
LATE = 0.2
"""The share of first replies that come after what was promised."""


@dataclass(frozen=True)
class Job:
    """A ticket, whose matter it is, and how it goes."""

    play: Play
    number: int
    who: Person
    case: Case


def works_on(job: Job) -> Scene:
    """From the first look to the resolution, with pauses as people make them."""
    play, case = job.play, job.case
    yield _until_first_words(job)
    _sort(job)
    for turn, words in enumerate(case.agent):
        if not _is_open(job):
            return
        _reply(job, turn, words)
        if turn < len(case.customer):
            yield from _is_answered(job, turn)
        if turn + 1 < len(case.agent):
            yield _in_working_hours(play.stage.now, play.minutes(5, 90)) - play.stage.now
            _move_on(job, turn)
    yield play.minutes(2, 30)
    if case.snooze:
        until = _in_working_hours(play.stage.now + timedelta(hours=case.snooze), timedelta())
        _do(job, lambda session, actor, now: snooze(session, job.number, until, actor, now))
    if case.ends == "open":
        # What others must do first takes days: of such matters the last ones are still open.
        yield timedelta(days=play.draw.uniform(1.5, 4))
    yield _in_working_hours(play.stage.now, timedelta()) - play.stage.now
    yield from _resolves(job)


def _resolves(job: Job) -> Scene:
    play, case, who = job.play, job.case, job.who
    closing = closing_words(who.language, job.number)
    _do(job, lambda session, actor, now: desk.resolve(session, job.number, actor, now, closing))
    if case.ends == "not_yet":
        yield play.minutes(10, 60)
        play.presses(who, Action.NOT_YET)
        yield play.minutes(0.5, 3)
        play.says(who, case.again[0])
        yield _in_working_hours(play.stage.now, play.minutes(10, 60)) - play.stage.now
        _do(job, lambda session, actor, now: desk.reply(session, job.number, case.again[1], actor, now))
        yield play.minutes(5, 20)
        _do(job, lambda session, actor, now: desk.resolve(session, job.number, actor, now, closing))
    play.stage.begin(play.stage.now, confirms(play, who, case))


def _is_answered(job: Job, turn: int) -> Scene:
    """The customer's next words; the ticket may wait for them meanwhile, and its clocks stand still."""
    play = job.play
    if job.case.waits and turn == 0:
        yield play.minutes(1, 5)
        _do(job, lambda session, actor, now: wait_for_customer(session, job.number, actor, now))
    yield play.minutes(4, 150)
    play.says(job.who, job.case.customer[turn])


def _until_first_words(job: Job) -> timedelta:
    """How long the first answer takes: most come in time, some do not, and what is urgent is seen at night as well."""
    play, now = job.play, job.play.stage.now
    with transaction(play.stage.database) as session:
        ticket = ticket_by_number(session, job.number)
        account = account_of(session, customer_by_id(session, ticket.customer_id))
    is_late = play.draw.random() < LATE
    if ticket.priority is Priority.P0:
        return play.minutes(35, 80) if is_late else play.minutes(4, 25)
    if account is not None and account.plan.value != "standard":
        return _in_working_hours(now, play.minutes(40, 120) if is_late else play.minutes(4, 27)) - now
    return _in_working_hours(now, play.minutes(240, 900) if is_late else play.minutes(8, 200)) - now


def _sort(job: Job) -> None:
    """What an agent says about it before the first reply: how urgent it is, and what it is about."""
    case = job.case
    if case.impact:
        impact, urgency = Impact(case.impact), Urgency(case.urgency or "normal")
        _do(
            job,
            lambda session, actor, now: set_priority(session, job.number, actor, now, impact=impact, urgency=urgency),
        )
    if case.tags:
        _do(job, lambda session, actor, now: set_tags(session, job.number, case.tags, actor, now))


def _reply(job: Job, turn: int, words: str) -> None:
    def say(session: Session, actor: Actor, now: datetime) -> None:
        offered = pending(session, ticket_by_number(session, job.number).conversation_id)
        if offered is not None and turn == 0:
            if job.play.draw.random() < 0.5:
                edited = f"{offered.text}\n\n{words}"
                suggestions.edit(session, job.number, id_of(offered), edited, actor, now)
                return
            suggestions.skip(session, job.number, id_of(offered), actor, now)
        message: Message = desk.reply(session, job.number, words, actor, now)
        if job.case.workaround == turn:
            mark(session, job.number, id_of(message), Mark.WORKAROUND, actor, now)

    _do(job, say)


def _move_on(job: Job, turn: int) -> None:
    """After the first reply a matter may go to specialists, with what was found; or the finding is only noted."""
    case = job.case
    if turn or not case.diagnosis or not _is_open(job):
        return

    def note(session: Session, actor: Actor, now: datetime) -> None:
        if case.tier > ticket_by_number(session, job.number).tier:
            move_tier(session, job.number, case.tier, case.reason, actor, now, diagnosis=case.diagnosis)
        else:
            found = desk.note(session, job.number, case.diagnosis, actor, now)
            mark(session, job.number, id_of(found), Mark.DIAGNOSIS, actor, now)
        if case.external:
            set_external(session, job.number, case.external.replace("{n}", str(2000 + job.number)), actor, now)

    _do(job, note)


def _do(job: Job, deed: Callable[[Session, Actor, datetime], object]) -> None:
    """Do it as whoever has the ticket. What is not possible any more is left: the customer was quicker."""
    stage = job.play.stage
    try:
        with transaction(stage.database) as session:
            deed(session, _agent(job, session), stage.now)
    except HandoffError:
        return


def _agent(job: Job, session: Session) -> Actor:
    ticket = ticket_by_number(session, job.number)
    if ticket.assignee_id is not None:
        return job.play.cast.actor(ticket.assignee_id)
    return job.play.draw.choice(job.play.cast.team(ticket.team))


def _ticket(job: Job) -> Ticket:
    with transaction(job.play.stage.database) as session:
        return ticket_by_number(session, job.number)


def _is_open(job: Job) -> bool:
    return _ticket(job).status in (TicketStatus.OPEN, TicketStatus.PENDING)


def _in_working_hours(now: datetime, pause: timedelta) -> datetime:
    """The moment ``pause`` of working time after ``now``: the house works Monday to Friday, 9 to 18 UTC."""
    moment = _opened(now)
    while pause > (left := moment.replace(hour=CLOSES, minute=0, second=0, microsecond=0) - moment):
        pause -= left
        moment = _opened(moment + left)
    return moment + pause


def _opened(moment: datetime) -> datetime:
    if moment.hour < OPENS:
        moment = moment.replace(hour=OPENS, minute=0, second=0, microsecond=0)
    elif moment.hour >= CLOSES:
        moment = (moment + timedelta(days=1)).replace(hour=OPENS, minute=0, second=0, microsecond=0)
    while moment.weekday() >= WEEKEND:
        moment = (moment + timedelta(days=1)).replace(hour=OPENS, minute=0, second=0, microsecond=0)
    return moment
