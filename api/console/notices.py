"""The notices of whoever is signed in: what they should know of tickets, until they have seen it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from starlette.responses import RedirectResponse

from api.console.page import page
from api.console.parts import Reader
from api.console.refusals import ConsoleRoute
from api.http.parts import Now, TheProduct
from handoff.errors import TicketNotFound
from handoff.models import Ticket
from handoff.rows import id_of
from handoff.ticketing.models import Notice
from handoff.ticketing.notices import mark_seen, notice_of, notices_of, unseen
from store import reading, transaction

router = APIRouter(prefix="/console/notices", route_class=ConsoleRoute, include_in_schema=False)

Id = Annotated[int, Path(ge=1, lt=2**53)]
SHOWN = 100


@dataclass(frozen=True)
class Row:
    """A notice as the page shows it."""

    notice: Notice
    ticket: Ticket

    @property
    def clock(self) -> str:
        return str(self.notice.detail.get("clock") or "")

    @property
    def by(self) -> str:
        return str(self.notice.detail.get("by") or "")

    @property
    def due_at(self) -> datetime | None:
        due: Any = self.notice.detail.get("due_at")
        return datetime.fromisoformat(due) if due else None


@router.get("")
def list_page(request: Request, product: TheProduct, staff: Reader) -> Response:
    with reading(product.database) as session:
        found = notices_of(session, id_of(staff), SHOWN)
    return page(request, "console/notices.html", rows=_rows(found))


@router.get("/bell")
def bell(request: Request, product: TheProduct, staff: Reader) -> Response:
    """The bell in the header, for pages that are not live themselves."""
    with reading(product.database) as session:
        new = unseen(session, id_of(staff))
    return page(request, "console/to_notices.html", unseen=new)


@router.post("/seen")
def all_seen(product: TheProduct, now: Now, staff: Reader) -> Response:
    with transaction(product.database) as session:
        mark_seen(session, id_of(staff), now)
    return RedirectResponse("/console/notices", 303)


@router.post("/{notice_id}/open")
def open_notice(product: TheProduct, now: Now, staff: Reader, notice_id: Id) -> Response:
    """Go to the ticket; whatever this person was told of it counts as seen."""
    with transaction(product.database) as session:
        ticket = notice_of(session, id_of(staff), notice_id)
        if ticket is None:
            raise TicketNotFound
        mark_seen(session, id_of(staff), now, ticket_id=id_of(ticket))
        number = ticket.number
    return RedirectResponse(f"/console/tickets/{number}", 303)


def _rows(found: Sequence[tuple[Notice, Ticket | None]]) -> list[Row]:
    return [Row(notice, ticket) for notice, ticket in found if ticket is not None]
