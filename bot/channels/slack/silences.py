"""Nothing came from Slack for a while: perhaps nobody wrote, perhaps Slack does not reach our address any more.

Slack stops trying after some minutes, and then nothing tells of what was said. So after a long silence a few places are
looked at, less and less often while nothing is found there: a night costs some two hundred calls, none of them at once.
If something is found, Slack does not reach us. Then that is said, all is looked up, and a few places are looked at
every other minute, so that customers are answered all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, select

from bot.channels.slack import peers
from store import Database, reading, transaction
from store.errors import StoreError
from store.inserts import insert
from store.models import Setting

log = structlog.get_logger()
SILENCE = "slack_silence"
"""The setting that says when somebody last looked whether a silence is one, and what was found."""
QUIET = timedelta(minutes=15)
"""Until the first look; then twice as long, and so on."""
LONGEST = timedelta(hours=6)
DEAF = timedelta(minutes=2)
"""Until the next look where something was found."""


@dataclass(frozen=True)
class Silence:
    """The last look was at ``looked``, the next one is due after ``wait``; ``found``: how much was new since Slack was
    last heard."""

    looked: datetime
    wait: timedelta
    found: int = 0

    def is_deaf(self, heard: datetime) -> bool:
        """Whether there was something to hear."""
        return self.found > 0 and self.looked >= heard


def next_look(last: Silence | None, heard: datetime, now: datetime) -> Silence | None:
    """The look that is due ``now``, as if nothing will be found; None where none is. ``heard``: when Slack last told
    us anything. Pure."""
    if last is None or last.looked < heard:
        return Silence(now, QUIET * 2) if now - heard >= QUIET else None
    if now - last.looked < last.wait:
        return None
    return Silence(now, last.wait if last.found else min(last.wait * 2, LONGEST), last.found)


class Silences:
    """Looks around when it is time, one of the processes that share the database. Raises nothing."""

    def __init__(
        self, database: Database, look_around: Callable[[datetime], int], missed: Callable[[datetime], None]
    ) -> None:
        """``look_around``: takes in what was said since then in a few places, and says how much was new; ``missed``:
        sees to it that all places are looked at."""
        self._database = database
        self._look_around = look_around
        self._missed = missed
        self._deaf_since: datetime | None = None

    @property
    def is_deaf(self) -> bool:
        """Whether Slack does not reach us, as far as anybody knows."""
        return self._deaf_since is not None

    def look(self, heard: datetime, now: datetime) -> None:
        """``heard``: when Slack last told this process anything."""
        try:
            with reading(self._database) as session:
                heard = max(heard, peers.last_heard(session) or heard)
                last = silence_of(session)
            if next_look(last, heard, now) is not None and self._is_ours(heard, now):
                self._look(heard)
            with reading(self._database) as session:
                last = silence_of(session)
        except (StoreError, SQLAlchemyError) as error:
            log.warning("slack silence not looked into", error=type(error).__name__)
            return
        self._tell(heard if last is not None and last.is_deaf(heard) else None)

    def _is_ours(self, heard: datetime, now: datetime) -> bool:
        """Of several that see it is time one looks. Raises StoreError."""
        with transaction(self._database, is_lasting=False) as session:
            row = select(Setting).where(col(Setting.name) == SILENCE).with_for_update()
            session.exec(row.execution_options(populate_existing=True)).first()
            due = next_look(silence_of(session), heard, now)
            if due is not None:
                _write(session, due)
            return due is not None

    def _tell(self, deaf_since: datetime | None) -> None:
        before, self._deaf_since = self._deaf_since, deaf_since
        if before is not None and deaf_since is None:
            # Whoever wrote elsewhere than in the few places that were looked at.
            self._missed(before)

    def _look(self, heard: datetime) -> None:
        """Raises StoreError."""
        new = self._look_around(heard)
        if not new:
            return
        log.warning("slack does not reach us", since=heard.isoformat(timespec="seconds"), found=new)
        with transaction(self._database, is_lasting=False) as session:
            last = silence_of(session)
            if last is not None:
                _write(session, Silence(last.looked, DEAF, last.found + new))
        self._missed(heard)


def silence_of(session: Session) -> Silence | None:
    row = session.get(Setting, SILENCE)
    if row is None:
        return None
    looked = datetime.fromisoformat(row.value["looked"])
    return Silence(looked, timedelta(seconds=row.value["wait"]), row.value["found"])


def _write(session: Session, silence: Silence) -> None:
    value = {"looked": silence.looked.isoformat(), "wait": silence.wait.total_seconds(), "found": silence.found}
    row = insert(session, Setting).values(name=SILENCE, value=value)
    session.execute(row.on_conflict_do_update(index_elements=["name"], set_={"value": value}))
