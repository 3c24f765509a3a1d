"""All that the clocks go by: policies, calendars and steps, read once in a transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from handoff.models import Priority
from handoff.sla.calendars import calendars_of
from handoff.sla.engine import Calendars
from handoff.sla.models import EscalationStep, SlaPolicy, Whom

_KEPT = "sla_rules"
BREACH = 100
"""The percentage at which a clock runs out."""


@dataclass(frozen=True)
class Rules:
    policies: Sequence[SlaPolicy]
    calendars: Calendars
    steps: Sequence[EscalationStep]

    @property
    def marks(self) -> tuple[int, ...]:
        """The percentages at which something is to be done, for whatever priority; the breach is always one."""
        return tuple(sorted({BREACH, *(step.percent for step in self.steps)}))

    def whom(self, percent: int, priority: Priority) -> tuple[Whom, ...]:
        """Who is told at this percentage of a target, for tickets of this priority."""
        told = {step.whom for step in self.steps if step.percent == percent and step.priority in (None, priority)}
        return tuple(whom for whom in Whom if whom in told)

    def is_for_priority(self, percent: int, priority: Priority) -> bool:
        """Whether this percentage matters only to tickets of this priority, not to all."""
        steps = [step for step in self.steps if step.percent == percent]
        return percent != BREACH and None not in {step.priority for step in steps}


def rules_of(session: Session) -> Rules:
    """The rules, read at the first call in this session."""
    kept: Rules | None = session.info.get(_KEPT)
    if kept is None:
        kept = session.info[_KEPT] = Rules(
            policies=session.exec(select(SlaPolicy).order_by(col(SlaPolicy.id))).all(),
            calendars=calendars_of(session),
            steps=session.exec(select(EscalationStep).order_by(col(EscalationStep.percent))).all(),
        )
    return kept


def forget_rules(session: Session) -> None:
    """They were changed in this session."""
    session.info.pop(_KEPT, None)
