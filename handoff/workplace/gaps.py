"""The words of a macro: which language, what goes into their gaps, and whether an agent changed them. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

GAPS = ("customer", "agent", "number", "subject", "account", "promise", "article")
"""What can stand in braces. Other words in braces are refused when a macro is saved, so that no customer reads them."""
_GAP = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True)
class Filled:
    """Words ready to be looked over. ``left``: the gaps nothing was known for; they still stand in the text."""

    text: str
    left: tuple[str, ...] = ()


def gaps_in(text: str) -> tuple[str, ...]:
    """The names in braces, each once, in their order."""
    return tuple(dict.fromkeys(_GAP.findall(text)))


def unknown_gaps(text: str) -> tuple[str, ...]:
    return tuple(name for name in gaps_in(text) if name not in GAPS)


def fill(text: str, values: Mapping[str, str | None]) -> Filled:
    """``text`` with what is known in its gaps. What goes in is not looked through for gaps again."""
    left: list[str] = []

    def put(found: re.Match[str]) -> str:
        value = values.get(found[1])
        if value:
            return value
        left.append(found[1])
        return found[0]

    filled = _GAP.sub(put, text)
    return Filled(filled, tuple(dict.fromkeys(left)))


def words_in(texts: Mapping[str, str], language: str | None) -> tuple[str, str]:
    """(language, text) for somebody who speaks ``language``: in it, in its wider one, in English, else in any there is.

    ("", "") where there are none.
    """
    wanted = (language or "").lower()
    by_code = {code.lower(): code for code in texts}
    wider = wanted.split("-")[0]
    narrower = next((code for code in sorted(by_code) if code.split("-")[0] == wider), "")
    for code in (wanted, wider, narrower, "en", *sorted(by_code)):
        if code in by_code and texts[by_code[code]]:
            return by_code[code], texts[by_code[code]]
    return "", ""


def is_edited(template: str, said: str) -> bool:
    """Whether what was said is more than ``template`` with something in its gaps. Space around it does not count."""
    first, *rest = re.split(_GAP.pattern.replace("(", "(?:", 1), template.strip())
    words = said.strip()
    if not words.startswith(first):
        return True
    if not rest:
        return words != first
    place = len(first)
    for part in rest[:-1]:
        found = words.find(part, place)
        if found < 0:
            return True
        place = found + len(part)
    return not (words.endswith(rest[-1]) and len(words) - len(rest[-1]) >= place)
