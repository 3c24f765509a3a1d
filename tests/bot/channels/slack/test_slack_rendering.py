"""What Slack is given to show: within its limits, and with nothing alive in it that a person only typed."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from bot.channels.base import Link, Outgoing, OutgoingButton
from bot.channels.slack.mrkdwn import SECTION, escape, link, size, split, to_mrkdwn, to_words
from bot.channels.slack.rendering import LONGEST_BLOCKS, LONGEST_TEXT, MOST_BLOCKS, Part, render

THREAD = "T1:@U1"
WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("<>&|@!#\n *_`"), max_size=400)
LIVE = re.compile(r"<[@#!][^>]*>|<[^>]*>")


def outgoing(text: str = "", **fields: Any) -> Outgoing:
    return Outgoing(7, 9, THREAD, text, **fields)


def blocks_of(part: Part, kind: str) -> list[dict[str, Any]]:
    return [block for block in part.blocks if block["type"] == kind]


def sections(parts: tuple[Part, ...]) -> list[str]:
    return [block["text"]["text"] for part in parts for block in blocks_of(part, "section")]


def shown(parts: tuple[Part, ...]) -> str:
    """All words of the blocks and of the texts, as Slack gets them."""
    return json.dumps([[part.text, *part.blocks] for part in parts], ensure_ascii=False)


def test_an_answer_is_one_post_with_its_words_sources_and_buttons() -> None:
    (part,) = render(
        outgoing(
            "From *Reset*:\n1. Open it",
            links=(Link("Reset a password", "https://desk.example/kb/en/reset/v1#a"),),
            buttons=(OutgoingButton("t-1", "Yes"), OutgoingButton("t-2", "Talk to a person")),
        )
    )
    assert [block["type"] for block in part.blocks] == ["section", "context", "actions"]
    assert part.text == "From *Reset*:\n1. Open it\n<https://desk.example/kb/en/reset/v1#a|Reset a password>"
    buttons = part.blocks[2]["elements"]
    assert [(each["action_id"], each["value"], each["text"]["text"]) for each in buttons] == [
        ("press:0", "t-1", "Yes"),
        ("press:1", "t-2", "Talk to a person"),
    ]
    assert part.arguments()["unfurl_links"] is part.arguments()["unfurl_media"] is False


def test_a_post_carries_which_delivery_and_part_it_is() -> None:
    marks = [part.arguments()["metadata"] for part in render(outgoing("word " * 2_000))]
    assert marks[1] == {"event_type": "firstline_delivery", "event_payload": {"delivery": 7, "part": 1}}
    assert len({json.dumps(mark) for mark in marks}) == len(marks)


def test_an_agents_words_say_whose_they_are() -> None:
    (part,) = render(outgoing("Try again, please", author="Bob <!here> & Co"))
    assert part.blocks[0]["elements"] == [{"type": "plain_text", "text": "From Bob <!here> & Co", "emoji": False}]
    assert part.text == "From Bob &lt;!here&gt; &amp; Co:\nTry again, please"


@pytest.mark.parametrize("said", ["<!channel> wake up", "<@U2> hi", "<https://evil.example|bank>", "<!subteam^S1>"])
def test_markup_that_a_person_typed_is_shown_and_not_obeyed(said: str) -> None:
    parts = render(outgoing(said, links=(Link(said, "https://x.example"),), buttons=(OutgoingButton("t", "ok"),)))
    (text,) = sections(parts)
    assert text == escape(said).replace("https://evil.example", "<https://evil.example>")
    # The one title is a label of our own link; the button's label is plain text, where nothing is markup.
    title = escape(said).replace("|", "/")
    assert LIVE.sub("", parts[0].text).count("<") == 0
    assert set(LIVE.findall(parts[0].text)) <= {f"<https://x.example|{title}>", "<https://evil.example>"}


def test_words_that_slack_would_link_by_itself_are_left_alone() -> None:
    (part,) = render(outgoing("@channel #general", links=(Link("@here", "https://x.example"),)))
    texts = [block.get("text") or block["elements"][0] for block in part.blocks]
    assert all(text["verbatim"] is True for text in texts)
    assert "link_names" not in part.arguments()


def test_addresses_in_plain_words_become_links() -> None:
    assert to_mrkdwn("see https://x.example/?a=1&b=2.") == "see <https://x.example/?a=1&amp;b=2>."
    assert to_mrkdwn("请访问https://x.example。") == "请访问<https://x.example>。"


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "/kb/en/a", "", "https://x.example/a b", "https://x.example/\n", "https://" + "x" * 4_000],
)
def test_what_no_browser_opens_is_no_link(url: str) -> None:
    assert link("A <title>", url) == "A &lt;title&gt;"


def test_a_link_cannot_be_broken_out_of() -> None:
    assert link("a|b>c", "https://x.example/|>?<a&b") == "<https://x.example/%7C%3E?%3Ca&amp;b|a/b&gt;c>"


# Sizes


def test_3001_characters_become_two_sections() -> None:
    text = "x" * 1_500 + " " + "y" * 1_500
    assert [len(section) for section in sections(render(outgoing(text)))] == [1_500, 1_500]
    assert len(sections(render(outgoing("x" * 3_000)))) == 1
    assert [len(section) for section in sections(render(outgoing("x" * 3_001)))] == [3_000, 1]


def test_nothing_of_40_000_characters_is_lost_and_the_buttons_are_under_the_last_post() -> None:
    text = " ".join(f"word{number}" for number in range(4_500))
    parts = render(outgoing(text, buttons=(OutgoingButton("t", "Yes"),), author="Bob"))
    assert "\n".join(sections(parts)).split() == text.split()
    assert [len(blocks_of(part, "actions")) for part in parts] == [0] * (len(parts) - 1) + [1]
    assert len(blocks_of(parts[0], "context")) == 1
    assert all(words in part.text for part in parts for words in sections((part,)))


def test_more_than_50_blocks_become_several_posts() -> None:
    buttons = tuple(
        OutgoingButton(f"t{number}", f"A long title of option {number:03}, to read") for number in range(60)
    )
    parts = render(outgoing("Which one?", buttons=buttons))
    assert [len(part.blocks) for part in parts] == [50, 11]
    values = [each["value"] for part in parts for row in blocks_of(part, "actions") for each in row["elements"]]
    assert values == [button.token for button in buttons]
    assert all(part.text for part in parts)


def test_11_links_need_a_second_row() -> None:
    links = tuple(Link(f"Page {number}", f"https://x.example/{number}") for number in range(11))
    (part,) = render(outgoing("Read", links=links))
    assert [len(block["elements"]) for block in blocks_of(part, "context")] == [10, 1]


def test_long_labels_are_cut_and_stand_one_below_the_other() -> None:
    buttons = (OutgoingButton("a", "How to " + "really " * 20 + "do it"), OutgoingButton("b", "No"))
    (part,) = render(outgoing("Which?", buttons=buttons))
    rows = blocks_of(part, "actions")
    assert [len(row["elements"]) for row in rows] == [1, 1]
    label = rows[0]["elements"][0]["text"]["text"]
    assert len(label) <= 75
    assert label.endswith("…")
    assert len({row["block_id"] for row in rows}) == 2


def test_a_post_with_nothing_but_buttons_still_has_words_for_a_notification() -> None:
    (part,) = render(outgoing("", buttons=(OutgoingButton("t", "Yes & no"),)))
    assert part.text == "Yes &amp; no"


def test_nothing_to_say_is_no_post() -> None:
    assert render(outgoing(" \n ")) == ()


# Cutting


def test_a_text_is_cut_between_paragraphs_then_lines_then_sentences_then_words() -> None:
    assert split("one one.\n\ntwo two. three", 12) == ["one one.", "two two.", "three"]
    assert split("- one\n  - two and", 12) == ["- one", "  - two and"]
    assert split("一二三。四五六七", 5) == ["一二三。", "四五六七"]
    assert split("aaa bbb ccc", 7) == ["aaa bbb", "ccc"]
    assert split("abcdefgh", 3) == ["abc", "def", "gh"]


def test_a_cut_never_parts_what_belongs_together() -> None:
    assert "".join(split("e\u0301" * 10, 5)) == "e\u0301" * 10
    assert all(not piece.startswith("\u0301") for piece in split("e\u0301" * 10, 5))
    family = "👩\u200d👩\u200d👧"
    assert split(f"a{family}", 9, str) == [f"a{family}"]


@settings(deadline=None, max_examples=60)
@given(st.text(st.sampled_from("a&<> \n🙂。."), max_size=400), st.integers(12, 60))
@example("&" * 200, 12)
@example("<<<<<<<<a&。", 14)
def test_pieces_fit_once_written_and_lose_only_spaces(text: str, limit: int) -> None:
    pieces = split(text, limit)
    assert all(size(to_mrkdwn(piece)) <= limit for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())
    # Whole entities only: what was written reads as what was meant.
    assert all(html.unescape(escape(piece)) == piece for piece in pieces)


@settings(deadline=None, max_examples=60)
@given(
    WORDS,
    st.integers(1, 40),
    st.lists(st.builds(OutgoingButton, st.text("abc", min_size=1), WORDS), max_size=30),
    st.lists(st.builds(Link, WORDS, WORDS.map(lambda words: f"https://x.example/{words}")), max_size=12),
    st.none() | WORDS,
)
def test_every_message_is_one_that_slack_takes(
    words: str, times: int, buttons: list[OutgoingButton], links: list[Link], author: str | None
) -> None:
    parts = render(outgoing(words * times, buttons=tuple(buttons), links=tuple(links), author=author))
    for part in parts:
        assert 0 < size(part.text) <= LONGEST_TEXT
        assert 0 < len(part.blocks) <= MOST_BLOCKS
        assert sum(size(json.dumps(block, ensure_ascii=False)) for block in part.blocks) <= LONGEST_BLOCKS
        assert len({block["block_id"] for block in part.blocks if "block_id" in block}) == len(
            blocks_of(part, "actions")
        )
        # The SDK's own models look at each block and at all within it, and leave nothing out.
        assert [block.to_dict() for block in Block.parse_all(list(part.blocks))] == list(part.blocks)
        assert all(size(section) <= SECTION for section in sections((part,)))
        markup = [
            part.text,
            *sections((part,)),
            *(e["text"] for b in blocks_of(part, "context") for e in b["elements"] if e["type"] == "mrkdwn"),
        ]
        for text in markup:
            assert "<" not in re.sub(r"<https://x\.example/[^<>|\s]*(\|[^<>]*)?>|<https?://[^<>|\s]+>", "", text)


@given(st.text(st.sampled_from("ab<>&;lgt|@!#"), max_size=40))
def test_words_come_back_from_slack_as_they_were_sent(text: str) -> None:
    assert to_words(escape(text)) == text.strip()
