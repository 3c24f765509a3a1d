"""Where an article is written: saved as it is typed, previewed, and merged where two wrote at once."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import JSONResponse
from sqlmodel import Session
from starlette.responses import RedirectResponse

from api.console.article_form import Sent, SentForm, base_text, content_from, fields_of
from api.console.draft_page import draft_page, fault_words, names_of, preview_for, why_not
from api.console.draft_places import place_of
from api.console.merging import merge_page, outdated_page
from api.console.page import NO_STORE, page, texts_for
from api.console.parts import ArticleReader, staff_with
from api.console.refusals import ConsoleRoute
from api.http.parts import Now, TheProduct
from api.product import Product
from handoff.models import Staff
from handoff.permissions import Permission
from handoff.rows import id_of
from kb_content.errors import DraftChanged
from kb_content.studio import drafts
from kb_content.studio.faults import faults
from kb_content.studio.four_eyes import four_eyes
from kb_content.studio.models import Draft, DraftKind
from store import reading, transaction

router = APIRouter(prefix="/console/drafts", route_class=ConsoleRoute, include_in_schema=False)

Editor = Annotated[Staff, Depends(staff_with(Permission.EDIT_ARTICLES))]
DraftId = Annotated[int, Path(ge=1, lt=2**53)]


@router.get("/{draft_id}")
def edit(
    request: Request,
    product: TheProduct,
    staff: ArticleReader,
    draft_id: DraftId,
) -> Response:
    """The editor of an article; a draft of anything else is edited where its kind is."""
    with reading(product.database) as session:
        draft = drafts.get(session, draft_id)
    if draft.kind is not DraftKind.ARTICLE:
        return RedirectResponse(place_of(draft), 303)
    return draft_page(request, product, staff, draft_id)


@router.post("/{draft_id}")
def save(request: Request, product: TheProduct, now: Now, staff: Editor, draft_id: DraftId, sent: SentForm) -> Response:
    """Keep what is in the form. The page's script gets {revision, state, base, faults, why_not}, or 409 with {by}."""
    wants_json = "application/json" in request.headers.get("accept", "")
    try:
        with transaction(product.database) as session:
            kept = keep(session, draft_id, sent, staff, now)
            has_four_eyes = four_eyes(session)
    except DraftChanged as changed:
        return _changed(request, product, staff, sent, changed, wants_json)
    if not wants_json:
        return RedirectResponse(f"/console/drafts/{draft_id}", 303)
    said = {
        "revision": kept.revision,
        "state": texts_for(request)(f"draft.state.{kept.state.value}"),
        "base": base_text(sent.over(fields_of(kept.content))),
        "faults": fault_words(texts_for(request), faults(kept)),
        "why_not": why_not(texts_for(request), kept, has_four_eyes),
    }
    return JSONResponse(said, headers=NO_STORE)


@router.post("/{draft_id}/preview")
def preview(request: Request, product: TheProduct, staff: ArticleReader, draft_id: DraftId, sent: SentForm) -> Response:
    """What is in the form, as customers would see it. Nothing is kept."""
    with reading(product.database) as session:
        draft = drafts.get(session, draft_id)
        found = preview_for(session, draft, sent.fields, product.settings.address)
    return page(request, "console/preview.html", preview=found)


@router.get("/{draft_id}/take-over")
def compare_with_live(request: Request, product: TheProduct, staff: Editor, draft_id: DraftId) -> Response:
    """The draft and what the KB says meanwhile, merged as far as they do not contradict each other."""
    return outdated_page(request, product, draft_id)


@router.post("/{draft_id}/take-over")
def take_over(
    request: Request, product: TheProduct, now: Now, staff: Editor, draft_id: DraftId, sent: SentForm
) -> Response:
    """Keep the merged text: the draft begins from what the KB says now."""
    try:
        with transaction(product.database) as session:
            draft = drafts.get(session, draft_id)
            content = content_from(sent.fields, draft.content)
            drafts.rebase(session, draft_id, sent.revision, content, id_of(staff), now, actor=staff.name)
    except DraftChanged as changed:
        return _changed(request, product, staff, sent, changed, False)
    return RedirectResponse(f"/console/drafts/{draft_id}", 303)


def keep(session: Session, draft_id: int, sent: Sent, staff: Staff, now: Now) -> Draft:
    """Save the article that was sent, if any was and it says something new. Raises NoSuchDraft, DraftChanged."""
    draft = drafts.get(session, draft_id)
    if not sent.has_article or draft.kind is not DraftKind.ARTICLE:
        return draft
    before = fields_of(draft.content)
    if sent.over(before) == before:
        return draft
    content = content_from(sent.fields, draft.content)
    return drafts.save(session, draft_id, sent.revision, content, id_of(staff), now, actor=staff.name)


def _changed(
    request: Request, product: Product, staff: Staff, sent: Sent, changed: DraftChanged, wants_json: bool
) -> Response:
    """Somebody else saved meanwhile."""
    if not wants_json:
        return merge_page(request, product, changed.draft, sent)
    with reading(product.database) as session:
        by = names_of(session, [changed.draft.changed_by]).get(changed.draft.changed_by or 0, "")
    return JSONResponse({"by": by, "words": texts_for(request)("draft.changed", name=by)}, 409, headers=NO_STORE)
