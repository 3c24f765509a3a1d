"""What every finder looks at: the questions of two spans, what is known of answers, and the live KB."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from bot.learning.outcomes import Verdict
from bot.learning.worklist.asked import Fate, Question
from bot.learning.worklist.findings import SPAN, hit_rate
from bot.learning.worklist.models import WorkKind
from bot.learning.worklist.replies import Reply
from kb_content.articles import Contents, PublishedArticle


def base(language: str) -> str:
    return language.split("-")[0].lower()


@dataclass(frozen=True)
class Done:
    """An item that was published: what was asked before that is no reason to find it again."""

    at: datetime
    messages: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Seen:
    """One look. ``questions`` and ``verdicts`` reach back two spans; ``replies`` by conversation."""

    now: datetime
    held: Contents
    questions: Sequence[Question] = ()
    verdicts: Sequence[Verdict] = ()
    replies: Mapping[int, Sequence[Reply]] = field(default_factory=dict)
    done: Mapping[tuple[WorkKind, str], Done] = field(default_factory=dict)

    def is_lately(self, at: datetime) -> bool:
        """Whether it belongs to the span that is counted, not to the one before."""
        return at >= self.now - SPAN

    def is_news(self, kind: WorkKind, key: str, at: datetime) -> bool:
        """Whether something that happened then says anything about an item that may have been published since."""
        done = self.done.get((kind, key))
        return done is None or at > done.at

    @cached_property
    def asked(self) -> int:
        """All questions of the span."""
        return sum(self.is_lately(one.at) for one in self.questions)

    @cached_property
    def hits(self) -> float:
        """Of the questions about what the KB has: the share that it answers by itself."""
        about = [one.fate for one in self.questions if self.is_lately(one.at) and not one.is_foreign]
        answered = about.count(Fate.ANSWERED)
        return hit_rate(answered, len(about) - answered)

    @cached_property
    def told(self) -> Counter[tuple[str, str]]:
        """How often each article (id, base language) was the answer in the span."""
        return Counter(
            (one.article, base(one.article_language))
            for one in self.questions
            if one.article is not None and self.is_lately(one.at)
        )

    @cached_property
    def articles(self) -> dict[tuple[str, str], PublishedArticle]:
        """The live articles by id and base language."""
        return {(one.article.id, base(one.article.language)): one for one in self.held.articles}

    def title(self, article: str, language: str) -> str:
        """What the article is called, in another language if it must be; its id where it is not live."""
        own = self.articles.get((article, base(language)))
        other = next((one for one in self.held.articles if one.article.id == article), None)
        found = own or other
        return found.article.title if found else article

    def count(self, moments: Sequence[datetime]) -> tuple[int, int]:
        """How many of ``moments`` are in the span, and how many in the one before."""
        lately = sum(map(self.is_lately, moments))
        return lately, len(moments) - lately
