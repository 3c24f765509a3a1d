"""One intent as a YAML file, and as the plain values that a release keeps."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from kb_content.articles import Intent, LeadsTo, Mode
from kb_content.fields import Fields, NotYaml, write_yaml
from kb_content.ids import ARTICLE_ID, slug
from kb_content.problems import Problem, Problems

_PRIORITY = re.compile(r"P[0-3]\Z")
_TIER = re.compile(r"[1-3]\Z")


@dataclass(frozen=True)
class IntentFile:
    """What one file gave: an intent or None. ``name`` is its probable name even where it cannot be read."""

    path: str
    name: str
    intent: Intent | None
    problems: tuple[Problem, ...]


def read_intent(text: str, path: str) -> IntentFile:
    """Read the file ``path`` (relative to the KB folder) with the content ``text``. Never raises."""
    problems = Problems(path)
    hinted = slug(PurePosixPath(path).stem)
    try:
        fields = Fields(text, 1, problems)
    except NotYaml as error:
        problems.error(error.line, f"the file is not valid YAML: {error}. The intent was left out")
        return IntentFile(path, hinted, None, tuple(problems.found))
    intent = _intent(fields, hinted)
    return IntentFile(path, intent.name if intent else hinted, intent, tuple(problems.found))


def write_intent(intent: Intent) -> str:
    return write_yaml(intent_values(intent))


def intent_values(intent: Intent) -> dict[str, Any]:
    """``intent`` as plain values, in the order of the documentation; ``intent_from`` is the way back."""
    values: dict[str, Any] = {
        "name": intent.name,
        "leads_to": intent.leads_to.value,
        "urgent": intent.urgent,
        "team": intent.team,
        "priority": intent.priority,
        "tier": intent.tier,
        "mode": intent.mode.value,
        "examples": {language: list(texts) for language, texts in intent.examples.items()},
        "replies": {language: list(texts) for language, texts in intent.replies.items()},
    }
    return {key: value for key, value in values.items() if value not in (None, {})} | intent.extra


def intent_from(values: dict[str, Any]) -> Intent:
    """The intent that ``intent_values`` made ``values`` from."""
    known = dict(values)
    return Intent(
        name=known.pop("name"),
        leads_to=LeadsTo(known.pop("leads_to")),
        urgent=known.pop("urgent"),
        team=known.pop("team", None),
        priority=known.pop("priority", None),
        tier=known.pop("tier", None),
        mode=Mode(known.pop("mode")),
        examples={language: tuple(texts) for language, texts in known.pop("examples", {}).items()},
        replies={language: tuple(texts) for language, texts in known.pop("replies", {}).items()},
        extra=known,
    )


def _intent(fields: Fields, hinted: str) -> Intent | None:
    line, name = fields.line("name"), fields.text("name") or hinted
    if not ARTICLE_ID.match(name):
        fields.problems.error(
            line,
            f"the name `{name[:60]}` cannot be used: take letters a-z, digits and dashes. The intent was left out",
        )
        return None
    leads_to, mode = fields.choice("leads_to", LeadsTo, LeadsTo.ANSWER), fields.choice("mode", Mode, Mode.AUTO)
    if leads_to is None or mode is None:
        return None
    return Intent(
        name=name,
        leads_to=leads_to,
        examples=_examples(fields, name),
        urgent=fields.flag("urgent"),
        team=fields.text("team"),
        priority=_matching(fields, "priority", _PRIORITY, "P0, P1, P2 or P3"),
        tier=int(tier) if (tier := _matching(fields, "tier", _TIER, "1, 2 or 3")) else None,
        mode=mode,
        replies=fields.texts_by_language("replies"),
        extra=_extra(fields),
    )


def _examples(fields: Fields, name: str) -> dict[str, tuple[str, ...]]:
    line = fields.line("examples")
    written = fields.texts_by_language("examples")
    examples = {language: tuple(dict.fromkeys(texts)) for language, texts in written.items() if texts}
    if not examples:
        fields.problems.warning(
            line, f"the intent `{name}` has no examples, so no message is ever read as it: write some per language"
        )
    return examples


def _matching(fields: Fields, key: str, pattern: re.Pattern[str], allowed: str) -> str | None:
    line, written = fields.line(key), fields.text(key)
    if written is None or pattern.match(written):
        return written
    fields.problems.error(line, f"`{key}` is `{written[:40]}`, but must be {allowed}: it was left out")
    return None


def _extra(fields: Fields) -> dict[str, Any]:
    extra = fields.rest()
    for key in extra:
        fields.problems.warning(
            fields.line(key), f"`{key}` is not a key that Firstline knows: it is kept but has no effect"
        )
    return extra
