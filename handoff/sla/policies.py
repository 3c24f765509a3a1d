"""Which target counts for a ticket: of the policies that fit, the most specific one."""

from __future__ import annotations

from collections.abc import Iterable

from handoff.models import Plan, Priority
from handoff.sla.models import ClockKind, SlaPolicy

ALL_TICKETS = "all tickets"
"""What a policy is called that fits every ticket."""


def target_for(
    policies: Iterable[SlaPolicy], clock: ClockKind, plan: Plan, priority: Priority, tier: int
) -> SlaPolicy | None:
    """The policy that counts for such a ticket; None where nothing is promised."""
    chosen = counting(policies, clock, plan, priority, tier)
    return chosen if chosen is not None and chosen.minutes is not None else None


def counting(
    policies: Iterable[SlaPolicy], clock: ClockKind, plan: Plan, priority: Priority, tier: int
) -> SlaPolicy | None:
    """The most specific policy that fits such a ticket, also one that says that nothing is promised."""
    fitting = [policy for policy in policies if policy.clock is clock and fits(policy, plan, priority, tier)]
    return max(fitting, key=specificity, default=None)


def fits(policy: SlaPolicy, plan: Plan, priority: Priority, tier: int) -> bool:
    """Whether the policy speaks of such a ticket. What it leaves open fits all."""
    return policy.plan in (None, plan) and policy.priority in (None, priority) and policy.tier in (None, tier)


def specificity(policy: SlaPolicy) -> tuple[int, bool, bool, bool]:
    """The more a policy says, the more it counts; if two say as much, first the plan decides, then the tier."""
    says = (policy.plan is not None, policy.tier is not None, policy.priority is not None)
    return (sum(says), *says)


def in_words(policy: SlaPolicy) -> str:
    """The tickets that a policy speaks of: "enterprise · tier 1"."""
    parts = (
        policy.plan.value if policy.plan else "",
        f"tier {policy.tier}" if policy.tier is not None else "",
        policy.priority.value if policy.priority else "",
    )
    return " · ".join(part for part in parts if part) or ALL_TICKETS
