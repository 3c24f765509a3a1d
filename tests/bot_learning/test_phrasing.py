"""Headings as customers would say them, and customers' words without what is theirs alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.learning.masking import is_telling, masked
from bot.learning.phrasing import as_question


@pytest.mark.parametrize(
    ("heading", "question"),
    [
        ("Changing your password", "How do I change my password?"),
        ("Setting up two-step verification", "How do I set up two-step verification?"),
        ("Creating and deleting tokens", "How do I create and delete tokens?"),
        ("Running the tests", "How do I run the tests?"),
        ("2.1 Using the API", "How do I use the API?"),
        ("Reset a forgotten password", "How do I reset a forgotten password?"),
        ("Turn off notifications", "How do I turn off notifications?"),
        ("Invite your team:", "How do I invite my team?"),
        ("How to export data", "How do I export data?"),
        ("Where to find your key", "Where do I find my key?"),
        ("Can I pay by card", "Can I pay by card?"),
        ("Why did my payment fail?", "Why did my payment fail?"),
        ("修改您的密码", "如何修改我的密码？"),
        ("如何导出数据", "如何导出数据？"),
        ("怎么退款?", "怎么退款？"),
        ("删除文件", "如何删除文件？"),
    ],
)
def test_a_heading_becomes_what_a_customer_would_ask(heading: str, question: str) -> None:
    assert as_question(heading, "zh" if not heading.isascii() else "en") == question


@pytest.mark.parametrize(
    "heading",
    [
        "Badge formats",
        "Access tokens",
        "Check states",
        "Request limits",
        "Debugging tools",
        "Refresh rate",
        "Restore points",
        "Upgrade: what changes",
        "The payment failed",
        "备份频率",
        "登录问题",
        "支付方式",
        "发票与收据",
    ],
)
def test_where_the_grammar_is_not_sure_the_heading_stays_as_it_is(heading: str) -> None:
    assert as_question(heading, "zh" if not heading.isascii() else "en") == heading


@pytest.mark.parametrize(
    "heading",
    [
        "Overview",
        "1. Introduction",
        "See also",
        "What's new",
        "What’s new",
        "Version 3.2 (2026-01-02)",
        "3.4.1",
        "Scale",
        "DB_HOST",
        "`app.run()`",
        "getUser",
        "config.yml",
        "/api/v1/checks",
        "",
        "???",
        "概述",
        "注意事项",
        "更新日志 v2.1",
        "图标",
    ],
)
def test_a_heading_that_says_nothing_alone_is_left_out(heading: str) -> None:
    assert as_question(heading, "zh" if not heading.isascii() and "’" not in heading else "en") is None


def test_other_languages_keep_their_headings() -> None:
    assert as_question("Passwort ändern", "de") == "Passwort ändern"
    assert as_question("Wie ändere ich es?", "de") == "Wie ändere ich es?"


@given(st.text(max_size=80), st.sampled_from(["en", "zh", "de"]))
def test_no_heading_makes_it_fail(heading: str, language: str) -> None:
    question = as_question(heading, language)
    assert question is None or question.strip()


SECRETS = {
    "ada.b+x@mail.example.com": "my address is {} and I cannot log in",
    "+49 (0) 151 2345-6789": "call me at {} about the invoice please",
    "4111 1111 1111 1111": "my card {} was charged twice, why is that",
    "https://app.example.com/reset?token=abc123": "the link {} does not open, what now",
    "https://ada:pw@git.example.com/x": "cloning {} does not work for me",
    "sk-proj-AbCdEf0123456789xyz": "the key {} is refused by the API",
    "xoxb-123456789012-AbCdEfGhIjKl": "I set {} as token and nothing happens",
    "8c5f1f3a-1b2c-4d5e-8f90-abcdefabcdef": "check {} stays grey in the list",
    "a1b2c3d4e5f6a7b8c9d0e1f2": "my token {} does not work any more",
    "DE89 3704 0044 0532 0130 00": "you took money from {} twice this month",
    "192.168.17.23": "requests from {} are blocked by you",
    "Ada Lovelace": "Hello, my name is {}. I cannot log in any more",
    "hunter2": "my password is {} and it does not work",
    "13812345678": "我的手机号{}收不到验证码怎么办呢",
    "张小明": "我叫{}，我的账号登不上去了怎么办",
}


@pytest.mark.parametrize("secret", SECRETS)
def test_what_belongs_to_one_customer_is_masked(secret: str) -> None:
    said = masked(SECRETS[secret].format(secret))
    assert secret not in said
    assert "…" in said
    assert is_telling(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Hi there,\nI can't log in.\n\nThanks a lot\nAda", "I can't log in"),
        ("Hello! how do I export?  Thanks", "how do I export?"),
        ("您好，怎么导出数据？谢谢您！", "怎么导出数据？"),
        (
            "Does version 3.2.1 cost 20 EUR for 100 users on 2026-01-02?",
            "Does version 3.2.1 cost 20 EUR for 100 users on …?",
        ),
        ("error 500 at https://app.example.com/login", "error 500 at https://app.example.com/login"),
        ("is there an all-in-one-plan-for-teams", "is there an all-in-one-plan-for-teams"),
    ],
)
def test_what_helps_to_understand_the_question_stays(text: str, said: str) -> None:
    assert masked(text) == said


@pytest.mark.parametrize("text", ["", "hi", "ok thanks", "… … …", "???", "word " * 80, "123 456", "好的"])
def test_what_is_no_question_by_itself_is_known(text: str) -> None:
    assert not is_telling(masked(text))


@given(st.text(max_size=200))
def test_masking_never_fails_and_leaves_no_mailbox(text: str) -> None:
    assert "a@b.example" not in masked(f"{text} a@b.example {text}")
