"""The Web API over HTTP: reads arguments and token the ways clients send them, and answers like Slack."""

from __future__ import annotations

import base64
import binascii
import copy
import json
import logging
import re
from typing import TYPE_CHECKING, Any

from aiohttp import web

from . import methods
from .calls import Call
from .registry import METHODS, Arguments, Caller, Json, Method, Refused, checked

if TYPE_CHECKING:
    from .teams import Grant
    from .world import SlackWorld

log = logging.getLogger(__name__)
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
assert methods.__name__  # importing the package registers every method


def mount(app: web.Application, world: SlackWorld) -> None:
    async def serve(request: web.Request) -> web.StreamResponse:
        return await _serve(world, request)

    app.router.add_route("*", "/api/{method}", serve)


async def _serve(world: SlackWorld, request: web.Request) -> web.StreamResponse:
    name = request.match_info["method"]
    call = Call(name, {}, None, world.clock.now())
    try:
        given = await _arguments(request)
    except Refused as refused:
        return _finish(world, call, {"ok": False, "error": refused.error})
    except ConnectionResetError:
        # Whoever called was killed meanwhile: nobody is there to be answered.
        return web.Response()
    call.token = _token(request, given)
    call.arguments = copy.deepcopy(given)
    known = METHODS.get(name)
    if known is None:
        return _finish(world, call, {"ok": False, "error": "unknown_method", "req_method": name})
    if known.token == "none":
        given = {**_basic(request), **given}
    with world.moving():
        call.team = (world.grants[call.token].team if call.token in world.grants else None) if call.token else None
        team, channel = call.team.id if call.team is not None else None, _channel(given)
        fault = world.faults.next(name, team, channel)

    def run() -> web.Response:
        with world.moving():
            return _finish(world, call, *_answer(world, call, known, given))

    if fault is not None:
        with world.moving():
            call.error, call.status = fault.kind, {"ratelimited": 429, "http_500": 500}.get(fault.kind, 200)
            if not fault.kind.endswith("_after"):
                world.calls.append(call)
            if fault.kind == "ratelimited" and team is not None and channel is not None:
                world.limits.paused(team, channel, fault.retry_after, call.at)
    return await world.faults.suffer(fault, request, run)


def _finish(
    world: SlackWorld, call: Call, answer: Json, status: int = 200, headers: dict[str, str] | None = None
) -> web.Response:
    with world.moving():
        call.answer, call.status = answer, status
        call.error = None if answer.get("ok") else str(answer.get("error"))
        world.calls.append(call)
    return web.json_response(answer, status=status, headers=headers)


def _answer(world: SlackWorld, call: Call, known: Method, given: Json) -> tuple[Json, int, dict[str, str]]:
    """Body, status and headers for a call. Under the world's lock."""
    headers: dict[str, str] = {}
    try:
        caller = _caller(world, known, call.token)
        if caller.team is not None and caller.kind == "bot":
            headers["x-oauth-scopes"] = ",".join(sorted(caller.team.scopes))
            headers["x-accepted-oauth-scopes"] = ",".join(known.scopes)
        wait = world.limits.wait(known.name, known.tier, _whose(caller), _channel(given), world.clock.now())
        if wait:
            return {"ok": False, "error": "ratelimited"}, 429, {**headers, "Retry-After": str(wait)}
        if known.scopes:
            caller.demand(*known.scopes)
        arguments = Arguments(given) if known.name == "api.test" else checked(known, given)
        return {"ok": True, **known.run(caller, arguments)}, 200, headers
    except Refused as refused:
        return {"ok": False, "error": refused.error, **refused.details}, 200, headers
    except Exception:
        log.exception("the stand-in failed in %s", known.name)
        world.complain(f"the stand-in failed in {known.name}")
        raise


def _whose(caller: Caller) -> str:
    return caller.team.id if caller.team is not None else "app"


def _channel(given: Json) -> str | None:
    channel = given.get("channel", given.get("channel_id"))
    return channel if isinstance(channel, str) else None


def _caller(world: SlackWorld, known: Method, token: str | None) -> Caller:
    """Who has this token.

    Raises:
        Refused: not_authed, invalid_auth, token_revoked, account_inactive, token_expired, not_allowed_token_type.
    """
    if known.token == "none":
        return Caller(world, token or "", None, "none")
    if not token:
        raise Refused("not_authed")
    grant = world.grants.get(token)
    if grant is None or grant.kind == "refresh":
        raise Refused("invalid_auth")
    _must_be_good(grant, world.clock.now())
    if known.token != "any" and known.token != grant.kind:
        raise Refused("not_allowed_token_type")
    return Caller(world, token, grant.team, grant.kind)


def _must_be_good(grant: Grant, now: float) -> None:
    if grant.trouble is not None:
        raise Refused(grant.trouble)
    if grant.expires is not None and now >= grant.expires:
        raise Refused("token_expired")


async def _arguments(request: web.Request) -> Json:
    """Query and body together: form, multipart or JSON.

    Raises:
        Refused: invalid_json, json_not_object, invalid_post_type.
    """
    given: Json = dict(request.query)
    if request.method != "POST" or not request.can_read_body:
        return given
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.read())
        except ValueError:
            raise Refused("invalid_json") from None
        if not isinstance(body, dict):
            raise Refused("json_not_object")
        return {**given, **body}
    if request.content_type not in FORMS:
        raise Refused("invalid_post_type")
    form = await request.post()
    return given | {name: value for name, value in form.items() if isinstance(value, str)}


def _token(request: web.Request, given: Json) -> str | None:
    """The bearer token, else the ``token`` argument, which is taken out of the arguments."""
    argument: Any = given.pop("token", None)
    found = re.fullmatch(r"Bearer (\S+)", request.headers.get("Authorization", ""))
    if found:
        return found.group(1)
    return argument if isinstance(argument, str) and argument else None


def _basic(request: web.Request) -> Json:
    """client_id and client_secret from HTTP Basic."""
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    if kind != "Basic":
        return {}
    try:
        client_id, _, secret = base64.b64decode(value).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return {}
    return {"client_id": client_id, "client_secret": secret}
