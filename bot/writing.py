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
from retrieval.reader import Hit, Reading


def written(turn: Turn) -> Turn:
    """``turn`` with the text that its decision needs: of an answer, of each of several, of a suggested one."""
    match turn.decision:
        case Answer(article_id, also, rest):
            return replace(turn, composed=_text(turn, (article_id, *also)), rest=_left(turn, rest) if rest else None)
        case Escalate(suggestion=str() as article_id):
            return replace(turn, composed=_text(turn, (article_id,)))
    return turn


def answer_text(
    serving: Serving, understood: Understood, articles: Sequence[str], language: str, question: str
) -> Composed | None:
    """What ``articles`` answer: to ``question``, or each to its own where the message asks several.

    None where one of them is not in the release.
    """
    asked = [(understood.about(article_id), article_id) for article_id in articles]
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
