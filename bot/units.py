"""A passage as the units that an answer keeps or leaves out: sentences, steps, items, rows, pieces of code."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from kb_content.html import TextBlock, text_blocks

WordsOf = Callable[[str], Sequence[str]]

_END = re.compile(
    r"[.!?]+[\"'”’)\]]*(?=\s)"
    r"|。+[」』”’]*"
    # 「忘记密码？」 is a label in the middle of a sentence as often as its end.
    r"|[！？!?]+(?![」』”’！？!?])"
    r"|[！？!?]+[」』”’]+(?:[。！？]|\s*$)"
)
_OPENING, _CLOSING = "([（「『《【“", ")]）」』》】”"
_ABBREVIATION = re.compile(r"(?:^|[\s(])(?:[A-Za-z]|e\.g|i\.e|vs|cf|approx|fig|mr|ms|mrs|dr)\.$", re.IGNORECASE)
_LONGEST_BRACKET = 400
_BEGINNING = re.compile(r"\s*[\"'“‘(\[「『（《【]*[^\sa-z]")
_INTRODUCES = (":", "：")


class Kind(Enum):
    HEADING = "heading"
    SENTENCE = "sentence"
    STEPS = "steps"
    ITEM = "item"
    HEAD = "head"
    """The first row of a table."""
    ROW = "row"
    WHOLE = "whole"
    """Code, or a quotation: never cut inside."""


@dataclass(frozen=True)
class Unit:
    """``block``: the number of its block in the passage. ``tail``: what follows it within the block, if anything."""

    kind: Kind
    text: str
    block: int
    words: frozenset[str]
    tail: str = ""

    @property
    def introduces(self) -> bool:
        """Whether it says no more than that the next block follows."""
        return self.kind in (Kind.SENTENCE, Kind.STEPS, Kind.ITEM) and self.text.endswith(_INTRODUCES)


@lru_cache(maxsize=4_000)
def units_of(markdown: str, words_of: WordsOf) -> tuple[Unit, ...]:
    """The units of a passage in order. Texts and tails joined, blocks by empty lines, are its plain text.

    They are kept, since reading Markdown takes longer than all that follows.
    """
    return tuple(
        Unit(kind, text, number, frozenset(words_of(text)), tail)
        for number, block in enumerate(text_blocks(markdown))
        for kind, text, tail in _pieces(block)
    )


def _pieces(block: TextBlock) -> Iterator[tuple[Kind, str, str]]:
    match block.kind:
        case "heading":
            yield Kind.HEADING, block.text, ""
        case "paragraph":
            for sentence in sentences(block.text):
                said = sentence.rstrip()
                yield Kind.SENTENCE, said, sentence[len(said) :]
        case "ordered_list":
            yield Kind.STEPS, block.text, ""
        case "bullet_list":
            yield from ((Kind.ITEM, item, "\n") for item in block.parts)
        case "table":
            for number, row in enumerate(block.parts):
                yield Kind.ROW if number else Kind.HEAD, row, "\n"
        case _:
            yield Kind.WHOLE, block.text, ""


def sentences(text: str) -> list[str]:
    """The sentences of a paragraph, each with the space behind it; none ends within brackets or at an abbreviation."""
    found, start = [], 0
    for line in re.split(r"(?<=\n)", text):
        end_of_line = start + len(line)
        while (end := _first_end(text, start, end_of_line)) is not None:
            found.append(text[start:end])
            start = end
        if start < end_of_line:
            found.append(text[start:end_of_line])
        start = end_of_line
    return [sentence for sentence in found if sentence.strip()]


def _first_end(text: str, start: int, limit: int) -> int | None:
    for match in _END.finditer(text, start, limit):
        said = text[start : match.end()]
        if _ABBREVIATION.search(said[-12:]) or (len(said) < _LONGEST_BRACKET and _depth(said) > 0):
            continue
        rest = text[match.end() : limit]
        if match[0][0] in ".!?" and not _BEGINNING.match(rest):
            continue
        return match.end() + len(rest) - len(rest.lstrip())
    return None


def _depth(text: str) -> int:
    """How many brackets are still open."""
    return sum(text.count(sign) for sign in _OPENING) - sum(text.count(sign) for sign in _CLOSING)
