"""Intents, the bot's own sentences and terms alike: each is written as a draft and published as articles are.

One form holds what is typed and all the buttons, so that whatever is pressed, what is typed is kept first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from difflib import SequenceMatcher
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode

from fastapi import Depends, Form, Request, Response
from sqlmodel import Session
from starlette.responses import RedirectResponse

from api.console.draft_deeds import DEEDS, Told, told
from api.console.draft_page import MOST_ACCOUNTS, Choices, fault_words, names_of, people_of, why_not
from api.console.moments import zone_of_staff
from api.console.page import page, texts_for
from api.console.parts import staff_with
from api.console.refusals import sentence, status_for
from api.product import Product
from api.texts import Texts
from bot.learning.studio.publications import publication_of
from handoff.accounts import account_choices
from handoff.errors import HandoffError
from handoff.models import Staff
from handoff.permissions import Permission
from handoff.rows import id_of
from kb_content.errors import DraftChanged, KbError
from kb_content.fields import write_yaml
from kb_content.studio import drafts
from kb_content.studio.faults import faults
from kb_content.studio.four_eyes import four_eyes
from kb_content.studio.frozen import Frozen, history_of, restore_frozen
from kb_content.studio.models import Draft, DraftKind, Publication
from kb_content.studio.values import Content, cleaned
from kb_content.studio.words import Mark, Marked
from kb_content.studio.working import state_of
from store import reading, transaction

Editor = Annotated[Staff, Depends(staff_with(Permission.EDIT_ARTICLES))]
Do = Literal[
    "save",
    "take-over",
    "submit",
    "approve",
    "send-back",
    "schedule",
    "unschedule",
    "remove",
    "keep",
    "discard",
    "publish",
    "publish-staged",
]
Revision = Annotated[int, Form(ge=0, lt=2**31)]
Said = Annotated[Told, Depends(told)]
NOT_KEEPING = ("discard", "remove", "keep", "unschedule")
"""Deeds for which what stands in the form does not matter."""


@dataclass(frozen=True)
class Entry:
    """An intent, a sentence or a term, by what names it; ``language`` is empty for an intent."""

    kind: DraftKind
    name: str
    language: str = ""

    @property
    def place(self) -> str:
        """The page on which it is read and written."""
        match self.kind:
            case DraftKind.INTENT:
                return f"/console/intents/{quote(self.name)}"
            case DraftKind.TERM:
                return f"/console/articles/glossary/term?{urlencode({'term': self.name, 'language': self.language})}"
        return f"/console/sentences/{quote(self.name)}/{quote(self.language)}"

    @property
    def address(self) -> str:
        """Where its form goes; what is to be done with it stands after a slash. A term's name goes with the form, as
        it may hold anything."""
        return self.place.partition("?")[0]

    @property
    def list_place(self) -> str:
        lists = {DraftKind.INTENT: "intents", DraftKind.TERM: "articles/glossary"}
        return f"/console/{lists.get(self.kind, 'sentences')}"


@dataclass(frozen=True)
class EntryPage:
    """What stands around the form of an entry. ``content``: what the form shows; ``faults``: by field."""

    entry: Entry
    draft: Draft | None
    content: Content
    is_there: bool
    """Whether the KB has it already, without any draft."""
    marks: tuple[Marked, ...]
    """From what the KB says to what the draft says."""
    history: Sequence[Frozen]
    names: Mapping[int, str]
    zone: str
    why_not: str
    publication: Publication | None
    has_four_eyes: bool
    may_approve: bool
    is_outdated: bool
    choices: Choices
    faults: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""
    theirs: str = ""
    """What somebody else saved meanwhile, as ``written``."""

    def written(self, content: Content) -> str:
        """As a person reads it: a sentence is its words, the others are as a file has them."""
        return _words_of(self.entry, content)

    @property
    def revision(self) -> int:
        return self.draft.revision if self.draft else 0


def entry_page(
    session: Session,
    t: Texts,
    staff: Staff,
    entry: Entry,
    content: Content | None = None,
    error: Exception | None = None,
) -> EntryPage:
    """``content``: what somebody typed that was refused with ``error``; without, the draft's or the KB's."""
    draft = drafts.draft_of(session, entry.kind, entry.name, entry.language)
    there = state_of(session, entry.kind, entry.name, entry.language)
    kept = draft.content if draft else there.content or {}
    is_on, before, after = four_eyes(session), _words_of(entry, there.content), _words_of(entry, kept)
    return EntryPage(
        entry=entry,
        draft=draft,
        content=kept if content is None else content,
        is_there=there.content is not None,
        marks=_lines_between(before, after) if draft and before != after and not draft.is_removal else (),
        history=history_of(session, entry.kind, entry.name, entry.language),
        names=names_of(session, people_of(draft)) if draft else {},
        zone=zone_of_staff(session, staff),
        why_not=why_not(t, draft, is_on) if draft else "",
        publication=publication_of(session, draft.id or 0) if draft else None,
        has_four_eyes=is_on,
        may_approve=draft is not None and drafts.may_approve(draft, id_of(staff)),
        is_outdated=draft is not None and drafts.is_outdated(session, draft),
        choices=Choices(accounts=tuple(account_choices(session)[:MOST_ACCOUNTS])),
        faults=fault_words(t, faults(draft)) if draft else {},
        problem=sentence(t, error, status_for(error)) if error else "",
        theirs=after if isinstance(error, DraftChanged) else "",
    )


def content_now(session: Session, entry: Entry) -> dict[str, Any]:
    """What its draft says, else what the KB says; empty for what is not there."""
    draft = drafts.draft_of(session, entry.kind, entry.name, entry.language)
    there = state_of(session, entry.kind, entry.name, entry.language)
    return dict(draft.content if draft else there.content or {})


def carry_out(
    product: Product, staff: Staff, now: datetime, entry: Entry, content: Content, revision: int, do: str, said: Told
) -> Response:
    """Keep what was typed, then do what was pressed; where to go afterwards.

    Raises DraftChanged where somebody saved another revision meanwhile, and what the deeds raise.
    """
    with transaction(product.database) as session:
        draft = _kept(session, staff, now, entry, content, revision, do)
        draft_id, read = (draft.id or 0, draft.revision) if draft else (0, 0)
    if draft_id == 0 or do in ("save", "take-over"):
        return RedirectResponse(entry.place, 303)
    with transaction(product.database) as session:
        place = DEEDS[do](session, drafts.get(session, draft_id), staff, replace(said, revision=read), now)
    return RedirectResponse(place or entry.place, 303)


def refused(
    request: Request,
    product: Product,
    staff: Staff,
    template: str,
    entry: Entry,
    content: Content,
    error: KbError | HandoffError,
    **values: Any,
) -> Response:
    """The page of the entry with what was typed and why it was not kept or done."""
    with reading(product.database) as session:
        shown = entry_page(session, texts_for(request), staff, entry, content, error)
    return page(request, template, status=status_for(error), shown=shown, **values)


def restore(product: Product, staff: Staff, now: datetime, entry: Entry, release_id: int) -> Response:
    """Begin, or overwrite, the draft with what a release says."""
    with transaction(product.database) as session:
        restore_frozen(session, entry.kind, entry.name, entry.language, release_id, id_of(staff), now, staff.name)
    return RedirectResponse(entry.place, 303)


def begin_new(product: Product, staff: Staff, now: datetime, kind: DraftKind, name: str, language: str) -> Response:
    """A draft of something that may not be there yet; where to write it. Raises BadName."""
    with transaction(product.database) as session:
        draft = drafts.begin(session, kind, name, language, id_of(staff), now, actor=staff.name)
        entry = Entry(kind, draft.name, draft.language)
    return RedirectResponse(entry.place, 303)


def drafted(session: Session, kind: DraftKind) -> dict[tuple[str, str], Draft]:
    """The drafts of a kind by name and language."""
    return {(draft.name, draft.language): draft for draft in drafts.drafts(session, kind)}


def _words_of(entry: Entry, content: Content | None) -> str:
    if not content:
        return ""
    return str(content.get("text", "")) if entry.kind is DraftKind.SENTENCE else write_yaml(dict(content))


def _lines_between(before: str, after: str) -> tuple[Marked, ...]:
    """Line by line, as a value stands on a line of its own."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    found: list[Marked] = []
    for deed, first, end, new_first, new_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if deed == "equal":
            found.append(Marked(Mark.SAME, "".join(old[first:end])))
            continue
        found += [Marked(Mark.GONE, "".join(old[first:end])), Marked(Mark.NEW, "".join(new[new_first:new_end]))]
    return tuple(one for one in found if one.text)


def _kept(
    session: Session, staff: Staff, now: datetime, entry: Entry, content: Content, revision: int, do: str
) -> Draft | None:
    """The draft with what was typed; None where there is none and nothing was changed."""
    draft = drafts.draft_of(session, entry.kind, entry.name, entry.language)
    if draft is None:
        there = state_of(session, entry.kind, entry.name, entry.language).content
        if do not in NOT_KEEPING and there is not None and _clean(entry, content) == _clean(entry, there):
            return None
        draft = drafts.begin(session, entry.kind, entry.name, entry.language, id_of(staff), now, actor=staff.name)
        # It was published or discarded while somebody wrote on: what they wrote is another draft.
        revision = draft.revision
    if do in NOT_KEEPING:
        return draft
    # Who has seen what the KB says meanwhile, and wants theirs all the same, begins from that.
    keep = drafts.rebase if do == "take-over" else drafts.save
    return keep(session, draft.id or 0, revision, content, id_of(staff), now, actor=staff.name)


def _clean(entry: Entry, content: Content) -> Content:
    return cleaned(entry.kind, entry.name, entry.language, content)
