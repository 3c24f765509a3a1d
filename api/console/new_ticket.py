"""A ticket that an agent opens for what a customer told by phone, in a letter or at the desk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from pydantic import BaseModel, Field
from sqlmodel import Session
from starlette.responses import RedirectResponse

from api.console.page import is_fragment, page, texts_for
from api.console.parts import Worker, actor_of
from api.console.refusals import ConsoleRoute, refuse, sentence, status_for
from api.http.parts import Now, TheProduct
from api.texts import LANGUAGES
from bot import ticket_words
from handoff.errors import BadEmail, EmptyText, HandoffError, NobodyNamed, NoPlace, TextTooLong
from handoff.models import Customer, Priority, Source, Staff, Ticket
from handoff.people import customer_by_id, find_people
from handoff.ticketing import opening
from handoff.ticketing.opening import Place, Told
from handoff.ticketing.sorting import known_categories
from handoff.views import called
from store import reading, transaction

router = APIRouter(prefix="/console/new-ticket", route_class=ConsoleRoute, include_in_schema=False)

SOURCES = (Source.PHONE, Source.EMAIL, Source.VISIT)
NOWHERE = 0
FOUND = 10
Asked = Annotated[str, Query(max_length=200)]
Id = Annotated[int, Query(ge=0, lt=2**53)]


class Written(BaseModel):
    """What stands in the form."""

    customer: Annotated[int, Field(ge=0, lt=2**53)] = 0
    """The id of a customer who is known; 0: somebody new."""
    source: Source = Source.PHONE
    subject: Annotated[str, Field(max_length=300)] = ""
    note: Annotated[str, Field(max_length=50_000)] = ""
    words: Annotated[str, Field(max_length=50_000)] = ""
    priority: Priority = Priority.P2
    category: Annotated[str, Field(max_length=100)] = ""
    name: Annotated[str, Field(max_length=200)] = ""
    email: Annotated[str, Field(max_length=254)] = ""
    language: Annotated[str, Field(max_length=16)] = "en"
    place: Annotated[int, Field(ge=0, lt=2**53)] = NOWHERE
    """The thread where a known customer is written to."""

    @property
    def told(self) -> Told:
        return Told(self.source, self.subject, self.note, self.words, self.priority, self.category)


@dataclass(frozen=True)
class Chosen:
    """The customer for whom the ticket is, if they are known, and where they could be written to."""

    customer: Customer
    places: Sequence[Place]

    @property
    def name(self) -> str:
        return called(self.customer)


@router.get("")
def new_ticket_page(
    request: Request,
    product: TheProduct,
    staff: Worker,
    customer: Id = 0,
    q: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """``customer``: who is known already. ``q``: what to find them by."""
    with reading(product.database) as session:
        chosen = _chosen(session, customer)
        place = chosen.places[0].thread_id if chosen and chosen.places else NOWHERE
        found = [Chosen(one, ()) for one in find_people(session, q, None, FOUND)]
        written = Written(customer=customer, place=place, language=staff.language)
        return _page(request, session, written, chosen, found, q)


@router.post("")
def open_ticket(
    request: Request, product: TheProduct, now: Now, staff: Worker, written: Annotated[Written, Form()]
) -> Response:
    try:
        with transaction(product.database) as session:
            number = _open(session, written, staff, now).number
    except (EmptyText, NobodyNamed, TextTooLong, BadEmail, NoPlace) as error:
        if is_fragment(request):
            return refuse(request, error)
        with reading(product.database) as session:
            return _page(request, session, written, _chosen(session, written.customer), error=error)
    return RedirectResponse(f"/console/tickets/{number}", 303)


def _open(session: Session, written: Written, staff: Staff, now: datetime) -> Ticket:
    actor = actor_of(staff)
    if written.customer:
        words = ticket_words.opened_for(session, written.customer, written.subject)
        return opening.open_for(session, written.customer, written.place or None, written.told, actor, now, words)
    language = written.language if written.language in LANGUAGES else "en"
    words = ticket_words.opened(None, language, written.subject)
    return opening.open_for_new(session, written.name, written.email, language, written.told, actor, now, words)


def _chosen(session: Session, customer_id: int) -> Chosen | None:
    if not customer_id:
        return None
    customer = customer_by_id(session, customer_id)
    return Chosen(customer, opening.places_of(session, customer))


def _page(
    request: Request,
    session: Session,
    written: Written,
    chosen: Chosen | None,
    found: Sequence[Chosen] = (),
    q: str = "",
    error: HandoffError | None = None,
) -> Response:
    status = status_for(error) if error else 200
    return page(
        request,
        "console/new_ticket.html",
        status=status,
        written=written,
        chosen=chosen,
        found=found,
        asked=q,
        words=sentence(texts_for(request), error, status) if error else "",
        sources=SOURCES,
        priorities=tuple(Priority),
        categories=known_categories(session),
        spoken=LANGUAGES,
    )
