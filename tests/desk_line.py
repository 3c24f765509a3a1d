"""One thread of a chat channel, what is said in it, and workers that live, answer late or are killed at their work."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlmodel import select

from bot.channels.base import Channel, OnPart, Outgoing, unrecorded
from bot.sending import send_due
from handoff import deliveries
from handoff.actors import OPERATOR
from handoff.conversations import history, open_conversation, say
from handoff.customers import find_customer, find_thread
from handoff.models import Author, Conversation, Delivery, DeliveryState
from handoff.rows import id_of
from store import Database, reading, transaction


class Killed(BaseException):
    """A worker ends here as if the power were cut: nothing of ours handles it."""


@dataclass
class KilledAfter:
    """``channel``, whose worker is killed after ``parts`` parts arrived, before it knows of the last of them."""

    channel: Channel
    parts: int = 1

    def __getattr__(self, name: str) -> Any:
        return getattr(self.channel, name)

    def send(self, outgoing: Outgoing, on_part: OnPart = unrecorded) -> tuple[str, ...]:
        arrived = 0

        def told(part: str) -> None:
            nonlocal arrived
            arrived += 1
            if arrived == self.parts:
                raise Killed
            on_part(part)

        self.channel.send(outgoing, told)
        raise Killed


@dataclass
class DeskLine:
    """``place`` is how the channel calls the thread. Time stands still until it is moved."""

    database: Database
    channel: Channel
    place: str
    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))
    conversation_id: int = 0

    def __post_init__(self) -> None:
        self.moves_to(self.place)

    def moves_to(self, place: str) -> None:
        """What is said from now on is said there."""
        self.place = place
        with transaction(self.database) as session:
            thread = find_thread(session, self.channel.name, self.place, self.now)
            customer = find_customer(session, self.channel.name, self.place, self.now, name="Ada")
            self.conversation_id = id_of(open_conversation(session, thread, customer, "en", self.now))

    def says(self, author: Author, text: str = "Hello") -> int:
        """The id of the delivery."""
        with transaction(self.database) as session:
            message = say(session, session.get_one(Conversation, self.conversation_id), text, author, self.now)
            return id_of(session.exec(select(Delivery).where(Delivery.message_id == message.id)).one())

    def works(self, channel: Channel | None = None) -> int:
        """A worker sends what is due now; how many that were."""
        return send_due(self.database, {self.channel.name: channel or self.channel}, "worker", self.now)

    def is_killed_at_work(self, parts: int = 1) -> None:
        """A worker is killed when so many parts were taken by the channel, and its work is given up."""
        try:
            self.works(KilledAfter(self.channel, parts))
        except Killed:
            self.gives_up("worker")
            return
        raise AssertionError("there was nothing to send")

    def gives_up(self, worker: str) -> None:
        with transaction(self.database) as session:
            deliveries.release_worker(session, worker, self.now, {self.channel.name: self.channel.resend})

    def later(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def goes_on(self, attempts: int = 30) -> None:
        """Let time pass until nothing waits any more."""
        for _ in range(attempts):
            if self.works():
                continue
            with reading(self.database) as session:
                due = deliveries.next_due(session, self.now)
            if due is None:
                return
            self.later((due - self.now).total_seconds())
        raise AssertionError("it never came to an end")

    def sends_again(self, delivery_id: int) -> None:
        with transaction(self.database) as session:
            deliveries.resend(session, delivery_id, OPERATOR, self.now)

    def delivery(self, delivery_id: int) -> Delivery:
        with reading(self.database) as session:
            return session.get_one(Delivery, delivery_id)

    def state(self, delivery_id: int) -> DeliveryState:
        return self.delivery(delivery_id).state

    def transcript(self) -> list[str]:
        with reading(self.database) as session:
            return [line.message.text for line in history(session, self.conversation_id)]
