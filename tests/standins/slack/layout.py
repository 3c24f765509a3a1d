"""What Slack accepts as blocks, by its published sizes; and the ids it gives to what has none."""

from __future__ import annotations

import copy
import itertools
import secrets
from collections.abc import Callable, Iterator
from typing import Any

from .check import Check
from .elements import IN_ACTIONS, IN_CONTEXT_ACTIONS, IN_INPUT, IN_SECTION, PLAIN, check_element, check_image
from .registry import Json, Refused

MOST_BLOCKS = {"message": 50, "modal": 100, "home": 100}
MOST_CHARACTERS = 13_200
"""All texts of a message's blocks together; not published, measured by others."""
MARKDOWN = 12_000
RICH = ("rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote")


def check_message_blocks(blocks: list[Any]) -> list[Json]:
    """The blocks of a message, with ids.

    Raises:
        Refused: invalid_blocks with the places, msg_blocks_too_long.
    """
    check = Check()
    check_blocks(check, blocks, "/blocks", "message")
    if check.errors:
        raise Refused("invalid_blocks", *check.errors)
    if sum(len(text) for text in _all_texts(blocks)) > MOST_CHARACTERS:
        raise Refused("msg_blocks_too_long")
    return with_ids(blocks)


def check_blocks(check: Check, blocks: Any, path: str, surface: str) -> None:
    items = check.items(blocks, path, MOST_BLOCKS[surface], least=0)
    for number, block in enumerate(items):
        _check_block(check, block, f"{path}/{number}", surface)
    check.unique((b["block_id"] for b in items if isinstance(b, dict) and b.get("block_id")), path, "block_id")
    markdown = sum(len(str(b.get("text"))) for b in items if isinstance(b, dict) and b.get("type") == "markdown")
    if markdown > MARKDOWN:
        check.wrong(path, f"markdown blocks must be less than {MARKDOWN + 1} characters together")


def _check_block(check: Check, block: Any, path: str, surface: str) -> None:
    if not isinstance(block, dict):
        return check.wrong(path, "must be an object")
    kind = block.get("type")
    known = KINDS.get(str(kind))
    if known is None or (kind in ("markdown", "table", "context_actions") and surface != "message"):
        return check.wrong(f"{path}/type", f"unsupported type: {kind}")
    check.string(block, path, "block_id", 255, needed=False, least=1)
    properties, look = known
    check.only(block, path, ("type", "block_id", *properties.split()))
    look(check, block, path)
    elements = block.get("elements")
    if kind in ("actions", "context_actions") and isinstance(elements, list):
        ids = (element.get("action_id") for element in elements if isinstance(element, dict))
        check.unique((name for name in ids if name), f"{path}/elements", "action_id")


def _section(check: Check, block: Json, path: str) -> None:
    if "text" not in block and "fields" not in block:
        check.wrong(path, "missing required field: text or fields")
    check.text(block, path, "text", 3000, needed=False)
    if "fields" in block:
        for number, field in enumerate(check.items(block["fields"], f"{path}/fields", 10)):
            check.text_object(field, f"{path}/fields/{number}", 2000)
    if "accessory" in block:
        check_element(check, block["accessory"], f"{path}/accessory", IN_SECTION)
    check.flag(block, path, "expand")


def _actions(check: Check, block: Json, path: str) -> None:
    for number, element in enumerate(check.items(block.get("elements"), f"{path}/elements", 25)):
        check_element(check, element, f"{path}/elements/{number}", IN_ACTIONS)


def _context_actions(check: Check, block: Json, path: str) -> None:
    for number, element in enumerate(check.items(block.get("elements"), f"{path}/elements", 5)):
        check_element(check, element, f"{path}/elements/{number}", IN_CONTEXT_ACTIONS)


def _context(check: Check, block: Json, path: str) -> None:
    for number, element in enumerate(check.items(block.get("elements"), f"{path}/elements", 10)):
        place = f"{path}/elements/{number}"
        if isinstance(element, dict) and element.get("type") == "image":
            check_image(check, element, place, ())
        else:
            check.text_object(element, place, 2000)


def _input(check: Check, block: Json, path: str) -> None:
    check.text(block, path, "label", 2000, PLAIN)
    check.text(block, path, "hint", 2000, PLAIN, needed=False)
    check.flag(block, path, "optional")
    check.flag(block, path, "dispatch_action")
    if check.present(block, path, "element"):
        check_element(check, block["element"], f"{path}/element", IN_INPUT)


def _header(check: Check, block: Json, path: str) -> None:
    check.text(block, path, "text", 150, PLAIN)


def _image(check: Check, block: Json, path: str) -> None:
    check_image(check, block, path, ("block_id", "title"))
    check.text(block, path, "title", 2000, PLAIN, needed=False)


def _markdown(check: Check, block: Json, path: str) -> None:
    check.string(block, path, "text", MARKDOWN, least=1)


def _rich(check: Check, block: Json, path: str) -> None:
    for number, element in enumerate(check.items(block.get("elements"), f"{path}/elements", 1000, least=0)):
        if not isinstance(element, dict) or element.get("type") not in RICH:
            check.wrong(f"{path}/elements/{number}", "unsupported type")


def _table(check: Check, block: Json, path: str) -> None:
    for number, row in enumerate(check.items(block.get("rows"), f"{path}/rows", 100)):
        check.items(row, f"{path}/rows/{number}", 20)


def _video(check: Check, block: Json, path: str) -> None:
    check.text(block, path, "title", 200, PLAIN)
    for name in ("video_url", "thumbnail_url", "alt_text"):
        check.string(block, path, name, 3000)


def _nothing(check: Check, block: Json, path: str) -> None:
    """A block of which nothing else is asked."""


KINDS: dict[str, tuple[str, Callable[[Check, Json, str], None]]] = {
    "section": ("text fields accessory expand", _section),
    "divider": ("", _nothing),
    "header": ("text", _header),
    "context": ("elements", _context),
    "actions": ("elements", _actions),
    "context_actions": ("elements", _context_actions),
    "input": ("label element hint optional dispatch_action", _input),
    "image": ("image_url alt_text title slack_file", _image),
    "markdown": ("text", _markdown),
    "rich_text": ("elements", _rich),
    "table": ("rows column_settings", _table),
    "video": (
        "title title_url description video_url thumbnail_url alt_text author_name provider_name provider_icon_url",
        _video,
    ),
}


def _all_texts(value: Any) -> Iterator[str]:
    """Every text in blocks, wherever it is."""
    if isinstance(value, list):
        yield from itertools.chain.from_iterable(_all_texts(item) for item in value)
    elif isinstance(value, dict):
        if isinstance(value.get("text"), str):
            yield value["text"]
        yield from itertools.chain.from_iterable(_all_texts(item) for item in value.values())


def with_ids(blocks: list[Json]) -> list[Json]:
    """A copy in which every block has a block_id and every interactive element an action_id, as Slack fills them in."""
    filled = copy.deepcopy(blocks)
    for block in filled:
        block.setdefault("block_id", secrets.token_urlsafe(4)[:5])
        for element in [*block.get("elements", ()), block.get("accessory"), block.get("element")]:
            if isinstance(element, dict) and element.get("type") in IN_ACTIONS | IN_INPUT | IN_CONTEXT_ACTIONS:
                element.setdefault("action_id", secrets.token_urlsafe(4)[:5])
                if isinstance(element.get("text"), dict):
                    element["text"].setdefault("emoji", True)
    return filled
