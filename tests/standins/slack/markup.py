"""Blocks, mrkdwn and Markdown as HTML, near enough to what people see."""

from __future__ import annotations

import html
import re
from html import escape
from typing import TYPE_CHECKING, Any

from markdown_it import MarkdownIt

from .registry import Json

if TYPE_CHECKING:
    from .world import SlackWorld

MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
ANGLES = re.compile(r"<([^<>\n]+)>")
STYLES = ((r"\*", "b"), (r"_", "i"), (r"~", "s"), (r"`", "code"))


def mrkdwn(text: str, world: SlackWorld) -> str:
    """Slack's own marks, with links and mentions alive."""
    kept: list[str] = []

    def angle(found: re.Match[str]) -> str:
        kept.append(_angle(found.group(1), world))
        return f"\x00{len(kept) - 1}\x00"

    safe = escape(html.unescape(ANGLES.sub(angle, text)), quote=False)
    for mark, tag in STYLES:
        safe = re.sub(rf"(?<![\w{mark}]){mark}(?=\S)([^\n]+?)(?<=\S){mark}(?![\w{mark}])", rf"<{tag}>\1</{tag}>", safe)
    lines = [f"<q>{line[5:]}</q>" if line.startswith("&gt; ") else line for line in safe.split("\n")]
    return re.sub(r"\x00(\d+)\x00", lambda found: kept[int(found.group(1))], "<br>".join(lines))


def _angle(inside: str, world: SlackWorld) -> str:
    target, _, label = inside.partition("|")
    if target.startswith("@"):
        person = world.person(target[1:])
        name = person.real_name if person is not None else label or world.app.name
        return f"<span class=mention>@{escape(name)}</span>"
    if target.startswith("!"):
        return f"<span class=mention>@{escape(target[1:].partition('^')[0])}</span>"
    if target.startswith("#"):
        return f"<span class=mention>#{escape(label or target[1:])}</span>"
    return f'<a href="{escape(html.unescape(target))}">{escape(html.unescape(label or target))}</a>'


def blocks_html(blocks: list[Json], world: SlackWorld, typed: dict[str, Json] | None = None) -> str:
    return "".join(_block(block, world, typed or {}) for block in blocks)


def _block(block: Json, world: SlackWorld, typed: dict[str, Json]) -> str:
    kind = block["type"]
    if kind == "divider":
        return "<hr>"
    if kind == "header":
        return f"<h3>{escape(block['text']['text'])}</h3>"
    if kind == "markdown":
        return f"<div class=markdown>{MARKDOWN.render(block['text'])}</div>"
    if kind == "section":
        return _section(block, world)
    if kind in ("actions", "context_actions"):
        return f"<p class=actions>{''.join(_element(element) for element in block['elements'])}</p>"
    if kind == "context":
        texts = (_text(item, world) for item in block["elements"] if item.get("type") != "image")
        return f"<p class=context>{' '.join(texts)}</p>"
    if kind == "input":
        return _input(block, typed)
    if kind == "rich_text":
        return "".join(f"<p>{_rich(part, world)}</p>" for part in block["elements"])
    if kind == "image":
        return f"<p class=file>{escape(block['alt_text'])}</p>"
    return f"<p class=file>{escape(kind)}</p>"


def _text(text: Json, world: SlackWorld) -> str:
    if text["type"] == "mrkdwn":
        return mrkdwn(text["text"], world)
    return escape(text["text"]).replace("\n", "<br>")


def _section(block: Json, world: SlackWorld) -> str:
    text = f"<p>{_text(block['text'], world)}</p>" if "text" in block else ""
    fields = "".join(f"<p>{_text(field, world)}</p>" for field in block.get("fields", ()))
    grid = f"<div class=fields>{fields}</div>" if fields else ""
    beside = _element(block["accessory"]) if "accessory" in block else ""
    return f"<div class=section><div>{text}{grid}</div>{beside}</div>"


def _element(element: Json) -> str:
    kind = element["type"]
    if kind == "button":
        style = element.get("style", "")
        label, action = escape(element["text"]["text"]), escape(element["action_id"])
        return f'<button class="button {style}" name=press value="{action}">{label}</button>'
    if kind == "feedback_buttons":
        pair = (element["positive_button"], element["negative_button"])
        return "".join(f"<span class=button>{escape(button['text']['text'])}</span>" for button in pair)
    if kind == "image":
        return f"<span class=file>{escape(element['alt_text'])}</span>"
    chosen = element.get("initial_option") or {}
    shown = chosen.get("text") or element.get("placeholder") or {"text": "Choose"}
    return f"<span class='button select'>{escape(shown['text'])}</span>"


def _input(block: Json, typed: dict[str, Json]) -> str:
    element = block["element"]
    state: Json = typed.get(block["block_id"], {}).get(element["action_id"], {})
    value: Any = state.get("value") or element.get("initial_value") or ""
    hint = f"<small>{escape(block['hint']['text'])}</small>" if "hint" in block else ""
    optional = " <small>(optional)</small>" if block.get("optional") else ""
    label = f"<label>{escape(block['label']['text'])}{optional}</label>"
    if element["type"].endswith("_input"):
        size = "tall" if element.get("multiline") else ""
        holder = element.get("placeholder", {}).get("text", "")
        shown = escape(str(value)) or f"<i>{escape(holder)}</i>"
        return f"<div class=input>{label}<div class='field {size}'>{shown}</div>{hint}</div>"
    return f"<div class=input>{label}{_element(element)}{hint}</div>"


def _rich(part: Json, world: SlackWorld) -> str:
    pieces = []
    for item in part.get("elements", ()):
        if item["type"] == "text":
            pieces.append(escape(item["text"]).replace("\n", "<br>"))
        elif item["type"] == "user":
            pieces.append(_angle(f"@{item['user_id']}", world))
        elif item["type"] == "broadcast":
            pieces.append(_angle(f"!{item['range']}", world))
        elif item["type"] == "link":
            pieces.append(_angle(f"{item['url']}|{item.get('text', item['url'])}", world))
        else:
            pieces.append(_rich(item, world))
    return "".join(pieces)
