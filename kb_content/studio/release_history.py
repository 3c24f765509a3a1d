"""The releases that customers got, and what each changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, func, select

from kb_content.models import ArticleVersion, KbArticle, Release, ReleaseArticle, ReleaseState
from kb_content.old_releases import was_given
from kb_content.studio.models import Publication, Rollout
from kb_content.versions import sha256_of
from store.models import Audit

ROLLED_BACK, PUBLISHED, STAGED = "kb.roll_back", "kb.publish", "kb.stage"


@dataclass(frozen=True)
class ReleaseLine:
    """One release in the history. ``since``: when customers got it first."""

    id: int
    state: ReleaseState
    since: datetime
    live_at: datetime | None
    until: datetime | None
    """When it was replaced, or its rollout ended without it going live; None while customers get it."""
    before: int | None
    """The release that it replaced, or that the others got while it was staged."""
    articles: int
    is_kept: bool
    """Whether what was fitted on it is kept, so that one can roll back to it."""
    by: str
    """Who put it live or staged it, as the audit log has it."""
    copy_of: int | None = None
    """The release that it brought back."""
    reason: str = ""
    """Why it was rolled back to, published all the same, or stopped."""

    @property
    def may_return(self) -> bool:
        return self.state is ReleaseState.RETIRED and self.live_at is not None and self.is_kept


@dataclass(frozen=True)
class ArticleChange:
    """An article that a release changed. ``before``, ``after``: the versions' numbers; None where it was not there."""

    article_id: str
    language: str
    title: str
    before: int | None
    after: int | None


@dataclass(frozen=True)
class ReleaseChanges:
    """What one release changed. Intents, terms and sentences by name: those that came, changed or went."""

    articles: tuple[ArticleChange, ...] = ()
    intents: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    sentences: tuple[str, ...] = ()
    questions: int = 0
    """Articles whose accepted questions are others."""

    @property
    def is_none(self) -> bool:
        """Only what is fitted differs."""
        return not (self.articles or self.intents or self.terms or self.sentences or self.questions)


def release_lines(session: Session, limit: int = 30, under: int | None = None) -> list[ReleaseLine]:
    """Those that customers got, the newest first; ``under``: only ones with lower ids. Reads only."""
    query = select(*_SHOWN).where(was_given()).order_by(col(Release.id).desc())
    query = query.limit(limit) if under is None else query.where(col(Release.id) < under).limit(limit)
    return _lines(session, session.execute(query).all())


def release_line(session: Session, release_id: int) -> ReleaseLine | None:
    """One of them; None for a release that no customer got. Reads only."""
    query = select(*_SHOWN).where(was_given(), Release.id == release_id)
    return next(iter(_lines(session, session.execute(query).all())), None)


_SHOWN: tuple[Any, ...] = (
    Release.id,
    Release.state,
    Release.live_at,
    Release.created_at,
    col(Release.parameters).is_not(None),
)


def _lines(session: Session, rows: Sequence[Any]) -> list[ReleaseLine]:
    ids = [row[0] for row in rows]
    counts = _counts(session, ids)
    audits = _audits(session, ids)
    rollouts = {one.release_id: one for one in session.exec(select(Rollout).where(col(Rollout.release_id).in_(ids)))}
    published = select(Publication.release_id, Publication.override).where(col(Publication.release_id).in_(ids))
    overrides = dict(session.exec(published).all())
    replaced_at = _replaced(session)
    return [
        _line(row, counts.get(row[0], 0), audits, rollouts.get(row[0]), overrides.get(row[0], ""), replaced_at)
        for row in rows
    ]


def _line(
    row: Any,
    articles: int,
    audits: Mapping[tuple[int, str], Audit],
    rollout: Rollout | None,
    override: str,
    replaced_at: Mapping[int, tuple[int | None, datetime | None]],
) -> ReleaseLine:
    release_id, state, live_at, created_at, is_kept = row
    back, published = audits.get((release_id, ROLLED_BACK)), audits.get((release_id, PUBLISHED))
    first = published or audits.get((release_id, STAGED))
    before, until = replaced_at.get(release_id, (None, None))
    is_stopped = live_at is None and rollout is not None
    return ReleaseLine(
        id=release_id,
        state=state,
        since=(rollout.begun_at if rollout else live_at) or created_at,
        live_at=live_at,
        until=rollout.ended_at if is_stopped and rollout else until,
        before=rollout.base_id if rollout else before,
        articles=articles,
        is_kept=is_kept,
        by=first.actor if first else "",
        copy_of=int(back.detail["to"]) if back else None,
        reason=str(back.detail.get("reason", "")) if back else override or (rollout.reason if rollout else ""),
    )


def _counts(session: Session, ids: Sequence[int]) -> dict[int, int]:
    counted = select(ReleaseArticle.release_id, func.count()).where(col(ReleaseArticle.release_id).in_(ids))
    return dict(session.exec(counted.group_by(col(ReleaseArticle.release_id))).all())


def _audits(session: Session, ids: Sequence[int]) -> dict[tuple[int, str], Audit]:
    wanted = (
        Audit.kind == "release",
        col(Audit.action).in_((ROLLED_BACK, PUBLISHED, STAGED)),
        col(Audit.subject_id).in_(ids),
    )
    found = session.exec(select(Audit).where(*wanted).order_by(col(Audit.id)))
    return {(one.subject_id or 0, one.action): one for one in found}


def _replaced(session: Session) -> dict[int, tuple[int | None, datetime | None]]:
    """Of each release that was live, the one before it, and when the next one came."""
    query = select(Release.id, Release.live_at).where(col(Release.live_at).is_not(None))
    rows = session.exec(query.order_by(col(Release.live_at), col(Release.id))).all()
    found: dict[int, tuple[int | None, datetime | None]] = {}
    for place, (release_id, _) in enumerate(rows):
        before = rows[place - 1][0] if place else None
        after = rows[place + 1][1] if place + 1 < len(rows) else None
        found[release_id or 0] = (before, after)
    return found


def changes_of(session: Session, release_id: int, before: int | None) -> ReleaseChanges:
    """What ``release_id`` changed of ``before``; of nothing, all of it. Reads only."""
    new, old = (_frozen(session, one) for one in (release_id, before))
    return ReleaseChanges(
        articles=tuple(_articles(session, release_id, before)),
        intents=_differing(_by(old["intents"], "name"), _by(new["intents"], "name")),
        terms=_differing(_by(old["glossary"], "term", "language"), _by(new["glossary"], "term", "language")),
        sentences=_differing(_by(old["sentences"], "key", "language"), _by(new["sentences"], "key", "language")),
        questions=len(
            _differing(_by(old["questions"], "article", "language"), _by(new["questions"], "article", "language"))
        ),
    )


def _articles(session: Session, release_id: int, before: int | None) -> Iterable[ArticleChange]:
    new, old = _versions(session, release_id, before), _versions(session, before, release_id)
    for key in sorted(new.keys() | old.keys()):
        after, was = new.get(key), old.get(key)
        title = after[1] if after else was[1] if was else ""
        yield ArticleChange(*key, title, was[0] if was else None, after[0] if after else None)


def _versions(session: Session, release_id: int | None, other: int | None) -> dict[tuple[str, str], tuple[int, str]]:
    """The versions that are in the one and not in the other: (number, title) by article id and language."""
    if release_id is None:
        return {}
    there = select(ReleaseArticle.version_id).where(ReleaseArticle.release_id == other)
    found = session.exec(
        select(KbArticle.article_id, KbArticle.language, ArticleVersion.number, ArticleVersion.title)
        .where(KbArticle.id == ArticleVersion.kb_article_id)
        .where(ArticleVersion.id == ReleaseArticle.version_id)
        .where(ReleaseArticle.release_id == release_id)
        .where(col(ReleaseArticle.version_id).not_in(there))
    )
    return {(article_id, language): (number, title) for article_id, language, number, title in found}


_FROZEN = ("intents", "glossary", "sentences", "questions")


def _frozen(session: Session, release_id: int | None) -> dict[str, list[dict[str, Any]]]:
    query = select(Release.intents, Release.glossary, Release.sentences, Release.questions)
    row = session.exec(query.where(Release.id == release_id)).first() if release_id is not None else None
    kept: tuple[Any, ...] = row or ([], [], [], [])
    return dict(zip(_FROZEN, kept, strict=True))


def _by(values: Iterable[Mapping[str, Any]], *names: str) -> dict[str, str]:
    """The hash of each by what it is called."""
    return {" · ".join(str(one[name]) for name in names if one.get(name)): sha256_of(dict(one)) for one in values}


def _differing(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name)))
