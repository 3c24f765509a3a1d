"""What an edit changes of an article that an editor must have meant: one thing to tick for each.

Numbers, units, the order of steps, negations, commands, links, names of buttons, passages that are gone, the title, and
who the article is for. Other wording passes. Pure.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import reduce

from rapidfuzz import fuzz
from rapidfuzz.distance import DamerauLevenshtein

from kb_content.articles import Article
from kb_content.blocks import size
from kb_content.studio.facts import Facts, facts, nothing, turned
from kb_content.studio.statements import Shape, Statement, statements

_ALIKE = 55.0
"""From this similarity on, of 100, one statement is another one in other words."""
_SAME_NAME = 0.85
_KEPT = 0.5
"""Less than this share of the words that are gone must have come back in other words, or something was taken out."""
_FEWEST = 2
"""Words; what is shorter says nothing by itself."""
_PREFIXES = ("un", "de", "dis", "in", "non", "不", "未", "取消", "反")


@dataclass(frozen=True)
class Change:
    """One thing that changed.

    ``kind``: number, negation, limit, command, link, button, order, removed, title, audience, applies_to or article.

    ``before`` and ``after`` say it in the article's own words, one of them empty where something came or went;
    ``where``: the heading above it. ``key`` is the same as long as the same thing changes in the same way, and the
    sentence that it stands in says the same: who ticked it has not read what became of that afterwards.
    """

    kind: str
    before: str
    after: str
    where: str
    key: str


Found = tuple[str, str, str, str]
"""A change without its key: kind, before, after, where."""
Placed = tuple[Found, str]
"""With the words that it stands in, before and after."""


def changes(old: Article | None, new: Article | None) -> list[Change]:
    """What ``new`` changes of ``old``, title first, then down the article. Nothing for a new article.

    ``new`` None: the article is taken out of the KB, which is one change.
    """
    if old is None:
        return []
    if new is None:
        return _keyed([(("article", old.title, "", ""), "")])
    return _keyed([*((one, "") for one in _about(old, new)), *_of_bodies(old, new)])


def _keyed(found: Sequence[Placed]) -> list[Change]:
    seen: Counter[Placed] = Counter()
    keyed = []
    for one, said in found:
        seen[one, said] += 1
        told = "\0".join((*one, said, str(seen[one, said])))
        keyed.append(Change(*one, key=hashlib.sha256(told.encode()).hexdigest()[:16]))
    return keyed


def _about(old: Article, new: Article) -> Iterator[Found]:
    if not _is_same_title(old.title, new.title):
        yield "title", old.title, new.title, ""
    if _audience(old) != _audience(new):
        yield "audience", _audience(old), _audience(new), ""
    if (old.applies_to or "") != (new.applies_to or ""):
        yield "applies_to", old.applies_to or "", new.applies_to or "", ""


def _audience(article: Article) -> str:
    return "; ".join(
        f"{key}: {', '.join(sorted(values))}" for key, values in sorted(article.audience.items()) if values
    )


def _is_same_title(old: str, new: str) -> bool:
    """Whether they differ by typing mistakes at most: a title is what an answer is chosen and known by."""
    before, after = Statement(Shape.HEADING, old, ""), Statement(Shape.HEADING, new, "")
    if before.key == after.key:
        return True
    words, others = old.casefold().split(), new.casefold().split()
    return len(words) == len(others) and all(map(_is_typo, words, others))


def _is_typo(word: str, other: str) -> bool:
    """Whether ``other`` is ``word`` mistyped: one slip in a word that is long enough to be known all the same."""
    if word == other:
        return True
    if not (word.isascii() and other.isascii() and word.isalpha() and other.isalpha()) or _is_reversed(word, other):
        return False
    return DamerauLevenshtein.distance(word, other) == 1 and min(len(word), len(other)) > 3


def _is_reversed(name: str, other: str) -> bool:
    """Whether one of them is the other with a syllable before it that turns it round."""
    short, long = sorted((name.casefold(), other.casefold()), key=len)
    return long != short and any(long == prefix + short for prefix in _PREFIXES)


def _of_bodies(old: Article, new: Article) -> Iterator[Placed]:
    before, after = statements(old.body), statements(new.body)
    left, right = [one.key for one in before], [one.key for one in after]
    steps = SequenceMatcher(None, left, right, autojunk=False).get_opcodes()
    came = Counter(key for tag, _, _, begin, end in steps if tag in ("insert", "replace") for key in right[begin:end])
    moved, arrived = set[int](), Counter[str]()
    for tag, begin, end, _, _ in steps:
        if tag in ("delete", "replace"):
            for place in range(begin, end):
                key = left[place]
                if arrived[key] < came[key]:
                    arrived[key] += 1
                    moved.add(place)
    for tag, begin, end, first, last in steps:
        if tag == "equal":
            continue
        yield from (
            (("order", before[place].text, "", before[place].section), _order(before, after, before[place].section))
            for place in range(begin, end)
            if place in moved and size(before[place].text) >= _FEWEST
        )
        olds = [before[place] for place in range(begin, end) if place not in moved]
        news = [one for one in after[first:last] if not _has_arrived(one, arrived)]
        yield from _of_stretch(olds, news, new.language)


def _order(before: Sequence[Statement], after: Sequence[Statement], section: str) -> str:
    """In which order the old statements stand under this heading now."""
    known = {one.key for one in before}
    return "\0".join(one.key for one in after if one.section == section and one.key in known)


def _has_arrived(one: Statement, arrived: Counter[str]) -> bool:
    if arrived[one.key] <= 0:
        return False
    arrived[one.key] -= 1
    return True


def _of_stretch(olds: Sequence[Statement], news: Sequence[Statement], language: str) -> Iterator[Placed]:
    """What changed between two statements that stayed as they were."""
    if not olds:
        # New words may say what they like, but a line more in a procedure of commands changes it.
        yield from ((("command", "", one.text.strip(), one.section), "") for one in news if one.shape is Shape.CODE)
        return
    pairs, gone, new = _paired(olds, news)
    spare, missing = _together(new, language), _together(gone, language)
    found = [each for one, other in pairs for each in _of_pair(one, other, spare, missing, language)]
    yield from found
    grown = sum(max(0, size(other.text) - size(one.text)) for one, other in pairs)
    if gone and grown + _words(new) < _KEPT * _words(gone):
        yield from ((one, "") for one in _removed(gone))
    elif gone and not found:
        yield from _compared(_together(olds, language), _together(news, language), gone[0], language)


def _words(several: Sequence[Statement]) -> int:
    return sum(size(one.text) for one in several)


def _paired(
    olds: Sequence[Statement], news: Sequence[Statement]
) -> tuple[list[tuple[Statement, Statement]], list[Statement], list[Statement]]:
    """Statements and what became of them, in order; then those that are gone, and those that are new."""
    if len(olds) == len(news):
        return list(zip(olds, news, strict=True)), [], []
    table = [[_likeness(one, other) for other in news] for one in olds]
    best = [[0.0] * (len(news) + 1) for _ in range(len(olds) + 1)]
    for row in range(len(olds) - 1, -1, -1):
        for column in range(len(news) - 1, -1, -1):
            with_pair = table[row][column] + best[row + 1][column + 1] if table[row][column] >= _ALIKE else 0.0
            best[row][column] = max(with_pair, best[row + 1][column], best[row][column + 1])
    pairs, gone, new, row, column = [], [], [], 0, 0
    while row < len(olds) and column < len(news):
        value = table[row][column]
        if value >= _ALIKE and best[row][column] == value + best[row + 1][column + 1]:
            pairs.append((olds[row], news[column]))
            row, column = row + 1, column + 1
        elif best[row][column] == best[row + 1][column]:
            gone.append(olds[row])
            row += 1
        else:
            new.append(news[column])
            column += 1
    return pairs, [*gone, *olds[row:]], [*new, *news[column:]]


def _likeness(one: Statement, other: Statement) -> float:
    return float(fuzz.ratio(one.text.casefold(), other.text.casefold()))


def _together(several: Sequence[Statement], language: str) -> Facts:
    return reduce(lambda sum_, one: sum_ + facts(one, language), several, nothing())


def _of_pair(one: Statement, other: Statement, spare: Facts, missing: Facts, language: str) -> Iterator[Placed]:
    """``spare``: what the new statements beside it say, where a part of it may have gone; ``missing``: likewise."""
    old, new = facts(one, language), facts(other, language)
    found = list(_compared(old, new, one, language, other))
    if not found:
        return
    # A sentence that was cut in two, or two that became one: all of them say the same together.
    if (spare.text or missing.text) and not list(_compared(old + missing, new + spare, one, language, other)):
        return
    yield from found


def _compared(
    old: Facts, new: Facts, one: Statement, language: str, other: Statement | None = None
) -> Iterator[Placed]:
    after = other.text if other is not None else new.text.strip()
    yield from ((found, f"{one.text}\0{after}") for found in _differences(old, new, one, after, language))


def _differences(old: Facts, new: Facts, one: Statement, after: str, language: str) -> Iterator[Found]:
    if old.numbers != new.numbers:
        yield "number", _listed(old.numbers - new.numbers), _listed(new.numbers - old.numbers), one.section
    opposites = turned(old, new, language)
    yield from (("negation", f"{left}: {one.text}", f"{came}: {after}", one.section) for left, came in opposites)
    if not opposites and old.negations != new.negations:
        yield "negation", one.text, after, one.section
    if old.limits != new.limits:
        yield "limit", one.text, after, one.section
    yield from _of_commands(old, new, one)
    yield from _swapped("link", old.links, new.links, one)
    yield from _of_names(old, new, one)


def _of_commands(old: Facts, new: Facts, one: Statement) -> Iterator[Found]:
    """Commands that are said no more, or now; marking up what was there already is no change."""
    lost = Counter({code: count for code, count in (old.code - new.code).items() if code not in new.text})
    gained = Counter({code: count for code, count in (new.code - old.code).items() if code not in old.text})
    yield from _swapped("command", lost, gained, one)


def _of_names(old: Facts, new: Facts, one: Statement) -> Iterator[Found]:
    """Names of the old text that the new one does not have in any form, each beside what has come in its place."""
    words, others = old.text.casefold(), new.text.casefold()
    lost = [name for name in old.names if name.casefold() not in others]
    gained = [name for name in new.names if name.casefold() not in words]
    for name in lost:
        nearest = max(gained, key=lambda each: fuzz.ratio(name, each), default="")
        is_same = fuzz.ratio(name.casefold(), nearest.casefold()) >= 100 * _SAME_NAME
        if not (is_same and _differs_by_letters(name, nearest)):
            yield "button", name, nearest, one.section


def _differs_by_letters(name: str, other: str) -> bool:
    digits = [character for character in name if character.isdigit()]
    return digits == [character for character in other if character.isdigit()] and not _is_reversed(name, other)


def _swapped(kind: str, old: Counter[str], new: Counter[str], one: Statement) -> Iterator[Found]:
    lost, gained = sorted((old - new).elements()), sorted((new - old).elements())
    for place in range(max(len(lost), len(gained))):
        yield kind, "".join(lost[place : place + 1]), "".join(gained[place : place + 1]), one.section


def _removed(gone: Sequence[Statement]) -> Iterator[Found]:
    """What was taken out, one change for each stretch under one heading."""
    stretches: list[list[Statement]] = []
    for one in gone:
        if stretches and stretches[-1][0].section == one.section:
            stretches[-1].append(one)
        else:
            stretches.append([one])
    for stretch in stretches:
        text = " ".join(one.text for one in stretch)
        if size(text) >= _FEWEST:
            yield "removed", text, "", stretch[0].section


def _listed(values: Counter[str]) -> str:
    return ", ".join(sorted(values.elements()))
