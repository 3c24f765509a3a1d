"""What of an article answers a question: passages shortened to what was asked, in the article's own words and order."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from bot.shortening import GAP, LONGEST, TELLS, Asked, render, shortened
from bot.units import Kind, Unit, WordsOf, units_of
from kb_content.articles import Passage, PublishedArticle
from kb_content.markdown import headings
from kb_content.passages import PATH_SEPARATOR

MOST_PASSAGES = 3
_ADDS = 0.4
"""Of what was asked, what a further passage must take up that nothing before it does."""
_ALL = 0.9
"""Of what was asked, what is as good as all of it: the rest is "how", "do" and "to"."""


@dataclass(frozen=True)
class Excerpt:
    """What is said of one passage. ``heading``: what stands above the text, empty below the title itself and where the
    text says it further down."""

    published: PublishedArticle
    passage: Passage
    heading: str
    text: str


@dataclass(frozen=True)
class _Piece:
    passage: Passage
    heading: str
    units: tuple[Unit, ...]
    words: frozenset[str]

    @classmethod
    def of(cls, passage: Passage, words_of: WordsOf) -> _Piece:
        path = passage.heading.split(PATH_SEPARATOR)[1:]
        heading = path[-1] if path else ""
        units = units_of(passage.text, words_of)
        return cls(passage, heading, units, frozenset(words_of(heading)).union(*(unit.words for unit in units)))

    @property
    def is_introduction(self) -> bool:
        """Whether it stands first, right below the title, with nothing in it to do or to look up."""
        is_bare = all(unit.kind in (Kind.SENTENCE, Kind.HEADING) for unit in self.units)
        return is_bare and self.passage.position == 0 and not self.heading

    @property
    def heading_before(self) -> str:
        """The heading of what the passage begins with, where that is another section's end."""
        title = self.passage.heading.split(PATH_SEPARATOR)[0]
        above = [words for _, words in headings(self.passage.lead)]
        return above[-1] if above and above[-1].casefold() != title.casefold() else ""

    @property
    def has_steps(self) -> bool:
        return any(unit.kind is Kind.STEPS for unit in self.units)


def extract(
    question: Asked, published: PublishedArticle, key: str, others: Sequence[tuple[PublishedArticle, str]] = ()
) -> tuple[Excerpt, ...]:
    """What passage ``key`` of ``published`` answers, and what belongs to it, in reading order; at most three passages.

    ``others``: passages of other articles, each used only if it answers a part of the question that nothing else does.
    """
    pieces = [_Piece.of(passage, question.words_of) for passage in published.passages]
    if not pieces:
        return ()
    main = next((number for number, piece in enumerate(pieces) if piece.passage.key == key), 0)
    if _is_about_all(question, pieces[0], pieces[main], published.article.title):
        main = 0
    asked = question.among(frozenset().union(*(piece.words for piece in pieces)))
    chain = _chain(pieces, main)
    more = _companion(pieces, main, asked) if len(chain) == 1 else None
    chosen = sorted([*chain, *([] if more is None else [more])])
    with_steps = pieces[main].is_introduction
    found = [_excerpt(published, pieces[number], asked, number == main, with_steps) for number in chosen]
    if len(found) < MOST_PASSAGES:
        found += _from_others(question, found, others)
    firm = {pieces[number].passage.key for number in chain}
    return _fitting(_with_ends(found, pieces, chain), published, firm)


def _is_about_all(question: Asked, first: _Piece, main: _Piece, title: str) -> bool:
    """Whether title and introduction take up all that was asked, and what ``main`` has in its heading nothing of it."""
    if not first.is_introduction:
        return False
    words_of = question.words_of
    title_words = frozenset(words_of(title))
    own = frozenset(words_of(main.heading)) - title_words
    return question.weight(first.words | title_words) >= _ALL * question.whole and not question.weight(own)


def _from_others(
    question: Asked, found: Sequence[Excerpt], others: Sequence[tuple[PublishedArticle, str]]
) -> Iterator[Excerpt]:
    """The first passage elsewhere that takes up enough of what was asked and is not said yet."""
    said = {word for one in found for word in question.words_of(f"{one.published.article.title} {one.passage.text}")}
    open_part = question.without(said)
    for published, key in others:
        passage = next((passage for passage in published.passages if passage.key == key), None)
        if passage is None:
            continue
        piece = _Piece.of(passage, question.words_of)
        if _adds(open_part.among(piece.words), question):
            yield _excerpt(published, piece, open_part.among(piece.words))
            return


def _excerpt(
    published: PublishedArticle, piece: _Piece, asked: Asked, is_main: bool = False, with_steps: bool = False
) -> Excerpt:
    kept = shortened(piece.units, asked, is_main=is_main, with_steps=with_steps or is_main)
    heading, units, kept = _under_one_heading(piece, kept)
    return Excerpt(published, piece.passage, heading, render(units, kept))


def _under_one_heading(piece: _Piece, kept: frozenset[int]) -> tuple[str, Sequence[Unit], frozenset[int]]:
    """The heading above ``kept``, the units and what of them is said below it.

    A passage that begins with the end of another section, too short to stand alone, has its own heading in its text: it
    is said there and not above, unless nothing before it is said.
    """
    inner = next((number for number, unit in enumerate(piece.units) if _is_heading(unit, piece.heading)), None)
    if inner is None or inner not in kept:
        return piece.heading, piece.units, kept
    if min(kept) < inner:
        return piece.heading_before, piece.units, kept
    units = piece.units[inner + 1 :]
    return piece.heading, units, frozenset(number - inner - 1 for number in kept if number > inner)


def _is_heading(unit: Unit, words: str) -> bool:
    return unit.kind is Kind.HEADING and unit.text.casefold() == words.casefold()


def _chain(pieces: Sequence[_Piece], main: int) -> list[int]:
    """The main passage and what it cannot do without: the rest of its steps, before and behind it."""
    chain = [main]
    while len(chain) < MOST_PASSAGES and _goes_on(pieces, chain[-1]):
        chain.append(chain[-1] + 1)
    while len(chain) < MOST_PASSAGES and _goes_on(pieces, chain[0] - 1):
        chain.insert(0, chain[0] - 1)
    return chain


def _with_ends(found: list[Excerpt], pieces: Sequence[_Piece], chain: Sequence[int]) -> list[Excerpt]:
    """``found`` with a mark where steps begin before the chain's first passage or go on behind its last."""
    first, last = pieces[chain[0]].passage, pieces[chain[-1]].passage
    before = f"{GAP}\n" if _goes_on(pieces, chain[0] - 1) else ""
    behind = f"\n{GAP}" if _goes_on(pieces, chain[-1]) else ""
    return [
        replace(one, text=f"{before if one.passage is first else ''}{one.text}{behind if one.passage is last else ''}")
        for one in found
    ]


def _goes_on(pieces: Sequence[_Piece], number: int) -> bool:
    """Whether a list of steps, or what a last sentence announces, goes on in the next passage."""
    if not 0 <= number < len(pieces) - 1:
        return False
    last, following = pieces[number].units[-1:], pieces[number + 1].units[:1]
    if not last or not following:
        return False
    is_same = pieces[number].passage.heading == pieces[number + 1].passage.heading
    goes_on = last[0].kind is following[0].kind is Kind.STEPS and not following[0].text.startswith("1. ")
    return is_same and (goes_on or last[0].introduces)


def _companion(pieces: Sequence[_Piece], main: int, asked: Asked) -> int | None:
    """Another passage of the article: after a mere introduction the one that fits best, else only one that adds."""
    rest = [number for number in range(len(pieces)) if number != main]
    if not rest:
        return None
    if pieces[main].is_introduction:
        best = max(rest, key=lambda number: (asked.weight(pieces[number].words), -number))
        if pieces[best].has_steps and asked.weight(pieces[best].words) >= TELLS * asked.whole:
            return best
    left = asked.without(pieces[main].words)
    best = max(rest, key=lambda number: (left.weight(pieces[number].words), -number))
    if _adds(left.among(pieces[best].words), asked):
        return best
    return 1 if pieces[main].is_introduction and pieces[1].has_steps else None


def _adds(more: Asked, asked: Asked) -> bool:
    """Whether a passage that takes up ``more``, which nothing before it does, is worth saying too."""
    return len(more.weights) > 1 and more.whole >= _ADDS * asked.whole


def _fitting(found: list[Excerpt], published: PublishedArticle, firm: Collection[str]) -> tuple[Excerpt, ...]:
    """``found`` without its last excerpts, as far as together they are too long and not ``firm``."""
    kept = list(found)
    while sum(len(one.text) for one in kept) > LONGEST:
        loose = [one for one in kept if one.published is not published or one.passage.key not in firm]
        if not loose:
            break
        kept.remove(loose[-1])
    return tuple(kept)
