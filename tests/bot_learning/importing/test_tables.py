"""A spreadsheet of questions and answers becomes articles, whatever its columns are called."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.learning.importing.errors import NoBodyColumn, NoSuchColumn, NotReadable
from bot.learning.importing.reading import Read, read_files
from bot.learning.importing.shelving import Choices
from bot.learning.importing.tables import guessed, read_table
from handoff.errors import BadFile


def read(tmp_path: Path, content: str | bytes, mapping: dict[str, str] | None = None, **choices: str) -> Read:
    (tmp_path / "faq.csv").write_bytes(content.encode() if isinstance(content, str) else content)
    return read_files(tmp_path, Choices(**choices), lambda sentence: None, mapping)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("heading", "expected"),
    [
        ("Question,Answer", {"title": "Question", "body": "Answer"}),
        ("ID;Betreff;Inhalt;Kategorie", {"id": "ID", "title": "Betreff", "body": "Inhalt", "category": "Kategorie"}),
        ("标题\t正文\t标签\t相似问", {"title": "标题", "body": "正文", "questions": "相似问", "tags": "标签"}),
        ("Article ID,title,body,locale,Review-By", {"title": "title", "body": "body", "language": "locale"}),
        ("a,b", {}),
    ],
)
def test_columns_are_guessed_by_their_headings(heading: str, expected: dict[str, str]) -> None:
    delimiter = max(",;\t", key=heading.count)
    line = delimiter.join("x" for _ in heading.split(delimiter))
    found = guessed(read_table(f"{heading}\n{line}\n".encode()))
    assert expected.items() <= found.items()
    assert found.keys() >= expected.keys() if expected else not found


def test_a_row_is_an_article_with_all_that_its_columns_say(tmp_path: Path) -> None:
    text = (
        "id,title,body,questions,language,category,tags,applies_to,review_by\r\n"
        'reset,Reset a password,"Open the page.\r\n\r\nPress Reset.",forgot it|cannot get in,en,account,"login, web",'
        ">=3.2,2027-01-01\r\n"
        ",重置密码,打开设置页面，点击重置按钮。,,,,,,\r\n"
    )
    first, second = sorted(read(tmp_path, text).folder.articles, key=lambda one: one.language)
    assert (first.id, first.title, first.body) == ("reset", "Reset a password", "Open the page.\n\nPress Reset.")
    assert (first.questions, first.category, first.tags) == (
        ("forgot it", "cannot get in"),
        "account",
        ("login", "web"),
    )
    assert (first.applies_to, first.review_by) == (">=3.2", "2027-01-01")
    assert (second.language, second.title) == ("zh", "重置密码")
    assert second.id.startswith("article-")


def test_columns_can_be_said_and_choices_hold_for_all(tmp_path: Path) -> None:
    text = "Nr;Was;Wie\n1;Kennwort;Seite öffnen\n"
    asked = read(tmp_path, text.encode("cp1252"))
    assert asked.folder.articles == (), "nobody can tell what is what"
    assert asked.table is not None
    assert asked.table.columns == ("Nr", "Was", "Wie")
    said = read(tmp_path, text.encode("cp1252"), {"title": "Was", "body": "Wie"}, language="de", category="konto")
    (article,) = said.folder.articles
    assert (article.title, article.body, article.language, article.category) == (
        "Kennwort",
        "Seite öffnen",
        "de",
        "konto",
    )
    with pytest.raises(NoSuchColumn, match=r"'Wo'.*Nr, Was, Wie"):
        read(tmp_path, text, {"title": "Wo", "body": "Wie"})
    with pytest.raises(NoBodyColumn):
        read(tmp_path, text, {"title": "Was"})


def test_rows_that_lack_something_are_named_by_their_line(tmp_path: Path) -> None:
    found = read(tmp_path, 'title,body\nA,"one\ntwo"\n,three\nC,\n').folder
    assert [article.title for article in found.articles] == ["A"]
    assert [str(one) for one in found.errors] == [
        "faq.csv:4: the line has no title. It was left out",
        "faq.csv:5: the line has no body. It was left out",
    ]


def test_two_rows_of_one_title_are_two_articles(tmp_path: Path) -> None:
    found = read(tmp_path, "title,body\nSame,one\nSame,two\n").folder.articles
    assert sorted(article.body for article in found) == ["one", "two"]
    assert len({article.id for article in found}) == 2


def test_html_of_a_help_desk_becomes_markdown(tmp_path: Path) -> None:
    (article,) = read(tmp_path, 'title,body\nReset,"<p>Open <b>it</b>.</p><ul><li>Go</li></ul>"\n').folder.articles
    assert article.body == "Open **it**.\n\n- Go"


@pytest.mark.parametrize("content", [b"", b"title,body\n", b'title,body\na,"never closed\n'])
def test_a_file_that_is_no_table_is_refused_in_a_sentence(tmp_path: Path, content: bytes) -> None:
    with pytest.raises((BadFile, NotReadable), match=r"no lines below|cannot be read from line 2"):
        read(tmp_path, content)
