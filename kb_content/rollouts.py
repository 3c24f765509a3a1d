"""Releases that some customers get first, and releases that come back: rows alone, nothing is built or encoded here.

A release is staged when its fit is kept (``releases.keep_fit``) and before anything that it changes is applied; once
promoted it is live like any other. ``staff_id`` and ``actor`` are who did it, and their name in the audit log.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from kb_content.errors import (
    FitGone,
    LiveAlready,
    NeverLive,
    NoRollout,
    NoSuchRelease,
    NotStaged,
    NotUndone,
    ReleaseOutdated,
    RolloutRunning,
    UndoneAlready,
)
from kb_content.models import Release, ReleaseState
from kb_content.releases import copied, go_live, locked_live
from kb_content.studio.models import Rollout, RolloutState
from kb_content.studio.running import brought, end, running
from kb_content.studio.working_state import set_to
from kb_content.undoing import undo
from store.audit import record
from store.changes import note_change

__all__ = ["Stopped", "promote", "roll_back", "running", "stage", "stop", "widen"]


@dataclass(frozen=True)
class Stopped:
    """A rollout that was stopped. ``taken_back``: the imports that it was of and that are undone with it; ``left``:
    those that could not be, as somebody changed since what they brought."""

    release_id: int
    taken_back: tuple[int, ...] = ()
    left: tuple[int, ...] = ()


def stage(
    session: Session,
    release_id: int,
    percent: int,
    accounts: Iterable[int],
    staff_id: int | None,
    now: datetime,
    *,
    actor: str = "system",
) -> Rollout:
    """Give ``release_id`` to ``percent`` of the conversations and to all of the ``accounts``, the others what is live.

    Raises NoSuchRelease; NotStaged where it has no fit, is no longer being built, nothing is live, or nobody would get
    it; ReleaseOutdated where a later release is live; RolloutRunning where another one is rolled out.
    """
    named = sorted(set(accounts))
    release = session.get(Release, release_id)
    if release is None:
        raise NoSuchRelease
    live = locked_live(session)
    _require_stageable(session, release, live, percent, named)
    assert live is not None
    release.state = ReleaseState.STAGED
    rollout = Rollout(
        release_id=release_id, base_id=live.id or 0, percent=percent, accounts=named, begun_at=now, begun_by=staff_id
    )
    session.add(rollout)
    session.flush()
    detail = {"percent": percent, "accounts": named, "base": live.id}
    record(session, actor, "kb.stage", "release", release_id, now, **detail)
    note_change(session, "rollout", rollout.id or 0, now)
    return rollout


def _require_stageable(
    session: Session, release: Release, live: Release | None, percent: int, named: list[int]
) -> None:
    if not 0 <= percent <= 100:
        raise NotStaged("The share of conversations must be a number from 0 to 100.")
    if percent == 0 and not named:
        raise NotStaged("Nobody would get this release: give a share of the conversations, or name accounts.")
    if live is None:
        raise NotStaged("Nothing is live yet, so there is nothing to compare with: publish to everybody.")
    if release.state is not ReleaseState.BUILDING or release.parameters is None:
        raise NotStaged
    if (live.id or 0) > (release.id or 0):
        raise ReleaseOutdated
    if (other := running(session)) is not None:
        raise RolloutRunning(f"Release {other.release_id} is being rolled out already. Promote it or stop it first.")


def widen(session: Session, percent: int, accounts: Iterable[int], now: datetime, *, actor: str = "system") -> Rollout:
    """Give the staged release to another share of the conversations and other accounts. Who has it and is still within
    the share keeps it. Raises NoRollout and NotStaged."""
    rollout, named = _the_running(session), sorted(set(accounts))
    if not 0 <= percent <= 100 or (percent == 0 and not named):
        raise NotStaged("Give a share of the conversations from 1 to 100, or name accounts.")
    rollout.percent, rollout.accounts = percent, named
    session.flush()
    record(session, actor, "kb.rollout.widen", "rollout", rollout.id, now, percent=percent, accounts=named)
    note_change(session, "rollout", rollout.id or 0, now)
    return rollout


def promote(session: Session, staff_id: int | None, now: datetime, *, actor: str = "system") -> int:
    """Make the staged release the live one and carry out what it changes. Returns its id. Raises NoRollout."""
    locked_live(session)
    rollout = _the_running(session)
    # What going live ends by itself it ends in nobody's name.
    end(session, rollout, RolloutState.PROMOTED, now, staff_id=staff_id, actor=actor)
    go_live(session, rollout.release_id, now, actor)
    return rollout.release_id


def stop(session: Session, staff_id: int | None, now: datetime, *, reason: str = "", actor: str = "system") -> Stopped:
    """Give everybody what is live again. Drafts are as they were; an import that was rolled out is undone where it can
    be, so that no later release has what it brought. Raises NoRollout."""
    locked_live(session)
    rollout = _the_running(session)
    session.get_one(Release, rollout.release_id).state = ReleaseState.RETIRED
    imports = brought(session, rollout)
    end(session, rollout, RolloutState.STOPPED, now, reason=reason.strip(), staff_id=staff_id, actor=actor)
    undone = {import_id: _take_back(session, import_id, actor, now) for import_id in reversed(imports)}
    return Stopped(
        rollout.release_id,
        tuple(import_id for import_id, is_undone in undone.items() if is_undone),
        tuple(import_id for import_id, is_undone in undone.items() if not is_undone),
    )


def _take_back(session: Session, import_id: int, actor: str, now: datetime) -> bool:
    try:
        undo(session, import_id, actor, now)
    except UndoneAlready:
        return True
    except NotUndone:
        return False
    return True


def roll_back(
    session: Session, release_id: int, staff_id: int | None, now: datetime, *, reason: str = "", actor: str = "system"
) -> int:
    """Make what ``release_id`` was live again, at once, as a release of its own; returns that one's id.

    The working state becomes what it was then. Drafts stay. Raises NoSuchRelease, or NotRolledBack where it is live
    already, never was, or is too old to have its fit still.
    """
    release = session.get(Release, release_id)
    if release is None:
        raise NoSuchRelease
    locked_live(session)
    session.refresh(release)
    _require_returnable(release)
    again = copied(session, release, now)
    again.parameters, again.threshold, again.figures = release.parameters, release.threshold, dict(release.figures)
    set_to(session, release, now)
    go_live(session, again.id or 0, now, actor)
    detail = {"to": release_id, "staff": staff_id, "reason": reason.strip()}
    record(session, actor, "kb.roll_back", "release", again.id, now, **detail)
    return again.id or 0


def _require_returnable(release: Release) -> None:
    if release.state is ReleaseState.LIVE:
        raise LiveAlready
    if release.live_at is None:
        raise NeverLive
    if release.parameters is None:
        raise FitGone


def _the_running(session: Session) -> Rollout:
    rollout = running(session)
    if rollout is None:
        raise NoRollout
    return rollout
