from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from kb_content.articles import GoldQuestion, LeadsTo, Mode
from kb_content.folder import Folder, read_folder

ReadKb = Callable[[dict[str, str | bytes]], Folder]
GOOD = "---\ntitle: Good\n---\nText of a good article.\n"


def shown(folder: Folder) -> list[str]:
    return [str(problem) for problem in folder.errors]


def test_a_folder_with_articles_alone_is_enough(read_kb: ReadKb) -> None:
    folder = read_kb({"articles/good.md": GOOD})
    assert [article.id for article in folder.articles] == ["good"]
    assert folder.problems == ()
    assert folder.places == {("good", "en"): "articles/good.md"}


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"data.txt": "x"}, "a KB folder has Markdown files, in articles/ or as they are"),
        ({"_build/a.md": GOOD, ".git/b.md": GOOD}, "neither a folder articles/ nor a Markdown file"),
        ({"articles/.hidden.md": GOOD}, "there is no article in it"),
    ],
)
def test_a_folder_of_another_shape_is_told_what_is_expected(
    read_kb: ReadKb, files: dict[str, str | bytes], words: str
) -> None:
    folder = read_kb(files)
    assert folder.articles == ()
    assert [words in problem.message for problem in folder.errors] == [True]


def test_a_picture_that_is_not_in_the_folder_is_named_with_its_line(read_kb: ReadKb) -> None:
    text = "---\ntitle: Lamp\n---\nHere it is.\n\n![lamp](../files/灯.png)\n\n![plug](../files/plug.png)\n"
    folder = read_kb({"articles/lamp.md": text, "files/plug.png": b"\x89PNG\r\n\x1a\n"})
    assert [(each.path, each.line, each.is_error) for each in folder.problems] == [("articles/lamp.md", 6, False)]
    assert "there is no files/灯.png in this folder" in folder.problems[0].message


def test_a_missing_folder_is_a_sentence(tmp_path: Path) -> None:
    assert "does not exist" in str(read_folder(tmp_path / "nowhere").errors[0])


def test_a_bad_article_never_stops_the_others(read_kb: ReadKb) -> None:
    folder = read_kb(
        {
            "articles/good.md": GOOD,
            "articles/yaml.md": "---\ntitle: [a\n---\nx",
            "articles/large.md": "x" * 10_000_000,
            "articles/latin.md": b"---\ntitle: a\n---\ncaf\xe9",
            "articles/untitled.md": "---\nlanguage: en\n---\ntext here",
            "articles/zz.md": "---\nid: good\ntitle: Twice\n---\nx",
        }
    )
    assert [article.title for article in folder.articles] == ["Good", "Untitled"]
    assert len(folder.errors) == 5
    words = {problem.path: str(problem) for problem in folder.errors}
    assert "10.0 MB" in words["articles/large.md"]
    assert words["articles/latin.md"].startswith("articles/latin.md:4: the file is not UTF-8")
    assert "already in articles/good" in "".join(shown(folder))
    assert "no title" in words["articles/untitled.md"]
    assert "not valid YAML" in words["articles/yaml.md"]
    assert folder.unread_articles == {"yaml", "large", "latin"}


def test_a_duplicate_names_the_first_file(read_kb: ReadKb) -> None:
    folder = read_kb({"articles/a.md": GOOD, "articles/b.md": "---\ntitle: B\nid: a\n---\nx"})
    assert shown(folder) == [
        "articles/b.md:3: the article `a` in `en` is already in articles/a.md: give one of them another `id` or "
        "`language`. This file was left out"
    ]


def test_a_pair_is_one_id_in_two_languages(read_kb: ReadKb) -> None:
    folder = read_kb({"articles/en/a.md": GOOD, "articles/zh/a.md": "---\ntitle: 好\n---\n一段正文。"})
    assert [(article.id, article.language) for article in folder.articles] == [("a", "en"), ("a", "zh")]
    assert folder.errors == ()


def test_documentation_full_of_index_files_gets_ids_from_its_folders(read_kb: ReadKb) -> None:
    folder = read_kb(
        {
            "articles/en/index.md": "# Home\n\nx",
            "articles/en/guide/index.md": "# Guide\n\nx",
            "articles/en/api/index.md": "# API\n\nx",
            "articles/en/api/usage.md": "# Usage\n\nx",
        }
    )
    assert [article.id for article in folder.articles] == ["api-index", "guide-index", "index", "usage"]
    assert folder.errors == ()


PAGE = "# A page\n\nSome words that a customer could read.\n"


def test_a_folder_of_documentation_is_a_knowledge_base_as_it_is(read_kb: ReadKb) -> None:
    folder = read_kb(
        {
            "index.md": PAGE,
            "howto/basics/defer.md": "Defer a job\n===========\n\nCall it.",
            "zh/howto.mdx": "# 指南\n\n一段正文。",
            "_partials/part.md": PAGE,
            "node_modules/x/readme.md": PAGE,
            "gold/q.jsonl": '{"text": "how", "expect": ["defer"]}',
        }
    )
    assert [(article.id, article.language, article.title) for article in folder.articles] == [
        ("defer", "en", "Defer a job"),
        ("howto", "zh", "指南"),
        ("index", "en", "A page"),
    ]
    assert folder.places["defer", "en"] == "howto/basics/defer.md"
    assert folder.errors == ()
    assert len(folder.gold) == 1


def test_the_first_page_of_a_folder_is_called_after_it_before_there_is_another(read_kb: ReadKb) -> None:
    assert [article.id for article in read_kb({"guide/index.md": PAGE}).articles] == ["guide-index"]
    both = read_kb({"guide/index.md": PAGE, "index.md": PAGE, "api/README.md": PAGE})
    assert [article.id for article in both.articles] == ["api-README", "guide-index", "index"]


def test_two_files_of_one_name_are_two_articles_and_a_note_says_how_they_keep_their_ids(read_kb: ReadKb) -> None:
    folder = read_kb({"en/basics/defer.md": PAGE, "en/advanced/defer.md": PAGE, "zh/basics/defer.md": "# 页\n\n正文。"})
    assert [(article.id, article.language) for article in folder.articles] == [
        ("advanced-defer", "en"),
        ("basics-defer", "en"),
        ("basics-defer", "zh"),
    ]
    notes = [problem for problem in folder.problems if "after its folders" in problem.message]
    assert [(note.path, note.is_error) for note in notes] == [
        ("en/advanced/defer.md", False),
        ("en/basics/defer.md", False),
        ("zh/basics/defer.md", False),
    ]
    assert "write an `id`" in notes[0].message


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("# Guides\n\n:::{toctree}\na\nb\n:::", "no text of its own"),
        ("```{include} ../CHANGELOG.md\n```", "no text of its own"),
        ("# Guides\n\n[TOC]\n", "no text of its own"),
        (
            "# Guides\n\n- [Load a roll](setup/load.md)\n- [Network](../network/#ip) | [Codes](codes.html)\n",
            "no text of its own",
        ),
        ("---\ntitle: Soon\ndraft: true\n---\nWords.", "is a draft"),
        ("+++\ntitle = 'Soon'\ndraft = true\n+++\nWords.", "is a draft"),
        ("---\npublished: false\n---\nWords.", "is a draft"),
    ],
)
def test_a_page_that_is_none_for_customers_is_left_out_with_a_note(read_kb: ReadKb, page: str, words: str) -> None:
    folder = read_kb({"a.md": PAGE, "guides.md": page})
    assert [article.id for article in folder.articles] == ["a"]
    assert folder.errors == ()
    assert [words in problem.message for problem in folder.problems if problem.path == "guides.md"][-1]
    assert folder.unread_articles == set()


@pytest.mark.parametrize(
    "item",
    [
        "[Load a roll](load.md): paper of up to 203 mm",
        "[Drivers](https://printers.example/drivers)",
        "[Order form](files/order.pdf)",
        "Network",
    ],
)
def test_a_list_that_says_more_than_where_to_read_on_is_an_article(read_kb: ReadKb, item: str) -> None:
    folder = read_kb({"guides.md": f"# Guides\n\n- [Load a roll](load.md)\n- {item}\n"})
    assert [article.id for article in folder.articles] == ["guides"]


def test_front_matter_of_another_tool_is_kept_without_a_word(read_kb: ReadKb) -> None:
    toml = '+++\ntitle = "Set up"\nweight = 3\ndate = 2026-01-02\n[menu]\nname = "x"\n+++\n\nWords to read.'
    yaml = "---\ntitle: Other\nsidebar_position: 2\nlayout: page\n---\nWords to read."
    folder = read_kb({"a.md": toml, "b.md": yaml})
    assert [article.title for article in folder.articles] == ["Set up", "Other"]
    assert [article.body for article in folder.articles] == ["Words to read.", "Words to read."]
    assert folder.problems == ()


def test_a_title_is_read_without_its_markup(read_kb: ReadKb) -> None:
    folder = read_kb({"a.md": "(top)=\n# {term}`Defer` a job {#defer}\n\nWords."})
    assert folder.articles[0].title == "Defer a job"


def test_even_files_that_differ_only_in_signs_get_ids_of_their_own(read_kb: ReadKb) -> None:
    folder = read_kb({f"articles/{name}.md": GOOD for name in ("a b", "a-b", "a_/x", "a/x")})
    assert len(folder.articles) == 4
    assert folder.errors == ()


def test_the_same_question_in_two_articles_is_a_warning(read_kb: ReadKb) -> None:
    asking = "---\ntitle: T\nquestions:\n  - other\n  - {}\n---\nText"
    folder = read_kb(
        {
            "articles/a.md": asking.format("Where is it?"),
            "articles/b.md": asking.format("WHERE, is it").replace("other", "o"),
        }
    )
    assert [(problem.path, problem.line, problem.is_error) for problem in folder.problems] == [
        ("articles/b.md", 5, False)
    ]
    assert "also in articles/a.md" in folder.problems[0].message


def test_an_unknown_intent_is_a_warning_where_there_are_intents(read_kb: ReadKb) -> None:
    article = "---\ntitle: T\nintent: bilig\n---\nText"
    assert read_kb({"articles/a.md": article}).problems == ()
    folder = read_kb({"articles/a.md": article, "intents/billing.yml": "examples: {en: [money]}"})
    assert [(problem.path, problem.line, problem.is_error) for problem in folder.problems] == [
        ("articles/a.md", 3, False)
    ]


def test_an_intent_is_read_with_every_field(read_kb: ReadKb) -> None:
    text = (
        "name: outage\nexamples:\n  en: [it is down, 'all: dead']\n  zh: [挂了]\nleads_to: escalate\nurgent: true\n"
        "team: ops\npriority: P0\ntier: 2\nmode: off\nreplies:\n  en: One moment.\n"
    )
    intent = read_kb({"articles/a.md": GOOD, "intents/outage.yml": text}).intents[0]
    assert (intent.name, intent.leads_to, intent.mode, intent.urgent) == ("outage", LeadsTo.ESCALATE, Mode.OFF, True)
    assert intent.examples == {"en": ("it is down", "all: dead"), "zh": ("挂了",)}
    assert (intent.team, intent.priority, intent.tier) == ("ops", "P0", 2)
    assert intent.replies == {"en": ("One moment.",)}


@pytest.mark.parametrize(
    ("text", "line", "words", "is_error", "is_taken"),
    [
        ("leads_to: nowhere\nexamples: {en: [a]}", 1, "must be one of answer, escalate, smalltalk", True, False),
        ("examples: {en: [a]}\nmode: automatic", 2, "must be one of off, suggest, auto", True, False),
        ("name: bad name\nexamples: {en: [a]}", 1, "cannot be used", True, False),
        ("a: b: c", 1, "not valid YAML", True, False),
        ("examples: {en: [a]}\npriority: high", 2, "must be P0", True, True),
        ("examples: {en: [a]}\ntier: 9", 2, "must be 1, 2 or 3", True, True),
        ("examples: {en: [a]}\nurgent: very", 2, "must be true or false", True, True),
        ("examples: {english: [a], en: [b]}", 1, "no language", True, True),
        ("leads_to: answer", 1, "no examples", False, True),
        ("examples: [a, b]", 1, "names no languages", False, True),
        ("examples: {en: [a]}\ncolour: red", 2, "not a key", False, True),
    ],
)
def test_a_bad_intent_is_named_with_its_line(
    read_kb: ReadKb, text: str, line: int, words: str, is_error: bool, is_taken: bool
) -> None:
    folder = read_kb({"articles/a.md": GOOD, "intents/x.yml": text})
    first = folder.problems[0]
    assert (first.path, first.line, first.is_error) == ("intents/x.yml", line, is_error)
    assert words in first.message
    assert [intent.name for intent in folder.intents] == ["x"][: int(is_taken)]
    assert folder.unread_intents == set() if is_taken else {"x"}


def test_two_files_of_one_intent_are_an_error(read_kb: ReadKb) -> None:
    folder = read_kb(
        {"articles/a.md": GOOD, "intents/a.yml": "name: x\nexamples: {en: [a]}", "intents/x.yml": "name: x"}
    )
    assert "already in intents/a.yml" in folder.errors[0].message


def test_gold_questions_are_read_line_by_line(read_kb: ReadKb) -> None:
    lines = [
        '{"text": "where", "language": "en", "expect": ["a"]}',
        "",
        '{"text": "天气", "expect": []}',
        '{"text": "one", "language": "en", "expect": "a", "note": 1}',
    ]
    folder = read_kb({"articles/a.md": GOOD, "gold/en.jsonl": "\ufeff" + "\r\n".join(lines)})
    assert folder.problems == ()
    assert folder.gold == (
        GoldQuestion("where", "en", ("a",)),
        GoldQuestion("one", "en", ("a",), {"note": 1}),
        GoldQuestion("天气", "zh", ()),
    )


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{text: x}", "not JSON"),
        ("[1]", 'no `"text"`'),
        ('{"text": "", "expect": []}', 'no `"text"`'),
        ('{"text": "x"}', "must be a list of article ids"),
        ('{"text": "x", "expect": [1]}', "must be a list of article ids"),
        ('{"text": "x", "expect": ["nowhere"]}', "there is no article `nowhere`"),
        ("[" * 50_000, "not JSON"),
    ],
)
def test_a_bad_gold_line_is_left_out_alone(read_kb: ReadKb, line: str, words: str) -> None:
    good = '{"text": "where", "language": "en", "expect": ["a"]}'
    folder = read_kb({"articles/a.md": GOOD, "gold/q.jsonl": f"{line}\n{good}"})
    assert [question.text for question in folder.gold] == ["where"]
    assert [(problem.path, problem.line) for problem in folder.errors] == [("gold/q.jsonl", 1)]
    assert words in folder.errors[0].message


def test_gold_for_an_article_that_could_not_be_read_is_not_blamed(read_kb: ReadKb) -> None:
    folder = read_kb(
        {
            "articles/b.md": GOOD,
            "articles/a.md": "---\ntitle: [a\n---\nx",
            "gold/q.jsonl": '{"text": "x", "expect": ["a"]}',
        }
    )
    assert [problem.path for problem in folder.errors] == ["articles/a.md"]


def test_links_out_of_the_folder_and_into_nothing_are_refused(tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_text("secret")
    articles = tmp_path / "kb" / "articles"
    articles.mkdir(parents=True)
    (articles / "a.md").write_text(GOOD)
    (articles / "b.md").symlink_to(tmp_path / "secret.md")
    (articles / "c.md").symlink_to(tmp_path / "nothing.md")
    (articles / "d.md").symlink_to(articles / "a.md")
    (articles / "loop").symlink_to(tmp_path)
    (articles / "e.md").mkdir()
    os.mkfifo(articles / "f.md")
    folder = read_folder(tmp_path / "kb")
    assert [article.id for article in folder.articles] == ["a", "d"]
    assert ["outside" in shown(folder)[0], "nowhere" in shown(folder)[1], "not a plain" in shown(folder)[2]] == [
        True
    ] * 3
    assert len(folder.errors) == 3


def test_problems_come_by_file_and_line(read_kb: ReadKb) -> None:
    folder = read_kb({"articles/a.md": "---\nx: 1\ny: 2\ntitle: t\nreview_by: z\n---\nb", "articles/0.md": "text"})
    assert [(problem.path, problem.line) for problem in folder.problems] == [
        ("articles/0.md", 1),
        ("articles/0.md", 2),
        ("articles/a.md", 2),
        ("articles/a.md", 3),
        ("articles/a.md", 5),
    ]
