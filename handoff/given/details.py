"""The details that a customer has given in their own words: found by their form, each with the message that has it.

Pure, English and Chinese. What is found is shown to agents and never decides anything, so a form that is not sure is
left out: a detail that is missed costs a question, one that is wrong costs trust.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from handoff.given import patterns, remedies
from handoff.given.errors import errors
from handoff.given.sentences import sentences_of

LONGEST_TEXT = 12_000
"""Characters of one message that are looked at: a pasted log can be long."""
LONGEST_VALUE = 200
MOST_A_KIND = 6
_BLANK = "\0"
_HAN_COMMA = re.compile(r"(?<=[\u3400-\u9fff]),(?=[\u3400-\u9fff])")
"""A comma of Chinese text, which folding made narrow."""


class Detail(Enum):
    """What an agent would otherwise ask for."""

    VERSION = "version"
    """Of the product."""
    SYSTEM = "system"
    BROWSER = "browser"
    DEVICE = "device"
    APP = "app"
    """How they use the product: in the browser, the desktop app, the phone app."""
    SOFTWARE = "software"
    """What else is involved: Excel, Python, a proxy."""
    ERROR = "error"
    """What the product said, in its words."""
    CODE = "code"
    """Of an error: E1042, HTTP 502."""
    ORDER = "order"
    TICKET = "ticket"
    EMAIL = "email"
    PHONE = "phone"
    URL = "url"
    SINCE = "since"
    TRIED = "tried"
    SCREENSHOT = "screenshot"
    FILE = "file"


@dataclass(frozen=True)
class Words:
    """One message of the customer: what it says, and the files that came with it as (name, media type)."""

    message_id: int
    text: str
    at: datetime
    files: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Given:
    """One detail. ``value``: in the customer's own words, widths folded. ``remedies``: of TRIED, what it amounts to."""

    detail: Detail
    value: str
    message_id: int
    at: datetime
    remedies: frozenset[str] = frozenset()


def details_in(said: Iterable[Words]) -> tuple[Given, ...]:
    """All that was given, by kind and then in the order in which it was said; what was said again counts once."""
    found: dict[tuple[Detail, str], Given] = {}
    for words in said:
        for given in _in_one(words):
            found.setdefault((given.detail, _key(given.value)), given)
    kept = _without_parts(list(found.values()))
    order = list(Detail)
    by_kind = sorted(kept, key=lambda one: order.index(one.detail))
    counts: dict[Detail, int] = {}
    result = []
    for one in by_kind:
        counts[one.detail] = counts.get(one.detail, 0) + 1
        if counts[one.detail] <= MOST_A_KIND:
            result.append(one)
    return tuple(result)


def folded(text: str) -> str:
    """``text`` with full-width letters, digits and signs as everybody types them."""
    return unicodedata.normalize("NFKC", text[:LONGEST_TEXT])


def _in_one(words: Words) -> Iterator[Given]:
    text = folded(words.text)
    for detail, value in (*_by_form(text), *_files(words)):
        if value := _tidy(value):
            yield Given(detail, value, words.message_id, words.at)
    for value, kinds in remedies.tried_in(sentences_of(text)):
        yield Given(Detail.TRIED, _tidy(value), words.message_id, words.at, kinds)


def _by_form(text: str) -> Iterator[tuple[Detail, str]]:
    """What is found by its form. Each finding is blanked for those after it: a link holds no version."""
    yield from ((Detail(kind), value) for kind, value in errors(text))
    for kind, find in patterns.FINDERS:
        found = list(find(text))
        for start, end, value in found:
            if value:
                yield Detail(kind), value
            if kind not in patterns.KEPT:
                text = text[:start] + _BLANK * (end - start) + text[end:]


def _files(words: Words) -> Iterator[tuple[Detail, str]]:
    for name, media_type in words.files:
        is_picture = media_type.startswith(("image/", "video/"))
        yield (Detail.SCREENSHOT if is_picture else Detail.FILE), name


def _tidy(value: str) -> str:
    line = _HAN_COMMA.sub("，", " ".join(value.replace(_BLANK, " ").split()).strip(" ,;:"))
    return line if len(line) <= LONGEST_VALUE else line[: LONGEST_VALUE - 1].rstrip() + "…"


def _key(value: str) -> str:
    return re.sub(r"\W+", "", value.casefold()) or value


def _without_parts(found: Sequence[Given]) -> list[Given]:
    """Less what only repeats a part of a longer value of its kind: "3.2" beside "3.2.1" may be another version."""
    whole = {Detail.ERROR, Detail.SYSTEM, Detail.BROWSER, Detail.DEVICE, Detail.TRIED, Detail.URL}
    return [one for one in found if one.detail not in whole or not _is_part(one, found)]


def _is_part(one: Given, others: Sequence[Given]) -> bool:
    own = _key(one.value)
    return any(
        own in _key(other.value) and len(_key(other.value)) > len(own)
        for other in others
        if other.detail is one.detail and other is not one
    )
