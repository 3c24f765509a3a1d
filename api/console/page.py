"""How a page of the console is put together: templates, words, and what stands on every page."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from sqlmodel import Session

from api.console.keys import keys_for
from api.first_run import standing
from api.http.parts import product as the_product
from api.pages.page import static_address
from api.pages.texts import nearest_language
from api.product import Product
from api.texts import LANGUAGES, Texts, also, texts
from api.vitals import needed
from bot.learning.importing import approval
from handoff.domains import readable
from handoff.models import Staff
from handoff.permissions import Permission, allowed
from handoff.rows import id_of
from handoff.ticketing.notices import unseen
from handoff.workplace.work import wanted
from kb_content.catalogue import is_sample_live
from kb_content.studio import reviewing
from store import reading
from store.changes import latest_change
from store.errors import StoreError

# What the web chat calls somebody who has no name.
_VISITOR_KEY = re.compile("[A-Za-z0-9_-]{16,}")
NO_STORE = {"Cache-Control": "no-store", "Vary": "HX-Request, Cookie"}


@dataclass(frozen=True)
class Surroundings:
    """What stands around every page: the warning on top, the notices at the bottom, and where its stream begins."""

    sample_channels: str = ""
    """Channels that have a real token while the sample KB answers; empty when all is well."""
    reasons: tuple[str, ...] = ()
    change: int = 0
    needed: int = 0
    """How many things on the health page wait for a person."""
    unseen: int = 0
    """How many of their own notices whoever asks has not seen."""
    work: int = 0
    """How many tickets want them."""
    reviews: int = 0
    """How many drafts and imports wait for their second pair of eyes."""
    steps_left: int = 0
    """How many of the first steps an admin has not taken yet; 0 in a house that was set up long ago."""


def page(
    request: Request,
    template: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **values: Any,
) -> HTMLResponse:
    """``template`` rendered for whoever asks; only its middle part when htmx asks."""
    staff: Staff | None = getattr(request.state, "staff", None)
    fragment = is_fragment(request)
    body = (
        templates()
        .get_template(template)
        .render(
            layout="console/fragment.html" if fragment else "console/shell.html",
            t=texts_for(request),
            staff=staff,
            may=_rights(staff),
            languages=LANGUAGES,
            here=_here(request),
            around=beside(the_product(request), staff) if fragment else surroundings(the_product(request), staff),
            **values,
        )
    )
    return HTMLResponse(body, status, {**NO_STORE, **(headers or {})})


def is_fragment(request: Request) -> bool:
    """True when htmx asks for the page's middle part to put it in place."""
    return "hx-request" in request.headers and "hx-history-restore-request" not in request.headers


def texts_for(request: Request) -> Texts:
    """The words in the staff member's language, or what the browser prefers before anybody has signed in."""
    staff: Staff | None = getattr(request.state, "staff", None)
    return texts(staff.language) if staff else texts(nearest_language(request.headers.get("accept-language")))


def surroundings(product: Product, staff: Staff | None) -> Surroundings:
    """What stands around the pages of ``staff``; nothing before sign-in, as it would tell strangers about the house."""
    if staff is None:
        return Surroundings()
    tokens, reasons = product.settings.channel_tokens, reasons_of(product)
    try:
        with reading(product.database) as session:
            is_sample = bool(tokens) and is_sample_live(session)
            channels = ", ".join(map(str.capitalize, tokens)) if is_sample else ""
            change, waiting, me = latest_change(session), needed(session), id_of(staff)
            own = (unseen(session, me), wanted(session, me), _reviews(session, staff))
            return Surroundings(channels, reasons, change, waiting, *own, _steps_left(session, staff))
    except StoreError as error:
        return Surroundings(reasons=(*reasons, str(error)))


def _reviews(session: Session, staff: Staff) -> int:
    if not allowed(staff.role, Permission.EDIT_ARTICLES):
        return 0
    return reviewing.wait_for(session, id_of(staff)) + approval.wait_for(session, id_of(staff))


def _steps_left(session: Session, staff: Staff) -> int:
    found = standing(session) if allowed(staff.role, Permission.MANAGE_SYSTEM) else None
    return len(found.left) if found is not None and found.is_under_way else 0


def beside(product: Product, staff: Staff | None) -> Surroundings:
    """What comes with the middle part of a page: how many notices are new, tickets want this person, reviews wait."""
    if staff is None:
        return Surroundings()
    try:
        with reading(product.database) as session:
            me, reviews = id_of(staff), _reviews(session, staff)
            return Surroundings(unseen=unseen(session, me), work=wanted(session, me), reviews=reviews)
    except StoreError:
        return Surroundings()


def reasons_of(product: Product) -> tuple[str, ...]:
    """Sentences for the foot of the page: what keeps the product from being ready, and channels that are off."""
    off = (f"{name.capitalize()}: {words}" for name, words in product.channels.items() if words != "connected")
    return (*product.reasons_not_ready(), *off)


@cache
def templates() -> Environment:
    """The templates. Everything put into them is escaped; what is missing raises."""
    environment = Environment(
        loader=PackageLoader("api"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals["static"] = static_address
    environment.globals["keys_for"] = keys_for
    environment.globals["also"] = also
    environment.tests["visitor_key"] = is_visitor_key
    environment.filters["utc"] = _utc
    environment.filters["percent"] = _percent
    environment.filters["bytes"] = _bytes
    environment.filters["age"] = _age
    environment.filters["letters"] = readable
    return environment


def is_visitor_key(name: str) -> bool:
    """Whether ``name`` is only the key by which the web chat knows somebody."""
    return _VISITOR_KEY.fullmatch(name) is not None


def _rights(staff: Staff | None) -> Mapping[str, bool]:
    """Which buttons to show; the routes check again."""
    return {one.name.lower(): staff is not None and allowed(staff.role, one) for one in Permission}


def _here(request: Request) -> str:
    """The page's own address, for forms and for fetching it again."""
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def _utc(moment: datetime) -> str:
    """What stands in a <time> for browsers without JavaScript; the others show their own zone."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _percent(share: float | None, digits: int = 0) -> str:
    return "–" if share is None else f"{100 * share:.{digits}f} %"


def _age(seconds: float, t: Texts) -> str:
    """A number and one unit: 45 s, 12 min, 5 h, 3 days."""
    units = (("s", 1, 90), ("min", 60, 90 * 60), ("h", 3600, 48 * 3600), ("days", 86400, math.inf))
    unit, long = next((unit, long) for unit, long, below in units if seconds < below)
    return t(f"age.{unit}", count=round(seconds / long))


def _bytes(size: int) -> str:
    if size >= 1024 * 1024 * 1024:
        return f"{size / 1024 / 1024 / 1024:.1f} GB"
    return f"{size / 1024 / 1024:.1f} MB" if size >= 1024 * 1024 else f"{max(1, round(size / 1024))} KB"
