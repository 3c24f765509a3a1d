"""The bot's own sentences as this house says them: taken up with each release, or for one question alone."""

from __future__ import annotations

import string
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, ClassVar

import yaml

if TYPE_CHECKING:
    from kb_content.articles import Sentence
    from kb_content.problems import Problem

Own = Mapping[tuple[str, str], str]
"""Sentences by key and language."""

SHORT = 30
"""What comes with at most so many characters is a button or a label."""
LONGEST_LABEL = 75
"""A button of Slack takes no more."""

_asked: ContextVar[Own | None] = ContextVar("own_sentences", default=None)


class _House:
    """What the live release says, for everything that is said outside of a question."""

    live: ClassVar[Own] = {}


def take_up(own: Own) -> None:
    """From now on these are said, in the whole process."""
    _House.live = own


@contextmanager
def speaking(own: Own | None) -> Iterator[None]:
    """Within this, in this thread, these are said instead: those of the release that answers the question."""
    token = _asked.set(own)
    try:
        yield
    finally:
        _asked.reset(token)


def own_sentences(found: Iterable[Sentence]) -> Own:
    """The sentences of a release that can be said; see ``fault_of`` for why one cannot."""
    return {(one.key, one.language): one.text for one in found if fault_of(one.key, one.text) is None}


def problems_of(found: Iterable[Sentence], path: str) -> list[Problem]:
    """What an editor should mend in a house's sentences, which are in the file ``path``."""
    from kb_content.problems import Problem

    told = [(one, fault) for one in found if (fault := fault_of(one.key, one.text))]
    until = "Until then the sentence that comes with Firstline is said"
    return [Problem(path, None, f"`{one.key[:60]}` ({one.language}): {fault} {until}") for one, fault in told]


def unspoken(languages: Iterable[str], found: Iterable[Sentence], path: str) -> list[Problem]:
    """What an editor should know about ``languages`` of articles in which the bot itself says nothing; ``path``: of the
    file that could say it."""
    from kb_content.problems import Problem

    spoken = {*sentences(), *(one.language.split("-")[0] for one in found)}
    bases = sorted({language.split("-")[0] for language in languages} - spoken)
    told = "until `{0}:` says it there, the bot itself speaks English to customers who read its `{0}` articles"
    return [Problem(path, None, told.format(language), is_error=False) for language in bases]


def own_sentence(key: str, language: str | None, spoken: str) -> str | None:
    """How this house says ``key`` in ``language`` or the nearest one, ``spoken`` at last; None where it does not."""
    asked = _asked.get()
    own = _House.live if asked is None else asked
    if not own:
        return None
    tag = language or spoken
    return own.get((key, tag)) or own.get((key, tag.split("-")[0].lower())) or own.get((key, spoken))


@lru_cache(maxsize=1_000)
def fault_of(key: str, text: str) -> str | None:
    """Why ``text`` cannot be said as ``key``, as a sentence; None if it can.

    A text may leave out what the shipped one fills in, but fill in nothing else.
    """
    shipped = sentences()["en"].get(key)
    if shipped is None:
        return f"The bot has no sentence `{key[:60]}`: choose one of those that it says."
    names = blanks(text)
    if names is None:
        return "A brace { or } stands alone: write {{ or }} for one that customers are to read."
    if unknown := sorted(names - (blanks(shipped) or set())):
        known = ", ".join(f"{{{name}}}" for name in sorted(blanks(shipped) or ()))
        can = f"this sentence knows {known}" if known else "this sentence fills in nothing"
        return f"{{{unknown[0][:40]}}} cannot be filled in: {can}."
    if not text.strip():
        return "Write the sentence, or remove it: then the one that comes with Firstline is said again."
    if len(shipped) <= SHORT and len(text) > LONGEST_LABEL:
        return f"This stands on a button or beside one, so it may have {LONGEST_LABEL} characters."
    return None


def blanks(text: str) -> set[str] | None:
    """The names in braces; None where the braces make no sense. Anything but a plain name counts as it is written."""
    try:
        parts = list(string.Formatter().parse(text))
    except ValueError:
        return None
    return {
        name + (f"!{conversion}" if conversion else "") + (f":{form}" if form else "")
        for _, name, form, conversion in parts
        if name is not None
    }


@cache
def sentences() -> dict[str, dict[str, str]]:
    """All sentences that come with Firstline, by language and key."""
    loaded: dict[str, dict[str, str]] = yaml.safe_load(files("bot").joinpath("replies.yml").read_text("utf8"))
    return loaded
