"""What agents told by sending the link of an article's page. Nothing is kept of it as it is said: the link says it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from handoff.models import Author, Direction, Message
from kb_content.models import ArticleVersion, KbArticle, Release, ReleaseArticle

IsWrong = Callable[[int, str], bool]
"""Whether a passage of a version is meant; "" for the article as a whole."""


def linked(session: Session, article_id: str, language: str, is_wrong: IsWrong) -> list[int]:
    """The ids of agents' messages to customers with a link to the article that opened what is meant. Reads only."""
    page = f"/kb/{language}/{article_id}"
    query = select(Message.id, Message.text, Message.at, Message.detail).where(
        Message.author == Author.AGENT,
        Message.direction == Direction.OUTGOING,
        col(Message.private).is_(False),
        col(Message.text).contains(page, autoescape=True),
    )
    rows = session.exec(query).all()
    if not rows:
        return []
    shown, anchors = _shown(session, article_id, language), _anchors(session, article_id, language)
    address = re.compile(re.escape(page) + r"(?:/v(\d+))?(?:\?[^\s#]*)?(?:#([\w.-]+))?(?![\w./-]*[\w-])")
    return [
        message_id
        for message_id, text, at, detail in rows
        # What a suggestion cites is known passage by passage.
        if message_id is not None
        and not detail.get("citations")
        and any(_opened(found, at, shown, anchors, is_wrong) for found in address.finditer(text))
    ]


_Shown = Sequence[tuple[datetime, int]]


def _opened(
    found: re.Match[str], at: datetime, shown: _Shown, anchors: dict[tuple[int, str], str], is_wrong: IsWrong
) -> bool:
    """Whether one link opened what is meant when it was sent."""
    version = int(found[1]) if found[1] else _version_at(shown, at)
    return version is not None and is_wrong(version, anchors.get((version, (found[2] or "").rstrip(".")), ""))


def _version_at(shown: _Shown, at: datetime) -> int | None:
    """What the page without a version showed then."""
    place = bisect_right([live_at for live_at, _ in shown], at)
    return shown[place - 1][1] if place else None


def _shown(session: Session, article_id: str, language: str) -> _Shown:
    """Since when the page showed which version, oldest first."""
    query = (
        select(Release.live_at, ArticleVersion.number)
        .join(ReleaseArticle, col(ReleaseArticle.release_id) == Release.id)
        .join(ArticleVersion, col(ArticleVersion.id) == ReleaseArticle.version_id)
        .join(KbArticle, col(KbArticle.id) == ArticleVersion.kb_article_id)
        .where(KbArticle.article_id == article_id, KbArticle.language == language, col(Release.live_at).is_not(None))
    )
    found: Iterable[tuple[datetime | None, int]] = session.exec(query.order_by(col(Release.live_at))).all()
    return [(live_at, number) for live_at, number in found if live_at is not None]


def _anchors(session: Session, article_id: str, language: str) -> dict[tuple[int, str], str]:
    """The passage's key by version and anchor."""
    query = (
        select(ArticleVersion.number, ArticleVersion.passages)
        .join(KbArticle, col(KbArticle.id) == ArticleVersion.kb_article_id)
        .where(KbArticle.article_id == article_id, KbArticle.language == language)
    )
    return {
        (number, passage["anchor"]): passage["key"] for number, passages in session.exec(query) for passage in passages
    }
