"""Example questions found for articles: in their headings, in what customers asked and got right, by a model.

Nothing found here counts by itself: an editor accepts or declines it (``kb_content.proposals``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from sqlmodel import Session, col, select

from bot.learning.masking import is_telling, masked
from bot.learning.outcomes import Verdict, verdicts
from bot.learning.phrasing import as_question, is_turned
from handoff.models import Author, Direction, Message, Ticket, TicketStatus
from kb_content.articles import PublishedArticle
from kb_content.catalogue import contents
from kb_content.headings import asked_headings, headings
from kb_content.proposals import Proposal, propose
from retrieval.languages import language_of
from store import Database, reading, transaction

if TYPE_CHECKING:
    from bot.writer import Writer

HEADING, TICKET, MODEL = "heading", "ticket", "model"
"""Where a question was found."""
ENOUGH = 5
"""Questions of an article from which on a model is not asked for more."""
_MOST_AS_THEY_ARE = 8
_PAGE = re.compile(r"/kb/([A-Za-z]{2,3}(?:-[A-Za-z0-9]+)*)/([A-Za-z0-9][A-Za-z0-9._-]*?)(?:/v\d+)?(?=[\s#?)\]>.,]|$)")
_AT_ONCE = 500

Report = Callable[[str], None]


def find_proposals(
    database: Database, now: datetime, writer: Writer | None = None, report: Report = lambda sentence: None
) -> list[Proposal]:
    """Look through the live articles and what became of answers, and keep what is new. Returns that.

    ``writer``: asked about articles that have few questions, one after the other, outside of any transaction.
    """
    with reading(database) as session:
        articles = contents(session).articles
        found = list(_in_their_languages(_of_customers(session), articles))
    # Customers' own words first: of two that say the same, the first is kept.
    found += [one for article in articles for one in from_headings(article)]
    with transaction(database) as session:
        new = propose(session, found, now)
    return [*new, *_drafted(database, articles, new, writer, now, report)] if writer else new


def from_headings(published: PublishedArticle) -> list[Proposal]:
    """What the title and the headings of an article ask, or would ask in a customer's words."""
    article, anchors = published.article, {passage.key: passage.anchor for passage in published.passages}
    asked = [(question, key) for question, key in asked_headings(published)]
    turned: list[tuple[str, str]] = []
    others: list[tuple[str, str]] = []
    for heading, key in [(article.title, ""), *headings(published)]:
        question = as_question(heading, article.language)
        if question is not None:
            (turned if is_turned(heading, question) else others).append((question, key))
    found = dict[str, str]()
    for question, key in (*asked, *turned, *others[:_MOST_AS_THEY_ARE]):
        found.setdefault(as_question(question, article.language) or question, anchors.get(key, ""))
    return [Proposal(article.id, article.language, question, HEADING, anchor) for question, anchor in found.items()]


def _in_their_languages(found: Iterable[Proposal], articles: Iterable[PublishedArticle]) -> Iterator[Proposal]:
    """``found`` in the spelling that each article has for its language: a question is in zh, the article in zh-CN."""
    spelled: dict[tuple[str, str], str] = {}
    for article in (one.article for one in articles):
        spelled.setdefault((article.id, article.language.split("-")[0]), article.language)
    for one in found:
        language = spelled.get((one.article_id, one.language.split("-")[0]))
        if language:
            yield replace(one, language=language)


def _of_customers(session: Session) -> list[Proposal]:
    """What customers asked that an article answered rightly, the newest first."""
    known = list(verdicts(session))
    numbers = _ticket_numbers(session, {verdict.conversation_id for verdict in known})
    told = [
        (article, verdict.language, verdict.question, numbers.get(verdict.conversation_id, ""))
        for verdict in reversed(known)
        if verdict.is_alone and (article := _right_article(verdict))
    ]
    found = []
    for article, language, question, source in [*told, *_linked_by_agents(session)]:
        said = masked(question)
        if is_telling(said):
            found.append(Proposal(article, language, said, TICKET, source))
    return found


def _right_article(verdict: Verdict) -> str | None:
    return verdict.article if verdict.is_right else verdict.right_article or None


def _linked_by_agents(session: Session) -> Iterator[tuple[str, str, str, str]]:
    """Of resolved tickets in which an agent sent the link of one article: it, its language and what was asked first."""
    query = (
        select(Message.text, Ticket.conversation_id, Ticket.number)
        .where(Ticket.conversation_id == Message.conversation_id)
        .where(col(Ticket.status).in_((TicketStatus.RESOLVED, TicketStatus.CLOSED)))
        .where(Message.author == Author.AGENT, Message.direction == Direction.OUTGOING)
        .where(col(Message.private).is_(False), col(Message.text).contains("/kb/"))
        .order_by(col(Message.id).desc())
    )
    for text, conversation_id, number in session.exec(query).all():
        pages = set(_PAGE.findall(text))
        asked = _first_words(session, conversation_id) if len(pages) == 1 else None
        if asked:
            ((language, article),) = pages
            # A question in another language than the article's is none of its examples.
            if language_of(asked, language) == language.split("-")[0]:
                yield article, language, asked, f"#{number}"


def _first_words(session: Session, conversation_id: int) -> str | None:
    query = select(Message).where(
        Message.conversation_id == conversation_id, Message.direction == Direction.INCOMING, Message.text != ""
    )
    first = session.exec(query.order_by(col(Message.id)).limit(1)).first()
    return first.text if first and first.deleted_at is None else None


def _ticket_numbers(session: Session, conversation_ids: set[int]) -> dict[int, str]:
    ordered, found = sorted(conversation_ids), dict[int, str]()
    for start in range(0, len(ordered), _AT_ONCE):
        some = ordered[start : start + _AT_ONCE]
        query = select(Ticket.conversation_id, Ticket.number).where(col(Ticket.conversation_id).in_(some))
        found |= {conversation_id: f"#{number}" for conversation_id, number in session.exec(query)}
    return found


def _drafted(
    database: Database,
    articles: Sequence[PublishedArticle],
    new: Sequence[Proposal],
    writer: Writer,
    now: datetime,
    report: Report,
) -> list[Proposal]:
    drafted: list[Proposal] = []
    for published in _thin(database, articles):
        article = published.article
        report(f"asking the language model about {article.id} ({article.language})")
        found = [Proposal(article.id, article.language, text, MODEL) for text in writer.draft_questions(article)]
        with transaction(database) as session:
            drafted += propose(session, found, now)
    return drafted


def _thin(database: Database, articles: Sequence[PublishedArticle]) -> list[PublishedArticle]:
    """Articles with few questions about which the model was not asked before."""
    from kb_content.models import ProposedQuestion

    with reading(database) as session:
        query = select(ProposedQuestion.article_id, ProposedQuestion.language).where(ProposedQuestion.origin == MODEL)
        asked = set(session.exec(query))
    return [
        one
        for one in articles
        if len(one.article.questions) < ENOUGH and (one.article.id, one.article.language) not in asked
    ]


__all__ = ["HEADING", "MODEL", "TICKET", "find_proposals", "from_headings"]
