"""What people find on looking at one of the bot's answers: that it was right, or which article would have been."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from handoff.actors import Actor, require
from handoff.errors import HandoffError
from handoff.models import AnswerAudit, Direction, Message
from handoff.permissions import Permission
from handoff.surveys.outcomes import settle
from kb_content.models import ArticleVersion, KbArticle, Release, ReleaseArticle, ReleaseState
from store import audit
from store.changes import note_change

MOST_TITLES = 1_000
_NAMED = re.compile(r"\(([^()]+)\)\s*\Z")


class NotAnAnswer(HandoffError):
    """This is not an answer from the knowledge base, so there is nothing to judge."""


class NoSuchArticle(HandoffError):
    """There is no live article of that name. Choose one from the list, or leave the field empty."""


class SameArticle(HandoffError):
    """That is the article that was cited. Say that it was right, or name another one."""


@dataclass(frozen=True)
class Judgement:
    """``article``: of a wrong answer, the id of the right one; "" where the KB has none, None where nobody knows."""

    is_right: bool
    article: str | None = None


def judge(session: Session, message_id: int, finding: Judgement, actor: Actor, now: datetime) -> Message:
    """Keep what ``actor`` found about the answer ``message_id``; the newest look counts.

    Raises NotAnAnswer or SameArticle.
    """
    require(session, actor, Permission.AUDIT_ANSWERS)
    message = session.get(Message, message_id)
    if message is None or message.direction is not Direction.OUTGOING or not message.detail.get("article"):
        raise NotAnAnswer
    if not finding.is_right and finding.article == message.detail["article"]:
        raise SameArticle
    article = None if finding.is_right else finding.article
    session.merge(
        AnswerAudit(
            message_id=message_id,
            is_right=finding.is_right,
            right_article=article,
            staff_id=actor.staff_id or 0,
            at=now,
        )
    )
    session.flush()
    settle(session, message.conversation_id, now)
    audit.record(
        session, actor.name, "answer.audited", "message", message_id, now, right=finding.is_right, article=article
    )
    note_change(session, "message", message_id, now)
    return message


def titles(session: Session, language: str) -> list[str]:
    """How the live articles are called in the list to choose from: "Title (id)", in ``language`` where there is one."""
    found: dict[str, str] = {}
    for key, spoken, title in _live(session):
        if key not in found or spoken == language:
            found[key] = title
    return sorted(f"{title} ({key})" for key, title in found.items())[:MOST_TITLES]


def article_named(session: Session, typed: str) -> str | None:
    """The id of the live article that somebody chose or typed: by id, by title, or as ``titles`` calls it.

    None for nothing typed; raises NoSuchArticle.
    """
    words = typed.strip()
    if not words:
        return None
    live = list(_live(session))
    ids = {key for key, _, _ in live}
    named = _NAMED.search(words)
    for candidate in (words, named[1] if named else ""):
        if candidate in ids:
            return candidate
    called = {key for key, _, title in live if title.casefold() == words.casefold()}
    if len(called) != 1:
        raise NoSuchArticle
    return called.pop()


def _live(session: Session) -> list[tuple[str, str, str]]:
    """(id, language, title) of every live article."""
    return list(
        session.exec(
            select(KbArticle.article_id, KbArticle.language, ArticleVersion.title)
            .where(KbArticle.id == ArticleVersion.kb_article_id)
            .where(ArticleVersion.id == ReleaseArticle.version_id)
            .where(ReleaseArticle.release_id == Release.id)
            .where(Release.state == ReleaseState.LIVE)
            .order_by(col(KbArticle.article_id), col(KbArticle.language))
        ).all()
    )
