"""Gold questions from confirmed answers: a customer's question, masked, with the article that was right for it.

Confirmed is what ``outcomes`` knows: somebody looked at the answer, an agent sent it, or the customer said so. Of a
wrong answer the article that would have been right counts; where the KB has none, the question is one without answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from bot.learning.masking import is_telling, masked
from bot.learning.outcomes import Sign, Verdict, verdicts_on
from handoff.actors import Actor
from handoff.errors import HandoffError
from handoff.models import AnswerAudit, Conversation, Feedback, Message, Suggestion, SuggestionState
from kb_content.articles import GoldQuestion
from kb_content.gold import COLLECTED, Key, add_gold, expectable, gold_lines, key_of, known_gold

LOOKED_AT = 300
"""Of each kind of sign so many of the newest are looked at for what could be collected."""


class NotConfirmed(HandoffError):
    """Nobody has confirmed this answer yet. Say first whether it was right; then its question can be kept."""


class NotAlone(HandoffError):
    """This question goes on from what was said before, so it is no question by itself. Write the gold question by
    hand."""


class TooLittleLeft(HandoffError):
    """Too little is left of this question without what is the customer's own. Write the gold question by hand."""


class ArticleGone(HandoffError):
    """The article that was right is not in the knowledge base any more, so this question cannot be kept."""


@dataclass(frozen=True)
class Candidate:
    """A confirmed answer whose question could be kept. ``answer_id``: the message that answered."""

    answer_id: int
    conversation_id: int
    question: GoldQuestion
    sign: Sign
    known_at: datetime


def keep(session: Session, answer_id: int, actor: Actor, now: datetime) -> int:
    """Keep the question that this answer answers as a gold question; the id of the one that is there already, if one
    is. Raises NotConfirmed, NotAlone, TooLittleLeft or ArticleGone."""
    found = _candidate(session, answer_id)
    held = known_gold(session).get(key_of(found.question))
    return held or add_gold(session, found.question, COLLECTED, actor.name, now)


def keep_all(session: Session, answer_ids: Collection[int], actor: Actor, now: datetime) -> int:
    """Keep those of them that still can be. Returns how many new gold questions that made."""
    articles, known, count = expectable(session), known_gold(session), 0
    for one in distinct(_candidates(session, sorted(set(answer_ids))), known.keys(), articles.keys()):
        add_gold(session, one.question, COLLECTED, actor.name, now)
        count += 1
    return count


def keepable(session: Session, answer_ids: Collection[int]) -> dict[int, int]:
    """Which of these answers are confirmed, so that their questions can be kept: by the answer's id the id of the gold
    question that they already are, 0 for none."""
    found = [(one.answer_id, key_of(one.question)) for one in _candidates(session, answer_ids)]
    known = known_gold(session) if found else {}
    return {answer_id: known.get(key, 0) for answer_id, key in found}


def candidates(session: Session, most: int = 50) -> list[Candidate]:
    """Confirmed answers whose questions are no gold questions yet, those of the least tested articles first. Reads
    only, the newest signs alone, so it takes the same time however much was ever said."""
    lines = gold_lines(session)
    known = {key_of(line.question) for line in lines}
    tested = Counter(article for line in lines for article in line.question.expect)
    found = distinct(_candidates(session, _newest_signed(session)), known, expectable(session).keys())
    return ranked(found, tested)[:most]


def distinct(found: Iterable[Candidate], known: Collection[Key], articles: Collection[str]) -> Iterator[Candidate]:
    """What is new among ``found``, each question once: where two answers to one disagree, the newest word counts.
    Pure."""
    newest: dict[Key, Candidate] = {}
    for one in sorted(found, key=lambda one: one.known_at):
        newest[key_of(one.question)] = one
    for key, one in newest.items():
        if key not in known and set(one.question.expect) <= set(articles):
            yield one


def ranked(found: Iterable[Candidate], tested: Counter[str]) -> list[Candidate]:
    """Questions of articles with few gold questions first, then the newest; one article never takes the whole list.
    Pure."""
    counted, places = Counter(tested), list[tuple[int, int, Candidate]]()
    for number, one in enumerate(sorted(found, key=lambda one: one.known_at, reverse=True)):
        article = one.question.expect[0] if one.question.expect else ""
        places.append((counted[article], number, one))
        counted[article] += 1
    return [one for _, _, one in sorted(places, key=lambda place: place[:2])]


def _candidate(session: Session, answer_id: int) -> Candidate:
    verdict = next((one for one in verdicts_on(session, [answer_id]) if _is_known(one)), None)
    if verdict is None:
        raise NotConfirmed
    if not verdict.is_alone:
        raise NotAlone
    found = _from(verdict)
    if found is None:
        raise TooLittleLeft
    if not set(found.question.expect) <= expectable(session).keys():
        raise ArticleGone
    return found


def _candidates(session: Session, answer_ids: Collection[int]) -> Iterator[Candidate]:
    known = (one for one in verdicts_on(session, answer_ids) if _is_known(one) and one.is_alone)
    return (found for found in map(_from, known) if found is not None)


def _is_known(verdict: Verdict) -> bool:
    """Whether the right answer is known: of a wrong one only where somebody said what would have been right."""
    return verdict.is_right or verdict.right_article is not None


def _from(verdict: Verdict) -> Candidate | None:
    said = masked(verdict.question)
    if not is_telling(said):
        return None
    right = verdict.article if verdict.is_right else verdict.right_article
    question = GoldQuestion(said, verdict.language, (right,) if right else ())
    return Candidate(verdict.answer_id or 0, verdict.conversation_id, question, verdict.sign, verdict.known_at)


def _newest_signed(session: Session) -> list[int]:
    """The answers with the newest signs of each kind."""
    thumbs = select(Feedback.message_id).where(col(Feedback.is_helpful)).order_by(col(Feedback.message_id).desc())
    audits = select(AnswerAudit.message_id).order_by(col(AnswerAudit.message_id).desc())
    sent = (
        select(Suggestion.sent_message_id)
        .where(col(Suggestion.state).in_((SuggestionState.SENT, SuggestionState.EDITED)))
        .where(col(Suggestion.sent_message_id).is_not(None))
        .order_by(col(Suggestion.id).desc())
    )
    ended = select(Conversation.id).where(col(Conversation.confirmed).is_(True)).order_by(col(Conversation.id).desc())
    solved = session.exec(ended.limit(LOOKED_AT)).all()
    closing = select(Message.id).where(col(Message.conversation_id).in_(solved), Message.decision == "answer")
    several = [session.exec(query.limit(LOOKED_AT)).all() for query in (thumbs, audits, sent)]
    return sorted({one for found in (*several, session.exec(closing).all()) for one in found if one is not None})
