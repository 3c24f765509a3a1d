"""Changing what is promised: policies, and the steps at which somebody is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from handoff.actors import OPERATOR, Actor, require
from handoff.models import Plan, Priority
from handoff.permissions import Permission
from handoff.rows import id_of
from handoff.sla.again import look_at_all
from handoff.sla.calendar_edits import calendar_by_id
from handoff.sla.errors import BadStep, BadTarget, PolicyTaken, RuleGone, StepTaken
from handoff.sla.models import ClockKind, EscalationStep, SlaPolicy, Whom
from handoff.sla.policies import in_words, specificity
from handoff.sla.rules import forget_rules
from store import audit
from store.changes import note_change

YEAR = 366 * 24 * 60
MOST_PERCENT = 1000
TIERS = (1, 2, 3)


@dataclass(frozen=True)
class Whose:
    """The tickets that a policy speaks of; None: all."""

    plan: Plan | None = None
    priority: Priority | None = None
    tier: int | None = None


@dataclass(frozen=True)
class Target:
    """What is promised."""

    minutes: int | None
    """None: nothing."""
    is_always: bool = False
    calendar_id: int | None = None
    """Whose hours are counted; None: the house's."""


def policies(session: Session) -> Sequence[SlaPolicy]:
    """Every policy: by clock, then the one that counts first on top."""
    found = session.exec(select(SlaPolicy).order_by(col(SlaPolicy.id))).all()
    order = list(ClockKind)
    return sorted(found, key=lambda one: (order.index(one.clock), *(-value for value in specificity(one)), _key(one)))


def steps(session: Session) -> Sequence[EscalationStep]:
    """Every step, in the order in which they come."""
    found = session.exec(select(EscalationStep)).all()
    return sorted(found, key=lambda one: (one.percent, one.priority.value if one.priority else "", one.whom.value))


def add_policy(
    session: Session, clock: ClockKind, whose: Whose, target: Target, now: datetime, actor: Actor = OPERATOR
) -> SlaPolicy:
    """Promise something of these tickets, or nothing. Raises PolicyTaken, BadTarget, CalendarNotFound."""
    require(session, actor, Permission.MANAGE_SYSTEM)
    _check(session, target)
    wanted = (clock, whose.plan, whose.priority, whose.tier)
    if whose.tier not in (None, *TIERS):
        raise BadTarget
    if wanted in [(one.clock, one.plan, one.priority, one.tier) for one in policies(session)]:
        raise PolicyTaken
    policy = SlaPolicy(clock=clock, plan=whose.plan, priority=whose.priority, tier=whose.tier)
    _aim(policy, target)
    session.add(policy)
    _leave_trace(session, policy, actor, "policy.added", now)
    return policy


def change_policy(
    session: Session, policy_id: int, target: Target, now: datetime, actor: Actor = OPERATOR
) -> SlaPolicy:
    """Promise something else of the same tickets. Raises RuleGone, BadTarget, CalendarNotFound."""
    require(session, actor, Permission.MANAGE_SYSTEM)
    _check(session, target)
    policy = _policy(session, policy_id)
    before = {"minutes": policy.minutes, "is_always": policy.is_always, "calendar_id": policy.calendar_id}
    _aim(policy, target)
    _leave_trace(session, policy, actor, "policy.changed", now, before=before)
    return policy


def remove_policy(session: Session, policy_id: int, now: datetime, actor: Actor = OPERATOR) -> None:
    """Let the next less specific policy count. Raises RuleGone."""
    require(session, actor, Permission.MANAGE_SYSTEM)
    policy = _policy(session, policy_id)
    session.delete(policy)
    _leave_trace(session, policy, actor, "policy.removed", now)


def add_step(
    session: Session, priority: Priority | None, percent: int, whom: Whom, now: datetime, actor: Actor = OPERATOR
) -> EscalationStep:
    """Tell somebody when so much of a clock's time has passed. Raises BadStep, StepTaken."""
    require(session, actor, Permission.MANAGE_SYSTEM)
    if not 0 <= percent <= MOST_PERCENT:
        raise BadStep
    if (priority, percent, whom) in [(one.priority, one.percent, one.whom) for one in steps(session)]:
        raise StepTaken
    step = EscalationStep(priority=priority, percent=percent, whom=whom)
    session.add(step)
    _trace_step(session, step, actor, "step.added", now)
    return step


def remove_step(session: Session, step_id: int, now: datetime, actor: Actor = OPERATOR) -> None:
    """Tell them no more. Raises RuleGone."""
    require(session, actor, Permission.MANAGE_SYSTEM)
    step = session.get(EscalationStep, step_id)
    if step is None:
        raise RuleGone
    session.delete(step)
    _trace_step(session, step, actor, "step.removed", now)


def _policy(session: Session, policy_id: int) -> SlaPolicy:
    policy = session.get(SlaPolicy, policy_id)
    if policy is None:
        raise RuleGone
    return policy


def _check(session: Session, target: Target) -> None:
    if target.minutes is not None and not 1 <= target.minutes <= YEAR:
        raise BadTarget
    if target.calendar_id is not None:
        calendar_by_id(session, target.calendar_id)


def _aim(policy: SlaPolicy, target: Target) -> None:
    policy.minutes, policy.is_always = target.minutes, target.is_always
    policy.calendar_id = None if target.is_always else target.calendar_id


def _key(policy: SlaPolicy) -> tuple[str, int, str]:
    return (
        policy.plan.value if policy.plan else "",
        policy.tier or 0,
        policy.priority.value if policy.priority else "",
    )


def _leave_trace(session: Session, policy: SlaPolicy, actor: Actor, deed: str, now: datetime, **detail: Any) -> None:
    told = {"clock": policy.clock.value, "tickets": in_words(policy), "minutes": policy.minutes, **detail}
    _changed(session, actor, deed, _flushed_id(session, policy), now, told)


def _trace_step(session: Session, step: EscalationStep, actor: Actor, deed: str, now: datetime) -> None:
    priority = step.priority.value if step.priority else None
    told = {"percent": step.percent, "whom": step.whom.value, "priority": priority}
    _changed(session, actor, deed, _flushed_id(session, step), now, told)


def _flushed_id(session: Session, row: SlaPolicy | EscalationStep) -> int:
    session.flush()
    return id_of(row)


def _changed(session: Session, actor: Actor, deed: str, rule_id: int, now: datetime, told: dict[str, Any]) -> None:
    forget_rules(session)
    look_at_all(session, now)
    audit.record(session, actor.name, deed, "rule", rule_id, now, **told)
    note_change(session, "rule", rule_id, now)
