"""Whether the passages say what a language model wrote about them. What they do not say is dropped.

The model may be steered by whatever it read, so nothing it writes is believed: each sentence must be found in the cited
passages, with its numbers, units, names, links and limits, and the steps and warnings of the extract must all be there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

from bot.agreement import agrees
from bot.claims import Claim, claim_of, has, plain_text
from bot.shortening import LIMITS
from bot.units import sentences
from kb_content.html import TextBlock, text_blocks
from retrieval.languages import language_of

Weigh = Callable[[str], float]
"""How much a word tells, 0 to 1."""
Likeness = Callable[[str, str], float]
"""How near two sentences lie for an encoder, at most 1."""

_SAID = 0.8
_SAID_IF_ALIKE = 0.6
_ALIKE = 0.8
_PAIRS = 0.5
_OWN = 0.5
_IN_ORDER = 0.6
_FEW = 4
_NEAR = 2
_NEEDED = 0.6
_NAMES = 0.6
_BELIEVED = 0.5
_LONGEST_RUN = 3
_MARKER = re.compile(r"\s*(?:\d+[.)]|[•>])\s+")
_HIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""What nobody sees, or what shows the letters around it in another order."""
_CLAUSE = re.compile(r"[;；]\s*")


@dataclass(frozen=True)
class Source:
    """One cited passage: the headings that it stands under, and its Markdown."""

    heading: str
    markdown: str


@dataclass(frozen=True)
class _Atom:
    """A sentence, step, item or row. ``context``: what may be said with it: its headings, what introduces its list."""

    text: str
    passage: int
    is_step: bool
    context: str


@dataclass(frozen=True)
class _Run:
    """Neighbouring atoms, or a part of one: what can support a sentence. ``place``: the first atom's number."""

    place: int
    is_step: bool
    claim: Claim
    context: frozenset[str]
    around: str
    """The context as it is written."""


@dataclass(frozen=True)
class Book:
    """The cited passages, ready to be asked whether they say something."""

    sources: Sequence[Source]
    weigh: Weigh
    likeness: Likeness | None = None
    atoms: tuple[_Atom, ...] = field(init=False)

    def __post_init__(self) -> None:
        found = (atom for number, source in enumerate(self.sources) for atom in _atoms(number, source))
        object.__setattr__(self, "atoms", tuple(found))

    @cached_property
    def headings(self) -> frozenset[str]:
        parts = (part for source in self.sources for part in (source.heading, *source.heading.split("›")))
        return frozenset(map(plain_text, parts))

    @cached_property
    def lines(self) -> frozenset[str]:
        """All lines as they stand, for code and rows, which are said letter by letter or not at all."""
        blocks = (block for source in self.sources for block in text_blocks(source.markdown))
        return frozenset(line.strip() for block in blocks for line in block.text.split("\n"))

    @cached_property
    def runs(self) -> tuple[_Run, ...]:
        """What can support a sentence, the shortest first."""
        parts = [
            _run(self.atoms, number, number + 1, part)
            for number, atom in enumerate(self.atoms)
            for part in _parts(atom.text)
        ]
        longer = [
            _run(self.atoms, start, start + length)
            for length in range(2, _LONGEST_RUN + 1)
            for start in range(len(self.atoms) - length + 1)
            if self.atoms[start].passage == self.atoms[start + length - 1].passage
        ]
        return (*parts, *longer)

    def support(self, sentence: str, after: int) -> _Run | None:
        """What says ``sentence``, at best not before atom ``after``; None if nothing does."""
        clauses = [clause for clause in _CLAUSE.split(sentence) if clause.strip()]
        if len(clauses) > 1:
            supports = [self.support(clause, after) for clause in clauses]
            return supports[0] if all(supports) else None
        claim = claim_of(sentence)
        found = [run for run in self.runs if self._says(claim, run) and agrees(claim, run.claim)]
        best = max((_overlap(claim, run.claim) for run in found), default=0.0)
        # What comes nearer to the sentence and does not agree with it contradicts it.
        if any(_overlap(claim, run.claim) > best and not agrees(claim, run.claim) for run in self.runs):
            return None
        later = (run for run in found if run.place >= after)
        return next(later, found[0] if found else None)

    def _says(self, claim: Claim, run: _Run) -> bool:
        if not claim.words:
            return claim.text == run.claim.text
        known = run.context.union(run.claim.words)
        said = sum(self.weigh(word) for word in claim.words if word in known)
        whole = sum(self.weigh(word) for word in claim.words)
        if said < _SAID_IF_ALIKE * whole or len(claim.pairs & run.claim.pairs) < _PAIRS * len(claim.pairs):
            return False
        own = [word for word in claim.words if word in run.claim.words]
        own_weight = sum(self.weigh(word) for word in own)
        if own_weight < _OWN * whole or not _is_in_order(own, run.claim.words):
            return False
        if not all(run.claim.says(exact) or has(run.around, exact) for exact in claim.exact):
            return False
        return said >= _SAID * whole or (
            self.likeness is not None and self.likeness(claim.text, run.claim.text) >= _ALIKE
        )


def supported(written: str, book: Book, extract: str, language: str) -> str | None:
    """``written`` without what ``book`` does not say; None if ``extract`` had better be said as it is."""
    if len(written) > 1.5 * len(extract) + 400 or _HIDDEN.search(written):
        return None
    if language_of(written, language) != language:
        return None
    check = _Check(book)
    kept = "\n\n".join(filter(None, map(check.block, text_blocks(written))))
    is_believed = check.said and check.said >= _BELIEVED * (check.said + check.unsaid)
    return kept if is_believed and check.is_in_order and _has_what_is_needed(kept, book, extract) else None


@dataclass
class _Check:
    """One text on its way through the check. ``said``, ``unsaid``: weights of its sentences, ``place``: where it is."""

    book: Book
    said: float = 0.0
    unsaid: float = 0.0
    place: int = 0
    is_in_order: bool = True

    def block(self, block: TextBlock) -> str:
        """What of one block is kept."""
        match block.kind:
            case "heading":
                return block.text if plain_text(block.text) in self.book.headings else ""
            case "fence" | "code_block" | "table":
                is_said = all(line.strip() in self.book.lines for line in block.text.split("\n"))
                self._count(block.text, is_said)
                return block.text if is_said else ""
            case "ordered_list" | "bullet_list":
                items = [item for item in map(self._lines, block.parts) if item]
                is_numbered = block.kind == "ordered_list"
                first = int((re.match(r"\d+", block.text) or ["1"])[0]) if is_numbered else 0
                return "\n".join(f"{first + n}. {item}" if is_numbered else f"• {item}" for n, item in enumerate(items))
            case _:
                return self._lines(block.text)

    def _lines(self, text: str) -> str:
        kept = (self._line(_MARKER.sub("", line, count=1)) for line in text.split("\n"))
        return "\n   ".join(line for line in kept if line)

    def _line(self, line: str) -> str:
        if plain_text(line) in self.book.headings:
            return line.strip()
        found = [sentence for sentence in sentences(line) if self._keeps(sentence.strip())]
        return "".join(found).strip()

    def _keeps(self, sentence: str) -> bool:
        claim = claim_of(sentence)
        if not (claim.words or claim.numbers or claim.exact):
            # "Here is how:" claims nothing, and nothing is lost with it.
            return False
        run = self.book.support(sentence, self.place)
        self._count(sentence, run is not None)
        if run is not None and run.is_step:
            self.is_in_order &= run.place >= self.place
            self.place = max(self.place, run.place)
        return run is not None

    def _count(self, text: str, is_said: bool) -> None:
        weight = 1.0 + len(claim_of(text).words)
        if is_said:
            self.said += weight
        else:
            self.unsaid += weight


def _has_what_is_needed(kept: str, book: Book, extract: str) -> bool:
    """Whether every step and every warning of the extract is still said."""
    told = claim_of(kept)
    shown = plain_text(extract)
    needed = (
        atom for atom in book.atoms if (atom.is_step or LIMITS.search(atom.text)) and plain_text(atom.text) in shown
    )
    return all(_is_told(claim_of(atom.text), told) for atom in needed)


def _is_told(needed: Claim, told: Claim) -> bool:
    words, exact = set(needed.words), needed.exact
    return (
        len(words & set(told.words)) >= _NEEDED * len(words)
        and needed.numbers <= told.numbers
        and sum(told.says(one) for one in exact) >= _NAMES * len(exact)
    )


def _atoms(number: int, source: Source) -> Iterator[_Atom]:
    before = ""
    for block in text_blocks(source.markdown):
        context = f"{source.heading}\n{before}"
        is_list = block.kind in ("ordered_list", "bullet_list")
        if block.kind == "table":
            yield from (_Atom(row, number, False, f"{context}\n{block.parts[0]}") for row in block.parts)
        elif is_list:
            for item in block.parts:
                text = "\n".join(_MARKER.sub("", line, count=1) for line in item.split("\n"))
                yield _Atom(text, number, block.kind == "ordered_list", context)
        else:
            yield from (_Atom(each.strip(), number, False, source.heading) for each in sentences(block.text))
        before = block.text if block.kind == "paragraph" else before if is_list else ""


def _run(atoms: Sequence[_Atom], start: int, end: int, part: str | None = None) -> _Run:
    several = atoms[start:end]
    text = part if part is not None else "\n".join(atom.text for atom in several)
    around = "\n".join(dict.fromkeys(atom.context for atom in several))
    is_step = all(atom.is_step for atom in several)
    return _Run(start, is_step, claim_of(text), frozenset(claim_of(around).words), claim_of(around).text)


def _parts(text: str) -> list[str]:
    """The clauses and sentences of ``text``, and itself, each once."""
    found = [sentence.strip() for sentence in sentences(text)]
    return list(dict.fromkeys([*(clause for each in found for clause in _CLAUSE.split(each)), *found, text]))


def _overlap(one: Claim, other: Claim) -> float:
    """The share of common content words among all of both."""
    words, others = set(one.words), set(other.words)
    return len(words & others) / len(words | others) if words and others else 0.0


def _is_in_order(words: Sequence[str], source: Sequence[str]) -> bool:
    """Whether most neighbours among ``words`` are near each other in ``source`` too: who does what is not exchanged."""
    if len(words) < _FEW:
        return True
    near = {(one, other) for place, one in enumerate(source) for other in source[place + 1 : place + 1 + _NEAR]}
    neighbours = list(pairwise(words))
    return sum(pair in near for pair in neighbours) >= _IN_ORDER * len(neighbours)
