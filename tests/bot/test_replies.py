"""The bot's own sentences exist in every language that it speaks, with the same blanks to fill in."""

from __future__ import annotations

import string

from bot.decisions import Why
from bot.replies import promise, say, sentences, spoken


def test_every_sentence_exists_in_every_language_with_the_same_blanks() -> None:
    english, chinese = sentences()["en"], sentences()["zh"]
    assert english.keys() == chinese.keys()
    for key, sentence in english.items():
        assert _blanks(sentence) == _blanks(chinese[key]), key


def test_every_way_to_decline_has_its_sentence() -> None:
    for why in Why:
        assert say(why.value, "zh", count=3, numbers="#1, #2, #3")


def test_the_first_words_say_that_this_is_a_bot_and_how_to_reach_a_person() -> None:
    assert "bot" in say("welcome", "en")
    assert "person" in say("welcome", "en")
    assert "机器人" in say("welcome", "zh")
    assert "人工" in say("welcome", "zh")


def test_a_language_that_the_bot_does_not_speak_gets_english() -> None:
    assert spoken("fr-CA") == "en"
    assert spoken("zh-Hant") == "zh"
    assert spoken(None) == "en"


def test_the_promise_is_one_setting_in_words() -> None:
    assert promise(1, "en") == "within one working day"
    assert promise(3, "zh") == "在 3 个工作日内"


def _blanks(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}
