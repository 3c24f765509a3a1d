"""Text as Telegram counts and reads it: UTF-16 units, and what is a command, a mention or a link in it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

Entity = dict[str, Any]
MAX_ENTITIES = 100
_OPAQUE = {"code", "pre", "text_link", "text_mention"}

_PATTERNS = (
    ("bot_command", re.compile(r"(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/<>])")),
    ("url", re.compile(r"(?<![\w@./])(?:https?://|www\.)[^\s<>\"]*[^\s<>\".,;:!?)\]'，。！？；：）]", re.IGNORECASE)),
    ("email", re.compile(r"(?<![\w.+-])[\w.+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}(?!\w)")),
    ("url", re.compile(r"(?<![\w@./-])(?:[a-z0-9-]+\.)+(?:com|org|net|io|me|dev|example)(?:/[^\s<>\"]*)?(?![\w@.])")),
    ("mention", re.compile(r"(?<!\w)@[A-Za-z0-9_]{2,32}(?!\w)")),
    ("hashtag", re.compile(r"(?<!\w)#(?=\w*[^\W\d_])\w{1,256}(?![\w#])")),
)


@dataclass(frozen=True)
class Formatted:
    """Plain text and what is special about parts of it; offsets and lengths are UTF-16 units."""

    text: str
    entities: list[Entity] = field(default_factory=list)


def units(text: str) -> int:
    """The length of the text in UTF-16 units, which is how Telegram counts."""
    return len(text.encode("utf-16-le")) // 2


def spoken(text: str, entity: Entity) -> str:
    """The part of the text that an entity covers."""
    start, length = entity["offset"] * 2, entity["length"] * 2
    return text.encode("utf-16-le")[start : start + length].decode("utf-16-le", errors="replace")


def trimmed(formatted: Formatted) -> Formatted:
    """Without the blanks around it, as Telegram keeps it; what covered only blanks goes."""
    left = len(formatted.text) - len(formatted.text.lstrip())
    text = formatted.text.strip()
    shift, end = units(formatted.text[:left]), units(text)
    kept = [_moved(entity, shift, end) for entity in formatted.entities]
    return Formatted(text, [entity for entity in kept if entity["length"] > 0])


def _moved(entity: Entity, shift: int, end: int) -> Entity:
    start = max(entity["offset"] - shift, 0)
    stop = min(entity["offset"] + entity["length"] - shift, end)
    return {**entity, "offset": start, "length": stop - start}


def with_found(formatted: Formatted) -> Formatted:
    """With the entities that Telegram finds by itself, in order; never more than a hundred."""
    found = [entity for entity in detected(formatted.text) if not _covered(entity, formatted.entities)]
    both = sorted([*formatted.entities, *found], key=lambda entity: (entity["offset"], -entity["length"]))
    return Formatted(formatted.text, both[:MAX_ENTITIES])


def detected(text: str) -> list[Entity]:
    """Commands, mentions, links, addresses and hashtags, where they stand."""
    found: list[Entity] = []
    for kind, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            entity = {"type": kind, "offset": units(text[: match.start()]), "length": units(match.group())}
            if not any(_overlap(entity, other) for other in found):
                found.append(entity)
    return sorted(found, key=lambda entity: entity["offset"])


def _covered(entity: Entity, others: list[Entity]) -> bool:
    return any(other["type"] in _OPAQUE and _overlap(entity, other) for other in others)


def _overlap(one: Entity, other: Entity) -> bool:
    return bool(one["offset"] < other["offset"] + other["length"] and other["offset"] < one["offset"] + one["length"])
