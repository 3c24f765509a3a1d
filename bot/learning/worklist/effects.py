"""How the questions of an item are answered: before its draft, and after that went live."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bot.learning.evaluation import ask_alone, row_of
from bot.learning.worklist.findings import Finding, held_out
from bot.learning.worklist.models import WorkItem, WorkKind
from bot.learning.worklist.seen import Seen, base
from kb_content.articles import GoldQuestion

if TYPE_CHECKING:
    from bot.live import Serving

MOST = 40
"""Questions of one item that are asked again."""
_CLUSTERS = (WorkKind.UNANSWERED, WorkKind.TRANSLATION, WorkKind.SYNONYM, WorkKind.DISLIKED, WorkKind.WRONG)


@dataclass(frozen=True)
class Measured:
    """How one release answers questions. ``by``: those answered from the articles that the item was worked in."""

    release: int
    at: str
    asked: int
    answered: int
    offered: int
    by: int = 0

    def values(self) -> dict[str, Any]:
        return dict(vars(self))


@dataclass(frozen=True)
class Again:
    """An item whose questions are to be asked again. ``name``: see ``name_of``."""

    name: str
    language: str
    questions: tuple[str, ...]
    articles: tuple[str, ...] = field(default=())
    """The articles that it was worked in: none before its draft went live."""
    since: str = ""
    """When it went live."""


def name_of(item: WorkItem | Finding) -> str:
    """What names an item before it is one."""
    return f"{item.kind.value}:{item.key}"


def to_ask(item: WorkItem | Finding) -> Again | None:
    """What is to be asked again of this item; None where there is nothing to ask."""
    texts = [one["text"] for one in item.detail.get("questions", ())][:MOST]
    if item.kind not in _CLUSTERS or not texts:
        return None
    effect = item.effect if isinstance(item, WorkItem) else {}
    worked, since = effect.get("articles", ()), effect.get("live_at", "")
    return Again(name_of(item), item.language, tuple(texts), tuple(worked), since)


def measured(serving: Serving, again: Again, now: datetime) -> dict[str, Any]:
    """All of its questions, and apart from them those that its articles do not have as examples."""
    own = {
        question
        for (article, _), published in serving.shelf.items()
        if article in again.articles
        for question in published.article.questions
    }
    unseen = held_out(again.questions, list(own))
    rows = {text: _asked(serving, text, again.language) for text in dict.fromkeys(again.questions)}
    both = {"all": [rows[text] for text in rows], "held_out": [rows[text] for text in unseen]}
    return {
        name: Measured(
            serving.release_id,
            now.isoformat(),
            len(several),
            sum(row.is_answered for row in several),
            sum(row.decision == "clarify" for row in several),
            sum(row.is_answered and bool(row.citations) and row.citations[0] in again.articles for row in several),
        ).values()
        for name, several in both.items()
    }


def lately(seen: Seen, again: Again) -> dict[str, int]:
    """What customers asked since it went live: how often its articles were the answer, by themselves or by a choice."""
    moments = [one for one in _since(seen, again.since) if one.article in again.articles]
    return {"answered": sum(base(one.language) == base(again.language) for one in moments)}


def _since(seen: Seen, since: str) -> Iterator[Any]:
    begun = datetime.fromisoformat(since) if since else None
    return (one for one in seen.questions if begun is not None and one.at > begun)


def _asked(serving: Serving, text: str, language: str) -> Any:
    question = GoldQuestion(text, language, ())
    return row_of(question, *ask_alone(serving, text, language or None))


def share(measured: dict[str, Any] | None) -> float | None:
    """The share that was answered; None where nothing was asked."""
    return measured["answered"] / measured["asked"] if measured and measured["asked"] else None


def of_all(items: Sequence[WorkItem]) -> tuple[int, int]:
    """Of the questions that no draft was given, of all published items: (answered now, asked)."""
    after = [item.effect["after"]["held_out"] for item in items if item.effect.get("after")]
    return sum(one["answered"] for one in after), sum(one["asked"] for one in after)
