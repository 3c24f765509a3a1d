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
from sqlmodel import Session

from bot.channels.base import CommandName
from bot.channels.slack.parsing import OWN
from bot.channels.slack.words import say
from bot.own_tickets import OwnTicket, listed
from bot.replies import say as reply
from handoff.customers import customer_called
from handoff.models import Action, Customer
from handoff.rows import id_of

ASK_BUTTON = "home:ask"
SHOWN = 20
"""Slack shows at most 100 blocks; a ticket takes three."""
_COMMANDS = {
    Action.ADD_TO_TICKET: CommandName.ADD,
    Action.CLOSE_TICKET: CommandName.CLOSE,
    Action.REOPEN_TICKET: CommandName.REOPEN,
}


@dataclass(frozen=True)
class Home:
    """What the home tab of one customer shows."""

    language: str | None = None
    tickets: tuple[OwnTicket, ...] = ()
    """Newest first, at most SHOWN + 1: the last one only tells that there are more."""


def home_of(session: Session, channel: str, customer: str, now: datetime) -> Home:
    """The home of the customer whom ``channel`` calls so: that person's tickets from all channels, nobody else's."""
    found = customer_called(session, channel, customer)
    if found is None:
        return Home()
    language = language_of(found)
    return Home(language, tuple(listed(session, id_of(found), now, language, SHOWN + 1)))


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


def _ticket(ticket: OwnTicket, language: str | None) -> list[Block]:
    # Plain text: a subject is the customer's own words, and nothing in it may turn into a link or a mention.
    line = PlainTextObject(text=f"#{ticket.number} · {ticket.subject}", emoji=False)
    # Slack shows the moment in the time zone of whoever looks.
    moment = f"<!date^{int(ticket.at.timestamp())}^{{date_short_pretty}} {{time}}|{ticket.at:%Y-%m-%d %H:%M} UTC>"
    told = [MarkdownTextObject(text=f"{ticket.words} · {moment}")]
    if ticket.promise:
        told.append(MarkdownTextObject(text=ticket.promise))
    buttons = [_button(action, ticket.number, language) for action in ticket.deeds if action in _COMMANDS]
    row: list[Block] = [ActionsBlock(elements=buttons, block_id=f"own-{ticket.number}")] if buttons else []
    return [SectionBlock(text=line), ContextBlock(elements=told), *row]


def _button(action: Action, number: int, language: str | None) -> ButtonElement:
    text = PlainTextObject(text=reply(action.value, language), emoji=False)
    return ButtonElement(text=text, action_id=f"{OWN}{_COMMANDS[action].value}", value=str(number))
