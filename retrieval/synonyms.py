"""Other words for the product's terms, as the glossary has them, found in a text and said as the KB says them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from kb_content.articles import Term

_HAN = "\u3005-\u3007\u3400-\u9fff\uf900-\ufaff"
_KANA = "\u3041-\u3096\u30a1-\u30ff"
_LETTER = rf"[^\W_{_HAN}{_KANA}]"
# Hyphens and underscores join words like spaces do. In Japanese a run of katakana is a word.
_PART = re.compile(rf"{_LETTER}+|[\u30a1-\u30ff]+|[^\s_-]")
_ENDS_IN_LETTER = re.compile(rf"{_LETTER}\Z")
_BEGINS_WITH_LETTER = re.compile(_LETTER)

Key = tuple[str, ...]
"""A word as it is compared: in lower case, its parts; each Chinese character is one."""


@dataclass(frozen=True)
class Found:
    """A word of the glossary in a text, from ``start`` up to ``end``."""

    key: Key
    start: int
    end: int


@dataclass(frozen=True)
class Synonyms:
    """Immutable. ``means``: the term of each other word. ``known``: those of them that the KB uses itself."""

    means: Mapping[Key, str]
    known: frozenset[Key]
    listed: Mapping[str, tuple[Key, ...]]
    """Other words and terms by their first part, the longest first."""

    @classmethod
    def of(cls, terms: Iterable[Term], is_known: Callable[[str], bool], form: Callable[[str], str]) -> Synonyms:
        """``is_known``: whether the KB uses a word. ``form``: how texts were folded before they come here.

        A word that is a term itself means that term; one under two terms means the first.
        """
        written = [(form(term.term), tuple(map(form, term.also))) for term in terms]
        names = {key(term) for term, _ in written}
        means: dict[Key, str] = {}
        known = set()
        for term, also in written:
            for word in also:
                if key(term) and key(word) and key(word) not in names and key(word) not in means:
                    means[key(word)] = term
                    known |= {key(word)} if is_known(word) else set()
        return cls(means, frozenset(known), _by_first_part({*means, *filter(None, names)}) if means else {})

    def applied(self, text: str) -> str:
        """``text`` with each other word replaced by its term; where the KB uses that word too, the term follows it."""
        lowered = text.lower()
        text = text if len(text) == len(lowered) else lowered
        found = list(self._found(lowered)) if self.listed else []
        there = {
            key(self.means[one.key]) if one.key in self.means else one.key for one in found if not self._stays(one)
        }
        parts, end = [], 0
        for one in found:
            term = self.means.get(one.key)
            if term is None or (self._stays(one) and key(term) in there):
                continue
            there.add(key(term))
            put = f"{text[one.start : one.end]} ({term})" if self._stays(one) else term
            parts += [text[end : one.start], put]
            end = one.end
        return _joined([*parts, text[end:]]) if parts else text

    def _stays(self, one: Found) -> bool:
        return one.key in self.known

    def _found(self, text: str) -> Iterator[Found]:
        """All other words and terms in ``text``, the longest where several begin."""
        matches = list(_PART.finditer(text))
        parts, at = [match[0] for match in matches], 0
        while at < len(parts):
            word = self._at(parts, at)
            if word:
                yield Found(word, matches[at].start(), matches[at + len(word) - 1].end())
            at += len(word or " ")

    def _at(self, parts: list[str], at: int) -> Key | None:
        """The longest word whose parts stand in ``parts`` from ``at`` on, its last one in the plural perhaps."""
        for head in _singulars(parts[at]):
            for word in self.listed.get(head, ()):
                own = parts[at : at + len(word)]
                if own and (*own[:-1], word[-1]) == word and word[-1] in _singulars(own[-1]):
                    return word
        return None


def key(word: str) -> Key:
    """How ``word`` is compared; empty without a letter or digit."""
    parts = tuple(_PART.findall(word.lower()))
    return parts if any(map(str.isalnum, parts)) else ()


def _by_first_part(keys: Iterable[Key]) -> dict[str, tuple[Key, ...]]:
    found: dict[str, tuple[Key, ...]] = {}
    for word in sorted(keys, key=lambda one: (-len(one), -len("".join(one)), one)):
        found[word[0]] = (*found.get(word[0], ()), word)
    return found


def _singulars(word: str) -> tuple[str, ...]:
    """``word``, and what it may be the English plural of."""
    return (word, word[:-1], word.removesuffix("es")) if len(word) > 3 and word[-1] == "s" else (word,)


def _joined(parts: list[str]) -> str:
    """``parts`` one after the other, with a space where two words would become one."""
    text = ""
    for part in filter(None, parts):
        is_glued = _ENDS_IN_LETTER.search(text) and _BEGINS_WITH_LETTER.match(part)
        text = f"{text} {part}" if is_glued else f"{text}{part}"
    return text
