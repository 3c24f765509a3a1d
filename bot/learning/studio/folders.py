"""``firstline kb test``: the gold questions of a KB folder, asked of it and of what it would replace."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from bot.learning.publish import Fit
from bot.learning.rows import Row
from bot.learning.studio.comparing import (
    Compared,
    Effect,
    Question,
    as_values,
    blocking,
    by_gravity,
    compare,
    counts,
    graded,
    told_apart,
)
from bot.learning.studio.remembering import Memory
from bot.learning.studio.sides import AFTER, ALONE, BEFORE, Parts, ask_all, ask_sides
from kb_content.articles import Contents
from kb_content.studio.content_check import Change, changes

if TYPE_CHECKING:
    from retrieval.encoders import Encoders
    from retrieval.reranker import Reranker

Report = Callable[[str], None]


@dataclass(frozen=True)
class ContentChange:
    """One change of one article that somebody should have meant."""

    name: str
    language: str
    change: Change


@dataclass(frozen=True)
class Tested:
    """What a test found. ``compared``: each gold question beside the base, nothing without one; ``rows``: how the
    folder itself answers them."""

    rows: tuple[Row, ...]
    compared: tuple[Compared, ...]
    content: tuple[ContentChange, ...]

    @property
    def is_worse(self) -> bool:
        return bool(blocking(self.compared))

    def values(self) -> dict[str, Any]:
        """As ``--json`` prints it."""
        lost = [one for one in by_gravity(self.compared) if one.effect is not Effect.SAME]
        return {
            "questions": len(self.rows),
            "right": sum(row.worth == 2 or (not row.expect and not row.is_answered) for row in self.rows),
            "offered": sum(row.is_offered for row in self.rows),
            "wrong": sum(row.worth < 0 for row in self.rows),
            "worse": len(blocking(self.compared)),
            "counts": counts(self.compared) if self.compared else None,
            "changed": [as_values(one) for one in lost],
            "content": [{"name": one.name, "language": one.language, **asdict(one.change)} for one in self.content],
        }


@dataclass(frozen=True)
class Tools:
    """What a test is made with. ``memory``: the encoders, which read no question twice."""

    memory: Memory
    reranker: Reranker | None
    fit: Fit
    address: str

    @classmethod
    def load(cls, fit: Fit, address: str, report: Report) -> Tools:
        """Raises ModelUnavailable."""
        from retrieval.encoders import load_encoders
        from retrieval.reranker import load_reranker

        return cls(Memory(load_encoders(fit.encoder, report)), load_reranker(fit.reranker, report), fit, address)

    @property
    def encoders(self) -> Encoders:
        return self.memory.encoders

    def built(self, held: Contents, report: Report) -> Parts:
        """``held`` built from nothing in memory, as a first release of it would be."""
        from retrieval.build import build

        made = build(
            held,
            self.encoders,
            {},
            target_precision=self.fit.target_precision,
            unanswerable_share=self.fit.unanswerable_share,
            progress=report,
            reranker=self.reranker,
        )
        return Parts(held, made.vectors, made.parameters, made.threshold)


def try_contents(new: Contents, base: Parts | None, tools: Tools, report: Report) -> Tested:
    """Ask ``new`` its gold questions, and ``base`` too, where there is one."""
    asked = asked_of(new)
    built, texts = tools.built(new, report), [(one.text, one.language) for one in asked]
    content = tuple(content_changes(base.held, new)) if base else ()
    if base is None:
        serving = built.serve(tools.address, tools.encoders, tools.reranker)
        tools.memory.read(None, serving.reader, texts)
        rows = _graded(ask_all(serving, texts, report), asked)
        return Tested(rows, (), content)
    sides = ask_sides(base, built, texts, tools.memory, tools.address, tools.reranker, report)
    compared = told_apart(compare(asked, sides[BEFORE], sides[AFTER]), compare(asked, sides[BEFORE], sides[ALONE]))
    return Tested(_graded(sides[AFTER], asked), tuple(compared), content)


def asked_of(new: Contents) -> list[Question]:
    """The gold questions of ``new``, in the languages in which its customers would ask them."""
    from retrieval.needs import as_asked
    from retrieval.variants import languages_of

    return [Question(one.text, one.language, tuple(one.expect)) for one in as_asked(new.gold, languages_of(new))]


def content_changes(base: Contents, new: Contents) -> list[ContentChange]:
    """What ``new`` changes of the articles of ``base``, article by article; new articles change nothing."""
    after = {(one.article.id, one.article.language): one.article for one in new.articles}
    found = []
    for published in base.articles:
        name = (published.article.id, published.article.language)
        found += [ContentChange(*name, one) for one in changes(published.article, after.get(name))]
    return found


def _graded(rows: Sequence[Row], asked: Sequence[Question]) -> tuple[Row, ...]:
    return tuple(graded(row, question) for row, question in zip(rows, asked, strict=True))
