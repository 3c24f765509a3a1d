"""What an agent wrote to one customer becomes Markdown for all, and what was somebody's own stays behind."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.learning.instructions import as_markdown
from bot.learning.masking import MASK

NAMES = ("Ada", "Ada Lovelace", "Bob Builder", "Bob", "Acme Ltd", "王女士")


@pytest.mark.parametrize(
    ("reply", "body"),
    [
        ("Hi Ada,\nPress **Export**.\nBest regards,\nBob", "Press **Export**."),
        ("Let me check this. Open Settings and press Export. Hope this helps!", "Open Settings and press Export."),
        ("Which browser do you use?", ""),
        ("1) Open Settings.\n2) Press Export.", "1. Open Settings.\n2. Press Export."),
        ("Do this:\n• open it\n• close it\nThat is all.", "Do this:\n\n- open it\n- close it\n\nThat is all."),
        (
            "王女士您好，请操作：\n1、打开设置。\n2、点击导出。还有其他问题吗？\n谢谢！",
            "请操作：\n\n1. 打开设置。\n2. 点击导出。",
        ),
        ("① 打开设置\n② 点击导出", "1. 打开设置\n2. 点击导出"),
        ("See https://help.example/export.", "See <https://help.example/export>."),
        ("# not a heading, <b>not bold</b>", "\\# not a heading, \\<b>not bold\\</b>"),
        ("Will Ada Lovelace of Acme Ltd see it? Acme Ltd sees it.", f"{MASK} sees it."),
    ],
)
def test_instructions_are_kept_and_what_is_said_to_one_person_is_not(reply: str, body: str) -> None:
    assert as_markdown([reply], NAMES)[0] == body


def test_what_was_masked_is_told() -> None:
    body, removed = as_markdown(["Your key sk-abcdefghijkl is for ada@example.com, Ada. Paste it there."], NAMES)
    assert set(removed) == {"sk-abcdefghijkl", "ada@example.com", "Ada"}
    assert not any(one in body for one in removed)


def test_what_an_agent_said_twice_stands_there_once() -> None:
    assert as_markdown(["Press Export now.", "Press Export now.\nThen wait."])[0] == "Press Export now.\n\nThen wait."


@given(st.lists(st.text(max_size=200), max_size=4))
def test_nothing_that_was_masked_is_left_and_no_markup_comes_in(replies: list[str]) -> None:
    body, _ = as_markdown([*replies, "Write to ada@example.com <script>alert(1)</script> please."], NAMES)
    assert "ada@example.com" not in body
    assert "<script" not in body.replace("\\<script", "")
