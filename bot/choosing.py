"""Which of the offered choices a customer typed instead of pressing it: by its place, its title, what sets its title
apart from the others, a yes, or a refusal of them all. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.choice_grammar import (
    JOINING,
    begins_with_yes,
    clauses_of,
    denied,
    folded,
    is_negative,
    joined_parts,
    place_said,
    says_all,
    says_anything,
    says_no,
    says_yes,
    spaced_words,
    topic_words,
    without_filler,
)
from retrieval.sentences import asks, weight
from retrieval.texts import plain_key
from retrieval.words import stem, words_of

_HAN_RUN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+")
_MENDED, _LONG = 5, 8
"""From these lengths on a word may be mistyped in one letter, or in two."""
_PIECE = 20
"""Chinese characters that are looked for in one piece."""
_WORDY = 300
"""Characters from which on a text says more than which choice is meant."""
_FEW = 4
"""Words, or pairs of Chinese characters, in which nobody asks a question again."""
_STEM = 0.75
"""The share of the shorter of two words that both begin with, where they are forms of one: delete, deletion."""


@dataclass
class _Said:
    """What the clauses of one message come to. Places count from 0."""

    named: set[int] = field(default_factory=set)
    excluded: set[int] = field(default_factory=set)
    agrees: bool = False
    refuses: bool = False


def chosen(text: str, labels: Sequence[str], question: str = "") -> int | None:
    """The place of the one label that ``text`` names, from 0; None where it names none, might name several, or says
    something else as well.

    The last label refuses all others. ``question``: what the choices were offered for; its words name none of them.
    """
    plain = plain_key(text)
    if not labels or not plain or len(plain) > _WORDY:
        return None
    same = [place for place, label in enumerate(labels) if plain_key(label) == plain]
    if same:
        return same[0] if len(same) == 1 else None
    clauses, choices = clauses_of(text), list(labels[:-1])
    if (place := place_said(" ".join(clauses), len(choices))) is not None:
        return place if place < len(labels) else None
    said = _said(clauses, choices, question)
    return _meant(said, len(choices)) if said else None


def _meant(said: _Said, choices: int) -> int | None:
    """The place that is left where what was said agrees; the place after the last choice refuses them all."""
    if said.named:
        left = said.named - said.excluded
        return left.pop() if len(left) == 1 else None
    if said.excluded:
        left = set(range(choices)) - said.excluded
        return choices if not left else left.pop() if len(left) == 1 else None
    if said.refuses:
        return choices
    return 0 if said.agrees and choices == 1 else None


def _said(clauses: Sequence[str], choices: Sequence[str], question: str) -> _Said | None:
    """None where a clause says something that is no choice."""
    said = _Said()
    for clause in clauses:
        if (place := place_said(clause, len(choices))) is not None and place < len(choices):
            said.named.add(place)
        elif says_no(clause):
            said.refuses = True
        elif says_yes(clause):
            said.agrees = True
        elif (place := _ruled_out(clause, choices)) is not None:
            said.excluded.add(place)
        elif names := _named(clause, choices, question):
            said.named.update(names)
        elif len(choices) == 1 and (said.agrees or begins_with_yes(clause)) and not asks(clause):
            # Whatever is told after a yes.
            said.agrees = True
        elif says_anything(clause):
            return None
    return said


def chosen_together(text: str, labels: Sequence[str], question: str = "") -> tuple[int, ...]:
    """The places of the labels that ``text`` names side by side, two at least: "both", "1 and 3", "两个都要". Empty
    where it says anything else. The last label refuses all others and goes with none."""
    choices, clauses = list(labels[:-1]), clauses_of(text)
    if len(choices) < 2 or len(text) > _WORDY or any(is_negative(clause) for clause in clauses):
        return ()
    named: set[int] = set()
    for part in (part for clause in clauses for part in joined_parts(clause)):
        place = place_said(part, len(choices))
        if says_all(part, len(choices)):
            named.update(range(len(choices)))
        elif len(found := _named(part, choices, question) if place is None else {place}) == 1:
            named.update(found)
        elif says_anything(part):
            return ()
    return tuple(sorted(named)) if 1 < len(named) <= len(choices) and max(named) < len(choices) else ()


def mentioned(text: str, choices: Sequence[str], question: str) -> int | None:
    """The place of the one choice that words of ``text`` set apart from the others, whatever else it says."""
    titles, asked = [_Title.of(choice) for choice in choices], _Title.of(question)
    terms = [term for clause in clauses_of(text) for term in _terms(clause, [*titles, asked])]
    apart = _set_apart(terms, titles, asked)
    return apart.pop() if len(apart) == 1 else None


def takes_several(text: str) -> bool:
    """Whether some clause takes several choices without naming them, so that no one of them is meant."""
    return any(says_all(clause) for clause in clauses_of(text))


def rules_out(text: str, choices: Sequence[str]) -> bool:
    """Whether some clause says that a choice is not meant: "adults, no children"."""
    return any(_ruled_out(clause, choices) is not None for clause in clauses_of(text))


def _ruled_out(clause: str, choices: Sequence[str]) -> int | None:
    if not (said := denied(clause)):
        return None
    place = place_said(said, len(choices))
    if place is None or place >= len(choices):
        place = mentioned(said, choices, "")
    return None if place is None or is_negative(folded(choices[place])) else place


def begins_with_no(text: str) -> bool:
    """Whether the choices are refused before anything else is said: "no, I meant…"."""
    return says_no(next(iter(clauses_of(text)), ""))


def adds_to(text: str, question: str) -> bool:
    """Whether ``text`` says anything that ``question`` does not."""
    asked = _Title.of(question)
    return any(not asked.has(term) for clause in clauses_of(text) for term in _terms(clause, [asked]))


def _named(clause: str, choices: Sequence[str], question: str) -> set[int]:
    """The one choice that the words of ``clause`` set apart; empty where they name none, several, or ask something."""
    titles, asked = [_Title.of(choice) for choice in choices], _Title.of(question)
    if weight(clause) and len(said := [at for at, title in enumerate(titles) if title.has_all(clause)]) == 1:
        return set(said)
    if asks(clause.rstrip("? ")):
        return set()
    terms = _terms(clause, [*titles, asked])
    if _length(clause) > _FEW and all(asked.has(term) for term in terms):
        # The question again, in a sentence of its own.
        return set()
    whole = {at for at, title in enumerate(titles) if terms and all(title.has(term) for term in terms)}
    if len(whole) == 1:
        return whole
    apart = _set_apart(terms, titles, asked)
    if len(apart) != 1:
        return set()
    title = titles[min(apart)]
    return apart if all(title.has(term) or asked.has(term) for term in terms) else set()


def _set_apart(terms: Sequence[str], titles: Sequence[_Title], asked: _Title) -> set[int]:
    """The choices that have one of ``terms`` for themselves; what was asked anyway sets nothing apart."""
    having = ([at for at, title in enumerate(titles) if title.has(term)] for term in terms if not asked.has(term))
    return {at[0] for at in having if len(at) == 1}


@dataclass(frozen=True)
class _Title:
    """What can be looked up in a title: its words, and its Chinese as it stands."""

    words: frozenset[str]
    text: str
    squeezed: str
    """Its words without what stands between them: "rollback" is in "roll back"."""
    pieces: frozenset[str]

    @classmethod
    def of(cls, text: str) -> _Title:
        plain = folded(text)
        words = spaced_words(plain)
        return cls(frozenset(words), plain, "".join(words), frozenset(words_of(text)))

    def has(self, term: str) -> bool:
        if _HAN_RUN.match(term):
            return term in self.text
        if len(term) > _MENDED and term in self.squeezed:
            return True
        return any(_is_same(term, word) for word in self.words)

    def has_all(self, clause: str) -> bool:
        """Whether all of ``clause`` is said here, down to its last little word."""
        if self.pieces.issuperset(words_of(clause)):
            return True
        return not _HAN_RUN.search(clause) and all(self.has(word) for word in spaced_words(clause))


def _terms(clause: str, titles: Sequence[_Title]) -> list[str]:
    """What a folded clause names: its words that may carry a topic, and the longest pieces of its Chinese that one of
    ``titles`` says."""
    found = topic_words(clause)
    for run in _HAN_RUN.findall(without_filler(clause)):
        at = 0
        while at < len(run):
            ends = range(min(len(run), at + _PIECE), at + 1, -1)
            end = next((end for end in ends if any(run[at:end] in title.text for title in titles)), at + 1)
            found += [run[at:end]] if end > at + 1 or run[at] not in JOINING else []
            at = end
    return found


def _length(clause: str) -> int:
    return len(spaced_words(clause)) + sum(map(len, _HAN_RUN.findall(clause))) // 2


def _is_same(word: str, other: str) -> bool:
    """Whether ``other`` is a form of the same word, or what ``word`` was mistyped for."""
    from rapidfuzz.distance import OSA, Prefix

    if stem(word) == stem(other) or f"{word}s" == other or word == f"{other}s":
        return True
    alike, shorter = Prefix.similarity(word, other), min(len(word), len(other))
    if alike >= _MENDED and alike >= _STEM * shorter:
        return True
    most = 0 if len(word) < _MENDED else 1 if len(word) < _LONG else 2
    return abs(len(word) - len(other)) <= most and OSA.distance(word, other) <= most
