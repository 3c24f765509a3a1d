"""What somebody types under a ticket, kept as they type it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Path, Response
from sqlmodel import Session

from api.console.parts import Worker
from api.console.refusals import ConsoleRoute
from api.http.parts import Now, TheProduct
from handoff.rows import id_of
from handoff.tickets import ticket_by_number
from handoff.workplace.drafts import drafts_of, save_draft
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


router = APIRouter(prefix="/console/tickets", route_class=ConsoleRoute, include_in_schema=False)


@router.post("/{number}/draft")
def save(
    product: TheProduct,
    now: Now,
    staff: Worker,
    number: Annotated[int, Path(ge=1, lt=2**53)],
    kind: Annotated[Literal["reply", "note"], Form()] = "reply",
    text: Annotated[str, Form(max_length=50_000)] = "",
) -> Response:
    """Keep it, in place of what was kept before; an empty text is the end of the draft."""
    with transaction(product.database) as session:
        save_draft(session, id_of(ticket_by_number(session, number)), id_of(staff), kind, text, now)
    return Response(status_code=204)


def over_kept(session: Session, ticket_id: int, staff_id: int, refused: Draft | None) -> Draft:
    """What this person had typed: what came with a refused form, and beside it what was kept."""
    kept = drafts_of(session, ticket_id, staff_id)
    reply, note = kept.get("reply", ""), kept.get("note", "")
    if refused is not None:
        return replace(refused, reply=refused.reply or reply, note=refused.note or note)
    return Draft("note" if note and not reply else "reply", reply, note=note)


def begun_as(draft: Draft, suggestion_id: int, text: str) -> Draft:
    """The draft with the suggestion below whatever was typed before."""
    return replace(draft, kind="reply", reply=f"{draft.reply}\n\n{text}".strip(), suggestion=suggestion_id)
