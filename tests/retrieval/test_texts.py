from __future__ import annotations

import pytest

from retrieval.texts import QUESTION_LIMIT, clean, plain_key, says_something, without_markup


def test_control_and_invisible_characters_never_reach_a_model() -> None:
    assert clean("re\x00set\u200b my\u202e\tpass\ufeffword\r\n now") == "re set my pass word now"


def test_full_width_forms_are_folded() -> None:
    assert clean("ＡＰＩ　４２９") == "API 429"


def test_half_a_surrogate_pair_is_dropped() -> None:
    assert clean("broken \ud83d emoji") == "broken emoji"


def test_a_long_text_keeps_its_beginning_and_its_end() -> None:
    cut = clean("first " + "x " * 30_000 + " last")
    assert len(cut) <= QUESTION_LIMIT
    assert cut.startswith("first")
    assert cut.endswith("last")


@pytest.mark.parametrize(("text", "says"), [("", False), ("🙈🙉", False), ("?!…", False), ("429", True), ("密", True)])
def test_only_letters_and_digits_say_something(text: str, says: bool) -> None:
    assert says_something(text) is says


def test_the_same_words_have_the_same_key_whatever_stands_between_them() -> None:
    assert plain_key("Hi,  there!") == plain_key("ＨＩ there") == "hi there"


def test_markup_is_not_read() -> None:
    words = without_markup("**Open** [the page](https://example.org) and `run`").split()
    assert words == ["Open", "the", "page", "and", "run"]
