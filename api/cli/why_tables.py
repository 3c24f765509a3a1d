"""What ``firstline ask --why`` prints for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from api.cli.tables import table
from api.texts import texts

if TYPE_CHECKING:
    from bot.why import Explanation


def why_in_words(why: Explanation) -> str:
    """The ground in a sentence, the numbers, what moved the confidence, and the articles that were considered."""
    signs = [(_sign(each["name"]), _value(each["value"]), _effect(each["effect"])) for each in why["signs"]]
    found = [(f"{each['score']:.2f}", each["article"], each["heading"] or each["title"]) for each in why["passages"]]
    parts = [texts("en").named("ground", why["ground"]), table(_facts(why), ("the decision", ""))]
    if signs:
        parts.append(table(signs, ("what the confidence was computed from", "value", "effect")))
    if found:
        parts.append(table(found, ("share", "articles considered", "passage")))
    return "\n\n".join(parts)


def _facts(why: Explanation) -> Iterator[tuple[str, str]]:
    reason, threshold = f", {why['reason']}" if why["reason"] else "", why["threshold"]
    yield "decision", why["decision"] + reason + (" (a fixed rule)" if why["rule"] else "")
    yield "confidence", f"{why['confidence']:.3f}"
    yield "threshold", "none: this KB cannot support the target" if threshold is None else _value(threshold)
    if why["target"] is not None:
        yield "target precision", f"{why['target']:.0%}"
    if why["release"] is not None:
        yield "release", str(why["release"])
    if why["topic"] is not None:
        yield "topic", f"{why['topic']} ({why['mode']})"
    yield "intent", f"{why['intent']}, {why['intent_confidence']:.2f}" if why["intent"] else "none"
    yield "language", why["language"]
    yield "foreign to the KB", "yes" if why["foreign"] else "no"


def _sign(name: str) -> str:
    return texts("en").named("sign", name)


def _value(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _effect(value: float | None) -> str:
    return "" if value is None else f"{round(value, 2) or 0.0:+.2f}"
