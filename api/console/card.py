"""The handoff card on a ticket's page, and the word beside the composer where a reply asks for what was given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Path, Request, Response
from sqlmodel import Session
from starlette.responses import RedirectResponse

from api.console.page import page
from api.console.parts import Worker, actor_of
from api.console.refusals import ConsoleRoute
from api.console.talk import Talk, article_link
from api.http.parts import Now, TheProduct
from api.product import Product
from bot.summarising import keep, summary_of
from handoff.card import Card, Given, Told, card_of, given_in, repeated
from handoff.errors import NoSummary
from handoff.models import Conversation
from handoff.suggestions import Rates, rates
from handoff.tickets import ticket_by_number
from handoff.transcript import history
from store import reading, transaction

router = APIRouter(prefix="/console/tickets", route_class=ConsoleRoute, include_in_schema=False)

WINDOW = timedelta(days=90)
"""How far back the rates of suggestions look."""


@dataclass(frozen=True)
class Glance:
    """The card, with what the page works out for it."""

    card: Card
    may_be_written: bool = False
    """There is a language model to word it."""
    rates: Rates | None = None
    """What became of suggestions like the one that is offered; None where none is."""

    @property
    def is_open(self) -> bool:
        """It unfolds by itself until somebody has answered: then they know."""
        return not self.card.is_answered and self.card.ticket.resolved_at is None

    @property
    def told(self) -> list[tuple[Told, list[tuple[str, str]]]]:
        """What the bot said, each with (title, link) of its articles."""
        return [(told, _links(told, self.card.language)) for told in self.card.told]


def glance(session: Session, talk: Talk, now: datetime, product: Product) -> Glance | None:
    """The card of the ticket that ``talk`` shows; None where it has none yet. Reads only."""
    if talk.ticket is None:
        return None
    lines = None if talk.earlier else [said.line for said in talk.said]
    card = card_of(session, talk.ticket, lines, now)
    offered = card.suggestion
    serving = product.live.serving
    can_write = serving is not None and serving.writer is not None and card.written is None
    return Glance(card, can_write, rates(session, now - WINDOW, offered.topic) if offered else None)


@router.post("/{number}/summary")
def summary(product: TheProduct, now: Now, staff: Worker, number: Annotated[int, Path(ge=1, lt=2**53)]) -> Response:
    """Have the language model word the three lines. Where it cannot, the page says so and stays as it is."""
    with reading(product.database) as session:
        ticket = ticket_by_number(session, number)
        language = session.get_one(Conversation, ticket.conversation_id).language
        lines = history(session, ticket.conversation_id)
    serving = product.live.serving
    written = summary_of(serving.writer, lines, language) if serving and serving.writer else None
    if written is None:
        raise NoSummary
    with transaction(product.database) as session:
        keep(session, ticket_by_number(session, number), lines, written, actor_of(staff), now)
    return RedirectResponse(f"/console/tickets/{number}", 303)


@router.post("/{number}/asked")
def asked(
    request: Request,
    product: TheProduct,
    staff: Worker,
    number: Annotated[int, Path(ge=1, lt=2**53)],
    text: Annotated[str, Form(max_length=50_000)] = "",
) -> Response:
    """What a reply asks for although the customer has said it: a few words, or nothing."""
    with reading(product.database) as session:
        found = repeated(text, given_in(session, ticket_by_number(session, number)))
    return page(request, "console/asked.html", asked=found)


def asked_again(glance: Glance | None, text: str) -> Sequence[Given]:
    """The same for words that stand in the form when the page is made."""
    return repeated(text, glance.card.given) if glance and text else ()


def _links(told: Told, language: str) -> list[tuple[str, str]]:
    found: dict[str, str] = {}
    for source in told.sources:
        article, version = source.get("article"), source.get("version")
        link = article_link(article, source.get("language") or language, version) if article and version else ""
        found.setdefault(str(source.get("title") or article or ""), link)
    return list(found.items())
