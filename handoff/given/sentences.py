"""Where sentences and clauses end, in English and Chinese: enough to quote one of them."""

from __future__ import annotations

import re

_END = re.compile(r"(?<=[。！？!?；])[”’」』\"')]*\s*|(?<=[.…])\s+(?=[^\s\d])|\n+")
_CLAUSE = re.compile(r"[,，;；。!?！？\n]|\.\s|\s+(?:but|and then|yet|so)\s+|(?=但是|但|可是|不过)")


def sentences_of(text: str) -> list[str]:
    """``text`` cut where its lines and sentences end. A dot within a number, a name or a link ends none."""
    return [piece.strip() for piece in _END.split(text) if piece and piece.strip()]


def clauses_of(sentence: str) -> list[str]:
    """One sentence cut at its commas and its "but"."""
    return [piece.strip() for piece in _CLAUSE.split(sentence) if piece and piece.strip()]
