"""Proposed questions: example questions that an editor may accept for an article, many at once.

An accepted one is one of its article's questions from the next release on, whatever file the article comes from: it is
kept beside the article's versions, and an export writes it into the file.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from kb_content.articles import Article
from kb_content.fields import one_line
from kb_content.folder import normal_question
from kb_content.models import ArticleVersion, KbArticle, ProposalState, ProposedQuestion
from store.audit import record
from store.inserts import insert

Key = tuple[str, str]
"""Article id and language."""

LONGEST = 300
_PLAIN_LENGTH = 200
_AT_ONCE = 500


@dataclass(frozen=True)
class Proposal:
    """A question that ``origin`` (heading, ticket or model) found for an article. ``source``: where it was found."""

    article_id: str
    language: str
    text: str
    origin: str
    source: str = ""

    @property
    def key(self) -> Key:
        return self.article_id, self.language

    @property
    def plain(self) -> str:
        return normal_question(self.text)[:_PLAIN_LENGTH]


@dataclass(frozen=True)
class ForArticle:
    """What is proposed for one article, with its title and how many questions it has already."""

    article_id: str
    language: str
    title: str
    has: int
    proposed: tuple[ProposedQuestion, ...]


def propose(session: Session, found: Iterable[Proposal], now: datetime) -> list[Proposal]:
    """Keep what of ``found`` is new, and return it.

    Not new is what an article asks already, in its title or its questions, what was proposed before (accepted, declined
    or still open), and what is found for several articles at once: it would make them alike.
    """
    articles = _current(session)
    known = _known(session, articles)
    candidates = {(one.key, one.plain): one for one in reversed(list(found)) if _is_usable(one, articles)}
    claimed = Counter((key[1], plain) for key, plain in candidates)
    new = [
        one
        for (key, plain), one in candidates.items()
        if known.isdisjoint({(key[1], plain), (key, plain)}) and claimed[key[1], plain] == 1
    ][::-1]
    for start in range(0, len(new), _AT_ONCE):
        rows = [_row(one, now) for one in new[start : start + _AT_ONCE]]
        # Somebody else may be looking at the same time.
        session.execute(insert(session, ProposedQuestion).values(rows).on_conflict_do_nothing())
    return new


def _row(one: Proposal, now: datetime) -> dict[str, Any]:
    return {
        "article_id": one.article_id,
        "language": one.language,
        "text": one_line(one.text),
        "plain": one.plain,
        "origin": one.origin,
        "source": one.source,
        "state": ProposalState.OPEN,
        "created_at": now,
    }


def proposed(session: Session, state: ProposalState = ProposalState.OPEN) -> list[ForArticle]:
    """What is proposed in ``state``, by article; of archived articles nothing. Those with most to decide come first."""
    articles = _current(session)
    rows: dict[Key, list[ProposedQuestion]] = defaultdict(list)
    for row in session.exec(select(ProposedQuestion).where(ProposedQuestion.state == state).order_by(_id)):
        if (row.article_id, row.language) in articles:
            rows[row.article_id, row.language].append(row)
    found = [
        ForArticle(*key, title=articles[key].title, has=len(articles[key].questions), proposed=tuple(several))
        for key, several in rows.items()
    ]
    return sorted(found, key=lambda one: (-len(one.proposed), one.article_id, one.language))


def decide(session: Session, ids: Collection[int], accept: bool, actor: str, now: datetime) -> int:
    """Accept or decline the open ones among ``ids``. Returns how many those were."""
    return _change(session, ids, ProposalState.OPEN, _decided(accept), actor, now)


def take_back(session: Session, ids: Collection[int], actor: str, now: datetime) -> int:
    """Decline accepted ones after all: from the next release on they are no questions of their articles any more."""
    return _change(session, ids, ProposalState.ACCEPTED, ProposalState.DECLINED, actor, now)


def withdraw(session: Session, gone: Mapping[Key, Collection[str]], actor: str, now: datetime) -> int:
    """Take back accepted questions that an editor has since deleted from their articles' files."""
    plain = {(key, normal_question(text)[:_PLAIN_LENGTH]) for key, texts in gone.items() for text in texts}
    rows = session.exec(select(ProposedQuestion).where(ProposedQuestion.state == ProposalState.ACCEPTED))
    ids = [row.id or 0 for row in rows if ((row.article_id, row.language), row.plain) in plain]
    return take_back(session, ids, actor, now) if ids else 0


def accepted_values(session: Session) -> list[dict[str, Any]]:
    """The accepted questions of unarchived articles as a release keeps them."""
    return [
        {"article": one.article_id, "language": one.language, "questions": [row.text for row in one.proposed]}
        for one in sorted(proposed(session, ProposalState.ACCEPTED), key=lambda one: (one.article_id, one.language))
    ]


def accepted_of(session: Session, article_id: str, language: str) -> dict[Key, tuple[str, ...]]:
    """What was accepted for one article so far."""
    query = select(ProposedQuestion.text).where(
        ProposedQuestion.article_id == article_id,
        ProposedQuestion.language == language,
        ProposedQuestion.state == ProposalState.ACCEPTED,
    )
    return {(article_id, language): tuple(session.exec(query.order_by(_id)))}


def waiting_to_be_published(session: Session, live: Sequence[Mapping[str, Any]]) -> int:
    """How many accepted and taken-back questions the release that is ``live`` does not know of yet."""
    now = {(key, text) for key, texts in accepted_from(accepted_values(session)).items() for text in texts}
    then = {(key, text) for key, texts in accepted_from(live).items() for text in texts}
    return len(now ^ then)


def accepted_from(values: Sequence[Mapping[str, Any]]) -> dict[Key, tuple[str, ...]]:
    """What a release kept of them, by article."""
    return {(str(one["article"]), str(one["language"])): tuple(one["questions"]) for one in values}


def with_questions(article: Article, accepted: Mapping[Key, Sequence[str]]) -> Article:
    """``article`` with the questions that were accepted for it after its own."""
    more = accepted.get((article.id, article.language), ())
    if not more:
        return article
    own = {normal_question(question) for question in article.questions}
    new = tuple(question for question in more if normal_question(question) not in own)
    return replace(article, questions=article.questions + new) if new else article


def _current(session: Session) -> dict[Key, Article]:
    """Title and questions of every unarchived article as its current version has them."""
    rows = session.exec(
        select(KbArticle.article_id, KbArticle.language, ArticleVersion.title, ArticleVersion.meta)
        .where(KbArticle.id == ArticleVersion.kb_article_id)
        .where(KbArticle.current == ArticleVersion.number)
        .where(col(KbArticle.archived_at).is_(None))
    )
    return {
        (article_id, language): Article(article_id, language, title, "", tuple(meta.get("questions") or ()))
        for article_id, language, title, meta in rows
    }


def _known(session: Session, articles: Mapping[Key, Article]) -> set[tuple[str | Key, str]]:
    """What is asked or was proposed already: for all articles of a language, or declined for one of them."""
    known: set[tuple[str | Key, str]] = set()
    for (_, language), article in articles.items():
        known |= {(language, normal_question(text)[:_PLAIN_LENGTH]) for text in (article.title, *article.questions)}
    for row in session.exec(select(ProposedQuestion)):
        is_declined = row.state is ProposalState.DECLINED
        known.add(((row.article_id, row.language) if is_declined else row.language, row.plain))
    return known


def _is_usable(one: Proposal, articles: Mapping[Key, Article]) -> bool:
    return one.key in articles and bool(one.plain) and len(one_line(one.text)) <= LONGEST


def _decided(accept: bool) -> ProposalState:
    return ProposalState.ACCEPTED if accept else ProposalState.DECLINED


def _change(
    session: Session, ids: Collection[int], before: ProposalState, after: ProposalState, actor: str, now: datetime
) -> int:
    """Move those of ``ids`` that are still ``before``: of two editors exactly one decides about each."""
    changed: list[int] = []
    wanted = sorted(set(ids))
    for start in range(0, len(wanted), _AT_ONCE):
        done = session.execute(
            update(ProposedQuestion)
            .where(col(ProposedQuestion.id).in_(wanted[start : start + _AT_ONCE]))
            .where(col(ProposedQuestion.state) == before)
            .values(state=after, decided_by=actor[:254], decided_at=now)
            .returning(col(ProposedQuestion.id))
            .execution_options(synchronize_session=False)
        )
        changed += done.scalars().all()
    if changed:
        # Their texts may be customers' words, which the audit must not keep for good.
        record(session, actor, f"kb.question.{after.value}", "proposed_question", None, now, ids=sorted(changed))
    return len(changed)


_id = col(ProposedQuestion.id)

__all__ = [
    "ForArticle",
    "Proposal",
    "accepted_from",
    "accepted_of",
    "accepted_values",
    "decide",
    "propose",
    "proposed",
    "take_back",
    "waiting_to_be_published",
    "with_questions",
    "withdraw",
]
