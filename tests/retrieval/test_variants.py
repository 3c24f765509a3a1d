from __future__ import annotations

import pytest
from small_kb import contents_of

from kb_content.articles import Article, Contents, Passage, PublishedArticle
from retrieval.audience import Asker
from retrieval.variants import Variants, chosen_articles

HANS = Article("a", "zh", "重置密码", "先打开登录页。\n\n## 步骤\n\n点击忘记密码。")
HANT = Article("a", "zh-Hant", "重設密碼", "先打開登入頁。\n\n## 步驟\n\n點選忘記密碼。")
EN = Article("a", "en", "Reset a password", "Open the page.\n\n## Steps\n\nChoose forgot.")
ONLY_EN = Article("b", "en", "Export", "Choose export.")
KB = contents_of((EN, HANS, HANT, ONLY_EN))


@pytest.mark.parametrize(
    ("language", "read"),
    [("zh", ["zh", "en"]), ("zh-Hant", ["zh-Hant", "en"]), ("en", ["en", "en"]), ("de", ["en", "en"])],
)
def test_each_article_is_read_in_the_customers_language_else_in_english(language: str, read: list[str]) -> None:
    assert [one.article.language for one in chosen_articles(KB, language)] == read


@pytest.mark.parametrize(
    ("language", "read"),
    [("zh-Hant", "zh-Hant"), ("zh-TW", "zh-Hant"), ("zh-HK", "zh-Hant"), ("zh-CN", "zh"), ("zh", "zh"), ("en", "zh")],
)
def test_the_regional_form_of_an_article_is_the_nearest_to_the_customers(language: str, read: str) -> None:
    published = next(one for one in KB.articles if one.article.language == "zh")
    shown, place = Variants.of(KB).nearest(published, 1, language)
    assert (shown.article.language, place) == (read, 1)


def in_passages(language: str, *texts: str) -> PublishedArticle:
    passages = (Passage("a", language, 1, f"k{n}", f"s{n}", "标题", text, n) for n, text in enumerate(texts))
    return PublishedArticle(Article("a", language, "标题", "".join(texts)), 1, tuple(passages))


def test_the_passage_is_the_one_that_says_the_same() -> None:
    short = in_passages("zh", "先打开登录页。", "点击忘记密码。")
    long = in_passages("zh-Hant", "先打開登入頁。", "準備好信箱。", "點擊忘記密碼。")
    shown, place = Variants.of(Contents((short, long))).nearest(short, 1, "zh-Hant")
    assert shown.passages[place].text == "點擊忘記密碼。"


def test_an_article_without_passages_has_none_to_show() -> None:
    short, empty = in_passages("zh", "先打开登录页。"), in_passages("zh-Hant")
    assert Variants.of(Contents((short, empty))).nearest(short, 0, "zh-Hant") == (empty, -1)
    assert Variants.of(Contents((empty, short))).nearest(empty, -1, "zh") == (short, -1)


def test_a_form_that_the_customer_may_not_see_is_not_taken() -> None:
    closed = Article("a", "zh-Hant", HANT.title, HANT.body, audience={"plans": ["vip"]})
    kb = contents_of((HANS, closed))
    variants = Variants.of(kb)
    assert variants.nearest(kb.articles[0], 0, "zh-Hant")[0].article.language == "zh"
    assert variants.nearest(kb.articles[0], 0, "zh-Hant", Asker(plan="vip"))[0].article.language == "zh-Hant"


def test_an_article_in_one_form_stays() -> None:
    published = KB.articles[-1]
    assert Variants.of(KB).nearest(published, 0, "zh-Hant") == (published, 0)
