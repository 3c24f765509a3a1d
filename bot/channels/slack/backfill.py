"""What was said while Slack did not reach us: looked up afterwards, and taken in as if Slack had told of it.

Slack repeats an event three times within some five minutes, and then no more. What it told of already is known by its
event key, so looking back a little too far does no harm.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import delete
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, select

from bot.channels.base import Unreadable
from bot.channels.slack import peers
from bot.channels.slack.catching_up import HELD, CatchUp
from bot.channels.slack.clients import Clients
from bot.channels.slack.history import CutShort, Enough, Look, Spoken
from bot.channels.slack.intake import KeepFirst
from bot.channels.slack.names import LOOKS_FROM, SLACK, UNSEEN, Direct, InChannel, Place, parse_place, parse_spot
from bot.channels.slack.workspaces import NotIntroduced, Workspace, Workspaces
from bot.models import InboxRow
from handoff.models import Conversation, Direction, Message, Thread
from store import Database, measures, reading, transaction
from store.errors import StoreError
from store.inserts import insert
from store.keeping import keeping
from store.models import Setting

log = structlog.get_logger()
PLACES = 50
"""So many places are looked at, those first in which something was said last; and as many where nothing was yet."""
OVERLAP = timedelta(minutes=2)
"""An event may be on its way for as long when the line breaks."""
LONGEST = timedelta(days=7)
_CANDIDATES = 4 * PLACES
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
        self._workspaces = workspaces
        self._keep = keep
        self._catch_up = catch_up
        self._owner = owner
        self._now = now
        self._pause = pause
        self._can_look = can_look
        self._begun = now()
        self._since: datetime | None = None
        self._noted: datetime | None = None
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
        if heard is not None:
            # Who is not the first looks at the places alone in which something comes,
            (self._reach_back if is_first else self._catch_up.begin)(heard)
        if untold is not None:
            # but for what Slack told nobody who lives.
            self._reach_back(untold)
        self._catch_up.start(self.look_at)
        self._thread.start()
        self._signs.start()

    def _heard(self) -> datetime | None:
        """How far back there is to look; None where nothing was ever heard."""
        try:
            with reading(self._database) as session:
                moments = [at for at in (last_heard(session), unseen_since(session)) if at is not None]
                return min(moments, default=None)
        except StoreError:
            return self._now() - timedelta(days=1)

    def _give_sign(self) -> None:
        """We live; and if somebody else fell silent, we look for what Slack told them. Raises StoreError."""
        now = self._now()
        # A sign that a power cut takes away is given anew.
        with transaction(self._database, is_lasting=False) as session:
            peers.give_sign(session, self._owner, now)
            is_due = any(sign.is_due(now, self._begun) for sign in peers.signs(session, self._owner))
        untold = self._taken_over() if is_due else None
        if untold is not None:
            log.warning("slack: another process fell silent", since=untold.isoformat(timespec="seconds"))
            self._reach_back(untold)
            if self._can_look():
                self.found()

    def _taken_over(self, *, is_start: bool = False) -> datetime | None:
        """From when on we are to look for what Slack told others. From now on it is ours to look for."""
        try:
            with transaction(self._database) as session:
                now = self._now()
                if is_start:
                    untold = peers.take_over_all(session, self._owner, now)
                else:
                    untold = peers.take_over(session, self._owner, now, begun=self._begun)
                if untold is not None:
                    note_unseen(session, untold)
                    # They may have been at it themselves, for somebody else.
                    untold = unseen_since(session)
        except (SQLAlchemyError, StoreError):
            # The next sign of ours tells.
            return None
        return untold

    def stop(self) -> None:
        self._stopping.set()
        self._signs.stop()
        self._wake.set()
        self._catch_up.stop()
        if self._thread.is_alive():
            self._thread.join(2)

    def lost(self) -> None:
        """From now on events may be missed."""
        self._may_look.clear()
        self._reach_back(self._now())

    def doubted(self) -> None:
        """Of one workspace events may be missed from now on; the others can be looked at."""
        with self._lock:
            self._since = self._since or self._now()
        self._wake.set()

    def found(self) -> None:
        """Events come (again): what was missed can be fetched."""
        with self._lock:
            since = self._since
        if since is not None:
            self._catch_up.begin(since)
            self._may_look.set()
            self._wake.set()

    def missed(self) -> None:
        """Something came and could not be kept. Slack may bring it again, or have brought it for the last time; the
        look back is tried until the database takes it."""
        self._reach_back(self._now())
        self.found()

    def _reach_back(self, to: datetime) -> None:
        with self._lock:
            self._since = since = min(to, self._since or to)
        self._catch_up.begin(since)
        self._wake.set()

    def _run(self) -> None:
        while self._wake.wait() and not self._stopping.is_set():
            self._wake.clear()
            self._write_down()
            if not self._may_look.is_set():
                continue
            self._may_look.clear()
            with self._lock:
                since, self._since = self._since, None
            while since is not None and not self._is_done(since) and not self._stopping.wait(_AGAIN):
                pass
            with self._lock:
                is_over = self._since is None
            if is_over:
                self._catch_up.end()

    def _write_down(self) -> None:
        """Whoever comes after us must look as far back, though more was heard by then."""
        with self._lock:
            since = self._since
        if since is None or (self._noted is not None and self._noted <= since):
            return
        try:
            with transaction(self._database) as session:
                note_unseen(session, since)
        except StoreError as error:
            log.warning("slack gap not written down", error=type(error).__name__)
        else:
            self._noted = since

    def _is_seen(self, since: datetime) -> None:
        """All from ``since`` on was looked at."""
        with transaction(self._database) as session:
            forget_unseen(session, since)
        self._noted = None

    def _is_done(self, since: datetime) -> bool:
        """Look back, unless another process is at it: it may be about another gap, or have died."""
        try:
            with keeping(self._database, "slack-backfill", self._owner) as kept:
                if kept is None:
                    return False
                self.look_back(since)
        except CutShort as why:
            log.warning("slack back-fill cut short", why=str(why))
            return False
        except Exception as error:
            log.warning("slack back-fill failed", error=type(error).__name__)
            # Without the database it is tried again; what is a mistake of ours would only fail again.
            return not isinstance(error, SQLAlchemyError | StoreError)
        return True

    def look_back(self, since: datetime) -> int:
        """Take in what was said from ``since`` on in the places that we know, and where somebody may have written for
        the first time. Returns how much was new. Raises CutShort."""
        with reading(self._database) as session:
            places, oldest = spoken_in(session, PLACES), self._oldest(session, since)
        look = Look(self._clients, self._stopping, self._pause, f"{oldest.timestamp():.6f}", self._bot_of)
        new, is_whole = 0, True
        try:
            for team, channel, message in look.all_of(places):
                new += self._take(team, channel, message)
            for each in self._teams(places):
                for team, channel, message in look.all_unheard(each, places, PLACES):
                    new += self._take(team, channel, message)
        except CutShort:
            raise
        except Enough as why:
            log.warning("slack back-fill ended early", why=str(why))
            is_whole = not self._stopping.is_set()
        if is_whole and not look.closed and not self._workspaces.awaits_own:
            self._is_seen(since)
        else:
            self._reach_back(since)
        if places or new:
            log.info("slack looked back", places=len(places), new=new, since=oldest.isoformat(timespec="seconds"))
        return new

    def look_at(self, spoken: Spoken, since: datetime) -> int:
        """As ``look_back``, of one place, in which somebody waits for an answer. Raises Enough."""
        with reading(self._database) as session:
            oldest = self._oldest(session, since)
        pause = min(self._pause, _HURRY)
        since_ts, waiting = f"{oldest.timestamp():.6f}", HELD.total_seconds()
        look = Look(self._clients, self._stopping, pause, since_ts, self._bot_of, waiting)
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

    def _teams(self, places: list[Spoken]) -> list[str]:
        own = self._workspaces.own
        return list(dict.fromkeys([*([own.team] if own else []), *(spoken.place.team for spoken in places)]))

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


def last_heard(session: Session) -> datetime | None:
    """When Slack told us something last; None if it never did."""
    query = select(InboxRow.received_at).where(InboxRow.channel == SLACK)
    return session.exec(query.order_by(col(InboxRow.id).desc()).limit(1)).first()


def unseen_since(session: Session) -> datetime | None:
    """From when on somebody has yet to look back; None where all was looked at."""
    return _moment(session, UNSEEN)


def looks_from(session: Session) -> datetime | None:
    """What was said before is never looked up: it was dealt with in a life that was restored away."""
    return _moment(session, LOOKS_FROM)


def _moment(session: Session, name: str) -> datetime | None:
    row = session.get(Setting, name)
    return datetime.fromisoformat(row.value["since"]) if row else None


def note_unseen(session: Session, since: datetime) -> None:
    before = unseen_since(session)
    if before is None or since < before:
        value = {"since": since.isoformat()}
        # Another process may be writing the same: both start after the same gap.
        row = insert(session, Setting).values(name=UNSEEN, value=value)
        session.execute(row.on_conflict_do_update(index_elements=["name"], set_={"value": value}))


def forget_unseen(session: Session, since: datetime) -> None:
    """Unless another process knows of an older gap."""
    before = unseen_since(session)
    if before is not None and before >= since:
        session.execute(delete(Setting).where(col(Setting.name) == UNSEEN))


def spoken_in(session: Session, most: int) -> list[Spoken]:
    """Where somebody is to be listened to: direct messages, and threads with an open conversation. Newest first."""
    query = (
        select(Conversation.closed_at, Thread.id, Thread.external_id)
        .join(Thread, col(Thread.id) == Conversation.thread_id)
        .where(Thread.channel == SLACK)
        .order_by(col(Conversation.last_message_at).desc())
        .limit(_CANDIDATES)
    )
    found: dict[int, Spoken] = {}
    for closed_at, thread_id, name in session.exec(query):
        place = _place(name)
        if place is None or thread_id is None or thread_id in found or len(found) >= most:
            continue
        if isinstance(place, InChannel) and closed_at is None:
            found[thread_id] = Spoken(place, place.channel, place.root)
        elif isinstance(place, Direct):
            found[thread_id] = Spoken(place, *_spot(session, thread_id))
    return list(found.values())


def _place(name: str) -> Place | None:
    try:
        return parse_place(name)
    except Unreadable:
        return None


def _spot(session: Session, thread_id: int) -> tuple[str | None, str | None]:
    """Where within the direct messages the customer wrote last."""
    said = select(Message.detail).where(Message.thread_id == thread_id, Message.direction == Direction.INCOMING)
    detail = session.exec(said.order_by(col(Message.id).desc()).limit(1)).first()
    try:
        spot = parse_spot((detail or {}).get("spot") or "")
    except Unreadable:
        return None, None
    return spot.channel, spot.root
