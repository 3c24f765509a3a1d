"""Gold questions as JSON lines."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from typing import Any

from kb_content.articles import GoldQuestion
from kb_content.fields import one_line, storable
from kb_content.language import guess_language, normal_tag
from kb_content.problems import Problem, Problems

_EXPECT = '`"expect"` must be a list of article ids, [] where the KB has no answer'
_SHAPE = 'a line must be {"text": "…", "language": "en", "expect": ["article-id"]}'


def read_gold(
    text: str, path: str, guess: Callable[[str], str] = guess_language
) -> tuple[list[tuple[GoldQuestion, int]], list[Problem]]:
    """The questions of a file with their lines, and its problems. A bad line is left out, the others are taken.

    ``guess``: what is taken for the language of a question of which the file says none.
    """
    problems = Problems(path)
    found: list[tuple[GoldQuestion, int]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        question = _question(line.strip(), number, problems, guess)
        if question:
            found.append((question, number))
    return found, problems.found


def write_gold(questions: Iterable[GoldQuestion]) -> str:
    return "".join(json.dumps(gold_values(question), ensure_ascii=False) + "\n" for question in questions)


def gold_values(question: GoldQuestion) -> dict[str, Any]:
    """``question`` as plain values; ``gold_from`` is the way back."""
    known = {"text": question.text, "language": question.language, "expect": list(question.expect)}
    return known | question.extra


def gold_from(values: dict[str, Any]) -> GoldQuestion:
    """The question that ``gold_values`` made ``values`` from."""
    known = dict(values)
    return GoldQuestion(known.pop("text"), known.pop("language"), tuple(known.pop("expect")), known)


def _question(line: str, number: int, problems: Problems, guess: Callable[[str], str]) -> GoldQuestion | None:
    if not line:
        return None
    try:
        values = json.loads(line, parse_constant=str, parse_float=_finite)
    except (ValueError, RecursionError):
        problems.error(number, f"the line is not JSON: {_SHAPE}. It was left out")
        return None
    if not isinstance(values, dict) or not isinstance(values.get("text"), str) or not values["text"].strip():
        problems.error(number, f'the line has no `"text"`: {_SHAPE}. It was left out')
        return None
    expect = _expected(values.get("expect"))
    if expect is None:
        problems.error(number, f"{_EXPECT}. The line was left out")
        return None
    text = storable(values["text"]).strip()
    extra = {key: value for key, value in _stored(values).items() if key not in ("text", "language", "expect")}
    return GoldQuestion(text, _language(values.get("language"), text, number, problems, guess), expect, extra)


def _expected(value: object) -> tuple[str, ...] | None:
    if isinstance(value, str) and value.strip():
        return (one_line(value),)
    if isinstance(value, list) and all(isinstance(item, str) and item.strip() for item in value):
        return tuple(dict.fromkeys(map(one_line, value)))
    return None


def _language(value: object, text: str, number: int, problems: Problems, guess: Callable[[str], str]) -> str:
    tag = normal_tag(value) if isinstance(value, str) else None
    if tag:
        return tag
    guessed = guess(text)
    if value is not None:
        problems.error(number, f'`"language"` is no language: write en, zh, pt-BR …; `{guessed}` was assumed')
    return guessed


def _finite(written: str) -> float | str:
    number = float(written)
    return number if math.isfinite(number) else written


def _stored(value: Any) -> Any:
    """``value`` from JSON, without the characters that no database takes."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, list):
        return [_stored(item) for item in value]
    if isinstance(value, dict):
        return {storable(key): _stored(item) for key, item in value.items()}
    return value
