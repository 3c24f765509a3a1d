"""The worklist: what to write or mend next, the most rewarding first; and each item with what can be done about it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Path, Query, Request, Response
from sqlmodel import Session, col, select
from starlette.responses import RedirectResponse

from api.console.draft_page import names_of
from api.console.draft_places import place_of
from api.console.page import page
from api.console.parts import ArticleReader, actor_of, staff_with
from api.console.refusals import ConsoleRoute
from api.http.parts import Now, TheProduct
from bot.learning.worklist import deeds
from bot.learning.worklist.effects import of_all
from bot.learning.worklist.models import Cause, WorkItem, WorkKind, WorkState
from bot.learning.worklist.refreshing import Standing, ask_to_look, standing
from bot.learning.worklist.targets import Target, questions_of
from handoff.models import Staff
from handoff.permissions import Permission
from kb_content.html import to_text
from kb_content.studio.models import Draft
from store import reading, transaction

router = APIRouter(prefix="/console/worklist", route_class=ConsoleRoute, include_in_schema=False)

Editor = Annotated[Staff, Depends(staff_with(Permission.EDIT_ARTICLES))]
Id = Annotated[int, Path(ge=1, lt=2**53)]
A_PAGE = 50
GONE = "gone"
"""The state in which the list shows open items that were not found the last time."""
STATES = (*(state.value for state in WorkState), GONE)

# What an item may have to show, by kind: see the finders in ``bot.learning.worklist``.
_DETAILS = (
    *("questions", "articles", "article", "reply", "words", "right", "source", "why"),
    *("review_by", "applies_to", "is_unused", "versions", "clash", "passages"),
)
_EFFECTS = ("before", "after", "lately")


@dataclass(frozen=True)
class Wanted:
    """Which items the address asks for. ``state``: one of STATES."""

    kind: WorkKind | None = None
    language: str = ""
    state: str = WorkState.OPEN.value
    page: int = 1

    def address(self, page: int) -> str:
        """Where another page of the same is."""
        kind = self.kind.value if self.kind else ""
        asked = {"kind": kind, "language": self.language, "state": self.state, "page": page}
        return f"/console/worklist?{urlencode({key: value for key, value in asked.items() if value})}"


def wanted_from(
    kind: str = "",
    language: Annotated[str, Query(max_length=40)] = "",
    state: str = WorkState.OPEN.value,
    page: Annotated[int, Query(ge=1, lt=10_000)] = 1,
) -> Wanted:
    """What is no kind or state of ours asks for the usual."""
    known = {one.value: one for one in WorkKind}
    return Wanted(known.get(kind), language, state if state in STATES else WorkState.OPEN.value, page)


Asked = Annotated[Wanted, Depends(wanted_from)]


@dataclass(frozen=True)
class Shown:
    """One page of the list. ``counts``: open items by kind; ``held_out``: of what was published, (answered, asked)."""

    items: list[WorkItem]
    found: int
    counts: Counter[str]
    languages: list[str]
    standing: Standing
    held_out: tuple[int, int]
    before: str = ""
    after: str = ""


@router.get("")
def list_page(request: Request, product: TheProduct, now: Now, staff: ArticleReader, wanted: Asked) -> Response:
    with reading(product.database) as session:
        shown = _shown(session, wanted, now)
    return page(request, "console/worklist.html", shown=shown, wanted=wanted, kinds=list(WorkKind), states=STATES)


@router.post("/refresh")
def refresh(product: TheProduct, now: Now, staff: Editor) -> Response:
    """Have the list brought up to date; the server does it in the background."""
    with transaction(product.database) as session:
        ask_to_look(session, now)
    return RedirectResponse("/console/worklist", 303)


@router.get("/{item_id}")
def item_page(request: Request, product: TheProduct, staff: ArticleReader, item_id: Id) -> Response:
    with reading(product.database) as session:
        item = deeds.get(session, item_id)
        draft = session.get(Draft, item.draft_id) if item.draft_id else None
        targets: list[Target] = deeds.targets_of(session, item)
        decided_by = names_of(session, [item.decided_by]).get(item.decided_by or 0, "")
    place = place_of(draft) if draft else ""
    reply = item.detail.get("reply")
    given = set(questions_of(item))
    return page(
        request,
        "console/work_item.html",
        item=item,
        detail={**dict.fromkeys(_DETAILS), **item.detail},
        reply_words=to_text(reply["text"]) if reply else "",
        effect={**dict.fromkeys(_EFFECTS), **item.effect},
        targets=targets,
        decided_by=decided_by,
        place=place,
        given=given,
        causes=list(Cause),
    )


@router.post("/{item_id}/draft")
def begin_draft(
    product: TheProduct,
    now: Now,
    staff: Editor,
    item_id: Id,
    target: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """To the draft in which it is worked."""
    with transaction(product.database) as session:
        draft = deeds.begin_draft(session, item_id, target, actor_of(staff), now)
        place = place_of(draft)
    return RedirectResponse(place, 303)


@router.post("/{item_id}/wont")
def refuse(
    product: TheProduct,
    now: Now,
    staff: Editor,
    item_id: Id,
    reason: Annotated[str, Form(max_length=1_000)] = "",
) -> Response:
    with transaction(product.database) as session:
        deeds.refuse(session, item_id, reason, actor_of(staff), now)
    return _to(item_id)


@router.post("/{item_id}/open")
def open_again(product: TheProduct, now: Now, staff: Editor, item_id: Id) -> Response:
    with transaction(product.database) as session:
        deeds.open_again(session, item_id, actor_of(staff), now)
    return _to(item_id)


@router.post("/{item_id}/cause")
def set_cause(
    product: TheProduct,
    now: Now,
    staff: Editor,
    item_id: Id,
    cause: Annotated[str, Form(pattern=f"^({'|'.join(one.value for one in Cause)})?$")] = "",
) -> Response:
    with transaction(product.database) as session:
        deeds.set_cause(session, item_id, Cause(cause) if cause else None, actor_of(staff), now)
    return _to(item_id)


def _shown(session: Session, wanted: Wanted, now: datetime) -> Shown:
    far = standing(session, now)
    items = list(session.exec(select(WorkItem).order_by(col(WorkItem.id))))
    open_ones = [item for item in items if _state(item, far) == WorkState.OPEN.value]
    fitting = [item for item in items if _state(item, far) == wanted.state and _fits(item, wanted)]
    fitting.sort(key=_order)
    first = (wanted.page - 1) * A_PAGE
    return Shown(
        fitting[first : first + A_PAGE],
        len(fitting),
        Counter(item.kind.value for item in open_ones if wanted.language in ("", item.language)),
        sorted({item.language for item in items if item.language}),
        far,
        of_all([item for item in items if item.state is WorkState.PUBLISHED]),
        wanted.address(wanted.page - 1) if wanted.page > 1 else "",
        wanted.address(wanted.page + 1) if len(fitting) > first + A_PAGE else "",
    )


def _state(item: WorkItem, far: Standing) -> str:
    """The item's state; one that is open but was not found the last time is gone."""
    is_gone = item.state is WorkState.OPEN and far.looked_at is not None and item.seen_at < far.looked_at
    return GONE if is_gone else item.state.value


def _fits(item: WorkItem, wanted: Wanted) -> bool:
    return wanted.kind in (None, item.kind) and wanted.language in ("", item.language)


def _order(item: WorkItem) -> tuple[Any, ...]:
    """What it is worth, then how often it came."""
    return (-float(item.detail.get("rank", 0.0)), -item.count, item.id)


def _to(item_id: int) -> Response:
    return RedirectResponse(f"/console/worklist/{item_id}", 303)
