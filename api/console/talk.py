"""A conversation as the console shows it: its lines in words, its ticket, and what can be done with it now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, urlencode

from sqlalchemy import func
from sqlmodel import Session, col, select

from bot.learning.collecting import keepable
from bot.learning.recall.told import language_of
from handoff.errors import ConversationNotFound
from handoff.models import (
    AnswerAudit,
    Author,
    Conversation,
    Customer,
    Direction,
    Message,
    Staff,
    Suggestion,
    Ticket,
    TicketStatus,
    WaitsFor,
)
from handoff.people import person_ids
from handoff.permissions import Permission, allowed
from handoff.rows import id_of
from handoff.suggestions import pending
from handoff.ticketing.marks import Mark, is_markable
from handoff.tickets import ticket_of
from handoff.transcript import Line, history
from handoff.views import called

SHOWN = 200
"""Lines shown at first; the rest is one link away."""
OTHERS = 8


@dataclass(frozen=True)
class Said:
    """One line, with what the templates would else have to work out."""

    line: Line
    kind: str
    """customer, bot, agent, note or activity."""
    who: str | None = None
    """Who of the staff; None for the customer and the bot."""
    activity: str = ""
    reason: str = ""
    citations: tuple[dict[str, Any], ...] = ()
    reading: dict[str, Any] | None = None
    by: str = ""
    """Who wrote it, where that is not the customer whose conversation it is."""
    lost_files: tuple[dict[str, Any], ...] = ()
    """Files that came with it and could not be kept: {name, why}."""
    is_answer: bool = False
    """It rests on an article, so it can be judged."""
    suggestion: str = ""
    """Of an agent's words that began as a suggestion: sent or edited."""
    extract: str = ""
    """The KB's own words, where the language model rephrased them."""
    told: Mapping[str, str] = field(default_factory=dict)
    """Of an activity: what its sentence has places for."""
    mark: str = ""
    """Of an agent's words: diagnosis or workaround."""
    marks: tuple[str, ...] = ()
    """What an agent's words can still be marked as."""


@dataclass(frozen=True)
class Talk:
    """Everything on the page of a ticket, or of a conversation that the bot still has."""

    conversation: Conversation
    customer: Customer
    said: tuple[Said, ...]
    earlier: int = 0
    """Lines that are left out at the beginning."""
    is_whole: bool = False
    """Somebody asked for all lines, however many they are."""
    ticket: Ticket | None = None
    assignee: str | None = None
    deeds: tuple[str, ...] = ()
    others: Sequence[Ticket] = ()
    offered: Suggestion | None = None
    """An answer of the bot's that waits for an agent."""
    judged: Mapping[int, tuple[AnswerAudit, str]] = field(default_factory=dict)
    """What somebody found about an answer, and who, by the message's id."""
    keepable: Mapping[int, int] = field(default_factory=dict)
    """For editors: confirmed answers, with the id of the gold question that each was kept as, 0 for none."""

    @property
    def offered_citations(self) -> list[dict[str, Any]]:
        return [_citation(kept) for kept in _dicts(self.offered.detail.get("citations"))] if self.offered else []

    @property
    def customer_name(self) -> str:
        return called(self.customer)

    @property
    def last_id(self) -> int:
        return id_of(self.said[-1].line.message) if self.said else 0

    @property
    def last_incoming_id(self) -> int:
        return max((id_of(one.line.message) for one in self.said if one.kind == "customer"), default=0)

    @property
    def view(self) -> str:
        """The view of the inbox that this ticket is found in."""
        if self.ticket is None or self.ticket.status is TicketStatus.OPEN:
            return "open"
        return "pending" if self.ticket.status is TicketStatus.PENDING else "resolved"

    def newer_than(self, message_id: int, me: int | None = None, also: int | None = None) -> list[Message]:
        """What the customer wrote after the message that somebody (``me``) had read, and what colleagues said to them;
        and message ``also``, whoever said it."""
        messages = ((one.kind, one.line.message) for one in self.said)
        return [
            message
            for kind, message in messages
            if (id_of(message) > message_id and (kind == "customer" or (kind == "agent" and message.staff_id != me)))
            or message.id == also
        ]


def talk(session: Session, conversation_id: int, staff: Staff, *, everything: bool = False) -> Talk:
    """The conversation as ``staff`` sees it, of its lines the newest ``SHOWN`` or ``everything``.

    Raises ConversationNotFound.
    """
    conversation = session.get(Conversation, conversation_id)
    if conversation is None:
        raise ConversationNotFound
    ticket = ticket_of(session, conversation_id)
    assignee = session.get(Staff, ticket.assignee_id) if ticket and ticket.assignee_id else None
    begin = 0 if everything else _last_left_out(session, conversation_id)
    lines = [said(line) for line in history(session, conversation_id, begin)]
    return Talk(
        conversation,
        session.get_one(Customer, conversation.customer_id),
        beside_decisions(lines),
        earlier=_count_until(session, conversation_id, begin) if begin else 0,
        is_whole=everything,
        ticket=ticket,
        assignee=assignee.name if assignee else None,
        deeds=deeds(ticket, staff) if ticket else (),
        others=_others(session, conversation),
        offered=pending(session, conversation_id) if ticket else None,
        judged=_judged(session, conversation_id),
        keepable=_keepable(session, lines, staff),
    )


def deeds(ticket: Ticket, staff: Staff) -> tuple[str, ...]:
    """What ``staff`` can do with the ticket now, the likeliest first. The desk decides again when it is asked to."""
    if ticket.status in (TicketStatus.RESOLVED, TicketStatus.CLOSED):
        return ("reopen",)
    if ticket.status is TicketStatus.PENDING:
        rests_with_them = ticket.assignee_id == staff.id and ticket.waits_for is not WaitsFor.BOT
        return ("reopen" if rests_with_them else "take-over", "resolve")
    if ticket.assignee_id is None:
        return ("claim", "resolve", "hand-back")
    if ticket.assignee_id != staff.id:
        return ("take-over", "resolve", "hand-back")
    return ("resolve", "hand-back")


def said(line: Line) -> Said:
    """The line with its kind, its author and what the bot kept with it."""
    message, detail = line.message, line.message.detail
    kind = kind_of(message)
    return Said(
        line,
        kind,
        _author(kind, line),
        str(detail.get("activity", "")),
        str(detail.get("reason") or detail.get("why") or ""),
        tuple(_citation(kept) for kept in _dicts(detail.get("citations"))),
        shown_reading(detail["reading"]) if isinstance(detail.get("reading"), dict) else None,
        str(detail.get("by") or "") if kind == "customer" else "",
        tuple({"name": "", "why": "", **lost} for lost in _dicts(detail.get("lost_files"))),
        is_answer=kind in ("bot", "agent") and bool(detail.get("article")) and bool(detail.get("citations")),
        suggestion=_suggested(detail),
        extract=str(detail.get("extract") or ""),
        told=_told(detail) if kind == "activity" else {},
        mark=str(detail.get("mark") or ""),
        marks=tuple(each.value for each in Mark if not detail.get("mark") and is_markable(message, each)),
    )


def _told(detail: Mapping[str, Any]) -> dict[str, str]:
    """The values of an activity as its sentence shows them."""
    shown = {key: str(value) for key, value in detail.items() if isinstance(value, str | int)}
    if "until" in shown:
        shown["until"] = f"{shown['until'][:16].replace('T', ' ')} UTC"
    return shown


def beside_decisions(lines: Sequence[Said]) -> tuple[Said, ...]:
    """What the bot understood stands below what it said about it; below the question where it kept silent."""
    result, asked = list(lines), -1
    for number, one in enumerate(lines):
        if one.kind == "customer" and one.reading:
            asked = number
        elif one.kind == "bot" and one.line.message.decision and asked >= 0 and (read := result[asked].reading):
            if read["decision"] == one.line.message.decision:
                result[asked] = replace(result[asked], reading=None)
                result[number] = replace(one, reading=read)
            asked = -1
    return tuple(result)


def _suggested(detail: Mapping[str, Any]) -> str:
    if not detail.get("suggestion"):
        return ""
    return "edited" if detail.get("edited") else "sent"


def kind_of(message: Message) -> str:
    """Whose line it is; notes and activities never left the desk."""
    if message.direction is Direction.ACTIVITY:
        return "activity"
    if message.private:
        return "note"
    if message.direction is Direction.INCOMING:
        return "customer"
    return "agent" if message.author is Author.AGENT else "bot"


def article_link(article: object, language: object, version: object, anchor: object = None) -> str:
    """The console's page of an article version, at a passage."""
    path = "/".join(quote(str(part), safe="") for part in (article, language))
    fragment = f"#{quote(str(anchor))}" if anchor else ""
    return f"/console/articles/{path}?version={quote(str(version))}{fragment}"


def _author(kind: str, line: Line) -> str | None:
    # The closing message is the house's own voice although an agent caused it.
    return None if kind in ("bot", "customer") else line.staff_name


def _citation(kept: dict[str, Any]) -> dict[str, Any]:
    """``link`` only to web pages: the text of a message must never become a script."""
    url = str(kept.get("url", ""))
    link = url if url.startswith(("/kb/", "https://", "http://")) else ""
    return {"title": "", "version": "", "quote": "", **kept, "link": link, "recall": _to_recall(kept)}


def _to_recall(kept: dict[str, Any]) -> str:
    """Where an editor says that the passage was wrong; empty for what is no passage of an article's version."""
    language = language_of(kept)
    if language is None:
        return ""
    asked = {"article": kept["article"], "language": language, "version": kept["version"], "passage": kept["passage"]}
    return f"/console/recalls/new?{urlencode(asked)}"


def shown_reading(kept: dict[str, Any]) -> dict[str, Any]:
    """What the bot kept, with a value for everything the template asks for: an older Firstline kept less."""
    language = kept.get("language") or "en"
    blank = dict.fromkeys(("intent", "intent_confidence", "confidence", "threshold", "release", "target"))
    words = dict.fromkeys(("decision", "ground", "topic", "mode"), "")
    passages = [_passage(passage, language) for passage in _dicts(kept.get("passages"))]
    signs = [sign for sign in map(_sign, _dicts(kept.get("signs"))) if sign["effect"] != 0]
    shown = {**blank, **words, "foreign": False, "rule": False, **kept}
    return {**shown, "language": language, "passages": passages, "signs": signs}


def _sign(kept: dict[str, Any]) -> dict[str, Any]:
    """Both numbers as they are shown: an ``effect`` of 0 says nothing."""
    found = ((name, kept.get(name)) for name in ("value", "effect"))
    numbers = {name: round(value, 2) if isinstance(value, int | float) else None for name, value in found}
    return {"name": str(kept.get("name", "")), **numbers}


def _passage(kept: dict[str, Any], language: str) -> dict[str, Any]:
    link = article_link(kept.get("article"), kept.get("language") or language, kept.get("version"), kept.get("anchor"))
    return {"title": "", "heading": "", **kept, "score": float(kept.get("score") or 0), "link": link}


def _dicts(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _judged(session: Session, conversation_id: int) -> dict[int, tuple[AnswerAudit, str]]:
    query = select(AnswerAudit, Staff.name).join(Staff).join(Message, col(Message.id) == AnswerAudit.message_id)
    found = session.exec(query.where(Message.conversation_id == conversation_id))
    return {audit.message_id: (audit, name) for audit, name in found}


def _keepable(session: Session, lines: Sequence[Said], staff: Staff) -> Mapping[int, int]:
    if not allowed(staff.role, Permission.EDIT_ARTICLES):
        return {}
    return keepable(session, [id_of(one.line.message) for one in lines if one.is_answer])


def _last_left_out(session: Session, conversation_id: int) -> int:
    """The newest message that is not among the ``SHOWN`` newest ones; 0 when all are."""
    query = select(Message.id).where(Message.conversation_id == conversation_id).order_by(col(Message.id).desc())
    return session.exec(query.offset(SHOWN).limit(1)).first() or 0


def _count_until(session: Session, conversation_id: int, message_id: int) -> int:
    query = select(func.count()).select_from(Message)
    return session.exec(query.where(Message.conversation_id == conversation_id, col(Message.id) <= message_id)).one()


def _others(session: Session, conversation: Conversation) -> Sequence[Ticket]:
    """Other tickets of the same person, newest first, in whatever channel."""
    ids = person_ids(session, conversation.customer_id)
    query = select(Ticket).where(col(Ticket.customer_id).in_(ids), Ticket.conversation_id != conversation.id)
    return session.exec(query.order_by(col(Ticket.number).desc()).limit(OTHERS)).all()
