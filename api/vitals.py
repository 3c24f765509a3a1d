"""How this Firstline stands: what the health page and the metrics both say, read in one go."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from sqlalchemy import func
from sqlalchemy import select as rows_of
from sqlmodel import Session, col, select

from api.presence import Present, holders, present
from bot import inbox
from bot.models import InboxRow, InboxState
from handoff import deliveries
from handoff.models import Delivery, DeliveryState, Ticket, TicketStatus
from handoff.tickets import UNSOLVED
from kb_content.models import Release, ReleaseState
from store import backup

LITTLE_SPACE = 500 * 1024 * 1024


@dataclass(frozen=True)
class Vitals:
    """What the database says at one moment."""

    inbox: inbox.Figures
    deliveries: deliveries.Figures
    tickets: Mapping[str, int]
    """How many are open and pending, and how many of the open ones are "new": nobody's."""
    release: int | None
    released_at: datetime | None
    processes: Sequence[Present]
    holders: Mapping[str, str]
    """Who holds what only one may do at a time, by name."""
    backups: backup.Standing


def needed(session: Session) -> int:
    """How many things wait for a person: two counts of what is seldom there, for the head of every page."""
    rows = select(func.count()).select_from(InboxRow).where(InboxRow.state == InboxState.PARKED)
    doubtful = select(func.count()).select_from(Delivery).where(Delivery.state == DeliveryState.UNCERTAIN)
    return session.exec(rows).one() + session.exec(doubtful).one()


def vitals(session: Session, now: datetime) -> Vitals:
    """Read all of it. A few counts over small indexes: cheap enough for every few seconds."""
    return Vitals(
        inbox.figures(session, now),
        deliveries.figures(session, now),
        _tickets(session),
        *_live(session),
        present(session, now),
        holders(session, now),
        backup.status(session),
    )


def _tickets(session: Session) -> dict[str, int]:
    """Of the unsolved ones only: of the others there are more every day."""
    counted = rows_of(col(Ticket.status), func.count(), func.count(col(Ticket.assignee_id)))
    found = session.execute(counted.where(col(Ticket.status).in_(UNSOLVED)).group_by(col(Ticket.status)))
    numbers = {status: (count, assigned) for status, count, assigned in found}
    count, assigned = numbers.get(TicketStatus.OPEN, (0, 0))
    return {"open": count, "pending": numbers.get(TicketStatus.PENDING, (0, 0))[0], "new": count - assigned}


def _live(session: Session) -> tuple[int | None, datetime | None]:
    """The live release and since when. Not the whole row: what was fitted on it is large."""
    query = select(Release.id, Release.live_at).where(Release.state == ReleaseState.LIVE)
    return session.exec(query).first() or (None, None)


@dataclass(frozen=True)
class Disk:
    """The disk that holds the data folder, in bytes."""

    free: int
    total: int

    @property
    def is_low(self) -> bool:
        return self.free < LITTLE_SPACE


def disk(folder: Path) -> Disk:
    """The disk of ``folder``, or of the nearest folder above it that is there."""
    place = folder.absolute()
    while not place.exists() and place != place.parent:
        place = place.parent
    usage = shutil.disk_usage(place)
    return Disk(usage.free, usage.total)


def software() -> str:
    """The version of Firstline that runs."""
    try:
        return version("firstline")
    except PackageNotFoundError:
        return "0"
