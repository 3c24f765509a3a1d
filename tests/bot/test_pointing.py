"""Words after a clarifying question that name none of its choices: read alone and with the question."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.decisions import Option
from bot.pointing import Clarification, is_another_matter, pointed_at
from retrieval.followups import Before
from retrieval.reader import Hit, Reading

WHICH = Clarification(
    Before("price for a suitcase", ("sports", "checked", "cabin"), 0.2),
    (Option("sports", "Sports equipment"), Option("checked", "Checked baggage"), Option("cabin", "Cabin baggage")),
)
ONE = Clarification(Before("can I take my dog", ("pets",), 0.5), (Option("pets", "Pets"),))


def reading(text: str, first: str, confidence: float, offer: float | None = None, *, foreign: bool = False) -> Reading:
    hit = Hit(first, "en", 1, "p", "p", first.title(), first, "words", 0.9)
    likely = confidence if offer is None else offer
    return Reading(text, "en", None, 0.0, (hit,), confidence, foreign, (first,), {}, offer=likely)


def pointed(
    asked: Clarification, text: str, alone: tuple[str, float, float], together: tuple[str, float, float]
) -> str | None:
    return pointed_at(asked, reading(text, *alone), reading(text, *together))


def test_words_that_surely_are_about_one_choice_point_at_it() -> None:
    assert pointed(WHICH, "for my skis", ("sports", 0.65, 0.7), ("sports", 0.7, 0.75)) == "sports"
    assert pointed(WHICH, "for my skis", ("sports", 0.65, 0.7), ("checked", 0.5, 0.6)) == "sports"


def test_words_that_say_something_only_with_the_question_point_at_what_both_find() -> None:
    assert pointed(WHICH, "it goes under the seat", ("lounge", 0.1, 0.2), ("cabin", 0.6, 0.7)) == "cabin"


@pytest.mark.parametrize("text", ["goes under it", "行李架上的"])
def test_words_that_leave_the_doubt_as_it_was_point_at_nothing(text: str) -> None:
    assert pointed(WHICH, text, ("lounge", 0.1, 0.2), ("sports", 0.25, 0.5)) is None
    assert pointed(WHICH, text, ("cabin", 0.3, 0.6), ("checked", 0.3, 0.6)) is None


@pytest.mark.parametrize("text", ["both", "both of them please", "两个都要"])
def test_two_of_three_choices_without_their_names_point_at_none(text: str) -> None:
    assert pointed(WHICH, text, ("lounge", 0.1, 0.2), ("cabin", 0.8, 0.9)) is None


def test_words_about_something_else_are_not_drawn_to_a_choice() -> None:
    assert pointed(WHICH, "lounge access", ("lounge", 0.8, 0.9), ("cabin", 0.9, 0.95)) is None
    assert pointed(WHICH, "do you fly to Tokyo", ("lounge", 0.1, 0.2), ("checked", 0.6, 0.7)) is None


def test_a_choice_that_is_mentioned_must_be_found_as_well() -> None:
    text = "a normal suitcase that I have checked before"
    assert pointed(WHICH, text, ("cabin", 0.3, 0.5), ("checked", 0.5, 0.6)) == "checked"
    assert pointed(WHICH, text, ("cabin", 0.3, 0.5), ("sports", 0.5, 0.6)) is None


@pytest.mark.parametrize("text", ["price for a suitcase!", "the price for a suitcase please"])
def test_the_question_again_points_at_nothing_however_sure_it_is(text: str) -> None:
    assert pointed(WHICH, text, ("sports", 0.9, 0.9), ("sports", 0.9, 0.9)) is None


def test_the_question_in_other_words_points_at_nothing() -> None:
    text = "what would you charge me for a trunk on my flight?"
    assert pointed(WHICH, text, ("sports", 0.8, 0.9), ("sports", 0.8, 0.9)) is None


def test_what_rules_a_choice_out_points_at_nothing() -> None:
    assert pointed(WHICH, "my racket is heavy, no sports", ("sports", 0.9, 0.9), ("sports", 0.9, 0.9)) is None
    assert pointed(ONE, "no, a parrot", ("pets", 0.9, 0.9), ("pets", 0.9, 0.9)) is None


def test_the_only_choice_is_meant_by_what_goes_on_with_the_question() -> None:
    assert pointed(ONE, "in the cabin", ("forbidden", 0.45, 0.6), ("pets", 0.5, 0.6)) == "pets"
    assert pointed(ONE, "cabin crew jobs", ("forbidden", 0.45, 0.6), ("pets", 0.5, 0.6)) is None


def test_choices_that_can_be_pressed_no_more_are_not_pointed_at() -> None:
    gone = replace(WHICH, choices=())
    assert pointed(gone, "for my skis", ("sports", 0.65, 0.7), ("sports", 0.7, 0.75)) is None


@pytest.mark.parametrize(
    ("text", "alone", "together", "expected"),
    [
        ("lounge access", ("lounge", 0.8), ("cabin", 0.5), True),
        ("lounge access", ("lounge", 0.4), ("cabin", 0.5), False),
        ("in the cabin", ("forbidden", 0.5), ("lounge", 0.5), False),
        ("is there wifi on board?", ("wifi", 0.1), ("cabin", 0.5), True),
        ("for my skis", ("sports", 0.8), ("sports", 0.8), False),
        ("whatever", ("lounge", 0.1), ("lounge", 0.5), False),
    ],
)
def test_another_matter_is_what_leaves_the_choices_alone(
    text: str, alone: tuple[str, float], together: tuple[str, float], expected: bool
) -> None:
    assert is_another_matter(WHICH.articles, reading(text, *alone), reading(text, *together)) is expected


def test_something_foreign_is_another_matter_only_where_it_asks() -> None:
    told = reading("my neighbour has bought a very old boat", "lounge", 0.1, foreign=True)
    assert not is_another_matter(WHICH.articles, told, None)
    asked = reading("when does the boat to the island leave?", "lounge", 0.1, foreign=True)
    assert is_another_matter(WHICH.articles, asked, None)
