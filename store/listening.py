"""PostgreSQL's LISTEN: hear of another process's commit within milliseconds, on a connection of our own.

The connection must be direct: a pooler that hands out another one per transaction (PgBouncer's "transaction" mode)
takes the LISTEN and forgets it. Whoever listens must therefore look now and then all the same: see ``store.watch``.
"""

from __future__ import annotations

import select
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy import Engine

from store.changes import CHANNEL
from store.engine import NOTICES_SILENCE

_SETTINGS = {"connect_timeout": 5, "application_name": "firstline (listens)", **NOTICES_SILENCE}
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0


@dataclass(frozen=True)
class Told:
    """The newest change's id, 0 for none, and the kinds of all that were told of with it."""

    newest: int = 0
    kinds: frozenset[str] = frozenset()


NOTHING = Told()


class Ear:
    """Hears the ids of new changes. One thread uses it; ``ring`` may come from any."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: psycopg.Connection[Any] | None = None
        self._bell, self._rung = socket.socketpair()
        self._bell.setblocking(False)
        self._pause = 0.0
        self._again_at = 0.0

    @property
    def is_open(self) -> bool:
        return self._connection is not None

    def open(self) -> bool:
        """Listen from now on: whatever is committed after this is heard. False if that failed, now or a moment ago."""
        if self._connection is None and time.monotonic() >= self._again_at:
            self._connection = self._connect()
            if self._connection is None:
                self._wait_longer()
        return self.is_open

    def hear(self, seconds: float) -> Told:
        """What was told within ``seconds``, as soon as there is something; NOTHING after a ``ring``.

        A connection that was cut is shut, and NOTHING returned at once.
        """
        connection = self._connection
        if connection is None:
            return NOTHING
        try:
            ready, _, _ = select.select([connection.fileno(), self._rung.fileno()], [], [], seconds)
            if self._rung.fileno() in ready:
                self._rung.recv(4096)
            connection.pgconn.consume_input()
            told = _told(connection)
        except (psycopg.Error, OSError):
            self.shut()
            # At once: a server that starts again is back soon, and one that does not makes the pauses longer.
            self._again_at = 0.0
            return NOTHING
        if told.newest:
            self._pause = 0.0
        return told

    def doubt(self) -> None:
        """It hears nothing though something was told: shut it, and try it again after longer and longer pauses."""
        self.shut()
        self._wait_longer()

    def ring(self) -> None:
        """End the wait that is under way, or else the next one."""
        with suppress(OSError):
            self._bell.send(b"!")

    def shut(self) -> None:
        """Hear nothing more until it is opened again."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def close(self) -> None:
        """Shut it for good."""
        self.shut()
        self._bell.close()
        self._rung.close()

    def _connect(self) -> psycopg.Connection[Any] | None:
        # Not of the pool, whose statements have time limits; what the address itself says wins.
        places, named = self._engine.dialect.create_connect_args(self._engine.url)
        try:
            connection = psycopg.connect(*places, **{**_SETTINGS, **named, "autocommit": True})
        except psycopg.Error:
            return None
        try:
            connection.execute(f"LISTEN {CHANNEL}")
        except psycopg.Error:
            connection.close()
            return None
        return connection

    def _wait_longer(self) -> None:
        self._pause = min(max(2 * self._pause, _FIRST_PAUSE), _LONGEST_PAUSE)
        self._again_at = time.monotonic() + self._pause


def _told(connection: psycopg.Connection[Any]) -> Told:
    newest, kinds = 0, set[str]()
    while (message := connection.pgconn.notifies()) is not None:
        with suppress(ValueError):
            number, *named = message.extra.decode().split()
            newest = max(newest, int(number))
            kinds.update(named)
    return Told(newest, frozenset(kinds))
