from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb_content.articles import Article, Term
from kb_content.folder import Folder, read_folder
from kb_content.glossary_file import GlossaryFile, read_glossary, term_from, term_values, unused_terms, write_glossary

ReadKb = Callable[[dict[str, str | bytes]], Folder]
ARTICLE = "---\ntitle: Delete a workspace\nlanguage: en\n---\nOpen the settings of the workspace.\n"
GOOD = """\
- term: workspace
  also: [team space, work area]
  language: en
  meaning: Where a team keeps its projects.
- term: 工作区
  also:
    - 团队空间
    - workspace
"""


def read(text: str) -> GlossaryFile:
    return read_glossary(text, "glossary.yml")


def told(text: str) -> list[str]:
    return [str(problem) for problem in read(text).problems]


def test_a_glossary_is_a_list_of_terms_with_other_words_for_them() -> None:
    file = read(GOOD)
    assert file.problems == ()
    assert file.terms == (
        Term("workspace", ("team space", "work area"), "en", "Where a team keeps its projects."),
        Term("工作区", ("团队空间", "workspace"), "zh"),
    )
    assert file.lines == (1, 5)


def test_one_line_of_other_words_is_a_list_too() -> None:
    assert read("- {term: workspace, also: 'team space, work area', language: en}").terms[0].also == (
        "team space",
        "work area",
    )


def test_keys_that_nobody_knows_are_kept_and_told() -> None:
    file = read("- term: seat\n  also: [licence]\n  owner: {name: eve}\n")
    assert file.terms[0].extra == {"owner": {"name": "eve"}}
    assert told("- term: seat\n  also: [licence]\n  owner: eve\n") == [
        "glossary.yml:3: `owner` is not a key that Firstline knows: it is kept but has no effect"
    ]


@pytest.mark.parametrize(
    ("text", "words", "terms"),
    [
        ("- also: [x]\n", "glossary.yml:1: an entry has no `term`", 0),
        ("- term: a\n  also: [b]\n- term: A\n  also: [c]\n", "glossary.yml:3: the term `A` is already on line 1", 1),
        (
            "- term: team-space\n  also: [b]\n- term: team space\n",
            "glossary.yml:3: the term `team space` is already",
            1,
        ),
        ("- term: a\n  also: [b]\n  language: 7 up\n", "glossary.yml:3: `7 up` is no language", 1),
        ("- term: a\n  also: {b: c}\n", "glossary.yml:2: `also` must be a list", 1),
        ("- term: a\n  also: []\n", "glossary.yml:1: `a` has no other words", 1),
        ("- term: a\n  also: [b]\n- term: b\n  also: [c]\n", "glossary.yml:1: `b` is a term itself", 2),
        ("- term: a\n  also: [A]\n", "glossary.yml:1: `A` is a term itself", 1),
        ("- term: a\n  also: [x]\n- term: b\n  also: [X]\n", "glossary.yml:3: `X` stands under `a` too", 2),
        ("a: b\n", "glossary.yml:1: the glossary is not a valid YAML list", 0),
        ("- just a word\n", "glossary.yml:1: the glossary is not a valid YAML list", 0),
        ("- term: [a\n", "glossary.yml:2: the glossary is not a valid YAML list", 0),
    ],
)
def test_what_is_wrong_is_told_with_its_line_and_the_rest_is_taken(text: str, words: str, terms: int) -> None:
    assert [problem for problem in told(text) if problem.startswith(words)] != []
    assert len(read(text).terms) == terms


def test_the_same_word_may_mean_something_in_each_language() -> None:
    assert read("- {term: a, also: [x], language: en}\n- {term: b, also: [x], language: zh}\n").problems == ()


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "---\n"])
def test_an_empty_file_is_an_empty_glossary(text: str) -> None:
    assert read(text) == GlossaryFile("glossary.yml")


def test_a_term_that_no_article_says_is_told() -> None:
    file = read("- term: Work-Space\n  also: [x]\n- term: vault\n  also: [y]\n- term: 保险库\n  also: [z]\n")
    article = Article("a", "en", "The workspace", "Text.")
    assert [str(problem) for problem in unused_terms(file, [article])] == [
        "glossary.yml:3: no article in `en` says `vault`: write the term as the articles do"
    ]


def test_a_folder_has_its_glossary_in_one_file(read_kb: ReadKb) -> None:
    folder = read_kb({"articles/a.md": ARTICLE, "glossary.yml": "- {term: workspace, also: [space], language: en}\n"})
    assert folder.glossary == (Term("workspace", ("space",), "en"),)
    assert folder.problems == ()
    twice = read_kb({"glossary.yaml": "- {term: seat, also: [licence]}\n"})
    assert [term.term for term in twice.glossary] == ["workspace"]
    assert "put all terms there" in str(twice.errors[0])


def test_a_glossary_that_cannot_be_opened_is_told_and_taken_for_no_empty_one(read_kb: ReadKb) -> None:
    folder = read_kb({"articles/a.md": ARTICLE, "glossary.yml": b"- term: caf\xe9\n"})
    assert not folder.is_glossary_read
    assert "glossary.yml:1: the file is not UTF-8 text" in str(folder.errors[0])
    assert read_kb({"articles/a.md": ARTICLE, "glossary.yml": "a: ["}).is_glossary_read is False


def test_a_glossary_is_no_link_to_outside_the_folder(read_kb: ReadKb, tmp_path: Path) -> None:
    read_kb({"articles/a.md": ARTICLE})
    (tmp_path / "elsewhere.yml").write_text("- {term: a, also: [b]}\n")
    (tmp_path / "kb" / "glossary.yml").symlink_to(tmp_path / "elsewhere.yml")
    folder = read_folder(tmp_path / "kb")
    assert folder.glossary == ()
    assert "link to outside" in str(folder.errors[0])


words = st.text(max_size=20).map(lambda text: " ".join(text.split())).filter(lambda text: bool(text.strip("\0")))


@given(words, st.lists(words, max_size=3), st.sampled_from(["en", "zh", "pt-BR"]), st.text(max_size=20))
def test_what_was_written_is_read_back(term: str, also: list[str], language: str, meaning: str) -> None:
    once = read(write_glossary([Term(term, tuple(also), language, meaning)])).terms
    assert read(write_glossary(once)).terms == once
    assert len(once) == 1
    assert tuple(map(term_from, map(term_values, once))) == once


@given(st.text(max_size=200))
def test_no_text_is_too_odd_to_be_read(text: str) -> None:
    assert isinstance(read(text), GlossaryFile)
