"""What is done from time to time: topics looked at, old releases swept, the live one fitted anew and a backup made at
night, and a release published when asked for.

Each is a timer in the database, so that of several replicas one does it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta

import structlog
from sqlmodel import Session, col, select

from bot.learning.autonomy import demote_refuted
from bot.learning.nightly import BACKUP, Nightly, look_at_once
from bot.learning.publish import Fit
from bot.learning.refit import refit
from bot.learning.studio.carrying_out import GivenUp, run_due
from bot.learning.sweeping import sweep
from bot.learning.worklist.keeping import follow
from bot.learning.worklist.refreshing import WORKLIST, Refresher, ask_to_look
from bot.live import House
from store import Database, reading, transaction
from store.crashpoints import reach
from store.errors import Unavailable
from store.models import Timer, TimerState
from store.timers import claim_due, set_timer

log = structlog.get_logger()
TOPICS, REFIT = "topics", "refit"
EVERY = timedelta(minutes=5)
NIGHT = 3
"""The hour, in the server's own time, at which a refit disturbs least. A backup comes an hour later, with it."""
_HOURS = {BACKUP: NIGHT + 1, WORKLIST: NIGHT + 2}
STRAYED = timedelta(hours=1)
"""By so much a timer may lie behind its next time: another machine's clock is not ours, and what failed is tried again
an hour later."""
LOOK_SECONDS = 5.0


class Upkeep:
    """One thread beside the worker. ``start`` it once; ``stop`` does not wait for a build, which can be done again."""

    def __init__(
        self,
        database: Database,
        fit: Fit,
        report: Callable[[str], None] = lambda sentence: None,
        nightly: Nightly | None = None,
        house: House | None = None,
        worklist: Refresher | None = None,
    ) -> None:
        """``nightly``: what makes the backups; without it none are made. ``house``: the settings that answers depend
        on, for the check before publishing. ``worklist``: what brings the editors' worklist up to date; without it
        nobody does."""
        self.database = database
        self.fit = fit
        self.report = report
        self.nightly = nightly
        self.house = house or House("", fit.encoder, fit.reranker)
        self.worklist = worklist
        beside = ((BACKUP, nightly), (WORKLIST, worklist))
        self.kinds = (TOPICS, REFIT, *(kind for kind, doer in beside if doer is not None))
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="upkeep", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout: float = 2.0) -> None:
        self._stop.set()
        if self.nightly is not None:
            self.nightly.stop(timeout)
        if self.worklist is not None:
            self.worklist.stop(timeout)
        if self._thread.is_alive():
            self._thread.join(timeout)

    def step(self, now: datetime) -> list[str]:
        """Do what is due. Returns which deeds that were."""
        self._publish(now)
        kinds = claim(self.database, now, self.kinds)
        for kind in kinds:
            try:
                self._do(kind, now)
            except Stopped:
                return kinds
            except Exception as error:
                # Its timer is set for the next time already; what is live stays live.
                log.exception("upkeep failed", deed=kind, error=type(error).__name__)
        return kinds

    def _publish(self, now: datetime) -> None:
        try:
            if run_due(self.database, self.fit, self.house, now, self._progress) is not None:
                self._follow_drafts(datetime.now(UTC))
        except Stopped:
            log.info("publishing given up: the server is stopping")
        except Unavailable:
            # Said with what else of the step needs the database; publishing is due as before.
            return
        except Exception as error:
            log.exception("publishing failed", error=type(error).__name__)

    def _do(self, kind: str, now: datetime) -> None:
        reach("timer.in_deed")
        if kind == TOPICS:
            demote_refuted(self.database, self.fit.target_precision, now)
            self._follow_drafts(now)
        elif kind == BACKUP and self.nightly is not None:
            self.nightly.begin()
        elif kind == WORKLIST and self.worklist is not None:
            self.worklist.begin()
        else:
            sweep(self.database, self.fit, now, self._progress)
            refit(self.database, self.fit, now, self._progress)

    def _follow_drafts(self, now: datetime) -> None:
        """What became of the worklist's drafts; what went live is asked again."""
        with transaction(self.database) as session:
            if follow(session, now) and self.worklist is not None:
                ask_to_look(session, now)

    def _progress(self, sentence: str) -> None:
        if self._stop.is_set():
            raise Stopped
        self.report(sentence)

    def _run(self) -> None:
        try:
            if self.nightly is not None:
                look_at_once(self.database, datetime.now(UTC))
        except Exception as error:
            log.exception("upkeep failed", deed=BACKUP, error=type(error).__name__)
        while not self._stop.is_set():
            try:
                with self.database.absence.noticed("upkeep"):
                    self.step(datetime.now(UTC))
            except Exception as error:
                if not isinstance(error, Unavailable):
                    log.exception("loop failed", loop="upkeep", error=type(error).__name__)
            self._stop.wait(LOOK_SECONDS)


class Stopped(GivenUp):
    """The server is stopping: the build is given up."""


def claim(database: Database, now: datetime, kinds: Collection[str] = (TOPICS, REFIT)) -> list[str]:
    """Take the timers of ``kinds`` that are due, each set for its next time. So is one that is not there yet, or that
    was set while the clock was far ahead."""
    with reading(database) as session:
        waiting = _waiting(session, kinds)
    if all(due_at > now for due_at in waiting.values()) and not _unset(waiting, kinds, now):
        return []
    with transaction(database) as session:
        claimed = [timer.kind for timer in claim_due(session, now, kinds=kinds)]
        for kind in _unset(_waiting(session, kinds), kinds, now):
            set_timer(session, kind, 0, next_time(kind, now))
    return sorted(claimed, reverse=True)


def _unset(waiting: Mapping[str, datetime], kinds: Collection[str], now: datetime) -> list[str]:
    """Those of ``kinds`` that wait for no moment that anybody would choose now."""
    return [kind for kind in kinds if kind not in waiting or waiting[kind] > next_time(kind, now) + STRAYED]


def next_time(kind: str, now: datetime) -> datetime:
    """When a deed of this kind is due next after ``now``."""
    if kind == TOPICS:
        return now + EVERY
    here = now.astimezone()
    tonight = here.replace(hour=_HOURS.get(kind, NIGHT), minute=0, second=0, microsecond=0)
    return (tonight if tonight > here else tonight + timedelta(days=1)).astimezone(UTC)


def _waiting(session: Session, kinds: Collection[str]) -> dict[str, datetime]:
    query = select(Timer.kind, Timer.due_at).where(Timer.state == TimerState.WAITING, col(Timer.kind).in_(kinds))
    return dict(session.exec(query).all())
