"""The sentences of the Slack app itself: its form, its home tab, its answers to a command."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import yaml

from bot.replies import spoken


def say(key: str, language: str | None, **values: object) -> str:
    """The sentence ``key`` of ``words.yml`` in the nearest language, with ``values`` filled in."""
    return sentences()[spoken(language)][key].format(**values)


@cache
def sentences() -> dict[str, dict[str, str]]:
    """All sentences by language and key."""
    text = files("bot.channels.slack").joinpath("words.yml").read_text("utf8")
    loaded: dict[str, dict[str, str]] = yaml.safe_load(text)
    return loaded
