"""Writing down, every few minutes, what became of conversations in which nobody says anything any more."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import Session

from bot.live import House
from handoff.surveys.outcomes import settle_silent
from store.models import Timer
from store.timers import set_timer

OUTCOME = "outcome"
EVERY = timedelta(minutes=10)
SOON = timedelta(seconds=1)
"""While there are more than one look deals with."""


def handle(session: Session, timer: Timer, now: datetime, house: House) -> None:
    """Look at what has gone silent, and look again. ``timer.subject_id`` is 0: it is about no conversation in
    particular."""
    has_more = settle_silent(session, now)
    set_timer(session, OUTCOME, timer.subject_id, now + (SOON if has_more else EVERY))


def begin(session: Session, now: datetime) -> None:
    """Look from now on."""
    set_timer(session, OUTCOME, 0, now)
