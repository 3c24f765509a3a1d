"""Make any text that came from outside safe to store, search and show."""

from __future__ import annotations

from handoff import wording

LONGEST = 100_000


def clean(text: str) -> str:
    """``text`` as it is stored: no control characters or broken surrogates, at most LONGEST characters."""
    return wording.clean(text[:LONGEST])


def shorten(text: str, limit: int) -> str:
    """The first words of ``text`` on one line, at most ``limit`` characters, with an ellipsis where it was cut."""
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    cut = line[: limit - 1]
    space = cut.rfind(" ")
    return (cut[:space] if space > limit // 2 else cut).rstrip() + "…"
