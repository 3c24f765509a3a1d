"""What is refused when somebody changes promises or working hours, each with a sentence for them."""

from __future__ import annotations

from handoff.errors import HandoffError, Stale


class CalendarNotFound(HandoffError):
    """There is no such calendar."""


class RuleGone(Stale):
    """Somebody has removed this meanwhile."""


class BadRules(HandoffError):
    """This cannot be saved."""


class BadHours(BadRules):
    """These hours cannot be read. Write the shifts of a day like 09:00-12:30, 14:00-18:00; none for a free day."""


class BadTimezone(BadRules):
    """There is no such time zone. Write it like Europe/Madrid or Asia/Shanghai."""


class BadHolidays(BadRules):
    """The public holidays of this place are not known. Choose a country of the list, and a region that it has."""


class BadDay(BadRules):
    """This is not a date. Write it like 2026-12-24."""


class BadTarget(BadRules):
    """A target is at least a minute and at most a year. Leave it empty to promise nothing."""


class BadStep(BadRules):
    """A step comes at 0 to 1000 per cent of the time."""


class PolicyTaken(BadRules):
    """There is a policy for these tickets already. Change that one."""


class CalendarInUse(BadRules):
    """This calendar is in use. Give whatever counts by it another one first."""


class StepTaken(BadRules):
    """They are told at this step already."""
