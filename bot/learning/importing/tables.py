"""A CSV file as articles: which column holds what is guessed from the headings, and can be said."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.learning.importing.errors import NoBodyColumn, NoSuchColumn
from handoff.importing.reading import decoded, rows_of

FIELDS = ("id", "title", "body", "questions", "language", "category", "tags", "intent", "applies_to", "review_by")
"""What a column can hold, by the names of an article's front matter."""
MOST_ROWS = 20_000

_WORDS = {
    "id": "id key slug articleid number nr 编号",
    "title": "title subject name heading question titel betreff frage 标题 问题 题目",
    "body": "body content text answer article html description solution reply inhalt antwort 正文 内容 答案 回答 解答",
    "questions": "questions examples otherquestions alsoasked synonyms variants fragen 相似问题 例句 相似问 问法",
    "language": "language lang locale sprache 语言",
    "category": "category section folder group topic kategorie 分类 类别",
    "tags": "tags labels keywords schlagworte 标签 关键词",
    "intent": "intent 意图",
    "applies_to": "appliesto version versions 版本",
    "review_by": "reviewby reviewdate expires 复核日期",
}
_HEADINGS = {field: tuple(words.split()) for field, words in _WORDS.items()}
_TAG = re.compile(r"<(p|br|div|ul|ol|li|h[1-6]|table|a|strong|span)\b[^>]*>", re.IGNORECASE)


@dataclass(frozen=True)
class Table:
    """The file as it is: the headings, and the rows with the line that each begins in."""

    columns: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]

    def example(self, column: str) -> str:
        """The first thing that stands in it."""
        place = self.columns.index(column)
        return next((cells[place] for _, cells in self.rows if len(cells) > place and cells[place]), "")


@dataclass(frozen=True)
class Record:
    """A row by the fields of an article; empty cells are left out."""

    line: int
    values: Mapping[str, str]


def read_table(content: bytes) -> Table:
    """The rows of a CSV file. Raises BadFile."""
    from handoff.errors import BadFile

    found = rows_of(decoded(content))
    if len(found) < 2:
        raise BadFile("The file has no lines below its first one, which names the columns.")
    if len(found) > MOST_ROWS:
        raise BadFile(f"The file has more than {MOST_ROWS:,} lines. Import it in parts.")
    (_, heading), *rows = found
    names = tuple(cell.strip() or f"column {place}" for place, cell in enumerate(heading, 1))
    return Table(names, tuple((line, tuple(cells)) for line, cells in rows))


def guessed(table: Table) -> dict[str, str]:
    """The column of each field, as far as the headings tell; a FAQ's question is its title, its answer the body."""
    plain = {column: _plain(column) for column in table.columns}
    found: dict[str, str] = {}
    for field in FIELDS:
        named = (column for word in _HEADINGS[field] for column, name in plain.items() if name == word)
        column = next((one for one in named if one not in found.values()), None)
        if column is not None:
            found[field] = column
    return found


def mapped(table: Table, mapping: Mapping[str, str]) -> list[Record]:
    """The rows by the fields of an article. Raises NoBodyColumn or NoSuchColumn."""
    for column in mapping.values():
        if column not in table.columns:
            raise NoSuchColumn(column, ", ".join(table.columns))
    if not mapping.get("body") or not mapping.get("title"):
        raise NoBodyColumn
    places = {field: table.columns.index(column) for field, column in mapping.items() if field in FIELDS}
    return [Record(line, dict(_values(cells, places))) for line, cells in table.rows]


def is_html(records: Sequence[Record]) -> bool:
    """Whether the texts are HTML, as help desks export them."""
    bodies = [record.values.get("body", "") for record in records[:200]]
    return sum(bool(_TAG.search(body)) for body in bodies) * 2 > len(bodies)


def several(cell: str) -> tuple[str, ...]:
    """The parts of a cell that holds several: one a line, else between | or ;."""
    parts = cell.split("\n") if "\n" in cell else re.split(r"[|;；]", cell)
    return tuple(dict.fromkeys(part for one in parts if (part := " ".join(one.split()))))


def _values(cells: Sequence[str], places: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    for field, place in places.items():
        if place < len(cells) and cells[place].strip():
            yield field, cells[place]


def _plain(heading: str) -> str:
    return re.sub(r"[\s_\-./]+", "", heading).casefold()
