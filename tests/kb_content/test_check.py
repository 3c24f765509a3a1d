from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from kb_content.article_file import source_digest, write_article
from kb_content.articles import Article
from kb_content.check import check
from kb_content.folder import Folder

ReadKb = Callable[[dict[str, str | bytes]], Folder]
EN = Article("a", "en", "Title", "Text.\n\n## Steps\n\n1. Go.", ("how",))
ZH = Article("a", "zh", "标题", "正文。\n\n## 步骤\n\n1. 去。", ("怎么",))


def notes(read_kb: ReadKb, *articles: Article, today: date | None = None) -> list[str]:
    files: dict[str, str | bytes] = {
        f"articles/{article.language}/{article.id}.md": write_article(article) for article in articles
    }
    found = check(read_kb(files), today)
    assert not any(problem.is_error for problem in found)
    return [str(problem) for problem in found]


def changed(article: Article, **values: object) -> Article:
    return Article(**{**vars(article), **values})


def test_a_good_pair_has_nothing_to_mend(read_kb: ReadKb) -> None:
    assert notes(read_kb, EN, changed(ZH, translated_from=source_digest(EN)), today=date(2027, 1, 1)) == []


@pytest.mark.parametrize(
    ("article", "words"),
    [
        (changed(ZH, questions=()), "articles/zh/a.md:1: there are no `questions`"),
        (changed(ZH, translated_from="12345678"), "changed after this was translated"),
        (changed(ZH, body="正文。\n\n### 步骤\n\n去。"), "its headings do not match"),
        (changed(ZH, body="正文。\n\n## 步骤\n\n" + "长句子。" * 300), "the section `步骤` has"),
        (changed(ZH, review_by="2026-09-30"), "was to be reviewed by 2026-09-30"),
        (changed(ZH, body="<!-- nothing -->"), "has no words"),
    ],
)
def test_what_will_not_work_well_is_noted(read_kb: ReadKb, article: Article, words: str) -> None:
    assert any(words in note for note in notes(read_kb, EN, article, today=date(2026, 10, 1)))


def test_a_review_date_counts_only_against_a_given_day(read_kb: ReadKb) -> None:
    assert notes(read_kb, changed(EN, review_by="2020-01-01")) == []


def test_a_pair_that_lacks_a_usual_language_is_noted(read_kb: ReadKb) -> None:
    alone = [changed(EN, id="b", questions=("what",))]
    assert notes(read_kb, EN, ZH, *alone) == []
    more = [changed(EN, id="c", questions=("who",)), changed(ZH, id="c", questions=("谁",))]
    assert notes(read_kb, EN, ZH, *more, *alone) == [
        "articles/en/b.md:1: most articles are there in zh too, this one is not"
    ]


def test_the_problems_of_reading_come_too(read_kb: ReadKb) -> None:
    found = check(read_kb({"articles/a.md": "---\ntitle: [a\n---\nx", "articles/b.md": "---\ntitle: B\n---\nText"}))
    assert [(problem.path, problem.is_error) for problem in found] == [
        ("articles/a.md", True),
        ("articles/b.md", False),
    ]


def test_what_is_to_be_said_of_every_page_is_said_once(read_kb: ReadKb) -> None:
    notes = check(read_kb({f"p{number}.md": "# Page\n\nSome words." for number in range(20)}))
    assert [note.path for note in notes] == ["p0.md", "p0.md"]
    assert [note.message.endswith("(and so in 19 other files)") for note in notes] == [True, True]
    assert "firstline kb propose" in notes[1].message


def test_a_translation_into_english_is_held_against_what_it_was_made_from(read_kb: ReadKb) -> None:
    english = changed(EN, translated_from=source_digest(ZH))
    assert notes(read_kb, english, ZH) == []
    said = notes(read_kb, english, changed(ZH, body=f"{ZH.body}\n\n再来一次。"))
    assert len(said) == 1
    assert "articles/en" in said[0]
    assert "changed after this was translated" in said[0]
