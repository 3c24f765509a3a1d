"""How people, chats and messages come into the world, and which of it the bot is told. Called inside ``changing()``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from standins.telegram import raw
from standins.telegram.model import Chat, Message, SentFile, Topic
from standins.telegram.text import Formatted, spoken

if TYPE_CHECKING:
    from standins.telegram.people import Person
    from standins.telegram.world import TelegramWorld

_EXTENSIONS = {"photo": "jpg", "voice": "oga", "video": "mp4", "audio": "mp3"}


@dataclass
class Ids:
    """Private chats and small groups share one count of messages; each supergroup has its own, so ids repeat."""

    person: int = 5_000_000
    group: int = 4_000_000
    supergroup: int = 1_000_000_000
    message: int = 100
    order: int = 0
    file: int = 0
    press: int = 7_000_000_000
    album: int = 13_000_000_000

    def next(self, what: str) -> int:
        setattr(self, what, getattr(self, what) + 1)
        return int(getattr(self, what))


def add_group(
    world: TelegramWorld,
    kind: str,
    title: str,
    members: Iterable[Person],
    *,
    admin: bool,
    username: str | None = None,
) -> Chat:
    number = world.ids.next(kind)
    chat = Chat(world, -number if kind == "group" else -1_000_000_000_000 - number, kind, title, list(members))
    chat.username = username
    chat.bot_status = "administrator" if admin else "member"
    chat.bot_rights = {"can_delete_messages", "can_pin_messages"} if admin else set()
    world.chats[chat.id] = chat
    return chat


def migrate(world: TelegramWorld, old: Chat) -> Chat:
    assert old.kind == "group", f"{old} is no small group"
    new = add_group(world, "supergroup", old.title, old.members, admin=False)
    new.bot_status, new.bot_rights = old.bot_status, set(old.bot_rights)
    by = old.members[0] if old.members else None
    tell(world, post(world, old, by, content={"migrate_to_chat_id": new.id}, is_service=True))
    old.migrated_to = new
    tell(world, post(world, new, by, content={"migrate_from_chat_id": old.id}, is_service=True))
    return new


def post(
    world: TelegramWorld,
    chat: Chat,
    author: Person | None,
    formatted: Formatted | None = None,
    *,
    content: dict[str, Any] | None = None,
    files: Iterable[SentFile] = (),
    topic: Topic | None = None,
    reply_to: Message | None = None,
    markup: dict[str, Any] | None = None,
    album: str | None = None,
    is_service: bool = False,
    options: dict[str, Any] | None = None,
) -> Message:
    """A new message in the chat, by a person or (None) the bot."""
    said = formatted or Formatted("")
    message = Message(chat, _next_id(world, chat), author, world.clock(), said.text, list(said.entities))
    message.content, message.files = content or {}, list(files)
    for sent in message.files:
        message.content = message.content | raw.media(sent)
    message.reply_to, message.markup, message.album = reply_to, markup, album
    message.topic = topic or (reply_to.topic if reply_to is not None else None)
    message.is_service, message.options, message.order = is_service, options or {}, world.ids.next("order")
    chat.log.append(message)
    return message


def _next_id(world: TelegramWorld, chat: Chat) -> int:
    if chat.kind != "supergroup":
        return world.ids.next("message")
    chat.last_id += 1
    return chat.last_id


def open_topic(world: TelegramWorld, chat: Chat, name: str, by: Person | None) -> Topic:
    """A topic's id is that of the service message which opened it; 1 is General's, which is there from the start."""
    chat.last_id = max(chat.last_id, 1)
    opening = post(world, chat, by, content={}, is_service=True)
    opening.content = {"forum_topic_created": {"name": name, "icon_color": 7322096}}
    topic = Topic(chat, opening.id, name, opening)
    opening.topic = topic
    chat.topics[topic.id] = topic
    return topic


def tell(world: TelegramWorld, message: Message, kind: str = "message") -> None:
    """The bot gets the update, if it is in the chat and privacy mode lets it see the message."""
    if is_visible(world, message):
        message.update_id = world.updates.put(kind, raw.message(message))


def is_visible(world: TelegramWorld, message: Message) -> bool:
    chat = message.chat
    if chat.bot_status in ("left", "kicked"):
        return False
    if not chat.is_group or not world.privacy or chat.bot_status == "administrator" or message.is_service:
        return True
    if message.reply_to is not None and message.reply_to.is_from_bot:
        return True
    return any(_is_for_bot(world, spoken(message.text, entity), entity) for entity in message.entities)


def _is_for_bot(world: TelegramWorld, words: str, entity: dict[str, Any]) -> bool:
    """A command without a name goes to every bot; one with another bot's name does not."""
    name = f"@{world.username}".lower()
    match entity["type"]:
        case "bot_command":
            return "@" not in words or words.lower().endswith(name)
        case "mention":
            return words.lower() == name
        case "text_mention":
            return bool(entity.get("user", {}).get("id") == world.bot_id)
    return False


def keep_file(
    world: TelegramWorld, kind: str, name: str, media_type: str, data: bytes, size: int | None = None
) -> SentFile:
    number = world.ids.next("file")
    sent = SentFile(kind, name, media_type, data, len(data) if size is None else size, f"AgAC-{kind}-{number:06d}")
    world.files[sent.file_id] = sent
    if kind == "photo":
        world.files[f"{sent.file_id}-s"] = sent
    return sent


def path_of(sent: SentFile) -> str:
    """Where the file lies once getFile was called."""
    suffix = sent.name.rsplit(".", 1)[-1] if sent.kind == "document" and "." in sent.name else "bin"
    return f"{sent.kind}s/file_{sent.file_id.rsplit('-', 1)[-1]}.{_EXTENSIONS.get(sent.kind, suffix)}"


def change_membership(world: TelegramWorld, chat: Chat, by: Person, status: str, rights: set[str]) -> None:
    """The bot's own place in a chat changes; it hears of it by my_chat_member, also when it was thrown out."""
    user = raw.bot(world)
    old = raw.membership(user, chat.bot_status, chat.bot_rights)
    chat.bot_status, chat.bot_rights = status, rights
    world.updates.put(
        "my_chat_member",
        {
            "chat": raw.chat(chat),
            "from": raw.person(by),
            "date": int(world.clock()),
            "old_chat_member": old,
            "new_chat_member": raw.membership(user, status, rights),
        },
    )
