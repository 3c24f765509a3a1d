"""What there is in the world: chats, topics, messages, files, presses. What a customer would see of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from standins.telegram import raw
from standins.telegram.keyboards import Button, rows
from standins.telegram.text import Entity, spoken

if TYPE_CHECKING:
    from standins.telegram.people import Person
    from standins.telegram.world import TelegramWorld

MB = 1024 * 1024
GENERAL = 1


@dataclass(frozen=True)
class Sizes:
    """The most bytes of a photo that is sent, of any upload, and of what getFile hands out."""

    photo: int = 10 * MB
    upload: int = 50 * MB
    download: int = 20 * MB


@dataclass(frozen=True)
class SentFile:
    """A file in a message. ``kind``: photo, document, voice, audio or video. ``size`` is what Telegram says."""

    kind: str
    name: str
    media_type: str
    data: bytes
    size: int
    file_id: str


@dataclass(eq=False)
class Message:
    """One message as it is now. ``author`` is None for the bot. ``text`` is plain; the caption where there is media."""

    chat: Chat
    id: int
    author: Person | None
    sent_at: float
    text: str = ""
    entities: list[Entity] = field(default_factory=list)
    content: dict[str, Any] = field(default_factory=dict)
    """Bot API fields beside the text: the media, a place, or what a service message reports."""
    files: list[SentFile] = field(default_factory=list)
    markup: dict[str, Any] | None = None
    reply_to: Message | None = None
    topic: Topic | None = None
    album: str | None = None
    is_service: bool = False
    order: int = 0
    """Its place among all messages of the world."""
    edits: list[str] = field(default_factory=list)
    """What it said before, oldest first."""
    edited_at: float | None = None
    is_deleted: bool = False
    reactions: list[str] = field(default_factory=list)
    update_id: int | None = None
    old_markups: list[dict[str, Any]] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)
    """disable_notification, link_preview_options and the like, as the bot gave them."""

    @property
    def is_from_bot(self) -> bool:
        return self.author is None

    @property
    def keyboard(self) -> list[list[Button]]:
        return rows(self.markup)

    @property
    def buttons(self) -> list[str]:
        return [button.label for row in self.keyboard for button in row]

    @property
    def links(self) -> list[tuple[str, str]]:
        """What can be clicked, and where it leads."""
        linked = [(spoken(self.text, entity), entity) for entity in self.entities]
        return [(text, entity.get("url", text)) for text, entity in linked if entity["type"] in ("text_link", "url")]

    @property
    def bold(self) -> list[str]:
        return [spoken(self.text, entity) for entity in self.entities if entity["type"] == "bold"]

    def spoken(self, entity: Entity) -> str:
        return spoken(self.text, entity)

    @property
    def raw(self) -> dict[str, Any]:
        """The Bot API object."""
        return raw.message(self)


@dataclass(eq=False)
class _Place:
    """Somewhere to read: a chat, or one topic of it."""

    _given: set[int] = field(default_factory=set, kw_only=True)

    @property
    def messages(self) -> list[Message]:
        raise NotImplementedError

    @property
    def _world(self) -> TelegramWorld:
        raise NotImplementedError

    @property
    def from_bot(self) -> list[Message]:
        return [message for message in self.messages if message.is_from_bot]

    def next_from_bot(self, timeout: float | None = None) -> Message:
        """The oldest message of the bot that was not given before; waits for it."""

        def oldest() -> Message | None:
            return next((message for message in self.from_bot if message.id not in self._given), None)

        found = self._world.wait_for(oldest, timeout, f"a message of the bot in {self}")
        self._given.add(found.id)
        return found

    def wait_for(self, fits: Callable[[Message], Any], timeout: float | None = None) -> Message:
        """The first message of the bot that fits; waits for it, or for an edit that makes one fit."""
        found = self._world.wait_for(
            lambda: next((message for message in self.from_bot if fits(message)), None), timeout, f"it in {self}"
        )
        self._given.add(found.id)
        return found

    def wait_for_count(self, n: int, timeout: float | None = None) -> list[Message]:
        """All messages of the bot here, once there are n."""
        self._world.wait_for(lambda: len(self.from_bot) >= n, timeout, f"{n} messages of the bot in {self}")
        return self.from_bot


@dataclass(eq=False)
class Topic(_Place):
    chat: Chat
    id: int
    name: str
    opening: Message
    is_closed: bool = False
    is_deleted: bool = False
    refusal: str = "message thread not found"
    """What Telegram says of it once it is deleted; "TOPIC_DELETED" occurs too."""

    @property
    def messages(self) -> list[Message]:
        return [message for message in self.chat.messages if message.topic is self]

    @property
    def _world(self) -> TelegramWorld:
        return self.chat.world

    def __str__(self) -> str:
        return f"topic {self.id} ({self.name}) of {self.chat}"


@dataclass(eq=False)
class Chat(_Place):
    world: TelegramWorld
    id: int
    kind: str
    """private, group or supergroup."""
    title: str
    members: list[Person] = field(default_factory=list)
    is_forum: bool = False
    username: str | None = None
    topics: dict[int, Topic] = field(default_factory=dict)
    log: list[Message] = field(default_factory=list)
    """Everything, also what was deleted and what services say."""
    actions: list[tuple[str, int | None, float]] = field(default_factory=list)
    pins: list[int] = field(default_factory=list)
    bot_status: str = "member"
    """member, administrator, restricted, left or kicked; in a private chat member or kicked (blocked)."""
    bot_rights: set[str] = field(default_factory=set)
    is_started: bool = True
    """A private chat begins with the person's first words: before, the bot cannot write."""
    migrated_to: Chat | None = None
    last_id: int = 0

    @property
    def messages(self) -> list[Message]:
        """What is there to read, in order."""
        return [message for message in list(self.log) if not message.is_deleted and not message.is_service]

    @property
    def _world(self) -> TelegramWorld:
        return self.world

    @property
    def is_group(self) -> bool:
        return self.kind != "private"

    def find(self, message_id: int) -> Message | None:
        return next((message for message in self.log if message.id == message_id and not message.is_deleted), None)

    def __str__(self) -> str:
        return f"{self.kind} chat {self.id} ({self.title})"


@dataclass(eq=False)
class Press:
    """A tap on a button. The bot must answer it once, in time."""

    id: str
    message: Message
    data: str
    at: float
    world: TelegramWorld
    update_id: int | None = None
    is_answered: bool = False
    text: str = ""
    """What the bot let pop up; empty for a silent answer."""
    is_alert: bool = False
    is_expired: bool = False

    def wait(self, timeout: float | None = None) -> Press:
        """Until the bot has answered: the button stops glowing."""
        self.world.wait_for(lambda: self.is_answered, timeout, "an answer to the press")
        return self

    def expire(self) -> None:
        """From now on Telegram calls it too old."""
        self.is_expired = True
