"""An answer says what was asked, in the article's own words and order, and nothing else."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.compose import said
from bot.extract import MOST_PASSAGES, Excerpt, extract
from bot.shortening import GAP, Asked
from bot.units import sentences
from kb_content.articles import Article, PublishedArticle
from kb_content.html import to_text
from kb_content.passages import PATH_SEPARATOR, split
from retrieval.words import words_of

COMMON = "how do does i the a an to can of in is my what which and mean see 怎么 么办".split()  # noqa: SIM905


def published(body: str, title: str = "Work with files", language: str = "en", name: str = "files") -> PublishedArticle:
    article = Article(name, language, title, body)
    return PublishedArticle(article, 3, split(article, 3))


def asked(question: str) -> Asked:
    return Asked({word: 0.01 if word in COMMON else 1.0 for word in words_of(question)}, words_of)


def answer(question: str, body: str, passage: int = 0, language: str = "en") -> str:
    article = published(body, language=language)
    return said(extract(asked(question), article, article.passages[passage].key))


LIMITS = """This article is for people whose upload fails. Each workspace has its own storage, which an Admin can read.
A single attachment may be up to 100 MB. Larger videos have to be compressed or split into several parts before they are
attached. Programs are not accepted. Nobody has to delete old versions by hand, because they are removed after a year in
the order in which they were made, oldest first. The colours of the storage bar say how full the workspace is: green,
yellow and red. Exports count as well until they are fetched, which many people do not expect at first."""

STEPS = """## Restore a project

Restoring takes a few minutes.

1. Open Settings > Backup.
2. Choose the day.
3. Select Restore as copy.

This cannot be undone. Only an Owner may do it.

## Move a project

1. Open the project.
2. Select Move.
"""

TABLE = """## Codes

All codes of the interface, with what each of them means and what a program had better do when one of them comes back:

| Code | Meaning |
|---|---|
| 400 | The body cannot be read |
| 401 | The token is wrong |
| 403 | The role is too low |
| 404 | There is no such thing |
| 409 | Somebody else was faster |
| 413 | The body is too large |
| 429 | Too many requests |
| 500 | Our fault |

Responses come as JSON, with the same code in their body as in the status line, and with a text for developers.
Nothing of it is meant for the eyes of those who use your program, and the texts change without notice.
"""

CODE = """## Sign in from a script

Send the token in the header:

```bash
curl -H "Authorization: Bearer $TOKEN" \\
  https://api.example/v2/projects

echo done
```

## Colours

Each project has a colour.
"""

CHINESE = """本文适用于上传失败的用户。每个工作区都有自己的存储空间，管理员可以查看用量。单个附件最大 100 MB。
较大的视频要先压缩，或者拆分成几个部分再上传。
不允许上传程序文件。旧版本不需要手动删除，一年后会按照生成的先后顺序自动清理。存储条的颜色表示空间的使用情况，分为绿色、黄色和红色三种。
导出的文件在下载之前也计入空间，很多人一开始没有想到这一点。

## 恢复项目

1. 打开「设置 > 备份」。
2. 选择日期。
3. 点击「恢复为副本」。

此操作不可撤销。
"""


def test_only_the_sentences_that_were_asked_for_are_said_and_gaps_are_marked() -> None:
    text = answer("how large may an attachment be", LIMITS)
    assert "A single attachment may be up to 100 MB." in text
    assert "colours" not in text
    assert text.startswith(GAP)
    assert text.endswith(GAP)


SPORTS = """Bicycles, surfboards and golf bags cost 60 euros each way; skis and one pair of boots cost 35 euros. They
have to be registered at least 48 hours before departure, with their weight and their length.

Pack bicycles in a box, with pedals removed and handlebars turned.

Instruments up to 90 cm may be taken into the cabin in place of a cabin bag. A cello needs a seat of its own."""


@pytest.mark.parametrize("question", ["taking my bike to the island", "can I take my surf board to the sea"])
def test_a_word_that_says_nothing_does_not_choose_a_sentence(question: str) -> None:
    weights = {word: 0.05 if word in COMMON else 1.0 for word in words_of(question)}
    article = published(SPORTS)
    told = said(extract(Asked(weights, words_of), article, article.passages[0].key))
    assert told.startswith("Bicycles, surfboards and golf bags cost 60 euros")
    assert GAP not in told


SHORT_INTRODUCTION = """Anyone can.

## Reset it

1. Press **Forgot?** on the sign-in page.
2. Follow the link in the mail.
3. Choose a new password.
"""


def test_a_short_introduction_is_said_before_the_heading_of_its_first_section_and_the_heading_once() -> None:
    text = answer("how do I reset it", SHORT_INTRODUCTION)
    assert text == (
        "Anyone can.\n\nReset it\n\n"
        "1. Press Forgot? on the sign-in page.\n2. Follow the link in the mail.\n3. Choose a new password."
    )


def test_a_section_that_was_too_short_to_stand_alone_keeps_its_heading() -> None:
    text = answer("how do I reset it", f"## Who may\n\n{SHORT_INTRODUCTION}")
    assert text.startswith("Who may\nAnyone can.\n\nReset it\n\n1. Press Forgot?")


def test_a_heading_is_said_once_when_what_stood_before_it_is_left_out() -> None:
    aside = "Administrators occasionally misunderstand international organisational responsibilities."
    body = SHORT_INTRODUCTION.replace("Anyone can.", aside)
    text = answer("forgot password", f"{body}\nThe password counts at once.")
    assert text.startswith("Reset it\n1. Press")
    assert text.count("Reset it") == 1


def test_a_picture_says_nothing_in_an_answer() -> None:
    text = answer("how do I reset it", SHORT_INTRODUCTION.replace("page.", "page. ![pic](files/dialog.png)"))
    assert "pic" not in text


def test_chinese_is_shortened_too() -> None:
    text = answer("附件最大多少", CHINESE, language="zh")
    assert "单个附件最大 100 MB。" in text
    assert "颜色" not in text


def test_a_sentence_that_limits_the_one_before_it_is_said_with_it() -> None:
    assert "Programs are not accepted." in answer("may videos be compressed", LIMITS)


def test_what_the_page_is_about_is_not_repeated_to_whoever_found_it() -> None:
    assert "This article is for" not in answer("how large may an attachment be", LIMITS)
    assert "本文适用于" not in answer("附件最大多少", CHINESE, language="zh")


def test_a_page_for_few_people_only_says_so() -> None:
    body = "This article is only for Owners. Open Settings and select Close workspace."
    assert answer("close the workspace", body).startswith("This article is only for Owners.")


def test_steps_are_said_whole_and_in_order_under_their_heading_with_what_warns_of_them() -> None:
    text = answer("how do I restore a project", STEPS)
    assert text == (
        "Restore a project\nRestoring takes a few minutes.\n\n1. Open Settings > Backup.\n2. Choose the day.\n"
        "3. Select Restore as copy.\n\nThis cannot be undone. Only an Owner may do it."
    )


def test_chinese_steps_are_said_whole() -> None:
    text = answer("怎么恢复项目", CHINESE, passage=1, language="zh")
    assert text == "恢复项目\n1. 打开「设置 > 备份」。\n2. 选择日期。\n3. 点击「恢复为副本」。\n\n此操作不可撤销。"


def test_of_a_long_table_the_head_and_the_asked_row_are_said() -> None:
    text = answer("what does 429 mean", TABLE)
    assert f"Code | Meaning\n{GAP}\n429 | Too many requests\n{GAP}" in text
    assert "401" not in text


def test_a_question_about_the_columns_gets_the_whole_table() -> None:
    text = answer("which code has which meaning", TABLE)
    assert text.count(" | ") == 9


def test_code_is_said_whole_with_the_sentence_that_introduces_it() -> None:
    text = answer("send the token from a script", CODE)
    assert 'Send the token in the header:\n\ncurl -H "Authorization: Bearer $TOKEN" \\\n' in text
    assert text.endswith(f"projects\n\necho done\n\n{GAP}")


def test_a_question_in_foreign_words_gets_the_passage_as_it_is() -> None:
    assert answer("quelle est la taille", STEPS) == answer("restore", STEPS)


def test_a_mere_introduction_is_followed_by_the_steps_that_were_asked_for() -> None:
    body = "Projects can be kept safe in several ways.\n\n" + STEPS
    article = published(body)
    excerpts = extract(asked("how do I move a project"), article, article.passages[0].key)
    assert [one.heading for one in excerpts] == ["", "Move a project"]


def test_a_list_that_goes_on_in_the_next_passage_is_said_to_its_end() -> None:
    steps = "\n".join(f"{n}. Step {n} " + "of a very long list of things to do " * 4 for n in range(1, 16))
    article = published(f"## Install\n\n{steps}")
    assert len(article.passages) == 3
    for passage in article.passages:
        text = said(extract(asked("how do I install"), article, passage.key))
        assert re.findall(r"(?m)^(\d+)\. ", text) == [str(n) for n in range(1, 16)]


def test_another_article_is_said_too_only_if_it_answers_another_part() -> None:
    first = published("Guests see shared projects.", "Guests")
    second = published("A webhook tells your server about each change.", "Webhooks", name="webhooks")
    others = [(second, second.passages[0].key)]
    key = first.passages[0].key
    both = extract(asked("what do guests see and what does a webhook tell my server"), first, key, others)
    assert [one.published.article.id for one in both] == ["files", "webhooks"]
    alone = extract(asked("what do guests see"), first, key, others)
    assert [one.published.article.id for one in alone] == ["files"]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("See e.g. Settings. Then go.", 2),
        ("Version 3.2 is out. Upgrade (see p. 5. It is short.) now!", 2),
        ("打开设置。点击（见下文。）完成！", 2),
        ("点击「忘记密码？」并输入邮箱。然后点击「忘记密码？」。", 2),
        ("Use v2.1? Yes.\nNew line", 3),
    ],
)
def test_sentences_end_where_people_end_them(text: str, count: int) -> None:
    found = sentences(text)
    assert len(found) == count
    assert "".join(found) == text


# Whatever an editor writes and a customer asks.

WORDS = st.sampled_from(
    [
        "open",
        "the",
        "Settings",
        "token",
        "100",
        "MB",
        "never",
        "only",
        "Owner",
        "密码",
        "导出",
        "不能",
        "it",
        "3.2",
        "e.g.",
    ]
)
SENTENCE = st.lists(WORDS, min_size=1, max_size=12).map(lambda words: " ".join(words).capitalize()) | st.text(
    "abc 中文。！.?()「」*_`[]<>&|#-1\\", min_size=1, max_size=25
)
PARAGRAPH = st.lists(SENTENCE, min_size=1, max_size=6).map(lambda some: ". ".join(some) + ".")
STEP_LIST = st.lists(SENTENCE, min_size=1, max_size=6).map(
    lambda items: "\n".join(f"{n}. {item}" for n, item in enumerate(items, 1))
)
BULLETS = st.lists(SENTENCE, min_size=1, max_size=9).map(lambda items: "\n".join(f"- {item}" for item in items))
ROWS = st.lists(st.lists(WORDS, min_size=2, max_size=2), min_size=1, max_size=12).map(
    lambda rows: "\n".join(["| Key | Value |", "|---|---|", *(f"| {a} | {b} |" for a, b in rows)])
)
FENCE = st.lists(WORDS, min_size=1, max_size=8).map(lambda words: "```\n" + "\n\n".join(words) + "\n```")
HEADING = SENTENCE.map(lambda words: f"## {words}")
BODY = st.lists(PARAGRAPH | STEP_LIST | BULLETS | ROWS | FENCE | HEADING, min_size=1, max_size=9).map("\n\n".join)
QUESTION = st.lists(WORDS, max_size=8).map(" ".join)


def bare(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


@given(BODY, QUESTION, st.integers(0, 20))
def test_every_sentence_of_an_answer_stands_in_a_passage_that_it_cites(body: str, question: str, place: int) -> None:
    article = published(body)
    if not article.passages:
        return
    key = article.passages[place % len(article.passages)].key
    excerpts = extract(asked(question), article, key)
    assert 1 <= len(excerpts) <= MOST_PASSAGES
    assert key in {one.passage.key for one in excerpts}
    for one in excerpts:
        _stands_in_its_passage(one)
    order = [one.passage.position for one in excerpts]
    assert order == sorted(order)


def _stands_in_its_passage(one: Excerpt) -> None:
    whole = bare(to_text(one.passage.text))
    own, before = one.passage.heading.split(PATH_SEPARATOR)[-1], one.passage.lead
    assert not one.heading or one.heading == own or one.heading in to_text(before).split("\n")
    place = 0
    for part in filter(None, map(bare, re.split(rf"{GAP}|\n", one.text))):
        for sentence in filter(None, map(bare, sentences(part))):
            found = whole.find(sentence, place)
            assert found >= 0, f"{sentence!r} does not stand in {whole!r}, or not in this order"
            place = found + len(sentence)
    if GAP not in one.text:
        assert bare(one.text) == whole


EXPORTS = """You can export a report as PDF or as a table under Reports. More than a few rows come by e-mail.

## Export one report

1. Open the report.
2. Select Export.

## Export more than 50,000 rows

1. Start the export as usual.
2. Wait for the e-mail.
"""


def of_exports(question: str) -> str:
    """What is said where the last passage lies nearest."""
    article = published(EXPORTS, title="Export reports")
    return said(extract(asked(question), article, article.passages[2].key))


@pytest.mark.parametrize("question", ["export", "how do I export a report", "and as PDF?"])
def test_a_question_about_the_whole_begins_with_the_introduction_whatever_passage_lies_nearest(question: str) -> None:
    assert of_exports(question).startswith("You can export a report as PDF")


@pytest.mark.parametrize("question", ["export more than 50,000 rows", "why does my file never arrive"])
def test_a_question_that_says_more_than_the_introduction_is_answered_from_its_passage(question: str) -> None:
    assert of_exports(question).startswith("Export more than 50,000 rows\n1. Start the export as usual.")
