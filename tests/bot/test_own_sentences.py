"""What a house says in its own words is said; what cannot be said is not, and nobody is left without a sentence."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator

import pytest

from bot.own_sentences import fault_of, own_sentences, problems_of, speaking, take_up, unspoken
from bot.replies import promise, say
from kb_content.articles import Sentence

HOUSE = own_sentences(
    [
        Sentence("thanks", "en", "Any time!"),
        Sentence("thanks", "zh", "不客气"),
        Sentence("thanks", "de", "Gerne!"),
        Sentence("promise_many", "en", "within {days} days of work"),
        Sentence("who", "en", "The {name} team"),
        Sentence("no_such_sentence", "en", "Hello"),
    ]
)


@pytest.fixture
def house() -> Iterator[None]:
    take_up(HOUSE)
    yield
    take_up({})


@pytest.mark.usefixtures("house")
def test_customers_read_the_house_s_sentence_in_the_nearest_language() -> None:
    assert say("thanks", "en-GB") == "Any time!"
    assert say("thanks", "zh-Hant") == "不客气"
    assert say("thanks", "fr") == "Any time!"
    assert promise(3, "en") == "within 3 days of work"


@pytest.mark.usefixtures("house")
def test_a_house_can_speak_a_language_that_firstline_does_not() -> None:
    assert say("thanks", "de-AT") == "Gerne!"
    assert say("greeting", "de-AT") == say("greeting", "en")


@pytest.mark.usefixtures("house")
def test_what_the_house_does_not_say_is_said_as_it_comes() -> None:
    assert say("greeting", "en").startswith("Hello! I'm the support bot.")
    assert promise(3, "zh") == "在 3 个工作日内"


@pytest.mark.usefixtures("house")
def test_a_sentence_that_cannot_be_filled_in_is_never_tried_on_a_customer() -> None:
    assert say("who", "en") == "Our support team"


@pytest.mark.usefixtures("house")
def test_who_asks_a_draft_hears_the_draft_and_others_what_is_live() -> None:
    heard: list[str] = []
    with speaking({("thanks", "en"): "You are welcome, friend!"}):
        other = threading.Thread(target=lambda: heard.append(say("thanks", "en")))
        other.start()
        other.join()
        heard.append(say("thanks", "en"))
    heard.append(say("thanks", "en"))
    assert heard == ["Any time!", "You are welcome, friend!", "Any time!"]


@pytest.mark.usefixtures("house")
def test_a_draft_that_takes_a_sentence_out_says_firstline_s_own_again() -> None:
    with speaking({}):
        assert say("thanks", "en") == "You're welcome! I'm here if anything else comes up."


@pytest.mark.parametrize(
    ("key", "text", "told"),
    [
        ("hello_there", "Hi", "no sentence `hello_there`"),
        ("escalated", "{who} writes {when}", r"\{when\} cannot be filled in: this sentence knows \{number\}"),
        ("thanks", "Bye {who}", "fills in nothing"),
        ("escalated", "Ticket {number", "brace"),
        ("escalated", "Ticket {number.__class__}", "cannot be filled in"),
        ("escalated", "Ticket {number!r}", "cannot be filled in"),
        ("escalated", "Ticket {number:>99}", "cannot be filled in"),
        ("escalated", "Ticket {}", "cannot be filled in"),
        ("thanks", "  ", "Write the sentence"),
        ("talk_to_person", "x" * 76, "75 characters"),
    ],
)
def test_an_editor_is_told_what_is_wrong_with_a_sentence(key: str, text: str, told: str) -> None:
    assert re.search(told, fault_of(key, text) or "")


def test_a_sentence_may_leave_out_what_could_be_filled_in_and_show_braces() -> None:
    assert fault_of("escalated", "A person answers you here. {{Really}}: #{number}.") is None


def test_a_check_of_the_folder_names_sentences_that_will_not_be_said() -> None:
    found = [Sentence("thanks", "en", "Bye {who}"), Sentence("who", "en", "We")]
    (problem,) = problems_of(found, "sentences.yml")
    assert str(problem).startswith("sentences.yml: `thanks` (en): {who} cannot be filled in")
    assert problem.is_error


def test_an_editor_is_told_of_articles_in_a_language_that_the_bot_does_not_speak() -> None:
    (note,) = unspoken(["de", "de-AT", "en", "zh-Hant"], [Sentence("thanks", "fr", "Merci")], "sentences.yml")
    assert "`de:`" in note.message
    assert "speaks English" in note.message
    assert not note.is_error
    assert unspoken(["de-AT"], [Sentence("thanks", "de", "Gerne!")], "sentences.yml") == []
