from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kb_content.article_file import canonical, read_article, source_digest, write_article
from kb_content.articles import Article
from kb_content.ids import slug

PATH = "articles/en/reset-password.md"
FULL = """---
id: reset-password
title: Reset a forgotten password
language: en
questions:
  - I can't log in, I forgot my password
  - the link never arrives
intent: account-access
category: account
tags: [login, password]
audience: {plans: [enterprise], roles: [admin]}
applies_to: ">=3.2"
review_by: 2027-03-01
translated_from: 9f2c61aa
owner: ada
---
Open the sign-in page.

## Steps

1. Press **Forgot password**.
"""

lines = st.text(st.characters(blacklist_categories=["Cs"]), max_size=40)
names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True)
plain_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | lines,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(lines.filter(bool), inner, max_size=3),
    max_leaves=6,
)
unknown_keys = st.from_regex(r"x_[a-z]{1,8}", fullmatch=True)
odd_texts = st.sampled_from(
    ["a: b", "# hash", '"quoted"', "'half", "it's", "- dash", "emoji 🙂", "忘记密码", "x  ", "a\r\nb", "no", "1.10"]
) | st.sampled_from(
    ["2027-03-01", "null", "~", "[a]", "{a: b}", "*star", "&and", "!bang", "@at", "%", "---", "..", "key:", "\u2028x"]
)
texts = (odd_texts | lines).filter(lambda text: bool(text.replace("\0", "x").split()))
articles = st.builds(
    Article,
    id=names,
    language=st.sampled_from(["en", "zh", "pt-BR"]),
    title=texts,
    body=st.lists(odd_texts | lines | st.sampled_from(["---", "    code", "## Head", "", "```"]), min_size=1)
    .map("\n".join)
    .filter(lambda text: bool(text.replace("\0", "x").strip())),
    questions=st.lists(texts, max_size=3).map(tuple),
    intent=st.none() | names,
    category=st.none() | names,
    tags=st.lists(texts, max_size=3).map(tuple),
    audience=st.dictionaries(st.sampled_from(["plans", "roles"]), st.lists(names, min_size=1, max_size=2), max_size=2),
    applies_to=st.sampled_from([None, ">=3.2", "~=1.4,!=1.5"]),
    review_by=st.sampled_from([None, "2027-03-01"]),
    translated_from=st.sampled_from([None, "9f2c61aa", "12345678"]),
    extra=st.dictionaries(unknown_keys, plain_values, max_size=2),
)


@given(articles)
@example(Article("a", "en", "  # 1: 'x' \"y\" 🙂 密码  ", "\r\n\r\n    code\r\n---\r\nend  \r\n"))
@example(Article("a", "en", "t", "b", extra={"x_a": {"\x85": None, "\u2028": "a\nb"}, "x_b": "0E0", "x_c": "1:30"}))
def test_a_written_article_reads_back_as_it_was(article: Article) -> None:
    read = read_article(write_article(article), f"articles/{article.language}/other.md")
    expected = canonical(article)
    assert read.article == replace(expected, extra=_without_nul(expected.extra))
    assert not [problem for problem in read.problems if problem.is_error]


@given(st.text() | st.text().map(lambda text: f"---\n{text}\n---\nbody"))
def test_no_file_content_makes_reading_fail(text: str) -> None:
    read_article(text, PATH)


def test_every_field_of_the_format_is_read() -> None:
    read = read_article(FULL, PATH)
    assert read.article == Article(
        id="reset-password",
        language="en",
        title="Reset a forgotten password",
        body="Open the sign-in page.\n\n## Steps\n\n1. Press **Forgot password**.",
        questions=("I can't log in, I forgot my password", "the link never arrives"),
        intent="account-access",
        category="account",
        tags=("login", "password"),
        audience={"plans": ["enterprise"], "roles": ["admin"]},
        applies_to=">=3.2",
        review_by="2027-03-01",
        translated_from="9f2c61aa",
        extra={"owner": "ada"},
    )
    assert [str(problem) for problem in read.problems] == [
        f"{PATH}:15: `owner` is not a key that Firstline knows: it is kept but has no effect"
    ]
    assert read.body_line == 17


@pytest.mark.parametrize(
    ("front", "line", "words"),
    [
        ("title: Error: what now", 2, "must be in quotes"),
        ("id: a\ntitle: [open", 3, "not valid YAML"),
        ("id: a\n\ttitle: x", 3, "indent with spaces"),
        ("title: *star", 2, "in quotes"),
        ("title: a\nextra: &a [x]\nmore: *a", 4, "in quotes"),
        ("- just\n- a list", 2, "`key: value`"),
        ("title: a\nid: ../../etc/passwd", 3, "cannot be used"),
        ("title: a\nid: 密码", 3, "cannot be used"),
        ("title: a\x07b", 2, "U+0007"),
    ],
)
def test_an_article_that_cannot_be_read_is_left_out_with_its_line(front: str, line: int, words: str) -> None:
    read = read_article(f"---\n{front}\n---\nbody\n", PATH)
    assert read.article is None
    assert (read.problems[-1].line, read.problems[-1].is_error) == (line, True)
    assert words in read.problems[-1].message
    assert "left out" in read.problems[-1].message


@pytest.mark.parametrize(
    ("front", "line", "words"),
    [
        ("title: a\nreview_by: next week", 3, "must be a date"),
        ("title: a\nreview_by: 2027-02-30", 3, "must be a date"),
        ("title: a\napplies_to: newest", 3, "must be versions"),
        ("title: a\nlanguage: english", 3, "no language"),
        ("title: a\ntranslated_from: yes", 3, "8 hex digits"),
        ("title: a\nquestions: {a: b}", 3, "must be a list"),
        ("title: a\nintent: [a, b]", 3, "must be one text"),
        ("title: a\naudience: all", 3, "must be lines"),
        ("language: en\ncategory: x", 2, "no title"),
    ],
)
def test_a_bad_value_is_an_error_but_the_article_is_taken(front: str, line: int, words: str) -> None:
    read = read_article(f"---\n{front}\n---\nbody\n", PATH)
    assert read.article is not None
    assert [(problem.line, problem.is_error) for problem in read.problems] == [(line, True)]
    assert words in read.problems[0].message


def test_values_are_taken_as_they_stand() -> None:
    front = "title: 1.10\nlanguage: no\ntags: a, b\nquestions:\n  - Error: nothing works\n  - 404\n  -\nnote: 12:30"
    read = read_article(f"---\n{front}\n---\nbody\n", PATH)
    assert read.article
    assert (read.article.title, read.article.language) == ("1.10", "no")
    assert read.article.tags == ("a", "b")
    assert read.article.questions == ("Error: nothing works", "404")
    assert read.article.extra == {"note": "12:30"}
    assert "colon" in read.problems[0].message
    assert not any(problem.is_error for problem in read.problems)


def test_plain_documentation_is_taken_with_warnings_only() -> None:
    read = read_article("Intro.\n\n```\n# not this\n```\n\n# Deploy *now*\n\nText.\n", "articles/guide/Deploy Guide.md")
    assert read.article
    assert (read.article.id, read.article.title, read.article.language) == ("Deploy-Guide", "Deploy now", "en")
    assert [problem.is_error for problem in read.problems] == [False]


def test_without_any_title_the_file_name_serves() -> None:
    read = read_article("Just text.\n", "articles/how-to_deploy.md")
    assert read.article
    assert read.article.title == "How to deploy"
    assert not any(problem.is_error for problem in read.problems)


@pytest.mark.parametrize(
    ("path", "text", "language"),
    [
        ("articles/a.md", "Open the page", "en"),
        ("articles/a.md", "打开 Loomplan Server 的「设置」页面", "zh"),
        ("articles/a.md", "設定を開きます", "ja"),
        ("articles/de/a.md", "Open the page", "de"),
        ("articles/pt-br/a.md", "Open the page", "pt-BR"),
        ("articles/it/a.md", "Open the page", "en"),
        ("articles/api/a.md", "Open the page", "en"),
    ],
)
def test_a_missing_language_is_guessed_by_folder_and_script(path: str, text: str, language: str) -> None:
    article = read_article(text, path).article
    assert article
    assert article.language == language


@pytest.mark.parametrize(("text", "is_error"), [("", False), ("---\n---\n", True), ("---\ntitle: a\n---\n \n\n", True)])
def test_an_article_without_text_is_left_out(text: str, is_error: bool) -> None:
    read = read_article(text, PATH)
    assert read.article is None
    assert "has no text" in read.problems[-1].message
    assert read.problems[-1].is_error is is_error


@pytest.mark.parametrize(("front", "is_error"), [("id: a", True), ("title:", True), ("layout: page", False)])
def test_a_missing_title_is_an_error_only_in_front_matter_of_ours(front: str, is_error: bool) -> None:
    read = read_article(f"---\n{front}\n---\ntext\n", PATH)
    assert read.article
    assert [problem.is_error for problem in read.problems if "no title" in problem.message] == [is_error]


def test_a_title_far_below_is_found() -> None:
    read = read_article("text\n\n" * 2_000 + "# Here\n", PATH)
    assert read.article
    assert read.article.title == "Here"


def test_front_matter_without_an_end_is_an_error_at_its_beginning() -> None:
    read = read_article("---\ntitle: a\n\nbody\n", PATH)
    assert read.article is None
    assert str(read.problems[0]).startswith(f"{PATH}:1: ")
    assert "no end" in read.problems[0].message


def test_an_unreadable_file_still_says_which_article_it_probably_is() -> None:
    assert read_article("---\nid: sso-setup\ntitle: a: b\n---\nx", PATH).id == "sso-setup"
    assert read_article("---\ntitle: a: b\n---\nx", PATH).id == "reset-password"


@pytest.mark.parametrize("name", ["../../x", "密码", "a b", "é", "", "..", "x" * 300, "密码 reset"])
def test_every_file_name_makes_a_usable_id(name: str) -> None:
    made = read_article("text", f"articles/{name}.md").id
    assert made == canonical(Article(made, "en", "t", "b")).id
    assert 0 < len(made) <= 100
    assert "/" not in made
    assert not made.startswith(".")


def test_different_chinese_file_names_make_different_ids() -> None:
    assert slug("重置密码") != slug("解锁账户")
    assert slug("重置密码 v2") != slug("解锁账户 v2")


def test_the_source_digest_changes_with_title_and_text_only() -> None:
    article = Article("a", "en", "Title", "Text")
    assert source_digest(article) == source_digest(replace(article, tags=("x",), review_by="2027-01-01"))
    assert source_digest(article) != source_digest(replace(article, title="Other"))
    assert source_digest(article) != source_digest(replace(article, body="Other"))


def test_a_value_that_explodes_is_refused() -> None:
    bomb = "a: &a [x,x]\n" + "\n".join(f"{b}: &{b} [*{a},*{a}]" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    assert read_article(f"---\n{bomb}\n---\nx", PATH).article is None
    deep = "x: " + "[" * 20_000
    assert read_article(f"---\n{deep}\n---\nx", PATH).article is None


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "\ufffd")
    if isinstance(value, dict):
        return {_without_nul(key): _without_nul(item) for key, item in value.items()}
    return [_without_nul(item) for item in value] if isinstance(value, list) else value
