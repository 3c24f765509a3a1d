"""What becomes of a draft: reviewed, scheduled, published, taken out of the knowledge base, discarded.

The buttons stand in the form of the text, so that what is typed is saved by whichever of them is pressed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Path, Request, Response
from sqlmodel import Session
from starlette.responses import RedirectResponse

from api.console.article_form import SentForm
from api.console.draft_page import draft_page
from api.console.draft_places import place_of, place_without
from api.console.editing import keep
from api.console.merging import merge_page
from api.console.moments import moment_of, zone_of_staff
from api.console.parts import staff_with
from api.console.refusals import ConsoleRoute
from api.http.parts import Now, TheProduct
from bot.learning.studio import publications
from bot.learning.studio.content import content_changes
from handoff.errors import HandoffError
from handoff.models import Staff
from handoff.permissions import Permission
from handoff.rows import id_of
from kb_content.errors import DraftChanged, KbError
from kb_content.studio import drafts
from kb_content.studio.models import Draft, DraftKind
from kb_content.studio.translations import mark_translated
from store import transaction

router = APIRouter(prefix="/console/drafts", route_class=ConsoleRoute, include_in_schema=False)

Editor = Annotated[Staff, Depends(staff_with(Permission.EDIT_ARTICLES))]
DraftId = Annotated[int, Path(ge=1, lt=2**53)]
Short = Annotated[str, Form(max_length=5_000)]
Ids = Annotated[list[Annotated[int, Form(ge=1, lt=2**53)]], Form(max_length=500, default_factory=list)]


@dataclass(frozen=True)
class Told:
    """What the form says beside the text; each deed takes its own of it. ``revision``: of the draft that they have
    before them who press the button."""

    note: str
    publish_at: str
    percent: int | None
    accounts: list[int]
    revision: int = 0


Deed = Callable[[Session, Draft, Staff, Told, datetime], str | None]
"""Does it, and says where to go then; None: back to the draft."""


def told(
    accounts: Ids,
    note: Short = "",
    publish_at: Annotated[str, Form(max_length=40)] = "",
    percent: Annotated[int | None, Form(ge=0, le=100)] = None,
) -> Told:
    return Told(note, publish_at, percent or None, accounts)


def _submit(session: Session, draft: Draft, staff: Staff, said: Told, now: datetime) -> None:
    drafts.submit(session, draft.id or 0, id_of(staff), now, said.note, actor=staff.name)


def _approve(session: Session, draft: Draft, staff: Staff, said: Told, now: datetime) -> None:
    drafts.approve(session, draft.id or 0, id_of(staff), now, said.revision, actor=staff.name)


def _send_back(session: Session, draft: Draft, staff: Staff, said: Told, now: datetime) -> None:
    drafts.send_back(session, draft.id or 0, said.note, id_of(staff), now, actor=staff.name)


def _schedule(session: Session, draft: Draft, staff: Staff, said: Told, now: datetime) -> str | None:
    """To the check where something is not ticked yet: at its hour nobody is there to do it."""
    at = moment_of("", said.publish_at, now, zone_of_staff(session, staff))
    drafts.schedule(session, draft.id or 0, at, id_of(staff), now, actor=staff.name)
    is_ticked = all(one.is_ticked for one in content_changes(session, [draft.id or 0]))
    return None if is_ticked else f"/console/drafts/{draft.id}/check"


def _unschedule(session: Session, draft: Draft, staff: Staff, said: Told, now: datetime) -> None:
    drafts.unschedule(session, draft.id or 0, id_of(staff), now, actor=staff.name)


def _remove(session: Session, draft: Draft, staff: Staff, said: Told, now: datetime) -> None:
    drafts.mark_removal(session, draft.id or 0, id_of(staff), now, True, actor=staff.name)


def _keep(session: Session, draft: Draft, staff: Staff, said: Told, now: datetime) -> None:
    drafts.mark_removal(session, draft.id or 0, id_of(staff), now, False, actor=staff.name)


def _discard(session: Session, draft: Draft, staff: Staff, said: Told, now: datetime) -> str:
    place = place_without(draft)
    drafts.discard(session, draft.id or 0, id_of(staff), now, actor=staff.name)
    return place


def _publish(session: Session, draft: Draft, staff: Staff, said: Told, now: datetime) -> str:
    return f"/console/publications/{publications.ask(session, [draft.id or 0], id_of(staff), now)}"


def _publish_staged(session: Session, draft: Draft, staff: Staff, said: Told, now: datetime) -> str:
    """First for the share of conversations, or the accounts, that were chosen."""
    asked = publications.ask(session, [draft.id or 0], id_of(staff), now, percent=said.percent, accounts=said.accounts)
    return f"/console/publications/{asked}"


def _translated(session: Session, draft: Draft, staff: Staff, said: Told, now: datetime) -> None:
    mark_translated(session, draft.id or 0, draft.revision, id_of(staff), now, actor=staff.name)


DEEDS: dict[str, Deed] = {
    "submit": _submit,
    "approve": _approve,
    "send-back": _send_back,
    "schedule": _schedule,
    "unschedule": _unschedule,
    "remove": _remove,
    "keep": _keep,
    "discard": _discard,
    "publish": _publish,
    "publish-staged": _publish_staged,
    "translated": _translated,
}


def _route(deed: Deed) -> Callable[..., Response]:
    def do(
        request: Request,
        product: TheProduct,
        now: Now,
        staff: Editor,
        draft_id: DraftId,
        sent: SentForm,
        said: Annotated[Told, Depends(told)],
    ) -> Response:
        """Save what is in the form, then do it. What cannot be done is said on the draft's page, with the text kept."""
        kept: Draft | None = None
        try:
            with transaction(product.database) as session:
                before = drafts.get(session, draft_id).revision
                kept = keep(session, draft_id, sent, staff, now)
                read = sent.revision if sent.has_article and kept.revision == before else kept.revision
                is_article, back = kept.kind is DraftKind.ARTICLE, place_of(kept)
            with transaction(product.database) as session:
                to = deed(session, drafts.get(session, draft_id), staff, replace(said, revision=read), now)
        except DraftChanged as changed:
            if not sent.has_article:
                raise
            return merge_page(request, product, changed.draft, sent)
        except (KbError, HandoffError) as error:
            if kept is None or not is_article:
                raise
            return draft_page(request, product, staff, draft_id, error)
        return RedirectResponse(to or back, 303)

    return do


# One route each, so that other rooms can have deeds of their own at the same place.
for name, one in DEEDS.items():
    router.post(f"/{{draft_id}}/{name}")(_route(one))
