"""Reading a text together with what was said before it, where that helps: "and on the phone?", "那导出呢"."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from retrieval.reader import Hit, Reading
from retrieval.sentences import asks, goes_on, is_about_it, leans, only_measures, weight

_CLOSE = 3
_SURE = 0.9
"""Confidence from which on a text was understood alone, where the KB has no threshold that says so."""
_CLEARLY = 0.25
"""How much more confident a reading in context is, when it says more than that the talk was about something else."""
_SLIGHTLY = 0.1
_WEAK = 0.5

Read = Callable[[str], Reading]
"""Reads one text, for one customer and language."""


@dataclass(frozen=True)
class Before:
    """What a customer was talking about: their last question that says so itself, the articles that it was answered
    from or that were offered for it, and how sure that was."""

    question: str
    articles: tuple[str, ...] = ()
    confidence: float = 0.0


def read_after(alone: Reading, read: Read, before: Before | None, sure: float | None = None) -> tuple[Reading, bool]:
    """What a text means after ``before``, given how it reads ``alone``, and whether it took ``before`` to tell.

    A text that stands alone, is understood alone (with a confidence of ``sure``), says nothing ("yes") or brings a
    matter that the KB does not know is never drawn to an old one. Where both ways of reading it are plausible, the
    articles of both compete.
    At most one more text is read.
    """
    text = alone.text
    if before is None or alone.confidence >= (_SURE if sure is None else sure) or not leans(text):
        return alone, False
    says_nothing = not weight(text) and not asks(text)
    is_new = alone.foreign and weight(text) and not (only_measures(text) or is_about_it(text))
    if says_nothing or is_new:
        return alone, False
    together = replace(read(f"{before.question} {text}"), text=text, language=alone.language)
    if not together.hits:
        return alone, False
    if not alone.hits or together.hits[0].article_id == alone.hits[0].article_id:
        return _agreed(alone, together), True
    # What "how much?" finds alone has nothing but its form in common with it.
    if only_measures(text) or _is_better(alone, together, before):
        return _from(together, alone), True
    return _both(alone, together), False


def in_context(alone: Reading, read: Read, before: Before | None) -> Reading:
    """``alone``, which is understood by itself, with the passage of its article that ``before`` makes likelier where it
    goes on with that: "and on the bus?" asks of a dog's ride, not of the night bus. At most one more text is read."""
    if before is None or not goes_on(alone.text) or alone.hits[0].article_id in before.articles:
        return alone
    first, *others = alone.hits
    together = read(f"{before.question} {alone.text}").hits
    same = (hit for hit in together if (hit.article_id, hit.language) == (first.article_id, first.language))
    meant = next(same, first)
    return replace(alone, hits=(replace(meant, score=first.score), *others))


def _is_better(alone: Reading, together: Reading, before: Before) -> bool:
    gain = together.confidence - alone.confidence
    if together.hits[0].article_id not in before.articles:
        # What neither text says by itself.
        return gain >= _SLIGHTLY
    # The old question alone speaks for its article. The new words must not have spoken against it, nor for another.
    return alone.confidence < _WEAK and gain >= _CLEARLY and together.confidence >= before.confidence - _SLIGHTLY


def _agreed(alone: Reading, together: Reading) -> Reading:
    """Both find the same article; the new words alone tell best which of its passages is meant."""
    if not alone.hits or alone.confidence >= together.confidence:
        return alone if alone.hits else _from(together, alone)
    hits = (replace(alone.hits[0], score=together.hits[0].score), *together.hits[1:])
    return _from(replace(together, hits=hits), alone)


def _from(together: Reading, alone: Reading) -> Reading:
    """``together``, but the intent is that of the words themselves: whoever says thanks says thanks."""
    return replace(together, intent=alone.intent, intent_confidence=alone.intent_confidence, foreign=False)


def _both(alone: Reading, together: Reading) -> Reading:
    """The text as read alone, with the articles of both readings as candidates, in turn."""
    known = {hit.article_id for hit in alone.hits}
    others: tuple[Hit, ...] = tuple(hit for hit in together.hits if hit.article_id not in known)
    in_turn = [article for pair in zip(alone.close, together.close, strict=False) for article in pair]
    close = tuple(dict.fromkeys([*in_turn, *alone.close, *together.close]))[:_CLOSE]
    return replace(alone, hits=(*alone.hits, *others), close=close, foreign=False)
