"""What follows for surveys and outcomes from what happens to a ticket."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from handoff.models import Ticket
from handoff.rows import id_of
from handoff.surveys.asking import CSAT
from handoff.surveys.outcomes import reopened
from handoff.surveys.settings import survey_settings
from handoff.ticketing.models import Happened
from store.timers import cancel, set_timer


def follow(session: Session, ticket: Ticket, kind: Happened, now: datetime) -> None:
    """A ticket that was resolved is asked about after a while; one that came to life again is not, and counts so."""
    if kind is Happened.RESOLVED:
        settings = survey_settings(session)
        if settings.csat:
            set_timer(session, CSAT, id_of(ticket), now + settings.csat_after)
    elif kind is Happened.REOPENED:
        cancel(session, CSAT, id_of(ticket))
        reopened(session, ticket, now)
