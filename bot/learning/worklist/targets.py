"""What an item can be worked in: a new article, one that is there, or a word of the glossary; and what a draft of that
begins with. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.inbound_text import shorten
from bot.learning.worklist.findings import for_the_draft
from bot.learning.worklist.models import WorkItem, WorkKind
from bot.learning.worklist.seen import base
from kb_content.ids import slug

EXAMPLES = 8
"""Questions that a draft is given."""
_LONGEST_TITLE = 80
_LONGEST_EXAMPLE = 200


@dataclass(frozen=True)
class Target:
    """An article that a draft of an item is about. ``is_new``: nobody has written it in this language yet."""

    article: str
    language: str
    title: str
    is_new: bool = False

    @property
    def key(self) -> str:
        return f"{self.language}/{'' if self.is_new else self.article}"


def targets(item: WorkItem, spelled: Mapping[str, str]) -> list[Target]:
    """What a draft can be begun of, the likeliest first. ``spelled``: the KB's tag for each base language."""
    detail, language = item.detail, spelled.get(base(item.language), item.language)
    match item.kind:
        case WorkKind.UNANSWERED:
            title = title_of(item.title)
            new = Target(slug(title), language, title, is_new=True)
            near = [one for one in detail.get("articles", ()) if base(one["language"]) == base(item.language)]
            return [new, *(Target(one["article"], one["language"], one["title"]) for one in near)]
        case WorkKind.TRANSLATION:
            is_new = detail.get("why") == "missing"
            return [Target(detail["article"], language, item.title, is_new)]
        case WorkKind.DUPLICATE | WorkKind.CONTRADICTION:
            return [Target(one["article"], one["language"], one["title"]) for one in detail["articles"]]
        case WorkKind.WRONG | WorkKind.DISLIKED:
            named = [detail["right"], detail["article"]] if detail.get("right") else [detail["article"]]
            return [Target(one, language, item.title if one == detail["article"] else one) for one in named]
    return [Target(detail["article"], language, item.title)]


def title_of(question: str) -> str:
    """A question as the title of an article."""
    words = shorten(question.strip(" …?？.。!！"), _LONGEST_TITLE)
    return words[:1].upper() + words[1:]


def questions_of(item: WorkItem) -> list[str]:
    """The item's questions that a draft may have: every other one is kept back, to measure the draft by."""
    texts = (one["text"] for one in item.detail.get("questions", ()))
    return for_the_draft((text for text in texts if len(text) <= _LONGEST_EXAMPLE), EXAMPLES)


def new_content(item: WorkItem, title: str) -> dict[str, Any]:
    """What the draft of a new article begins with: the question, others that ask the same, and the best reply."""
    reply = item.detail.get("reply") or {}
    return {"title": title, "questions": _without(questions_of(item), [title]), "body": reply.get("text", "")}


def added_to(content: Mapping[str, Any], item: WorkItem) -> dict[str, Any]:
    """``content`` with the item's questions and, where they were not answered at all, the best reply."""
    own = [str(question) for question in content.get("questions") or ()]
    is_asked = item.kind in (WorkKind.UNANSWERED, WorkKind.SYNONYM) or (
        item.kind is WorkKind.WRONG and bool(item.detail.get("right"))
    )
    questions = [*own, *_without(questions_of(item), [*own, str(content.get("title") or "")])] if is_asked else own
    return {**content, "questions": questions, "body": _with_reply(str(content.get("body") or ""), item)}


def translated(content: Mapping[str, Any], item: WorkItem, digest: str) -> dict[str, Any]:
    """The source's ``content`` to be written over, with what customers ask in the language of the translation."""
    return {**content, "questions": questions_of(item), "tags": [], "extra": {}, "translated_from": digest}


def _with_reply(body: str, item: WorkItem) -> str:
    reply = (item.detail.get("reply") or {}).get("text", "")
    if item.kind is not WorkKind.UNANSWERED or not reply or reply in body:
        return body
    return f"{body.rstrip()}\n\n## {title_of(item.title)}\n\n{reply}".strip()


def _without(questions: Iterable[str], there: Sequence[str]) -> list[str]:
    known = {title_of(one).casefold() for one in there}
    return [question for question in questions if title_of(question).casefold() not in known]
