"""The home tab of the app: who the bot is, a way to ask, and the customer's own tickets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ContextBlock,
    DividerBlock,
    HeaderBlock,
    MarkdownTextObject,
    PlainTextObject,
    SectionBlock,
)
from slack_sdk.models.views import View
from sqlmodel import Session, select

from bot.channels.slack.words import say
from bot.replies import say as reply
from handoff.models import Customer, Ticket, TicketStatus
from handoff.people import person_ids
from handoff.rows import id_of
from handoff.tickets import tickets_of

ASK_BUTTON = "home:ask"
SHOWN = 20
"""Slack shows at most 100 blocks; a ticket takes two."""


@dataclass(frozen=True)
class OwnTicket:
    """A ticket as its customer sees it."""

    number: int
    status: TicketStatus
    subject: str
    at: datetime


@dataclass(frozen=True)
class Home:
    """What the home tab of one customer shows."""

    language: str | None = None
    tickets: tuple[OwnTicket, ...] = ()
    """Newest first, at most SHOWN + 1: the last one only tells that there are more."""


def home_of(session: Session, channel: str, customer: str) -> Home:
    """The home of the customer whom ``channel`` calls so: that person's tickets from all channels, nobody else's."""
    found = session.exec(select(Customer).where(Customer.channel == channel, Customer.external_id == customer)).first()
    if found is None:
        return Home()
    own = tickets_of(session, person_ids(session, id_of(found)))
    return Home(language_of(found), tuple(_own(ticket) for ticket in own[: SHOWN + 1]))


def language_of(customer: Customer) -> str | None:
    """What the customer chose, else what was learned of them."""
    return customer.prefers_language or customer.language


def home_view(home: Home) -> dict[str, Any]:
    """The tab, within Slack's limits."""
    language = home.language
    ask = ButtonElement(text=say("home_ask", language), action_id=ASK_BUTTON, style="primary")
    blocks: list[Block] = [
        HeaderBlock(text=PlainTextObject(text=say("home", language))),
        SectionBlock(text=PlainTextObject(text=say("home_intro", language))),
        ActionsBlock(elements=[ask]),
        DividerBlock(),
        HeaderBlock(text=PlainTextObject(text=say("home_tickets", language))),
        *_tickets(home.tickets, language),
    ]
    return dict(View(type="home", blocks=blocks).to_dict())


def prompts(language: str | None) -> list[dict[str, str]]:
    """What the messages tab suggests to somebody who opens it."""
    names = ("prompt_help", "prompt_tickets", "prompt_person")
    return [{"title": say(name, language), "message": say(f"{name}_message", language)} for name in names]


def _tickets(tickets: Sequence[OwnTicket], language: str | None) -> list[Block]:
    if not tickets:
        return [SectionBlock(text=PlainTextObject(text=say("home_no_tickets", language)))]
    blocks = [block for ticket in tickets[:SHOWN] for block in _ticket(ticket, language)]
    if len(tickets) > SHOWN:
        blocks.append(ContextBlock(elements=[PlainTextObject(text=say("home_more", language, count=SHOWN))]))
    return blocks


def _ticket(ticket: OwnTicket, language: str | None) -> tuple[Block, Block]:
    # Plain text: a subject is the customer's own words, and nothing in it may turn into a link or a mention.
    line = PlainTextObject(text=f"#{ticket.number} · {ticket.subject}", emoji=False)
    status = reply(f"status_{ticket.status.value}", language)
    # Slack shows the moment in the time zone of whoever looks.
    moment = f"<!date^{int(ticket.at.timestamp())}^{{date_short_pretty}} {{time}}|{ticket.at:%Y-%m-%d %H:%M} UTC>"
    return SectionBlock(text=line), ContextBlock(elements=[MarkdownTextObject(text=f"{status} · {moment}")])


def _own(ticket: Ticket) -> OwnTicket:
    return OwnTicket(ticket.number, ticket.status, ticket.subject, ticket.created_at)
