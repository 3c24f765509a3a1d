"""What an edit does to an answer, as the customer sees it, and what of it keeps the edit from being published."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.learning.rows import Row
from bot.learning.studio.comparing import (
    Compared,
    Effect,
    Origin,
    Question,
    as_values,
    blocking,
    by_gravity,
    compare,
    counts,
    told_apart,
)

RIGHT = Row("q", (), ("reset",), 0.9, "answer", citations=("reset",))
WRONG = Row("q", (), ("billing",), 0.9, "answer", citations=("billing",))
OFFERED = Row("q", (), ("reset",), 0.6, "clarify", options=("reset", "billing"))
HANDED_OVER = Row("q", (), ("reset",), 0.2, "escalate", reason="low_confidence")
KNOWN = Question("How do I reset it?", "en", ("reset",))
UNKNOWN = Question("How do I reset it?", "en", None, Origin.REAL, message_id=7)
NO_ANSWER = Question("Will it rain?", "en", ())


def one(question: Question, before: Row, after: Row) -> Compared:
    (found,) = compare([question], [before], [after])
    return found


@pytest.mark.parametrize(
    ("before", "after", "effect", "is_loss"),
    [
        (RIGHT, RIGHT, Effect.SAME, False),
        (RIGHT, WRONG, Effect.WORSE, True),
        (RIGHT, OFFERED, Effect.NEWLY_UNANSWERED, True),
        (WRONG, HANDED_OVER, Effect.BETTER, False),
        (WRONG, OFFERED, Effect.BETTER, False),
        (OFFERED, RIGHT, Effect.NEWLY_ANSWERED, False),
        (HANDED_OVER, WRONG, Effect.WORSE, True),
        (OFFERED, HANDED_OVER, Effect.WORSE, True),
        (HANDED_OVER, OFFERED, Effect.BETTER, False),
    ],
)
def test_a_question_with_a_known_answer_is_judged_by_its_worth(
    before: Row, after: Row, effect: Effect, is_loss: bool
) -> None:
    found = one(KNOWN, before, after)
    assert (found.effect, found.is_loss) == (effect, is_loss)


def test_answering_what_the_kb_has_no_answer_for_is_worse() -> None:
    assert one(NO_ANSWER, HANDED_OVER, RIGHT).is_loss
    assert one(NO_ANSWER, RIGHT, HANDED_OVER).effect is Effect.BETTER


@pytest.mark.parametrize(
    ("before", "after", "effect"),
    [
        (RIGHT, WRONG, Effect.CHANGED),
        (RIGHT, HANDED_OVER, Effect.NEWLY_UNANSWERED),
        (HANDED_OVER, WRONG, Effect.NEWLY_ANSWERED),
        (HANDED_OVER, OFFERED, Effect.CHANGED),
        (OFFERED, OFFERED, Effect.SAME),
    ],
)
def test_where_nobody_knows_what_is_right_a_change_is_shown_and_blocks_nothing(
    before: Row, after: Row, effect: Effect
) -> None:
    found = one(UNKNOWN, before, after)
    assert (found.effect, found.is_loss, blocking([found])) == (effect, False, [])


def test_a_choice_with_the_right_article_is_the_same_with_another_one_beside_it() -> None:
    other = Row("q", (), ("reset",), 0.6, "clarify", options=("reset", "claims"))
    assert one(KNOWN, OFFERED, other).effect is Effect.SAME
    assert one(UNKNOWN, OFFERED, other).effect is Effect.CHANGED


def told(*sides: tuple[Row, Row, Row]) -> list[Compared]:
    """Questions by how they were answered before, with the edit alone, and after."""
    befores, alones, afters = (list(side) for side in zip(*sides, strict=True))
    asked = [KNOWN] * len(sides)
    return told_apart(compare(asked, befores, afters), compare(asked, befores, alones))


def test_a_few_questions_that_only_the_new_fit_moved_over_the_line_do_not_block() -> None:
    by_fit, by_edit, same = (RIGHT, RIGHT, OFFERED), (RIGHT, OFFERED, OFFERED), (RIGHT, RIGHT, RIGHT)
    assert blocking(told(*[by_fit] * 3, *[same] * 97)) == []
    assert len(blocking(told(*[by_fit] * 3, by_edit, *[same] * 97))) == 1, "what the edit itself takes away counts"
    assert len(blocking(told(*[by_fit] * 4, *[same] * 96))) == 4, "more than chance"
    gained = (OFFERED, OFFERED, RIGHT)
    assert blocking(told(*[by_fit] * 4, gained, *[same] * 95)) == [], "another is gained for it"


def test_a_few_questions_that_crossed_the_line_by_a_hair_do_not_block() -> None:
    above, below = replace(RIGHT, confidence=0.853), replace(OFFERED, confidence=0.844)
    other = replace(below, top=("billing",))
    same = (RIGHT, RIGHT, RIGHT)
    hair, nobody = (above, below, below), (above, other, other)
    assert blocking(told(*[hair] * 3, *[same] * 97)) == []
    assert len(blocking(told(*[hair] * 4, *[same] * 96))) == 4, "more than chance"
    assert len(blocking(told(nobody, *[same] * 99))) == 1, "another article is nearest now"
    assert blocking([one(KNOWN, above, below)]) == [], "while editing, with the live confidence"
    further = replace(below, confidence=0.83)
    assert len(blocking([one(KNOWN, above, further)])) == 1


def test_the_gravest_comes_first_and_every_effect_is_counted() -> None:
    same, better, worse = (one(KNOWN, RIGHT, RIGHT), one(KNOWN, WRONG, OFFERED), one(KNOWN, RIGHT, WRONG))
    assert by_gravity([same, better, worse]) == [worse, better, same]
    assert counts([same, better, worse]) == {
        "worse": 1,
        "newly_unanswered": 0,
        "newly_answered": 0,
        "better": 1,
        "changed": 0,
        "same": 1,
    }


def test_the_words_of_a_customer_are_not_kept_with_a_check() -> None:
    assert as_values(one(KNOWN, RIGHT, WRONG))["text"] == "How do I reset it?"
    kept = as_values(one(UNKNOWN, RIGHT, WRONG))
    assert (kept["text"], kept["message"]) == ("", 7)
