"""Answers: how many questions of public data are answered, how often rightly, beside the best cosine of that run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import log2
from typing import TYPE_CHECKING

import numpy as np

from bench.figure import Figure
from bench.sets import DATA, QUESTIONS, Set, atec, banking, documentation, sample, stackfaq
from kb_content.articles import Contents, GoldQuestion
from retrieval.figures import auroc, coverage_at

if TYPE_CHECKING:
    from bot.learning.rows import Row
    from bot.live import Serving
    from retrieval.encoders import Encoders

TARGET, SHARE = 0.95, 0.3
_DOCUMENTATION = ("healthchecks", "procrastinate")
_ENOUGH = 300
_FOLDS = 5
_TWIN = 0.93
_ONE_SIDED = 1.645


@dataclass(frozen=True)
class Asked:
    """A set after it was asked. ``cosine``: (best similarity, whether that article is right) of each question."""

    rows: tuple[Row, ...]
    cosine: tuple[tuple[float, bool], ...]
    threshold: float | None

    @property
    def answerable(self) -> list[Row]:
        return [row for row in self.rows if row.expect]

    def hit(self, first: int = 1) -> float:
        return _share(row.rank is not None and row.rank <= first for row in self.answerable)

    def ndcg(self, first: int = 10) -> float:
        """Normalised discounted gain of the one right article: 1 ÷ log2(1 + rank)."""
        gains = [1 / log2(1 + row.rank) if row.rank and row.rank <= first else 0.0 for row in self.answerable]
        return sum(gains) / len(gains)

    def coverage(self, precision: float) -> float:
        confidence, right = [row.confidence for row in self.rows], [row.is_right for row in self.rows]
        return coverage_at(confidence, right, len(self.answerable), precision)

    def auroc(self) -> float:
        return auroc([row.confidence for row in self.rows], [bool(row.expect) for row in self.rows]) or 0.0

    def offered(self) -> float:
        return _share(row.is_answered_rightly or row.is_offered for row in self.answerable)

    def cosine_hit(self) -> float:
        return _share(right for (_, right), row in zip(self.cosine, self.rows, strict=True) if row.expect)

    def cosine_coverage(self, precision: float) -> float:
        return coverage_at([c for c, _ in self.cosine], [r for _, r in self.cosine], len(self.answerable), precision)


def measure() -> Iterator[Figure]:
    """Every row of the table in docs/benchmarks.md."""
    if not DATA.is_dir():
        yield Figure("public data: none beside this checkout (../shared/data), only the sample KB is measured", 0, "")
        yield from _sample(_encoders())
        return
    encoders = _encoders()
    yield from _ranking(encoders)
    yield from _taken_out(encoders)
    yield from _pages(encoders)
    yield from _sample(encoders)


def _ranking(encoders: Encoders) -> Iterator[Figure]:
    asked = ask(stackfaq("report"), encoders)
    yield _least("StackFAQ: hit@1", asked.hit(), 0.965)
    yield _least("StackFAQ: NDCG@10", asked.ndcg(), 0.985)
    yield _least("Banking77, 10 examples: hit@1", ask(banking("report"), encoders).hit(), 0.88)
    asked = ask(atec("report"), encoders)
    yield _least("ATEC among 1,500: hit@1", asked.hit(), 0.38)
    yield Figure("ATEC among 1,500: hit@1 of the best cosine", asked.cosine_hit(), "", digits=3)


def _taken_out(encoders: Encoders) -> Iterator[Figure]:
    """Knowledge bases that lack a part of what they are asked about."""
    for name, one, ratio in (
        ("Banking77, 20 intents out", banking("report", taken_out=20), 1.35),
        ("the same, titles only", banking("report", examples=0, taken_out=20), 1.6),
        ("Banking77, 5 examples, 25 intents out", banking("report", examples=5, taken_out=25, seed=7), None),
        ("StackFAQ, a third of the threads out", stackfaq("report", taken_out=True), None),
        ("ATEC, a third of the titles out", atec("report", taken_out=True), None),
    ):
        asked = ask(one, encoders)
        ours, cosine = asked.coverage(0.95), asked.cosine_coverage(0.95)
        yield Figure(f"{name}: coverage at 95 %", ours, "", digits=3)
        yield _least(f"{name}: ÷ coverage of the best cosine", ours / max(cosine, 1e-3), ratio)
        yield from _operating_point(name, asked)


def _operating_point(name: str, asked: Asked) -> Iterator[Figure]:
    from bot.learning.evaluation import figures_of

    figures = figures_of(asked.rows, asked.threshold, TARGET, SHARE)
    point = figures["operating_point"]
    yield Figure(f"{name}: answers given", point["answered"], "", digits=0)
    if not point["answered"]:
        return
    is_promise = point["answered"] >= _ENOUGH
    yield Figure(f"{name}: precision of the answers", point["precision"], "", digits=3)
    bound = upper_bound(point["precision"], point["answered"])
    yield _least(f"{name}: its upper 95 % bound", bound, TARGET if is_promise else None)
    best = asked.coverage(TARGET)
    reached = point["coverage"] / best if best else 1.0
    yield _least(f"{name}: coverage ÷ best at the same precision", reached, 0.85 if is_promise else None)
    yield _most(f"{name}: false answers", point["false_answer_rate"], 0.05 if is_promise else None)
    yield _most(f"{name}: ece - floor", figures["ece"] - figures["ece_floor"], 0.02 if is_promise else None)


def _pages(encoders: Encoders) -> Iterator[Figure]:
    """Documentation without example questions; questions by somebody who did not work on the model."""
    for language, offered in (("en", 0.75), ("zh", 0.6)):
        asked = _together([ask(_documentation(name, language), encoders) for name in _DOCUMENTATION])
        name = f"two documentations, {language}"
        yield Figure(f"{name}: hit@1", asked.hit(), "", digits=3)
        yield _least(f"{name}: hit@1 - best cosine's", asked.hit() - asked.cosine_hit(), 0.08)
        yield Figure(f"{name}: hit@3", asked.hit(3), "", digits=3)
        yield Figure(f"{name}: coverage at 90 %", asked.coverage(0.9), "", digits=3)
        ratio = asked.coverage(0.9) / max(asked.cosine_coverage(0.9), 1e-3)
        yield _least(f"{name}: ÷ coverage of the best cosine", ratio, 3.0)
        yield _least(f"{name}: right page answered or offered", asked.offered(), offered)
        yield _least(f"{name}: auroc", asked.auroc(), 0.75)


def _documentation(name: str, language: str) -> Set:
    return documentation(name, DATA / "docs" / name, QUESTIONS / f"{name}.jsonl", language)


def _sample(encoders: Encoders) -> Iterator[Figure]:
    """The sample's gold questions, a fifth at a time, by a model that saw neither them nor their near-twins."""
    held = sample()
    rows: list[Row] = []
    for fold in _folds(held.gold, encoders):
        others = tuple(one for one in held.gold if one not in fold)
        rest = Contents(held.articles, held.intents, others, held.glossary)
        rows += ask(Set("sample", rest, tuple(fold)), encoders).rows
    answered = [row for row in rows if row.is_answered]
    rightly = [row.is_answered_rightly or row.is_offered if row.expect else not row.is_answered for row in rows]
    alone = [row.is_answered_rightly if row.expect else not row.is_answered for row in rows]
    yield _least("sample's gold questions: decided rightly, a right choice offered counts", _share(rightly), 0.85)
    name = "sample's gold questions: answered rightly, or neither answerable nor answered"
    yield Figure(name, _share(alone), "", digits=3)
    yield Figure("sample's gold questions: answers given", len(answered), "", digits=0)
    yield _least("sample's gold questions: precision", _share(row.is_answered_rightly for row in answered), 0.95)


def _folds(gold: Sequence[GoldQuestion], encoders: Encoders) -> list[list[GoldQuestion]]:
    """Gold questions about one article together, and near-twins with them."""
    vectors = np.stack([encoders.encode_queries([one.text], one.language)[0] for one in gold])
    names = [one.expect[0] if one.expect else f"\0{number}" for number, one in enumerate(gold)]
    for place, other in zip(*np.nonzero(np.triu(vectors @ vectors.T >= _TWIN, 1)), strict=True):
        if gold[place].language == gold[other].language and names[place] != names[other]:
            names = [names[place] if name == names[other] else name for name in names]
    groups = sorted(set(names))
    return [
        [one for one, name in zip(gold, names, strict=True) if groups.index(name) % _FOLDS == fold]
        for fold in range(_FOLDS)
    ]


def ask(one: Set, encoders: Encoders) -> Asked:
    """Build the set's KB as a release would be and ask each question as a first message."""
    from bot.learning.evaluation import ask_alone, row_of
    from bot.learning.publish import Fit
    from bot.learning.scratch import serve
    from bot.live import House

    serving = serve(one.contents, encoders, Fit(None, TARGET, SHARE), House(""), lambda sentence: None)
    rows = tuple(row_of(each, *ask_alone(serving, each.text, each.language or None)) for each in one.questions)
    return Asked(rows, tuple(_best_cosine(serving, each) for each in one.questions), serving.policy.threshold)


def _best_cosine(serving: Serving, question: GoldQuestion) -> tuple[float, bool]:
    """What the open-source bots do: the nearest title, question or passage, and its similarity."""
    from retrieval.texts import clean

    view = serving.reader.view_of(question.language)
    evidence = view.evidence(view.asked(clean(question.text)))
    if not len(evidence.articles):
        return 0.0, False
    first = int(evidence.raw.argmax())
    return float(evidence.raw[first]), view.articles[int(evidence.articles[first])].article.id in question.expect


def upper_bound(precision: float, count: int) -> float:
    """The one-sided 95 % Wilson bound above a measured share."""
    z = _ONE_SIDED
    centre = precision + z**2 / (2 * count)
    spread = z * (precision * (1 - precision) / count + z**2 / (4 * count**2)) ** 0.5
    return (centre + spread) / (1 + z**2 / count)


def _together(parts: Sequence[Asked]) -> Asked:
    rows = tuple(row for part in parts for row in part.rows)
    return Asked(rows, tuple(pair for part in parts for pair in part.cosine), parts[0].threshold)


def _encoders() -> Encoders:
    from retrieval.encoders import load_encoders

    return load_encoders(None, lambda sentence: None)


def _share(marks: Iterable[bool]) -> float:
    found = list(marks)
    return sum(found) / len(found) if found else 0.0


def _least(what: str, value: float, least: float | None) -> Figure:
    return Figure(what, value, "", least=least, digits=3)


def _most(what: str, value: float, most: float | None) -> Figure:
    return Figure(what, value, "", most, digits=3)
