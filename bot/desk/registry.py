"""What is done when a timer of the desk goes off, by the timer's kind.

To add a deed: write ``handle(session, timer, now, house)`` in a module of ``bot.desk`` and name it in ``deeds``.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.desk import notifying, offers, outcomes, retelling, sla, surveys, waiting
from bot.desk.deed import Deed, hold_clock, hold_nothing, hold_ticket
from bot.learning.recall import earlier, sending
from handoff.sla.retelling import RETELL


def deeds() -> Mapping[str, Deed]:
    """All kinds of timers that the desk knows."""
    return {
        "offer": Deed(offers.handle, hold_nothing),
        "snooze": Deed(waiting.wake, hold_ticket),
        "stale": Deed(waiting.remind, hold_ticket),
        "stale_close": Deed(waiting.close, hold_ticket),
        "sla": Deed(sla.handle, hold_ticket),
        "promise": Deed(sla.handle_promise, hold_clock),
        RETELL: Deed(retelling.handle, hold_ticket),
        "csat": Deed(surveys.handle_csat, hold_ticket),
        "nps": Deed(surveys.handle_nps, hold_nothing),
        "outcome": Deed(outcomes.handle, hold_nothing),
        "notice": Deed(notifying.handle, notifying.hold),
        "recall": Deed(sending.handle, sending.hold),
        "told": Deed(earlier.handle, hold_nothing),
    }
