"""Lines of a PDF as Markdown: headings, paragraphs, points, tables and code, by how they are set."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from statistics import median

from bot.learning.importing.pdf_lines import Line

_HEADING = 1.08
"""How many times as large as the text a line must be set to be a heading."""
_LONGEST_HEADING, _LONGEST_BOLD = 120, 80
_BULLET = re.compile(r"^[•◦▪‣●○■□∙·–\uf0b7\uf0a7]\s*(?=\S)")
_NUMBERED = re.compile(r"^\d{1,2}[.)]\s")
_ENDS = re.compile(r"[.!?:;。！？：；]$")
_CJK = re.compile(r"[\u2e80-\u9fff\uff00-\uffef]")
_DEEPEST = 4
_NEAR = 8.0
"""Points within which two things begin at the same place."""
Cells = list[tuple[float, str]]
"""Of a row: where each begins, and what it says."""


@dataclass
class _Block:
    """What is being put together. ``kind``: text, point, inset, code, row or heading."""

    kind: str
    text: str
    x: float
    size: float = 0.0
    lines: int = 1
    cells: Cells = field(default_factory=list)


@dataclass(frozen=True)
class _Setting:
    """How most of the text is set: its size, its left edge, and from which distance on a line begins something."""

    size: float
    left: float
    gap: float

    @classmethod
    def of(cls, lines: Sequence[Line]) -> _Setting:
        sizes: Counter[float] = Counter()
        for line in lines:
            sizes[line.size] += len(line.text)
        size = sizes.most_common(1)[0][0] if sizes else 0.0
        body = [line for line in lines if line.size == size]
        lefts = Counter(round(line.x) for line in body)
        gaps = [line.gap for line in body if 0.9 <= line.gap <= 2.5]
        usual = min(1.5, median(gaps)) if gaps else 1.2
        return cls(size, float(min((x for x, n in lefts.items() if n * 5 >= len(body)), default=0)), 1.3 * usual)


def markdown_of(lines: Sequence[Line], title: str = "") -> str:
    """``lines`` as Markdown. What says no more than ``title`` at the beginning is left out."""
    setting, rows = _Setting.of(lines), _rows(lines)
    blocks: list[_Block] = []
    for number, line in enumerate(lines):
        _take(blocks, lines[number - 1] if number else None, line, setting, rows.get(number, []))
    if blocks and blocks[0].kind == "heading" and blocks[0].text == title:
        del blocks[0]
    return "\n\n".join(_written(_settled(blocks))).strip()


def largest_line(lines: Sequence[Line]) -> str:
    """The largest line near the top: what the document is called where it does not say so."""
    first = lines[:12]
    return max(first, key=lambda line: line.size).text[:_LONGEST_HEADING] if first else ""


def _rows(lines: Sequence[Line]) -> dict[int, Cells]:
    """The lines that are rows of a table, with their cells: several below each other that stand apart at the same
    places."""
    found: dict[int, Cells] = {}
    run: list[tuple[int, Cells]] = []
    for number, line in enumerate(lines):
        cells = line.cells(is_below_row=bool(run))
        if len(cells) > 1 and not (line.is_mono or _NUMBERED.match(line.text) or _BULLET.match(line.text)):
            run.append((number, cells))
        elif not (run and _column(run[-1][1], line)):
            found |= _aligned(run)
            run = []
    return found | _aligned(run)


def _aligned(run: Sequence[tuple[int, Cells]]) -> dict[int, Cells]:
    pairs = list(pairwise(cells for _, cells in run))
    same = sum(any(abs(x - other) < _NEAR for x, _ in one[1:] for other, _ in two[1:]) for one, two in pairs)
    return dict(run) if pairs and 2 * same >= len(pairs) else {}


def _take(blocks: list[_Block], before: Line | None, line: Line, setting: _Setting, cells: Cells) -> None:
    """``cells``: of a row of a table."""
    held = blocks[-1] if blocks else None
    if line.is_mono:
        _take_code(blocks, held, line)
    elif cells:
        blocks.append(_Block("row", line.text, line.x, line.size, cells=cells))
    elif held is not None and held.kind == "row" and (column := _column(held.cells, line)) and line.gap <= setting.gap:
        x, text = held.cells[column]
        held.cells[column] = (x, f"{text} {line.text}")
    elif _is_heading(line, setting):
        _take_heading(blocks, held, line)
    elif held is None or before is None or _begins(held, before, line, setting):
        blocks.append(_begun(line, setting))
    else:
        held.text, held.lines = _joined(held.text, _words(line)), held.lines + 1


def _take_code(blocks: list[_Block], held: _Block | None, line: Line) -> None:
    if held is not None and held.kind == "code":
        width = (line.end - line.x) / max(1, len(line.text))
        indent = " " * max(0, round((line.x - held.x) / width)) if width else ""
        held.text = f"{held.text}\n{indent}{line.text}"
    else:
        blocks.append(_Block("code", line.text, line.x))


def _take_heading(blocks: list[_Block], held: _Block | None, line: Line) -> None:
    """A heading that is too long for its line goes on in the next one."""
    if held is not None and held.kind == "heading" and held.size == line.size and line.gap < 1.4:
        held.text = _joined(held.text, line.text)
    else:
        blocks.append(_Block("heading", line.text, line.x, line.size))


def _begun(line: Line, setting: _Setting) -> _Block:
    words = _words(line)
    if (point := _BULLET.sub("- ", words)) != words:
        return _Block("point", point, line.x)
    if _NUMBERED.match(words):
        return _Block("point", words, line.x)
    is_inset = line.x > setting.left + 1.2 * line.size
    return _Block("inset" if is_inset else "text", words, line.x)


def _begins(held: _Block, before: Line, line: Line, setting: _Setting) -> bool:
    """Whether something new begins with ``line``: by its mark, its distance, its indent, or as the line before it
    ended although there was room for more."""
    if held.kind in ("heading", "row", "code") or _BULLET.match(line.text) or _NUMBERED.match(line.text):
        return True
    if line.gap > setting.gap:
        return True
    step = line.x - before.x
    if step > 0.8 * line.size and held.kind != "point":
        return True
    if step < -0.8 * line.size and (held.lines > 1 or held.kind == "point"):
        return True
    return bool(_ENDS.search(before.text)) and _had_room(before, line)


def _had_room(before: Line, line: Line) -> bool:
    """Whether the first word of ``line`` would have stood on the line before."""
    each = (line.end - line.x) / max(1, len(line.text))
    first = 1 if _CJK.match(line.text[:1]) else len(line.text.split(" ", 1)[0])
    return before.end + each * (first + 2) < before.right


def _is_heading(line: Line, setting: _Setting) -> bool:
    text = line.text
    if not setting.size or len(text) > _LONGEST_HEADING or not any(character.isalnum() for character in text):
        return False
    if line.size >= _HEADING * setting.size:
        return True
    is_apart = line.gap > setting.gap
    is_bold = line.is_bold and line.size >= 0.97 * setting.size and len(text) <= _LONGEST_BOLD
    return is_bold and is_apart and not _ENDS.search(text) and not _NUMBERED.match(text)


def _column(cells: Cells, line: Line) -> int:
    """Which cell of a row goes on in ``line``; 0 for none: the first one begins a row."""
    near = (number for number, (x, _) in enumerate(cells) if abs(x - line.x) < _NEAR)
    return next(near, 0)


def _words(line: Line) -> str:
    """Its text, with what is set as code marked as that."""
    if line.is_mono or not any(piece.is_mono for piece in line.pieces):
        return line.text
    marked = [
        f"{_space(piece.text[:1])}`{piece.text.strip()}`{_space(piece.text[-1:])}" if piece.is_mono else piece.text
        for piece in line.pieces
    ]
    return " ".join("".join(marked).replace("``", "").split())


def _space(end: str) -> str:
    return " " if end == " " else ""


def _joined(held: str, text: str) -> str:
    if held.endswith("-") and text[:1].islower():
        return held[:-1] + text
    return held + text if _CJK.match(text[:1]) and _CJK.match(held[-1:]) else f"{held} {text}"


def _settled(blocks: Sequence[_Block]) -> list[_Block]:
    """Several insets below each other are points, whose marks were drawn."""
    kinds = [None, *(block.kind for block in blocks), None]
    for number, block in enumerate(blocks, 1):
        has_like = block.kind in (kinds[number - 1], kinds[number + 1])
        if block.kind == "inset":
            block.kind, block.text = ("point", f"- {block.text}") if has_like else ("text", block.text)
    for _, several in groupby(blocks, key=lambda block: block.kind):
        rows = list(several)
        widest = max(len(row.cells) for row in rows)
        for row in rows:
            row.cells += [(0.0, "")] * (widest - len(row.cells))
    return list(blocks)


def _written(blocks: Sequence[_Block]) -> list[str]:
    ranks = sorted({block.size for block in blocks if block.kind == "heading"}, reverse=True)
    found: list[str] = []
    before = ""
    for block in blocks:
        text = _text(block, ranks)
        if block.kind == before and block.kind in ("point", "row"):
            found[-1] += f"\n{text}"
        elif block.kind == "row":
            found.append(f"{text}\n|{' --- |' * len(block.cells)}")
        else:
            found.append(text)
        before = block.kind
    return found


def _text(block: _Block, ranks: Sequence[float]) -> str:
    if block.kind == "heading":
        return f"{'#' * min(_DEEPEST, 2 + ranks.index(block.size))} {block.text}"
    if block.kind == "code":
        return f"```\n{block.text}\n```"
    if block.kind == "row":
        return f"| {' | '.join(text.replace('|', '/') for _, text in block.cells)} |"
    return block.text
