from __future__ import annotations

import pytest

from kb_content.articles import Article, PublishedArticle
from kb_content.headings import asked_headings, headings, is_question
from kb_content.passages import split

TEXT = "Open the settings page and look for the button that is called Save changes."


def published(body: str, language: str = "en") -> PublishedArticle:
    article = Article("a", language, "A page", body)
    return PublishedArticle(article, 1, split(article, 1))


def answers(body: str) -> list[tuple[str, str]]:
    """Each question that the page asks, and the text of the passage that it leads to."""
    page = published(body)
    texts = {passage.key: passage.text for passage in page.passages}
    return [(question, texts[key]) for question, key in asked_headings(page)]


def test_every_heading_leads_to_the_passage_that_it_opens() -> None:
    page = published(
        f"{TEXT}\n\n## Ways\n\n### By *mail*\n\n{TEXT}1\n\n## Short\n\nJust so.\n\n## Long\n\n{TEXT}2\n\n{TEXT * 20}"
    )
    texts = {passage.key: passage.text for passage in page.passages}
    found = [(words, texts[key]) for words, key in headings(page)]
    assert [words for words, _ in found] == ["Ways", "By mail", "Short", "Long"]
    assert found[0] == ("Ways", found[1][1])
    assert found[1][1].startswith(f"{TEXT}1")
    assert "Just so." in found[2][1]
    assert found[3][1].startswith(f"{TEXT}2")


def test_a_page_of_questions_and_answers_is_known_by_its_headings() -> None:
    body = f"## How do I pay by card?\n\n{TEXT}1\n\n## 2. Can I get a refund\n\n{TEXT}2\n\n## Prices\n\n{TEXT}3"
    assert answers(body) == [("How do I pay by card?", f"{TEXT}1"), ("Can I get a refund", f"{TEXT}2")]


@pytest.mark.parametrize(
    "body",
    [
        f"**Can I pay by card?**\n\n{TEXT}",
        f"**Q1: Can I pay by card?** {TEXT}",
        f"Q: Can I pay by card?\n\nA: {TEXT}",
        f"<details>\n<summary>Can I pay by card?</summary>\n\n{TEXT}\n\n</details>",
        f"Can I pay by card?\n: {TEXT}",
        f"- **Can I pay by card?** {TEXT}",
    ],
)
def test_a_question_in_any_other_shape_is_found_too(body: str) -> None:
    assert [question for question, _ in answers(body)] == ["Can I pay by card?"]


def test_a_question_that_is_asked_twice_is_one() -> None:
    body = f"## How do I pay?\n\n{TEXT}\n\n**HOW DO I PAY?**\n\n{TEXT}"
    assert len(answers(body)) == 1


def test_what_the_text_asks_in_passing_is_no_question_of_the_page() -> None:
    assert answers(f"Did you ever wonder? {TEXT} **Sure?** no.") == []


@pytest.mark.parametrize(
    "words",
    [
        "How do I change my plan?",
        "How to change the plan",
        "Can I use my own domain",
        "Why can't I log in?",
        "What happens if a payment fails",
        "Where are the logs kept",
        "Forgot your password?",
        "如何修改密码",
        "怎么导出数据？",
        "收不到邮件怎么办",
        "可以退款吗",
        "密码忘了如何重置",
        "什么是工作区",
    ],
)
def test_a_question_is_known_with_or_without_its_mark(words: str) -> None:
    assert is_question(words)


@pytest.mark.parametrize(
    "words",
    [
        "Prices",
        "What's new in 3.2",
        "Do not use this",
        "Is",
        "Why?",
        "How it works",
        "Can openers",
        "修改密码",
        "检查是否安装",
        "常见问题",
    ],
)
def test_a_statement_is_none(words: str) -> None:
    assert not is_question(words)
