"""What an article says, one statement after another: a sentence, a step, a row of a table, a line of code."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum

from markdown_it.token import Token

from kb_content.dialects import plain_markdown
from kb_content.markdown import one_space, parse, plain

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[^a-z\s])|(?<=[。！？；])\s*")
_QUOTED = re.compile(r"“([^”]{1,60})”|「([^」]{1,60})」|『([^』]{1,60})』|【([^】]{1,60})】|\"([^\"]{1,60})\"")
_STEP = r"(?:[A-Z][\w&'’-]*(?: [A-Z][\w&'’-]*){0,3}|[\u4e00-\u9fff]{1,10})"
_PATH = re.compile(rf"{_STEP}(?:\s*[>→›]\s*{_STEP})+")
_ADDRESS = re.compile(r"https?://[^\s<>\"'，。！？、）)]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII)
_LONGEST_NAME = 60


class Shape(Enum):
    """Where a statement stands."""

    HEADING = "heading"
    SENTENCE = "sentence"
    STEP = "step"
    ITEM = "item"
    ROW = "row"
    CODE = "code"


@dataclass(frozen=True)
class Statement:
    """``text``: its words without marks. ``names``: what is bold or in quotes, mostly buttons and fields."""

    shape: Shape
    text: str
    section: str
    names: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    links: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The same for two that differ in marks, case and punctuation at most; of code the very characters."""
        if self.shape is Shape.CODE:
            return f"code:{self.text.strip()}"
        folded = unicodedata.normalize("NFKC", self.text).casefold()
        bare = "".join(one for one in folded if one.isalnum() or one in "%$€£¥°")
        return "|".join((bare, *self.code, *self.links))


@dataclass
class _Marks:
    """The words of one inline token, and what in them is marked, by where it begins."""

    text: str = ""
    names: list[tuple[int, str]] = field(default_factory=list)
    code: list[tuple[int, str]] = field(default_factory=list)
    links: list[tuple[int, str]] = field(default_factory=list)


def statements(body: str) -> list[Statement]:
    """The statements of a Markdown text, in order."""
    found: list[Statement] = []
    section, lists, row = "", list[Shape](), _Marks()
    tokens = parse(plain_markdown(body))
    for number, token in enumerate(tokens):
        match token.type:
            case "ordered_list_open" | "bullet_list_open":
                lists.append(Shape.STEP if token.type.startswith("ordered") else Shape.ITEM)
            case "ordered_list_close" | "bullet_list_close":
                lists.pop()
            case "fence" | "code_block":
                lines = token.content.split("\n")
                found += [Statement(Shape.CODE, line, section, code=(line.strip(),)) for line in lines if line.strip()]
            case "tr_open":
                row = _Marks()
            case "tr_close":
                found += _cut(row, Shape.ROW, section, is_whole=True)
            case "inline":
                marks = _marks(token)
                opened = tokens[number - 1].type
                if opened == "heading_open":
                    section = plain(token)
                    found += _cut(marks, Shape.HEADING, section, is_whole=True)
                elif opened in ("td_open", "th_open"):
                    _append(row, marks)
                else:
                    found += _cut(marks, lists[-1] if lists else Shape.SENTENCE, section)
    return found


def _marks(token: Token) -> _Marks:
    marks, strong, links = _Marks(), list[int](), list[str]()
    for child in token.children or ():
        at = len(marks.text)
        match child.type:
            case "strong_open":
                strong.append(at)
            case "strong_close" if strong:
                begun = strong.pop()
                marks.names.append((begun, marks.text[begun:]))
            case "link_open":
                links.append(str(child.attrs.get("href", "")))
                marks.links.append((at, links[-1]))
            case "image":
                marks.links.append((at, str(child.attrs.get("src", ""))))
            case "code_inline":
                marks.code.append((at, one_space(child.content)))
                marks.text += child.content
            case "softbreak" | "hardbreak":
                marks.text += " "
            case "text":
                marks.text += child.content
    for quoted in _QUOTED.finditer(marks.text):
        marks.names.append((quoted.start(), next(filter(None, quoted.groups()))))
    marks.names += [(path.start(), step) for path in _PATH.finditer(marks.text) for step in _steps(path[0])]
    marks.links += [(found.start(), found[0].rstrip(".,;:")) for found in _ADDRESS.finditer(marks.text)]
    return marks


def _steps(path: str) -> list[str]:
    """The names in "Open Settings > Members"; what stands before the first one's last word may be a verb."""
    first, *others = (step.strip() for step in re.split("[>→›]", path))
    return [first.split()[-1], *others]


def _append(row: _Marks, cell: _Marks) -> None:
    at = len(row.text) + 3 if row.text else 0
    row.text = f"{row.text} | {cell.text}" if row.text else cell.text
    for mine, theirs in ((row.names, cell.names), (row.code, cell.code), (row.links, cell.links)):
        mine.extend((at + place, value) for place, value in theirs)


def _cut(marks: _Marks, shape: Shape, section: str, *, is_whole: bool = False) -> Iterator[Statement]:
    """One statement for each sentence, with the marks that begin in it."""
    begin = 0
    ends = [] if is_whole else [found for found in _SENTENCE_END.finditer(marks.text) if not _in_code(found, marks)]
    for end, following in [*((found.start(), found.end()) for found in ends), (len(marks.text), len(marks.text) + 1)]:
        text = one_space(marks.text[begin:end])
        if text:
            inside = range(begin, following)
            yield Statement(
                shape,
                text,
                section,
                names=tuple(
                    name for name in map(one_space, _of(marks.names, inside)) if 0 < len(name) <= _LONGEST_NAME
                ),
                code=tuple(_of(marks.code, inside)),
                links=tuple(dict.fromkeys(_of(marks.links, inside))),
            )
        begin = following


def _is_name(text: str) -> bool:
    return 0 < len(text) <= _LONGEST_NAME


def _of(marked: Sequence[tuple[int, str]], inside: range) -> Iterator[str]:
    return (value for place, value in marked if place in inside)


def _in_code(found: re.Match[str], marks: _Marks) -> bool:
    return any(place <= found.start() < place + len(code) for place, code in marks.code)
