"""The graded lines of an evaluation: one a question, as files, and what changed from one evaluation to the next."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from kb_content.articles import GoldQuestion
from store.columns import storable

OPTIONS = 3
"""A choice among more than these is no help."""

_QUESTION = '{"text": "…", "language": "en", "expect": ["article-id"]}'


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
    language: str = field(default="", compare=False)
    """As it was read. For pictures by language; the file of rows does not have it."""

    @property
    def is_right(self) -> bool:
        """Whether the best article is a right one, whatever was decided."""
        return bool(self.top) and self.top[0] in self.expect

    @property
    def rank(self) -> int | None:
        """The place of the first right article, from 1."""
        return next((place for place, article in enumerate(self.top, 1) if article in self.expect), None)

    @property
    def is_answered(self) -> bool:
        return self.decision == "answer"

    @property
    def is_answered_rightly(self) -> bool:
        """An answer with several citations is judged by its first."""
        return self.is_answered and bool(self.citations) and self.citations[0] in self.expect

    @property
    def is_offered(self) -> bool:
        """Whether a right article is among the choices that the customer is given."""
        return self.decision == "clarify" and any(article in self.expect for article in self.options[:OPTIONS])

    @property
    def worth(self) -> int:
        """For the customer: 2 for a right answer, 1 for a right choice, 0 for neither, -1 for a wrong answer."""
        if self.is_answered:
            return 2 if self.is_answered_rightly else -1
        return int(self.is_offered)


def read_questions(path: Path) -> list[GoldQuestion]:
    """The questions of a JSON-lines file; one without ``language`` gets "", which means that it is guessed.

    Raises QuestionsUnreadable with the file and line.
    """
    questions = [_question(line, place) for line, place in _lines(path, "Check the path.")]
    if not questions:
        raise QuestionsUnreadable(f"{path} has no question in it. Write one JSON object a line, like {_QUESTION}.")
    return questions


def _question(line: str, place: str) -> GoldQuestion:
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise QuestionsUnreadable(f"{place}: this is not JSON. A line looks like {_QUESTION}.") from error
    if not isinstance(data, dict) or not isinstance(text := data.get("text"), str) or "expect" not in data:
        raise QuestionsUnreadable(f"{place}: `text` or `expect` is missing. A line looks like {_QUESTION}.")
    expect, language = data["expect"], data.get("language")
    if not isinstance(expect, list) or not all(isinstance(one, str) for one in expect):
        raise QuestionsUnreadable(f"{place}: `expect` must be a list of article ids, [] where no article answers.")
    if not isinstance(language, str | None):
        raise QuestionsUnreadable(f'{place}: `language` must be a language such as "en", or be left out.')
    return GoldQuestion(text, language or "", tuple(expect))


def write_rows(rows: Iterable[Row], path: Path) -> None:
    """One JSON object a line: text, expect, top, confidence, decision, reason, citations, options."""
    path.write_text("".join(_line(row) + "\n" for row in rows), "utf-8")


def _line(row: Row) -> str:
    """Readable where UTF-8 can say it, which half a surrogate pair is not."""
    line = json.dumps(_values(row), ensure_ascii=False)
    return line if line == storable(line) else json.dumps(_values(row))


def _values(row: Row) -> dict[str, Any]:
    values = asdict(row)
    del values["language"]
    return values


def read_rows(path: Path) -> list[Row]:
    """What ``write_rows`` wrote. Raises QuestionsUnreadable with the file and line."""
    rows = [_row(line, place) for line, place in _lines(path, "Give a file written by `eval --rows`.")]
    if not rows:
        raise QuestionsUnreadable(f"{path} has no row in it. Give a file written by `eval --rows`.")
    return rows


def _row(line: str, place: str) -> Row:
    try:
        data = json.loads(line)
        expect, top, citations, options = (tuple(data[name]) for name in ("expect", "top", "citations", "options"))
        text, confidence, decision, reason = (data[name] for name in ("text", "confidence", "decision", "reason"))
        if not (isinstance(text, str) and isinstance(decision, str) and isinstance(reason, str | None)):
            raise TypeError
        return Row(text, expect, top, float(confidence), decision, reason, citations, options)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise QuestionsUnreadable(f"{place}: this line was not written by `eval --rows`.") from error


def _lines(path: Path, do: str) -> Iterator[tuple[str, str]]:
    """The lines that are not blank, each with its file and number. Only a line feed ends a line, as JSON lines say."""
    try:
        lines = path.read_text("utf-8-sig").split("\n")
    except OSError as error:
        raise QuestionsUnreadable(f"{path} cannot be read: {error.strerror}. {do}") from error
    except UnicodeDecodeError as error:
        raise QuestionsUnreadable(f"{path} is not UTF-8 text. Save it as UTF-8.") from error
    return ((line, f"{path}:{number}") for number, line in enumerate(lines, 1) if line.strip())


@dataclass(frozen=True)
class Changed:
    """One question that two evaluations decided differently."""

    text: str
    before: Row
    after: Row

    @property
    def effect(self) -> str:
        """For the customer: better, worse, or the same."""
        gain = self.after.worth - self.before.worth
        return "better" if gain > 0 else "worse" if gain < 0 else "same"


def changed_decisions(before: Sequence[Row], after: Sequence[Row]) -> list[Changed]:
    """Every question whose decision changed, or its reason, cited articles or options, in the order of ``after``.

    Questions that only one side asked are passed over (``asked_once``); one asked several times is compared in order.
    """
    return [Changed(new.text, old, new) for old, new in _pairs(before, after) if _decided(old) != _decided(new)]


def _decided(row: Row) -> tuple[object, ...]:
    return (row.decision, row.reason, row.citations, row.options)


def asked_once(before: Sequence[Row], after: Sequence[Row]) -> int:
    """How many questions only one of the two evaluations asked."""
    both = sum(1 for _ in _pairs(before, after))
    return len(before) + len(after) - 2 * both


def _pairs(before: Sequence[Row], after: Sequence[Row]) -> Iterator[tuple[Row, Row]]:
    earlier: dict[str, list[Row]] = {}
    for row in before:
        earlier.setdefault(row.text, []).append(row)
    for row in after:
        if earlier.get(row.text):
            yield earlier[row.text].pop(0), row
