"""Which of the offered choices a customer typed instead of pressing it: its title, or its number."""

from __future__ import annotations

import re
from collections.abc import Sequence

from retrieval.texts import clean, plain_key
from retrieval.words import words_of

_ORDER = (
    {"1", "one", "first", "1st", "一"},
    {"2", "two", "second", "2nd", "二", "两", "兩"},
    {"3", "three", "third", "3rd", "三"},
    {"4", "four", "fourth", "4th", "四"},
)
_NUMBER = re.compile(
    r"(?:the|number|option|no\.?|#)?\s*(\d|one|two|three|four|first|second|third|fourth|1st|2nd|3rd|4th)"
    r"(?:\s*(?:one|option|choice))?(?:\s*please)?\W*",
    re.IGNORECASE,
)
_HAN_NUMBER = re.compile(r"(?:我?[选選要]|选项|選項)?第?\s*([一二两兩三四]|\d)\s*[个個项項条條种種]?[吧呀的]?\W*")


def chosen(text: str, labels: Sequence[str]) -> int | None:
    """The place of the one label that ``text`` names, from 0; None where it names none, or might name several.

    A label is named by its words, by its place ("2", "the second one", "第二个"), or by words that no other label has.
    """
    plain = plain_key(text)
    if not plain:
        return None
    same = [place for place, label in enumerate(labels) if plain_key(label) == plain]
    if same:
        return same[0] if len(same) == 1 else None
    number = _NUMBER.fullmatch(clean(text)) or _HAN_NUMBER.fullmatch(clean(text))
    if number:
        place = next((place for place, names in enumerate(_ORDER) if number[1].lower() in names), len(labels))
        return place if place < len(labels) else None
    words = set(words_of(text))
    having = [place for place, label in enumerate(labels) if words and words <= set(words_of(label))]
    return having[0] if len(having) == 1 else None
