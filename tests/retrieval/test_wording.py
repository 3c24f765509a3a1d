from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_kb import articles, contents_of

from kb_content.articles import Contents, Term
from retrieval.chinese import is_traditional, simplified
from retrieval.wording import Wording

GLOSSARY = (
    Term("workspace", ("team space", "office", "shared area"), "en"),
    Term("webhook", ("callback", "endpoint"), "en"),
    Term("工作区", ("工作空間", "workspace", "空间"), "zh"),
    Term("导出", ("download",), "zh"),
    Term("API 密钥", ("api token", "接口密钥"), "zh"),
)
languages = st.sampled_from(["en", "zh", "*", "de"])
pieces = st.sampled_from(
    ["team space", "Office", "callbacks", "工作空间", "空間", "workspace", "pasword", "API", "密码", "の", "-", " "]
)
texts = st.text(max_size=80) | st.lists(pieces | st.text(max_size=5), max_size=12).map(" ".join)


@pytest.fixture(scope="module")
def contents() -> Contents:
    return replace(contents_of(articles()), glossary=GLOSSARY)


@pytest.fixture(scope="module")
def english(contents: Contents) -> Wording:
    return Wording.of(contents, "en")


@pytest.fixture(scope="module")
def chinese(contents: Contents) -> Wording:
    return Wording.of(contents, "zh")


@pytest.mark.parametrize(
    ("asked", "read"),
    [
        ("who can delete the team space", "who can delete the workspace"),
        ("who can delete the Team-Spaces", "who can delete the workspace"),
        ("ｔｅａｍ　ｓｐａｃｅ ＤＥＬＥＴＥ", "workspace DELETE"),
        ("in the shared area of the office", "in the workspace of the workspace"),
        ("officer on duty", "officer on duty"),
        ("delete the workspace of my team space", "delete the workspace of my workspace"),
    ],
)
def test_a_customers_word_that_the_kb_does_not_have_becomes_its_term(english: Wording, asked: str, read: str) -> None:
    assert english.question(asked) == read


def test_a_word_that_the_kb_uses_too_stays_and_its_term_follows(english: Wording) -> None:
    assert english.question("our endpoint is dead") == "our endpoint (webhook) is dead"
    assert english.question("the endpoint of a webhook") == "the endpoint of a webhook"
    assert {"endpoint", "webhook"} <= set(english.words("our endpoint is dead"))


def test_the_longest_word_counts() -> None:
    glossary = (Term("token", ("key",), "en"), Term("API token", ("api key",), "en"))
    wording = Wording.of(replace(contents_of(articles()), glossary=glossary), "en")
    assert wording.question("an API key and a key") == "an API token and a token"


def test_chinese_words_are_found_inside_a_sentence_and_english_ones_beside_it(chinese: Wording) -> None:
    assert chinese.question("工作空间怎么删除") == "工作区怎么删除"
    assert chinese.question("在API TOKEN里") == "在API 密钥里"
    assert chinese.question("接口密钥在哪") == "API 密钥在哪"
    assert chinese.question("报表怎么download") == "报表怎么导出"


@pytest.mark.parametrize(
    ("asked", "parts"),
    [
        ("怎么重置api key", {"重置", "api", "key"}),
        ("deploy失败", {"deploy", "失败"}),
        ("ＡＰＩ　密鑰", {"api", "密钥"}),
    ],
)
def test_both_parts_of_a_mixed_question_are_searched_for(chinese: Wording, asked: str, parts: set[str]) -> None:
    assert parts <= set(chinese.words(asked))


def test_traditional_characters_are_read_as_simplified_ones(chinese: Wording) -> None:
    assert chinese.question("我忘記密碼了怎麼辦") == "我忘记密码了怎么办"
    assert chinese.words("我忘記密碼了怎麼辦") == chinese.words("我忘记密码了怎么办")
    assert chinese.indexed("重設密碼") == chinese.indexed("重置密码")
    assert chinese.question("如何匯出專案的檔案") == "如何导出项目的文件"


def test_glossary_terms_in_traditional_characters_are_the_same_terms() -> None:
    glossary = (Term("工作區", ("協作空間",), "zh-Hant"),)
    wording = Wording.of(replace(contents_of(articles()), glossary=glossary), "zh")
    assert wording.question("协作空间在哪") == wording.question("協作空間在哪") == "工作区在哪"


def test_japanese_stays_as_it_is(contents: Contents, chinese: Wording) -> None:
    asked = "電話番号を変更したい"
    assert Wording.of(contents, "*").question(asked) == asked
    assert chinese.question(asked) == asked


def test_a_term_of_another_language_is_asked_of_the_words_only() -> None:
    glossary = (Term("webhook", ("回调",), "en"),)
    wording = Wording.of(replace(contents_of(articles()), glossary=glossary), "zh")
    assert wording.question("回调没收到") == "回调没收到"
    assert "webhook" in wording.words("回调没收到")


def test_customers_of_a_language_without_articles_get_the_whole_glossary() -> None:
    glossary = (Term("workspace", ("Arbeitsbereich",), "en"),)
    wording = Wording.of(replace(contents_of(articles()), glossary=glossary), "*")
    assert wording.question("Arbeitsbereich löschen") == "workspace löschen"


def test_without_a_glossary_a_question_stays(contents: Contents) -> None:
    wording = Wording.of(replace(contents, glossary=()), "en")
    assert wording.question("who can delete the team space?") == "who can delete the team space?"


@settings(deadline=None, max_examples=300)
@given(texts, languages)
def test_any_text_can_be_worded(text: str, language: str) -> None:
    wording = _WORDINGS[language]
    assert isinstance(wording.question(text), str)
    assert all(wording.words(text))
    assert all(wording.indexed(text))


@settings(deadline=None, max_examples=300)
@given(texts, languages)
def test_what_was_worded_stays_as_it_is(text: str, language: str) -> None:
    wording = _WORDINGS[language]
    once = wording.question(text)
    assert wording.question(once) == once


@given(
    st.text(alphabet="あいうえおかきくけこアイウエオ漢字電話番號設定", max_size=30).filter(lambda text: "あ" in text)
)
def test_no_japanese_text_is_changed(text: str) -> None:
    assert simplified(text) == text


@given(st.text(max_size=60))
def test_simplified_text_stays_simplified(text: str) -> None:
    once = simplified(text)
    assert simplified(once) == once


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("我忘記密碼了", True),
        ("我忘记密码了", False),
        ("「设置」在哪里", False),
        ("八月份的 invoice 給我一份", True),
        ("一二三", False),
        ("reset", False),
        ("", False),
    ],
)
def test_traditional_chinese_is_told_from_simplified(text: str, expected: bool) -> None:
    assert is_traditional(text) is expected


def _wordings() -> dict[str, Wording]:
    contents = replace(contents_of(articles()), glossary=GLOSSARY)
    return {language: Wording.of(contents, language) for language in ("en", "zh", "*", "de")}


_WORDINGS = _wordings()
