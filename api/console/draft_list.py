"""What is being written: all drafts, by how far they are, and the rule of the second pair of eyes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from sqlmodel import Session
from starlette.responses import RedirectResponse

from api.console.draft_page import names_of, people_of
from api.console.draft_places import place_of
from api.console.page import page
from api.console.parts import ArticleReader, staff_with
from api.console.publications import drafts_of
from api.console.refusals import ConsoleRoute
from api.http.parts import Now, TheProduct
from bot.learning.importing.approval import in_review
from bot.learning.studio.publications import WAITING, publications
from handoff.models import Staff
from handoff.permissions import Permission
from handoff.rows import id_of
from kb_content.studio import drafts
from kb_content.studio.four_eyes import four_eyes, set_four_eyes
from kb_content.studio.models import Draft, DraftKind, DraftState
from kb_content.studio.values import article_of
from store import reading, transaction

router = APIRouter(prefix="/console/drafts", route_class=ConsoleRoute, include_in_schema=False)

Admin = Annotated[Staff, Depends(staff_with(Permission.MANAGE_SYSTEM))]
ORDER = (DraftState.IN_REVIEW, DraftState.APPROVED, DraftState.SCHEDULED, DraftState.DRAFT)
"""What waits for somebody else comes first."""


@dataclass(frozen=True)
class Line:
    """``publication``: the id of the publication that the draft is being published in; 0 for none."""

    draft: Draft
    title: str
    place: str
    publication: int = 0


@router.get("")
def list_page(request: Request, product: TheProduct, staff: ArticleReader, kind: DraftKind | None = None) -> Response:
    with reading(product.database) as session:
        found = drafts.drafts(session, kind)
        under_way = _under_way(session)
        names = names_of(session, (one for draft in found for one in people_of(draft)))
        has_four_eyes = four_eyes(session)
        recent = [(wish, [one.title for one in drafts_of(session, wish)]) for wish in publications(session, 10)]
        imports = in_review(session) if kind is None else ()
    lines = [Line(draft, title_of(draft), place_of(draft), under_way.get(draft.id or 0, 0)) for draft in found]
    groups = {state: [line for line in lines if line.draft.state is state] for state in ORDER}
    return page(
        request,
        "console/drafts.html",
        groups={state: some for state, some in groups.items() if some},
        names=names,
        kind=kind,
        kinds=tuple(DraftKind),
        has_four_eyes=has_four_eyes,
        recent=recent,
        imports=imports,
    )


@router.post("/four-eyes")
def choose(product: TheProduct, now: Now, staff: Admin, is_on: Annotated[bool, Form()] = False) -> Response:
    """Whether another editor must approve what is published."""
    with transaction(product.database) as session:
        set_four_eyes(session, is_on, id_of(staff), now, actor=staff.name)
    return RedirectResponse("/console/drafts#four-eyes", 303)


def title_of(draft: Draft) -> str:
    """What a list calls the draft."""
    return (article_of(draft).title if draft.kind is DraftKind.ARTICLE else "") or draft.name


def _under_way(session: Session) -> dict[int, int]:
    """By draft, the publication that it is in now."""
    waiting = [wish for wish in publications(session) if wish.state in WAITING]
    return {draft_id: wish.id or 0 for wish in waiting for draft_id in wish.drafts}
