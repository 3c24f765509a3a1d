"""Which questions a message asks."""

from __future__ import annotations

import pytest

from retrieval.parts import questions_in


@pytest.mark.parametrize(
    ("text", "questions"),
    [
        (
            "How do I export my data? And how do I invite a colleague?",
            ("How do I export my data?", "how do I invite a colleague?"),
        ),
        ("how do I export and how do I import tasks?", ("how do I export", "how do I import tasks?")),
        ("怎么导出数据？另外怎么邀请同事？", ("怎么导出数据？", "怎么邀请同事？")),
        ("怎么导出数据，另外怎么邀请同事", ("怎么导出数据", "怎么邀请同事")),
        ("我忘了密码，怎么重置？还有发票在哪里看？", ("我忘了密码，怎么重置？", "发票在哪里看？")),
        (
            "when do the lifts open, where can I park and how much is a helmet?",
            ("when do the lifts open", "where can I park", "how much is a helmet?"),
        ),
        (
            "hi, can I bring my dog, is overnight parking free?",
            ("hi, can I bring my dog", "is overnight parking free?"),
        ),
        ("缆车几点开，停车收费吗？", ("缆车几点开", "停车收费吗？")),
        (
            "How do I hide a column? Is there a log of permission edits?",
            ("How do I hide a column?", "Is there a log of permission edits?"),
        ),
        (
            "I use the app. How do I export? I am on enterprise. How do I import?",
            ("I use the app. How do I export?", "I am on enterprise. How do I import?"),
        ),
    ],
)
def test_two_questions_are_told_apart_each_with_what_is_told_before_it(text: str, questions: tuple[str, ...]) -> None:
    assert questions_in(text) == questions


@pytest.mark.parametrize(
    "text",
    [
        "When I open the app, how do I see my pass?",
        "If the lifts are closed, can I get my money back?",
        "where can I park, is that free?",
        "hello, where can I park?",
        "如果缆车停了，可以退票吗？",
        "明明没几个文件，怎么说存储用光了",
        "表格里有好几个 sheet，会全部读进来吗",
        "雪票丢了，怎么办？",
        "I moved to a new phone. How do I set up two-step verification again?",
        "How do I set up webhooks? I am on the enterprise plan.",
        "Hi. Can you help me? How do I set up webhooks?",
        "Why does the export fail? Is that a known issue?",
        "Why does the export fail? Is there a limit?",
        "What's the difference between the plans and which one is best for us?",
        "how do I add members and give them rights?",
        "我换了手机。怎么重新登录？",
        "请问怎么导出？怎么办呢？",
        "thanks",
        "",
        "Where is a? Where is b? Where is c? Where is d? Where is e?",
    ],
)
def test_one_question_with_what_is_told_around_it_is_one(text: str) -> None:
    assert questions_in(text) == (text,)
