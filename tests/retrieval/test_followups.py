"""When a text is read together with what was said before. Which words read how is given here; no model is asked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from retrieval.followups import Before, in_context, read_after
from retrieval.reader import Hit, Reading

NOTHING = Reading("", "en", None, 0.0, (), 0.0, True, (), {})


def read_as(text: str, confidence: float, *articles: str, foreign: bool = False) -> Reading:
    hits = tuple(Hit(name, "en", 1, f"{name} of {text}", name, name, name, "words", 1.0) for name in articles)
    return replace(NOTHING, text=text, hits=hits, confidence=confidence, close=articles[:3], foreign=foreign)


class Readings:
    """Texts with their readings; ``asked`` are those that were read."""

    def __init__(self, *known: Reading) -> None:
        self.known = {each.text: each for each in known}
        self.asked: list[str] = []

    def __call__(self, text: str) -> Reading:
        self.asked.append(text)
        return self.known[text]


EXPORT = Before("how do I export tasks", ("export",), 0.9)


def test_a_text_that_leans_takes_its_matter_from_the_question_before() -> None:
    alone = read_as("does that work with Azure?", 0.1, "offline", "export")
    read = Readings(read_as("how do I export tasks does that work with Azure?", 0.9, "export"))
    understood, took_before = read_after(alone, read, EXPORT)
    assert took_before
    assert understood.hits[0].article_id == "export"
    assert understood.text == "does that work with Azure?", "the customer's own words are kept"


@pytest.mark.parametrize(
    "alone",
    [
        read_as("how can I set up webhooks?", 0.2, "webhooks"),
        read_as("and the webhooks?", 0.95, "webhooks"),
        read_as("and the weather?", 0.1, "calendar", foreign=True),
    ],
    ids=["a whole question", "understood alone", "a matter that the KB does not know"],
)
def test_a_new_matter_is_not_drawn_to_the_old_one(alone: Reading) -> None:
    read = Readings()
    assert read_after(alone, read, EXPORT) == (alone, False)
    assert not read.asked


def test_a_question_for_a_measure_alone_is_about_what_was_said_before() -> None:
    alone = read_as("how long?", 0.07, "opening-hours", foreign=True)
    read = Readings(read_as("how do I export tasks how long?", 0.85, "export"))
    understood, took_before = read_after(alone, read, EXPORT)
    assert took_before
    assert understood.hits[0].article_id == "export"
    assert not understood.foreign, "it is not declined as foreign"


def test_a_measure_alone_is_not_about_what_finds_its_words_by_chance() -> None:
    alone = read_as("how much", 0.59, "refunds", "vouchers")
    read = Readings(read_as("how do I export tasks how much", 0.61, "export", "prices"))
    understood, took_before = read_after(alone, read, EXPORT)
    assert took_before
    assert understood.close == ("export", "prices")


@pytest.mark.parametrize("text", ["what does it cover", "it does not work", "那它怎么不行"])
def test_what_is_asked_or_denied_of_it_is_about_what_was_said_before(text: str) -> None:
    alone = read_as(text, 0.08, "plans", foreign=True)
    understood, took_before = read_after(alone, Readings(read_as(f"{EXPORT.question} {text}", 0.97, "export")), EXPORT)
    assert took_before
    assert understood.hits[0].article_id == "export"
    assert not understood.foreign


@pytest.mark.parametrize("text", ["yes", "ok", "no", "👍", "this is great", "is there wifi?", "嗯"])
def test_what_says_nothing_of_the_matter_before_does_not_ask_it_again(text: str) -> None:
    alone = read_as(text, 0.04, "plans", foreign=True)
    assert read_after(alone, Readings(), EXPORT) == (alone, False)


@pytest.mark.parametrize(("text", "passage"), [("and on the bus?", "dogs"), ("on the night bus", "prices")])
def test_the_passage_of_another_article_is_chosen_with_what_it_goes_on_with(text: str, passage: str) -> None:
    alone, together = read_as(text, 0.93, "bus"), read_as(f"can I bring my dog {text}", 0.96, "dog", "bus")
    first, with_it = replace(alone.hits[0], passage="prices"), replace(together.hits[1], passage="dogs")
    alone, together = replace(alone, hits=(first,)), replace(together, hits=(together.hits[0], with_it))
    found = in_context(alone, Readings(together), Before("can I bring my dog", ("dog",), 1.0))
    assert found.hits[0].article_id == "bus"
    assert found.hits[0].passage == passage
    assert found.confidence == 0.93


def test_within_the_same_article_the_new_words_alone_choose_the_passage() -> None:
    alone = read_as("and as pdf?", 0.95, "export")
    assert in_context(alone, Readings(), EXPORT) == alone


def test_new_words_that_speak_for_another_article_are_not_drowned_by_the_old_question() -> None:
    alone = read_as("and the import?", 0.55, "import", "csv")
    read = Readings(read_as("how do I export tasks and the import?", 0.85, "export", "import"))
    understood, took_before = read_after(alone, read, EXPORT)
    assert not took_before
    assert understood.hits[0].article_id == "import"
    assert understood.close == ("import", "export", "csv"), "both matters compete"


def test_words_that_speak_against_the_old_matter_do_not_repeat_it() -> None:
    alone = read_as("what about discounts?", 0.2, "plans")
    read = Readings(read_as("how do I export tasks what about discounts?", 0.7, "export"))
    understood, _ = read_after(alone, read, EXPORT)
    assert understood.hits[0].article_id == "plans"


def test_what_only_both_texts_together_say_is_found() -> None:
    alone = read_as("and on the phone?", 0.3, "mobile")
    read = Readings(read_as("how do I export tasks and on the phone?", 0.5, "mobile-export"))
    understood, took_before = read_after(alone, read, EXPORT)
    assert took_before
    assert understood.hits[0].article_id == "mobile-export"


def test_where_both_ways_find_one_article_the_new_words_choose_its_passage() -> None:
    alone = read_as("and as pdf?", 0.5, "export")
    read = Readings(read_as("how do I export tasks and as pdf?", 0.97, "export"))
    understood, _ = read_after(alone, read, EXPORT)
    assert understood.confidence == 0.97
    assert understood.hits[0].passage == "export of and as pdf?"


def test_without_anything_before_a_text_is_what_it_is() -> None:
    alone = read_as("and on the phone?", 0.3, "mobile")
    assert read_after(alone, Readings(), None) == (alone, False)


def test_what_finds_nothing_in_context_stays_alone() -> None:
    alone = read_as("and?", 0.0)
    read = Readings(replace(NOTHING, text="how do I export tasks and?"))
    assert read_after(alone, read, EXPORT) == (alone, False)
