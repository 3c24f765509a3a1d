"""What this process writes and may deal with at once, it begins with at once: nobody is woken to look for it.

A new message, and words that wait for nothing, are claimed within the very transaction that writes them, on the same
terms as the loops claim: with a lease, and in the order of their thread. What is not taken here (there is no room, or
something comes before it) is noted as a change, as always, and the loops find it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from sqlmodel import Session

from bot import inbox
from bot.models import InboxRow
from bot.sending import Sender
from handoff.deliveries import Claimed
from store import Database
from store.changes import keep_to_ourselves, noted


class Handover:
    """``room``: how many turns may begin now, None while none may for another reason than that others are under way;
    ``begin`` begins one, and ``drop`` is told of one that was claimed in a transaction of which nobody knows whether it
    was committed. ``open`` it, and ``close`` it to let all wait."""

    def __init__(
        self,
        database: Database,
        worker: str,
        channels: tuple[str, ...],
        sender: Sender,
        *,
        room: Callable[[], int | None],
        begin: Callable[[InboxRow], None],
        drop: Callable[[InboxRow], None],
    ) -> None:
        self._database, self._worker, self._channels, self._sender = database, worker, channels, sender
        self._room, self._begin, self._drop = room, begin, drop
        self._moved = threading.Condition()
        self._taken = 0
        """Transactions that took something and have not ended yet."""

    def open(self) -> None:
        self._database.before_commit.append(self._take)

    def close(self, timeout: float) -> None:
        """Take nothing more. What was taken has begun when this returns, unless it takes longer than ``timeout``
        seconds: nothing may begin after everybody has been waited for."""
        if self._take in self._database.before_commit:
            self._database.before_commit.remove(self._take)
        with self._moved:
            self._moved.wait_for(lambda: not self._taken, timeout)

    def _take(self, session: Session) -> Callable[[bool], None] | None:
        now = datetime.now(UTC)
        rows, words = self._take_rows(session, now), self._sender.take(session, now)
        if not (rows or words):
            return None
        with self._moved:
            self._taken += 1
        return partial(self._go_on, rows, words)

    def _take_rows(self, session: Session, now: datetime) -> list[InboxRow]:
        ids = noted(session, "inbox")
        room = self._room() if ids else None
        if room is None:
            return []
        if room == 0:
            if self._database.is_sqlite:
                # Nobody else has room, and whoever makes some here wakes the loop, which cannot look before this is
                # committed.
                keep_to_ourselves(session, "inbox", ids)
            return []
        rows = inbox.claim_new(session, self._worker, now, ids, room, channels=self._channels)
        keep_to_ourselves(session, "inbox", (row.id or 0 for row in rows))
        return rows

    def _go_on(self, rows: list[InboxRow], words: list[Claimed], is_committed: bool) -> None:
        for row in rows:
            (self._begin if is_committed else self._drop)(row)
        (self._sender.begin if is_committed else self._sender.drop)(words)
        with self._moved:
            self._taken -= 1
            self._moved.notify_all()
