"""Characters in a text that nobody sees, but that a search, a command or a link trips over. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

_JOINERS = "\u200c\u200d"
_VARIATIONS = "\ufe0e\ufe0f"
_NAMES = {"\x00": "NULL", "\x08": "BACKSPACE", "\x1b": "ESCAPE", "\x7f": "DELETE"}
_SEEN_CONTROLS = "\n\t"
_SPACES = {
    char: " " for char in "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f"
}
# As a space between words of Chinese it is what people type.
_WIDE_SPACE = "\u3000"
_BLANK_LETTERS = "\u115f\u1160\u3164\uffa0\u2800\u034f\u17b4\u17b5\u180e"
_LINE_ENDS = re.compile(r"[\u2028\u2029\x0b\x0c\x85]")


@dataclass(frozen=True)
class Unseen:
    """One such character. ``line`` and ``column`` count from 1; ``code`` is its ``U+200B``, ``name`` Unicode's own."""

    line: int
    column: int
    code: str
    name: str
    is_turning: bool = False
    """Whether it turns the direction of what follows, so that a reader sees something else than a machine."""


def unseen(text: str) -> list[Unseen]:
    """What of ``text`` is invisible or looks like a plain space and is none, in order; joined emoji are well."""
    found, line, start = [], 1, 0
    for at, char in enumerate(text):
        if char == "\n":
            line, start = line + 1, at + 1
        elif _is_unseen(text, at):
            name = _NAMES.get(char, unicodedata.name(char, "CONTROL CHARACTER"))
            turns = unicodedata.bidirectional(char) in _TURNING
            found.append(Unseen(line, at - start + 1, f"U+{ord(char):04X}", name, turns))
    return found


def without_unseen(text: str) -> str:
    """``text`` with plain spaces and line ends for those of other kinds, and without all the rest of it."""
    return "".join(_written(text))


_TURNING = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})


def _written(text: str) -> Iterator[str]:
    for at, char in enumerate(text):
        if not _is_unseen(text, at):
            yield char
        elif char in _SPACES:
            yield _SPACES[char]
        elif _LINE_ENDS.match(char):
            yield "\n"


def _is_unseen(text: str, at: int) -> bool:
    char = text[at]
    if char.isalnum() or char in _SEEN_CONTROLS or char in (" ", _WIDE_SPACE):
        return char in _BLANK_LETTERS
    if char in _JOINERS or char in _VARIATIONS:
        return not _joins(text, at)
    return char in _SPACES or char in _BLANK_LETTERS or unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp", "Co")


def _joins(text: str, at: int) -> bool:
    """Whether a joiner or a variation does its work: behind a letter of a script that needs it, or behind an emoji."""
    before = text[at - 1] if at else ""
    if text[at] in _VARIATIONS:
        return bool(before) and not before.isspace()
    after = text[at + 1 : at + 2]
    return bool(before) and bool(after) and _needs_joiners(before) and _needs_joiners(after)


def _needs_joiners(char: str) -> bool:
    return ord(char) > 0x5FF and not char.isspace() and not 0x2000 <= ord(char) <= 0x206F
