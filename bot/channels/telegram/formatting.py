"""Plain text for Telegram: cut into messages where a person would, then marked up. Lengths are UTF-16 units."""

from __future__ import annotations

import html
import re
import unicodedata

MOST_UNITS = 4096
_SHORTEST = 0.4
# The best places first. A cut falls behind the match; the marks of a Chinese sentence need no space after them.
_CUTS = (
    re.compile(r"\n[ \t]*\n\s*"),
    re.compile(r"\n\s*"),
    re.compile(r"""[.!?…]["'”’)\]]*\s+|[。！？]["'”’）」』]*\s*"""),
    re.compile(r"\s+"),
)
_JOINER = "\u200d"
_TINTS = range(0x1F3FB, 0x1F400)
_FLAGS = range(0x1F1E6, 0x1F200)


def units(text: str) -> int:
    """The length that Telegram counts: characters beyond the basic plane, most emoji, count twice."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def split(text: str, limit: int = MOST_UNITS, first: int | None = None) -> list[str]:
    """Pieces of at most ``limit`` units (the first one: ``first``), without the white space at their ends.

    Not one for white space alone. Split before marking up: no tag and no ``&lt;`` can then be cut through.
    """
    pieces, rest, room = [], text.strip(), first or limit
    while units(rest) > room:
        cut = _cut(rest, _fitting(rest, room))
        pieces.append(rest[:cut].rstrip())
        rest, room = rest[cut:].lstrip(), limit
    return [*pieces, rest] if rest else pieces


def escape(text: str) -> str:
    return html.escape(text, quote=False)


def link(title: str, url: str) -> str:
    return f'<a href="{html.escape(url)}">{escape(title)}</a>'


def _fitting(text: str, room: int) -> int:
    """How many characters of ``text`` fit into ``room`` units."""
    used = 0
    for number, char in enumerate(text):
        used += 2 if char > "\uffff" else 1
        if used > room:
            return number
    return len(text)


def _cut(text: str, most: int) -> int:
    """Where to cut ``text``, at most ``most`` characters in. Not so early that a short piece goes out alone."""
    # One more character is looked at: white space just behind the piece belongs to neither.
    window = text[: most + 1]
    for pattern in _CUTS:
        for found in reversed(list(pattern.finditer(window))):
            end = found.start() + len(found[0].rstrip())
            if most * _SHORTEST <= end <= most:
                return end
    words = [found.start() for found in _CUTS[-1].finditer(window) if found.start() > 0]
    return words[-1] if words else _between_characters(text, most)


def _between_characters(text: str, most: int) -> int:
    """The last place within ``most`` that does not cut through what is seen as one character; ``most`` if none."""
    for place in range(most, max(most - 32, 0), -1):
        if not _belongs(text[place - 1], text[place]):
            return place
    return most


def _belongs(before: str, after: str) -> bool:
    return (
        _JOINER in (before, after)
        or unicodedata.category(after) in ("Mn", "Me", "Mc", "Cf")
        or ord(after) in _TINTS
        or (ord(before) in _FLAGS and ord(after) in _FLAGS)
    )
