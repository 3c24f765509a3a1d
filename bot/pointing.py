"""What words mean that were typed after a clarifying question and name none of its choices: one of them all the same,
another matter, or neither. Pure.

They are read alone and together with the question. Both readings say how probable it is that their first article is
right, and that one of their candidates is: since the customer was asked which one it is, what tells is the former as a
part of the latter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.choosing import adds_to, begins_with_no, mentioned, rules_out, takes_several
from bot.decisions import Option
from retrieval.followups import Before
from retrieval.reader import Reading
from retrieval.sentences import asks, completes, stands_alone

_SAYS = 0.35
"""Confidence from which on words that are read alone are about something."""
_CLEAR, _AGREED, _ADDED = 0.72, 0.66, 0.7
"""The least part that the first article has of what is probable: where the words alone find it, where both readings do,
and where only the two together do."""
_LIKELY = 0.4
"""The least confidence of a reading that the question had a part in."""
_ONLY = 0.6
"""The same where there was one choice only, so that nothing speaks against it."""
_GAINED = 0.13
"""How much surer words have to make what was likely before."""


@dataclass(frozen=True)
class Clarification:
    """A clarifying question that waits for its answer. ``before``: what it was about, and the articles that it offered,
    the likeliest first."""

    before: Before
    choices: tuple[Option, ...] = ()
    """Those that can still be chosen: none once the bot has said something else."""

    @property
    def articles(self) -> tuple[str, ...]:
        return self.before.articles


def pointed_at(clarification: Clarification, alone: Reading, together: Reading) -> str | None:
    """The id of the choice that the words point at clearly."""
    text, question = alone.text, clarification.before.question
    if not (clarification.choices and alone.hits and together.hits and adds_to(text, question)):
        return None
    titles = [choice.title for choice in clarification.choices]
    if rules_out(text, titles) or takes_several(text) or (len(clarification.choices) == 1 and begins_with_no(text)):
        return None
    first, with_it = alone.hits[0].article_id, together.hits[0].article_id
    if (named := _mentioned(clarification, alone, together)) is not None:
        return named
    # A whole sentence that finds what was likeliest anyway is the question in other words.
    is_again = stands_alone(text) and first == clarification.articles[0]
    if (
        first in clarification.articles
        and not (alone.foreign or is_again)
        and _says_which(clarification, alone, together)
    ):
        return first
    is_part = not (stands_alone(text) or asks(text)) and not _is_about_else(clarification, alone)
    return (
        with_it if is_part and with_it in clarification.articles and _adds_up(clarification, alone, together) else None
    )


def is_another_matter(offered: Sequence[str], alone: Reading, together: Reading | None) -> bool:
    """Whether the words leave the choices alone and ask about something else."""
    likely = {*alone.close, *(hit.article_id for hit in alone.hits[:1])}
    if stands_alone(alone.text) and likely.isdisjoint(offered):
        return asks(alone.text) or not alone.foreign
    if not alone.hits or alone.foreign or alone.hits[0].article_id in offered or completes(alone.text):
        return False
    drawn = together.confidence if together and together.hits and together.hits[0].article_id in offered else 0.0
    return alone.confidence >= max(_SAYS, drawn)


def _mentioned(clarification: Clarification, alone: Reading, together: Reading) -> str | None:
    """The choice of which the words say what sets it apart, if a reading finds it first as well."""
    place = mentioned(alone.text, [choice.title for choice in clarification.choices], clarification.before.question)
    if place is None or len(clarification.choices) == 1 or _is_about_else(clarification, alone):
        return None
    named = clarification.choices[place].article_id
    finds = (reading.hits[0].article_id == named and _share(reading) >= _AGREED for reading in (alone, together))
    return named if any(finds) else None


def _says_which(clarification: Clarification, alone: Reading, together: Reading) -> bool:
    least = _SAYS if len(clarification.choices) > 1 else _ONLY
    if alone.confidence >= least and _share(alone) >= _CLEAR:
        return True
    is_agreed = together.hits[0].article_id == alone.hits[0].article_id and _share(alone) >= _AGREED
    return is_agreed and together.confidence >= max(least, _LIKELY) and _share(together) >= _CLEAR


def _adds_up(clarification: Clarification, alone: Reading, together: Reading) -> bool:
    """Whether the words make a choice likely that was not, or surer what was likely."""
    if together.confidence < _LIKELY or _share(together) < _ADDED:
        return False
    if together.hits[0].article_id != clarification.articles[0]:
        return True
    gain = together.confidence - clarification.before.confidence
    return gain >= _GAINED or (len(clarification.choices) == 1 and completes(alone.text) and gain >= -_GAINED)


def _is_about_else(clarification: Clarification, alone: Reading) -> bool:
    least = _ONLY if completes(alone.text) else _SAYS
    return alone.hits[0].article_id not in clarification.articles and not alone.foreign and alone.confidence >= least


def _share(reading: Reading) -> float:
    return reading.confidence / max(reading.offer, reading.confidence, 1e-9)
