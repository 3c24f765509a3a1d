"""The bot's own sentences, in the customer's language, as this house says them or as they come."""

from __future__ import annotations

from bot.own_sentences import own_sentence, sentences
from handoff.desk import ClosingWords

LANGUAGES = ("en", "zh")


def spoken(language: str | None) -> str:
    """The language that the bot's own sentences come in for a customer of ``language``."""
    first = (language or "").split("-")[0].lower()
    return first if first in LANGUAGES else "en"


def say(key: str, language: str | None, **values: object) -> str:
    """The sentence ``key`` in the nearest language, with ``values`` filled in: the house's, else that of
    ``bot/replies.yml``."""
    nearest = spoken(language)
    return (own_sentence(key, language, nearest) or sentences()[nearest][key]).format(**values)


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


__all__ = ["LANGUAGES", "closing_words", "promise", "say", "sentences", "spoken"]
