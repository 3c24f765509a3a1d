"""One message as the parts that Telegram takes."""

from __future__ import annotations

from typing import Any

import pytest

from bot.channels.base import Link, Outgoing, OutgoingButton, OutgoingFile
from bot.channels.telegram.formatting import units
from bot.channels.telegram.rendering import FilePart, TextPart, keyboard_of, render

YES = OutgoingButton("t1", "Yes")
PICTURE = OutgoingFile("screen.png", "image/png", 1000, "0" * 64)
NOTES = OutgoingFile("notes.pdf", "application/pdf", 1000, "1" * 64)


def outgoing(text: str = "hello", **more: Any) -> Outgoing:
    return Outgoing(1, 1, "42", text, **more)


def texts(message: Outgoing) -> list[str]:
    return [part.html for part in render(message) if isinstance(part, TextPart)]


def test_words_are_escaped() -> None:
    assert texts(outgoing("a < b & c")) == ["a &lt; b &amp; c"]


def test_a_person_is_named_above_the_words() -> None:
    assert texts(outgoing("Hello", author="Bob <3")) == ["<b>Bob &lt;3:</b>\nHello"]


def test_the_bot_is_not_named() -> None:
    assert texts(outgoing("Hello")) == ["Hello"]


def test_sources_are_links_below_the_words() -> None:
    (html,) = texts(outgoing("Do this.", links=(Link("A & B", "https://x.test/?a=1&b=2"), Link("C", "http://c.test"))))
    assert html == (
        'Do this.\n\n📄 <a href="https://x.test/?a=1&amp;b=2">A &amp; B</a>\n📄 <a href="http://c.test">C</a>'
    )


def test_without_marks_the_address_of_a_source_is_still_there() -> None:
    (part,) = render(outgoing("Do this.", links=(Link("A & B", "https://x.test/"),)))
    assert isinstance(part, TextPart)
    assert part.plain == "Do this.\n\n📄 A & B: https://x.test/"


def test_an_address_that_is_no_web_page_is_not_a_link() -> None:
    assert texts(outgoing("Do.", links=(Link("Run", "javascript:alert(1)"),))) == ["Do.\n\n📄 Run"]


def test_a_long_text_has_its_buttons_and_sources_at_the_end_and_answers_at_the_start() -> None:
    message = outgoing("word " * 2000, buttons=(YES,), links=(Link("S", "https://s.test"),), spot="77", author="Bob")
    parts = render(message)
    assert len(parts) > 2
    assert [part.reply_to for part in parts] == [77] + [None] * (len(parts) - 1)
    assert [bool(part.keyboard) for part in parts] == [False] * (len(parts) - 1) + [True]
    assert "s.test" in texts(message)[-1]
    assert all(isinstance(part, TextPart) and units(part.plain) <= 4096 for part in parts)


def test_sources_that_do_not_fit_below_the_words_follow_on_their_own() -> None:
    message = outgoing("x" * 4096, links=(Link("S", "https://s.test"),))
    assert texts(message)[1] == '📄 <a href="https://s.test">S</a>'


def test_files_follow_the_words_which_keep_the_buttons() -> None:
    parts = render(outgoing("Look", files=(PICTURE, NOTES), buttons=(YES,)))
    assert [type(part) for part in parts] == [TextPart, FilePart, FilePart]
    assert [bool(part.keyboard) for part in parts] == [True, False, False]
    assert [part.is_photo for part in parts if isinstance(part, FilePart)] == [True, False]


def test_without_words_the_last_file_has_the_buttons() -> None:
    parts = render(outgoing("", files=(PICTURE, NOTES), buttons=(YES,)))
    assert [bool(part.keyboard) for part in parts] == [False, True]


@pytest.mark.parametrize(
    ("media_type", "size", "is_photo"),
    [
        ("image/jpeg", 10 * 1024 * 1024, True),
        ("image/jpeg", 10 * 1024 * 1024 + 1, False),
        ("image/webp", 5, True),
        ("image/gif", 5, False),
        ("image/svg+xml", 5, False),
    ],
)
def test_only_what_telegram_shows_is_sent_as_a_photo(media_type: str, size: int, is_photo: bool) -> None:
    (part,) = render(outgoing("", files=(OutgoingFile("x", media_type, size, "0" * 64),)))
    assert isinstance(part, FilePart)
    assert part.is_photo is is_photo


def test_short_labels_share_a_row() -> None:
    buttons = tuple(OutgoingButton(str(number), label) for number, label in enumerate(("👍", "👎", "Talk to a person")))
    assert [[button.label for button in row] for row in keyboard_of(buttons)] == [["👍", "👎"], ["Talk to a person"]]


def test_a_long_label_has_a_row_of_its_own_and_is_cut() -> None:
    buttons = (OutgoingButton("1", "Reset a forgotten password " * 5), YES)
    rows = keyboard_of(buttons)
    assert [len(row) for row in rows] == [1, 1]
    assert len(rows[0][0].label) <= 64


def test_numbers_stand_in_rows_of_six_before_the_rest() -> None:
    labels = [*map(str, range(11)), "Don't ask me again"]
    rows = keyboard_of(tuple(OutgoingButton(label, label) for label in labels))
    assert [[button.label for button in row] for row in rows] == [
        ["0", "1", "2", "3", "4", "5"],
        ["6", "7", "8", "9", "10"],
        ["Don't ask me again"],
    ]


def test_rendering_again_gives_the_same_parts() -> None:
    message = outgoing("word " * 3000, files=(PICTURE,), buttons=(YES,))
    assert render(message) == render(message)


def test_nothing_to_show_is_no_part() -> None:
    assert render(outgoing(" \n ")) == ()
