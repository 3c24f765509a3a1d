"""When Slack last took the token of each workspace. It need not tell when it does not any more.

A workspace whose token died without a word tells us nothing, and nothing is sent there that would fail. So each token
is tried now and then, by one of the processes that share the database; and what may have been missed counts from the
last time that Slack took it, however late that is noticed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, select

from store import Database, reading, transaction
from store.errors import StoreError
from store.inserts import insert
from store.models import Setting

log = structlog.get_logger()
PROOF = "slack_token:"
"""The settings that hold them, each with its workspace behind it: a team's id, or OWN."""
EVERY = timedelta(minutes=5)
"""So often one that is good is tried: a fifth of a call a minute for each workspace."""
AGAIN = timedelta(minutes=1)
"""So often one that is refused, or of which Slack did not say."""
MOST = 20
"""So many are tried in one go."""


@dataclass(frozen=True)
class Proof:
    """``good``: when Slack last took it; ``tried``: when somebody last set about asking."""

    good: datetime | None = None
    tried: datetime | None = None
    is_refused: bool = False

    def is_due(self, now: datetime) -> bool:
        return self.tried is None or now - self.tried >= (EVERY if self.good == self.tried else AGAIN)


class Proofs:
    """Safe for many threads; raises nothing."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    def last_good(self, name: str) -> datetime | None:
        try:
            with reading(self._database) as session:
                return proof_of(session, name).good
        except (StoreError, SQLAlchemyError):
            return None

    def note(self, name: str, *, is_taken: bool) -> None:
        """Slack took the token just now, or refused it."""
        now = self._now()
        try:
            with transaction(self._database, is_lasting=False) as session:
                before = proof_of(session, name)
                write(session, name, Proof(now, now) if is_taken else replace(before, tried=now, is_refused=True))
        except (StoreError, SQLAlchemyError) as error:
            log.warning("slack token's proof not kept", error=type(error).__name__)

    def look(self, names: Iterable[str], ask: Callable[[str], bool | None]) -> dict[str, bool]:
        """Whether Slack takes the tokens of ``names``, where anybody knows. Those that are due are asked for."""
        try:
            with reading(self._database) as session:
                known = {name: proof_of(session, name) for name in names}
            due = [name for name, proof in known.items() if proof.is_due(self._now())]
            for name in due[:MOST]:
                known[name] = self._try(name, ask, known[name])
        except (StoreError, SQLAlchemyError) as error:
            log.warning("slack tokens not tried", error=type(error).__name__)
            return {}
        return {name: not proof.is_refused for name, proof in known.items() if proof.good or proof.is_refused}

    def _try(self, name: str, ask: Callable[[str], bool | None], known: Proof) -> Proof:
        """``ask``: None where Slack does not say. Raises StoreError."""
        now = self._now()
        with transaction(self._database, is_lasting=False) as session:
            if not set_about(session, name, now):
                return known
        is_taken = ask(name)
        if is_taken is None:
            return known
        self.note(name, is_taken=is_taken)
        return replace(known, good=now if is_taken else known.good, tried=now, is_refused=not is_taken)


def set_about(session: Session, name: str, now: datetime) -> bool:
    """Whether this process is to ask. Of several that would one is told so."""
    row = select(Setting).where(col(Setting.name) == PROOF + name).with_for_update()
    session.exec(row.execution_options(populate_existing=True)).first()
    known = proof_of(session, name)
    if not known.is_due(now):
        return False
    write(session, name, replace(known, tried=now))
    return True


def proof_of(session: Session, name: str) -> Proof:
    row = session.get(Setting, PROOF + name)
    if row is None:
        return Proof()
    good, tried = (datetime.fromisoformat(at) if (at := row.value[field]) else None for field in ("good", "tried"))
    return Proof(good, tried, row.value["is_refused"])


def write(session: Session, name: str, proof: Proof) -> None:
    good, tried = (at.isoformat() if at else None for at in (proof.good, proof.tried))
    value = {"good": good, "tried": tried, "is_refused": proof.is_refused}
    row = insert(session, Setting).values(name=PROOF + name, value=value)
    session.execute(row.on_conflict_do_update(index_elements=["name"], set_={"value": value}))
