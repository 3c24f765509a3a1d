"""The page of a ticket, and what agents do on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, File, Form, Path, Query, Request, Response, UploadFile
from sqlmodel import Session
from starlette.responses import RedirectResponse

from api.console.answers import choices
from api.console.card import asked_again, glance
from api.console.drafts import Draft, begun_as, over_kept, still_offered
from api.console.looks import note_read
from api.console.moments import SheetChoices, zone_of_staff
from api.console.page import is_fragment, page, texts_for
from api.console.parts import Reader, Worker, actor_of
from api.console.person import person_of
from api.console.picking import picked
from api.console.presence import others_at
from api.console.refusals import ConsoleRoute, refuse, sentence, status_for
from api.console.talk import talk
from api.http.limits import FILES_A_MESSAGE
from api.http.parts import Now, TheProduct
from api.product import Product
from bot import macros, suggestions
from bot.replies import closing_words
from handoff import desk
from handoff.errors import (
    EmptyText,
    GapsLeft,
    HandoffError,
    MacroNotFound,
    MacroRefused,
    StaleReply,
    SuggestionGone,
    TextTooLong,
    TicketClosed,
)
from handoff.models import Conversation, Staff
from handoff.rows import id_of
from handoff.staffing.views import assignment_of
from handoff.ticketing.marks import Mark, mark
from handoff.ticketing.pausing import wait_for_customer
from handoff.ticketing.views import sheet
from handoff.tickets import ticket_by_number
from handoff.workplace.drafts import drop_draft
from handoff.workplace.macros import macro_of
from store import reading, transaction
from store.errors import FileTooLarge, StoreError
from store.files import Kept, keep, save

router = APIRouter(prefix="/console/tickets", route_class=ConsoleRoute, include_in_schema=False)

# A browser sends a line end as two characters, so the form takes more than the desk will.
Words = Annotated[str, Form(max_length=50_000)]
Number = Annotated[int, Path(ge=1, lt=2**53)]
MessageId = Annotated[int, Form(ge=0, lt=2**53)]
Ticked = Annotated[bool, Form()]
SuggestionId = Annotated[int, Query(ge=0, lt=2**53)]
MacroId = Annotated[int, Query(ge=0, lt=2**53)]


@dataclass(frozen=True)
class SentFile:
    """A file that came with a form: its bytes are kept already, its row is not made yet."""

    name: str
    media_type: str
    kept: Kept


@router.get("/{number}")
def ticket_page(
    request: Request,
    product: TheProduct,
    now: Now,
    staff: Reader,
    number: Number,
    all: bool = False,
    edit: SuggestionId = 0,
    macro: MacroId = 0,
) -> Response:
    """``edit``: the suggestion that shall stand in the reply box, for a browser without JavaScript; ``macro`` the same
    for a macro."""
    if not is_fragment(request):
        # A live update may come to a window that nobody looks at.
        note_read(product, staff, number, now)
    return _page(request, product, staff, number, now, everything=all, edit=edit, macro=macro)


@router.post("/{number}/claim")
def claim(product: TheProduct, now: Now, staff: Worker, number: Number) -> Response:
    with transaction(product.database) as session:
        desk.claim(session, number, actor_of(staff), now)
    return _back_to(number)


@router.post("/{number}/take-over")
def take_over(product: TheProduct, now: Now, staff: Worker, number: Number) -> Response:
    with transaction(product.database) as session:
        desk.take_over(session, ticket_by_number(session, number).conversation_id, actor_of(staff), now)
    return _back_to(number)


@router.post("/{number}/hand-back")
def hand_back(product: TheProduct, now: Now, staff: Worker, number: Number) -> Response:
    with transaction(product.database) as session:
        desk.hand_back(session, number, actor_of(staff), now)
    return _back_to(number)


@router.post("/{number}/resolve")
def resolve(
    product: TheProduct,
    now: Now,
    staff: Worker,
    number: Number,
    seen: Annotated[int | None, Form(ge=0, lt=2**53)] = None,
) -> Response:
    """Call it solved, unless somebody wrote after ``seen``, the newest message on the page that was looked at."""
    with transaction(product.database) as session:
        conversation = session.get_one(Conversation, ticket_by_number(session, number).conversation_id)
        words = closing_words(conversation.language, number)
        desk.resolve(session, number, actor_of(staff), now, words, seen)
    return _back_to(number)


@router.post("/{number}/reopen")
def reopen(product: TheProduct, now: Now, staff: Worker, number: Number) -> Response:
    with transaction(product.database) as session:
        desk.reopen(session, number, actor_of(staff), now)
    return _back_to(number)


@router.post("/{number}/note")
def note(
    request: Request,
    product: TheProduct,
    now: Now,
    staff: Worker,
    number: Number,
    text: Words = "",
    diagnosis: Ticked = False,
) -> Response:
    try:
        with transaction(product.database) as session:
            message = desk.note(session, number, text, actor_of(staff), now)
            if diagnosis:
                mark(session, number, id_of(message), Mark.DIAGNOSIS, actor_of(staff), now)
            drop_draft(session, id_of(ticket_by_number(session, number)), id_of(staff), "note")
    except (EmptyText, TextTooLong) as error:
        return _refused(request, product, staff, number, now, error, Draft("note", note=text))
    return _back_to(number)


@router.post("/{number}/reply")
def reply(
    request: Request,
    product: TheProduct,
    now: Now,
    staff: Worker,
    number: Number,
    text: Words = "",
    seen: MessageId = 0,
    anyway: MessageId = 0,
    suggestion: MessageId = 0,
    workaround: Ticked = False,
    wait: Ticked = False,
    macro: MessageId = 0,
    deeds: Ticked = False,
    files: Annotated[list[UploadFile] | None, File(max_length=FILES_A_MESSAGE)] = None,
) -> Response:
    """Say it to the customer. When they wrote after ``seen``, the newest that the agent had read, that is shown first.

    ``anyway`` is the newest message that was shown then: sending again with it is the agent's "send it all the same".
    ``suggestion`` is the one that the text began as; what a colleague said with it meanwhile is shown first, too.
    ``workaround``: the words are one. ``wait``: the ticket then rests until the customer writes.
    ``macro``: the one whose words these were at first; ``deeds``: what it does beside is done, too.
    """
    had_read, draft = max(seen, anyway), Draft("reply", text, suggestion, macro=macro, with_deeds=deeds)
    try:
        sent = _keep(product, files or [])
        with transaction(product.database) as session:
            file_ids = [_row_of(product, session, file, now) for file in sent]
            if suggestion:
                said = suggestions.edit(session, number, suggestion, text, actor_of(staff), now, file_ids, had_read)
            else:
                said = desk.reply(session, number, text, actor_of(staff), now, file_ids, had_read)
            if workaround:
                mark(session, number, id_of(said), Mark.WORKAROUND, actor_of(staff), now)
            if macro:
                used, ticket = macro_of(session, macro, id_of(staff)), ticket_by_number(session, number)
                macros.after_reply(session, ticket, used, said, actor_of(staff), now, with_deeds=deeds)
            if wait:
                wait_for_customer(session, number, actor_of(staff), now)
            drop_draft(session, id_of(ticket_by_number(session, number)), id_of(staff), "reply")
    except (StaleReply, SuggestionGone) as error:
        return _stale(request, product, staff, number, now, error, draft, had_read)
    except (EmptyText, TextTooLong, TicketClosed, FileTooLarge, MacroNotFound, MacroRefused, GapsLeft) as error:
        return _refused(request, product, staff, number, now, error, draft)
    return _back_to(number)


def _keep(product: Product, files: list[UploadFile]) -> list[SentFile]:
    """Put the bytes away before the transaction begins. A file field that was left empty comes as one without name."""
    return [
        SentFile(file.filename, file.content_type or "", keep(product.files, file.file))
        for file in files
        if file.filename
    ]


def _row_of(product: Product, session: Session, file: SentFile, now: datetime) -> int:
    return id_of(save(product.files, session, file.name, file.media_type, file.kept, now))


def _page(
    request: Request,
    product: Product,
    staff: Staff,
    number: int,
    now: datetime,
    *,
    status: int = 200,
    everything: bool = False,
    draft: Draft | None = None,
    words: str = "",
    had_read: int | None = None,
    gone: int | None = None,
    edit: int = 0,
    macro: int = 0,
) -> Response:
    with reading(product.database) as session:
        ticket = ticket_by_number(session, number)
        shown = talk(session, ticket.conversation_id, staff, everything=everything)
        person = person_of(session, shown.customer, now)
        assignment = assignment_of(session, ticket)
        card = glance(session, shown, now, product)
        found, zone = sheet(session, ticket), zone_of_staff(session, staff)
        others = others_at(session, texts_for(request), number, id_of(staff), now)
        draft = over_kept(session, id_of(ticket), id_of(staff), draft)
        chosen = picked(session, product, texts_for(request), staff, number, macro, draft, now)
    draft = still_offered(draft, shown.offered)
    if edit and shown.offered and shown.offered.id == edit:
        draft = begun_as(draft, edit, shown.offered.text)
    if macro and chosen:
        draft = begun_as(draft, 0, chosen.text)
    return page(
        request,
        "console/ticket.html",
        status=status,
        talk=shown,
        person=person,
        assignment=assignment,
        glance=card,
        sheet=found,
        sheet_choices=SheetChoices(zone),
        others=others,
        draft=draft,
        picked=chosen,
        asked=asked_again(card, draft.reply),
        words=words,
        newer=[] if had_read is None else shown.newer_than(had_read, id_of(staff), gone),
        gone=gone,
        titles=choices(request, product.database, staff, shown.conversation.language),
    )


def _refused(
    request: Request,
    product: Product,
    staff: Staff,
    number: int,
    now: datetime,
    error: HandoffError | StoreError,
    draft: Draft,
) -> Response:
    """Beside the form when htmx sent it; without JavaScript the whole page again, with what was typed."""
    if is_fragment(request):
        return refuse(request, error)
    status = status_for(error)
    words = sentence(texts_for(request), error, status)
    return _page(request, product, staff, number, now, status=status, draft=draft, words=words)


def _stale(
    request: Request,
    product: Product,
    staff: Staff,
    number: int,
    now: datetime,
    error: StaleReply | SuggestionGone,
    draft: Draft,
    had_read: int,
) -> Response:
    """409 with what was said meanwhile, by the customer or a colleague, and the button that sends all the same."""
    gone = error.message_id if isinstance(error, SuggestionGone) else None
    if not is_fragment(request):
        return _page(request, product, staff, number, now, status=409, draft=draft, had_read=had_read, gone=gone)
    with reading(product.database) as session:
        newer = talk(session, ticket_by_number(session, number).conversation_id, staff).newer_than(
            had_read, id_of(staff), gone
        )
    place = {"HX-Retarget": "#stale", "HX-Reswap": "innerHTML"}
    return page(request, "console/stale.html", status=409, headers=place, newer=newer, gone=gone)


def _back_to(number: int) -> Response:
    """To the ticket's page: the same answer for a browser without JavaScript and for htmx, which fetches its middle."""
    return RedirectResponse(f"/console/tickets/{number}", 303)
