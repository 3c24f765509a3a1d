"""Long texts are cut where a person would, and nothing of them is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.telegram.formatting import escape, link, split, units

WORDS = st.text(alphabet=st.sampled_from("ab 。！.\n🙂👨‍👩‍👧é&<中🇩🇪👍🏽"), max_size=400)


@given(text=WORDS, limit=st.integers(20, 60), first=st.integers(20, 60))
def test_every_piece_fits_and_together_they_say_the_same(text: str, limit: int, first: int) -> None:
    pieces = split(text, limit, first)
    assert "".join("".join(pieces).split()) == "".join(text.split())
    assert all(units(piece) <= (limit if number else first) for number, piece in enumerate(pieces))
    assert all(piece == piece.strip() and piece for piece in pieces)


@given(text=st.text(alphabet="🙂👍", min_size=1, max_size=100), limit=st.integers(20, 41))
def test_no_piece_ends_in_half_a_character(text: str, limit: int) -> None:
    for piece in split(text, limit):
        piece.encode("utf-16-le")
        assert units(piece) <= limit


@given(count=st.integers(1, 40))
def test_words_that_fit_stay_whole(count: int) -> None:
    words = [f"word{number}" for number in range(count)]
    assert [word for piece in split(" ".join(words), 40) for word in piece.split()] == words


@pytest.mark.parametrize(
    ("length", "pieces"),
    [(4095, 1), (4096, 1), (4097, 2), (8192, 2), (8193, 3)],
)
def test_the_longest_message_is_not_cut(length: int, pieces: int) -> None:
    assert len(split("x" * length)) == pieces


def test_emoji_count_twice() -> None:
    assert units("🙂") == 2
    assert len(split("🙂" * 2048)) == 1
    assert len(split("🙂" * 2049)) == 2


@pytest.mark.parametrize(
    ("text", "first_piece"),
    [
        ("One paragraph here.\nStill it.\n\nAnother one that is longer", "One paragraph here.\nStill it."),
        ("First line of the text here\nsecond line of the text", "First line of the text here"),
        ("This is a whole sentence. And this is another one", "This is a whole sentence."),
        (
            "这是第一个完整的句子，有很多字在里面。这是第二个句子，它也很长，有很多很多字在里面，真的",
            "这是第一个完整的句子，有很多字在里面。",
        ),
        ("words words words words words words words words words", "words words words words words words"),
    ],
)
def test_a_text_is_cut_at_the_best_place_there_is(text: str, first_piece: str) -> None:
    assert split(text, 40)[0] == first_piece


@pytest.mark.parametrize("seen_as_one", ["👨‍👩‍👧", "👍🏽", "🇩🇪", "e\u0301"])
def test_what_is_seen_as_one_character_stays_together(seen_as_one: str) -> None:
    text = "x" * 39 + seen_as_one + "y" * 30
    assert any(seen_as_one in piece for piece in split(text, 41))


def test_white_space_alone_is_no_message() -> None:
    assert split(" \n\n ") == []


def test_what_a_customer_wrote_is_no_markup() -> None:
    assert escape('<b>"A" & B</b>') == '&lt;b&gt;"A" &amp; B&lt;/b&gt;'
    assert link('A "quoted" <title>', 'https://x.test/?a="b"&c') == (
        '<a href="https://x.test/?a=&quot;b&quot;&amp;c">A "quoted" &lt;title&gt;</a>'
    )
