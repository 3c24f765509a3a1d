"""The inbox: what waits, what the bot is talking about, and search over everything that was said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import func
from sqlmodel import Session, col, select

from api.console.filtering import Chip, Choice, Option, address_of, chips, choices
from api.console.moments import USUAL
from api.console.page import is_fragment, page, texts_for
from api.console.parts import Reader
from api.console.refusals import ConsoleRoute
from api.console.search import Found, search
from api.http.parts import Now, TheProduct
from api.texts import Texts
from bot.learning.live_figures import is_silent
from handoff.errors import BadFilter
from handoff.models import Priority, Staff, Ticket
from handoff.permissions import Permission, allowed
from handoff.rows import id_of
from handoff.tickets import UNSOLVED
from handoff.views import ConversationRow, TicketRow, bot_is_talking, counts
from handoff.workplace import listing, saved
from handoff.workplace.filters import NONE, Filters, Viewer, read
from handoff.workplace.models import SavedView
from store import reading

router = APIRouter(prefix="/console", route_class=ConsoleRoute, include_in_schema=False)

VIEWS = (*listing.PRESETS, "bot")
STEP, MOST = 50, 500


@dataclass(frozen=True)
class SavedCount:
    """A saved view in the list of views."""

    view: SavedView
    count: int
    """``listing.MOST_COUNTED`` stands for that many or more."""


@dataclass(frozen=True)
class Inbox:
    """One view of the inbox, or what a search found."""

    view: str
    """One of VIEWS; "" for a saved view, for filters of one's own, and for what a search found."""
    counts: dict[str, int]
    tickets: Sequence[TicketRow] = ()
    conversations: Sequence[ConversationRow] = ()
    found: Sequence[Found] = ()
    limit: int = STEP
    filters: Filters = field(default_factory=dict)
    chosen: SavedView | None = None
    saved: Sequence[SavedCount] = ()

    @property
    def is_cut(self) -> bool:
        """There may be more rows than are shown."""
        return max(len(self.tickets), len(self.conversations), len(self.found)) >= self.limit < MOST


@dataclass(frozen=True)
class Tools:
    """What stands around the rows: filters, and what can be done to many tickets at once."""

    chips: Sequence[Chip] = ()
    choices: Sequence[Choice] = ()
    may_change: bool = False
    """The view that is shown, or that its filters began as, may be saved anew."""
    usual: Sequence[str] = USUAL
    priorities: Sequence[Priority] = tuple(Priority)

    @property
    def people(self) -> Sequence[Option]:
        return next((one.options for one in self.choices if one.name == "assignee"), ())

    @property
    def teams(self) -> Sequence[Option]:
        found = next((one.options for one in self.choices if one.name == "team"), ())
        return [one for one in found if one.value != NONE]


@router.get("")
def inbox_page(
    request: Request,
    product: TheProduct,
    now: Now,
    staff: Reader,
    view: str = "",
    saved_id: Annotated[int, Query(alias="saved", ge=0, lt=2**53)] = 0,
    q: str = "",
    limit: Annotated[int, Query(ge=1, le=MOST)] = STEP,
) -> Response:
    """``view``: one of VIEWS. ``saved``: the id of a saved view. Both give way to filters, which say all themselves;
    ``saved`` is then the view that they began as."""
    asked, filters = q.strip()[:200], read(request.query_params.multi_items())
    # The form sends its status even where none is chosen.
    is_filtered = bool(filters) or "status" in request.query_params
    with reading(product.database) as session:
        if asked:
            shown = found_inbox(session, staff, asked, limit, now)
        elif is_filtered or saved_id:
            shown = filtered_inbox(session, staff, filters if is_filtered else None, saved_id, limit, now)
        else:
            shown = inbox(session, staff, view if view in VIEWS else VIEWS[0], limit, now)
        tools = _tools(session, texts_for(request), staff, shown, is_whole=not is_fragment(request))
        silent = allowed(staff.role, Permission.EDIT_ARTICLES) and is_silent(session)
    address = _address(shown, is_filtered=is_filtered)
    return page(
        request,
        "console/inbox.html",
        inbox=shown,
        tools=tools,
        address=address,
        views=VIEWS,
        q=asked,
        step=STEP,
        most_counted=listing.MOST_COUNTED,
        silent=silent,
        now=now,
    )


def inbox(session: Session, staff: Staff, view: str, limit: int, now: datetime) -> Inbox:
    """The rows of ``view``, with the counts of all views."""
    talking = bot_is_talking(session, now, limit=MOST)
    numbers, ready = _counts(session, staff, len(talking)), saved_counts(session, staff, now)
    if view == "bot":
        return Inbox(view, numbers, conversations=talking[:limit], limit=limit, saved=ready)
    filters = listing.PRESETS[view]
    rows = listing.rows(session, filters, Viewer(id_of(staff), now), limit)
    return Inbox(view, numbers, tickets=rows, limit=limit, filters=filters, saved=ready)


def filtered_inbox(
    session: Session, staff: Staff, filters: Filters | None, saved_id: int, limit: int, now: datetime
) -> Inbox:
    """The tickets that the filters choose; those that the saved view does where they are None."""
    chosen = saved.view_of(session, saved_id, id_of(staff)) if saved_id else None
    if filters is None:
        filters = saved.filters_of(chosen) if chosen else {}
    talking = bot_is_talking(session, now, limit=MOST)
    rows = listing.rows(session, filters, Viewer(id_of(staff), now), limit)
    numbers, ready = _counts(session, staff, len(talking)), saved_counts(session, staff, now)
    return Inbox("", numbers, tickets=rows, limit=limit, filters=filters, chosen=chosen, saved=ready)


def found_inbox(session: Session, staff: Staff, asked: str, limit: int, now: datetime) -> Inbox:
    """What a search for ``asked`` finds; no view is chosen then."""
    numbers = _counts(session, staff, len(bot_is_talking(session, now, limit=MOST)))
    found = search(session, asked, limit)
    return Inbox("", numbers, found=found, limit=limit, saved=saved_counts(session, staff, now))


def saved_counts(session: Session, staff: Staff, now: datetime) -> list[SavedCount]:
    """The views that ``staff`` has beside those of every desk; one that cannot be read any more counts nothing."""
    viewer = Viewer(id_of(staff), now)
    found = []
    for view in saved.views_of(session, id_of(staff)):
        try:
            found.append(SavedCount(view, listing.count(session, saved.filters_of(view), viewer)))
        except BadFilter:
            found.append(SavedCount(view, 0))
    return found


def _tools(session: Session, t: Texts, staff: Staff, shown: Inbox, *, is_whole: bool) -> Tools:
    """``is_whole``: of a whole page. What is fetched into one leaves its forms alone."""
    if shown.view == "bot" or shown.found:
        return Tools()
    is_own = not shown.view
    return Tools(
        chips(session, t, shown.filters) if is_own else (),
        choices(session, t, shown.filters) if is_whole else (),
        shown.chosen is not None and saved.may_change(shown.chosen, staff),
    )


def _address(shown: Inbox, *, is_filtered: bool) -> str:
    """Where this list stands, without ``limit``."""
    if shown.view:
        return f"/console?view={shown.view}"
    if is_filtered:
        return address_of(shown.filters) + (f"&saved={shown.chosen.id}" if shown.chosen else "")
    return f"/console?saved={shown.chosen.id}" if shown.chosen else "/console"


def _counts(session: Session, staff: Staff, talking: int) -> dict[str, int]:
    mine = select(func.count()).select_from(Ticket)
    mine = mine.where(col(Ticket.status).in_(UNSOLVED), Ticket.assignee_id == staff.id)
    return {**counts(session), "mine": session.exec(mine).one(), "bot": talking}
