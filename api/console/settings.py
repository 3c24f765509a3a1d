"""The room from which every page of the house is reached, and the settings with where each value comes from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from api.configured import Configured, configured
from api.console.page import page
from api.console.parts import Reader, staff_with
from api.console.refusals import ConsoleRoute
from api.first_run import Standing, standing
from api.http.parts import TheProduct
from handoff.models import Staff
from handoff.permissions import Permission, allowed
from store import reading

router = APIRouter(prefix="/console/settings", route_class=ConsoleRoute, include_in_schema=False)

Admin = Annotated[Staff, Depends(staff_with(Permission.MANAGE_SYSTEM))]


@dataclass(frozen=True)
class Card:
    """One page in the room. ``key``: its texts are ``hub.<key>`` and ``hub.<key>_words``."""

    group: str
    key: str
    address: str
    permission: Permission = Permission.READ_TICKETS


CARDS = (
    Card("people", "staff", "/console/staff"),
    Card("people", "teams", "/console/teams"),
    Card("people", "calendars", "/console/calendars"),
    Card("tickets", "promises", "/console/promises"),
    Card("tickets", "macros", "/console/macros"),
    Card("tickets", "waiting", "/console/waiting"),
    Card("tickets", "surveys", "/console/satisfaction#asking"),
    Card("bot", "topics", "/console/topics", Permission.READ_ARTICLES),
    Card("bot", "four_eyes", "/console/drafts#four-eyes", Permission.READ_ARTICLES),
    Card("bot", "upload", "/console/articles/import", Permission.EDIT_ARTICLES),
    Card("outside", "channels", "/console/channels", Permission.MANAGE_SYSTEM),
    Card("outside", "site", "/console/site", Permission.MANAGE_SYSTEM),
    Card("outside", "tokens", "/console/tokens", Permission.MANAGE_STAFF),
    Card("house", "start", "/console/start", Permission.MANAGE_SYSTEM),
    Card("house", "values", "/console/settings/values", Permission.MANAGE_SYSTEM),
    Card("house", "audit", "/console/audit", Permission.READ_AUDIT),
    Card("house", "health", "/console/health"),
    Card("house", "import", "/console/import", Permission.MANAGE_SYSTEM),
)
_GROUPS = ("telegram", "slack", "llm", "smtp", "backup")
"""Beginnings of names that belong together; all others are the house's own."""


@router.get("")
def hub_page(request: Request, product: TheProduct, staff: Reader) -> Response:
    """The cards of the pages that this person may open."""
    cards = [card for card in CARDS if allowed(staff.role, card.permission)]
    with reading(product.database) as session:
        begun: Standing = standing(session)
    groups = {group: list(several) for group, several in groupby(cards, lambda card: card.group)}
    return page(request, "console/settings.html", groups=groups, begun=begun, is_hub=True)


@router.get("/values")
def values_page(request: Request, product: TheProduct, staff: Admin) -> Response:
    found = configured(product.settings)
    return page(request, "console/settings_values.html", groups=grouped(found))


def grouped(found: Iterable[Configured]) -> dict[str, list[Configured]]:
    """The settings by what they are about, the house's own first."""
    groups: dict[str, list[Configured]] = {name: [] for name in ("house", *_GROUPS)}
    for one in found:
        groups[next((name for name in _GROUPS if one.name.startswith(f"{name}_")), "house")].append(one)
    return groups
