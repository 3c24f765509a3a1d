"""Who was told something: the customers, what each read of it last, when and in which conversation. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func
from sqlalchemy import select as rows_of
from sqlmodel import Session, col, select

from bot.learning.recall.links import linked
from bot.learning.recall.models import Recall, Told
from handoff.models import Conversation, Customer, Delivery, DeliveryState, Message
from kb_content.models import ArticleVersion, KbArticle, Release, ReleaseArticle, ReleaseState


@dataclass(frozen=True)
class Scope:
    """What is wrong: passages of one language of an article, or all of it; in some versions, or in all."""

    article_id: str
    language: str
    passages: tuple[str, ...] = ()
    """Keys. A passage keeps its key as long as it says the same, so one key is the same words in every version."""
    versions: tuple[int, ...] = ()

    def holds(self, version: int, passage: str) -> bool:
        """Whether that passage of that version is wrong; "" stands for the article as a whole."""
        is_passage = not self.passages or not passage or passage in self.passages
        return is_passage and (not self.versions or version in self.versions)


@dataclass(frozen=True)
class Telling:
    """The last time that somebody was told it."""

    person: int
    """The customer that stands for them, however many channels they are known in."""
    customer_id: int
    conversation_id: int
    message_id: int
    at: datetime
    language: str
    """The one to write to them in."""


def scope_of(recall: Recall) -> Scope:
    return Scope(recall.article_id, recall.language, tuple(recall.passages), tuple(recall.versions))


def tellings(session: Session, scope: Scope) -> list[Telling]:
    """Everybody who was told it, each once, who read it last first. What did not arrive told nobody anything."""
    newest: dict[int, Telling] = {}
    for telling in sorted(
        (*_cited(session, scope), *_linked(session, scope)), key=lambda one: (one.at, one.message_id)
    ):
        newest[telling.person] = telling
    return sorted(newest.values(), key=lambda one: (one.at, one.message_id), reverse=True)


def told_counts(session: Session, article_id: str, language: str, keys: Collection[str]) -> dict[str, int]:
    """How many messages told each of these passages, whatever version they cited."""
    query = (
        rows_of(col(Told.passage), func.count())
        .where(col(Told.article_id) == article_id, col(Told.language) == language, col(Told.passage).in_(keys))
        .group_by(col(Told.passage))
    )
    return {passage: count for passage, count in session.execute(query)}


def versions_of(session: Session, article_id: str, language: str) -> Sequence[ArticleVersion]:
    """All versions of an article that there ever were, oldest first."""
    query = (
        select(ArticleVersion)
        .join(KbArticle, col(KbArticle.id) == ArticleVersion.kb_article_id)
        .where(KbArticle.article_id == article_id, KbArticle.language == language)
    )
    return session.exec(query.order_by(col(ArticleVersion.number))).all()


def languages_of(session: Session, article_id: str) -> Sequence[str]:
    """The languages that the article has, or had."""
    query = select(KbArticle.language).where(KbArticle.article_id == article_id, KbArticle.newest > 0)
    return session.exec(query.order_by(KbArticle.language)).all()


def is_still_told(session: Session, scope: Scope) -> bool:
    """Whether the release that answers now holds something of it."""
    live = select(ReleaseArticle.version_id).join(Release, col(Release.id) == ReleaseArticle.release_id)
    live_ids = set(session.exec(live.where(Release.state == ReleaseState.LIVE)))
    versions = versions_of(session, scope.article_id, scope.language)
    return any(
        scope.holds(version.number, passage["key"])
        for version in versions
        if version.id in live_ids
        for passage in version.passages
    )


def base(language: str) -> str:
    """The language without its country or script, as texts are kept by it."""
    return language.split("-")[0].lower() or "en"


def _cited(session: Session, scope: Scope) -> Iterator[Telling]:
    """Those whom an answer, or a suggestion that an agent sent, told it."""
    query = _whose(rows_of(*_WHO).join(Told, col(Told.message_id) == Message.id)).where(
        col(Told.article_id) == scope.article_id, col(Told.language) == scope.language
    )
    if scope.passages:
        query = query.where(col(Told.passage).in_(scope.passages))
    if scope.versions:
        query = query.where(col(Told.version).in_(scope.versions))
    return _tellings(session.execute(query))


def _linked(session: Session, scope: Scope) -> Iterator[Telling]:
    """Those to whom an agent sent the link of the article's page while it said so."""
    ids = linked(session, scope.article_id, scope.language, scope.holds)
    if not ids:
        return iter(())
    return _tellings(session.execute(_whose(rows_of(*_WHO)).where(col(Message.id).in_(ids))))


def _whose(query: Any) -> Any:
    """``query`` with the customer of each message's conversation, less what did not arrive."""
    return (
        query.select_from(Message)
        .join(Conversation, col(Conversation.id) == Message.conversation_id)
        .join(Customer, col(Customer.id) == Conversation.customer_id)
        .where(~_has_failed())
    )


def _has_failed() -> ColumnElement[bool]:
    here = and_(col(Delivery.message_id) == Message.id, col(Delivery.thread_id) == Message.thread_id)
    return select(Delivery.id).where(here, Delivery.state == DeliveryState.FAILED).exists()


_WHO = (
    func.coalesce(col(Customer.joined_to_id), col(Customer.id)),
    col(Customer.id),
    col(Message.conversation_id),
    col(Message.id),
    col(Message.at),
    func.coalesce(col(Customer.prefers_language), col(Conversation.language)),
)


def _tellings(rows: Iterable[Any]) -> Iterator[Telling]:
    for person, customer_id, conversation_id, message_id, at, language in rows:
        yield Telling(person, customer_id, conversation_id, message_id, at, base(language))
