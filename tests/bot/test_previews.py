"""What an editor sees of a channel is what the channel would show."""

from __future__ import annotations

import pytest

from bot.previews import slack_html, told
from kb_content.articles import Article

BODY = """Anyone can.

## Steps

1. Press **Forgot?**
2. Open [the link](https://help.example/?a=1&b=2).

## Limits

This is not for *guests* & <others> who came by an invitation that somebody sent them.
"""


def test_each_passage_is_the_message_that_quotes_it_with_its_source_and_buttons() -> None:
    messages = told(Article("reset", "en", "Reset it", BODY), 3, "https://help.example")
    assert [one.heading for one in messages][-1] == "Limits"
    last = messages[-1]
    assert last.web.startswith("From “Reset it”:")
    assert "not for guests & <others>" in last.web
    assert last.links[0].url.startswith("https://help.example/kb/en/reset/v3#limits-")
    assert last.buttons == ("👍 Helpful", "👎 Not helpful", "Talk to a person")
    assert "not for guests &amp; &lt;others&gt;" in last.slack[0]
    assert '<a href="https://help.example/kb/en/reset/v3#' in last.telegram[0]


def test_a_chinese_article_is_told_in_chinese() -> None:
    (message,) = told(Article("a", "zh", "重置密码", "点击“忘记密码”。"), 1, "https://x.example")
    assert "重置密码" in message.web
    assert "转人工" in message.buttons


@pytest.mark.parametrize(
    ("mrkdwn", "html"),
    [
        ("a *bold* b", "a <strong>bold</strong> b"),
        ("2*3*4 and snake_case_name", "2*3*4 and snake_case_name"),
        (
            "<https://x.example/?a=1&amp;b=2|more &amp; more>",
            '<a href="https://x.example/?a=1&amp;b=2" rel="noopener">more &amp; more</a>',
        ),
        ("`code *x*` ~gone~ _so_", "<code>code *x*</code> <s>gone</s> <em>so</em>"),
        ("&lt;script&gt; &lt;!channel&gt;", "&lt;script&gt; &lt;!channel&gt;"),
        ('<https://x.example/"onclick="x|y>', '<a href="https://x.example/&quot;onclick=&quot;x" rel="noopener">y</a>'),
    ],
)
def test_slacks_marks_show_what_slack_makes_of_them(mrkdwn: str, html: str) -> None:
    assert slack_html(mrkdwn) == html


def test_nothing_of_an_article_is_alive_in_a_preview() -> None:
    nasty = "<script>alert(1)</script> <https://evil.example|x> <img src=x onerror=alert(1)> [x](javascript:alert(1))"
    for one in told(Article("n", "en", "N", nasty), 1, "https://x.example"):
        for words in (*one.slack, *one.telegram):
            assert "<script" not in words
            assert "<img" not in words
            assert "javascript:" not in words
