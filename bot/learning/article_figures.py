"""What each article did in the last days: asked, answered, solved, disliked. Counted by the database from small rows,
so that a page may ask for it however much was ever said.

An answer with several citations is about its first. Asked is what led to an article: it was told, an agent was offered
it and sent something else, or it was the first of the choices that a customer was given and took none of. Solved is
what the customer said: a thumb up, or that it is solved after this was the last that they were told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, exists, func
from sqlalchemy import select as rows_of
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from bot.learning.recall.models import Told
from handoff.models import Action, Button, Conversation, Feedback, Message, Suggestion, SuggestionState
from kb_content.models import KbArticle

SPAN = timedelta(days=30)
_NOT_SENT = (SuggestionState.SKIPPED, SuggestionState.OUTDATED, SuggestionState.OFFERED)

Key = tuple[str, str]
"""Article id and language."""


@dataclass(frozen=True)
class Figures:
    """Questions that led to an article, and what became of them. ``answered``, ``solved`` and ``disliked`` are of the
    times that a customer was told it."""

    asked: int = 0
    answered: int = 0
    solved: int = 0
    disliked: int = 0


NOTHING = Figures()


def article_figures(
    session: Session, now: datetime, article_id: str | None = None, span: timedelta = SPAN
) -> dict[Key, Figures]:
    """The figures of every article that anything was asked of since ``now - span``, or of ``article_id`` alone in each
    of its languages. Reads only."""
    since = now - span
    told = _told(session, since, article_id)
    solved, missed = _solved(session, since, article_id), _missed(session, since, article_id)
    return {
        key: Figures(
            asked=told.get(key, NOTHING).answered + missed[key],
            answered=told.get(key, NOTHING).answered,
            solved=told.get(key, NOTHING).solved + solved[key],
            disliked=told.get(key, NOTHING).disliked,
        )
        for key in {*told, *missed}
    }


def _told(session: Session, since: datetime, article_id: str | None) -> dict[Key, Figures]:
    """How often each was told, and the thumbs."""
    query = (
        rows_of(
            col(Told.article_id),
            col(Told.language),
            func.count(),
            func.sum(case((col(Feedback.is_helpful).is_(True), 1), else_=0)),
            func.sum(case((col(Feedback.is_helpful).is_(False), 1), else_=0)),
        )
        .select_from(Told)
        .join(Feedback, col(Feedback.message_id) == Told.message_id, isouter=True)
        .where(col(Told.position) == 0, col(Told.at) >= since)
        .group_by(col(Told.article_id), col(Told.language))
    )
    if article_id is None:
        query = query.where(col(Told.message_id) >= first_message_since(session, since))
    else:
        query = query.where(col(Told.article_id) == article_id)
    return {(key, language): Figures(0, told, up, down) for key, language, told, up, down in session.execute(query)}


def _solved(session: Session, since: datetime, article_id: str | None) -> Counter[Key]:
    """The last that was told before the customer said that it is solved, where no thumb says so already."""
    # One look into each conversation's own messages: joined, SQLite would begin with all that was ever told.
    last = (
        rows_of(func.max(col(Told.message_id)))
        .join(Message, col(Message.id) == Told.message_id)
        .where(col(Message.conversation_id) == Conversation.id)
        .correlate(Conversation)
        .scalar_subquery()
    )
    lasts = rows_of(last).where(col(Conversation.confirmed).is_(True), col(Conversation.last_message_at) >= since)
    query = (
        select(Told.article_id, Told.language, func.count())
        .join(Feedback, col(Feedback.message_id) == Told.message_id, isouter=True)
        .where(col(Told.message_id).in_(lasts), Told.position == 0, col(Told.at) >= since)
        .where(col(Feedback.message_id).is_(None))
        .group_by(col(Told.article_id), col(Told.language))
    )
    if article_id is not None:
        query = query.where(Told.article_id == article_id)
    return Counter({(key, language): count for key, language, count in session.exec(query)})


def _missed(session: Session, since: datetime, article_id: str | None) -> Counter[Key]:
    """Questions that led to an article of which the customer was then not told."""
    counted: Counter[Key] = Counter()
    there = _languages(session, article_id)
    for key, language, count in (*_put_away(session, since), *_not_taken(session, since)):
        if key in there:
            counted[key, nearest(language, there[key])] += count
    return counted


def _put_away(session: Session, since: datetime) -> Iterator[tuple[str, str, int]]:
    """Suggestions that nobody sent; what was sent is in ``told``."""
    before = session.exec(
        select(Suggestion.id).where(Suggestion.offered_at < since).order_by(col(Suggestion.id).desc()).limit(1)
    ).first()
    query = (
        select(Suggestion.article, Conversation.language, func.count())
        .join(Conversation, col(Conversation.id) == Suggestion.conversation_id)
        .where(col(Suggestion.id) > (before or 0), col(Suggestion.state).in_(_NOT_SENT))
        .group_by(col(Suggestion.article), col(Conversation.language))
    )
    yield from session.exec(query)


def _not_taken(session: Session, since: datetime) -> Iterator[tuple[str, str, int]]:
    """The first of choices of which the customer took none: it seemed the best."""
    other = aliased(Button)
    taken = exists().where(
        other.message_id == Button.message_id,  # type: ignore[arg-type]
        other.action == Action.OPTION,  # type: ignore[arg-type]
        other.pressed_at.is_not(None),  # type: ignore[union-attr]
    )
    query = (
        select(Button.argument, Conversation.language, func.count())
        .join(Message, col(Message.id) == Button.message_id)
        .join(Conversation, col(Conversation.id) == Message.conversation_id)
        .where(col(Button.message_id) >= first_message_since(session, since), col(Message.at) >= since)
        .where(Button.action == Action.OPTION, Button.position == 0, ~taken)
        .group_by(col(Button.argument), col(Conversation.language))
    )
    yield from ((article or "", language, count) for article, language, count in session.exec(query))


def first_message_since(session: Session, since: datetime) -> int:
    """An id from which on the messages of ``since`` and later are: ids rise with time. It takes as many looks at
    single rows as the number of messages has binary digits; there is no index by time."""
    low, high = 1, (session.exec(select(func.max(Message.id))).one() or 0) + 1
    while low < high:
        middle = (low + high) // 2
        after = select(Message.id, Message.at).where(col(Message.id) >= middle).order_by(col(Message.id)).limit(1)
        found_id, at = session.exec(after).one()
        if at >= since:
            high = middle
        else:
            low = (found_id or middle) + 1
    return low


def nearest(language: str, there: Collection[str]) -> str:
    """The language of those ``there`` in which somebody who writes ``language`` would get the article. Pure."""
    first = language.split("-")[0]
    same = [one for one in sorted(there) if one.split("-")[0] == first]
    return language if language in there else (same or sorted(there))[0]


def _languages(session: Session, article_id: str | None) -> Mapping[str, Collection[str]]:
    query = select(KbArticle.article_id, KbArticle.language)
    if article_id is not None:
        query = query.where(KbArticle.article_id == article_id)
    found: dict[str, list[str]] = {}
    for key, language in session.exec(query):
        found.setdefault(key, []).append(language)
    return found
