"""Files: upload addresses, and downloads that want the token (without it: 200 and a sign-in page, as the real one)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from .model import File

if TYPE_CHECKING:
    from .world import SlackWorld

SIGN_IN = "<!DOCTYPE html><html><head><title>Slack</title></head><body><h1>Sign in to your workspace</h1></body></html>"


def mount(app: web.Application, world: SlackWorld) -> None:
    async def download(request: web.Request) -> web.StreamResponse:
        with world.changed:
            fault = world.faults.next("download", None)
        return await world.faults.suffer(fault, request, lambda: _download(world, request))

    async def upload(request: web.Request) -> web.StreamResponse:
        data = await _uploaded(request)
        with world.changed:
            fault = world.faults.next("upload", None)
        return await world.faults.suffer(fault, request, lambda: _upload(world, request.match_info["key"], data))

    app.router.add_get("/files/{place}/download/{name}", download)
    app.router.add_get("/files/{place}/{name}", download)
    app.router.add_post("/upload/v1/{key}", upload)


def _download(world: SlackWorld, request: web.Request) -> web.Response:
    with world.changed:
        file = world.files.get(request.match_info["place"].partition("-")[2])
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if file is None or kind != "Bearer" or not _may(world, token, file):
            return web.Response(text=SIGN_IN, content_type="text/html", charset="utf-8")
        return web.Response(body=file.data, content_type=file.media_type)


def _may(world: SlackWorld, token: str, file: File) -> bool:
    grant = world.grants.get(token)
    if grant is None or grant.trouble is not None or grant.team is None or "files:read" not in grant.team.scopes:
        return False
    seen = any(grant.team.id in channel.bots for channel, _ in file.shares)
    return seen or file.user == grant.team.bot.user_id


async def _uploaded(request: web.Request) -> bytes:
    """The raw body, or the first file of a multipart form."""
    if request.content_type != "multipart/form-data":
        return await request.read()
    form = await request.post()
    for value in form.values():
        if isinstance(value, web.FileField):
            return value.file.read()
    return b""


def _upload(world: SlackWorld, key: str, data: bytes) -> web.Response:
    with world.moving():
        file = world.uploads.get(key)
        if file is None:
            return web.Response(status=404, text="not found")
        # The announced length was kept as that many zero bytes.
        if len(data) != len(file.data):
            return web.Response(status=400, text="the length is not what was announced")
        file.data = data
        del world.uploads[key]
        return web.Response(text=f"OK - {len(data)}")
