"""What the worklist refuses, in sentences."""

from __future__ import annotations

from kb_content.errors import KbError


class NoSuchWork(KbError):
    """There is no such item on the worklist."""


class WorkDecided(KbError):
    """Somebody else dealt with this item meanwhile. Look at it again."""


class NoSuchTarget(KbError):
    """A draft of that cannot be begun from this item. Choose one of those that it names."""


class RefusalUnexplained(KbError):
    """Say why it will not be done: whoever finds it again wants to know."""
