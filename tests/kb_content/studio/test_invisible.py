"""What nobody sees in a text is found, and what only looks invisible is left alone."""

from __future__ import annotations

import pytest

from kb_content.studio.invisible import unseen, without_unseen


def test_an_invisible_character_is_named_with_its_place() -> None:
    found = unseen("one\ntwo\u200b words")
    assert [(one.line, one.column, one.code, one.name) for one in found] == [(2, 4, "U+200B", "ZERO WIDTH SPACE")]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("git\u00a0push", "git push"),
        ("pass\u200bword", "password"),
        ("\ufeffTitle", "Title"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("line\u2028line", "line\nline"),
        ("bell\x07", "bell"),
        ("a\u200d b", "a b"),
        ("\u3164", ""),
    ],
)
def test_what_misleads_a_search_or_a_reader_is_taken_out(written: str, meant: str) -> None:
    assert unseen(written)
    assert without_unseen(written) == meant
    assert not unseen(meant)


@pytest.mark.parametrize(
    "text",
    [
        "plain words,\n\ttabs and ends",
        "全角　空格，中文",
        "👩\u200d💻 and 👍🏽 and ❤\ufe0f",
        "می\u200cخواهم",
        "ကောင်း",
        "e\u0301",
    ],
)
def test_what_scripts_and_emoji_need_is_left_alone(text: str) -> None:
    assert unseen(text) == []
    assert without_unseen(text) == text


def test_what_turns_the_direction_is_called_so() -> None:
    assert [one.is_turning for one in unseen("a\u202eb\u200b")] == [True, False]
