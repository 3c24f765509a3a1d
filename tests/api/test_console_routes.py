"""Every route says who may use it, and means it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest
from console_fixtures import Office, an_office
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from httpx2 import Response

from api.console.parts import anyone, anyone_signed_in
from handoff.models import Role
from handoff.permissions import Permission, allowed

office = an_office

# What the world may see. Whatever is added here is reviewed by this list.
PUBLIC = re.compile(
    r"/|/chat\.js|/chat/embed\.js|/embed\.js|/healthz|/readyz|/static|/kb(?:/.*)?|/api/docs.*|/api/openapi\.json"
    r"|/api/v1/chat/.*|/channels/.*|/chat/.*|/sitemap\.xml|/robots\.txt"
)

BELOW_ADMIN = (Role.VIEWER, Role.AGENT, Role.EDITOR)


@dataclass(frozen=True)
class Declared:
    """A route and who it says may use it: a permission, "anyone", "anyone signed in", or None where it says nothing."""

    method: str
    path: str
    who: Permission | str | None


class Asking(NamedTuple):
    """A route that asks for a permission."""

    method: str
    path: str
    who: Permission


def declared(app: FastAPI) -> Iterator[Declared]:
    for context in iter_route_contexts(app.routes):
        dependant = getattr(context.route, "dependant", None)
        # A router's own dependencies are not in the route's: ours put none there, and a missing one fails the test.
        who = said_by(dependant) if isinstance(dependant, Dependant) else None
        for method in sorted(getattr(context.route, "methods", None) or {"GET"}):
            if method != "HEAD":
                yield Declared(method, context.path or "", who)


def said_by(dependant: Dependant) -> Permission | str | None:
    for needed in dependant.dependencies:
        call: Any = needed.call
        if call in (anyone, anyone_signed_in):
            return str(call.__name__)
        permission = getattr(call, "permission", None) or captured(call)
        if isinstance(permission, Permission):
            return permission
        deeper = said_by(needed)
        if deeper is not None:
            return deeper
    return None


def captured(call: Any) -> Any:
    """The permission that ``api.http.parts.caller`` closed over."""
    return inspect.getclosurevars(call).nonlocals.get("permission") if inspect.isfunction(call) else None


def filled(path: str) -> str:
    values = {"number": 1, "article_id": "export-data", "language": "en"}
    values |= dict.fromkeys(
        (
            "conversation_id",
            "file_id",
            "customer_id",
            "other_id",
            "account_id",
            "suggestion_id",
            "message_id",
            "row_id",
            "delivery_id",
            "calendar_id",
            "policy_id",
            "step_id",
            "macro_id",
        ),
        1,
    )
    return re.sub(r"\{(\w+)(:\w+)?\}", lambda part: str(values.get(part[1], "nothing-here")), path)


def test_every_route_declares_who_may_use_it(office: Office) -> None:
    silent = [one for one in declared(office.app) if one.who is None and not PUBLIC.fullmatch(one.path)]
    assert not silent


def test_the_walk_sees_console_and_api(office: Office) -> None:
    routes = list(declared(office.app))
    console = [one for one in routes if one.path.startswith("/console")]
    assert len(console) > 20
    assert all(one.who is not None for one in console)
    assert {one.who for one in routes if one.path.startswith("/api/v1/tickets")} == {
        Permission.READ_TICKETS,
        Permission.WORK_TICKETS,
    }


def test_only_sign_in_and_links_are_open_to_strangers(office: Office) -> None:
    opened = {one.path for one in declared(office.app) if one.who == "anyone"}
    assert opened == {"/console/sign-in", "/console/sign-out", "/console/welcome/{token}"}


def test_a_stranger_is_led_to_the_sign_in_from_everywhere_else(office: Office) -> None:
    stranger = office.stranger()
    for one in declared(office.app):
        if one.path.startswith("/console") and one.who != "anyone":
            response = stranger.request(one.method, filled(one.path))
            assert response.status_code == 303, one
            assert response.headers["location"].startswith("/console/sign-in"), one


@pytest.mark.parametrize("role", BELOW_ADMIN)
def test_each_role_is_refused_where_the_table_says(office: Office, role: Role) -> None:
    refused = [one for one in asking(office) if not allowed(role, one.who)]
    assert {response.status_code for _, response in tried_by(office, role, refused)} == {403}
    assert len(refused) > 10


# All of that is drawn, which takes its time; to let one in takes the same line for each.
@pytest.mark.parametrize("role", [Role.ADMIN, *(pytest.param(role, marks=pytest.mark.long) for role in BELOW_ADMIN)])
def test_each_role_gets_in_where_the_table_says(office: Office, role: Role) -> None:
    let_in = [one for one in asking(office) if allowed(role, one.who)]
    for one, response in tried_by(office, role, let_in):
        assert response.status_code != 403, one
        assert response.status_code < 500, one
    assert len(let_in) > 10


def asking(office: Office) -> list[Asking]:
    """All that asks for a permission, but the stream: that never ends, and everybody on the staff is let in."""
    console = (one for one in declared(office.app) if one.path.startswith("/console"))
    asked = [Asking(one.method, one.path, one.who) for one in console if isinstance(one.who, Permission)]
    return [one for one in asked if not one.path.endswith("/stream")]


def tried_by(office: Office, role: Role, routes: list[Asking]) -> Iterator[tuple[Asking, Response]]:
    office.publish()
    office.escalate()
    browser = office.browser("bob", role)
    for one in routes:
        yield one, browser.request(one.method, filled(one.path))


def test_a_refusal_is_a_page_in_words(office: Office) -> None:
    office.escalate()
    response = office.browser("vera", Role.VIEWER).post("/console/tickets/1/claim")
    assert response.status_code == 403
    assert "You may not do this." in response.text
    assert "Back to the inbox" in response.text


def test_a_viewer_sees_no_buttons_that_would_refuse(office: Office) -> None:
    office.escalate()
    page = office.browser("vera", Role.VIEWER).get("/console/tickets/1").text
    assert "I cannot get in" in page
    assert "/claim" not in page
    assert "<textarea" not in page


@pytest.mark.parametrize(
    ("role", "deeds"),
    [
        (Role.VIEWER, {"search", "move", "back", "versions"}),
        (Role.AGENT, {"search", "move", "back", "versions", "tick", "claim", "resolve"}),
        (Role.EDITOR, {"search", "move", "back", "versions", "edit_article"}),
        (Role.ADMIN, {"search", "move", "back", "versions", "tick", "claim", "resolve", "edit_article"}),
    ],
)
def test_the_keys_are_those_of_what_one_may_do(office: Office, role: Role, deeds: set[str]) -> None:
    asked = {"search", "move", "back", "versions", "tick", "claim", "resolve", "edit_article"}
    office.escalate()
    page = office.browser("vera", role).get("/console/tickets/1").text
    assert set(re.findall(r'data-deed="(\w+)"', page)) & asked == deeds


def test_a_person_switched_off_is_out_at_once(office: Office) -> None:
    from handoff.staff import disable_staff
    from store import transaction

    browser = office.browser("bob")
    assert browser.get("/console").status_code == 200
    with transaction(office.database) as session:
        disable_staff(session, office.colleagues["bob"].staff_id or 0, office.now)
    assert browser.get("/console").status_code == 303


def test_a_form_from_another_site_does_nothing(office: Office) -> None:
    number = office.escalate()
    browser = office.browser("bob")
    response = browser.post(f"/console/tickets/{number}/claim", headers={"Sec-Fetch-Site": "cross-site"})
    assert response.status_code == 403
    assert "nobody yet" in browser.get(f"/console/tickets/{number}").text
