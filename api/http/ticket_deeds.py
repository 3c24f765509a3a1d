"""What else agents do with tickets over the API: open, pause, sort, rate, move up, link, merge and split them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import AwareDatetime, BaseModel, BeforeValidator, Field
from sqlmodel import Session

from api.http.parts import Now, TheProduct
from api.http.tickets import ACT, Agent, Number, TicketRead, act
from api.http.words import SOME_WORDS, Language, storable
from bot import ticket_words
from handoff import views
from handoff.actors import Actor
from handoff.models import Impact, Priority, Source, Ticket, Urgency
from handoff.ticketing import levels, links, marks, merging, opening, pausing, sorting
from handoff.ticketing.marks import Mark
from handoff.ticketing.models import LinkKind
from handoff.ticketing.opening import Told
from store import reading, transaction

router = APIRouter(prefix="/api/v1/tickets", tags=["tickets"])

Id = Annotated[int, Field(ge=1, lt=2**53)]
Title = Annotated[str, Field(min_length=1, max_length=200, pattern=SOME_WORDS), BeforeValidator(storable)]
Short = Annotated[str, Field(max_length=200), BeforeValidator(storable)]
Long = Annotated[str, Field(max_length=10_000), BeforeValidator(storable)]
Address = Annotated[str, Field(max_length=500), BeforeValidator(storable)]
Tag = Annotated[str, Field(min_length=1, max_length=50, pattern=r"^[^,]+$"), BeforeValidator(storable)]


class NewTicket(BaseModel):
    """What a customer told somebody. Of a customer who is known the id is enough, else a name or an e-mail address."""

    source: Source = Field(description="How they told it.")
    subject: Title
    note: Long = Field("", description="What they said, for the desk only.")
    text: Long = Field("", description="What is said to them at once.")
    priority: Priority = Priority.P2
    category: Short = ""
    customer_id: Id | None = None
    thread_id: Id | None = Field(None, description="Where a known customer is written to.")
    name: Short = ""
    email: Short = ""
    language: Language = "en"


class Until(BaseModel):
    until: AwareDatetime


class PriorityChoice(BaseModel):
    """What is left out stays as it was; without ``priority`` the matrix of impact and urgency says it."""

    impact: Impact | None = None
    urgency: Urgency | None = None
    priority: Priority | None = None


class TierMove(BaseModel):
    tier: int = Field(ge=1, le=3)
    reason: Title
    diagnosis: Long = Field("", description="What was found so far; tier 3 needs it.")


class Tags(BaseModel):
    tags: list[Tag] = Field(max_length=20)


class Category(BaseModel):
    category: Short = Field(description="Empty: none.")


class ExternalLink(BaseModel):
    url: Address = Field(description="The page of the matter in another system; empty: none.")


class NewLink(BaseModel):
    other: Id = Field(description="The other ticket's number.")
    kind: LinkKind = LinkKind.RELATED


class Merge(BaseModel):
    into: Id = Field(description="The number of the ticket that goes on.")


class Split(BaseModel):
    """Messages that become a ticket of their own, or go to another one of the customer's."""

    messages: list[Id] = Field(min_length=1, max_length=500)
    subject: Short = Field("", description="Of the new ticket; empty: the first of the words.")
    to: Id | None = Field(None, description="The number of another ticket in the same thread.")


class MarkedMessage(BaseModel):
    message: Id
    mark: Mark


@router.post("", status_code=201, response_model=TicketRead, responses=ACT)
def open_ticket(body: NewTicket, product: TheProduct, actor: Agent, now: Now) -> dict[str, Any]:
    """Open a ticket for what a customer told by phone, in a letter or at the desk."""
    with transaction(product.database) as session:
        number = _open(session, body, actor, now).number
    with reading(product.database) as session:
        return views.ticket_detail(session, number)


@router.post("/{number}/wait", response_model=TicketRead, responses=ACT)
def wait(number: Number, product: TheProduct, actor: Agent, now: Now) -> dict[str, Any]:
    """Let it rest until the customer writes. Its clocks stand still, so a person must have answered before."""
    return act(product, number, lambda session: pausing.wait_for_customer(session, number, actor, now))


@router.post("/{number}/snooze", response_model=TicketRead, responses=ACT)
def snooze(number: Number, body: Until, product: TheProduct, actor: Agent, now: Now) -> dict[str, Any]:
    """Let it rest until a moment, or until the customer writes. Its clocks run on."""
    return act(product, number, lambda session: pausing.snooze(session, number, body.until, actor, now))


@router.post("/{number}/priority", response_model=TicketRead, responses=ACT)
def priority(number: Number, body: PriorityChoice, product: TheProduct, actor: Agent, now: Now) -> dict[str, Any]:
    """Confirm or change how urgent it is."""
    chosen = body.model_dump()
    return act(product, number, lambda session: levels.set_priority(session, number, actor, now, **chosen))


@router.post("/{number}/tier", response_model=TicketRead, responses=ACT)
def tier(number: Number, body: TierMove, product: TheProduct, actor: Agent, now: Now) -> dict[str, Any]:
    """Let people of another tier work on it."""

    def move(session: Session) -> Ticket:
        return levels.move_tier(session, number, body.tier, body.reason, actor, now, diagnosis=body.diagnosis)

    return act(product, number, move)


@router.post("/{number}/tags", response_model=TicketRead, responses=ACT)
def tags(number: Number, body: Tags, product: TheProduct, actor: Agent, now: Now) -> dict[str, Any]:
    """Let it have exactly these tags."""
    return act(product, number, lambda session: sorting.set_tags(session, number, body.tags, actor, now))


@router.post("/{number}/category", response_model=TicketRead, responses=ACT)
def category(number: Number, body: Category, product: TheProduct, actor: Agent, now: Now) -> dict[str, Any]:
    """Say what the matter is about."""
    return act(product, number, lambda session: sorting.set_category(session, number, body.category, actor, now))


@router.post("/{number}/external-link", response_model=TicketRead, responses=ACT)
def external_link(number: Number, body: ExternalLink, product: TheProduct, actor: Agent, now: Now) -> dict[str, Any]:
    """Say where else the matter is dealt with."""
    return act(product, number, lambda session: sorting.set_external(session, number, body.url, actor, now))


@router.post("/{number}/links", response_model=TicketRead, responses=ACT)
def link(number: Number, body: NewLink, product: TheProduct, actor: Agent, now: Now) -> dict[str, Any]:
    """Say that another ticket has to do with it."""
    return act(product, number, lambda session: links.link(session, number, body.other, body.kind, actor, now))


@router.delete("/{number}/links/{other}", response_model=TicketRead, responses=ACT)
def unlink(
    number: Number, other: Annotated[int, Path(ge=1, le=2**53)], product: TheProduct, actor: Agent, now: Now
) -> dict[str, Any]:
    """Take the link with another ticket off."""
    return act(product, number, lambda session: links.unlink(session, number, other, actor, now))


@router.post("/{number}/merge", response_model=TicketRead, responses=ACT)
def merge(number: Number, body: Merge, product: TheProduct, actor: Agent, now: Now) -> dict[str, Any]:
    """Let its matter go on in another ticket of the same person, which is returned. The customer is told."""

    def do(session: Session) -> None:
        words = ticket_words.merged(session, number, body.into)
        merging.merge(session, number, body.into, actor, now, words)

    return act(product, body.into, do)


@router.post("/{number}/split", response_model=TicketRead, responses=ACT)
def split(number: Number, body: Split, product: TheProduct, actor: Agent, now: Now) -> dict[str, Any]:
    """Let some of its messages be a ticket of their own, or go to another ticket of the customer's."""
    return act(product, number, lambda session: _split(session, number, body, actor, now))


@router.post("/{number}/marks", response_model=TicketRead, responses=ACT)
def mark(number: Number, body: MarkedMessage, product: TheProduct, actor: Agent, now: Now) -> dict[str, Any]:
    """Say that an agent's message is the diagnosis or the workaround."""
    return act(product, number, lambda session: marks.mark(session, number, body.message, body.mark, actor, now))


def _open(session: Session, body: NewTicket, actor: Actor, now: Now) -> Ticket:
    told = Told(body.source, body.subject, body.note, body.text, body.priority, body.category)
    if body.customer_id is not None:
        words = ticket_words.opened_for(session, body.customer_id, body.subject)
        return opening.open_for(session, body.customer_id, body.thread_id, told, actor, now, words)
    words = ticket_words.opened(None, body.language, body.subject)
    return opening.open_for_new(session, body.name, body.email, body.language, told, actor, now, words)


def _split(session: Session, number: int, body: Split, actor: Actor, now: Now) -> Ticket:
    if body.to is not None:
        return merging.carry_over(session, number, body.messages, body.to, actor, now)
    words = ticket_words.split_off(session, number)
    return merging.split(session, number, body.messages, body.subject, actor, now, words)
