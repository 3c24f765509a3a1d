"""What the demo's customers ask that its knowledge base has no article about yet: food for the worklist."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from random import Random

import yaml


@dataclass(frozen=True)
class Matter:
    """One thing that several customers ask, each in their own words, and what agents reply."""

    language: str
    asks: tuple[str, ...]
    replies: tuple[str, ...]


@cache
def matters() -> tuple[Matter, ...]:
    loaded = yaml.safe_load(files("api.demo").joinpath("matters.yml").read_text("utf8"))
    return tuple(Matter(one["language"], tuple(one["asks"]), tuple(one["replies"])) for one in loaded)


def in_turn(draw: Random) -> Iterator[tuple[Matter, str]]:
    """Each question once, all matters mixed."""
    all_of_them = [(matter, text) for matter in matters() for text in matter.asks]
    draw.shuffle(all_of_them)
    return iter(all_of_them)
