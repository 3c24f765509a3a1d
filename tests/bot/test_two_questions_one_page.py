"""Two questions of one message whose nearest article is the same page: none of them is passed over."""

from __future__ import annotations

from dataclasses import replace

import pytest
from small_kb import NOTES, articles, contents_of
from talk import serving_of

from bot.asking import ask
from bot.decisions import Answer, Clarify, Decline, Escalate
from bot.live import Serving
from bot.understanding import first_message
from kb_content.articles import Article

ROLES = Article(
    "roles",
    "en",
    "Roles and permissions",
    "What somebody may do on a board follows from the role.\n\n"
    "## Make somebody a board admin\n\n"
    "Choose Members, open the menu beside the name and pick Admin. Every board keeps at least one admin.\n\n"
    "## Hide a column from others\n\n"
    "Open the column's menu and choose Visible to. Pick the roles that may see it; admins always do.\n\n"
    "## See who changed a permission\n\n"
    "Board, Activity lists every change of roles with name and time for twelve months.",
    ("who may do what on a board", "board roles"),
)


@pytest.fixture(scope="module")
def serving() -> Serving:
    return serving_of(contents_of((*articles(), ROLES, NOTES)))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "How do I hide a column from others? How do I make somebody a board admin?",
            ("Open the column's menu", "pick Admin"),
        ),
        ("怎么合并多篇笔记？另外怎么给笔记加密？", ("点击“合并”", "设置一个密码")),
    ],
)
def test_each_of_two_questions_is_answered_by_its_own_section(
    serving: Serving, text: str, said: tuple[str, str]
) -> None:
    answer = ask(serving, text)
    assert answer["decision"] == "answer"
    assert all(words in answer["text"] for words in said)
    assert len(answer["citations"]) == 2


@pytest.mark.parametrize(
    ("text", "second"),
    [
        (
            "How do I hide a column from others? Is there a log of permission edits?",
            "Is there a log of permission edits?",
        ),
        ("怎么合并多篇笔记？还有笔记里能放视频吗？", "笔记里能放视频吗？"),
    ],
)
def test_a_second_question_that_is_not_sure_is_not_passed_over(serving: Serving, text: str, second: str) -> None:
    parts = [serving.reader.read(part).confidence for part in (text.removesuffix(second), second)]
    careful = replace(serving.policy, threshold=(parts[0] + parts[1]) / 2)
    understood, decision = first_message(serving.reader, careful, text)
    assert isinstance(decision, Answer)
    assert len(understood.parts) == 2
    assert understood.parts[1].hits[0].article_id == decision.article_id
    assert decision.rest is not None
    assert decision.rest.question == second
    assert isinstance(decision.rest.decision, Clarify | Decline | Escalate)
    assert f"{second}”" in ask(replace(serving, policy=careful), text)["text"]


def test_what_only_asks_for_more_of_the_same_section_is_no_question_of_its_own(serving: Serving) -> None:
    text = "How do I hide a column from others? And which roles may see the column then?"
    understood, decision = first_message(serving.reader, serving.policy, text)
    assert not understood.parts
    assert decision == Answer("roles")
