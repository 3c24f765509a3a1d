"""response_url: a few answers into the place where somebody acted, for half an hour."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from aiohttp import web

from . import posting
from .acting import show
from .interactions import ResponseUrl
from .layout import check_message_blocks
from .registry import Json, Refused

if TYPE_CHECKING:
    from .world import SlackWorld

ALLOWED = {
    "text",
    "blocks",
    "attachments",
    "response_type",
    "replace_original",
    "delete_original",
    "thread_ts",
    "unfurl_links",
    "unfurl_media",
    "mrkdwn",
    "metadata",
}


def mount(app: web.Application, world: SlackWorld) -> None:
    async def serve(request: web.Request) -> web.StreamResponse:
        body = await request.read()
        with world.changed:
            fault = world.faults.next("response_url", request.match_info["team"])
        return await world.faults.suffer(fault, request, lambda: _serve(world, request.match_info["key"], body))

    app.router.add_post("/actions/{team}/{key}", serve)


def _serve(world: SlackWorld, key: str, body: bytes) -> web.Response:
    with world.moving():
        try:
            right = _right(world, key)
            said = json.loads(body)
            if not isinstance(said, dict) or set(said) - ALLOWED:
                raise Refused("invalid_payload")
            _do(right, said)
        except ValueError:
            return _no("invalid_payload", 400)
        except Refused as refused:
            status = 404 if refused.error in ("used_url", "expired_url", "not_found") else 400
            return _no(refused.error, status)
        right.uses += 1
        return web.Response(text="ok")


def _no(error: str, status: int) -> web.Response:
    return web.json_response({"ok": False, "error": error}, status=status)


def _right(world: SlackWorld, key: str) -> ResponseUrl:
    right = world.response_urls.get(key)
    if right is None:
        raise Refused("not_found")
    if world.clock.now() - right.at > world.times.response_url:
        raise Refused("expired_url")
    if right.uses >= world.times.response_uses:
        raise Refused("used_url")
    return right


def _do(right: ResponseUrl, said: Json) -> None:
    original = right.message
    if said.get("delete_original"):
        if original is None:
            raise Refused("message_not_found")
        posting.remove(original)
    elif said.get("replace_original") and original is not None:
        blocks = check_message_blocks(said.get("blocks") or [])
        if not blocks and not said.get("text"):
            raise Refused("no_text")
        posting.change(original, right.team.bot.user_id, text=str(said.get("text") or ""), blocks=blocks)
    else:
        shown = show(right.channel, right.team, right.person, said)
        if original is None:
            # What a command was answered with is the original of the answers that follow.
            right.message = shown
