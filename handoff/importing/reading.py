"""A CSV file as lines of named values, whatever program saved it: commas, semicolons or tabs, UTF-8 or GB 18030."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

from handoff.errors import BadFile
from handoff.wording import clean

MOST_BYTES = 2 * 1024 * 1024
MOST_LINES = 20_000
_BETWEEN = ";,、；，"


@dataclass(frozen=True)
class Column:
    """A column that a file may have; ``also`` are other headings that mean it."""

    name: str
    is_needed: bool = False
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Line:
    """A line of a file; ``number`` is where it stands, the heading being line 1. A cell that is empty is left out."""

    number: int
    values: dict[str, str]

    def get(self, column: str) -> str | None:
        return self.values.get(column)

    def several(self, column: str) -> list[str]:
        """The parts of a cell that may hold several, each once."""
        text = self.values.get(column, "")
        for mark in _BETWEEN:
            text = text.replace(mark, "\n")
        return list(dict.fromkeys(part for part in (" ".join(each.split()) for each in text.split("\n")) if part))


def read_lines(content: bytes, columns: Sequence[Column]) -> list[Line]:
    """The lines of ``content`` below its heading, empty ones left out. Raises BadFile with the reason."""
    if len(content) > MOST_BYTES:
        raise BadFile("The file is larger than 2 MB. Import it in parts.")
    text = decoded(content)
    heading, *rows = rows_of(text) or [(1, [])]
    names = _names(heading[1], columns)
    if len(rows) > MOST_LINES:
        raise BadFile(f"The file has more than {MOST_LINES:,} lines. Import it in parts.")
    found = [Line(number, _values(names, cells)) for number, cells in rows]
    return [line for line in found if line.values]


def decoded(content: bytes) -> str:
    """Spreadsheets write UTF-8 with a mark, or what their computer's language has: GB 18030, Windows-1252.

    Raises BadFile.
    """
    try:
        return content.decode("utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig")
    except UnicodeDecodeError:
        runs = re.findall(rb"[\x80-\xff]+", content)
    # A Chinese character is two such bytes; letters with accents stand alone between plain ones.
    is_chinese = 2 * sum(len(run) % 2 == 0 for run in runs) >= len(runs)
    try:
        return content.decode("gb18030" if is_chinese else "cp1252")
    except UnicodeDecodeError:
        raise BadFile("The file is not text that can be read. Save it as CSV in UTF-8.") from None


def rows_of(text: str) -> list[tuple[int, list[str]]]:
    """The cells of each line that has any, with the number of the line that it begins in. Raises BadFile."""
    first = text.lstrip().partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    found, begins = [], 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                found.append((begins, [clean(cell).strip() for cell in cells]))
            begins = reader.line_num + 1
    except csv.Error:
        raise BadFile(
            f"The file cannot be read from line {begins} on: a quotation mark may be missing there."
        ) from None
    return found


def _names(heading: Sequence[str], columns: Sequence[Column]) -> list[str]:
    """What the columns of the file are called here, in their order."""
    known = {_plain(word): column.name for column in columns for word in (column.name, *column.also)}
    listed = ", ".join(column.name for column in columns)
    unknown = [cell for cell in heading if _plain(cell) not in known]
    if unknown:
        raise BadFile(f"There is no column {unknown[0]!r}. The first line names the columns: {listed}.")
    names = [known[_plain(cell)] for cell in heading]
    missing = [column.name for column in columns if column.is_needed and column.name not in names]
    if missing:
        raise BadFile(f"The column {missing[0]!r} is missing. The first line names the columns: {listed}.")
    if len(set(names)) < len(names):
        raise BadFile("Two columns of the file mean the same. Keep one of them.")
    return names


def _plain(heading: str) -> str:
    return heading.strip().casefold().replace("-", "").replace("_", "").replace(" ", "")


def _values(names: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    # Cells beyond the heading are left out only where they are empty: else a quotation mark was forgotten.
    if any(cells[len(names) :]):
        return {"": "too many"}
    return {name: cell for name, cell in zip(names, cells, strict=False) if cell}
