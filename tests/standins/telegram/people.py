"""People: they write, press, edit, send files, block the bot. Each act is what Telegram would tell the bot of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from standins.telegram import acts, groups, raw
from standins.telegram.model import Chat, Message, Press, SentFile, Topic
from standins.telegram.samples import MP4, OGG, PDF, PNG
from standins.telegram.text import Entity, Formatted, trimmed, with_found

if TYPE_CHECKING:
    from standins.telegram.world import TelegramWorld


@dataclass(eq=False)
class Person:
    world: TelegramWorld
    id: int
    first_name: str
    last_name: str = ""
    username: str | None = None
    language: str | None = None
    is_deleted: bool = False

    @property
    def private(self) -> Chat:
        """The private chat with the bot."""
        return self.world.chats[self.id]

    # -- words --------------------------------------------------------------------------------------------------

    def says(
        self,
        text: str,
        *,
        chat: Chat | None = None,
        topic: Topic | None = None,
        reply_to: Message | None = None,
        entities: list[Entity] | None = None,
    ) -> Message:
        formatted = with_found(trimmed(Formatted(text, entities or [])))
        assert formatted.text, "Telegram sends no empty message"
        return self._sends(formatted, {}, (), chat, topic, reply_to)

    def starts(self, payload: str = "") -> Message:
        """The start button, or a link t.me/bot?start=payload."""
        return self.says(f"/start {payload}".strip())

    def presses(self, message: Message, button: str | int = 0, *, is_stale: bool = False) -> Press:
        """A tap, by the button's label, a part of it, or its index. ``is_stale``: on a keyboard it had before."""
        return acts.press(self, message, button, is_stale=is_stale)

    def edits(self, message: Message, text: str) -> Message:
        return acts.edit(self, message, text)

    def touches(self, message: Message) -> Message:
        """A change that nobody sees: the bot gets edited_message with the same text."""
        return acts.edit(self, message, None)

    def deletes(self, message: Message) -> None:
        """Nobody tells the bot."""
        with self.world.changing():
            message.is_deleted = True

    def reacts(self, message: Message, emoji: str) -> None:
        acts.react(self, message, emoji)

    # -- files --------------------------------------------------------------------------------------------------

    def sends_photo(self, data: bytes = PNG, *, caption: str = "", size: int | None = None, **where: Any) -> Message:
        return self._sends_file("photo", "photo.jpg", "image/jpeg", data, size, caption, where)

    def sends_voice(self, data: bytes = OGG, *, caption: str = "", size: int | None = None, **where: Any) -> Message:
        return self._sends_file("voice", "voice.oga", "audio/ogg", data, size, caption, where)

    def sends_video(self, data: bytes = MP4, *, caption: str = "", size: int | None = None, **where: Any) -> Message:
        return self._sends_file("video", "video.mp4", "video/mp4", data, size, caption, where)

    def sends_audio(self, data: bytes = b"ID3", *, caption: str = "", size: int | None = None, **where: Any) -> Message:
        return self._sends_file("audio", "song.mp3", "audio/mpeg", data, size, caption, where)

    def sends_document(
        self,
        data: bytes = PDF,
        name: str = "notes.pdf",
        media_type: str = "application/pdf",
        *,
        caption: str = "",
        size: int | None = None,
        **where: Any,
    ) -> Message:
        return self._sends_file("document", name, media_type, data, size, caption, where)

    def sends_album(self, photos: Sequence[bytes], *, caption: str = "", **where: Any) -> list[Message]:
        """Several messages with one media_group_id, the caption on the first."""
        with self.world.changing():
            album = str(self.world.ids.next("album"))
            return [
                self._sends_file("photo", "photo.jpg", "image/jpeg", data, None, "" if n else caption, where, album)
                for n, data in enumerate(photos)
            ]

    def sends_sticker(self, **where: Any) -> Message:
        sticker = {"file_id": "CAAC-1", "file_unique_id": "uCAAC1", "type": "regular", "width": 512, "height": 512}
        return self._sends_content(
            {"sticker": sticker | {"is_animated": False, "is_video": False, "emoji": "👋"}}, where
        )

    def sends_location(self, **where: Any) -> Message:
        return self._sends_content({"location": {"latitude": 52.5, "longitude": 13.4}}, where)

    def sends_contact(self, **where: Any) -> Message:
        return self._sends_content({"contact": {"phone_number": "+491700000", "first_name": "Cal"}}, where)

    def sends_poll(self, **where: Any) -> Message:
        return self._sends_content({"poll": acts.POLL}, where)

    # -- the bot in places --------------------------------------------------------------------------------------

    def blocks_bot(self) -> None:
        self._changes_bot(self.private, "kicked")

    def unblocks_bot(self) -> None:
        self._changes_bot(self.private, "member")

    def deletes_account(self) -> None:
        """Sends to this person are refused from now on; the bot is not told."""
        with self.world.changing():
            self.is_deleted = True

    def adds_bot(self, chat: Chat) -> None:
        self._changes_bot(chat, "member")
        acts.announce(self, chat, {"new_chat_members": [raw.bot(self.world)]})

    def removes_bot(self, chat: Chat) -> None:
        self._changes_bot(chat, "kicked")

    def promotes_bot(self, chat: Chat, **rights: bool) -> None:
        self._changes_bot(chat, "administrator", {name for name, given in rights.items() if given})

    def restricts_bot(self, chat: Chat) -> None:
        """It may read but not write."""
        self._changes_bot(chat, "restricted")

    def joins(self, chat: Chat) -> None:
        acts.join(self, chat)

    def leaves(self, chat: Chat) -> None:
        acts.leave(self, chat)

    # -- topics -------------------------------------------------------------------------------------------------

    def opens_topic(self, forum: Chat, name: str) -> Topic:
        return acts.open_topic(self, forum, name)

    def renames_topic(self, topic: Topic, name: str) -> None:
        acts.change_topic(self, topic, {"forum_topic_edited": {"name": name}}, name=name)

    def closes_topic(self, topic: Topic) -> None:
        acts.change_topic(self, topic, {"forum_topic_closed": {}}, is_closed=True)

    def reopens_topic(self, topic: Topic) -> None:
        acts.change_topic(self, topic, {"forum_topic_reopened": {}}, is_closed=False)

    def deletes_topic(self, topic: Topic, *, refusal: str = "message thread not found") -> None:
        """No update tells of it; sends into it are refused so ("TOPIC_DELETED" occurs too)."""
        acts.delete_topic(topic, refusal)

    # -- how ----------------------------------------------------------------------------------------------------

    def _sends(
        self,
        said: Formatted,
        content: dict[str, Any],
        files: Sequence[SentFile],
        chat: Chat | None = None,
        topic: Topic | None = None,
        reply_to: Message | None = None,
        album: str | None = None,
    ) -> Message:
        return acts.send(self, said, content, files, chat, topic, reply_to, album)

    def _sends_file(
        self,
        kind: str,
        name: str,
        media_type: str,
        data: bytes,
        size: int | None,
        caption: str,
        where: dict[str, Any],
        album: str | None = None,
    ) -> Message:
        said = with_found(trimmed(Formatted(caption)))
        with self.world.changing():
            sent = groups.keep_file(self.world, kind, name, media_type, data, size)
            return self._sends(said, {}, [sent], album=album, **where)

    def _sends_content(self, content: dict[str, Any], where: dict[str, Any]) -> Message:
        return self._sends(Formatted(""), content, (), **where)

    def _changes_bot(self, chat: Chat, status: str, rights: set[str] | None = None) -> None:
        with self.world.changing():
            groups.change_membership(self.world, chat, self, status, rights or set())

    def __str__(self) -> str:
        return f"{self.first_name} ({self.id})"
