"""What can stand in the way of a recall, in sentences."""

from __future__ import annotations

from handoff.errors import HandoffError


class RecallNotFound(HandoffError):
    """There is no such recall. Look at the list of recalls."""


class NothingToRecall(HandoffError):
    """Nothing was chosen that the article says. Tick at least one of its passages, or all of the version."""


class WhyMissing(HandoffError):
    """Say in one sentence what was wrong: the correction begins with it."""


class CorrectionMissing(HandoffError):
    """There is no correction to send. Write it at least in the language of the article."""


class NobodyWasTold(HandoffError):
    """No customer was told this, so there is nobody to write to."""


class StillTold(HandoffError):
    """Customers are still told this. Publish the corrected article first, or say that it is to be sent all the same."""


class NotLookedThrough(HandoffError):
    """Earlier answers are still being looked through, so not everybody is found yet. Try again in a few minutes."""


class RecallIsOver(HandoffError):
    """This recall cannot be changed any more. Begin a new one if there is more to correct."""
