"""Which processes of this Firstline are alive: each holds a lease of its own for as long as it runs."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from store import Database, leases
from store.keeping import keeping

LASTS = timedelta(seconds=30)
FORGOTTEN = timedelta(days=1)
_PREFIX = "process:"


@dataclass(frozen=True)
class Present:
    """A process that lived when it last said so. ``about``: how it was started, and its version ("run 0.1.0")."""

    name: str
    about: str

    @property
    def is_worker(self) -> bool:
        """Whether it answers and sends, and does not only show pages."""
        return self.about.partition(" ")[0] in ("run", "worker")


@contextmanager
def noted(database: Database, about: str) -> Iterator[None]:
    """Let others see, during the block, that this process is alive. Raises StoreError."""
    name = f"{_PREFIX}{socket.gethostname()[:32]}-{os.getpid()}-{secrets.token_hex(2)}"
    with keeping(database, name, about, LASTS, beside=_forget):
        yield


def _forget(session: Session, now: datetime) -> None:
    leases.forget(session, _PREFIX, now - FORGOTTEN)


def present(session: Session, now: datetime) -> Sequence[Present]:
    """Who is alive, by name."""
    return [Present(one.name.removeprefix(_PREFIX), one.owner) for one in leases.alive(session, _PREFIX, now)]


def holders(session: Session, now: datetime) -> dict[str, str]:
    """Who holds what only one may do at a time, by the lease's name."""
    return {one.name: one.owner for one in leases.alive(session, "", now) if not one.name.startswith(_PREFIX)}
