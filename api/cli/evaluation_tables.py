"""What ``firstline eval`` prints for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from api.cli.tables import table

if TYPE_CHECKING:
    from bot.learning.evaluation import Report
    from bot.learning.rows import Changed, Row

_EFFECTS = ("worse", "better", "same")


def figures_in_words(result: Report) -> str:
    """The figures as tables: what it found, what it would have said at the threshold, how honest it is, how fast."""
    figures, point = result.figures, result.figures["operating_point"]
    answers = table(_answers(point), ("at the chosen threshold", ""))
    rest = [
        ("questions, answerable", f"{figures['n']}, {figures['answerable']}"),
        ("right article first, among three", f"{share(figures['hit@1'])}, {share(figures['hit@3'])}"),
        ("mean reciprocal rank", number(figures["mrr"])),
        ("answerable told from unanswerable (auroc)", number(figures["auroc"])),
        *(
            (f"coverage at {share(float(level))} precision, best threshold", share(value))
            for level, value in figures["coverage_at"].items()
        ),
        ("right article answered or offered", share(figures["resolved_or_offered"])),
        (
            "calibration error (of a perfect model on as many)",
            f"{number(figures['ece'])} ({number(figures['ece_floor'])})",
        ),
        ("Brier score", number(figures["brier"])),
        ("one question, p50, p95", ", ".join(f"{value:.1f} ms" for value in figures["latency_ms"].values())),
        ("built in", f"{figures['seconds_to_build']:.1f} s"),
    ]
    return "\n\n".join([answers, table(rest, ("all questions", "")), *_by_language(result.rows)])


def _answers(point: dict[str, Any]) -> list[tuple[str, str]]:
    threshold = point["threshold"]
    promise = f"{share(point['target'])}, if {share(point['assumed_unanswerable'])} of the questions have no answer"
    none = "none: this KB cannot support the target, so the bot suggests instead of answering"
    return [
        ("target precision", promise),
        ("threshold", none if threshold is None else number(threshold)),
        ("answered", str(point["answered"])),
        ("of these right (precision)", share(point["precision"])),
        ("right answers of the answerable (coverage)", share(point["coverage"])),
        ("wrong answers of all questions", share(point["false_answer_rate"])),
        ("decisions", ", ".join(f"{name} {count}" for name, count in point["decisions"].items() if count) or "none"),
    ]


def _by_language(rows: Sequence[Row]) -> Iterable[str]:
    languages = sorted({row.language for row in rows})
    if len(languages) < 2:
        return
    lines = []
    for language in languages:
        mine = [row for row in rows if row.language == language]
        answerable = [row for row in mine if row.expect]
        answered = [row for row in mine if row.is_answered]
        good = sum(row.is_answered_rightly for row in mine)
        first = sum(row.is_right for row in answerable)
        lines.append(
            (
                language,
                str(len(mine)),
                share(first / len(answerable) if answerable else None),
                str(len(answered)),
                share(good / len(answered) if answered else None),
                share(good / len(answerable) if answerable else None),
            )
        )
    yield table(lines, ("language", "questions", "first", "answered", "precision", "coverage"))


def changes_in_words(changes: Sequence[Changed]) -> str:
    """The changed decisions, those for the worse first."""
    ordered = sorted(changes, key=lambda one: _EFFECTS.index(one.effect))
    lines = [(one.effect, decided(one.before), decided(one.after), one.text) for one in ordered]
    return table(lines, ("for the customer", "before", "after", "question"))


def decided(row: Row) -> str:
    """A row's decision with what it was about: ``answer reset-password``, ``escalate no_knowledge``."""
    return " ".join([row.decision, ", ".join(row.citations or row.options) or row.reason or ""]).rstrip()


def share(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}".removesuffix(".0") + " %"


def number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
