"""OAuth: the page that asks a person to let the app in, and the codes that it hands out."""

from __future__ import annotations

import html
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from aiohttp import web

from .registry import Json
from .teams import BOT_SCOPES, Team

if TYPE_CHECKING:
    from .people import Person
    from .world import SlackWorld


@dataclass
class Code:
    """What oauth.v2.access trades for a token, once."""

    team: Team
    person: Person
    scopes: list[str]
    redirect_uri: str | None
    at: float
    is_used: bool = False


def trouble(world: SlackWorld, query: Json) -> str | None:
    """Why the page cannot ask, in Slack's word; None if it can."""
    app = world.app
    if query.get("client_id") != app.client_id:
        return "invalid_client_id"
    scopes = [scope for scope in str(query.get("scope", "")).split(",") if scope]
    if not scopes:
        return "invalid_scope_requested"
    if set(scopes) - BOT_SCOPES:
        return "invalid_scope"
    target = query.get("redirect_uri")
    allowed = app.redirect_uris
    if target and allowed and not any(str(target).startswith(start) for start in allowed):
        return "bad_redirect_uri"
    return None if target or allowed else "bad_redirect_uri"


def decide(world: SlackWorld, query: Json, person: Person, deny: bool = False) -> str:
    """Allow or cancel: the address to go to. Called under the world's lock.

    Raises:
        ValueError: the page shows an error instead.
    """
    wrong = trouble(world, query)
    if wrong is not None:
        raise ValueError(f"Slack's page says: {wrong}")
    target = str(query.get("redirect_uri") or world.app.redirect_uris[0])
    back = {"state": str(query.get("state", ""))}
    if deny:
        return f"{target}?{urlencode({'error': 'access_denied', **back})}"
    code = f"{world.new_id('')}.{secrets.token_hex(8)}"
    scopes = [scope for scope in str(query["scope"]).split(",") if scope]
    given = query.get("redirect_uri")
    world.codes[code] = Code(person.team, person, scopes, str(given) if given else None, world.clock.now())
    return f"{target}?{urlencode({'code': code, **back})}"


def mount(app: web.Application, world: SlackWorld) -> None:
    async def ask(request: web.Request) -> web.StreamResponse:
        with world.changed:
            wrong = trouble(world, dict(request.query))
            if wrong is not None:
                return web.Response(status=400, text=f"Something went wrong: {wrong}")
            return web.Response(text=_page(world), content_type="text/html")

    async def answer(request: web.Request) -> web.StreamResponse:
        form = await request.post()
        with world.moving():
            person = world.person(str(form.get("person", "")))
            if person is None:
                return web.Response(status=400, text="Nobody is signed in")
            try:
                target = decide(world, dict(request.query), person, deny="deny" in form)
            except ValueError as error:
                return web.Response(status=400, text=str(error))
        raise web.HTTPFound(target)

    app.router.add_get("/oauth/v2/authorize", ask)
    app.router.add_post("/oauth/v2/authorize", answer)


def _page(world: SlackWorld) -> str:
    """A form that posts to its own address, so that the query stays."""
    people = [person for team in world.teams for person in team.people]
    options = "".join(
        f'<option value="{person.id}">{html.escape(person.name)} at {html.escape(person.team.name)}</option>'
        for person in people
    )
    name = html.escape(world.app.name)
    return (
        f"<!doctype html><title>Allow {name}</title><h1>{name} wants to come in</h1><form method=post>"
        f"<select name=person>{options}</select> <button>Allow</button> <button name=deny>Cancel</button></form>"
    )
