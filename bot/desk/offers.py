"""What waits in a team's queue is given to its people, when one of them comes to work or has room again."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from bot.live import House
from handoff.staffing.offering import offer
from store.models import Timer


def handle(session: Session, timer: Timer, now: datetime, house: House) -> None:
    """``timer.subject_id``: the team."""
    offer(session, timer.subject_id, now)
