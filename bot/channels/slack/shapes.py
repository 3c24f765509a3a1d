"""What is read of Slack's payloads: these fields and no others. All else may be there or missing, now or later."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Payload(BaseModel):
    model_config = ConfigDict(extra="ignore")


class Me(_Payload):
    """The bot as the installation knows it."""

    user_id: str | None = None
    bot_id: str | None = None
    team_id: str | None = None


class Stored(_Payload):
    """What the connection puts into the inbox."""

    kind: Literal["event", "action", "command", "view", "shortcut"]
    body: dict[str, Any]
    me: Me = Me()


class Authorization(_Payload):
    team_id: str | None = None
    user_id: str | None = None


class EventBody(_Payload):
    """One delivery of the Events API."""

    team_id: str | None = None
    authorizations: list[Authorization] | None = None
    event: dict[str, Any]


class File(_Payload):
    id: str
    name: str | None = None
    title: str | None = None
    mimetype: str | None = None
    size: int | None = None
    mode: str | None = None
    file_access: str | None = None
    url_private: str | None = None
    url_private_download: str | None = None


class Message(_Payload):
    """A message, or the event about one (then ``message`` or ``previous_message`` is the message itself)."""

    subtype: str | None = None
    user: str | None = None
    bot_id: str | None = None
    team: str | None = None
    user_team: str | None = None
    source_team: str | None = None
    channel: str | None = None
    channel_type: str | None = None
    text: str | None = None
    ts: str | None = None
    thread_ts: str | None = None
    deleted_ts: str | None = None
    edited: dict[str, Any] | None = None
    files: list[File] | None = None
    blocks: list[Any] | None = None
    attachments: list[Any] | None = None
    message: Message | None = None
    previous_message: Message | None = None


class Named(_Payload):
    id: str | None = None


class User(Named):
    team_id: str | None = None


class Button(_Payload):
    action_id: str = ""
    value: str | None = None


class Container(_Payload):
    channel_id: str | None = None
    message_ts: str | None = None
    thread_ts: str | None = None


class Place(_Payload):
    """Where a message lies, as an interaction tells it."""

    ts: str | None = None
    thread_ts: str | None = None


class Interaction(_Payload):
    """A pressed button."""

    team: Named | None = None
    user: User
    channel: Named | None = None
    container: Container = Container()
    message: Place = Place()
    actions: list[Button]


class SlashCommand(_Payload):
    team_id: str | None = None
    user_id: str
    text: str = ""


class Modal(_Payload):
    callback_id: str = ""
    private_metadata: str = ""
    state: dict[str, Any] | None = None


class Submission(_Payload):
    """A modal that was sent in."""

    team: Named | None = None
    user: User
    view: Modal


class Moved(_Payload):
    old_channel_id: str
    new_channel_id: str


class UserProfile(_Payload):
    display_name: str | None = None
    real_name: str | None = None
    email: str | None = None


class FoundUser(_Payload):
    """Somebody as users.info tells them."""

    name: str | None = None
    real_name: str | None = None
    locale: str | None = None
    tz: str | None = None
    is_stranger: bool | None = None
    is_email_confirmed: bool | None = None
    profile: UserProfile = Field(default_factory=UserProfile)
