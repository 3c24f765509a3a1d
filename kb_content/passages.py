"""From an article to its passages: pieces that make sense when quoted alone, each under its path of headings."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kb_content.articles import Article, Passage
from kb_content.blocks import Block, blocks, cut, size, with_definitions

LONGEST = 200
"""Words in a passage, as far as tables, code, steps and single list items allow; 400 characters in Chinese."""
ENOUGH = 120
"""Words from which on a passage is not filled up with more of its section."""
REST = 40
"""What is left at the end of a section with fewer words stays with what is before it."""
SHORTEST = 8
"""A passage with fewer words, its own heading included, is joined with a neighbour."""
PATH_SEPARATOR = " › "

_KEY_LENGTH = 12
_ANCHOR_KEY_LENGTH = 6


@dataclass(frozen=True)
class _Piece:
    path: tuple[str, ...]
    lead: str
    text: str

    @property
    def words(self) -> int:
        return size(" ".join([*self.path[-1:], self.text]))


def split(article: Article, version: int) -> tuple[Passage, ...]:
    """The passages of ``article`` in reading order. Every word of the body is in exactly one text or lead."""
    pieces = _joined(list(_pieces(article)))
    keys = _keys(article, pieces)
    anchors = _anchors(article, pieces, keys)
    return tuple(
        Passage(
            article_id=article.id,
            language=article.language,
            version=version,
            key=key,
            anchor=anchor,
            heading=PATH_SEPARATOR.join((article.title, *piece.path)),
            text=piece.text,
            position=position,
            lead=piece.lead,
        )
        for position, (piece, key, anchor) in enumerate(zip(pieces, keys, anchors, strict=True))
    )


def _pieces(article: Article) -> Iterator[_Piece]:
    path: list[tuple[int, str]] = []
    leads: list[str] = []
    section: list[Block] = []
    found, addresses = blocks(article.body)
    for number, block in enumerate(found):
        if block.kind != "heading":
            section.append(block)
            continue
        if section:
            yield from _section(path, leads, section, addresses)
            leads, section = [], []
        if number == 0 and len(found) > 1 and _same(block.words, article.title):
            continue
        path = [(level, words) for level, words in path if level < block.level]
        if block.words and not _same(block.words, article.title):
            path.append((block.level, block.words))
        leads.append(block.text)
    if section:
        yield from _section(path, leads, section, addresses)
    elif leads:
        yield _Piece((), "", "\n\n".join(leads))


def _section(
    path: list[tuple[int, str]], leads: list[str], section: list[Block], addresses: dict[str, str]
) -> Iterator[_Piece]:
    words = tuple(words for _, words in path)
    lead = "\n\n".join(leads)
    for part in _packed([part for block in section for part in cut(block, LONGEST)]):
        text = "\n\n".join(block.text for block in part)
        yield _Piece(words, lead, with_definitions(text, addresses))
        lead = ""


def _packed(section: list[Block]) -> list[list[Block]]:
    """The blocks of a section in parts, filled from the top so that an edit moves nothing above it."""
    parts: list[list[Block]] = []
    filled = 0
    for unit in _units(section):
        words = _words(unit)
        if not parts or filled >= ENOUGH or (filled >= REST and filled + words > LONGEST):
            parts.append([])
            filled = 0
        parts[-1] += unit
        filled += words
    if len(parts) > 1 and filled < REST and _words(parts[-2]) + filled <= LONGEST + REST:
        parts[-2:] = [parts[-2] + parts[-1]]
    return parts


def _units(section: list[Block]) -> list[list[Block]]:
    """``section`` in what must not be parted: a sentence that introduces something stays with it."""
    units: list[list[Block]] = []
    for number, block in enumerate(section):
        if number and section[number - 1].introduces(block):
            units[-1].append(block)
        else:
            units.append([block])
    return units


def _words(blocks: list[Block]) -> int:
    return sum(size(block.text) for block in blocks)


def _joined(pieces: list[_Piece]) -> list[_Piece]:
    """``pieces`` with every very short one joined to the neighbour that it belongs to most."""
    number = 0
    while len(pieces) > 1 and number < len(pieces):
        if pieces[number].words >= SHORTEST:
            number += 1
            continue
        first = number if _belongs_to_next(pieces, number) else number - 1
        pieces[first : first + 2] = [_join(pieces[first], pieces[first + 1])]
        number = first
    return pieces


def _belongs_to_next(pieces: list[_Piece], number: int) -> bool:
    if number == 0 or number + 1 == len(pieces):
        return number == 0
    path, before, after = pieces[number].path, pieces[number - 1].path, pieces[number + 1].path
    return path != before and after[: len(path)] == path


def _join(first: _Piece, second: _Piece) -> _Piece:
    path = first.path if size(first.text) >= size(second.text) else second.path
    return _Piece(path, first.lead, "\n\n".join(filter(None, (first.text, second.lead, second.text))))


def _same(words: str, title: str) -> bool:
    return words.casefold() == title.casefold()


def _keys(article: Article, pieces: list[_Piece]) -> list[str]:
    """A short hash of each text under its heading, which no edit elsewhere changes; equal ones differ by the headings
    above, then by count."""
    keys: list[str] = []
    for piece in pieces:
        said = [article.id, article.language, *piece.path[-1:], _normal(piece.text)]
        key = _hash(said)
        if key in keys:
            said = [*said, *piece.path]
            key = _hash(said)
        count = 1
        while key in keys:
            count += 1
            key = _hash([*said, str(count)])
        keys.append(key)
    return keys


def _normal(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _hash(said: Sequence[str]) -> str:
    return hashlib.sha256("\0".join(said).encode("utf-8", "replace")).hexdigest()[:_KEY_LENGTH]


def _anchors(article: Article, pieces: list[_Piece], keys: list[str]) -> list[str]:
    anchors: list[str] = []
    for piece, key in zip(pieces, keys, strict=True):
        name = _anchor_name(piece.path[-1] if piece.path else article.title)
        short = f"{name}-{key[:_ANCHOR_KEY_LENGTH]}"
        anchors.append(f"{name}-{key}" if short in anchors else short)
    return anchors


def _anchor_name(words: str) -> str:
    """ASCII only: an anchor travels through links of every chat platform. Letters first, as CSS wants it."""
    folded = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "-", folded).strip("-")[:40].strip("-")
    return name if name[:1].isalpha() else f"s-{name}".rstrip("-")
