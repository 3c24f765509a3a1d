"""Languages in which an article is asked for and not there, and words of customers that the right article lacks."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from bot.learning.worklist.asked import Fate, Question
from bot.learning.worklist.findings import Finding
from bot.learning.worklist.models import Cause, WorkKind
from bot.learning.worklist.seen import Seen, base
from bot.learning.worklist.unanswered import questions_shown
from kb_content.article_file import source_digest
from kb_content.articles import Article, Contents, PublishedArticle
from retrieval.texts import without_markup
from retrieval.words import words_of

FEWEST = 2
_FEWEST_WITHOUT = 3
"""Customers who reached an article by a choice only, where no word says why."""
_MOST_WORDS = 5
_OWN = 0.6
"""The share of a word's questions that must be about the article: else it is a word like any other."""


def translations(seen: Seen) -> list[Finding]:
    """Articles that are asked for in a language that they are not in, and translations of an older text."""
    asked: dict[tuple[str, str, str], list[Question]] = defaultdict(list)
    for one in seen.questions:
        language, nearest = base(one.language), one.found[0] if one.found and not one.is_foreign else None
        if nearest is None or base(nearest.language) == language or (nearest.article, language) in seen.articles:
            continue
        if seen.is_news(WorkKind.TRANSLATION, f"{nearest.article}:{language}", one.at):
            asked[nearest.article, language, nearest.language].append(one)
    found = [
        _missing(seen, article, language, source, several)
        for (article, language, source), several in asked.items()
        if sum(seen.is_lately(one.at) for one in several) >= FEWEST
    ]
    return [*found, *(_outdated(seen, one, source) for one, source in _behind(seen.held))]


def _missing(seen: Seen, article: str, language: str, source: str, several: Sequence[Question]) -> Finding:
    lately, earlier = seen.count([one.at for one in several])
    return Finding(
        WorkKind.TRANSLATION,
        f"{article}:{language}",
        language,
        seen.title(article, source),
        lately,
        earlier,
        lost=sum(one.fate is not Fate.ANSWERED and seen.is_lately(one.at) for one in several),
        cause=Cause.MISSING_ARTICLE,
        detail={"article": article, "source": source, "why": "missing", "questions": questions_shown(several)},
    )


def _outdated(seen: Seen, article: Article, source: str) -> Finding:
    told = seen.told[article.id, base(article.language)]
    detail = {"article": article.id, "source": source, "why": "outdated"}
    key = f"{article.id}:{article.language}"
    return Finding(WorkKind.TRANSLATION, key, article.language, article.title, told, told=told, detail=detail)


def _behind(held: Contents) -> Iterator[tuple[Article, str]]:
    """Translations whose source says something else by now, with the language of that."""
    several: dict[str, list[Article]] = defaultdict(list)
    for one in held.articles:
        several[one.article.id].append(one.article)
    for pair in several.values():
        for article in pair:
            others = [other for other in pair if other is not article]
            digests = [source_digest(other) for other in others]
            if others and article.translated_from and article.translated_from[:8] not in digests:
                yield article, others[0].language


def synonyms(seen: Seen) -> list[Finding]:
    """Articles that customers reach by a choice or an agent only, with the words that they use and it lacks."""
    wrong = {one.message_id for one in seen.verdicts if not one.is_right and not one.right_article}
    reached: dict[tuple[str, str], list[Question]] = defaultdict(list)
    for one, article in _reached(seen):
        key = (article, base(one.language))
        is_news = seen.is_news(WorkKind.SYNONYM, ":".join(key), one.at)
        if key in seen.articles and one.message_id not in wrong and is_news:
            reached[key].append(one)
    spoken = Counter(word for one in seen.questions for word in set(words_of(one.text)))
    found = [_lacking(seen, key, several, spoken) for key, several in reached.items()]
    return [one for one in found if one is not None]


def _reached(seen: Seen) -> Iterator[tuple[Question, str]]:
    """Questions with the article that was right, where the bot did not answer from it by itself."""
    right = {one.message_id: one.right_article for one in seen.verdicts if not one.is_right and one.right_article}
    sent = {one.message_id: one.article for one in seen.verdicts if one.is_right}
    for one in seen.questions:
        article = right.get(one.message_id)
        if article is None and one.fate is Fate.CHOSEN:
            article = one.article
        if article is None and one.is_missed:
            article = sent.get(one.message_id)
        if article is not None:
            yield one, article


def _lacking(seen: Seen, key: tuple[str, str], several: Sequence[Question], spoken: Counter[str]) -> Finding | None:
    lately, earlier = seen.count([one.at for one in several])
    published = seen.articles[key]
    words = list(_words(published, several, spoken))
    people = {one.conversation_id for one in several if seen.is_lately(one.at)}
    if len(people) < (FEWEST if words else _FEWEST_WITHOUT):
        return None
    detail: dict[str, Any] = {"article": key[0], "words": words, "questions": questions_shown(several)}
    return Finding(
        WorkKind.SYNONYM,
        ":".join(key),
        key[1],
        published.article.title,
        lately,
        earlier,
        lost=lately,
        cause=Cause.MISUNDERSTANDING,
        detail=detail,
    )


def _words(published: PublishedArticle, several: Sequence[Question], spoken: Counter[str]) -> Iterator[dict[str, Any]]:
    """Words that several customers used for this article and that it does not have, as they were written."""
    has = _has(published)
    used = Counter(word for one in several for word in set(words_of(one.text)) - has if len(word) > 1)
    for word, count in used.most_common():
        if count >= FEWEST and count >= _OWN * spoken[word]:
            yield {"word": _as_written(word, several), "count": count}


def _as_written(word: str, several: Sequence[Question]) -> str:
    """The word of which ``word`` is the stem, as the first of them wrote it."""
    for one in several:
        for written in one.text.split():
            bare = written.strip(".,;:!?\"'()").lower()
            if word in words_of(bare) and bare.isascii():
                return bare
    return word


def _has(published: PublishedArticle) -> set[str]:
    article = published.article
    return set(words_of(" ".join((article.title, *article.questions)))) | {
        word for passage in published.passages for word in words_of(f"{passage.heading} {without_markup(passage.text)}")
    }
