"""Pages that draw a place, an App Home or a modal, for pictures and for trials by hand."""

from __future__ import annotations

import base64
from html import escape
from typing import TYPE_CHECKING

from aiohttp import web

from .channels import Channel
from .markup import blocks_html, mrkdwn
from .methods.assistant import status_in
from .model import File, Message, View
from .people import Person
from .style import STYLE

if TYPE_CHECKING:
    from .world import SlackWorld


def mount(app: web.Application, world: SlackWorld) -> None:
    async def home(request: web.Request) -> web.StreamResponse:
        with world.changed:
            person = world.person(request.match_info["user"])
            if person is None:
                return web.Response(status=404, text="nobody has this id")
            return _html(world, _home(world, person))

    async def place(request: web.Request) -> web.StreamResponse:
        with world.changed:
            channel = _channel(world, request.match_info["channel"])
            if channel is None:
                return web.Response(status=404, text="no place has this id")
            viewer = world.person(request.query.get("as", "")) or _first(world, channel)
            return _html(world, _place(channel, viewer))

    async def say(request: web.Request) -> web.StreamResponse:
        form = {name: str(value) for name, value in (await request.post()).items()}
        with world.moving():
            channel = _channel(world, request.match_info["channel"])
            person = world.person(form.get("as", ""))
            if channel is None or person is None:
                return web.Response(status=404, text="no such place or person")
            message = channel.find(form.get("ts", ""))
            if message is not None and "press" in form:
                person.clicks(message, form["press"], wait=False)
            elif form.get("text", "").strip():
                person.says(form["text"], channel)
        raise web.HTTPSeeOther(f"/view/{channel.id}?as={person.id}")

    app.router.add_get("/view/home/{user}", home)
    app.router.add_get("/view/{channel}", place)
    app.router.add_post("/view/{channel}", say)


def _html(world: SlackWorld, body: str) -> web.Response:
    page = (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(world.app.name)}</title>"
        f"<meta name=viewport content='width=device-width'><style>{STYLE}</style>"
        f"<body><main>{body}</main><footer>drawn by the stand-in</footer></body></html>"
    )
    return web.Response(text=page, content_type="text/html", charset="utf-8")


def _channel(world: SlackWorld, id: str) -> Channel | None:
    return next((c for team in world.teams for c in team.channels if c.id == id), None)


def _first(world: SlackWorld, channel: Channel) -> Person | None:
    return world.person(channel.members[0]) if channel.members else None


def _place(channel: Channel, viewer: Person | None) -> str:
    name = channel.world.app.name if channel.kind == "im" else f"# {channel.name}"
    seen = [
        message
        for message in channel.log
        if not message.is_deleted and message.only_for in (None, viewer.id if viewer is not None else "")
    ]
    threads: dict[str, list[Message]] = {}
    for message in seen:
        threads.setdefault(message.root, []).append(message)
    drawn = "".join(_thread(channel, thread, viewer) for thread in threads.values())
    shown = viewer.modals[-1:] if viewer is not None else []
    return f"<header>{escape(name)}</header>{drawn}{''.join(_modal(view) for view in shown)}{_box(viewer)}"


def _thread(channel: Channel, thread: list[Message], viewer: Person | None) -> str:
    first, *rest = (_message(message, viewer) for message in thread)
    status = status_in(channel, thread[0].root)
    if status:
        rest.append(f"<p class=status>{escape(channel.world.app.name)} {escape(status)}</p>")
    return first + (f"<div class=thread>{''.join(rest)}</div>" if rest else "")


def _message(message: Message, viewer: Person | None) -> str:
    world = message.channel.world
    person = world.person(message.user)
    who = message.username or (person.real_name if person is not None else world.app.name)
    kind = "bot" if person is None else "person"
    badge = "<i class=app>APP</i>" if person is None else ""
    only = "<p class=only>Only visible to you</p>" if message.only_for else ""
    edited = "<small>(edited)</small>" if message.edited else ""
    hour = world.clock_words(message.ts)
    body = blocks_html(message.blocks, world) if message.blocks else f"<p>{mrkdwn(message.text, world)}</p>"
    files = "".join(_file(file) for file in message.files)
    form = (
        f"<form method=post><input type=hidden name=ts value='{message.ts}'>"
        f"<input type=hidden name=as value='{viewer.id if viewer is not None else ''}'>{body}</form>"
    )
    return (
        f"<article class={kind}><b class=face>{escape(who[:1])}</b><div>{only}<h4>{escape(who)}{badge}"
        f"<time>{hour}</time></h4>{form}{edited}{files}{_reactions(message)}</div></article>"
    )


def _reactions(message: Message) -> str:
    marks = (f"<i class=reaction>:{escape(name)}: {len(who)}</i>" for name, who in message.reactions.items())
    return "".join(marks)


def _file(file: File) -> str:
    if file.media_type.startswith("image/"):
        data = base64.b64encode(file.data).decode()
        return f"<img class=file alt='{escape(file.name)}' src='data:{file.media_type};base64,{data}'>"
    return f"<p class=file>{escape(file.name)} <small>{len(file.data)} bytes</small></p>"


def _box(viewer: Person | None) -> str:
    if viewer is None:
        return ""
    return (
        f"<form class=box method=post><input type=hidden name=as value='{viewer.id}'>"
        f"<input name=text placeholder='Message as {escape(viewer.real_name)}' autocomplete=off></form>"
    )


def _modal(view: View) -> str:
    world = view.team.world
    buttons = "".join(
        f"<span class='button {'primary' if name == 'submit' else ''}'>{escape(view.content[name]['text'])}</span>"
        for name in ("close", "submit")
        if view.content.get(name)
    )
    body = blocks_html(view.blocks, world, view.typed)
    return f"<section class=modal><h2>{escape(view.title)}</h2>{body}<p class=foot>{buttons}</p></section>"


def _home(world: SlackWorld, person: Person) -> str:
    name = f"<header>{escape(world.app.name)}<nav><b>Home</b> <span>Messages</span> <span>About</span></nav></header>"
    shown = "".join(_modal(view) for view in person.modals[-1:])
    if person.home is None:
        return f"{name}<p class=empty>This app has no Home for {escape(person.real_name)} yet.</p>{shown}"
    return f"{name}<div class=home>{blocks_html(person.home.blocks, world)}</div>{shown}"
