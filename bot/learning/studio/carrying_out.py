"""Publications carried out, one after the other: build, check, then put live, stage, or keep back.

Until the last, short transaction customers get the old release. Whoever is killed meanwhile loses the lease of the
release, and the wish is carried out once more; whoever is told to stop gives it back at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any

import structlog
from sqlmodel import Session, col, select

from bot.learning.live_figures import figures_from, warning_of
from bot.learning.publish import Fit, Report, build_release
from bot.learning.studio.comparing import check_values
from bot.learning.studio.content import as_values as content_values
from bot.learning.studio.content import content_changes
from bot.learning.studio.due import ask_anew, is_anything_due
from bot.learning.studio.errors import NothingToPublish
from bot.learning.studio.full import Order, check_in_child
from bot.learning.studio.publications import (
    KIND,
    UNDER_WAY,
    WAITING,
    asker,
    check_share,
    close,
    not_publishable,
    wait_again,
)
from bot.learning.studio.questions import questions
from bot.learning.under_way import under_way
from bot.live import House
from kb_content import catalogue
from kb_content.errors import DraftOutdated, KbError, ReleaseOutdated
from kb_content.releases import keep_fit, locked_live
from kb_content.rollouts import stage
from kb_content.studio.models import Draft, Publication, PublicationState
from store import Database, audit, reading, transaction
from store.changes import note_change
from store.crashpoints import reach

if TYPE_CHECKING:
    from retrieval.build import Built

log = structlog.get_logger()
_TELL_SECONDS = 1.0


class GivenUp(Exception):
    """The server is stopping: it is published when it runs again."""


class _Cancelled(Exception):
    """Somebody cancelled it, or another server has taken it over."""


@dataclass(frozen=True)
class _Wish:
    """A publication as its builder knows it."""

    id: int
    actor: str
    override: str
    percent: int | None
    accounts: tuple[int, ...]
    asked_by: int | None

    @classmethod
    def of(cls, row: Publication) -> _Wish:
        return cls(row.id or 0, asker(row), row.override, row.percent, tuple(row.accounts), row.asked_by)

    @property
    def is_staged(self) -> bool:
        return self.percent is not None or bool(self.accounts)


@dataclass
class _Builder:
    """Who carries out one wish, with what it takes."""

    database: Database
    fit: Fit
    house: House
    now: datetime
    report: Report
    wish: _Wish | None = None
    release_id: int = 0
    base: int | None = None
    """What was live when it was begun, which it is held against."""
    _told: float = 0.0
    _begun: float = field(default_factory=monotonic)

    @property
    def moment(self) -> datetime:
        """``now`` is when it was begun; what becomes of it becomes so later."""
        return self.now + timedelta(seconds=int(monotonic() - self._begun))


def run_due(
    database: Database, fit: Fit, house: House, now: datetime, report: Report, only: int | None = None
) -> int | None:
    """Carry out the oldest wish to publish (or that one ``only``), whatever comes of it. Returns its id, or None.

    What fails is told with the publication, and raised; after GivenUp, which ``report`` may raise, it is wished for
    still.
    """
    if not is_anything_due(database, now):
        return None
    ask_anew(database, now)
    builder = _Builder(database, fit, house, now, report)
    try:
        with under_way(database, lambda session: _begin(session, builder, only)) as release_id:
            if release_id is not None:
                _carry_out(builder, release_id)
    except _Cancelled:
        log.info("publication dropped", publication=builder.wish.id if builder.wish else None)
    except GivenUp:
        _again(builder, "")
        raise
    except Exception as error:
        if isinstance(error, ReleaseOutdated) and not isinstance(error, DraftOutdated):
            _again(builder, str(error))
        else:
            _end(builder, PublicationState.FAILED, problem=str(error))
            raise
    return builder.wish.id if builder.wish else None


def _begin(session: Session, builder: _Builder, only: int | None) -> int | None:
    """Take the wish that is next. Returns the id of its release, or None where nothing is to be built."""
    row = _next(session, only)
    if row is None:
        return None
    builder.wish = wish = _Wish.of(row)
    if (problem := _not_ready(session, row)) is not None:
        close(session, row, PublicationState.FAILED, builder.now, problem, wish.actor)
        return None
    content = content_changes(session, row.drafts)
    row.check = {**row.check, "content": [content_values(one) for one in content]}
    if not (row.override or all(one.is_ticked for one in content)):
        close(session, row, PublicationState.BLOCKED, builder.now, "", wish.actor)
        return None
    builder.base = catalogue.live_release_id(session)
    row.release_id = catalogue.start_release(session, builder.now, drafts=row.drafts)
    row.state, row.progress = PublicationState.BUILDING, ""
    note_change(session, KIND, wish.id, builder.now)
    builder.release_id = row.release_id
    return row.release_id


def _next(session: Session, only: int | None) -> Publication | None:
    """The oldest wish, locked; None while another one is carried out: each is held against what is live."""
    waiting = select(Publication).where(Publication.state == PublicationState.ASKED).order_by(col(Publication.id))
    row = session.exec(waiting.limit(1).with_for_update()).first()
    busy = session.exec(select(Publication.id).where(col(Publication.state).in_(UNDER_WAY)).limit(1)).first()
    return None if busy is not None or row is None or (only is not None and row.id != only) else row


def _not_ready(session: Session, row: Publication) -> str | None:
    """Why the drafts cannot be published any more: an approved one may have been changed since it was asked for, or
    another release be rolled out."""
    try:
        check_share(session, row.percent, row.accounts, row.drafts)
    except KbError as error:
        return str(error)
    drafts = [session.get(Draft, draft_id) for draft_id in row.drafts]
    if any(draft is None for draft in drafts):
        return str(NothingToPublish())
    reasons = (not_publishable(session, draft) for draft in drafts if draft is not None)
    return next((reason for reason in reasons if reason is not None), None)


def _carry_out(builder: _Builder, release_id: int) -> None:
    assert builder.wish is not None
    tell = _teller(builder)
    reach("publication.begun")
    built = build_release(builder.database, release_id, builder.fit, tell)
    with transaction(builder.database) as session:
        _mine(session, builder).state = PublicationState.CHECKING
    reach("publication.checking")
    with reading(builder.database) as session:
        asked = questions(session)
    fit, database = builder.fit, builder.database
    order = Order(database.url, release_id, builder.base, fit.encoder, fit.reranker, builder.house.address)
    compared = check_in_child(order, built, asked, tell)
    found = check_values(compared, builder.base)
    if found["blocking"] and not builder.wish.override:
        _end(builder, PublicationState.BLOCKED, found=found)
        return
    _finish(builder, built, found)


def _finish(builder: _Builder, built: Built, found: dict[str, Any]) -> None:
    """Put it live, or stage it, in one transaction with what is said of it. Raises ReleaseOutdated where something else
    went live meanwhile: it was held against another release, and may lack what that one changed."""
    wish, release_id, now = builder.wish, builder.release_id, builder.moment
    assert wish is not None
    fitted = (built.parameters, built.threshold, built.figures)
    with transaction(builder.database) as session:
        row, live = _mine(session, builder), locked_live(session)
        if (live.id if live else None) != builder.base:
            raise ReleaseOutdated
        if wish.is_staged:
            keep_fit(session, release_id, *fitted)
            percent = wish.percent or 0
            stage(session, release_id, percent, wish.accounts, wish.asked_by, now, actor=wish.actor)
        else:
            catalogue.publish(session, release_id, *fitted, now, wish.actor)
        if wish.override and found["blocking"] + _unticked(row):
            said = {"release": release_id, "reason": wish.override, "worse": found["blocking"]}
            audit.record(session, wish.actor, "kb.publish.override", KIND, wish.id, now, **said)
        warning = warning_of(figures_from(release_id, built.threshold, built.figures))
        row.check = {**row.check, **found, "warning": warning or ""}
        state = PublicationState.STAGED if wish.is_staged else PublicationState.PUBLISHED
        close(session, row, state, now, "", wish.actor)
        reach("publication.in_finish")
    if warning:
        builder.report(warning)


def _unticked(row: Publication) -> int:
    return sum(not one["ticked"] for one in row.check.get("content", ()))


def _teller(builder: _Builder) -> Report:
    """Passes progress on and writes it down. Raises _Cancelled when the wish is no longer ours to carry out."""

    def tell(sentence: str) -> None:
        builder.report(sentence)
        if monotonic() - builder._told < _TELL_SECONDS:
            return
        builder._told = monotonic()
        with transaction(builder.database) as session:
            row = _mine(session, builder)
            row.progress = sentence[:300]
            note_change(session, KIND, row.id or 0, builder.moment)

    return tell


def _mine(session: Session, builder: _Builder) -> Publication:
    """The row, locked. Raises _Cancelled."""
    assert builder.wish is not None
    row = session.get(Publication, builder.wish.id, with_for_update=True, populate_existing=True)
    if row is None or row.state not in UNDER_WAY or row.release_id != builder.release_id:
        raise _Cancelled
    return row


def _again(builder: _Builder, problem: str) -> None:
    """It waits once more: the server stops, or something else went live while it was built."""
    if builder.wish is None:
        return
    with transaction(builder.database) as session:
        row = session.get(Publication, builder.wish.id, with_for_update=True)
        if row is not None and row.state in UNDER_WAY and row.release_id == builder.release_id:
            wait_again(session, row, problem, builder.moment)


def _end(builder: _Builder, state: PublicationState, *, problem: str = "", found: dict[str, Any] | None = None) -> None:
    """It is over without a release. What it was asked for may have been cancelled meanwhile: then that stays."""
    if builder.wish is None:
        return
    with transaction(builder.database) as session:
        row = session.get(Publication, builder.wish.id, with_for_update=True)
        if row is None or row.state not in WAITING:
            return
        row.check = {**row.check, **(found or {})}
        close(session, row, state, builder.moment, problem, builder.wish.actor)
