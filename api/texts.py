"""The words of the web pages, in the languages that they come in; ``api/texts/*.yml`` has a file for each."""

from __future__ import annotations

import re
import string
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml

LANGUAGES = {"en": "English", "zh": "中文"}
_PLACE = re.compile(r"\{(\w+)\}")


class _Counting(string.Formatter):
    """``{count:ticket|tickets}`` is the number with the one word or the other behind it."""

    def format_field(self, value: object, spec: str) -> str:
        one, is_counted, many = spec.partition("|")
        if not is_counted:
            return format(value, spec)
        return f"{value} {one if str(value) == '1' else many}"


_WRITER = _Counting()


@dataclass(frozen=True)
class Texts:
    """The texts of one language. Call it with a key, and with the values that its sentence has places for."""

    language: str

    def __call__(self, key: str, /, **values: object) -> str:
        return _WRITER.format(sentences(self.language)[key], **values)

    def has(self, key: str) -> bool:
        return key in sentences(self.language)

    def named(self, group: str, value: object) -> str:
        """The text ``group.value``; where there is none, the value itself: data may be newer than these texts."""
        key = f"{group}.{value}"
        return self(key) if self.has(key) else str(value)

    def told(self, sentence: str) -> str:
        """A sentence that was kept in English, in this language; as it is where there is no other. A file's name and
        line may stand before it."""
        return sentence if self.language == "en" else _in_other_words(self.language, sentence)

    def language_code(self, typed: str) -> str:
        """The code of a language that somebody typed by name or by code."""
        names = {text.casefold(): key for key, text in sentences(self.language).items() if key.startswith("language.")}
        return names.get(typed.strip().casefold(), typed).removeprefix("language.").strip()


def texts(language: str | None) -> Texts:
    """The texts for ``language`` (BCP 47), or the English ones."""
    first = (language or "").split("-")[0].lower()
    return Texts(first if first in LANGUAGES else "en")


def also(key: str, language: str) -> list[str]:
    """How the other languages say it: who thinks in one and reads the other finds it all the same."""
    return [texts(other)(key) for other in LANGUAGES if other != language]


def _in_other_words(language: str, sentence: str) -> str:
    parts = sentence.split(": ")
    for begin in range(len(parts)):
        words = ": ".join(parts[begin:])
        for pattern, text in _told(language):
            if found := pattern.fullmatch(words):
                places = {name: _in_other_words(language, said) for name, said in found.groupdict().items()}
                return ": ".join((*parts[:begin], text.format(**places)))
    return sentence


@cache
def _told(language: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """What ``Texts.told`` knows: patterns of English sentences, each with its text."""
    source = files("api").joinpath("texts", f"told_{language}.yml").read_text("utf8")
    return tuple((_pattern(english), text) for english, text in yaml.safe_load(source))


def _pattern(english: str) -> re.Pattern[str]:
    return re.compile(_PLACE.sub(r"(?P<\1>.+?)", re.sub(r"[.^$*+?()|\[\]\\]", r"\\\g<0>", english)), re.DOTALL)


@cache
def sentences(language: str) -> dict[str, str]:
    """Every text of ``language`` by its key."""
    source = files("api").joinpath("texts", f"{language}.yml").read_text("utf8")
    return {str(key): str(text) for key, text in yaml.safe_load(source).items()}
