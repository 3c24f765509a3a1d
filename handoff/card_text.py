"""The handoff card in words: for notices, and the three lines of its summary. In the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import yaml

from handoff.given.details import Detail, Given
from handoff.views import called

if TYPE_CHECKING:
    from handoff.card import Card, Told

LANGUAGES = ("en", "zh")
_LONGEST_TEXT = 280


def as_text(card: Card, language: str | None = "en", *, secret: bool = False) -> str:
    """The card in a few lines for a notice to staff, in their language (English where it has no other).

    ``secret``: less the customer's words and details, for places that others may read.
    """
    say = _say(language)
    ticket, customer = card.ticket, card.customer
    reason = say(f"reason_{ticket.reason.value}") if ticket.reason else say("reason_none")
    head = f"#{ticket.number} · {ticket.priority.value} · {reason}"
    plan = f"{card.account.name} ({card.account.plan.value})" if card.account else None
    who = " · ".join(filter(None, (called(customer), plan, customer.channel, _language(card.language, say))))
    if secret:
        return "\n".join((head, who))
    lines = [head, who, *summary_lines(card, language)]
    if (owed := card.promise) and owed.due_at:
        at = f"{owed.due_at:%Y-%m-%d %H:%M} UTC"
        lines.append(say("promise", clock=say(f"clock_{owed.kind.value}"), at=at, policy=owed.policy))
    if card.details:
        lines.append(say("given", values="; ".join(_kind(kind, found, say) for kind, found in card.details)))
    if card.suggestion:
        lines.append(say("suggestion", text=_short(card.suggestion.text)))
    if card.earlier:
        lines.append(
            say("earlier", tickets="; ".join(f"#{one.number} {_short(one.subject, 60)}" for one in card.earlier))
        )
    return "\n".join(lines)


def summary_lines(card: Card, language: str | None = "en") -> list[str]:
    """The three lines: what they want, what happened so far, where it stands."""
    say = _say(language)
    if card.written:
        return [line for line in card.written.split("\n") if line.strip()]
    wants = say("wants", words=card.matter.text) if card.matter else say("wants_nothing")
    return [wants, say("so_far", what=_so_far(card, say)), _now(card, say)]


def _so_far(card: Card, say: Callable[..., str]) -> str:
    parts = [_of_told(told, say) for told in card.told[-3:]]
    if card.tried:
        parts.append(say("tried", what="; ".join(_short(one.value, 100) for one in card.tried[:3])))
    return "; ".join(parts) or say("nothing")


def _of_told(told: Told, say: Callable[..., str]) -> str:
    titles = ", ".join(f"“{title}”" for title in told.titles[:3] if title)
    if told.decision != "answer":
        return say(f"bot_{told.decision}", titles=titles) if titles or told.decision == "decline" else say("bot_asked")
    sure = f"{100 * told.confidence:.0f} %" if told.confidence is not None else "–"
    thumb = "" if told.is_helpful is None else say("helpful" if told.is_helpful else "not_helpful")
    return say("bot_answer", titles=titles, confidence=sure) + thumb


def _now(card: Card, say: Callable[..., str]) -> str:
    ticket = card.ticket
    reason = say(f"reason_{ticket.reason.value}") if ticket.reason else say("reason_none")
    last = say("last_words", words=_short(card.newest.text, 160)) if card.newest else ""
    return say("now", reason=reason) + last


def _kind(kind: Detail, found: Sequence[Given], say: Callable[..., str]) -> str:
    return f"{say(f'detail_{kind.value}')}: {', '.join(_short(one.value, 80) for one in found)}"


def _language(code: str, say: Callable[..., str]) -> str:
    return say(f"language_{code[:2]}") if code[:2] in LANGUAGES else code


def _say(language: str | None) -> Callable[..., str]:
    first = (language or "").split("-")[0].lower()
    spoken = words()[first if first in LANGUAGES else "en"]

    def say(key: str, **values: object) -> str:
        return spoken[key].format(**values)

    return say


@cache
def words() -> Mapping[str, Mapping[str, str]]:
    """What the card says around quotes, for staff, by language and key."""
    loaded: Mapping[str, Mapping[str, str]] = yaml.safe_load(files("handoff").joinpath("card.yml").read_text("utf8"))
    return loaded


def _short(text: str, longest: int = _LONGEST_TEXT) -> str:
    line = " ".join(text.split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"
