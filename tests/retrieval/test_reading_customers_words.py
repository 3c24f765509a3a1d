"""Customers' wording, read whole: scripts, typos, mixed languages, the glossary, audience and version."""

from __future__ import annotations

from dataclasses import replace

import pytest
from small_kb import articles, contents_of

from kb_content.articles import Article, Contents, Term
from retrieval.audience import ANYONE, Asker
from retrieval.build import build
from retrieval.encoders import Encoders
from retrieval.reader import Reader

CLOSED = Article(
    "audit-log",
    "en",
    "Read the audit log",
    "The audit log under Settings, Security lists who did what and when.",
    ("who deleted my task", "see the log of all actions", "trace what a person changed"),
    audience={"plans": ["enterprise"]},
)
OLD = Article(
    "spreadsheet-sync",
    "en",
    "Synchronise with a spreadsheet",
    "The spreadsheet connector of version 2 copies rows every hour.",
    ("sync rows with a spreadsheet", "the spreadsheet connector copies nothing", "connector for spreadsheets"),
    applies_to="<3",
)
TRADITIONAL = Article(
    "pay-invoice",
    "zh-Hant",
    "支付發票",
    "發票在設定的帳單裡，可以刷卡或者三十天內銀行轉帳。",
    ("發票在哪裡看", "怎麼用銀行轉帳付款", "換一張信用卡扣款", "帳單金額不對"),
)
ONLY_TRADITIONAL = Article(
    "time-zone",
    "zh-Hant",
    "修改帳號的時區",
    "在個人資料裡選擇時區，所有截止時間會隨之調整。",
    ("時區不對怎麼改", "截止時間差了八小時", "換到別的國家以後時間錯了"),
)
GLOSSARY = (Term("webhook", ("pingback",), "en"), Term("报表", ("統計表", "report"), "zh"))


@pytest.fixture(scope="module")
def kb() -> Contents:
    several = (*articles(), CLOSED, OLD, TRADITIONAL, ONLY_TRADITIONAL)
    return replace(contents_of(several), glossary=GLOSSARY)


@pytest.fixture(scope="module")
def wide(kb: Contents, encoders: Encoders) -> Reader:
    built = build(kb, encoders, {})
    return Reader.open(kb, built.vectors, built.parameters, encoders)


@pytest.mark.parametrize(
    ("traditional", "plain"),
    [
        ("我忘記密碼了怎麼辦", "我忘记密码了怎么办"),
        ("報表怎麼匯出", "报表怎么导出"),
        ("邀請郵件沒收到", "邀请邮件没收到"),
    ],
)
def test_a_question_in_traditional_characters_is_read_like_the_same_in_simplified_ones(
    wide: Reader, traditional: str, plain: str
) -> None:
    one, other = wide.read(traditional), wide.read(plain)
    assert [hit.article_id for hit in one.hits] == [hit.article_id for hit in other.hits]
    assert one.confidence == pytest.approx(other.confidence)
    assert (one.language, one.text) == ("zh", traditional)


@pytest.mark.parametrize("asked", ["時區不對怎麼改", "时区不对怎么改", "截止时间差了八小时"])
def test_an_article_in_traditional_characters_is_found_in_either_script(wide: Reader, asked: str) -> None:
    reading = wide.read(asked)
    assert reading.hits[0].article_id == "time-zone"
    assert reading.confidence > 0.9
    assert "選擇時區" in reading.hits[0].text


@pytest.mark.parametrize(
    ("asked", "language", "read_in"),
    [
        ("发票在哪里看", None, "zh"),
        ("發票在哪裡看", None, "zh-Hant"),
        ("发票在哪里看", "zh-TW", "zh-Hant"),
        ("發票在哪裡看", "zh-CN", "zh"),
        ("where do I find my invoices", None, "en"),
        ("where do I find my invoices", "zh-Hant", "zh-Hant"),
    ],
)
def test_an_article_is_given_in_the_customers_own_form_of_the_language(
    wide: Reader, asked: str, language: str | None, read_in: str
) -> None:
    hit = wide.read(asked, language).hits[0]
    assert (hit.article_id, hit.language) == ("pay-invoice", read_in)


def test_what_is_there_in_english_only_is_found_for_a_chinese_question(wide: Reader) -> None:
    hit = wide.read("手机上怎么安装应用").hits[0]
    assert (hit.article_id, hit.language) == ("mobile-app", "en")


@pytest.mark.parametrize(
    ("asked", "article"),
    [
        ("pasword rset", "reset-password"),
        ("i forgott my pasword", "reset-password"),
        ("expotr the reprot", "export-report"),
        ("webhok singature", "webhooks"),
        ("ｒｅｓｅｔ　ｐａｓｓｗｏｒｄ", "reset-password"),
        ("怎么reset密码", "reset-password"),
        ("csv导入失败", "import-csv"),
        ("pdf导出", "export-report"),
    ],
)
def test_typos_width_and_mixed_languages_find_the_article(wide: Reader, asked: str, article: str) -> None:
    assert wide.read(asked).hits[0].article_id == article


def test_a_misspelled_question_is_nearly_as_sure_as_the_right_one(wide: Reader) -> None:
    right, wrong = wide.read("how to reset a password"), wide.read("how to resset a pasword")
    assert wrong.confidence > 0.8 * right.confidence


@pytest.mark.parametrize(
    ("asked", "article"), [("we get no pingbacks", "webhooks"), ("统计表在哪下载", "export-report")]
)
def test_another_word_for_a_term_finds_the_article_of_the_term(wide: Reader, asked: str, article: str) -> None:
    assert wide.read(asked).hits[0].article_id == article


def test_an_article_for_some_customers_is_shown_to_nobody_else(wide: Reader) -> None:
    asked = "who deleted my task"
    assert wide.read(asked, asker=Asker(plan="enterprise")).hits[0].article_id == "audit-log"
    for asker in (ANYONE, Asker(plan="standard"), Asker(role="enterprise")):
        reading = wide.read(asked, asker=asker)
        assert "audit-log" not in {*reading.close, *(hit.article_id for hit in reading.hits)}
        assert reading.confidence < 0.9


def test_a_customer_of_a_known_version_is_shown_what_applies_to_it(wide: Reader) -> None:
    asked = "the spreadsheet connector copies nothing"
    for asker, is_shown in ((ANYONE, True), (Asker(version="2.9"), True), (Asker(version="3.1"), False)):
        hits = {hit.article_id for hit in wide.read(asked, asker=asker).hits}
        assert ("spreadsheet-sync" in hits) is is_shown
