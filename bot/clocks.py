"""After the clock was set back: moments that were chosen by the former one lie too far ahead, and are pulled near.

What is due later by an agreement (clocks of an SLA policy, nightly work) is left alone: that is the wall's time.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import update
from sqlmodel import Session, col

from bot import backlog
from handoff.models import Delivery, DeliveryState
from store.models import Lease

LONGEST_PARK = timedelta(minutes=15)
"""No delivery is put off for longer but by a channel that asks for it, which does so again."""
LONGEST_LEASE = timedelta(minutes=5)


def set_right(session: Session, now: datetime) -> None:
    """Let nothing wait for a moment that is further off than any we choose, and nobody hold what is theirs for longer.

    Nothing is changed where the clock is right.
    """
    backlog.mend(session, now)
    ready = (col(Delivery.state) == DeliveryState.READY, col(Delivery.not_before) > now + LONGEST_PARK)
    sending = (col(Delivery.state) == DeliveryState.SENDING, col(Delivery.lease_until) > now + LONGEST_LEASE)
    for statement in (
        update(Delivery).where(*ready).values(not_before=now),
        update(Delivery).where(*sending).values(lease_until=now + LONGEST_LEASE),
        update(Lease).where(col(Lease.expires_at) > now + LONGEST_LEASE).values(expires_at=now + LONGEST_LEASE),
    ):
        session.execute(statement, execution_options={"synchronize_session": False})
