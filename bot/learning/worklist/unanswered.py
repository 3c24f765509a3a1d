"""Questions that the bot did not answer, gathered by what they ask."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.learning.worklist.asked import Fate, Question
from bot.learning.worklist.causes import proposed_cause
from bot.learning.worklist.clusters import FEWEST, Scale, central, clusters, known_again
from bot.learning.worklist.findings import MOST_SHOWN, Finding
from bot.learning.worklist.models import WorkKind
from bot.learning.worklist.replies import Reply, best
from bot.learning.worklist.seen import Seen, base
from retrieval.texts import plain_key


@dataclass(frozen=True)
class Space:
    """Where questions of a language lie. ``encode``: (texts, language) to unit vectors, shape (texts, dimension)."""

    encode: Callable[[Sequence[str], str], NDArray[np.float32]]
    scale: Callable[[str], Scale]


MOST = 3_000
"""Different questions of one language that are laid beside each other, the newest ones."""
_MOST_IDS = 500
_ARTICLES, _TICKETS = 3, 10
_OFFERED = 0.5
_DIGITS = re.compile(r"\d+")


def unanswered(seen: Seen, space: Space, known: Mapping[str, Set[int]]) -> list[Finding]:
    """A finding for each matter that several customers asked about and got no answer to, by language.

    ``known``: the message ids of the items that are there, by their keys, so that the same matter stays the same item.
    """
    groups = [group for language, asked in _by_language(seen).items() for group in _groups(asked, language, space)]
    groups = [group for group in groups if any(seen.is_lately(one.at) for one in group)]
    names = known_again([{one.message_id for one in group} for group in groups], known)
    return [_finding(seen, group, name or f"q{group[0].message_id}") for group, name in zip(groups, names, strict=True)]


def _by_language(seen: Seen) -> dict[str, list[Question]]:
    """What was missed, newest first; without what an article was published for since."""
    settled = {key: done for (kind, key), done in seen.done.items() if kind is WorkKind.UNANSWERED}
    over = {message for done in settled.values() for message in done.messages}
    found: dict[str, list[Question]] = defaultdict(list)
    for one in reversed(seen.questions):
        if one.is_missed and one.message_id not in over:
            found[base(one.language)].append(one)
    return found


def _groups(asked: Sequence[Question], language: str, space: Space) -> Iterator[list[Question]]:
    """The clusters of one language, each with its most central question first; the same words count once."""
    by_words: dict[str, list[Question]] = defaultdict(list)
    for one in asked:
        by_words[_words_of(one)].append(one)
    several = list(by_words.values())[:MOST]
    if not several:
        return
    vectors = space.encode([group[0].text for group in several], language)
    found = clusters(vectors, space.scale(language))
    yield from ([one for place in central(vectors, group) for one in several[place]] for group in found)
    # The very same words again and again are a matter, too, however far from all others.
    alone = set(range(len(several))) - {place for group in found for place in group}
    yield from (
        several[place] for place in sorted(alone) if len({one.conversation_id for one in several[place]}) >= FEWEST
    )


def _finding(seen: Seen, group: Sequence[Question], key: str) -> Finding:
    lately, earlier = seen.count([one.at for one in group])
    replies = [reply for place in _places(group) for reply in seen.replies.get(place, ())]
    articles = _considered(group)
    # Who was offered articles and pressed that none of them is meant does not miss a choice, but an article.
    is_offered = sum(one.fate is Fate.OFFERED for one in group) >= _OFFERED * len(group)
    asked, told = [one.text for one in group], [reply.text for reply in replies]
    return Finding(
        WorkKind.UNANSWERED,
        key,
        base(group[0].language),
        group[0].text,
        lately,
        earlier,
        lost=lately,
        cause=proposed_cause(asked, told, group[0].language, has_article=is_offered),
        detail=_detail(group, articles, best(replies), replies),
    )


def _detail(
    group: Sequence[Question], articles: list[dict[str, Any]], reply: Reply | None, replies: Sequence[Reply]
) -> dict[str, Any]:
    distinct = {_words_of(one): one for one in reversed(group)}
    shown = [distinct[key] for key in dict.fromkeys(map(_words_of, group))]
    return {
        "questions": questions_shown(shown),
        "messages": sorted(one.message_id for one in group)[-_MOST_IDS:],
        "articles": articles,
        "tickets": sorted({one.ticket for one in replies if one.ticket}, reverse=True)[:_TICKETS],
        "reply": reply.values() if reply else None,
    }


def _words_of(question: Question) -> str:
    """The same for two questions that differ in signs or numbers at most: "row 54" is no other matter than "row 12"."""
    return _DIGITS.sub("0", plain_key(question.text))


def questions_shown(asked: Sequence[Question]) -> list[dict[str, Any]]:
    """Questions as an item keeps them."""
    return [
        {"text": one.text, "message": one.message_id, "conversation": one.conversation_id, "at": one.at.isoformat()}
        for one in asked[:MOST_SHOWN]
    ]


def _places(group: Sequence[Question]) -> list[int]:
    return list(dict.fromkeys(one.conversation_id for one in group))


def _considered(group: Sequence[Question]) -> list[dict[str, Any]]:
    """The articles that came nearest, with the share of the candidates' weight that each got."""
    weights: Counter[tuple[str, str]] = Counter()
    titles: dict[tuple[str, str], str] = {}
    for question in group:
        for one in question.found:
            weights[one.article, one.language] += one.share  # type: ignore[assignment]
            titles[one.article, one.language] = one.title
    total = sum(weights.values()) or 1.0
    return [
        {
            "article": article,
            "language": language,
            "title": titles[article, language],
            "share": round(weight / total, 3),
        }
        for (article, language), weight in weights.most_common(_ARTICLES)
    ]
