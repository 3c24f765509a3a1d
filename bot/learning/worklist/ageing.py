"""Articles whose day of review has passed, and articles that are not for the versions that customers name."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING

from bot.learning.worklist.asked import Question
from bot.learning.worklist.findings import Finding
from bot.learning.worklist.models import WorkKind
from bot.learning.worklist.seen import Seen, base
from bot.learning.worklist.unanswered import questions_shown
from kb_content.articles import Article

if TYPE_CHECKING:
    from packaging.specifiers import SpecifierSet
    from packaging.version import Version

_NAMED = re.compile(
    r"(?<![\w.])(?:v|ver\.?|version|release|版本|版)\s?(\d{1,4}(?:\.\d{1,4}){0,3})(?![\w%]|\.\d)"
    r"|(?<![\w.])(\d{1,4}(?:\.\d{1,4}){1,3})\s?(?:版|version)",
    re.IGNORECASE | re.ASCII,
)
_ENOUGH = 20
"""Questions that name a version, from which on versions that none of them names are called unused."""


def stale(seen: Seen) -> list[Finding]:
    """Articles that were to be reviewed by now."""
    found = []
    for one in seen.held.articles:
        article, day = one.article, _day(one.article.review_by)
        if day is not None and day < seen.now.date():
            told = seen.told[article.id, base(article.language)]
            detail = {"article": article.id, "review_by": day.isoformat(), "version": one.version}
            found.append(
                Finding(WorkKind.STALE, _key(article), article.language, article.title, told, told=told, detail=detail)
            )
    return found


def out_of_range(seen: Seen) -> list[Finding]:
    """Articles for some product versions that are asked about other ones, or whose versions nobody names any more."""
    asked = [(one, version) for one in seen.questions for version in versions_in(one.text)]
    outside: dict[str, list[Question]] = defaultdict(list)
    for question, version in asked:
        article = _about(seen, question)
        range_ = _range(article) if article is not None else None
        if article is None or range_ is None or version in range_:
            continue
        if seen.is_news(WorkKind.OUT_OF_RANGE, _key(article), question.at):
            outside[_key(article)].append(question)
    named = [version for question, version in asked if seen.is_lately(question.at)]
    return list(_findings(seen, outside, named))


def versions_in(text: str) -> list[Version]:
    """The product versions that a question names."""
    from packaging.version import Version

    return [Version(one or other) for one, other in _NAMED.findall(text)]


def _findings(seen: Seen, outside: dict[str, list[Question]], named: Sequence[Version]) -> Iterator[Finding]:
    for one in seen.held.articles:
        article, range_ = one.article, _range(one.article)
        several = outside.get(_key(article), [])
        is_unused = range_ is not None and len(named) >= _ENOUGH and not any(version in range_ for version in named)
        lately, earlier = seen.count([question.at for question in several])
        if lately or is_unused:
            told = seen.told[article.id, base(article.language)]
            detail = {
                "article": article.id,
                "applies_to": article.applies_to,
                "is_unused": is_unused,
                "questions": questions_shown(several),
                "versions": sorted({str(version) for each in several for version in versions_in(each.text)}),
            }
            yield Finding(
                WorkKind.OUT_OF_RANGE,
                _key(article),
                article.language,
                article.title,
                lately,
                earlier,
                lost=lately,
                told=lately or told,
                detail=detail,
            )


def _about(seen: Seen, question: Question) -> Article | None:
    """The article that answered it, or came nearest."""
    name = question.article or (question.found[0].article if question.found else "")
    held = seen.articles.get((name, base(question.article_language if question.article else question.language)))
    return held.article if held else None


def _range(article: Article) -> SpecifierSet | None:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    if not article.applies_to:
        return None
    try:
        return SpecifierSet(article.applies_to, prereleases=True)
    except InvalidSpecifier:
        return None


def _day(written: str | None) -> date | None:
    try:
        return date.fromisoformat(str(written)) if written else None
    except ValueError:
        return None


def _key(article: Article) -> str:
    return f"{article.id}:{article.language}"
