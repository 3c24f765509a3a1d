"""The few fields of Telegram's objects that we read, strictly: what has another shape is unreadable, never guessed."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from bot.channels.telegram.names import Spot

Id = Annotated[int, Field(ge=-(2**63), lt=2**63)]
Text = str | None


class _Shape(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)


class Bot(_Shape):
    """The bot that an update came to, as it was written beside the update."""

    id: Id
    username: str


class Payload(_Shape):
    """What lies in the inbox."""

    update: dict[str, Any]
    me: Bot


class Chat(_Shape):
    id: Id
    type: str
    is_direct_messages: bool = False

    @property
    def is_private(self) -> bool:
        return self.type == "private"

    @property
    def is_group(self) -> bool:
        return self.type in ("group", "supergroup")


class Person(_Shape):
    id: Id
    is_bot: bool = False
    first_name: str = ""
    last_name: Text = None
    language_code: Text = None


class Entity(_Shape):
    """A marked stretch of a text; ``offset`` and ``length`` count UTF-16 units."""

    type: str
    offset: int = Field(ge=0)
    length: int = Field(ge=0)
    user: Person | None = None


class File(_Shape):
    file_id: str = Field(min_length=1)
    file_name: Text = None
    mime_type: Text = None
    file_size: int | None = None


class Photo(File):
    width: int = 0
    height: int = 0


class Sticker(File):
    emoji: Text = None


class Location(_Shape):
    latitude: float
    longitude: float
    live_period: int | None = None


class Venue(_Shape):
    location: Location
    title: str
    address: str = ""


class Contact(_Shape):
    phone_number: str
    first_name: str = ""
    last_name: Text = None


class Choice(_Shape):
    text: str


class Poll(_Shape):
    question: str
    options: list[Choice] = []


class Checklist(_Shape):
    title: str
    tasks: list[Choice] = []


class Dice(_Shape):
    emoji: str
    value: int


class Game(_Shape):
    title: str


class Replied(_Shape):
    """The message that another one answers. In a topic everything answers the message that opened it."""

    message_id: Id
    from_: Person | None = Field(default=None, alias="from")
    forum_topic_created: dict[str, Any] | None = None


class Placed(_Shape):
    """A message as far as its place goes; also one that is too old for the bot to see (date 0)."""

    message_id: Id
    chat: Chat
    message_thread_id: Id | None = None
    is_topic_message: bool = False

    @property
    def spot(self) -> Spot:
        # A reply in a group without topics has a message_thread_id too: only with the mark is it a topic.
        return Spot(self.chat.id, self.message_thread_id if self._is_in_topic else None)

    @property
    def _is_in_topic(self) -> bool:
        # General is topic 1, and Telegram takes no messages for it by that number.
        return self.is_topic_message and (self.message_thread_id or 0) > 1


class Message(Placed):
    from_: Person | None = Field(default=None, alias="from")
    sender_chat: Chat | None = None
    migrate_to_chat_id: Id | None = None
    reply_to_message: Replied | None = None
    media_group_id: Text = None
    text: Text = None
    caption: Text = None
    entities: list[Entity] = []
    caption_entities: list[Entity] = []
    photo: list[Photo] = []
    document: File | None = None
    voice: File | None = None
    audio: File | None = None
    video: File | None = None
    video_note: File | None = None
    animation: File | None = None
    sticker: Sticker | None = None
    location: Location | None = None
    venue: Venue | None = None
    contact: Contact | None = None
    poll: Poll | None = None
    checklist: Checklist | None = None
    dice: Dice | None = None
    game: Game | None = None


class Press(_Shape):
    """A callback query."""

    from_: Person = Field(alias="from")
    message: Placed | None = None
    data: Text = None


class Member(_Shape):
    status: str
    can_send_messages: bool = True
    is_member: bool = True


class Membership(_Shape):
    chat: Chat
    new_chat_member: Member
