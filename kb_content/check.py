"""What an editor should look at in a KB folder: what cannot be read, and what will not work well."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date

from kb_content.article_file import source_digest
from kb_content.articles import Article
from kb_content.blocks import size
from kb_content.dialects import plain_markdown
from kb_content.folder import Folder
from kb_content.html import to_text
from kb_content.markdown import headings
from kb_content.passages import LONGEST, PATH_SEPARATOR, split
from kb_content.problems import Problem
from kb_content.studio.sources import source_language
from store.counting import counted

_MANY = 5
_FAR_TOO_LONG = 2 * LONGEST
_Pair = Mapping[str, Article]


def check(folder: Folder, today: date | None = None) -> list[Problem]:
    """The problems of reading ``folder`` and notes on its articles, by file and line.

    With ``today``, also articles whose ``review_by`` has passed.
    """
    pairs: dict[str, dict[str, Article]] = defaultdict(dict)
    for article in folder.articles:
        pairs[article.id][article.language] = article
    notes = [note for article in folder.articles for note in _about_article(folder, article, today)]
    notes += [note for pair in pairs.values() for note in _about_pair(folder, pair)]
    notes += list(_missing_languages(folder, pairs))
    return sorted(_summed_up([*folder.problems, *notes]), key=lambda problem: (problem.path, problem.line or 0))


def _summed_up(problems: list[Problem]) -> Iterator[Problem]:
    """``problems``, where a note that many files deserve is given once: documentation would get hundreds."""
    count = Counter(problem.message for problem in problems if not problem.is_error)
    told: set[str] = set()
    for problem in problems:
        if problem.is_error or count[problem.message] <= _MANY:
            yield problem
        elif problem.message not in told:
            told.add(problem.message)
            yield replace(
                problem, message=f"{problem.message} (and so in {counted(count[problem.message] - 1, 'other file')})"
            )


def _about_article(folder: Folder, article: Article, today: date | None) -> Iterator[Problem]:
    if not article.questions:
        yield _note(
            folder,
            article,
            "there are no `questions`: add some as customers ask, answers are found by them; once it is imported, "
            "`firstline kb propose` proposes some",
        )
    if today and article.review_by and date.fromisoformat(article.review_by) < today:
        yield _note(folder, article, f"it was to be reviewed by {article.review_by}: review it and set a new date")
    if not to_text(plain_markdown(article.body)):
        yield _note(folder, article, "its text has no words, so it can never be an answer: write some")
    yield from _about_lengths(folder, article)


def _about_lengths(folder: Folder, article: Article) -> Iterator[Problem]:
    """Sections beyond all measure, and single blocks that could not be cut."""
    words: Counter[str] = Counter()
    for passage in split(article, 0):
        words[passage.heading] += size(passage.text)
    for heading, count in words.items():
        if count > _FAR_TOO_LONG:
            shown = heading.rpartition(PATH_SEPARATOR)[2][:60]
            yield _note(folder, article, f"the section `{shown}` has {count} words: divide it with headings")


def _about_pair(folder: Folder, pair: _Pair) -> Iterator[Problem]:
    source = pair.get(source_language({language: one.translated_from for language, one in pair.items()}) or "")
    if source is None:
        return
    for article in pair.values():
        if article is source:
            continue
        if article.translated_from and article.translated_from[:8] != source_digest(source):
            yield _note(
                folder,
                article,
                f"{folder.places[source.id, source.language]} changed after this was translated: bring it up to date, "
                "then delete the line `translated_from` (export writes it anew)",
            )
        if _levels(article) != _levels(source):
            yield _note(
                folder,
                article,
                f"its headings do not match those of {folder.places[source.id, source.language]}: "
                f"{len(_levels(article))} here, {len(_levels(source))} there, or in another order",
            )


def _missing_languages(folder: Folder, pairs: Mapping[str, _Pair]) -> Iterator[Problem]:
    """Articles that lack a language which most articles have."""
    count = Counter(language for pair in pairs.values() for language in pair)
    usual = sorted(language for language, number in count.items() if 2 * number > len(pairs))
    for pair in pairs.values():
        missing = [language for language in usual if language not in pair]
        if missing:
            yield _note(
                folder,
                next(iter(pair.values())),
                f"most articles are there in {', '.join(missing)} too, this one is not",
            )


def _levels(article: Article) -> list[int]:
    return [level for level, _ in headings(plain_markdown(article.body))]


def _note(folder: Folder, article: Article, message: str) -> Problem:
    return Problem(folder.places[article.id, article.language], 1, message, is_error=False)
