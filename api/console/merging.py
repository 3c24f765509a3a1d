"""Two texts of one article side by side, and what they make together: where two editors wrote at once, or where the
knowledge base was changed after a draft was begun."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from fastapi import Request, Response

from api.console.article_form import FIELDS, Fields, Sent, base_text, content_from, fields_of
from api.console.draft_page import names_of
from api.console.page import page
from api.product import Product
from kb_content.studio import drafts
from kb_content.studio.merging import Merged, merge, merge_with_kb
from kb_content.studio.models import Draft
from kb_content.studio.words import Marked, marked
from kb_content.studio.working import state_under
from store import reading

LONG = ("body", "questions")


@dataclass(frozen=True)
class Both:
    """A field that is not the same in both. ``marks``: from theirs to yours."""

    name: str
    yours: str
    theirs: str
    merged: str
    is_conflict: bool
    marks: tuple[Marked, ...]


@dataclass(frozen=True)
class MergePage:
    """``action``: where the merged text goes. ``by``: who wrote the other one; empty for the KB itself."""

    draft: Draft
    action: str
    revision: int
    base: str
    by: str
    different: tuple[Both, ...]
    same: Fields


def merge_page(request: Request, product: Product, theirs: Draft, sent: Sent) -> Response:
    """What was sent, and ``theirs``, which was saved meanwhile."""
    kept = theirs.content
    base = content_from(sent.base, kept) if sent.base else None
    merged = merge(base, content_from(sent.fields, kept), kept)
    with reading(product.database) as session:
        by = names_of(session, [theirs.changed_by]).get(theirs.changed_by or 0, "")
    other = fields_of(kept)
    shown = MergePage(
        draft=theirs,
        action=f"/console/drafts/{theirs.id}",
        revision=theirs.revision,
        base=base_text(other),
        by=by,
        different=different(sent.over(other), other, merged),
        same=same(sent.over(other), other),
    )
    return page(request, "console/merge.html", status=409, shown=shown)


def outdated_page(request: Request, product: Product, draft_id: int) -> Response:
    """The draft, and what the KB says now. Raises NoSuchDraft."""
    with reading(product.database) as session:
        draft = drafts.get(session, draft_id)
        merged, there = merge_with_kb(session, draft), state_under(session, draft)
    yours, other = fields_of(draft.content), fields_of(there.content or {})
    shown = MergePage(
        draft=draft,
        action=f"/console/drafts/{draft.id}/take-over",
        revision=draft.revision,
        base=base_text(yours),
        by="",
        different=different(yours, other, merged),
        same=same(yours, other),
    )
    return page(request, "console/merge.html", shown=shown)


def different(yours: Fields, theirs: Fields, merged: Merged) -> tuple[Both, ...]:
    """The fields that differ, in the order of the form. Pure."""
    together, conflicts = fields_of(merged.content), _conflicts(merged)
    return tuple(
        Both(
            name=name,
            yours=yours[name],
            theirs=theirs[name],
            merged=together[name],
            is_conflict=name in conflicts,
            marks=marked(theirs[name], yours[name]),
        )
        for name in FIELDS
        if yours[name] != theirs[name]
    )


def same(yours: Fields, theirs: Fields) -> Fields:
    """The fields that are the same in both. Pure."""
    return {name: yours[name] for name in FIELDS if yours[name] == theirs[name]}


def _conflicts(merged: Merged) -> Collection[str]:
    """The names of the form's fields that both changed."""
    return {conflict.place.rpartition(".")[2] for conflict in merged.conflicts}
