"""Intents: what customers want, by example. Listed, and written as drafts."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request, Response
from sqlmodel import Session, select
from starlette.exceptions import HTTPException

from api.console.article_form import Named
from api.console.kb_entries import (
    Do,
    Editor,
    Entry,
    EntryPage,
    Revision,
    Said,
    begin_new,
    carry_out,
    content_now,
    drafted,
    entry_page,
    refused,
    restore,
)
from api.console.page import page, texts_for
from api.console.parts import ArticleReader
from api.console.refusals import ConsoleRoute, sentence
from api.http.parts import Now, TheProduct
from api.texts import LANGUAGES
from handoff.errors import HandoffError
from handoff.staffing.directory import all_teams
from kb_content.articles import Intent, LeadsTo, Mode
from kb_content.errors import BadName, KbError
from kb_content.intent_file import intent_from
from kb_content.models import KbIntent
from kb_content.studio.models import Draft, DraftKind
from kb_content.studio.values import Content, intent_of
from store import reading

router = APIRouter(prefix="/console/intents", route_class=ConsoleRoute, include_in_schema=False)

Name = Annotated[str, Path(max_length=100)]
Several = Annotated[list[Annotated[str, Form(max_length=100_000)]], Form(max_length=60, default_factory=list)]
Short = Annotated[str, Form(max_length=100)]
PRIORITIES, TIERS = ("P0", "P1", "P2", "P3"), (1, 2, 3)


@dataclass(frozen=True)
class Line:
    """An intent in the list: as the KB has it, or as a draft of a new one would."""

    intent: Intent
    source: str
    draft: Draft | None


@router.get("")
def list_page(request: Request, product: TheProduct, staff: ArticleReader) -> Response:
    return _list(request, product)


@router.post("")
def new(request: Request, product: TheProduct, now: Now, staff: Editor, name: Short = "") -> Response:
    """Begin one of this name; one that is there already is opened."""
    try:
        return begin_new(product, staff, now, DraftKind.INTENT, name.strip(), "")
    except BadName as error:
        return _list(request, product, name, sentence(texts_for(request), error, 422))


@router.get("/{intent_name}")
def edit(request: Request, product: TheProduct, staff: ArticleReader, intent_name: Name) -> Response:
    with reading(product.database) as session:
        shown = entry_page(session, texts_for(request), staff, Entry(DraftKind.INTENT, intent_name))
        choices = _choices(session, shown.content)
    if shown.draft is None and not shown.is_there and not shown.history:
        raise HTTPException(404)
    return page(request, "console/intent.html", shown=shown, **choices)


@router.post("/{intent_name}/restore")
def bring_back(
    product: TheProduct, now: Now, staff: Editor, intent_name: Name, release: Annotated[int, Form(ge=1, lt=2**53)]
) -> Response:
    return restore(product, staff, now, Entry(DraftKind.INTENT, intent_name), release)


@router.post("/{intent_name}")
@router.post("/{intent_name}/{do}")
def write(
    request: Request,
    product: TheProduct,
    now: Now,
    staff: Editor,
    intent_name: Name,
    said: Said,
    named: Named,
    spoken: Several,
    examples: Several,
    replies: Several,
    do: Do = "save",
    revision: Revision = 0,
    leads_to: Short = "answer",
    mode: Short = "auto",
    urgent: Annotated[bool, Form()] = False,
    team: Short = "",
    priority: Short = "",
    tier: Short = "",
) -> Response:
    """``spoken``: the languages of ``examples`` and ``replies``, in the same order. What is not sent stays as it is."""
    entry = Entry(DraftKind.INTENT, intent_name)
    with reading(product.database) as session:
        kept = content_now(session, entry)
        choices = _choices(session, kept)
    # A box that is not ticked is not sent: it goes with the field that every form of an intent has.
    sent = named | {"urgent"} if "leads_to" in named else named
    typed = {
        "leads_to": leads_to,
        "mode": mode,
        "urgent": urgent,
        "team": team,
        "priority": priority,
        "tier": tier,
        "examples": by_language(spoken, examples),
        "replies": by_language(spoken, replies),
    }
    content = kept | {name: value for name, value in typed.items() if name in sent or name not in kept}
    try:
        return carry_out(product, staff, now, entry, content, revision, do, said)
    except (KbError, HandoffError) as error:
        choices["texts"] = texts_of(content)
        return refused(request, product, staff, "console/intent.html", entry, content, error, **choices)


def by_language(spoken: list[str], texts: list[str]) -> dict[str, list[str]]:
    """Texts, one a line, under the language that stands beside them. Pure."""
    found: dict[str, list[str]] = {}
    for language, text in zip_longest(spoken, texts, fillvalue=""):
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        if language.strip() and lines:
            found.setdefault(language.strip(), []).extend(lines)
    return found


def texts_of(content: Content) -> list[tuple[str, str, str]]:
    """(language, examples, replies) of the form: the console's languages, the intent's others, and a free one. Pure."""
    examples, replies = content.get("examples") or {}, content.get("replies") or {}
    named = list(dict.fromkeys((*LANGUAGES, *examples, *replies)))
    filled = [(one, "\n".join(examples.get(one, ())), "\n".join(replies.get(one, ()))) for one in named]
    return [*filled, ("", "", "")]


def _list(request: Request, product: TheProduct, typed: str = "", words: str = "") -> Response:
    with reading(product.database) as session:
        lines = _lines(session)
    return page(request, "console/intents.html", status=422 if words else 200, lines=lines, typed=typed, words=words)


def _lines(session: Session) -> list[Line]:
    written = drafted(session, DraftKind.INTENT)
    rows = session.exec(select(KbIntent).order_by(KbIntent.name)).all()
    there = [Line(intent_from(row.data), row.source, written.pop((row.name, ""), None)) for row in rows]
    new_ones = [Line(intent_of(draft), "", draft) for draft in written.values()]
    return sorted([*there, *new_ones], key=lambda line: line.intent.name)


def _choices(session: Session, content: Content) -> dict[str, Any]:
    return {
        "texts": texts_of(content),
        "teams": [team.name for team in all_teams(session)],
        "priorities": PRIORITIES,
        "tiers": TIERS,
        "ends": [one.value for one in LeadsTo],
        "modes": [one.value for one in Mode],
    }


__all__ = ["EntryPage", "router"]
