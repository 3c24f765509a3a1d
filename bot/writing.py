"""What an answer says, written before the transaction that records it: an LLM may be asked, which takes its time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot import compose
from bot.compose import ArticleGone, Composed, Shelf
from bot.decisions import Answer, Escalate, Rest
from bot.live import Serving
from bot.speaking import Turn
from bot.understanding import Understood
from bot.worth_showing import Worth, worth_showing
from handoff.models import Reason
from retrieval.reader import Hit, Reading


def written(turn: Turn) -> Turn:
    """``turn`` with the text that its decision needs: of an answer, of each of several, of a suggested one."""
    match turn.decision:
        case Answer(article_id, also, rest):
            return replace(turn, composed=_text(turn, (article_id, *also)), rest=_left(turn, rest) if rest else None)
        case Escalate():
            return _with_suggestion(turn, turn.decision)
    return turn


def _with_suggestion(turn: Turn, decision: Escalate) -> Turn:
    """``turn`` with what an agent should see; ``composed`` None where there is nothing, or it is gone."""
    worth = _worth(turn, decision)
    if worth is None or turn.serving is None:
        return turn
    understood = Understood(worth.reading)
    composed = answer_text(turn.serving, understood, (worth.article_id,), turn.language, worth.question)
    return replace(turn, worth=worth, composed=composed) if composed else turn


def _worth(turn: Turn, decision: Escalate) -> Worth | None:
    if turn.reading is None:
        return None
    if (chosen := decision.suggestion) is not None:
        reading = next((part for part in turn.parts if part.hits and part.hits[0].article_id == chosen), turn.reading)
        return Worth(chosen, question_of(turn, chosen), turn.before, reading)
    found = worth_showing(decision, turn.place, turn.policy, turn.reading, turn.question, turn.before)
    earlier = turn.asked_before
    if earlier is None or decision.reason is not Reason.ASKED_FOR_HUMAN:
        return found
    # What was asked before says more than the request; the request may tell of the matter as well.
    return worth_showing(decision, turn.place, turn.policy, earlier, earlier.text, None) or found


def answer_text(
    serving: Serving, understood: Understood, articles: Sequence[str], language: str, question: str
) -> Composed | None:
    """What ``articles`` answer: to ``question``, or each to its own where the message asks several.

    None where one of them is not in the release.
    """
    asked = [
        (_apart(each, article_id, articles), article_id)
        for article_id in articles
        for each in understood.answered_by(article_id, serving.policy)
    ]
    try:
        parts = [
            (
                each.text,
                compose.answer(serving, each, article_id, language, each.text if understood.parts else question),
            )
            for each, article_id in asked
        ]
    except ArticleGone:
        return None
    return parts[0][1] if len(parts) == 1 else compose.joined(parts, language)


def _apart(reading: Reading, article_id: str, articles: Sequence[str]) -> Reading:
    """``reading`` without what the other ``articles`` say, which are quoted for themselves."""
    left = (hit for hit in reading.hits if hit.article_id == article_id or hit.article_id not in articles)
    return replace(reading, hits=tuple(left))


def question_of(turn: Turn, article_id: str) -> str:
    """The customer's question that this article answers."""
    understood = _understood(turn)
    return understood.about(article_id).text if understood and turn.parts else turn.question


def with_article(reading: Reading, article_id: str, shelf: Shelf) -> Reading:
    """``reading`` with a hit for ``article_id`` wherever the shelf has it: the customer chose it themselves."""
    if any(hit.article_id == article_id for hit in reading.hits):
        return reading
    languages = [language for key, language in shelf if key == article_id]
    if not languages:
        return reading
    published = shelf[article_id, reading.language if reading.language in languages else languages[0]]
    article, passage = published.article, published.passages[0] if published.passages else None
    if passage is None:
        return reading
    hit = Hit(
        article_id=article.id,
        language=article.language,
        version=published.version,
        passage=passage.key,
        anchor=passage.anchor,
        title=article.title,
        heading=passage.heading,
        text=passage.text,
        score=0.0,
    )
    return replace(reading, hits=(*reading.hits, hit))


def _left(turn: Turn, rest: Rest) -> Turn:
    understood = next((part for part in turn.parts if part.text == rest.question), turn.reading)
    own = replace(turn, decision=rest.decision, question=rest.question, about=rest.question, reading=understood)
    return written(replace(own, parts=()))


def _text(turn: Turn, articles: Sequence[str]) -> Composed | None:
    understood = _understood(turn)
    if turn.serving is None or understood is None:
        return None
    return answer_text(turn.serving, understood, articles, turn.language, turn.question)


def _understood(turn: Turn) -> Understood | None:
    return Understood(turn.reading, turn.parts) if turn.reading else None
