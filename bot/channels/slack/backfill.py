"""What was said while Slack did not reach us: looked up afterwards, and taken in as if Slack had told of it.

Slack repeats an event three times within some five minutes, and then no more. What it told of already is known by its
event key, so looking back a little too far does no harm.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from bot.channels.slack import peers
from bot.channels.slack.calls import Calls
from bot.channels.slack.catching_up import HELD, CatchUp
from bot.channels.slack.clients import Clients
from bot.channels.slack.gaps import Gaps, forget_unseen, last_heard, looks_from, note_unseen, unseen
from bot.channels.slack.history import WAITING, CutShort, Enough, Look, Spoken
from bot.channels.slack.intake import KeepFirst
from bot.channels.slack.names import OWN, SLACK
from bot.channels.slack.spoken import spoken_in
from bot.channels.slack.workspaces import NotIntroduced, Workspace, Workspaces
from store import Database, measures, reading, transaction
from store.errors import StoreError
from store.keeping import keeping

log = structlog.get_logger()
PLACES = 50
"""So many places are looked at, those first in which something was said last; and as many where nothing was yet."""
OVERLAP = timedelta(minutes=2)
"""An event may be on its way for as long when the line breaks."""
LONGEST = timedelta(days=7)
FEW = 10
"""As many for a mere look whether there is anything at all."""
_HURRY = 0.1
"""Seconds between two calls where somebody waits; a few more of them than Slack likes are soon made up for."""
_AGAIN = 5.0
"""Seconds until it is tried again."""


class Backfill:
    """Looks back once after the start and after each gap, in a thread of its own. Safe for many threads."""

    def __init__(
        self,
        database: Database,
        clients: Clients,
        calls: Calls,
        workspaces: Workspaces,
        keep: KeepFirst,
        catch_up: CatchUp,
        *,
        owner: str,
        now: Callable[[], datetime],
        pause: float,
        signs: float,
        can_look: Callable[[], bool],
    ) -> None:
        """``owner`` names this process among those that share the database: one looks back at a time. ``pause``:
        seconds between two calls; ``signs``: between two signs of life. ``can_look``: whether Slack knows us."""
        self._database = database
        self._clients = clients
        self._calls = calls
        self._workspaces = workspaces
        self._keep = keep
        self._catch_up = catch_up
        self._owner = owner
        self._now = now
        self._pause = pause
        self._can_look = can_look
        self._begun = now()
        self.heard_at = self._begun
        """When Slack last told this process anything."""
        self._gaps = Gaps()
        self._noted = self._left = self._under_way = Gaps()
        self._lock = threading.Lock()
        self._may_look = threading.Event()
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="slack-backfill", daemon=True)
        self._signs = peers.Signs(self._give_sign, signs)

    def start(self, *, is_first: bool = True) -> None:
        """Begin to wait for ``found`` and ``missed``. ``is_first``: before anything new comes in, remember how far back
        there is to look since the last start."""
        heard, untold = self._heard(), self._taken_over(is_start=True)
        if is_first:
            self._add(heard)
            self._catch_up.take_over()
        else:
            # Who is not the first looks at the places alone in which something comes,
            self._hold_back(heard)
        # but for what Slack told nobody who lives.
        self._add(untold)
        self._catch_up.start(self.look_at)
        self._thread.start()
        self._signs.start()

    def _heard(self) -> Gaps:
        """How far back there is to look."""
        try:
            with reading(self._database) as session:
                heard = last_heard(session)
                return unseen(session).beside(Gaps(heard))
        except StoreError:
            return Gaps(self._now() - timedelta(days=1))

    def _give_sign(self) -> None:
        """We live; and if somebody else fell silent, we look for what Slack told them. Raises StoreError."""
        now = self._now()
        # A sign that a power cut takes away is given anew.
        with transaction(self._database, is_lasting=False) as session:
            peers.give_sign(session, self._owner, now, self.heard_at)
            is_due = any(sign.is_due(now, self._begun) for sign in peers.signs(session, self._owner))
        untold = self._taken_over() if is_due else Gaps()
        if untold.oldest is not None:
            log.warning("slack: another process fell silent", since=untold.oldest.isoformat(timespec="seconds"))
            self._add(untold)
            if self._can_look():
                self.found()

    def _taken_over(self, *, is_start: bool = False) -> Gaps:
        """From when on we are to look for what Slack told others. From now on it is ours to look for."""
        try:
            with transaction(self._database) as session:
                now = self._now()
                if is_start:
                    untold = peers.take_over_all(session, self._owner, now)
                else:
                    untold = peers.take_over(session, self._owner, now, begun=self._begun)
                if untold is None:
                    return Gaps()
                note_unseen(session, Gaps(untold))
                # They may have been at it themselves, for somebody else.
                return unseen(session)
        except (SQLAlchemyError, StoreError):
            # The next sign of ours tells.
            return Gaps()

    def stop(self) -> None:
        self._stopping.set()
        self._signs.stop()
        self._wake.set()
        self._catch_up.stop()
        if self._thread.is_alive():
            self._thread.join(2)

    def lost(self, since: datetime | None = None) -> None:
        """From now on, or from ``since`` on, events may be missed."""
        self._may_look.clear()
        self._add(Gaps(since or self._now()))

    def doubted(self, team: str, since: datetime | None = None) -> None:
        """The same of one workspace, while the others can be looked at."""
        with self._lock:
            self._gaps = self._gaps.reaching(since or self._now(), team)
        self._wake.set()

    def found(self) -> None:
        """Events come (again): what was missed can be fetched."""
        if self._can_look():
            self._catch_up.go_on()
        with self._lock:
            # Of a look that is under way something may be left over.
            gaps = self._gaps.beside(self._under_way)
        found = self._in_reach(gaps)
        if found:
            self._hold_back(found)
            self._may_look.set()
            self._wake.set()

    def missed(self, since: datetime | None = None) -> None:
        """Something came and could not be kept, or did not come at all from ``since`` on. Slack may bring it again, or
        have brought it for the last time; the look back is tried until the database takes it."""
        self._add(Gaps(since or self._now()))
        self.found()

    def _add(self, gaps: Gaps) -> None:
        if gaps:
            with self._lock:
                self._gaps = self._gaps.beside(gaps)
            self._hold_back(gaps)
            self._wake.set()

    def _hold_back(self, gaps: Gaps) -> None:
        """What comes in a thread waits for a look there; one at all is not made to reach as far as one at a few."""
        if (since := gaps.everywhere or gaps.oldest) is not None:
            self._catch_up.begin(since)

    def _in_reach(self, gaps: Gaps) -> Gaps:
        """Those of workspaces that we have a token for: a look at the others is of no use."""
        known = {name for names in self._names().values() for name in names}
        return Gaps(gaps.everywhere, {team: since for team, since in gaps.teams.items() if team in known})

    def _names(self) -> dict[str, tuple[str, ...]]:
        """The workspaces that can be looked at, with what gaps call them: ours may be missed before it is known."""
        own = self._workspaces.own
        ours = {} if own is None else {own.team: (own.team, OWN)}
        return {**ours, **{team: (team,) for team in self._workspaces.known_others}}

    def _run(self) -> None:
        while self._wake.wait() and not self._stopping.is_set():
            self._wake.clear()
            self._write_down()
            if not self._may_look.is_set():
                continue
            self._may_look.clear()
            with self._lock:
                gaps = self._under_way = self._gaps
                self._gaps = self._left = Gaps()
            while gaps and not self._is_done(gaps) and not self._stopping.wait(_AGAIN):
                pass
            with self._lock:
                self._under_way = Gaps()
                is_over = self._gaps == self._left
            if is_over:
                self._catch_up.end()

    def _write_down(self) -> None:
        """Whoever comes after us must look as far back, though more was heard by then."""
        with self._lock:
            gaps = self._gaps
        if self._noted.beside(gaps) == self._noted:
            return
        try:
            with transaction(self._database) as session:
                note_unseen(session, gaps)
        except StoreError as error:
            log.warning("slack gap not written down", error=type(error).__name__)
        else:
            self._noted = self._noted.beside(gaps)

    def _is_seen(self, gaps: Gaps, left: Gaps) -> None:
        """All of ``gaps`` was looked at but what is ``left``."""
        with transaction(self._database) as session:
            forget_unseen(session, gaps)
            note_unseen(session, left)
        self._noted = self._left = left
        with self._lock:
            self._gaps = self._gaps.beside(left)

    def _is_done(self, gaps: Gaps) -> bool:
        """Look back, unless another process is at it: it may be about another gap, or have died."""
        try:
            with keeping(self._database, "slack-backfill", self._owner) as kept:
                if kept is None:
                    return False
                self.look_back(gaps)
        except CutShort as why:
            log.warning("slack back-fill cut short", why=str(why))
            return False
        except Exception as error:
            log.warning("slack back-fill failed", error=type(error).__name__)
            # Without the database it is tried again; what is a mistake of ours would only fail again.
            return not isinstance(error, SQLAlchemyError | StoreError)
        return True

    def look_back(self, gaps: Gaps) -> int:
        """Take in what was said since then in the places that we know, and where somebody may have written for the
        first time. Returns how much was new. Raises CutShort."""
        self._workspaces.others()
        # Before the look: Slack may take a token while it is under way.
        own, names = self._workspaces.awaited, self._names()
        wanted = {team: since for team, called in names.items() if (since := gaps.since(*called)) is not None}
        new, closed = self._look_at_all(wanted, PLACES)
        looked = set(wanted) - closed if not self._stopping.is_set() else set[str]()
        seen = {name for team in looked for name in names[team]}
        unseen_of = {*gaps.teams, *wanted} - seen
        if own is not None:
            unseen_of.add(own)
        self._is_seen(gaps, gaps.left(unseen_of))
        return new

    def look_around(self, since: datetime) -> int:
        """Whether anything was said from ``since`` on in a few places, those first where somebody spoke last. What was
        is taken in. Returns how much was new; raises nothing."""
        try:
            with keeping(self._database, "slack-backfill", self._owner) as kept:
                self._workspaces.others()
                return 0 if kept is None else self._look_at_all(dict.fromkeys(self._names(), since), FEW)[0]
        except (CutShort, StoreError, SQLAlchemyError) as error:
            log.warning("slack not looked around", error=type(error).__name__)
            return 0

    def _look_at_all(self, wanted: Mapping[str, datetime], most: int) -> tuple[int, set[str]]:
        """How much was new in these workspaces since then, and which of them refuse our token. Raises CutShort."""
        with reading(self._database) as session:
            places = spoken_in(session, most, wanted)
            oldest = {team: self._oldest(session, since) for team, since in wanted.items()}
        new, closed = 0, set[str]()
        for team, since in oldest.items():
            look = self._look(since, self._pause)
            new += self._take_all(look, team, [spoken for spoken in places if spoken.place.team == team], most)
            closed |= look.closed
        if places or new:
            told = min(oldest.values()).isoformat(timespec="seconds")
            log.info("slack looked back", places=len(places), new=new, since=told)
        return new, closed

    def _take_all(self, look: Look, team: str, places: list[Spoken], most: int) -> int:
        """Raises CutShort."""
        new = 0
        try:
            for said in chain(look.all_of(places), look.all_unheard(team, places, most)):
                new += self._take(*said)
        except CutShort:
            raise
        except Enough as why:
            log.warning("slack back-fill ended early", why=str(why))
        return new

    def _look(self, oldest: datetime, pause: float, waiting: float = WAITING) -> Look:
        since = f"{oldest.timestamp():.6f}"
        return Look(self._clients, self._calls, self._stopping, pause, since, self._bot_of, waiting)

    def look_at(self, spoken: Spoken, since: datetime) -> int:
        """As ``look_back``, of one place, in which somebody waits for an answer. Raises Enough."""
        with reading(self._database) as session:
            oldest = self._oldest(session, since)
        look = self._look(oldest, min(self._pause, _HURRY), HELD.total_seconds())
        new = sum(self._take(*said) for said in look.all_of([spoken]))
        if new:
            log.info("slack thread caught up with", new=new)
        return new

    def _oldest(self, session: Session, since: datetime) -> datetime:
        floor = looks_from(session)
        return max(since - OVERLAP, self._now() - LONGEST, *([floor] if floor else []))

    def _bot_of(self, team: str) -> str | None:
        try:
            workspace = self._workspaces.of(team)
        except NotIntroduced:
            return None
        return workspace.bot_user if workspace else None

    def _take(self, team: str, channel: str, message: dict[str, Any]) -> bool:
        try:
            workspace = self._workspaces.of(team)
        except NotIntroduced:
            return False
        if workspace is None or message.get("bot_id"):
            return False
        is_new = self._keep.keep_missed(workspace, event_of(workspace, channel, message))
        if is_new:
            measures.backfilled_total.labels(SLACK).inc()
        return is_new


def event_of(workspace: Workspace, channel: str, message: dict[str, Any]) -> dict[str, Any]:
    """The message as an event would have told of it."""
    ts = str(message.get("ts"))
    kind = "im" if channel.startswith("D") else "channel"
    return {
        "type": "event_callback",
        "team_id": workspace.team,
        "event_id": f"missed:{channel}:{ts}",
        "authorizations": [{"team_id": workspace.team, "user_id": workspace.bot_user, "is_bot": True}],
        "event": {**message, "type": "message", "channel": channel, "channel_type": kind, "event_ts": ts},
    }
