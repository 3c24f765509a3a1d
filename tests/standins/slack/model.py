"""What lies in a workspace: files, messages, views."""

from __future__ import annotations

import copy
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from .registry import Json

if TYPE_CHECKING:
    from .channels import Channel
    from .people import Person
    from .teams import Team


@dataclass(eq=False)
class File:
    id: str
    team: Team
    name: str
    media_type: str
    data: bytes
    user: str
    created: int
    title: str = ""
    is_complete: bool = True
    """False: an upload that was announced and not finished yet."""
    shares: list[tuple[Channel, str]] = field(default_factory=list)

    def facts(self, base: str) -> Json:
        """The file object, as ``files.info`` gives it."""
        place = f"{base}/files/{self.team.id}-{self.id}"
        return {
            "id": self.id,
            "created": self.created,
            "timestamp": self.created,
            "name": self.name,
            "title": self.title or self.name,
            "mimetype": self.media_type,
            "filetype": self.name.rpartition(".")[2] or "binary",
            "pretty_type": self.name.rpartition(".")[2].upper(),
            "user": self.user,
            "user_team": self.team.id,
            "size": len(self.data),
            "mode": "hosted",
            "is_external": False,
            "external_type": "",
            "is_public": any(channel.kind == "public" for channel, _ in self.shares),
            "public_url_shared": False,
            "url_private": f"{place}/{quote(self.name)}",
            "url_private_download": f"{place}/download/{quote(self.name)}",
            "permalink": f"https://{self.team.domain}.slack.com/files/{self.user}/{self.id}/{self.name}",
            "has_rich_preview": False,
            "file_access": "visible",
        }

    def stub(self) -> Json:
        """What comes with a file of another workspace: ask ``files.info`` for the rest."""
        return {"id": self.id, "created": 0, "timestamp": 0, "user": "", "file_access": "check_file_info"}


@dataclass(eq=False)
class Message:
    """One message. ``text`` is as Slack stores it: ``&``, ``<`` and ``>`` escaped, links and mentions in angles."""

    channel: Channel
    ts: str
    user: str
    team_id: str
    text: str
    blocks: list[Json] = field(default_factory=list)
    thread_ts: str | None = None
    files: list[File] = field(default_factory=list)
    bot_id: str | None = None
    metadata: Json | None = None
    subtype: str | None = None
    username: str | None = None
    attachments: list[Json] = field(default_factory=list)
    edited: Json | None = None
    client_msg_id: str | None = None
    only_for: str | None = None
    """The person who alone sees it (ephemeral)."""
    is_deleted: bool = False
    is_streaming: bool = False
    reactions: dict[str, list[str]] = field(default_factory=dict)
    broadcast: bool = False

    @property
    def root(self) -> str:
        return self.thread_ts or self.ts

    @property
    def words(self) -> str:
        """All text that is shown: that of the blocks where there are any, entities turned back into characters."""
        shown = "\n".join(texts_of(self.blocks)) if self.blocks else self.text
        return html.unescape(shown)

    @property
    def buttons(self) -> list[str]:
        """The labels of its buttons, in order."""
        return [element["text"]["text"] for _, element in elements_of(self.blocks) if element["type"] == "button"]

    def __repr__(self) -> str:
        return f"<Message {self.ts} in {self.channel.id} by {self.bot_id or self.user}: {self.words[:60]!r}>"


@dataclass(eq=False)
class View:
    """A modal or an App Home, as one person has it before her."""

    id: str
    team: Team
    person: Person
    content: Json
    hash: str
    root_id: str
    previous_id: str | None = None
    typed: dict[str, Json] = field(default_factory=dict)
    """State values per block id, then action id."""
    is_open: bool = True

    @property
    def title(self) -> str:
        return str(self.content.get("title", {}).get("text", ""))

    @property
    def blocks(self) -> list[Json]:
        return list(self.content["blocks"])

    @property
    def callback_id(self) -> str:
        return str(self.content.get("callback_id", ""))

    @property
    def private_metadata(self) -> str:
        return str(self.content.get("private_metadata", ""))

    @property
    def words(self) -> str:
        return html.unescape("\n".join(texts_of(self.blocks)))

    @property
    def buttons(self) -> list[str]:
        return [element["text"]["text"] for _, element in elements_of(self.blocks) if element["type"] == "button"]

    def facts(self) -> Json:
        """The view object, as answers and payloads carry it."""
        kept = {"private_metadata": "", "callback_id": "", "external_id": "", "title": None, "close": None}
        return {
            **kept,
            "submit": None,
            "clear_on_close": False,
            "notify_on_close": False,
            **copy.deepcopy(self.content),
            "id": self.id,
            "team_id": self.team.id,
            "state": {"values": copy.deepcopy(self.typed)},
            "hash": self.hash,
            "previous_view_id": self.previous_id,
            "root_view_id": self.root_id,
            "app_id": self.team.world.app.id,
            "app_installed_team_id": self.team.id,
            "bot_id": self.team.bot.bot_id,
        }


def elements_of(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    """Every interactive element with the block that it is in."""
    for block in blocks:
        for element in [*block.get("elements", ()), block.get("accessory"), block.get("element")]:
            if isinstance(element, dict) and "action_id" in element:
                yield block, element


def texts_of(value: Any) -> Iterator[str]:
    """Every text that a person reads in blocks, button labels too, in order."""
    if isinstance(value, list):
        for item in value:
            yield from texts_of(item)
    elif isinstance(value, dict):
        if isinstance(value.get("text"), str):
            yield value["text"]
        yield from _special(value)
        for key in ("text", "title", "fields", "elements", "accessory", "label", "element", "options", "hint"):
            if isinstance(value.get(key), (dict, list)):
                yield from texts_of(value[key])


def _special(value: Json) -> Iterator[str]:
    if value.get("type") == "user":
        yield f"<@{value['user_id']}>"
    if value.get("type") == "link" and "text" not in value:
        yield str(value["url"])
    if value.get("type") == "broadcast":
        yield f"<!{value['range']}>"


TOKEN = re.compile(r"<(@[UW][A-Z0-9]+|https?://[^|>\s]+|mailto:[^|>\s]+|![a-z]+)(?:\|[^>]*)?>")
TYPED = re.compile(r"<@[UW][A-Z0-9]+>|@(?:channel|here|everyone)\b|@\w+|https?://[^\s<>]+|[\w.+-]+@[\w-]+\.[\w.-]+\w")


def as_stored(typed: str, team: Team) -> str:
    """What Slack makes of what a person types: names become mentions, links get angles, the rest is escaped."""

    def token(found: re.Match[str]) -> str:
        word = found.group()
        if word.startswith("<@"):
            return word if team.world.person_or_bot(word[2:-1]) else html.escape(word, quote=False)
        if word in ("@channel", "@here", "@everyone"):
            return f"<!{word[1:]}>"
        if word.startswith("@"):
            known = team.named(word[1:])
            return f"<@{known}>" if known else word
        link = html.escape(word, quote=False)
        return f"<{link}>" if word.startswith("http") else f"<mailto:{link}|{link}>"

    pieces: list[str] = []
    at = 0
    for found in TYPED.finditer(typed):
        pieces += [html.escape(typed[at : found.start()], quote=False), token(found)]
        at = found.end()
    return "".join([*pieces, html.escape(typed[at:], quote=False)])


def rich_text(stored: str, block_id: str) -> list[Json]:
    """The rich text block that Slack's own client sends with a typed message."""
    elements: list[Json] = []
    at = 0
    for found in TOKEN.finditer(stored):
        if found.start() > at:
            elements.append({"type": "text", "text": html.unescape(stored[at : found.start()])})
        elements.append(_element(found.group(1)))
        at = found.end()
    if at < len(stored):
        elements.append({"type": "text", "text": html.unescape(stored[at:])})
    section = {"type": "rich_text_section", "elements": elements}
    return [{"type": "rich_text", "block_id": block_id, "elements": [section]}]


def _element(token: str) -> Json:
    if token.startswith("@"):
        return {"type": "user", "user_id": token[1:]}
    if token.startswith("!"):
        return {"type": "broadcast", "range": token[1:]}
    return {"type": "link", "url": html.unescape(token)}
