"""The bot's own sentences, in the customer's language."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import yaml

from handoff.desk import ClosingWords

LANGUAGES = ("en", "zh")


def spoken(language: str | None) -> str:
    """The language that the bot's own sentences come in for a customer of ``language``."""
    first = (language or "").split("-")[0].lower()
    return first if first in LANGUAGES else "en"


def say(key: str, language: str | None, **values: object) -> str:
    """The sentence ``key`` of ``bot/replies.yml`` in the nearest language, with ``values`` filled in."""
    return sentences()[spoken(language)][key].format(**values)


def promise(days: int, language: str | None) -> str:
    """When a person answers, in words: for now one setting for everybody."""
    return say("promise_one", language) if days == 1 else say("promise_many", language, days=days)


def closing_words(language: str | None, number: int) -> ClosingWords:
    """What the customer is asked when ticket ``number`` is resolved."""
    return ClosingWords(
        text=say("solved_question", language, number=number),
        solved=say("solved_button", language),
        not_yet=say("not_yet_button", language),
    )


@cache
def sentences() -> dict[str, dict[str, str]]:
    """All sentences by language and key."""
    loaded: dict[str, dict[str, str]] = yaml.safe_load(files("bot").joinpath("replies.yml").read_text("utf8"))
    return loaded
