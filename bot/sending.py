"""The delivery loop: the only way that words reach a person."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from functools import partial

import structlog
from sqlmodel import Session
from structlog.contextvars import bound_contextvars

from bot.attempts import Attempt, attempt, record
from bot.channels.base import Channel
from bot.crew import Crew
from handoff import deliveries, holding
from handoff.deliveries import Claimed
from handoff.errors import Stale
from store import Database, glancing, reading, transaction
from store.changes import keep_to_ourselves, noted
from store.errors import StoreError

log = structlog.get_logger()
BATCH = 20
_MANY = 100
SLOTS = 8
"""Deliveries of one channel that are under way at once: a slow channel never holds up another."""
_AGAIN = 0.5
"""Seconds until an outcome that the database did not take is told again."""
_UNSURE = 10.0
"""Seconds in which a commit may still come about after its answer was lost."""


class Sender:
    """Deliveries of all channels, several at a time. ``step`` from one thread; ``stop`` to finish what is under way."""

    def __init__(
        self, database: Database, channels: Mapping[str, Channel], worker: str, on_room: Callable[[], None]
    ) -> None:
        self.database = database
        self.channels = channels
        self.worker = worker
        self._on_room = on_room
        self._some_wait = False
        self._crews = {name: Crew(f"send-{name}", SLOTS, on_room) for name in channels}
        self._resends = {name: channel.resend for name, channel in channels.items()}
        self._under_way: dict[int, Claimed] = {}
        """What is being sent here, or is about to be: held from before its claim is committed."""
        self._untold: set[int] = set()
        """What was sent, perhaps, and could not be recorded: its lease runs out."""
        self._unsure_until: float | None = None
        """Until then it is looked for what was claimed for this worker and is not sent; None where nothing can be."""
        self._lock = threading.Lock()
        self._claiming = threading.Lock()
        self._stopped = threading.Event()
        self._due_at: datetime | None = None

    def recover(self, now: datetime) -> int:
        """What a dead worker of this name was sending is in doubt: how many. To be called before the first ``step``."""
        with transaction(self.database) as session:
            return deliveries.release_worker(session, self.worker, now, self._resends)

    def keep_leases(self, now: datetime) -> None:
        """Keep what is under way here, however slow, and release what dead workers left. Call it every few seconds."""
        with reading(self.database) as session:
            if not deliveries.has_outlived(session, now + holding.LEASE / 2):
                return
        with self._lock:
            mine = tuple(self._under_way)
        with transaction(self.database) as session:
            # In this order: whatever a clock that was set says, what lives here is not taken for dead.
            deliveries.renew(session, mine, self.worker, now)
            lost = deliveries.release_worker(session, None, now, self._resends)
        if lost:
            log.warning("deliveries in doubt", count=lost)

    def step(self, now: datetime) -> bool:
        """Claim what is due and let it be sent, as far as there is room; True if there was anything. What comes next
        is a change of a delivery, or makes room."""
        # Set before it is looked: what ends meanwhile, and is not seen to have ended, wakes the loop all the same.
        self._some_wait = True
        self._pick_up(now)
        with glancing(self.database) as session:
            outlook = deliveries.outlook(session, now, _MANY)
        self._due_at = outlook.next_due
        found = sum(self._send_some(name, now) for name in sorted(outlook.channels & set(self.channels)))
        self._some_wait = outlook.ready > found or outlook.ready == _MANY
        return found > 0

    def take(self, session: Session, now: datetime) -> list[Claimed]:
        """Claim what was written in this transaction and may leave at once, as far as there is room: to ``begin`` with
        once it is committed."""
        written = noted(session, "delivery")
        if not written:
            return []
        ready = tuple(name for name in self.channels if self._room(name))
        claimed = deliveries.claim_new(session, now, self.worker, written, ready)
        keep_to_ourselves(session, "delivery", (each.delivery.id or 0 for each in claimed))
        self._hold(claimed)
        return claimed

    def drop(self, claimed: Sequence[Claimed]) -> None:
        """Send none of these: nobody knows whether the transaction was committed in which they were taken."""
        for each in claimed:
            self._let_go(each)
        if claimed:
            self._look_for_idle()

    def begin(self, claimed: Sequence[Claimed]) -> None:
        """Let these be sent, which were claimed for this worker."""
        self._hold(claimed)
        for each in claimed:
            name = each.thread.channel
            self._crews[name].do(partial(self._send, name, each))

    def wait_until(self, now: datetime, longest: float) -> float:
        """Seconds until something that was put off when ``step`` looked becomes due, at most ``longest``."""
        due = self._due_at
        return longest if due is None else min(max((due - now).total_seconds(), 0.01), longest)

    def stop(self, timeout: float) -> None:
        """Wait for what is under way, at most ``timeout`` seconds; what is not done then is in doubt."""
        until = time.monotonic() + timeout
        for crew in self._crews.values():
            crew.stop(max(until - time.monotonic(), 0))
        self._stopped.set()

    def _send_some(self, name: str, now: datetime) -> int:
        room = self._room(name)
        if not room:
            return 0
        with self._claiming:
            try:
                with transaction(self.database, is_lasting=False) as session:
                    claimed = deliveries.claim(session, now, self.worker, room, channels=(name,))
            except BaseException:
                # It may be committed all the same, and nobody heard of which.
                self._look_for_idle()
                raise
            self.begin(claimed)
        return len(claimed)

    def _pick_up(self, now: datetime) -> None:
        """Let go of what is this worker's though nobody here sends it: the answer to its claim was lost, and no channel
        was called."""
        until = self._unsure_until
        if until is None:
            return
        with transaction(self.database, is_lasting=False) as session:
            # Kept from others first: what is ours now and not under way here is not about to be, either.
            ours = deliveries.held(session, self.worker)
            with self._lock:
                idle = [each for each in ours if each.id not in self._under_way and each.id not in self._untold]
            deliveries.give_back(session, idle, now)
        with self._lock:
            if self._unsure_until == until and time.monotonic() >= until:
                self._unsure_until = None

    def _hold(self, claimed: Sequence[Claimed]) -> None:
        with self._lock:
            self._under_way.update({each.delivery.id or 0: each for each in claimed})
            self._untold.difference_update(each.delivery.id or 0 for each in claimed)

    def _let_go(self, claimed: Claimed) -> None:
        with self._lock:
            if self._has(claimed):
                del self._under_way[claimed.delivery.id or 0]

    def _has(self, claimed: Claimed) -> bool:
        """Whether this is the newest claim of its delivery here."""
        return self._under_way.get(claimed.delivery.id or 0) is claimed

    def _look_for_idle(self) -> None:
        """Something may have been claimed for this worker that nobody sends."""
        with self._lock:
            self._unsure_until = time.monotonic() + _UNSURE

    def _room(self, name: str) -> int:
        """How many more may be under way in this channel. Two who ask at once may both get the last place: then there
        is one more for a while."""
        return self._crews[name].free if self.channels[name].is_open else 0

    def _send(self, name: str, claimed: Claimed) -> None:
        ids = {"delivery_id": claimed.delivery.id, "conversation_id": claimed.message.conversation_id}
        try:
            with bound_contextvars(**ids):
                self._attempt(name, claimed)
        except Stale:
            log.warning("delivery taken over", **ids)
        except Exception as error:
            # The lease runs out, and the delivery is looked at again.
            log.exception("outcome not recorded", **ids, error=type(error).__name__)
            with self._lock:
                self._untold.add(claimed.delivery.id or 0)
        finally:
            self._let_go(claimed)
            if self._some_wait:
                # Maybe for this one's end, in its thread.
                self._on_room()

    def _attempt(self, name: str, claimed: Claimed) -> None:
        try:
            # Said and done before the disk has it, it would be said again after a power cut.
            self.database.settle()
        except StoreError as error:
            log.warning("delivery put off", error=type(error).__name__)
            self._look_for_idle()
            return
        made = attempt(self.database, self.channels[name], claimed, self.worker, datetime.now(UTC))
        self._record(name, claimed, made)

    def _record(self, name: str, claimed: Claimed, made: Attempt) -> None:
        """What is known must not become a doubt because the database is away for a while, or its answer is lost."""
        is_first = True
        while True:
            try:
                with nullcontext() if is_first else self._claiming:
                    # Claimed anew, it had been recorded the first time: what becomes of it now is another attempt's.
                    if is_first or self._is_newest(claimed):
                        record(self.database, self.channels[name], claimed, self.worker, made)
                return
            except StoreError as error:
                if self._stopped.wait(_AGAIN):
                    raise
                log.warning("outcome kept for later", error=type(error).__name__)
                is_first = False

    def _is_newest(self, claimed: Claimed) -> bool:
        with self._lock:
            return self._has(claimed)


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
    """Send one claimed delivery and record what became of it. Raises Stale where that is too late."""
    record(database, channel, claimed, worker, attempt(database, channel, claimed, worker, now))
