"""What somebody types under a ticket, kept as they type it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Path, Response
from sqlmodel import Session

from api.console.parts import Worker
from api.console.refusals import ConsoleRoute
from api.http.parts import Now, TheProduct
from handoff.models import Suggestion
from handoff.rows import id_of
from handoff.tickets import ticket_by_number
from handoff.workplace.drafts import Origin, drafts_of, origin_of, save_draft
from store import transaction


@dataclass(frozen=True)
class Draft:
    """What stands in the two boxes below a ticket when its page is made."""

    kind: str = "reply"
    """The box that is open: reply or note."""
    reply: str = ""
    suggestion: int = 0
    """The suggestion that the reply began as; 0 for none."""
    note: str = ""
    macro: int = 0
    """The macro whose words the reply began as; 0 for none."""
    with_deeds: bool = True
    """What it does beside is ticked."""
    is_kept: bool = False
    """It was kept from before, and not sent just now."""


Id = Annotated[int, Form(ge=0, lt=2**53)]
router = APIRouter(prefix="/console/tickets", route_class=ConsoleRoute, include_in_schema=False)


@router.post("/{number}/draft")
def save(
    product: TheProduct,
    now: Now,
    staff: Worker,
    number: Annotated[int, Path(ge=1, lt=2**53)],
    kind: Annotated[Literal["reply", "note"], Form()] = "reply",
    text: Annotated[str, Form(max_length=50_000)] = "",
    suggestion: Id = 0,
    macro: Id = 0,
    deeds: Annotated[bool, Form()] = False,
) -> Response:
    """Keep it, in place of what was kept before; an empty text is the end of the draft. What the words began as is
    kept with them, so that it is known when they are sent."""
    origin = Origin(suggestion, macro, deeds)
    with transaction(product.database) as session:
        save_draft(session, id_of(ticket_by_number(session, number)), id_of(staff), kind, text, now, origin)
    return Response(status_code=204)


def over_kept(session: Session, ticket_id: int, staff_id: int, refused: Draft | None) -> Draft:
    """What this person had typed: what came with a refused form, and beside it what was kept."""
    kept = drafts_of(session, ticket_id, staff_id)
    reply, note = kept.get("reply", ""), kept.get("note", "")
    if refused is not None:
        return replace(refused, reply=refused.reply or reply, note=refused.note or note)
    began = origin_of(session, ticket_id, staff_id)
    kind = "note" if note and not reply else "reply"
    return Draft(kind, reply, began.suggestion, note, began.macro, began.with_deeds, is_kept=True)


def begun_as(draft: Draft, suggestion_id: int, text: str) -> Draft:
    """The draft with the suggestion below whatever was typed before."""
    return replace(draft, kind="reply", reply=f"{draft.reply}\n\n{text}".strip(), suggestion=suggestion_id)


def still_offered(draft: Draft, offered: Suggestion | None) -> Draft:
    """The draft without a suggestion that was dealt with, or overtaken, since: what is left are somebody's own
    words. A form that was refused keeps it: whoever sent it is told."""
    is_gone = draft.is_kept and draft.suggestion and (offered is None or offered.id != draft.suggestion)
    return replace(draft, suggestion=0) if is_gone else draft
