"""Gold questions as a table: a CSV file with the columns text, language and expect, by whatever names they go."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

from kb_content.articles import GoldQuestion
from kb_content.fields import one_line
from kb_content.gold_file import read_gold
from kb_content.language import guess_language, normal_tag
from kb_content.problems import Problem, Problems

_COLUMNS = {
    "text": ("text", "question", "questions", "customer question", "问题", "文本"),
    "language": ("language", "lang", "语言"),
    "expect": ("expect", "expected", "article", "articles", "right article", "article id", "文章", "期望"),
}
_SHAPE = "the first line must name the columns text, language and expect (the ids of the right articles)"


def read_questions(
    name: str, content: bytes, guess: Callable[[str], str] = guess_language
) -> tuple[list[GoldQuestion], list[Problem]]:
    """The questions of an uploaded .jsonl or .csv file and its problems; a bad line is left out. Never raises.

    ``guess``: what is taken for the language of a question of which the file says none.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return [], [Problem(name, line, "the file is not UTF-8 text: save it as UTF-8")]
    if not name.lower().endswith((".csv", ".tsv")):
        found, problems = read_gold(text, name, guess)
        return [question for question, _ in found], problems
    return _table(text, name, guess)


def _table(text: str, name: str, guess: Callable[[str], str]) -> tuple[list[GoldQuestion], list[Problem]]:
    problems = Problems(name)
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        header = next(rows, [])
        places = {field: _place(header, names) for field, names in _COLUMNS.items()}
        if places["text"] is None or places["expect"] is None:
            problems.error(1, f"{_SHAPE}: nothing was read")
            return [], problems.found
        found = [_question(row, places, rows.line_num, problems, guess) for row in rows if any(row)]
    except csv.Error as error:
        problems.error(rows.line_num, f"this is not CSV ({error}): nothing was read")
        return [], problems.found
    return [question for question in found if question], problems.found


def _place(header: list[str], names: tuple[str, ...]) -> int | None:
    said = [one_line(cell).casefold().replace("_", " ") for cell in header]
    return next((said.index(name) for name in names if name in said), None)


def _question(
    row: list[str], places: dict[str, int | None], line: int, problems: Problems, guess: Callable[[str], str]
) -> GoldQuestion | None:
    cells = {field: row[place] if place is not None and place < len(row) else "" for field, place in places.items()}
    text, written = one_line(cells["text"]), one_line(cells["language"])
    if not text:
        problems.error(line, "the line has no question: it was left out")
        return None
    language = normal_tag(written) if written else None
    if written and not language:
        problems.error(line, f"`{written[:40]}` is no language: write en, zh, pt-BR …; it was guessed")
    ids = cells["expect"].replace(";", " ").replace(",", " ").replace("|", " ").split()
    return GoldQuestion(text, language or guess(text), tuple(dict.fromkeys(ids)))
