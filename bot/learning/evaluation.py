"""``firstline eval``: ask a knowledge base questions with known answers and report how honest and how useful it is.

Every question is asked alone, as an unknown customer's first message. Nothing is stored.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from bot.decisions import Answer, Clarify, Decision, Decline, Escalate, name_of
from kb_content.articles import Contents, GoldQuestion
from retrieval.figures import auroc, brier, coverage_at, ece, ece_floor, hit_at, mrr, percentile
from retrieval.texts import plain_key

if TYPE_CHECKING:
    from retrieval.encoders import Encoders
    from retrieval.reader import Reading

DECISIONS = ("answer", "clarify", "escalate", "decline", "smalltalk")
LEVELS = (0.90, 0.95, 0.98)
_WARM_UPS = 20
_OPTIONS = 3

DecideOne = Callable[["Reading", "float | None"], Decision]
"""The product's own decision about an unknown customer's first message, given what was read and the threshold."""


class QuestionsUnreadable(Exception):
    """The questions could not be read."""


@dataclass(frozen=True)
class Row:
    """One question, what was found, and what the bot would have done. ``top``: article ids, best first."""

    text: str
    expect: tuple[str, ...]
    top: tuple[str, ...]
    confidence: float
    decision: str
    reason: str | None = None
    citations: tuple[str, ...] = ()
    options: tuple[str, ...] = ()

    @property
    def is_right(self) -> bool:
        """Whether the best article is a right one, whatever was decided."""
        return bool(self.top) and self.top[0] in self.expect

    @property
    def rank(self) -> int | None:
        """The place of the first right article, from 1."""
        return next((place for place, article in enumerate(self.top, 1) if article in self.expect), None)

    @property
    def is_answered_rightly(self) -> bool:
        return self.decision == "answer" and bool(self.citations) and self.citations[0] in self.expect

    @property
    def is_offered(self) -> bool:
        return self.decision == "clarify" and any(article in self.expect for article in self.options[:_OPTIONS])


@dataclass(frozen=True)
class Report:
    """``figures`` as ``firstline eval --json`` prints them, ``rows`` one a question in the order asked."""

    figures: dict[str, Any]
    rows: tuple[Row, ...]


def read_questions(path: Path) -> list[GoldQuestion]:
    """The questions of a JSON-lines file; one without ``language`` gets "", which means that it is guessed.

    Raises QuestionsUnreadable with the file and line.
    """
    try:
        lines = path.read_text("utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise QuestionsUnreadable(f"{path} cannot be read as UTF-8 text: {error}. Check the path.") from error
    questions = [_question(line, f"{path}:{number}") for number, line in enumerate(lines, 1) if line.strip()]
    if not questions:
        raise QuestionsUnreadable(f"{path} has no question in it. Write one JSON object a line.")
    return questions


def _question(line: str, place: str) -> GoldQuestion:
    wanted = '{"text": "…", "language": "en", "expect": ["article-id"]}'
    try:
        data = json.loads(line)
    except ValueError as error:
        raise QuestionsUnreadable(f"{place}: this is not JSON. A line looks like {wanted}.") from error
    text, expect = (data.get("text"), data.get("expect")) if isinstance(data, dict) else (None, None)
    if not isinstance(text, str) or not isinstance(expect, list) or not all(isinstance(one, str) for one in expect):
        raise QuestionsUnreadable(f"{place}: `text` or `expect` is missing. A line looks like {wanted}.")
    language = data.get("language")
    return GoldQuestion(text, language if isinstance(language, str) else "", tuple(expect))


def evaluate(
    contents: Contents,
    questions: Sequence[GoldQuestion],
    encoders: Encoders,
    decide_one: DecideOne,
    target: float = 0.95,
    unanswerable_share: float = 0.3,
    report: Callable[[str], None] = lambda sentence: None,
) -> Report:
    """Build ``contents`` from nothing, ask every question alone, and grade what came back.

    Gold questions of ``contents`` that are among ``questions`` are left out of the fit: nothing is graded on itself.
    """
    from retrieval.build import build
    from retrieval.reader import Reader

    started = perf_counter()
    held = without_asked(contents, questions)
    built = build(held, encoders, {}, target_precision=target, unanswerable_share=unanswerable_share, progress=report)
    reader = Reader.open(held, built.vectors, built.parameters, encoders)
    seconds = perf_counter() - started
    report(f"asking {len(questions)} questions")

    def ask(question: GoldQuestion) -> Row:
        reading = reader.read(question.text, question.language or None)
        return row_of(question, reading, decide_one(reading, built.threshold))

    for question in questions[:_WARM_UPS]:
        ask(question)
    rows, times = _timed(ask, questions)
    figures = figures_of(rows, built.threshold, target, unanswerable_share)
    figures["latency_ms"] = {"p50": percentile(times, 50), "p95": percentile(times, 95)}
    figures["seconds_to_build"] = seconds
    return Report(figures, tuple(rows))


def without_asked(contents: Contents, questions: Iterable[GoldQuestion]) -> Contents:
    """``contents`` without the gold questions that are about to be asked."""
    asked = {plain_key(question.text) for question in questions}
    return replace(contents, gold=tuple(one for one in contents.gold if plain_key(one.text) not in asked))


def _timed(ask: Callable[[GoldQuestion], Row], questions: Sequence[GoldQuestion]) -> tuple[list[Row], list[float]]:
    """The rows, and the milliseconds that each took, one at a time."""
    rows, times = [], []
    for question in questions:
        started = perf_counter()
        rows.append(ask(question))
        times.append((perf_counter() - started) * 1000)
    return rows, times


def row_of(question: GoldQuestion, reading: Reading, decision: Decision) -> Row:
    """One graded line."""
    row = Row(
        text=question.text,
        expect=question.expect,
        top=tuple(hit.article_id for hit in reading.hits),
        confidence=reading.confidence,
        decision=name_of(decision),
    )
    match decision:
        case Answer():
            return replace(row, citations=(decision.article_id,))
        case Clarify():
            return replace(row, options=tuple(option.article_id for option in decision.options))
        case Escalate():
            return replace(row, reason=decision.reason.value)
        case Decline():
            return replace(row, reason=decision.why.value)
    return row


def figures_of(
    rows: Sequence[Row], threshold: float | None, target: float, unanswerable_share: float
) -> dict[str, Any]:
    """All figures but the times, from the rows alone."""
    confidences, right = [row.confidence for row in rows], [row.is_right for row in rows]
    answerable = [row for row in rows if row.expect]
    ranks = [row.rank for row in answerable]
    useful = sum(row.is_answered_rightly or row.is_offered for row in answerable)
    return {
        "n": len(rows),
        "answerable": len(answerable),
        "hit@1": hit_at(ranks, 1),
        "hit@3": hit_at(ranks, 3),
        "mrr": mrr(ranks),
        "auroc": auroc(confidences, [bool(row.expect) for row in rows]),
        "coverage_at": {f"{level:.2f}": coverage_at(confidences, right, len(answerable), level) for level in LEVELS},
        "operating_point": _operating_point(rows, len(answerable), threshold, target, unanswerable_share),
        "resolved_or_offered": useful / len(answerable) if answerable else None,
        "ece": ece(confidences, right),
        "ece_floor": ece_floor(confidences),
        "brier": brier(confidences, right),
    }


def _operating_point(
    rows: Sequence[Row], answerable: int, threshold: float | None, target: float, unanswerable_share: float
) -> dict[str, Any]:
    """What happens at the threshold that was chosen without these questions. Only ``answer`` counts as answered."""
    answered = [row for row in rows if row.decision == "answer"]
    good = sum(row.is_answered_rightly for row in answered)
    counts = Counter(row.decision for row in rows)
    return {
        "target": target,
        "threshold": threshold,
        "assumed_unanswerable": unanswerable_share,
        "answered": len(answered),
        "precision": good / len(answered) if answered else None,
        "coverage": good / answerable if answerable else 0.0,
        "false_answer_rate": (len(answered) - good) / len(rows) if rows else 0.0,
        "decisions": {name: counts[name] for name in DECISIONS},
    }


def write_rows(rows: Iterable[Row], path: Path) -> None:
    """One JSON object a line: text, expect, top, confidence, decision, reason, citations, options."""
    path.write_text("".join(json.dumps(asdict(row), ensure_ascii=False) + "\n" for row in rows), "utf-8")


def read_rows(path: Path) -> list[Row]:
    """What ``write_rows`` wrote. Raises QuestionsUnreadable with the file and line."""
    rows: list[Row] = []
    try:
        lines = path.read_text("utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise QuestionsUnreadable(f"{path} cannot be read: {error}. Give a file written by `eval --rows`.") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            data = json.loads(line)
            lists = {name: tuple(data[name]) for name in ("expect", "top", "citations", "options")}
            rows.append(
                Row(
                    text=data["text"],
                    confidence=data["confidence"],
                    decision=data["decision"],
                    reason=data["reason"],
                    **lists,
                )
            )
        except (ValueError, KeyError, TypeError) as error:
            raise QuestionsUnreadable(f"{path}:{number}: this line was not written by `eval --rows`.") from error
    return rows


@dataclass(frozen=True)
class Changed:
    """One question that two evaluations decided differently."""

    text: str
    before: Row
    after: Row


def changed_decisions(before: Sequence[Row], after: Sequence[Row]) -> list[Changed]:
    """Every question whose decision changed, or whose cited article or options did, in the order of ``after``.

    Questions that only one side asked are passed over; one asked several times is compared in order.
    """
    earlier: dict[str, list[Row]] = {}
    for row in before:
        earlier.setdefault(row.text, []).append(row)
    changes = []
    for row in after:
        former = earlier[row.text].pop(0) if earlier.get(row.text) else None
        if former and (former.decision, former.citations, former.options) != (row.decision, row.citations, row.options):
            changes.append(Changed(row.text, former, row))
    return changes
