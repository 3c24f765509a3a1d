"""The inbox: what waits, what the bot is talking about, and search over everything that was said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import func
from sqlmodel import Session, col, select

from api.console.page import page
from api.console.parts import Reader
from api.console.refusals import ConsoleRoute
from api.console.search import Found, search
from api.http.parts import Now, TheProduct
from bot.learning.live_figures import is_silent
from handoff.models import Staff, Ticket
from handoff.permissions import Permission, allowed
from handoff.tickets import UNSOLVED
from handoff.views import ConversationRow, TicketRow, bot_is_talking, counts, ticket_list
from store import reading

router = APIRouter(prefix="/console", route_class=ConsoleRoute, include_in_schema=False)

VIEWS = ("new", "mine", "open", "pending", "resolved", "closed", "bot")
STEP, MOST = 50, 500


@dataclass(frozen=True)
class Inbox:
    """One view of the inbox, or what a search found."""

    view: str
    counts: dict[str, int]
    tickets: Sequence[TicketRow] = ()
    conversations: Sequence[ConversationRow] = ()
    found: Sequence[Found] = ()
    limit: int = STEP

    @property
    def is_cut(self) -> bool:
        """There may be more rows than are shown."""
        return max(len(self.tickets), len(self.conversations), len(self.found)) >= self.limit < MOST


@router.get("")
def inbox_page(
    request: Request,
    product: TheProduct,
    now: Now,
    staff: Reader,
    view: str = "new",
    q: str = "",
    limit: Annotated[int, Query(ge=1, le=MOST)] = STEP,
) -> Response:
    chosen, asked = view if view in VIEWS else "new", q.strip()[:200]
    with reading(product.database) as session:
        shown = found_inbox(session, staff, asked, limit, now) if asked else inbox(session, staff, chosen, limit, now)
        silent = allowed(staff.role, Permission.EDIT_ARTICLES) and is_silent(session)
    return page(request, "console/inbox.html", inbox=shown, views=VIEWS, q=asked, step=STEP, silent=silent)


def inbox(session: Session, staff: Staff, view: str, limit: int, now: datetime) -> Inbox:
    """The rows of ``view``, with the counts of all views."""
    talking = bot_is_talking(session, now, limit=MOST)
    numbers = _counts(session, staff, len(talking))
    if view == "bot":
        return Inbox(view, numbers, conversations=talking[:limit], limit=limit)
    return Inbox(view, numbers, tickets=ticket_list(session, view, limit, staff_id=staff.id), limit=limit)


def found_inbox(session: Session, staff: Staff, asked: str, limit: int, now: datetime) -> Inbox:
    """What a search for ``asked`` finds; no view is chosen then."""
    talking = bot_is_talking(session, now, limit=MOST)
    return Inbox("", _counts(session, staff, len(talking)), found=search(session, asked, limit), limit=limit)


def _counts(session: Session, staff: Staff, talking: int) -> dict[str, int]:
    mine = select(func.count()).select_from(Ticket)
    mine = mine.where(col(Ticket.status).in_(UNSOLVED), Ticket.assignee_id == staff.id)
    return {**counts(session), "mine": session.exec(mine).one(), "bot": talking}
