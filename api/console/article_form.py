"""An article as the fields of a form, and back. Pure but for reading the form."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Form, Request

from kb_content.studio.invisible import without_unseen

Content = Mapping[str, Any]
Fields = dict[str, str]
"""The text in each field of the form, by its name."""

FIELDS = (
    "title",
    "body",
    "questions",
    "intent",
    "category",
    "tags",
    "plans",
    "roles",
    "applies_to",
    "review_by",
)
_COMMAS = re.compile(r"[,，、\n]")
_LIMIT = 4_000_000

Text = Annotated[str, Form(max_length=_LIMIT)]
Short = Annotated[str, Form(max_length=2_000)]


@dataclass(frozen=True)
class Sent:
    """A form that came back. ``revision``: of the draft that it was filled from; 0 where it had no article in it.

    ``fields``: those that it had; the others stay as they are. ``base``: the fields as they were filled.
    """

    fields: Fields
    revision: int
    base: Fields

    @property
    def has_article(self) -> bool:
        return self.revision > 0

    def over(self, kept: Fields) -> Fields:
        """All fields: as they were sent, and those that were not as in ``kept``."""
        return kept | self.fields


async def names_in_form(request: Request) -> frozenset[str]:
    """The names of the fields that were sent, empty ones too: what was not sent nobody wants to be empty."""
    return frozenset((await request.form()).keys())


Named = Annotated[frozenset[str], Depends(names_in_form)]


def sent_form(
    named: Named,
    revision: Annotated[int, Form(ge=0, lt=2**31)] = 0,
    base: Text = "",
    title: Short = "",
    body: Text = "",
    questions: Text = "",
    intent: Short = "",
    category: Short = "",
    tags: Short = "",
    plans: Short = "",
    roles: Short = "",
    applies_to: Short = "",
    review_by: Short = "",
    clean: Annotated[bool, Form()] = False,
) -> Sent:
    """``clean``: without the characters that nobody sees."""
    written = (title, body, questions, intent, category, tags, plans, roles, applies_to, review_by)
    fields = {name: _plain(text) for name, text in zip(FIELDS, written, strict=True) if name in named}
    if clean:
        fields = {name: without_unseen(text) for name, text in fields.items()}
    return Sent(fields, revision, base_of(base))


SentForm = Annotated[Sent, Depends(sent_form)]


def fields_of(content: Content) -> Fields:
    """What stands in the form of an article with this content."""
    audience = content.get("audience") or {}
    return {
        "title": content.get("title") or "",
        "body": content.get("body") or "",
        "questions": "\n".join(content.get("questions") or ()),
        "intent": content.get("intent") or "",
        "category": content.get("category") or "",
        "tags": ", ".join(content.get("tags") or ()),
        "plans": ", ".join(audience.get("plans") or ()),
        "roles": ", ".join(audience.get("roles") or ()),
        "applies_to": content.get("applies_to") or "",
        "review_by": content.get("review_by") or "",
    }


def content_from(fields: Fields, kept: Content) -> dict[str, Any]:
    """``kept`` with what the form says. A field that was not touched keeps its value to the letter: a tag may have a
    comma in it."""
    before = fields_of(kept)
    content, audience = dict(kept), dict(kept.get("audience") or {})
    for name in FIELDS:
        text = fields.get(name, before[name])
        if text == before[name]:
            continue
        if name in ("plans", "roles"):
            audience[name] = _listed(text)
        else:
            content[name] = _READ.get(name, str.strip)(text)
    content["audience"] = {key: values for key, values in audience.items() if values}
    return content


def base_of(written: str) -> Fields:
    """The fields that a form carries as its beginning; none where it carries nothing of use."""
    try:
        held = json.loads(written) if written else {}
    except ValueError:
        return {}
    if not isinstance(held, dict):
        return {}
    return {name: text for name, text in held.items() if name in FIELDS and isinstance(text, str)}


def base_text(fields: Fields) -> str:
    """``fields`` as a form carries them."""
    return json.dumps(fields, ensure_ascii=False, sort_keys=True)


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _listed(text: str) -> list[str]:
    return list(dict.fromkeys(filter(None, (one.strip() for one in _COMMAS.split(text)))))


def _lines(text: str) -> list[str]:
    return list(filter(None, (line.strip() for line in text.split("\n"))))


def _as_it_is(text: str) -> str:
    return text


_READ: dict[str, Callable[[str], Any]] = {"body": _as_it_is, "questions": _lines, "tags": _listed}
