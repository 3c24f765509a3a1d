"""What a ticket's clocks have the desk do: warn, name a miss, and apologise to the customer with a new promise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlmodel import Session

from bot.desk.apologies import apologise, apologise_again
from bot.live import House
from handoff.conversations import add_activity
from handoff.models import Conversation, Ticket
from handoff.rows import id_of
from handoff.sla.calendars import hours_for
from handoff.sla.keeping import Step, take_steps
from handoff.sla.models import Clock, Whom
from handoff.sla.rules import BREACH
from handoff.staffing.directory import admins, all_teams, on_call, team_members
from handoff.ticketing.models import NoticeKind
from handoff.ticketing.notices import tell
from store.models import Timer


def handle(session: Session, timer: Timer, now: datetime, house: House) -> None:
    """A ticket's clocks reached something. ``timer.subject_id``: the ticket."""
    ticket = session.get(Ticket, timer.subject_id)
    if ticket is None:
        return
    missed = []
    for step in last_of_each(take_steps(session, ticket, now)):
        _tell(session, ticket, step, now)
        if step.percent >= BREACH and step.clock not in missed:
            missed.append(step.clock)
    for clock in missed:
        _note_miss(session, ticket, clock, now)
    apologise(session, ticket, missed, now, house)


def handle_promise(session: Session, timer: Timer, now: datetime, house: House) -> None:
    """The moment that was promised after a miss is over. ``timer.subject_id``: the clock."""
    clock = session.get(Clock, timer.subject_id)
    ticket = session.get(Ticket, clock.ticket_id) if clock is not None else None
    if clock is None or ticket is None or clock.met_at is not None or not is_over(clock, now):
        return
    if apologise_again(session, ticket, clock, now, house):
        _note_miss(session, ticket, clock, now)
        whom = [ticket.assignee_id, *admins(session)]
        tell(session, whom, NoticeKind.BREACH, ticket, now, **_facts(clock, BREACH), is_again=True)


def is_over(clock: Clock, now: datetime) -> bool:
    """Whether the moment that the customer was told last is over."""
    return clock.promised_at is not None and clock.promised_at <= now


def last_of_each(steps: Sequence[Step]) -> Iterator[Step]:
    """Of the steps of each clock that came due together those that matter: what has run out needs no warning, but
    whoever is on call is told in any case."""
    furthest: dict[int, int] = {}
    for step in steps:
        furthest[id_of(step.clock)] = max(step.percent, furthest.get(id_of(step.clock), 0))
    for step in steps:
        if step.percent == furthest[id_of(step.clock)] or Whom.ON_CALL in step.whom:
            yield step


def _tell(session: Session, ticket: Ticket, step: Step, now: datetime) -> None:
    facts = _facts(step.clock, step.percent)
    if Whom.ON_CALL in step.whom and _is_out_of_hours(session, step.clock, now):
        # With nobody on call the admins hear of it.
        called = on_call(session, now) or admins(session)
        tell(session, called, NoticeKind.ON_CALL, ticket, now, **facts)
    if any(whom is not Whom.ON_CALL for whom in step.whom):
        # Where a team has nobody the admins hear of it, too.
        others = [staff_id for whom in step.whom for staff_id in _people(session, ticket, whom)]
        kind = NoticeKind.BREACH if step.percent >= BREACH else NoticeKind.WARNING
        tell(session, others if any(others) else admins(session), kind, ticket, now, **facts)


def _people(session: Session, ticket: Ticket, whom: Whom) -> Sequence[int | None]:
    match whom:
        case Whom.ASSIGNEE:
            return [ticket.assignee_id]
        case Whom.TEAM:
            default = next((team.name for team in all_teams(session) if team.is_default), None)
            return team_members(session, ticket.team or default)
        case Whom.ADMINS:
            return admins(session)
        case Whom.ON_CALL:
            return []


def _is_out_of_hours(session: Session, clock: Clock, now: datetime) -> bool:
    """Whether the house is closed now, or will be when the clock runs out: then its people cannot be counted on."""
    hours = hours_for(session, None)
    return not hours.is_open(now) or (clock.due_at is not None and not hours.is_open(clock.due_at))


def _facts(clock: Clock, percent: int) -> dict[str, object]:
    due = clock.breached_at or clock.due_at
    return {
        "clock": clock.kind.value,
        "tier": clock.tier,
        "percent": percent,
        "due_at": due.isoformat() if due else None,
    }


def _note_miss(session: Session, ticket: Ticket, clock: Clock, now: datetime) -> None:
    conversation = session.get_one(Conversation, ticket.conversation_id)
    add_activity(session, conversation, f"missed_{clock.kind.value}", now, tier=clock.tier)
