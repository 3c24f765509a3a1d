"""The processes that listen to Slack: each gives a sign of life, and one that fell silent is known to the others.

What Slack told a process that was dead, or had no database, is in nobody's inbox. Slack tries again, but all its tries
may go to the same one; and what another process hears meanwhile says nothing of that. So everybody's signs are kept.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete
from sqlmodel import Session, col, select

from store import settings
from store.models import Setting

log = structlog.get_logger()
SIGN = "slack_listens:"
"""The settings that hold the signs of life, each with its process's name behind it."""
SILENT = timedelta(seconds=30)
"""Three signs late: then it is dead, or as good as dead."""
LASTS = timedelta(minutes=10)
"""Slack brings an event for the last time some six minutes after it was said, and whatever stands between it and us
should have found out by then that somebody is dead."""


@dataclass(frozen=True)
class SignOfLife:
    """The last one of a process, at ``given``. What Slack told it was looked for until ``looked``."""

    process: str
    given: datetime
    looked: datetime
    heard: datetime | None = None
    """When Slack last told it anything."""

    def is_silent(self, now: datetime) -> bool:
        return now - self.given >= SILENT

    def is_over(self, now: datetime) -> bool:
        """Whether Slack sends it nothing any more."""
        return now - self.given >= LASTS

    def is_due(self, now: datetime, begun: datetime) -> bool:
        """Whether somebody who began at ``begun`` is to look for what it was told: once when it fell silent, and once
        when that is over. Whoever began after its last sign looked back at the start."""
        if begun <= self.given and self.looked <= self.given:
            return self.is_silent(now)
        return self.is_over(now) and not self.is_over(self.looked)


def give_sign(session: Session, process: str, now: datetime, heard: datetime | None = None) -> None:
    """``process`` lives, and hears what Slack tells it; ``heard``: when that was last."""
    _write(session, SignOfLife(process, now, now, heard))


def last_heard(session: Session) -> datetime | None:
    """When Slack last told anything to one of those that gave a sign."""
    return max((sign.heard for sign in signs(session, "") if sign.heard is not None), default=None)


def signs(session: Session, but: str) -> list[SignOfLife]:
    """The last sign of each process ``but`` this one."""
    rows = select(Setting).where(col(Setting.name).startswith(SIGN, autoescape=True)).order_by(col(Setting.name))
    return [found for found in map(_read, session.exec(rows)) if found.process != but]


def take_over(session: Session, process: str, now: datetime, *, begun: datetime) -> datetime | None:
    """From when on ``process``, which began at ``begun``, is to look for what others were told; None where nothing is
    due. Of several that ask at the same time one gets it."""
    taken = _unchanged(session, [sign for sign in signs(session, process) if sign.is_due(now, begun)])
    for sign in taken:
        _note_look(session, sign, now, begun)
    return min((sign.looked for sign in taken), default=None)


def take_over_all(session: Session, process: str, now: datetime) -> datetime | None:
    """As ``take_over`` at the start of ``process``: of all that are silent, whoever looked for it meanwhile. The newest
    sign stands for all of them from then on: of a process that is begun again and again each life leaves one."""
    silent = [sign for sign in signs(session, process) if sign.is_silent(now)]
    taken = sorted(_unchanged(session, silent), key=lambda sign: sign.given)
    _forget(session, taken[:-1])
    for sign in taken[-1:]:
        _note_look(session, sign, now, now)
    return min((sign.looked for sign in taken), default=None)


def _note_look(session: Session, sign: SignOfLife, now: datetime, begun: datetime) -> None:
    """What it was told is looked for until now. Who began after its last sign listens in its place by the end."""
    if sign.is_over(now) and begun > sign.given:
        _forget(session, [sign])
    else:
        _write(session, replace(sign, looked=now))


def _forget(session: Session, gone: Sequence[SignOfLife]) -> None:
    session.execute(delete(Setting).where(col(Setting.name).in_([SIGN + sign.process for sign in gone])))


def _unchanged(session: Session, wanted: Iterable[SignOfLife]) -> list[SignOfLife]:
    """Those that nobody took and that gave no other sign meanwhile; they stay so until this transaction ends."""
    known = {SIGN + sign.process: sign for sign in wanted}
    rows = select(Setting).where(col(Setting.name).in_(known)).order_by(col(Setting.name)).with_for_update()
    found = session.exec(rows.execution_options(populate_existing=True))
    return [known[row.name] for row in found if _read(row) == known[row.name]]


def _read(row: Setting) -> SignOfLife:
    given, looked = (datetime.fromisoformat(row.value[field]) for field in ("given", "looked"))
    heard = row.value.get("heard")
    return SignOfLife(row.name.removeprefix(SIGN), given, looked, datetime.fromisoformat(heard) if heard else None)


def _write(session: Session, sign: SignOfLife) -> None:
    value = {"given": sign.given.isoformat(), "looked": sign.looked.isoformat()}
    if sign.heard is not None:
        value["heard"] = sign.heard.isoformat()
    settings.keep(session, SIGN + sign.process, value)


class Signs:
    """Calls ``give`` every so many seconds, in a thread of its own: whatever else is done here may take minutes."""

    def __init__(self, give: Callable[[], None], every: float) -> None:
        self._give = give
        self._every = every
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="slack-signs", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """The last sign stays: what Slack still tells us is to be looked for."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(2)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._give()
            except Exception as error:
                # Who cannot give a sign cannot keep anything either: the others look for it.
                log.warning("slack sign of life not given", error=type(error).__name__)
            self._stopping.wait(self._every)
