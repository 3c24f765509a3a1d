"""In which language an answer is given, and what the customer is told where it is another's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from small_kb import articles, contents_of

from bot.asking import ask
from bot.live import House, Serving, policy_of
from bot.replies import say
from kb_content.articles import Article
from retrieval.audience import Asker
from retrieval.build import build
from retrieval.encoders import load_encoders
from retrieval.reader import Reader

TRADITIONAL = Article(
    "export-report",
    "zh-Hant",
    "匯出報表",
    "打開報表後點選匯出，可以選擇表格或者文件格式，較大的檔案會寄到信箱。",
    ("報表怎麼下載", "把資料存成表格", "匯出按鈕在哪裡", "匯出成文件"),
)
CLOSED = Article(
    "audit-log",
    "en",
    "Read the audit log",
    "The audit log under Settings, Security lists who did what and when.",
    ("who deleted my task", "see the log of all actions", "trace what a person changed"),
    audience={"plans": ["enterprise"]},
)
HOUSE = House("https://desk.example", secret=b"a secret of this house")


@pytest.fixture(scope="module")
def serving() -> Serving:
    contents, encoders = contents_of((*articles(), TRADITIONAL, CLOSED)), load_encoders(None, lambda sentence: None)
    built = build(contents, encoders, {})
    reader = Reader.open(contents, built.vectors, built.parameters, encoders)
    shelf = {(item.article.id, item.article.language): item for item in contents.articles}
    # Answers at any confidence: it is not what these claims are about.
    policy = policy_of(HOUSE, 0.01, contents.intents, contents.articles)
    return Serving(1, reader, policy, shelf, HOUSE.address, secret=HOUSE.secret)


def answered(serving: Serving, text: str, language: str | None = None) -> dict[str, Any]:
    answer = ask(serving, text, language)
    assert answer["decision"] == "answer", answer
    return answer


def test_what_is_there_in_english_only_is_given_in_english_with_a_note_in_the_customers_language(
    serving: Serving,
) -> None:
    answer = answered(serving, "怎么在手机上安装应用")
    assert answer["text"].startswith(say("other_language", "zh"))
    assert "Install the app from the store" in answer["text"]
    assert answer["citations"][0]["url"].startswith("https://desk.example/kb/en/mobile-app/v1")
    assert answer["language"] == "zh"


@pytest.mark.parametrize(
    ("asked", "language", "given_in", "words"),
    [
        ("报表怎么下载", None, "zh", "打开报表后点击导出"),
        ("報表怎麼下載", None, "zh-Hant", "打開報表後點選匯出"),
        ("报表怎么下载", "zh-TW", "zh-Hant", "打開報表後點選匯出"),
        ("download my report as pdf", None, "en", "choose Export"),
        ("忘記密碼了怎麼辦", None, "zh", "在登录页选择忘记密码"),
    ],
)
def test_the_customers_own_language_comes_first_and_needs_no_note(
    serving: Serving, asked: str, language: str | None, given_in: str, words: str
) -> None:
    answer = answered(serving, asked, language)
    assert words in answer["text"]
    assert f"/kb/{given_in}/" in answer["citations"][0]["url"]
    assert say("other_language", "zh") not in answer["text"]
    assert say("other_language", "en") not in answer["text"]


def test_a_language_that_the_kb_does_not_have_gets_english_with_a_note(serving: Serving) -> None:
    answer = answered(serving, "wie kann ich mein Passwort zurücksetzen")
    assert say("other_language", "de") in answer["text"]
    assert "/kb/en/reset-password/" in answer["citations"][0]["url"]


def test_an_article_for_some_customers_is_no_answer_option_or_citation_for_a_stranger(serving: Serving) -> None:
    for text in ("who deleted my task", "Read the audit log", "trace what a person changed"):
        assert "audit" not in str(ask(serving, text)).replace(text, "")


def test_the_answer_of_a_restricted_article_links_to_it_with_its_key(serving: Serving) -> None:
    from bot.compose import answer

    reading = serving.reader.read("who deleted my task", asker=Asker(plan="enterprise"))
    composed = answer(serving, reading, "audit-log", "en", "who deleted my task")
    assert "/kb/en/audit-log/v1?key=" in composed.citations[0].url
    unsigned = answer(replace(serving, secret=b""), reading, "audit-log", "en", "who deleted my task")
    assert "key" not in unsigned.citations[0].url
