"""What an edit does to the answers: the same questions asked before and after it, one by one. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import Enum
from itertools import chain
from typing import Any

from bot.learning.rows import Row

SHOWN_ARTICLES = 3
"""Of what was found for a question, so many articles are kept with a check."""
_MOST_SHOWN = 500
"""Changed questions that are kept with a check, the gravest first."""
FEW, SHARE = 3, 0.015
"""So many losses, or this share of the questions of which it is known what is right, may come of fitting anew. A
judgement: edits that change nothing lost no more than this."""
HAIR = 0.02
"""A confidence that moved by less, for the same article, tells nothing about an edit, on whichever side of the line
between answering and asking back it lies."""


class Effect(Enum):
    """What becomes of one question, as the customer who asks it sees it."""

    WORSE = "worse"
    NEWLY_UNANSWERED = "newly_unanswered"
    NEWLY_ANSWERED = "newly_answered"
    BETTER = "better"
    CHANGED = "changed"
    """Something else is said, and nobody knows which is right, or it is worth the same."""
    SAME = "same"


class Origin(Enum):
    GOLD = "gold"
    REAL = "real"
    """A customer asked it lately."""


@dataclass(frozen=True)
class Question:
    """One question to ask on both sides. ``language`` "": guessed by its words. ``expect`` None: nobody knows what is
    right; empty: no article is. ``message_id``: where a customer asked it, ``gold_id``: the gold question's row."""

    text: str
    language: str
    expect: tuple[str, ...] | None
    origin: Origin = Origin.GOLD
    message_id: int | None = None
    gold_id: int | None = None


@dataclass(frozen=True)
class Compared:
    """One question with what is made of it on both sides. Both are graded by what the question expects."""

    question: Question
    before: Row
    after: Row
    effect: Effect
    is_of_fit: bool = False
    """With the confidence as it was before, the edit alone would not have made it so: it comes of fitting anew."""
    is_by_a_hair: bool = False
    """The edit alone moved the confidence, but by less than HAIR, and it lies on the line."""

    @property
    def gain(self) -> int:
        """How much better a customer is served than before; 0 where nobody knows what is right."""
        return self.after.worth - self.before.worth if self.question.expect is not None else 0

    @property
    def is_loss(self) -> bool:
        """Whether a customer is served worse than before, as far as it is known what is right."""
        return self.gain < 0

    @property
    def is_of_chance(self) -> bool:
        """Whether it may have changed sides whatever was edited."""
        return self.is_of_fit or self.is_by_a_hair


def compare(questions: Sequence[Question], before: Sequence[Row], after: Sequence[Row]) -> list[Compared]:
    """Each question with its two rows, in the order asked."""
    return [_compared(*one) for one in zip(questions, before, after, strict=True)]


def _compared(question: Question, before: Row, after: Row) -> Compared:
    before, after = graded(before, question), graded(after, question)
    effect = effect_of(question.expect is not None, before, after)
    return Compared(question, before, after, effect, is_by_a_hair=_is_by_a_hair(before, after))


def graded(row: Row, question: Question) -> Row:
    """The row as this question grades it: who asked it first may have expected something else."""
    return replace(row, text=question.text, expect=question.expect or ())


def effect_of(is_known: bool, before: Row, after: Row) -> Effect:
    """What becomes of a question. ``is_known``: what is right is known, so that better and worse can be told."""
    gain = after.worth - before.worth if is_known else 0
    if before.is_answered and not after.is_answered and gain <= 0:
        return Effect.NEWLY_UNANSWERED
    if after.is_answered and not before.is_answered and gain >= 0:
        return Effect.NEWLY_ANSWERED
    if gain:
        return Effect.BETTER if gain > 0 else Effect.WORSE
    return Effect.SAME if _is_the_same(is_known, before, after) else Effect.CHANGED


def _is_the_same(is_known: bool, before: Row, after: Row) -> bool:
    """Whether the customer notices no difference. A choice that has the right article is as good with another beside
    it."""
    if (before.decision, before.reason, before.citations[:1]) != (after.decision, after.reason, after.citations[:1]):
        return False
    return (is_known and before.is_offered) or set(before.options) == set(after.options)


def _is_by_a_hair(before: Row, after: Row) -> bool:
    if before.decision == after.decision or before.top[:1] != after.top[:1]:
        return False
    return abs(before.confidence - after.confidence) < HAIR


def told_apart(compared: Sequence[Compared], alone: Sequence[Compared]) -> list[Compared]:
    """``compared``, each loss and gain marked that the edit ``alone`` does not bring, or by a hair."""
    return [_told_apart(one, edit) for one, edit in zip(compared, alone, strict=True)]


def _told_apart(one: Compared, edit: Compared) -> Compared:
    is_of_fit = (edit.gain >= 0) if one.is_loss else one.gain > 0 >= edit.gain
    return replace(one, is_of_fit=is_of_fit, is_by_a_hair=bool(one.gain) and not is_of_fit and edit.is_by_a_hair)


def blocking(compared: Sequence[Compared]) -> list[Compared]:
    """The losses for which nothing may be published without a reason.

    Every fit draws the line between answering and asking back a little elsewhere, every article moves all confidences
    by a hair, and a few questions that lie on the line change sides whatever was edited. What only that took away
    counts when more of it is lost than gained, by more than ``allowance``.
    """
    losses = [one for one in compared if one.is_loss]
    by_chance = sum(one.is_of_chance for one in losses)
    gains = sum(one.gain > 0 and one.is_of_chance for one in compared)
    if by_chance - gains > allowance(compared):
        return losses
    return [one for one in losses if not one.is_of_chance]


def allowance(compared: Sequence[Compared]) -> int:
    """How many more questions chance may lose than gain before that blocks."""
    return max(FEW, int(SHARE * sum(one.question.expect is not None for one in compared)))


def counts(compared: Sequence[Compared]) -> dict[str, int]:
    """How many questions have each effect, all effects named, the gravest first."""
    found = Counter(one.effect for one in compared)
    return {effect.value: found[effect] for effect in Effect}


def by_gravity(compared: Sequence[Compared]) -> list[Compared]:
    """Losses first, then by effect, gold questions before real ones; of equals, as they were asked."""
    order = list(Effect)
    return sorted(compared, key=lambda one: (not one.is_loss, order.index(one.effect), one.question.origin.value))


def as_values(one: Compared) -> dict[str, Any]:
    """One changed question as JSON holds it. A customer's words are not kept: their message has them, and may have to
    forget them."""
    question = one.question
    return {
        "text": question.text if question.message_id is None else "",
        "language": question.language or one.after.language,
        "expect": None if question.expect is None else list(question.expect),
        "origin": question.origin.value,
        "message": question.message_id,
        "gold": question.gold_id,
        "effect": one.effect.value,
        "loss": one.is_loss,
        "of_fit": one.is_of_fit,
        "by_a_hair": one.is_by_a_hair,
        "before": _side(one.before),
        "after": _side(one.after),
    }


def _side(row: Row) -> dict[str, Any]:
    kept = asdict(row)
    told = {name: kept[name] for name in ("decision", "reason", "confidence")}
    lists = {name: list(kept[name][:SHOWN_ARTICLES]) for name in ("top", "citations", "options")}
    return {**told, **lists}


def articles_in(rows: Collection[Mapping[str, Any]]) -> set[str]:
    """The ids of all articles that ``as_values`` names in ``rows``."""
    sides = (
        row[side][name] for row in rows for side in ("before", "after") for name in ("top", "citations", "options")
    )
    expected = (row["expect"] or () for row in rows)
    return set(chain.from_iterable(chain(sides, expected)))


def check_values(compared: Sequence[Compared], live_id: int | None) -> dict[str, Any]:
    """What a check found, as JSON holds it: how many questions have each effect, and those with any."""
    changed = [one for one in by_gravity(compared) if one.effect is not Effect.SAME]
    return {
        "live": live_id,
        "questions": len(compared),
        "counts": counts(compared),
        "blocking": len(blocking(compared)),
        "allowance": allowance(compared),
        "changed": [as_values(one) for one in changed[:_MOST_SHOWN]],
    }
