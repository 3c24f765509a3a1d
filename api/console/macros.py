"""The macros: everybody at the desk sees what they can use and makes their own; admins make those of the house."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Path, Request, Response
from sqlmodel import Session
from starlette.responses import RedirectResponse

from api.console.page import page, texts_for
from api.console.parts import Reader, Worker, actor_of
from api.console.picking import deeds_in_words
from api.console.refusals import ConsoleRoute, sentence, status_for
from api.console.working import names
from api.http.parts import Now, TheProduct
from api.product import Product
from api.texts import LANGUAGES
from bot.audits import NoSuchArticle, article_named, titles
from handoff import errors
from handoff.errors import HandoffError
from handoff.models import Priority, Staff
from handoff.permissions import allowed
from handoff.rows import id_of
from handoff.staffing.directory import all_teams, colleagues
from handoff.staffing.teams import leads
from handoff.ticketing.levels import TIERS
from handoff.workplace.gaps import GAPS
from handoff.workplace.macro_deeds import ME, STATUSES, Deeds
from handoff.workplace.macros import SHARES, MacroRow, Written, change, macro_of, macros_to_keep, make, remove
from store import reading, transaction

router = APIRouter(prefix="/console/macros", route_class=ConsoleRoute, include_in_schema=False)

MacroId = Annotated[int, Path(ge=1, lt=2**53)]
Short = Annotated[str, Form(max_length=300)]
Words = Annotated[list[Annotated[str, Form(max_length=50_000)]], Form(max_length=20, default_factory=list)]
Codes = Annotated[list[Annotated[str, Form(max_length=40)]], Form(max_length=20, default_factory=list)]
OWN = "own"
REFUSED = (
    errors.NameTaken,
    errors.BadMacroName,
    errors.BadMacroLanguage,
    errors.BadGap,
    errors.EmptyMacro,
    errors.BadDeed,
    errors.BadTag,
    errors.TextTooLong,
    NoSuchArticle,
    errors.NoTickets,
    errors.NotAllowed,
)
"""What is said on the page where it was tried, with what was typed."""


@dataclass(frozen=True)
class Typed:
    """The form as it was sent, or as it stands for a macro that is there."""

    name: str = ""
    title: str = ""
    texts: Sequence[tuple[str, str]] = ()
    """(language, words), an empty place for another language at the end."""
    whose: str = ""
    """"" everybody's, "own", or the id of a team."""
    tags: str = ""
    status: str = ""
    priority: str = ""
    tier: str = ""
    team: str = ""
    assignee: str = ""
    article: str = ""


def typed(
    language: Codes,
    text: Words,
    name: Short = "",
    title: Short = "",
    whose: Short = "",
    tags: Annotated[str, Form(max_length=2_000)] = "",
    status: Short = "",
    priority: Short = "",
    tier: Short = "",
    team: Short = "",
    assignee: Short = "",
    article: Annotated[str, Form(max_length=600)] = "",
) -> Typed:
    texts = _with_places(zip(language, text, strict=False))
    return Typed(name, title, texts, whose, tags, status, priority, tier, team, assignee, article)


Sent = Annotated[Typed, Depends(typed)]


@router.get("")
def list_page(request: Request, product: TheProduct, staff: Reader) -> Response:
    with reading(product.database) as session:
        rows = macros_to_keep(session, id_of(staff))
    t = texts_for(request)
    does = {id_of(row.macro): deeds_in_words(t, row.deeds) for row in rows}
    return page(request, "console/macros.html", rows=rows, does=does)


@router.get("/new")
def new_page(request: Request, product: TheProduct, staff: Worker) -> Response:
    whose = "" if allowed(staff.role, SHARES) else OWN
    return _form(request, product, staff, Typed(texts=_with_places([]), whose=whose))


@router.post("")
def add(request: Request, product: TheProduct, now: Now, staff: Worker, sent: Sent) -> Response:
    try:
        with transaction(product.database) as session:
            make(session, _written(session, sent), actor_of(staff), now)
    except REFUSED as error:
        return _form(request, product, staff, sent, error=error)
    return RedirectResponse("/console/macros", 303)


@router.get("/{macro_id}")
def macro_page(request: Request, product: TheProduct, staff: Worker, macro_id: MacroId) -> Response:
    return _form(request, product, staff, None, macro_id)


@router.post("/{macro_id}")
def save(request: Request, product: TheProduct, now: Now, staff: Worker, macro_id: MacroId, sent: Sent) -> Response:
    try:
        with transaction(product.database) as session:
            change(session, macro_id, _written(session, sent), actor_of(staff), now)
    except REFUSED as error:
        return _form(request, product, staff, sent, macro_id, error)
    return RedirectResponse("/console/macros", 303)


@router.post("/{macro_id}/remove")
def take_away(product: TheProduct, now: Now, staff: Worker, macro_id: MacroId) -> Response:
    with transaction(product.database) as session:
        remove(session, macro_id, actor_of(staff), now)
    return RedirectResponse("/console/macros", 303)


def _written(session: Session, sent: Typed) -> Written:
    deeds = Deeds(
        tags=tuple(names(sent.tags)),
        status=sent.status,
        priority=sent.priority,
        tier=int(sent.tier) if sent.tier.isdecimal() and len(sent.tier) < 3 else 0,
        team=sent.team,
        assignee=sent.assignee,
        article=article_named(session, sent.article) or "",
    )
    texts = {code.strip(): words for code, words in sent.texts if words.strip()}
    is_team = sent.whose.isascii() and sent.whose.isdecimal() and len(sent.whose) < 16
    team_id = int(sent.whose) if is_team else None
    return Written(sent.name, sent.title, texts, deeds, team_id, is_own=sent.whose == OWN)


def _form(
    request: Request,
    product: Product,
    staff: Staff,
    sent: Typed | None,
    macro_id: int | None = None,
    error: HandoffError | None = None,
) -> Response:
    with reading(product.database) as session:
        row = macro_of(session, macro_id, id_of(staff)) if macro_id else None
        teams, people = all_teams(session), colleagues(session)
        articles = titles(session, texts_for(request).language)
        shares = allowed(staff.role, SHARES)
        may_give = [team for team in teams if shares or staff.id in leads(session, id_of(team))]
    shown = sent or (_as_typed(row) if row else Typed())
    status = status_for(error) if error else 200
    return page(
        request,
        "console/macro.html",
        status=status,
        words=sentence(texts_for(request), error, status) if error else "",
        row=row,
        typed=shown,
        may_change=row is None or row.may_change,
        shares=shares,
        may_give=may_give,
        teams=teams,
        people=people,
        articles=articles,
        gaps=GAPS,
        statuses=[one for one in STATUSES if one],
        priorities=[one.value for one in Priority],
        tiers=TIERS,
        me=ME,
        own=OWN,
    )


def _as_typed(row: MacroRow) -> Typed:
    macro, deeds = row.macro, row.deeds
    return Typed(
        macro.name,
        macro.title,
        _with_places(macro.texts.items()),
        OWN if macro.staff_id else str(macro.team_id or ""),
        ", ".join(deeds.tags),
        deeds.status,
        deeds.priority,
        str(deeds.tier or ""),
        deeds.team,
        deeds.assignee,
        deeds.article,
    )


def _with_places(texts: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The console's languages first, then what others there are, then an empty place."""
    found = {code.strip(): words for code, words in texts if code.strip() or words.strip()}
    ordered = [(code, found.get(code, "")) for code in LANGUAGES]
    others = [(code, words) for code, words in found.items() if code not in LANGUAGES]
    return [*ordered, *others, ("", "")]
