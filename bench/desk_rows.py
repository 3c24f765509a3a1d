"""A desk that has worked for two years, as rows: so many tickets, ten times as many messages, in English and Chinese.

The same size makes the same rows every time, on both databases.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate, count
from typing import Any

from sqlalchemy import Connection
from sqlmodel import Session

from bench.desk_words import Words
from store import fulltext
from store.backup.tables import put_rows, tables_of

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
SPAN = timedelta(days=730)
LINES, CHATTED = 8, 4
"""Messages of a conversation with a ticket, and of one that the bot ended alone: two of those to one of these."""
RECENT = 0.06
"""The share of the tickets that came in last and may be unsolved."""
CHANNELS = ("telegram", "slack", "web")
TEAMS = ("front line", "billing", "integrations", "mobile", "security", "import and export", "workflows", "platform")
TOPICS = ("account", "billing", "export", "mobile", "approval", "integration", "performance", "general")
Values = dict[str, Any]


@dataclass(frozen=True)
class Size:
    """How much there is on the desk. Per 100 tickets: 150 conversations, 1,000 messages."""

    tickets: int

    @property
    def conversations(self) -> int:
        return self.tickets * 3 // 2

    @property
    def customers(self) -> int:
        return max(self.tickets * 2 // 5, 1)

    @property
    def accounts(self) -> int:
        return max(self.tickets // 50, 1)

    @property
    def staff(self) -> int:
        return 60

    @property
    def messages(self) -> int:
        return self.tickets * LINES + (self.conversations - self.tickets) * CHATTED


def lay_out(connection: Connection, size: Size) -> None:
    """Write the rows into the empty, migrated database of ``connection``, in its transaction."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    made, rows = {table.name: table for table in tables_of(connection)}, _Desk(size)
    for name, make in rows.tables().items():
        table = made[name]
        first = next(iter(make()), None)
        if first is not None:
            put_rows(connection, table.ordered(tuple(first)), (list(values.values()) for values in make()))
    for table in made.values():
        _go_on_after(connection, table.name, table.key)
    with Session(connection) as session:
        fulltext.rebuild(session)


def _go_on_after(connection: Connection, table: str, key: str | None) -> None:
    """PostgreSQL's counter does not know of ids that came with their rows."""
    if key is None or connection.dialect.name != "postgresql":
        return
    counter = f"pg_get_serial_sequence('{table}', '{key}')"
    connection.exec_driver_sql(f"SELECT setval({counter}, max({key})) FROM {table} HAVING max({key}) IS NOT NULL")


class _Desk:
    """Generators of rows, by table, what others point to first. Each may be asked for several times."""

    def __init__(self, size: Size) -> None:
        self.size = size
        self.words = Words()
        # The first of two conversations have tickets of the same order: number n is of conversation ``_at[n - 1]``.
        self._at = [number * 3 // 2 + 1 for number in range(size.tickets)]
        self._has_ticket = set(self._at)
        lengths = (LINES if each in self._has_ticket else CHATTED for each in range(1, size.conversations + 1))
        self._last = list(accumulate(lengths))

    def tables(self) -> dict[str, Callable[[], Iterator[Values]]]:
        return {
            "account": self.accounts,
            "staff": self.staff,
            "team": self.teams,
            "customer": self.customers,
            "thread": self.threads,
            "conversation": self.conversations,
            "message": self.messages,
            "delivery": self.deliveries,
            "ticket": self.tickets,
            "ticket_event": self.events,
            "clock": self.clocks,
            "ticket_tag": self.tags,
            "audit": self.audit,
            "outcome": self.outcomes,
            "searchable": self.searchable,
        }

    def accounts(self) -> Iterator[Values]:
        for each in range(1, self.size.accounts + 1):
            plan = ("standard", "standard", "standard", "enterprise", "vip")[each % 5]
            yield {
                "id": each,
                "name": f"{self.words.company(each)} {each}",
                "plan": plan,
                "created_at": _text(NOW - SPAN),
            }

    def staff(self) -> Iterator[Values]:
        for each in range(1, self.size.staff + 1):
            named = {"id": each, "email": f"agent{each}@desk.example", "name": f"Agent {each}", "role": "agent"}
            yield {**named, "language": "en", "created_at": _text(NOW - SPAN)}

    def teams(self) -> Iterator[Values]:
        for each, name in enumerate(TEAMS, start=1):
            is_default = int(each == 1)
            topics = json.dumps([TOPICS[each % len(TOPICS)]])
            begun = _text(NOW - SPAN)
            yield {
                "id": each,
                "name": name,
                "is_default": is_default,
                "assigns": 0,
                "topics": topics,
                "created_at": begun,
            }

    def customers(self) -> Iterator[Values]:
        for each in range(1, self.size.customers + 1):
            yield {
                "id": each,
                "channel": CHANNELS[each % 3],
                "external_id": f"U{each:08}",
                "name": self.words.person(each),
                "language": _language(each),
                "account_id": each % self.size.accounts + 1 if each % 3 else None,
                "created_at": _text(NOW - SPAN),
            }

    def threads(self) -> Iterator[Values]:
        for each in range(1, self.size.customers + 1):
            place = {"channel": CHANNELS[each % 3], "external_id": f"D{each:08}"}
            yield {"id": each, **place, "is_staff": 0, "created_at": _text(NOW - SPAN)}

    def conversations(self) -> Iterator[Values]:
        number = 0
        for each in range(1, self.size.conversations + 1):
            number += each in self._has_ticket
            status = _status(number, self.size.tickets) if each in self._has_ticket else "closed"
            customer, opened = self._customer(each), self._opened(each)
            last = opened + timedelta(minutes=5 * LINES)
            yield {
                "id": each,
                "thread_id": customer,
                "customer_id": customer,
                "owner": "human" if status == "open" else "bot",
                "version": 3,
                "language": _language(customer),
                "opened_at": _text(opened),
                "last_message_at": _text(last),
                "closed_at": _text(last) if status in ("resolved", "closed") else None,
                "confirmed": 1 if status == "closed" else None,
            }

    def messages(self) -> Iterator[Values]:
        for each, place, conversation in self._lines():
            kind = _LINE[place % len(_LINE)]
            customer = self._customer(conversation)
            yield {
                "id": each,
                "conversation_id": conversation,
                "thread_id": customer,
                "direction": kind.direction,
                "author": kind.author,
                "staff_id": conversation % self.size.staff + 1 if kind.author == "agent" else None,
                "private": kind.private,
                "text": self.words.text(each, _language(customer)) if kind.author != "system" else "Handed to a person",
                "at": _text(self._opened(conversation) + timedelta(minutes=5 * place)),
                "external_id": str(each),
                "decision": "answer" if kind.author == "bot" else None,
                "detail": json.dumps(_DETAIL.get(kind.author, {})),
            }

    def deliveries(self) -> Iterator[Values]:
        ids = count(1)
        for each, place, conversation in self._lines():
            kind = _LINE[place % len(_LINE)]
            if kind.direction == "outgoing" and not kind.private:
                at = _text(self._opened(conversation) + timedelta(minutes=5 * place))
                sent = {"state": "sent", "attempts": 1, "doubts": 0, "not_before": at, "created_at": at, "sent_at": at}
                yield {"id": next(ids), "message_id": each, "thread_id": self._customer(conversation), **sent}

    def tickets(self) -> Iterator[Values]:
        for number, conversation in enumerate(self._at, start=1):
            draw, status = random.Random(number), _status(number, self.size.tickets)
            opened, is_solved = self._opened(conversation), status in ("resolved", "closed")
            team = draw.choice(TEAMS)
            yield {
                "id": number,
                "number": number,
                "conversation_id": conversation,
                "customer_id": self._customer(conversation),
                "status": status,
                "priority": draw.choices(("P0", "P1", "P2", "P3"), (1, 9, 70, 20))[0],
                "tier": draw.choices((1, 2, 3), (80, 16, 4))[0],
                "team": team,
                "reason": draw.choice(("asked_for_human", "no_knowledge", "low_confidence", "negative_feedback")),
                "subject": self.words.text(number, _language(self._customer(conversation)))[:120],
                "assignee_id": draw.randint(1, self.size.staff) if is_solved or draw.random() < 0.6 else None,
                "category": draw.choice(TOPICS),
                "source": "channel",
                "waits_for": "customer" if status == "pending" else None,
                "due_at": _text(NOW + timedelta(minutes=draw.randint(-300, 3000))) if status == "open" else None,
                "created_at": _text(opened),
                "updated_at": _text(opened + timedelta(hours=1)),
                "resolved_at": _text(opened + timedelta(hours=1)) if is_solved else None,
                "closed_at": _text(opened + timedelta(days=1)) if status == "closed" else None,
            }

    def events(self) -> Iterator[Values]:
        ids = count(1)
        for number, conversation in enumerate(self._at, start=1):
            is_solved = _status(number, self.size.tickets) in ("resolved", "closed")
            for place, kind in enumerate(("opened", "assigned", "answered", "resolved")[: 4 if is_solved else 3]):
                at = _text(self._opened(conversation) + timedelta(minutes=10 * place))
                yield {"id": next(ids), "ticket_id": number, "kind": kind, "at": at, "detail": "{}"}

    def clocks(self) -> Iterator[Values]:
        ids = count(1)
        for number, conversation in enumerate(self._at, start=1):
            is_open = _status(number, self.size.tickets) == "open"
            opened = self._opened(conversation)
            for kind in ("first_response", "resolution"):
                yield {
                    "id": next(ids),
                    "ticket_id": number,
                    "kind": kind,
                    "tier": 1,
                    "policy": "tier 1",
                    "minutes": 240,
                    "is_always": 0,
                    "state": "running" if is_open else "met",
                    "started_at": _text(opened),
                    "used_minutes": 20,
                    "due_at": _text(NOW + timedelta(minutes=number % 3000)) if is_open else None,
                    "met_at": None if is_open else _text(opened + timedelta(minutes=20)),
                }

    def tags(self) -> Iterator[Values]:
        for number in range(1, self.size.tickets + 1):
            yield {"ticket_id": number, "tag": f"tag{number * number % 200}"}

    def audit(self) -> Iterator[Values]:
        ids = count(1)
        for number in range(1, self.size.tickets + 1):
            for action in ("ticket.claimed", "ticket.replied"):
                what = {"actor": f"Agent {number % 60 + 1}", "action": action, "kind": "ticket", "subject_id": number}
                yield {"id": next(ids), "at": _text(self._opened(self._at[number - 1])), **what, "detail": "{}"}

    def outcomes(self) -> Iterator[Values]:
        for each in range(1, self.size.conversations + 1):
            result = "handed_off" if each in self._has_ticket else "assumed"
            yield {"conversation_id": each, "result": result, "at": _text(self._opened(each) + timedelta(days=1))}

    def searchable(self) -> Iterator[Values]:
        """As the desk keeps it: what customers and agents wrote, never the bot's words."""
        ids = count(1)
        for each, place, conversation in self._lines():
            if _LINE[place % len(_LINE)].author in ("customer", "agent"):
                text = self.words.text(each, _language(self._customer(conversation)))
                yield {"id": next(ids), "kind": "message", "subject_id": each, "words": fulltext.words(text)}

    def _lines(self) -> Iterator[tuple[int, int, int]]:
        """Every message: its id, its place in the conversation from 0, and the conversation's id."""
        before = 0
        for conversation, last in enumerate(self._last, start=1):
            for each in range(before + 1, last + 1):
                yield each, each - before - 1, conversation
            before = last

    def _customer(self, conversation: int) -> int:
        """Some write often, most do once or twice."""
        return conversation * conversation * 7919 % self.size.customers + 1

    def _opened(self, conversation: int) -> datetime:
        return NOW - SPAN + SPAN * (conversation / (self.size.conversations + 1))


@dataclass(frozen=True)
class _Kind:
    direction: str
    author: str
    private: int = 0


_LINE = (
    _Kind("incoming", "customer"),
    _Kind("outgoing", "bot"),
    _Kind("incoming", "customer"),
    _Kind("activity", "system", 1),
    _Kind("outgoing", "agent"),
    _Kind("incoming", "customer"),
    _Kind("outgoing", "agent", 1),
    _Kind("outgoing", "agent"),
)
_DETAIL: dict[str, Values] = {
    "customer": {
        "reading": {"intent": "account-access", "intent_confidence": 0.9, "confidence": 0.7, "language": "en"}
    },
    "system": {"activity": "escalated", "reason": "asked_for_human"},
}


def _status(number: int, of: int) -> str:
    """Of the last tickets two in five are open and one in five waits; all older ones are done with."""
    if number <= of * (1 - RECENT):
        return "resolved" if number % 50 == 0 else "closed"
    return ("open", "pending", "resolved", "open", "closed")[number % 5]


def _language(customer: int) -> str:
    return "zh" if customer % 3 == 0 else "en"


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f")
