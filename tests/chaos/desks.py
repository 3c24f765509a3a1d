"""Agents at the desk: they take over, reply, resolve and hand back, whatever breaks meanwhile."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session, col, select

from bot.replies import closing_words
from handoff import desk
from handoff.actors import Actor
from handoff.models import Conversation, Owner, Role, Ticket, TicketStatus
from handoff.rows import id_of
from handoff.staff import add_staff
from store import Database, transaction

AGENT_WORDS = "Agent words"


@dataclass
class Desk:
    """Agents who look at the tickets now and then, and say nothing twice."""

    database: Database
    chance: random.Random
    _actor: Actor | None = None

    def works(self) -> None:
        """One deed, if there is anything to do. Raises whatever a lost database raises: then it was done or not."""
        if self._actor is None:
            self._actor = self.hired()
        now = datetime.now(UTC)
        with transaction(self.database) as session:
            ticket = self._one_of(session, select(Ticket).where(Ticket.status != TicketStatus.CLOSED))
            if self.chance.random() < 0.2:
                self._takes_over(session, self._actor, now)
            elif ticket is not None:
                self._deals_with(session, ticket, self._actor, now)

    def hired(self) -> Actor:
        with transaction(self.database) as session:
            address = f"agent{self.chance.randrange(10**9)}@firstline.test"
            return Actor(id_of(add_staff(session, address, "Grace", Role.AGENT, datetime.now(UTC))), "Grace")

    def _takes_over(self, session: Session, actor: Actor, now: datetime) -> None:
        theirs = select(Conversation).where(Conversation.owner == Owner.BOT, col(Conversation.closed_at).is_(None))
        conversation = self._one_of(session, theirs)
        if conversation is not None:
            desk.take_over(session, id_of(conversation), actor, now)

    def _deals_with(self, session: Session, ticket: Ticket, actor: Actor, now: datetime) -> None:
        if ticket.status is TicketStatus.RESOLVED or self.chance.random() < 0.7:
            # Of one length, so that none is a part of another.
            words = f"{AGENT_WORDS} {self.chance.getrandbits(40):010x}."
            desk.reply(session, ticket.number, words, actor, now)
        elif self.chance.random() < 0.5:
            desk.resolve(session, ticket.number, actor, now, closing_words("en", ticket.number))
        elif ticket.status is TicketStatus.OPEN:
            desk.hand_back(session, ticket.number, actor, now)

    def _one_of(self, session: Session, query: Any) -> Any:
        """One of the newest, chosen by chance."""
        model = query.column_descriptions[0]["entity"]
        newest = session.exec(query.order_by(col(model.id).desc()).limit(10)).all()
        return self.chance.choice(newest) if newest else None
