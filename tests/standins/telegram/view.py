"""A chat as a customer sees it, for people who try the bot by hand and for pictures in the how-tos."""

from __future__ import annotations

import base64
import html
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aiohttp import web

from standins.telegram.model import Chat, Message
from standins.telegram.people import Person
from standins.telegram.samples import is_image

if TYPE_CHECKING:
    from standins.telegram.world import TelegramWorld

_MARKS = {
    "bold": "b",
    "italic": "i",
    "underline": "u",
    "strikethrough": "s",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "expandable_blockquote": "blockquote",
    "spoiler": "mark",
}
_THUMB = '<path d="M2 10h4v11H2zM8 21V10l4-8c2 0 2.6 1.5 2.2 3L13.2 9H20c1.5 0 2.3 1 2 2.4l-1.7 8A2 2 0 0 1 18.3 21z"/>'
STYLE = """
:root { color-scheme: light dark; --page: #dfe7ec; --theirs: #fff; --mine: #e3fbd3; --ink: #15202b; --dim: #66757f;
  --edge: #c9d4da; --link: #1a6fb0; --button: #ffffffcc; }
@media (prefers-color-scheme: dark) { :root:not(.light) { --page: #0f1720; --theirs: #1d2833; --mine: #24543c;
  --ink: #eef3f6; --dim: #93a4af; --edge: #2d3a46; --link: #6fb7ee; --button: #2a3846cc; } }
:root.dark { color-scheme: dark; --page: #0f1720; --theirs: #1d2833; --mine: #24543c; --ink: #eef3f6; --dim: #93a4af;
  --edge: #2d3a46; --link: #6fb7ee; --button: #2a3846cc; }
:root.light { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.45 system-ui, "Noto Sans CJK SC", sans-serif; }
header { position: sticky; top: 0; padding: 12px 20px; background: var(--theirs);
  border-bottom: 1px solid var(--edge); }
header b { display: block; } header span, footer, time, .who, .note { color: var(--dim); font-size: 13px; }
main { max-width: 720px; margin: 0 auto; padding: 20px; display: flex; flex-direction: column; gap: 10px; }
.turn { max-width: 82%; align-self: flex-start; } .turn.mine { align-self: flex-end; }
.bubble { padding: 8px 12px; border-radius: 14px; background: var(--theirs); box-shadow: 0 1px 1px #0002;
  overflow-wrap: anywhere; white-space: pre-wrap; display: flow-root; }
blockquote { margin: 4px 0; padding: 2px 8px; border-left: 3px solid var(--link); }
svg { width: 18px; height: 18px; fill: currentColor; vertical-align: -3px; } svg.down { transform: rotate(180deg); }
.mine .bubble { background: var(--mine); } .who { font-weight: 600; } time { float: right; margin: 4px 0 0 12px; }
.bubble a { color: var(--link); } pre, code { font-family: ui-monospace, monospace; font-size: 14px; }
.reply { border-left: 3px solid var(--link); padding-left: 8px; margin-bottom: 4px; color: var(--dim); font-size: 14px;
  max-height: 2.9em; overflow: hidden; }
.row { display: flex; gap: 6px; margin-top: 6px; } .row span { flex: 1; text-align: center; padding: 7px 10px;
  border-radius: 10px; background: var(--button); border: 1px solid var(--edge); font-size: 14px; color: var(--link); }
.file { display: flex; gap: 8px; align-items: center; } .file i { font-style: normal;
  font-size: 12px; padding: 8px; border-radius: 8px; background: var(--page); }
.note { align-self: center; } footer { text-align: center; padding: 16px; }
img { max-width: 260px; border-radius: 8px; }
"""


def add_routes(app: web.Application, world: TelegramWorld) -> None:
    async def overview(request: web.Request) -> web.Response:
        with world.lock:
            return _page("Chats", "the stand-in", _overview(world), "")

    async def show(request: web.Request) -> web.Response:
        chat = world.chats.get(int(request.match_info["chat"]))
        if chat is None:
            raise web.HTTPNotFound
        topic = int(request.query["topic"]) if "topic" in request.query else None
        title = request.query.get("title") or (world.name if chat.kind == "private" else chat.title)
        with world.lock:
            said = _turns(chat, topic)
        return _page(title, "bot" if chat.kind == "private" else chat.kind, said, request.query.get("theme", ""))

    async def say(request: web.Request) -> web.Response:
        form = await request.post()
        message = _person(world, request).says(str(form.get("text", "")), chat=_chat(world, form.get("chat_id")))
        return web.Response(text=f"message {message.id}\n")

    async def press(request: web.Request) -> web.Response:
        form = await request.post()
        who = _person(world, request)
        message = (_chat(world, form.get("chat_id")) or who.private).find(int(str(form["message_id"])))
        if message is None:
            raise web.HTTPNotFound
        made = who.presses(message, int(str(form.get("button", "0"))))
        return web.Response(text=f"press {made.id}\n")

    app.router.add_get("/view/", overview)
    app.router.add_get("/view/{chat:-?[0-9]+}", show)
    app.router.add_post("/say/{person:[0-9]+}", say)
    app.router.add_post("/press/{person:[0-9]+}", press)


def _person(world: TelegramWorld, request: web.Request) -> Person:
    who = world.people.get(int(request.match_info["person"]))
    if who is None:
        raise web.HTTPNotFound
    return who


def _chat(world: TelegramWorld, given: object) -> Chat | None:
    return world.chats.get(int(str(given))) if given else None


def _page(title: str, under: str, body: str, theme: str) -> web.Response:
    look = theme if theme in ("light", "dark") else ""
    text = (
        f'<!doctype html><html lang="en" class="{look}"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head><body>'
        f"<header><b>{html.escape(title)}</b><span>{html.escape(under)}</span></header><main>{body}</main>"
        "<footer>drawn by the stand-in</footer></body></html>"
    )
    return web.Response(text=text, content_type="text/html")


def _overview(world: TelegramWorld) -> str:
    lines = []
    for chat in world.chats.values():
        people = ", ".join(f"{who.first_name} {who.id}" for who in chat.members)
        link = f'<a href="/view/{chat.id}">{html.escape(chat.title)}</a>'
        lines.append(f'<div class="bubble">{link} <span class="who">{chat.kind} · {html.escape(people)}</span></div>')
    return "".join(lines)


def _turns(chat: Chat, topic: int | None) -> str:
    shown = [message for message in chat.messages if topic is None or (message.topic and message.topic.id == topic)]
    return "".join(_turn(message) for message in shown)


def _turn(message: Message) -> str:
    mine = "" if message.is_from_bot else " mine"
    name = message.chat.world.name if message.author is None else message.author.first_name
    parts = []
    if message.chat.is_group:
        parts.append(f'<div class="who">{html.escape(name)}</div>')
    if message.reply_to is not None:
        parts.append(f'<div class="reply">{html.escape(message.reply_to.text[:120] or "…")}</div>')
    parts += [_file(message, n) for n in range(len(message.files))]
    at = datetime.fromtimestamp(message.sent_at, UTC).strftime("%H:%M")
    edited = "edited " if message.edited_at is not None and message.edits else ""
    parts.append(f"{marked(message)}<time>{edited}{at}</time>")
    rows = "".join(_row([button.label for button in row]) for row in message.keyboard)
    return f'<div class="turn{mine}"><div class="bubble">{"".join(parts)}</div>{rows}</div>'


def _row(labels: list[str]) -> str:
    return '<div class="row">' + "".join(f"<span>{_label(label)}</span>" for label in labels) + "</div>"


def _label(label: str) -> str:
    """Thumbs are drawn: a machine that takes pictures may have no font for them."""
    drawn = html.escape(label)
    for thumb, way in (("👍", "up"), ("👎", "down")):
        drawn = drawn.replace(thumb, f'<svg class="{way}" viewBox="0 0 24 24" aria-label="{thumb}">{_THUMB}</svg>')
    return drawn


def _file(message: Message, n: int) -> str:
    sent = message.files[n]
    if sent.kind == "photo" and is_image(sent.data):
        data = base64.b64encode(sent.data).decode()
        return f'<img alt="{html.escape(sent.name)}" src="data:{sent.media_type};base64,{data}"><br>'
    name = f"{html.escape(sent.name)} · {max(1, sent.size // 1024)} KB"
    return f'<div class="file"><i>{sent.kind}</i>{name}</div>'


def marked(message: Message) -> str:
    """The text with its entities as HTML again."""
    starts: dict[int, list[str]] = {}
    ends: dict[int, list[str]] = {}
    for entity in message.entities:
        is_link = entity["type"] in ("text_link", "url")
        tag = "a" if is_link else _MARKS.get(entity["type"])
        if tag is None:
            continue
        target = entity.get("url") or message.spoken(entity)
        opening = f'<a href="{html.escape(target)}">' if is_link else f"<{tag}>"
        starts.setdefault(entity["offset"], []).append(opening)
        ends.setdefault(entity["offset"] + entity["length"], []).insert(0, f"</{tag}>")
    out, at = [], 0
    for char in message.text:
        out += [*ends.get(at, []), *starts.get(at, []), html.escape(char)]
        at += 1 if ord(char) < 0x10000 else 2
    return "".join([*out, *ends.get(at, [])])
