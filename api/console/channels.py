"""The channels: how each stands here, what its platform says of the set-up, and how to connect one that is missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Request, Response

from api.channels import check_channels
from api.console.page import page
from api.console.parts import staff_with
from api.console.refusals import ConsoleRoute
from api.first_run import Standing, State, Step, settle, standing
from api.http.parts import TheProduct
from api.product import Product
from bot.channels.base import Status
from handoff.models import Staff
from handoff.permissions import Permission
from store import reading, transaction

if TYPE_CHECKING:
    from bot.channels.findings import Finding

router = APIRouter(prefix="/console/channels", route_class=ConsoleRoute, include_in_schema=False)

Admin = Annotated[Staff, Depends(staff_with(Permission.MANAGE_SYSTEM))]
KINDS = {
    "slack": ("FIRSTLINE_SLACK_BOT_TOKEN=xoxb-…", "FIRSTLINE_SLACK_APP_TOKEN=xapp-…"),
    "telegram": ("FIRSTLINE_TELEGRAM_TOKEN=123456789:AAE…",),
    "email": ("FIRSTLINE_SMTP_URL=smtp://USER:PASSWORD@HOST:587?starttls",),
}
"""What stands in .env for each."""


@dataclass(frozen=True)
class Line:
    """A channel. ``status`` is None where it is not set up; ``words``: a sentence of its connection."""

    name: str
    status: Status | None
    words: str = ""
    lines: tuple[str, ...] = ()
    found: tuple[Finding, ...] = ()


@router.get("")
def channels_page(request: Request, product: TheProduct, staff: Admin) -> Response:
    return _page(request, product, None)


@router.post("/check")
def check(request: Request, product: TheProduct, staff: Admin) -> Response:
    """Ask each platform what is missing; nothing is changed there."""
    found = check_channels(product.settings)
    if found and all(one.ok for several in found.values() for one in several):
        with transaction(product.database) as session:
            if standing(session).is_begun:
                settle(session, Step.CHANNELS, State.DONE)
    return _page(request, product, found)


@router.get("/slack-manifest")
def slack_manifest(product: TheProduct, staff: Admin) -> Response:
    """What Slack asks for when an app is made, as a file."""
    from bot.channels.slack.manifest import Mode, render

    headers = {"Content-Disposition": 'attachment; filename="slack-manifest.yaml"', "Cache-Control": "no-store"}
    body = render(Mode.SOCKET, product.settings.address)
    return Response(body, media_type="text/yaml; charset=utf-8", headers=headers)


def _page(request: Request, product: Product, found: dict[str, list[Finding]] | None) -> Response:
    with reading(product.database) as session:
        begun: Standing = standing(session)
    return page(
        request,
        "console/channels.html",
        channels=_lines(product, found or {}),
        is_checked=found is not None,
        is_any=bool(product.connections),
        begun=begun,
        step=Step.CHANNELS if begun.is_under_way else None,
    )


def _lines(product: Product, found: dict[str, list[Finding]]) -> list[Line]:
    states = {name: connection.state for name, connection in product.connections.items()}
    lines = [Line("web", Status.CONNECTED)]
    for name, wanted in KINDS.items():
        state = states.get(name)
        status, words = (state.status, state.reason) if state else (None, "")
        lines.append(Line(name, status, words, wanted, tuple(found.get(name, ()))))
    return lines
