"""The lines of a PDF's pages as they are set: where each piece of text begins and ends, how large, and in what type."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

_REPEATED = 0.6
"""The share of pages on which a line stands that belongs to the paper, not to the text."""
_CELL, _NEXT_CELL = 1.2, 0.55
"""Heights of a line between two pieces of text from which on they are cells of a table; below another row it is less,
as the spaces of a justified line are not looked for there."""
_EDGE = 2
"""Lines at the top and at the bottom of a page among which running heads and feet are looked for."""
_PAGE_NUMBER = re.compile(
    r"[\W_]*(?:page|seite|página|第)?\s*\d{1,4}\s*(?:页|頁)?(?:\s*(?:/|of|von|de|共)\s*\d{1,4}\s*(?:页|頁)?)?[\W_]*\Z",
    re.I,
)
_AT_END = re.compile(r"^\d{1,4}(?=\s)|(?<=\s)\d{1,4}$")
_CONTENTS = re.compile(r"(?:[.·…]\s?){5,}\s*(?:\d+|[ivxlc]+)$")
"""How a line of a table of contents ends: it answers nothing."""
_FORMS = re.compile("[\u2e80-\u2fdf\ufb00-\ufb06]")
"""Radicals and ligatures, which fonts have for what is written as plain characters."""
_MONO = re.compile(r"mono|courier|cousine|consol|menlo|typewriter|fixed|tt\d|code", re.IGNORECASE)
_BOLD = re.compile(r"bold|black|heavy|semibold|demi", re.IGNORECASE)


@dataclass(frozen=True)
class Piece:
    """Text that was set in one go. ``x`` and ``end``: from where to where, in points."""

    text: str
    x: float
    end: float
    size: float
    is_mono: bool = False
    is_bold: bool = False


@dataclass(frozen=True)
class Line:
    """``y``: its height on the page, from below; ``size``: of most of its letters, in points."""

    pieces: tuple[Piece, ...]
    y: float
    size: float
    gap: float = 1.0
    """From the line before, in heights of a line."""
    right: float = field(default=0.0, compare=False)
    """Where the longest line of its page ends."""

    @property
    def text(self) -> str:
        return " ".join("".join(piece.text for piece in self.pieces).split())

    @property
    def x(self) -> float:
        return self.pieces[0].x

    @property
    def end(self) -> float:
        return self.pieces[-1].end

    @property
    def is_mono(self) -> bool:
        return all(piece.is_mono for piece in self.pieces)

    @property
    def is_bold(self) -> bool:
        return all(piece.is_bold for piece in self.pieces)

    def cells(self, is_below_row: bool = False) -> list[tuple[float, str]]:
        """Pieces that stand apart, each with where it begins; one of plain text."""
        apart = (_NEXT_CELL if is_below_row else _CELL) * self.size
        found: list[tuple[float, str]] = []
        end = 0.0
        for piece in self.pieces:
            if found and piece.x - end < apart:
                found[-1] = (found[-1][0], found[-1][1] + piece.text)
            else:
                found.append((piece.x, piece.text))
            end = piece.end
        return [(x, " ".join(text.split())) for x, text in found]


def lines_of(pages: Sequence[Any]) -> list[Line]:
    """All lines of the text, as the pages write them, without running heads, feet and page numbers."""
    return [line for lines in _without_margins([_page_lines(page) for page in pages]) for line in lines]


class _Setter:
    """Takes what ``extract_text`` visits, piece by piece."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self._pieces: list[Piece] = []
        self._y = 0.0

    def visit(self, text: str, cm: list[float], tm: list[float], font: Any, font_size: float) -> None:
        y = tm[5] * cm[3] + cm[5] if cm[3] else tm[5]
        x = tm[4] * cm[0] + cm[4] if cm[0] else tm[4]
        scale = abs(tm[3] or tm[0] or 1.0) * abs(cm[3] or 1.0)
        if not text and self._pieces and abs(y - self._y) < 0.1 and x > self._pieces[-1].x:
            # What comes after a piece says where it ended.
            self._pieces[-1] = replace(self._pieces[-1], end=x)
        for number, part in enumerate(_plain(text).split("\n")):
            if number:
                self.close()
            if part.strip():
                self._add(part, x, y, float(font_size or 0) * scale, str((font or {}).get("/BaseFont", "")))
            elif part and self._pieces:
                self._pieces[-1] = replace(self._pieces[-1], text=f"{self._pieces[-1].text} ")

    def _add(self, part: str, x: float, y: float, size: float, font: str) -> None:
        if not self._pieces:
            self._y = y
        is_mono = bool(_MONO.search(font))
        end = x + (0.6 if is_mono else 0.5) * size * len(part)
        self._pieces.append(Piece(part, x, end, size, is_mono, bool(_BOLD.search(font))))

    def close(self) -> None:
        if self._pieces:
            size, before = _size(self._pieces), self.lines[-1] if self.lines else None
            gap = abs(before.y - self._y) / max(size, before.size, 1.0) if before is not None else 1.0
            self.lines.append(Line(tuple(self._pieces), self._y, size, gap))
        self._pieces = []


def _page_lines(page: Any) -> list[Line]:
    setter = _Setter()
    page.extract_text(visitor_text=setter.visit)
    setter.close()
    right = max((line.end for line in setter.lines), default=0.0)
    return [replace(line, right=right) for line in setter.lines]


def _size(pieces: Sequence[Piece]) -> float:
    sizes: Counter[float] = Counter()
    for piece in pieces:
        sizes[round(piece.size, 1)] += len(piece.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _plain(text: str) -> str:
    return _FORMS.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)


def _without_margins(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    everywhere = Counter(shape for lines in pages for shape in {_shape(line) for line in lines})
    edges = [_edges(lines) for lines in pages]
    at_edges = Counter(shape for lines in edges for shape in {_shape(line) for line in lines})
    limit, share = max(3, _REPEATED * len(pages)), max(2, _REPEATED * len(pages))
    counting = _counting(edges)

    def is_margin(line: Line, edge: Sequence[Line]) -> bool:
        if everywhere[_shape(line)] >= limit or _CONTENTS.search(line.text):
            return True
        is_at_edge = any(line is one for one in edge)
        is_number = _PAGE_NUMBER.match(line.text) is not None or id(line) in counting
        return is_at_edge and (at_edges[_shape(line)] >= share or is_number)

    return [[line for line in lines if not is_margin(line, edge)] for lines, edge in zip(pages, edges, strict=True)]


def _counting(edges: Sequence[Sequence[Line]]) -> frozenset[int]:
    """Which lines at the edges, by ``id``, count the pages: a head that names the chapter is another one each time."""
    found: dict[int, list[int]] = {}
    largest = 1.05 * _size([piece for edge in edges for line in edge for piece in line.pieces])
    for number, edge in enumerate(edges):
        # A heading at the top of its page may begin with the number of its chapter.
        for line in (line for line in edge if line.size <= largest):
            for digits in _AT_END.findall(line.text):
                found.setdefault(int(digits) - number, []).append(id(line))
    most = max(found.values(), key=len, default=[])
    return frozenset(most) if len(most) >= max(3, _REPEATED * len(edges)) else frozenset()


def _edges(lines: Sequence[Line]) -> list[Line]:
    """The lines at the top and at the bottom of a page, wherever in the file they are."""
    placed = sorted(lines, key=lambda line: line.y)
    return [*placed[:_EDGE], *placed[_EDGE:][-_EDGE:]]


def _shape(line: Line) -> str:
    return re.sub(r"\d+", "#", line.text)
