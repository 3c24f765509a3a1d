"""The web chat's visitor and their own tickets: what is promised next, close, reopen, rate; and their e-mail address.

What they add to a ticket is a message like any other, with its number in ``about``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response
from pydantic import BaseModel, Field
from sqlmodel import Session

from api.http.chat import TheVisitor
from api.http.parts import Now, TheProduct
from api.http.problems import ApiProblem, answers
from api.http.words import Language, Words
from api.product import Product
from bot.models import WebVisitor
from bot.own_tickets import OwnTicket, listed, one
from bot.web_chat import WEB
from handoff import own_tickets
from handoff.copies import can_mail
from handoff.customers import ADDRESS, customer_called, find_customer, set_email
from handoff.errors import BadEmail, TicketNotFound
from handoff.models import Customer, Ticket
from handoff.rows import id_of
from handoff.surveys.asking import add_words, score_ticket
from store import reading, transaction

MOST = 50
NO_SUCH = "You have no ticket of this number."

router = APIRouter(prefix="/api/v1/chat", tags=["web chat"])


class OwnTicketShown(BaseModel):
    """A ticket as its customer sees it."""

    number: int
    status: str = Field(description="open, pending, resolved or closed.")
    words: str = Field(description="The status in the asked language.")
    subject: str
    at: str
    promise: str = Field(description="By when the customer hears from us, as a sentence; empty without a promise.")
    may: list[str] = Field(description="What the customer may do: add_to_ticket, close_ticket, reopen_ticket, csat.")
    score: int | None = Field(description="The customer's rating, 1 to 5.")


class MailShown(BaseModel):
    """Whether answers can go to an e-mail address as well, and to which they do."""

    can_mail: bool
    address: str | None


class OwnMatters(BaseModel):
    tickets: list[OwnTicketShown]
    mail: MailShown


class Rating(BaseModel):
    score: int = Field(ge=1, le=5)
    words: Words | None = Field(default=None, max_length=2_000)


class MailAddress(BaseModel):
    address: str = Field(max_length=254, pattern=f"^{ADDRESS}$", examples=["ada@example.com"])


Number = Annotated[int, Path(ge=1, le=2**53, description="The ticket's number.")]
Spoken = Annotated[Language | None, Query(description="The language of status and promise; else the visitor's.")]
Deed = Callable[[Session, int], object]


@router.get("/tickets", responses=answers(401, 422))
def tickets(product: TheProduct, who: TheVisitor, now: Now, language: Spoken = None) -> OwnMatters:
    """The visitor's own tickets, those that are not solved first."""
    with reading(product.database) as session:
        customer = customer_called(session, WEB, who.visitor)
        found = listed(session, id_of(customer), now, language or who.language, MOST) if customer else []
        mail = MailShown(can_mail=can_mail(session), address=customer.email if customer else None)
    return OwnMatters(tickets=[_shown(ticket) for ticket in found], mail=mail)


@router.post("/tickets/{number}/close", responses=answers(401, 404, 422))
def close(product: TheProduct, who: TheVisitor, now: Now, number: Number, language: Spoken = None) -> OwnTicketShown:
    """The visitor needs no more of it."""
    return _do(product, who, now, number, language, lambda session, one: own_tickets.close(session, one, number, now))


@router.post("/tickets/{number}/reopen", responses=answers(401, 404, 422))
def reopen(product: TheProduct, who: TheVisitor, now: Now, number: Number, language: Spoken = None) -> OwnTicketShown:
    """A person shall look at it again."""
    return _do(product, who, now, number, language, lambda session, one: own_tickets.reopen(session, one, number, now))


@router.post("/tickets/{number}/rating", responses=answers(400, 401, 404, 413, 422))
def rate(
    product: TheProduct, who: TheVisitor, now: Now, number: Number, rating: Rating, language: Spoken = None
) -> OwnTicketShown:
    """How a ticket was dealt with, from 1 (poor) to 5 (very good); the last number counts."""
    return _do(
        product,
        who,
        now,
        number,
        language,
        lambda session, one: _rate(session, _own(session, one, number), rating, now),
    )


@router.put("/email", responses=answers(400, 401, 413, 422))
def leave_address(product: TheProduct, who: TheVisitor, now: Now, mail: MailAddress) -> MailShown:
    """Answers go to this address as well from now on."""
    try:
        with transaction(product.database) as session:
            customer = find_customer(session, WEB, who.visitor, now, language=who.language)
            set_email(session, customer, mail.address, now)
            return MailShown(can_mail=can_mail(session), address=customer.email)
    except BadEmail as error:
        raise ApiProblem(422, str(error)) from None


@router.delete("/email", status_code=204, response_class=Response, responses=answers(401))
def forget_address(product: TheProduct, who: TheVisitor, now: Now) -> None:
    """Answers come to the chat only."""
    with transaction(product.database) as session:
        customer = customer_called(session, WEB, who.visitor)
        if customer is not None:
            set_email(session, customer, None, now)


def _do(
    product: Product, who: WebVisitor, now: datetime, number: int, language: str | None, deed: Deed
) -> OwnTicketShown:
    """Do it and show the ticket as it is then. A 404 problem where it is not the visitor's own."""
    try:
        with transaction(product.database) as session:
            customer = _customer(session, who)
            deed(session, id_of(customer))
            shown = one(session, id_of(customer), number, now, language or who.language)
    except TicketNotFound:
        shown = None
    if shown is None:
        raise ApiProblem(404, NO_SUCH)
    return _shown(shown)


def _customer(session: Session, who: WebVisitor) -> Customer:
    customer = customer_called(session, WEB, who.visitor)
    if customer is None:
        raise TicketNotFound
    return customer


def _own(session: Session, customer_id: int, number: int) -> Ticket:
    ticket = own_tickets.own_ticket(session, customer_id, number)
    if ticket is None:
        raise TicketNotFound
    return ticket


def _rate(session: Session, ticket: Ticket, rating: Rating, now: datetime) -> None:
    survey = score_ticket(session, ticket, rating.score, now)
    if rating.words:
        add_words(session, survey, rating.words, now)


def _shown(ticket: OwnTicket) -> OwnTicketShown:
    values: dict[str, Any] = {
        "number": ticket.number,
        "status": ticket.status.value,
        "words": ticket.words,
        "subject": ticket.subject,
        "at": ticket.at.isoformat(),
        "promise": ticket.promise,
        "may": [action.value for action in ticket.deeds],
        "score": ticket.score,
    }
    return OwnTicketShown(**values)
