"""What the choices of a clarifying question are called: by title, and by more where several have the same. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from kb_content.markdown import parse, plain
from retrieval.reader import Hit
from retrieval.texts import plain_key

_OPENING = 40
"""Characters of a text that fit on a button beside its title."""


def told_apart(hits: Sequence[Hit]) -> list[str]:
    """A name for each: its title, and in brackets what sets it apart where another has the same title.

    That is what its id says beyond the others' in words: pages of documentation are called Installation in a folder for
    each product, and their ids have the folders. Where it says none, it is what its passage begins with.
    """
    counts = Counter(plain_key(hit.title) for hit in hits)
    return [hit.title if counts[plain_key(hit.title)] == 1 else _set_apart(hit, _named_like(hit, hits)) for hit in hits]


def _named_like(hit: Hit, hits: Sequence[Hit]) -> list[Hit]:
    return [each for each in hits if plain_key(each.title) == plain_key(hit.title)]


def _set_apart(hit: Hit, alike: Sequence[Hit]) -> str:
    for names in (_own_words(alike), [_opening(each) for each in alike]):
        if all(names) and len(set(names)) == len(alike):
            return f"{hit.title} ({names[alike.index(hit)]})"
    return f"{hit.title} ({hit.article_id})"


def _own_words(alike: Sequence[Hit]) -> list[str]:
    """What the id of each says that not all of them say; nothing where that is no word, such as a number."""
    parts = [plain_key(hit.article_id.replace("_", " ")).split() for hit in alike]
    common = set(parts[0]).intersection(*parts[1:])
    own = [[part for part in each if part not in common] for each in parts]
    return [" ".join(each) if all(len(part) > 1 and part.isalpha() for part in each) else "" for each in own]


def _opening(hit: Hit) -> str:
    text = " ".join(word for token in parse(hit.text) if token.type == "inline" for word in plain(token).split())
    return text if len(text) <= _OPENING else f"{text[:_OPENING].rstrip()}…"
