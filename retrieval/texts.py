"""The form in which a text reaches an encoder: folded, without control characters, and not endless."""

from __future__ import annotations

import re
import unicodedata

from retrieval.chinese import simplified

QUESTION_LIMIT = 1_000
"""Characters of a question that are read. Longer ones keep their beginning and their end: the question is there."""

PASSAGE_LIMIT = 4_000
_TAIL = 300
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]+")
_SPACES = re.compile(r"\s+")
_WORD = re.compile(r"[^\W_]", re.UNICODE)


def clean(text: str, limit: int = QUESTION_LIMIT) -> str:
    """``text`` with folded width and no control or invisible characters, at most ``limit`` characters long."""
    if len(text) > 2 * limit:
        # Folding may shrink a text, so cut roughly first: nobody waits for the middle of 40,000 characters.
        text = text[: limit * 2 - _TAIL] + " " + text[-_TAIL:]
    text = text.encode("utf-8", "ignore").decode("utf-8")
    text = _SPACES.sub(" ", _UNPRINTABLE.sub(" ", unicodedata.normalize("NFKC", text))).strip()
    if len(text) <= limit:
        return text
    tail = min(_TAIL, limit // 3)
    return f"{text[: limit - tail - 1]} {text[-tail:]}"


def says_something(text: str) -> bool:
    """Whether there is a letter or a digit in ``text`` at all."""
    return _WORD.search(text) is not None


def plain_key(text: str) -> str:
    """A text as its bare letters and digits, for telling whether two say the very same words, in either Chinese."""
    return " ".join(re.findall(r"[^\W_]+", simplified(clean(text)).casefold()))


_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_MARKS = re.compile(r"[*`#|>~]+|-{3,}|_{2,}|<[^>]{1,80}>")


def without_markup(markdown: str) -> str:
    """The words of a Markdown text, for an encoder or a word index; never shown to anyone."""
    return _MARKS.sub(" ", _LINK.sub(r"\1", markdown))
