"""How long customers waited and what became of what was sent, as ``store.measures`` counts it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from handoff.deliveries import Claimed
from store import measures

RECEIVED_AT = "received_at"
"""In the detail of the bot's words: when the message that they answer came into the inbox."""


def received(at: datetime | None) -> dict[str, Any]:
    """What the detail of a message keeps of when its cause came."""
    return {} if at is None else {RECEIVED_AT: at.isoformat()}


def sent(claimed: Claimed, now: datetime, took: float) -> None:
    """It arrived, by a call that began at ``now`` and took so many seconds."""
    channel, at = claimed.thread.channel, claimed.message.detail.get(RECEIVED_AT)
    measures.sent_total.labels(channel, "sent").inc()
    measures.send_seconds.labels(channel).observe(took)
    if at is not None:
        # Clocks of two machines, or a step of one: never less than nothing.
        seconds = (now - datetime.fromisoformat(at)).total_seconds() + took
        measures.answer_seconds.labels(channel).observe(max(seconds, 0.0))


def not_sent(claimed: Claimed, outcome: str) -> None:
    """It surely did not: it goes ``later`` (too many at once), ``again`` (it failed), or never (``failed``)."""
    measures.sent_total.labels(claimed.thread.channel, outcome).inc()


def in_doubt(claimed: Claimed, outcome: str) -> None:
    """Nobody knows whether it arrived: it goes ``again``, or is shown to a person (``uncertain``)."""
    measures.doubts_total.labels(claimed.thread.channel).inc()
    measures.sent_total.labels(claimed.thread.channel, outcome).inc()
