"""The tickets of the API: read them, and do what an agent does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from sqlmodel import Session

from api.http.parts import Now, TheProduct, caller
from api.http.problems import answers
from api.http.words import ReplyWords, storable
from api.product import Product
from bot.replies import closing_words
from handoff import desk, views
from handoff.actors import Actor
from handoff.errors import Stale, StaleReply
from handoff.models import Conversation, Owner, Priority, Reason, TicketStatus
from handoff.permissions import Permission
from handoff.rows import id_of
from handoff.staff import staff_by_email
from handoff.staffing import deeds
from handoff.tickets import ticket_by_number
from store import reading, transaction

MOST_TICKETS = 200
ATTEMPTS = 3
ACT = answers(400, 401, 403, 404, 409, 413, 422)

router = APIRouter(prefix="/api/v1/tickets", tags=["tickets"])

Reader = Annotated[Actor, Depends(caller(Permission.READ_TICKETS))]
Agent = Annotated[Actor, Depends(caller(Permission.WORK_TICKETS))]
Number = Annotated[int, Path(ge=1, le=2**53, description="The ticket's number.")]


class WrittenText(BaseModel):
    text: ReplyWords


class Claim(BaseModel):
    agent: Annotated[str, Field(max_length=254), BeforeValidator(storable)] = Field(
        "", description="Who works on it: their e-mail address. A token is nobody, so without it nobody is assigned."
    )


class MessageRead(BaseModel):
    """One line of the transcript. ``private`` lines never reached the customer."""

    id: int
    direction: str
    private: bool
    author: str
    text: str
    at: str
    delivery: str | None


class LinkRead(BaseModel):
    """Another ticket that has to do with this one."""

    number: int
    kind: str = Field(description="related, duplicate or split_from.")


class TicketRead(BaseModel):
    """A ticket with its whole transcript."""

    number: int
    status: str
    priority: str
    tier: int
    reason: str | None
    owner: str
    channel: str
    customer: str = Field(description="The customer's name, or what the channel calls them.")
    subject: str
    assignee: str | None
    team: str | None
    impact: str | None
    urgency: str | None
    is_priority_confirmed: bool = Field(description="An agent confirmed or changed what the bot proposed.")
    category: str | None
    tags: list[str]
    source: str = Field(description="How the matter came: channel, phone, email or visit.")
    waits_for: str | None = Field(description="Of a pending ticket: customer, bot or time.")
    snoozed_until: str | None
    due_at: str | None = Field(description="When the next promise falls due.")
    external_url: str | None = Field(description="The matter in another system.")
    merged_into: int | None = Field(description="The number of the ticket that goes on with this matter.")
    links: list[LinkRead]
    created_at: str
    resolved_at: str | None
    closed_at: str | None
    messages: list[MessageRead]


class TicketListed(BaseModel):
    """A ticket as the list shows it."""

    model_config = ConfigDict(from_attributes=True)
    number: int
    status: TicketStatus
    priority: Priority
    tier: int
    reason: Reason | None
    subject: str
    team: str | None
    owner: Owner
    channel: str
    customer: str
    language: str
    assignee: str | None
    created_at: datetime
    last_message_at: datetime
    is_waiting: bool = Field(description="The customer had the last word.")


class Tickets(BaseModel):
    tickets: list[TicketListed]


@router.get("", responses=answers(401, 403, 422))
def list_tickets(product: TheProduct, _: Reader, status: Annotated[TicketStatus | None, Query()] = None) -> Tickets:
    """The newest 200 tickets; of one status if asked for, the open ones in the order of work."""
    with reading(product.database) as session:
        rows = views.ticket_list(session, status, MOST_TICKETS)
    return Tickets(tickets=[TicketListed.model_validate(row) for row in rows])


@router.get("/{number}", response_model=TicketRead, responses=answers(401, 403, 404, 422))
def read_ticket(number: Number, product: TheProduct, _: Reader) -> dict[str, Any]:
    """One ticket with every message, notes and activities included."""
    with reading(product.database) as session:
        return views.ticket_detail(session, number)


@router.post("/{number}/claim", response_model=TicketRead, responses=ACT)
def claim(number: Number, product: TheProduct, actor: Agent, now: Now, body: Claim | None = None) -> dict[str, Any]:
    """Say that you work on it, or that one of the agents does."""
    agent = body.agent if body else ""
    return act(product, number, lambda session: _claim(session, number, agent, actor, now))


@router.post("/{number}/replies", status_code=201, response_model=TicketRead, responses=ACT)
def reply(number: Number, body: WrittenText, product: TheProduct, actor: Agent, now: Now) -> dict[str, Any]:
    """Say something to the customer. The conversation is then a person's."""
    return act(product, number, lambda session: desk.reply(session, number, body.text, actor, now))


@router.post("/{number}/notes", status_code=201, response_model=TicketRead, responses=ACT)
def note(number: Number, body: WrittenText, product: TheProduct, actor: Agent, now: Now) -> dict[str, Any]:
    """Write something beside the ticket that the customer never sees."""
    return act(product, number, lambda session: desk.note(session, number, body.text, actor, now))


@router.post("/{number}/resolve", response_model=TicketRead, responses=ACT)
def resolve(number: Number, product: TheProduct, actor: Agent, now: Now) -> dict[str, Any]:
    """Call it solved. The customer is asked whether it is."""
    return act(product, number, lambda session: _resolve(session, number, actor, now))


@router.post("/{number}/reopen", response_model=TicketRead, responses=ACT)
def reopen(number: Number, product: TheProduct, actor: Agent, now: Now) -> dict[str, Any]:
    """Open it again, with the same agent."""
    return act(product, number, lambda session: desk.reopen(session, number, actor, now))


@router.post("/{number}/take-over", response_model=TicketRead, responses=ACT)
def take_over(number: Number, product: TheProduct, actor: Agent, now: Now) -> dict[str, Any]:
    """Make the conversation yours; the bot falls silent in it."""
    return act(product, number, lambda session: _take_over(session, number, actor, now))


@router.post("/{number}/hand-back", response_model=TicketRead, responses=ACT)
def hand_back(number: Number, product: TheProduct, actor: Agent, now: Now) -> dict[str, Any]:
    """Let the bot talk with the customer again."""
    return act(product, number, lambda session: desk.hand_back(session, number, actor, now))


def _claim(session: Session, number: int, agent: str, actor: Actor, now: datetime) -> None:
    desk.claim(session, number, actor, now)
    if agent:
        deeds.give(session, number, id_of(staff_by_email(session, agent)), actor, now)


def _resolve(session: Session, number: int, actor: Actor, now: datetime) -> None:
    conversation = session.get_one(Conversation, ticket_by_number(session, number).conversation_id)
    desk.resolve(session, number, actor, now, closing_words(conversation.language, number))


def _take_over(session: Session, number: int, actor: Actor, now: datetime) -> None:
    desk.take_over(session, ticket_by_number(session, number).conversation_id, actor, now)


def act(product: Product, number: int, deed: Callable[[Session], object]) -> dict[str, Any]:
    """Do it and return the ticket as it then is. Where the bot moved the conversation meanwhile, once more."""
    for attempt in range(ATTEMPTS):
        try:
            with transaction(product.database) as session:
                deed(session)
                break
        except Stale as error:
            if isinstance(error, StaleReply) or attempt == ATTEMPTS - 1:
                raise
    with reading(product.database) as session:
        return views.ticket_detail(session, number)
