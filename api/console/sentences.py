"""The bot's own sentences: those that come with Firstline, and what this house says instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Query, Request, Response
from sqlmodel import Session, col, select
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from api.console.article_form import Named
from api.console.kb_entries import (
    NOT_KEEPING,
    Do,
    Editor,
    Entry,
    Revision,
    Said,
    carry_out,
    content_now,
    drafted,
    entry_page,
    refused,
    restore,
)
from api.console.page import page, texts_for
from api.console.parts import ArticleReader
from api.console.refusals import ConsoleRoute
from api.http.parts import Now, TheProduct
from bot.own_sentences import blanks, fault_of, sentences
from bot.replies import LANGUAGES, spoken
from handoff.errors import HandoffError
from kb_content.errors import DraftRefused, KbError
from kb_content.language import normal_tag
from kb_content.models import KbSentence
from kb_content.studio.models import Draft, DraftKind
from store import reading

router = APIRouter(prefix="/console/sentences", route_class=ConsoleRoute, include_in_schema=False)

Key = Annotated[str, Path(max_length=100)]
Language = Annotated[str, Path(max_length=40)]
Word = Annotated[str, Query(max_length=200)]


@dataclass(frozen=True)
class Line:
    """A sentence in the list. ``own``: as this house says it, empty where it does not."""

    key: str
    shipped: str
    own: str
    draft: Draft | None


class UnusableSentence(DraftRefused):
    """The bot could not say this: look at the places in braces, and keep the texts of buttons short."""


@router.get("")
def list_page(
    request: Request,
    product: TheProduct,
    staff: ArticleReader,
    language: Word = "",
    words: Word = "",
    draft: Annotated[int, Query(ge=0, lt=2**53)] = 0,
    own: bool = False,
) -> Response:
    """Every sentence in one language, or those with ``words`` in them; ``own``: only what this house says itself.

    ``draft``: lead to the page of that one.
    """
    with reading(product.database) as session:
        found = session.get(Draft, draft) if draft else None
        if found is not None and found.kind is DraftKind.SENTENCE:
            return RedirectResponse(Entry(found.kind, found.name, found.language).place, 303)
        languages = _languages(session)
        chosen = normal_tag(language.strip()) or spoken(staff.language)
        lines = _lines(session, chosen)
    wanted = words.strip().casefold()
    shown = [
        line
        for line in lines
        if (not own or line.own or line.draft)
        and (not wanted or any(wanted in text.casefold() for text in (line.key, line.shipped, line.own)))
    ]
    return page(
        request,
        "console/sentences.html",
        lines=shown,
        total=len(lines),
        language=chosen,
        found_languages=sorted({*languages, chosen}),
        words=words,
        own=own,
    )


@router.get("/{key}/{language}")
def edit(request: Request, product: TheProduct, staff: ArticleReader, key: Key, language: Language) -> Response:
    entry = _entry(key, language)
    with reading(product.database) as session:
        shown = entry_page(session, texts_for(request), staff, entry)
    return page(request, "console/sentence.html", shown=shown, **_about(entry))


@router.post("/{key}/{language}/restore")
def bring_back(
    product: TheProduct,
    now: Now,
    staff: Editor,
    key: Key,
    language: Language,
    release: Annotated[int, Form(ge=1, lt=2**53)],
) -> Response:
    return restore(product, staff, now, _entry(key, language), release)


@router.post("/{key}/{language}")
@router.post("/{key}/{language}/{do}")
def write(
    request: Request,
    product: TheProduct,
    now: Now,
    staff: Editor,
    key: Key,
    language: Language,
    said: Said,
    named: Named,
    do: Do = "save",
    revision: Revision = 0,
    text: Annotated[str, Form(max_length=10_000)] = "",
) -> Response:
    """What the bot could not say is not kept: a place that nothing fills would end in customers' words."""
    entry, content = _entry(key, language), {"text": text}
    if "text" not in named:
        with reading(product.database) as session:
            content = content_now(session, entry)
            text = content.get("text", "")
    try:
        if do not in NOT_KEEPING and (fault := fault_of(key, text.strip())):
            raise UnusableSentence(fault)
        return carry_out(product, staff, now, entry, content, revision, do, said)
    except (KbError, HandoffError) as error:
        return refused(request, product, staff, "console/sentence.html", entry, content, error, **_about(entry))


def _entry(key: str, language: str) -> Entry:
    """Raises 404 for a sentence that the bot never says, or no language."""
    tag = normal_tag(language)
    if key not in sentences()["en"] or tag is None:
        raise HTTPException(404)
    return Entry(DraftKind.SENTENCE, key, tag)


def _about(entry: Entry) -> Mapping[str, Any]:
    shipped = sentences()[spoken(entry.language)][entry.name]
    return {"shipped": shipped, "shipped_in": spoken(entry.language), "blanks": sorted(blanks(shipped) or ())}


def _languages(session: Session) -> set[str]:
    """Those that the shipped sentences come in, and those that this house has some in."""
    drafts_in = (language for _, language in drafted(session, DraftKind.SENTENCE))
    return {*LANGUAGES, *session.exec(select(KbSentence.language).distinct()), *drafts_in}


def _lines(session: Session, language: str) -> list[Line]:
    rows = session.exec(select(KbSentence).where(KbSentence.language == language).order_by(col(KbSentence.key)))
    own, written = {row.key: row.text for row in rows}, drafted(session, DraftKind.SENTENCE)
    shipped = sentences()[spoken(language)]
    return [Line(key, text, own.get(key, ""), written.get((key, language))) for key, text in shipped.items()]


__all__ = ["UnusableSentence", "router"]
