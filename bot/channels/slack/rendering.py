"""A message to a customer as the posts that Slack takes: Block Kit within its limits, and the same words as text.

The blocks are written out: the SDK's models, which look at themselves anew each time, took longer than all the rest of
a message. That the models take each block is what the tests say.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.channels.base import Link, Outgoing, OutgoingButton
from bot.channels.slack.mrkdwn import escape, link, size, split, to_mrkdwn
from bot.channels.slack.parsing import PRESS
from bot.inbound_text import shorten

LONGEST_TEXT = 4_000
MOST_BLOCKS = 50
LONGEST_BLOCKS = 13_200
"""All words of a message's blocks together; Slack does not publish it, and refuses more."""
METADATA = "firstline_delivery"
_LABEL = 75
_SHORT_LABEL = 30
_BUTTONS_IN_ROW = 5
_LINKS = 10
_TITLE = 150


@dataclass(frozen=True)
class Part:
    """One post. ``text`` says all that the blocks say: for notifications, for screen readers and if blocks fail."""

    delivery_id: int
    number: int
    text: str
    blocks: tuple[dict[str, Any], ...]

    def arguments(self, *, as_text: bool = False) -> dict[str, Any]:
        """What chat.postMessage takes, beside where to post it."""
        rest: dict[str, Any] = {} if as_text else {"blocks": list(self.blocks)}
        return {"text": self.text, "unfurl_links": False, "unfurl_media": False, "metadata": self.mark(), **rest}

    def mark(self) -> dict[str, Any]:
        """By which the post is found again when no answer came."""
        payload = {"delivery": self.delivery_id, "part": self.number}
        return {"event_type": METADATA, "event_payload": payload}


@dataclass(frozen=True)
class _Unit:
    """A block as Slack takes it and what it says, both counted."""

    block: dict[str, Any]
    text: str
    weight: int
    """Of the block: its JSON is longer than what Slack counts of it."""


def _unit(block: dict[str, Any], text: str) -> _Unit:
    return _Unit(block, text, size(json.dumps(block, ensure_ascii=False)))


def _plain(words: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": words, "emoji": False}


def _marked(words: str) -> dict[str, Any]:
    # Verbatim: Slack would look for names of channels and groups in words that are not ours.
    return {"type": "mrkdwn", "text": words, "verbatim": True}


def render(outgoing: Outgoing) -> tuple[Part, ...]:
    """The posts of a message, in order; the buttons are under the last. Files come after, by ``uploading``."""
    units = [
        *_author(outgoing.author),
        *_sections(outgoing.text),
        *_links(outgoing.links),
        *_buttons(outgoing.delivery_id, outgoing.buttons),
    ]
    return tuple(_part(outgoing, number, packed) for number, packed in enumerate(_pack(units)))


def _part(outgoing: Outgoing, number: int, units: Sequence[_Unit]) -> Part:
    text = "\n".join(unit.text for unit in units if unit.text)
    labels = " · ".join(escape(shorten(button.label, _LABEL)) for button in outgoing.buttons[:_BUTTONS_IN_ROW])
    blocks = tuple(unit.block for unit in units)
    return Part(outgoing.delivery_id, number, text or labels or "…", blocks)


def _author(name: str | None) -> list[_Unit]:
    if not name:
        return []
    shown = f"From {shorten(name, _TITLE)}"
    return [_unit({"type": "context", "elements": [_plain(shown)]}, f"{escape(shown)}:")]


def _sections(text: str) -> list[_Unit]:
    return [_unit({"type": "section", "text": _marked(words)}, words) for words in map(to_mrkdwn, split(text))]


def _links(links: Sequence[Link]) -> list[_Unit]:
    written = [link(shorten(each.title, _TITLE), each.url) for each in links]
    return [
        _unit({"type": "context", "elements": [*map(_marked, some)]}, "\n".join(some))
        for some in _rows([words for words in written if words], _LINKS)
    ]


def _buttons(delivery_id: int, buttons: Sequence[OutgoingButton]) -> list[_Unit]:
    """Short labels share a row; long ones, the titles to choose from, get one each."""
    elements = [_button(number, button) for number, button in enumerate(buttons)]
    is_long = any(len(button.label) > _SHORT_LABEL for button in buttons)
    return [
        _unit({"type": "actions", "block_id": f"delivery-{delivery_id}-{row}", "elements": list(some)}, "")
        for row, some in enumerate(_rows(elements, 1 if is_long else _BUTTONS_IN_ROW))
    ]


def _button(number: int, button: OutgoingButton) -> dict[str, Any]:
    label = _plain(shorten(button.label, _LABEL) or "…")
    return {"type": "button", "text": label, "action_id": f"{PRESS}{number}", "value": button.token}


def _rows(items: Sequence[Any], most: int) -> Iterable[Sequence[Any]]:
    return (items[at : at + most] for at in range(0, len(items), most))


def _pack(units: Sequence[_Unit]) -> list[list[_Unit]]:
    """As few posts as the limits allow."""
    packed: list[list[_Unit]] = []
    for unit in units:
        if packed and _fits([*packed[-1], unit]):
            packed[-1].append(unit)
        else:
            packed.append([unit])
    return packed


def _fits(units: Sequence[_Unit]) -> bool:
    text = sum(size(unit.text) + 1 for unit in units)
    blocks = sum(unit.weight for unit in units)
    return len(units) <= MOST_BLOCKS and text <= LONGEST_TEXT and blocks <= LONGEST_BLOCKS
