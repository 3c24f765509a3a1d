"""Edits of articles, bad and harmless ones, made by a seeded draw: an editor's slips, and an editor's care.

Written without looking at how the check works: where it is blind, the figures show it.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from kb_content.articles import Article

Edit = Callable[[Article, random.Random, Sequence[Article]], Article | None]
"""Gives the article edited, None where it has nothing to edit so."""

_SAFE = re.compile(
    r"```.*?```|`[^`\n]*`|\*\*[^*\n]*\*\*|\[[^\]\n]*\]\([^)\n]*\)|https?://\S+|^#+ .*$|^\|.*$", re.S | re.M
)
"""What an edit of plain words leaves alone: code, names in bold, links, headings, tables."""
_NUMBER = re.compile(r"(?<![\w.])\d{1,4}(?![\w.]*[\w])")
_UNITS = {
    "minutes": "hours",
    "hours": "days",
    "days": "weeks",
    "months": "years",
    "MB": "GB",
    "seconds": "minutes",
    "分钟": "小时",
    "小时": "天",
    "天": "周",
    "个月": "年",
}
_CAN = re.compile(r"\b(can|is|are|does|do|will|must|should|has)\b(?! not)(?!n['’]t)", re.IGNORECASE)
_NOT = re.compile(r"\b(can)not\b|\b(is|are|does|do|will|must|should) not\b", re.IGNORECASE)
_ZH_CAN = re.compile(r"(?<![不没])(能|会|可以|需要|支持|是)")
_ZH_NOT = re.compile(r"不(能|会|可以|需要|支持|是)")
_STEPS = re.compile(r"^(\d+)\. (.+(?:\n(?: {2,}.*|(?=\n {2,})))*)\n(\d+)\. (.+)$", re.M)
SYNONYMS = {
    "at once": "immediately",
    "However": "But",
    "because": "as",
    "such as": "like",
    "for example": "for instance",
    "choose": "pick",
    "begin": "start",
    "help": "assist",
    "person": "user",
    "people": "users",
    "big": "large",
    "usually": "mostly",
    "again": "once more",
    "e-mail": "email",
    "colleague": "co-worker",
    "also": "as well",
    "look at": "check",
    "ask": "contact",
    "about": "around",
    "need": "require",
    "立即": "马上",
    "如果": "若",
    "例如": "比如",
    "查看": "浏览",
    "检查": "核对",
    "您": "你",
    "以及": "和",
    "通常": "一般",
    "因为": "由于",
    "选择": "选取",
    "需要": "须要",
    "帮助": "协助",
    "同事": "伙伴",
    "马上": "立刻",
    "重新": "再次",
}


@dataclass(frozen=True)
class Edited:
    """``name``: what was done."""

    name: str
    before: Article
    after: Article


def draw(edits: dict[str, Edit], articles: Sequence[Article], count: int, seed: int) -> Iterator[Edited]:
    """``count`` edits, of each sort as many, over all articles in turn."""
    chance = random.Random(seed)
    for number, (name, edit) in enumerate(edits.items()):
        wanted = count // len(edits) + (number < count % len(edits))
        left = wanted * 30
        while wanted and left:
            left -= 1
            article = chance.choice(list(articles))
            after = edit(article, chance, articles)
            if after is not None and after != article:
                wanted -= 1
                yield Edited(name, article, after)


def _plain_spans(body: str) -> list[tuple[int, int]]:
    begin, spans = 0, []
    for found in _SAFE.finditer(body):
        spans.append((begin, found.start()))
        begin = found.end()
    return [(start, end) for start, end in [*spans, (begin, len(body))] if end > start]


def _matches(pattern: re.Pattern[str], body: str) -> list[re.Match[str]]:
    return [found for start, end in _plain_spans(body) for found in pattern.finditer(body, start, end)]


def _put(article: Article, found: re.Match[str], text: str) -> Article:
    return replace(article, body=article.body[: found.start()] + text + article.body[found.end() :])


def swap_steps(article: Article, chance: random.Random, _: Sequence[Article]) -> Article | None:
    """Two steps beside each other change places."""
    pairs = list(_STEPS.finditer(article.body))
    if not pairs:
        return None
    found = chance.choice(pairs)
    return _put(article, found, f"{found[1]}. {found[4]}\n{found[3]}. {found[2]}")


def change_number(article: Article, chance: random.Random, _: Sequence[Article]) -> Article | None:
    numbers = [found for found in _matches(_NUMBER, article.body) if not article.body[found.end() :].startswith(". ")]
    if not numbers:
        return None
    found = chance.choice(numbers)
    value = int(found[0])
    return _put(article, found, str(chance.choice([value + 1, value * 2 + 1, value * 10, max(1, value // 2) + 3])))


def change_unit(article: Article, chance: random.Random, _: Sequence[Article]) -> Article | None:
    pattern = re.compile("|".join(rf"(?<=\d ){unit}" for unit in _UNITS))
    units = _matches(pattern, article.body)
    if not units:
        return None
    found = chance.choice(units)
    return _put(article, found, _UNITS[found[0]])


def negate(article: Article, chance: random.Random, _: Sequence[Article]) -> Article | None:
    if article.language.startswith("zh"):
        add, take = _matches(_ZH_CAN, article.body), _matches(_ZH_NOT, article.body)
        found = chance.choice(add + take) if add or take else None
        return found and _put(article, found, found[1] if found in take else f"不{found[1]}")
    add, take = _matches(_CAN, article.body), _matches(_NOT, article.body)
    found = chance.choice(add + take) if add or take else None
    return found and _put(article, found, (found[1] or found[2]) if found in take else f"{found[1]} not")


def delete_passage(article: Article, chance: random.Random, _: Sequence[Article]) -> Article | None:
    """A section with its heading, or a paragraph of a text without any."""
    parts = re.split(r"(?m)^(?=## )", article.body)
    if len(parts) < 2:
        parts = re.split(r"\n\n", article.body)
        gone = chance.randrange(len(parts))
        return replace(article, body="\n\n".join(parts[:gone] + parts[gone + 1 :]) or "…")
    gone = chance.randrange(1, len(parts))
    return replace(article, body="".join(parts[:gone] + parts[gone + 1 :]).rstrip())


def take_title(article: Article, chance: random.Random, articles: Sequence[Article]) -> Article | None:
    """Another article's title, as when one was copied to begin the next."""
    others = [one.title for one in articles if one.language == article.language and one.id != article.id]
    return replace(article, title=chance.choice(others))


def mistype(article: Article, chance: random.Random, _: Sequence[Article]) -> Article | None:
    """Two letters of a long word change places, or one is lost; of Chinese a 的 too many."""
    if article.language.startswith("zh"):
        words = _matches(re.compile("[\u4e00-\u9fff]的"), article.body)
        found = chance.choice(words) if words else None
        return found and _put(article, found, f"{found[0]}的")
    words = _matches(re.compile(r"\b[a-z]{6,}\b"), article.body)
    if not words:
        return None
    found = chance.choice(words)
    word, place = found[0], chance.randrange(1, len(found[0]) - 2)
    swapped = word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    return _put(article, found, chance.choice([swapped, word[:place] + word[place + 1 :]]))


def reformat(article: Article, chance: random.Random, _: Sequence[Article]) -> Article | None:
    """Marks and blank lines only: nothing reads otherwise."""
    body = article.body
    ways = [
        re.sub(r"(?m)^- ", "* ", body),
        re.sub(r"\n\n", "\n\n\n", body),
        re.sub(r"\*\*([^*\n]+)\*\*", r"__\1__", body),
        re.sub(r"(?m)^(\d+)\. ", r"\1) ", body),
        re.sub(r"(?m)^## ", "### ", body),
        re.sub(r"([a-z,]) ([a-z])", r"\1\n\2", body, count=1) if "```" not in body else body,
    ]
    ways = [way for way in ways if way != body]
    words = _matches(re.compile(r"\b[a-z]{5,}\b|[\u4e00-\u9fff]{2}"), body)
    if words:
        found = chance.choice(words)
        ways.append(_put(article, found, f"*{found[0]}*").body)
    return replace(article, body=chance.choice(ways)) if ways else None


def reword(article: Article, chance: random.Random, _: Sequence[Article]) -> Article | None:
    """One word by another that means the same."""
    pattern = re.compile("|".join(rf"\b{one}\b" if one.isascii() else one for one in SYNONYMS))
    words = _matches(pattern, article.body)
    if not words:
        return None
    found = chance.choice(words)
    return _put(article, found, SYNONYMS[found[0]])


BAD: dict[str, Edit] = {
    "swapped steps": swap_steps,
    "wrong number": change_number,
    "wrong unit": change_unit,
    "negation": negate,
    "deleted passage": delete_passage,
    "another article's title": take_title,
}
HARMLESS: dict[str, Edit] = {"typo": mistype, "formatting": reformat, "synonym": reword}
