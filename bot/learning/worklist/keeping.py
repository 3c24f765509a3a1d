"""The items as rows: found again, drafted, published, not to be done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from bot.learning.worklist.effects import name_of
from bot.learning.worklist.findings import Finding, gain_of, rank_of
from bot.learning.worklist.models import WorkItem, WorkKind, WorkState
from bot.learning.worklist.seen import Done
from kb_content.models import ArticleVersion, KbArticle, Release, ReleaseArticle, ReleaseState
from kb_content.studio.models import Draft
from store.audit import record
from store.changes import note_change

SUBJECT = "work"


def keep(session: Session, found: Iterable[Finding], asked: int, hits: float, now: datetime) -> int:
    """Write what was found at ``now``; returns how many items are new.

    An item that is being drafted, or will not be done, stays so; what was published and is found all the same is open
    again.
    """
    there = {(item.kind, item.key): item for item in session.exec(select(WorkItem))}
    new = 0
    for finding in found:
        item = there.get((finding.kind, finding.key))
        if item is None:
            item = WorkItem(kind=finding.kind, key=finding.key[:200], title=finding.title, found_at=now, seen_at=now)
            item.cause = finding.cause
            session.add(item)
            new += 1
        _found_again(item, finding, asked, hits, now)
    session.flush()
    note_change(session, SUBJECT, 0, now)
    return new


def _found_again(item: WorkItem, finding: Finding, asked: int, hits: float, now: datetime) -> None:
    if item.state is WorkState.PUBLISHED:
        item.state, item.draft_id, item.effect = WorkState.OPEN, None, {}
    if item.decided_by is None or item.cause is None:
        item.cause = item.cause or finding.cause
    item.language, item.title = finding.language, finding.title
    item.count, item.earlier, item.gain = finding.count, finding.earlier, gain_of(finding, asked, hits)
    item.detail = {**finding.detail, "asked": asked, "rank": rank_of(finding, asked, hits)}
    item.seen_at = now


def known_clusters(session: Session) -> dict[str, Set[int]]:
    """The messages of each cluster that may be found again, by its key."""
    query = select(WorkItem).where(WorkItem.kind == WorkKind.UNANSWERED, WorkItem.state != WorkState.PUBLISHED)
    return {item.key: frozenset(item.detail.get("messages", ())) for item in session.exec(query)}


def done(session: Session) -> dict[tuple[WorkKind, str], Done]:
    """What was published, since when, and the messages that were the reason."""
    query = select(WorkItem).where(WorkItem.state == WorkState.PUBLISHED)
    found = {}
    for item in session.exec(query):
        messages = frozenset(item.detail.get("messages", ()))
        found[item.kind, item.key] = Done(datetime.fromisoformat(item.effect["live_at"]), messages)
    return found


def follow(session: Session, now: datetime) -> int:
    """Look what became of the drafts: published, or discarded, which opens the item again; so does a roll-back of what
    was published. Returns how many items moved."""
    moved = 0
    for item in session.exec(select(WorkItem).where(WorkItem.state == WorkState.DRAFTED)).all():
        went = _went_live(session, item)
        if went is not None:
            _published(session, item, *went, now)
            moved += 1
        elif session.get(Draft, item.draft_id or 0) is None:
            moved += _open_again(session, item, now)
    for item in session.exec(select(WorkItem).where(WorkItem.state == WorkState.PUBLISHED)).all():
        if _is_undone(session, item):
            moved += _open_again(session, item, now)
    return moved


def measure(session: Session, effects: Mapping[str, Mapping[str, Any]], now: datetime) -> None:
    """Keep how the questions of items are answered: of published ones as ``after``, of open ones as ``before``.

    ``effects``: by ``effects.name_of``.
    """
    states = col(WorkItem.state).in_((WorkState.OPEN, WorkState.PUBLISHED))
    for item in session.exec(select(WorkItem).where(states)).all():
        if name_of(item) not in effects:
            continue
        own = dict(effects[name_of(item)])
        lately = own.pop("lately", None)
        if item.state is WorkState.PUBLISHED:
            item.effect = {**item.effect, "after": own, **({"lately": lately} if lately else {})}
        else:
            item.effect = {**item.effect, "before": own}
        note_change(session, SUBJECT, item.id or 0, now)


def _went_live(session: Session, item: WorkItem) -> tuple[datetime, dict[str, Any]] | None:
    """When the item's draft went live, and what that changed: only what came after the item was drafted."""
    later = (col(Release.live_at).is_not(None), col(Release.live_at) >= item.decided_at)
    for live_at, changes in session.exec(select(Release.live_at, Release.changes).where(*later).order_by(_id)):
        change = next((one for one in changes or () if one.get("draft") == item.draft_id), None)
        if change is not None and live_at is not None:
            return live_at, change
    return None


def _is_undone(session: Session, item: WorkItem) -> bool:
    """Whether what is live has the article as it was before, or not at all."""
    about = item.effect.get("published") or {}
    if not about.get("version"):
        return False
    number = session.exec(
        select(ArticleVersion.number)
        .where(ArticleVersion.kb_article_id == KbArticle.id, ReleaseArticle.version_id == ArticleVersion.id)
        .where(ReleaseArticle.release_id == Release.id, Release.state == ReleaseState.LIVE)
        .where(KbArticle.article_id == about["name"], KbArticle.language == about["language"])
    ).one_or_none()
    return number is None or number < about["version"]


def _published(session: Session, item: WorkItem, live_at: datetime, change: Mapping[str, Any], now: datetime) -> None:
    item.state = WorkState.PUBLISHED
    about = {key: change.get(key) for key in ("name", "language", "version")}
    item.effect = {
        **item.effect,
        "live_at": live_at.isoformat(),
        "articles": [str(change.get("name") or "")],
        "published": about,
    }
    record(session, "system", "work.published", SUBJECT, item.id, now, draft=item.draft_id)
    note_change(session, SUBJECT, item.id or 0, now)


def _open_again(session: Session, item: WorkItem, now: datetime) -> int:
    item.state, item.draft_id = WorkState.OPEN, None
    item.effect = {key: value for key, value in item.effect.items() if key == "before"}
    note_change(session, SUBJECT, item.id or 0, now)
    return 1


_id = col(Release.id)
