"""What somebody wants brought in, and how, as the row of an import keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.learning.importing.shelving import Choices
from kb_content.agreement import Side


@dataclass(frozen=True)
class Wish:
    """``file_id``: the stored file that was uploaded; else ``url`` is read."""

    name: str
    file_id: int | None = None
    url: str = ""
    replaces: bool = False
    mapping: Mapping[str, str] | None = None
    """Field to column, of a table; None: as its headings tell."""
    choices: Choices = field(default_factory=Choices)
    prefer: Side | None = None
    decided: Mapping[str, Side] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    """Articles that are not taken, by "id (language)"."""
    by: int | None = None
    """The staff id of who had it read, None for a token."""
    known_as: str = ""
    """The source's name, where it is neither the file's nor the address."""
    percent: int | None = None
    """The share of conversations that get it first, where whoever sent it asked for that."""

    @property
    def source(self) -> str:
        """What the articles are known by: bringing the same in again brings them up to date."""
        return (self.known_as or self.url or f"upload: {self.name}")[:255]


def wish_values(wish: Wish) -> dict[str, Any]:
    """``wish`` as plain values; ``wish_from`` is the way back."""
    return {
        "name": wish.name,
        "file": wish.file_id,
        "url": wish.url,
        "replaces": wish.replaces,
        "mapping": None if wish.mapping is None else dict(wish.mapping),
        "language": wish.choices.language,
        "category": wish.choices.category,
        "tags": list(wish.choices.tags),
        "in_chapters": wish.choices.in_chapters,
        "prefer": wish.prefer.value if wish.prefer else None,
        "decided": {name: side.value for name, side in wish.decided.items()},
        "left_out": list(wish.left_out),
        "by": wish.by,
        "known_as": wish.known_as,
        "percent": wish.percent,
    }


def wish_from(values: Mapping[str, Any]) -> Wish:
    choices = Choices(values["language"], values["category"], tuple(values["tags"]), values["in_chapters"])
    return Wish(
        name=values["name"],
        file_id=values["file"],
        url=values["url"],
        replaces=values["replaces"],
        mapping=values["mapping"],
        choices=choices,
        prefer=Side(values["prefer"]) if values["prefer"] else None,
        decided={name: Side(side) for name, side in values["decided"].items()},
        left_out=tuple(values["left_out"]),
        by=values.get("by"),
        known_as=values.get("known_as", ""),
        percent=values.get("percent"),
    )
