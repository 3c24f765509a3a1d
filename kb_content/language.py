"""Languages of texts: tags in their usual spelling, and a cheap guess where a file names none."""

from __future__ import annotations

import re

_TAG = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8}){0,3}\Z", re.IGNORECASE)
_SCRIPTS = {
    "ja": re.compile(r"[\u3040-\u30ff]"),
    "ko": re.compile(r"[\uac00-\ud7af]"),
    "zh": re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"),
    "ru": re.compile(r"[\u0400-\u04ff]"),
    "ar": re.compile(r"[\u0600-\u06ff]"),
}
# A letter of these scripts says more than a Latin one, and technical texts are full of Latin names.
_SHARE = 0.15
_GUESSED_FROM = 20_000

# Names of language folders. "it" is missing on purpose: there, it is more often a department.
_FOLDERS = re.compile(r"(ar|cs|da|de|el|en|es|fi|fr|he|hi|hu|ja|ko|nb|nl|pl|pt|ro|ru|sv|th|tr|uk|vi|zh)(-|\Z)")


def normal_tag(tag: str) -> str | None:
    """``zh-hans-cn`` → ``zh-Hans-CN``, as BCP 47 advises; None for what cannot be a language tag."""
    if not _TAG.match(tag):
        return None
    first, *rest = tag.split("-")
    return "-".join([first.lower(), *(_subtag(part) for part in rest)])


def folder_language(name: str) -> str | None:
    """The language that a folder called ``name`` holds, if it is called after one: ``de``, ``pt-BR``."""
    tag = normal_tag(name)
    return tag if tag and _FOLDERS.match(tag) else None


def guess_language(text: str) -> str:
    """The language by script alone: ``zh`` for Han, ``ja`` for kana and so on, else ``en``."""
    text = text[:_GUESSED_FROM]
    letters = sum(map(str.isalpha, text)) or 1
    for language, script in _SCRIPTS.items():
        if len(script.findall(text)) / letters >= _SHARE:
            return language
    return "en"


def is_guessed(language: str) -> bool:
    """Whether ``guess_language`` tells this language from English."""
    return language == "en" or language in _SCRIPTS


def _subtag(part: str) -> str:
    if len(part) == 2:
        return part.upper()
    return part.title() if len(part) == 4 and part.isalpha() else part.lower()
