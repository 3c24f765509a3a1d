"""The health page: whether everything runs, what waits and for how long, and what waits for a person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from sqlmodel import Session
from starlette.responses import RedirectResponse

from api.console.attention import SHOWN, Unsettled, unsettled
from api.console.page import page
from api.console.parts import Reader, Worker, actor_of, staff_with
from api.console.refusals import ConsoleRoute
from api.http.parts import Now, TheProduct
from api.product import Product
from api.vitals import Disk, Vitals, disk, software, vitals
from bot.channels.base import Status
from bot.learning.live_figures import LiveFigures, live_figures
from bot.replay import ParkedRow, parked, replay
from handoff import deliveries
from handoff.models import DeliveryState, Staff
from handoff.permissions import Permission
from store import reading, transaction

router = APIRouter(prefix="/console/health", route_class=ConsoleRoute, include_in_schema=False)

BACKUP_DUE = timedelta(days=2)
"""A backup is made every night; one night may be missed before somebody is told."""

Manager = Annotated[Staff, Depends(staff_with(Permission.MANAGE_SYSTEM))]
Id = Annotated[int, Path(ge=1, lt=2**53)]


@dataclass(frozen=True)
class ChannelLine:
    """A channel as this process sees it. ``words``: a sentence of its connection; empty when all is well."""

    name: str
    status: Status
    words: str


@dataclass(frozen=True)
class Health:
    """Everything on the page."""

    vitals: Vitals
    channels: tuple[ChannelLine, ...]
    parked: list[ParkedRow]
    unsettled: list[Unsettled]
    figures: LiveFigures | None
    disk: Disk
    dead_loops: tuple[str, ...]
    serving: int | None
    """The release that this process answers from."""
    makes_backups: bool
    """Whether any are made without being asked for."""
    is_backup_due: bool
    software: str
    database: str

    @property
    def ready(self) -> int:
        return self.vitals.deliveries.depths[DeliveryState.READY]

    @property
    def sending(self) -> int:
        return self.vitals.deliveries.depths[DeliveryState.SENDING]


@router.get("")
def health_page(request: Request, product: TheProduct, now: Now, staff: Reader) -> Response:
    return page(request, "console/health.html", health=health(product, now), words="")


@router.post("/parked/{row_id}/replay")
def replay_row(product: TheProduct, now: Now, staff: Manager, row_id: Id) -> Response:
    """Have a parked row dealt with again, as if it came now."""
    return _do(product, lambda session: replay(session, row_id, actor_of(staff), now))


@router.post("/deliveries/{delivery_id}/resend")
def resend(product: TheProduct, now: Now, staff: Worker, delivery_id: Id) -> Response:
    return _do(product, lambda session: deliveries.resend(session, delivery_id, actor_of(staff), now))


@router.post("/deliveries/{delivery_id}/dismiss")
def dismiss(product: TheProduct, now: Now, staff: Worker, delivery_id: Id) -> Response:
    """Somebody knows that it did arrive."""
    return _do(product, lambda session: deliveries.dismiss(session, delivery_id, actor_of(staff), now))


def health(product: Product, now: datetime) -> Health:
    """Read it all. Raises StoreError where the database does not answer."""
    with reading(product.database) as session:
        found = vitals(session, now)
        rows, out, figures = parked(session, SHOWN, with_preview=True), unsettled(session, now), live_figures(session)
    verified, makes_backups = found.backups.verified_at, product.settings.backup_days > 0
    return Health(
        found,
        _channels(product),
        rows,
        out,
        figures,
        disk(product.settings.data_dir),
        tuple(product.dead_loops()),
        product.live.serving.release_id if product.live.serving else None,
        makes_backups=makes_backups,
        # One of a day that has not come was made while the clock was wrong.
        is_backup_due=makes_backups and (verified is None or abs(now - verified) > BACKUP_DUE),
        software=software(),
        database="SQLite" if product.database.is_sqlite else "PostgreSQL",
    )


def _channels(product: Product) -> tuple[ChannelLine, ...]:
    states = product.states(product.probe.trouble())
    return tuple(ChannelLine(name, state.status, state.reason) for name, state in states.items())


def _do(product: Product, deed: Callable[[Session], object]) -> Response:
    with transaction(product.database) as session:
        deed(session)
    return RedirectResponse("/console/health", 303)
