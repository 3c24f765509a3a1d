"""The delivery loop: the only way that words reach a person."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog

from bot.channels.base import (
    Channel,
    DeliveryError,
    Later,
    Link,
    Outgoing,
    OutgoingButton,
    OutgoingFile,
    Uncertain,
)
from bot.crew import Crew
from handoff import deliveries, threads
from handoff.deliveries import Claimed
from handoff.models import Author
from store import Database, reading, transaction

log = structlog.get_logger()
BATCH = 20
ATTEMPTS = 8
SLOTS = 8
"""Deliveries of one channel that are under way at once: a slow channel never holds up another."""


class Sender:
    """Deliveries of all channels, several at a time. ``step`` from one thread; ``stop`` to finish what is under way."""

    def __init__(
        self, database: Database, channels: Mapping[str, Channel], worker: str, on_room: Callable[[], None]
    ) -> None:
        self.database = database
        self.channels = channels
        self.worker = worker
        self._crews = {name: Crew(f"send-{name}", SLOTS, on_room) for name in channels}

    def step(self, now: datetime) -> bool:
        """Claim what is due and let it be sent; True if there was anything. A commit wakes whoever waits."""
        with reading(self.database) as session:
            due = deliveries.channels_due(session, now)
        found = [self._send_some(name, now) for name in sorted(due & set(self.channels))]
        return any(found)

    def wait_until(self, now: datetime, longest: float) -> float:
        """Seconds until something that was put off becomes due, at most ``longest``."""
        with reading(self.database) as session:
            due = deliveries.next_due(session, now)
        return longest if due is None else min(max((due - now).total_seconds(), 0.01), longest)

    def stop(self, timeout: float) -> None:
        """Wait for what is under way, at most ``timeout`` seconds; what is not done then becomes uncertain."""
        until = time.monotonic() + timeout
        for crew in self._crews.values():
            crew.stop(max(until - time.monotonic(), 0))

    def _send_some(self, name: str, now: datetime) -> bool:
        free = self._crews[name].free
        if free <= 0 or not self.channels[name].is_open:
            return False
        with transaction(self.database) as session:
            claimed = deliveries.claim(session, now, self.worker, free, channels=(name,))
        for each in claimed:
            self._crews[name].do(partial(self._send, name, each))
        return bool(claimed)

    def _send(self, name: str, claimed: Claimed) -> None:
        try:
            send(self.database, self.channels[name], claimed, self.worker, datetime.now(UTC))
        except Exception as error:
            # The lease runs out, and the delivery is looked at again.
            log.exception("outcome not recorded", delivery=claimed.delivery.id, error=type(error).__name__)


def send_due(
    database: Database, channels: Mapping[str, Channel], worker: str, now: datetime, thread_id: int | None = None
) -> int:
    """Claim what is ready, send it one after another and record each outcome. Returns how many there were.

    Head-of-line order is the claim's doing: a thread has at most one delivery under way.
    """
    are_open = tuple(name for name, channel in channels.items() if channel.is_open)
    with transaction(database) as session:
        claimed = deliveries.claim(session, now, worker, BATCH, channels=are_open, thread_id=thread_id)
    for each in claimed:
        send(database, channels[each.thread.channel], each, worker, now)
    return len(claimed)


def send(database: Database, channel: Channel, claimed: Claimed, worker: str, now: datetime) -> None:
    """Send one claimed delivery and record what became of it."""
    if claimed.thread.unreachable and claimed.message.author is not Author.AGENT:
        # An agent's words are worth a try, the bot's own are not.
        _not_sent(database, claimed, worker, DeliveryError(claimed.thread.unreachable, permanent=True), now)
        return
    try:
        external_ids = channel.send(render(claimed))
    except DeliveryError as error:
        _not_sent(database, claimed, worker, error, now)
    except Uncertain as error:
        _unknown(database, channel, claimed, worker, error, now)
    except Exception as error:
        # A mistake of ours, found before anything left: worth a later try, and a line in the log.
        log.exception("sending failed", delivery=claimed.delivery.id, error=type(error).__name__)
        _not_sent(database, claimed, worker, DeliveryError(type(error).__name__), now)
    else:
        first, *more = external_ids
        with transaction(database) as session:
            deliveries.mark_sent(session, claimed.delivery.id or 0, worker, first, now, more)


def render(claimed: Claimed) -> Outgoing:
    """The delivery as its channel gets it."""
    message = claimed.message
    # Two passages of one article are one page to open.
    citations = {citation["article"]: citation for citation in reversed(message.detail.get("citations", ()))}
    by = message.detail.get("by") if message.author is Author.AGENT else None
    return Outgoing(
        delivery_id=claimed.delivery.id or 0,
        message_id=message.id or 0,
        thread=claimed.thread.external_id,
        text=message.text,
        buttons=tuple(OutgoingButton(button.token, button.label) for button in claimed.buttons),
        files=tuple(OutgoingFile(file.name, file.media_type, file.size, file.sha256) for file in claimed.files),
        links=tuple(Link(citation["title"], citation["url"]) for citation in reversed(citations.values())),
        author=claimed.author or by,
        spot=claimed.spot,
        sent=claimed.sent,
    )


def _not_sent(database: Database, claimed: Claimed, worker: str, error: DeliveryError, now: datetime) -> None:
    delivery_id, is_later = claimed.delivery.id or 0, isinstance(error, Later)
    with transaction(database) as session:
        if error.moved_to is not None:
            threads.rename(session, claimed.thread.channel, claimed.thread.external_id, error.moved_to)
        if error.is_unreachable:
            thread = threads.thread_called(session, claimed.thread.channel, claimed.thread.external_id)
            if thread is not None:
                threads.mark_unreachable(session, thread, str(error), now)
        if error.permanent or (claimed.delivery.attempts >= ATTEMPTS and not is_later):
            deliveries.mark_failed(session, delivery_id, worker, str(error), now)
            return
        backoff = timedelta(seconds=0 if error.moved_to else 2 ** min(claimed.delivery.attempts, 8))
        at = error.not_before or now + backoff
        deliveries.mark_ready(session, delivery_id, worker, at, str(error), now, sent=error.sent, is_for_free=is_later)


def _unknown(
    database: Database, channel: Channel, claimed: Claimed, worker: str, error: Uncertain, now: datetime
) -> None:
    delivery_id = claimed.delivery.id or 0
    with transaction(database) as session:
        if channel.is_safe_to_resend:
            deliveries.mark_ready(session, delivery_id, worker, now, str(error), now)
        else:
            deliveries.mark_uncertain(session, delivery_id, worker, str(error), now, error.sent)
