"""``firstline eval``: ask a knowledge base questions with known answers and report how honest and how useful it is.

Every question is asked alone, as an unknown customer's first message. Nothing is stored.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import cycle, islice
from time import perf_counter
from typing import TYPE_CHECKING, Any

from bot.decisions import Answer, Clarify, Decision, Decline, Escalate, name_of
from bot.learning.rows import Row
from bot.understanding import first_message
from kb_content.articles import Contents, GoldQuestion
from retrieval.figures import auroc, brier, coverage_at, ece, ece_floor, hit_at, mrr, percentile
from retrieval.languages import language_of
from retrieval.needs import as_asked
from retrieval.texts import plain_key
from retrieval.variants import languages_of
from store.counting import counted

if TYPE_CHECKING:
    from bot.learning.publish import Fit
    from bot.live import House, Serving
    from retrieval.encoders import Encoders
    from retrieval.reader import Reading

DECISIONS = ("answer", "clarify", "escalate", "decline", "smalltalk")
LEVELS = (0.90, 0.95, 0.98)
_WARM_UPS = 20
_TOLD_EACH = 500
"""Questions after which it is said how many were asked: some ten seconds, half a minute on a slow machine."""
_NEARLY_THE_SAME = 90.0
"""From this similarity on, of 100, two questions are copies of each other but for a typo."""


@dataclass(frozen=True)
class Report:
    """``figures`` as ``firstline eval --json`` prints them, ``rows`` one a question in the order asked."""

    figures: dict[str, Any]
    rows: tuple[Row, ...]


def evaluate(
    contents: Contents,
    questions: Sequence[GoldQuestion],
    encoders: Encoders,
    fit: Fit,
    house: House,
    report: Callable[[str], None] = lambda sentence: None,
) -> Report:
    """Build ``contents`` from nothing, ask every question alone, and grade what came back.

    Gold questions of ``contents`` that are among ``questions`` are left out of the fit: nothing is graded on itself.
    """
    from bot.learning.scratch import serve

    questions = as_asked(questions, languages_of(contents))
    if unknown := unknown_articles(contents, questions):
        report(f"these expected articles are not in this KB, correct `expect` or add them: {', '.join(unknown[:9])}")
    started = perf_counter()
    serving = serve(without_asked(contents, questions), encoders, fit, house, report)
    seconds = perf_counter() - started
    report(f"asking {counted(len(questions), 'question')}")
    for title, language in warm_ups(contents, questions, serving.reader.main_language):
        ask_alone(serving, title, language)
    rows, times = _timed(serving, questions, report)
    figures = figures_of(rows, serving.policy.threshold, fit.target_precision, fit.unanswerable_share)
    figures["latency_ms"] = {"p50": percentile(times, 50), "p95": percentile(times, 95)}
    figures["seconds_to_build"] = seconds
    return Report(figures, tuple(rows))


def ask_alone(serving: Serving, text: str, language: str | None) -> tuple[Reading, Decision]:
    """What the product makes of an unknown customer's first message: the one place where the evaluation asks it."""
    understood, decision = first_message(serving.reader, serving.policy, text, language)
    return understood.reading, decision


def without_asked(contents: Contents, questions: Iterable[GoldQuestion]) -> Contents:
    """``contents`` without the gold questions that are about to be asked, or are copies of them but for a typo."""
    from rapidfuzz import fuzz, process

    asked = list({plain_key(question.text) for question in questions})
    kept = tuple(
        one
        for one in contents.gold
        if process.extractOne(plain_key(one.text), asked, scorer=fuzz.ratio, score_cutoff=_NEARLY_THE_SAME) is None
    )
    return replace(contents, gold=kept)


def unknown_articles(contents: Contents, questions: Sequence[GoldQuestion]) -> list[str]:
    """Ids that questions expect and the KB does not have: most often mistyped, and never to be answered rightly."""
    known = {published.article.id for published in contents.articles}
    return sorted({article for question in questions for article in question.expect} - known)


def warm_ups(
    contents: Contents, questions: Sequence[GoldQuestion], main_language: str, count: int = _WARM_UPS
) -> list[tuple[str, str]]:
    """(text, language) of what is asked before the clock starts: the KB's own titles in the questions' languages.

    Never a question itself: what is remembered of it must not help it later.
    """
    titles = cycle([published.article.title for published in contents.articles] or ["?"])
    asked = islice(cycle(questions[:: max(1, len(questions) // count)]), count)
    return [
        (title, question.language or language_of(question.text, main_language))
        for question, title in zip(asked, titles, strict=False)
    ]


def _timed(
    serving: Serving, questions: Sequence[GoldQuestion], report: Callable[[str], None]
) -> tuple[list[Row], list[float]]:
    """The rows, and the milliseconds that each took, one at a time."""
    rows, times = [], []
    for number, question in enumerate(questions, 1):
        started = perf_counter()
        reading, decision = ask_alone(serving, question.text, question.language or None)
        times.append((perf_counter() - started) * 1000)
        rows.append(row_of(question, reading, decision))
        if number % _TOLD_EACH == 0 or number == len(questions):
            report(f"asked {number:,} of {counted(len(questions), 'question')}")
    return rows, times


def row_of(question: GoldQuestion, reading: Reading, decision: Decision) -> Row:
    """One graded line. An article in two languages is one article."""
    row = Row(
        text=question.text,
        expect=question.expect,
        top=tuple(dict.fromkeys(hit.article_id for hit in reading.hits)),
        # Beyond nine digits two builds differ by the order in which a processor adds.
        confidence=round(reading.confidence, 9),
        decision=name_of(decision),
        language=reading.language,
    )
    match decision:
        case Answer():
            return replace(row, citations=(decision.article_id, *decision.also))
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
    answered = [row for row in rows if row.is_answered]
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
