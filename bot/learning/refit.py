"""Fit the live release anew when enough became known about its answers. Its contents stay as they are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog
from sqlmodel import Session

from bot.learning.outcomes import verdicts
from bot.learning.publish import Fit, build_release
from bot.learning.under_way import under_way
from kb_content import catalogue
from kb_content.rollouts import running
from store import Database, reading, transaction

log = structlog.get_logger()
ENOUGH = 20
"""New outcomes that are worth a build."""


def refit(database: Database, fit: Fit, now: datetime, report: Callable[[str], None]) -> int | None:
    """Fit and publish what is live once more, if that is worth it. Returns the new release's id, else None.

    Raises BuildFailed and what a build raises; the old release then stays live.
    """
    with reading(database) as session:
        base, new = catalogue.live_release_id(session), _new_outcomes(session)
        rollout = running(session)
    if rollout is not None:
        # What goes live ends it, and what the two are compared by must not move meanwhile.
        log.info("no refit: a release is being rolled out", release=base, staged=rollout.release_id)
        return None
    if base is None or new < ENOUGH:
        log.info("no refit", release=base, new_outcomes=new, needed=ENOUGH)
        return None
    with under_way(database, lambda session: catalogue.repeat_release(session, now)) as release_id:
        if release_id is None:
            log.info("no refit: another release is being built", release=base)
            return None
        built = build_release(database, release_id, fit, report)
        with transaction(database) as session:
            if catalogue.live_release_id(session) != base or running(session) is not None:
                log.info("refit dropped: another release went live, or was staged, meanwhile", release=release_id)
                return None
            catalogue.publish(session, release_id, built.parameters, built.threshold, built.figures, now)
    log.info("release refitted", release=release_id, replaces=base, new_outcomes=new, threshold=built.threshold)
    return release_id


def _new_outcomes(session: Session) -> int:
    """Verdicts that became known since the live release was frozen: its fit knows all others."""
    live = catalogue.live_release(session)
    return sum(verdict.known_at > live.created_at for verdict in verdicts(session)) if live else 0
