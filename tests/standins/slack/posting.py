"""Writing into a place: store what was said and tell the app. Every function is called under the world's lock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import events
from .channels import Channel
from .model import File, Message
from .registry import Json

if TYPE_CHECKING:
    from .teams import Team


def listener(channel: Channel) -> Team | None:
    """The team for which the app hears this place: its own one first."""
    return next((team for team in channel.teams if team.is_installed and team.id in channel.bots), None)


def tell(channel: Channel, event: Json, team: Team) -> None:
    team.world.emit(event, team, is_shared=bool(channel.shared))


def post(channel: Channel, message: Message) -> Message:
    """Store a message and tell the app; one for a single person is stored only."""
    channel.log.append(message)
    if message.only_for is not None:
        return message
    channel.statuses.pop(message.root, None)
    for file in message.files:
        file.shares.append((channel, message.ts))
    team = listener(channel)
    if team is None:
        return message
    if channel.kind != "im" and team.bot.mention in message.text and message.bot_id is None:
        tell(channel, events.mentioned(message, team), team)
    tell(channel, events.said(message, team), team)
    for file in message.files:
        tell(channel, events.file_shared(file.id, channel, message.user, message.ts), team)
    return message


def change(message: Message, editor: str | None = None, **fields: Any) -> None:
    """Set fields of a message; ``editor`` None leaves no mark of an edit (an unfurled link)."""
    channel = message.channel
    team = listener(channel)
    before = events.stored(message, team or channel.team)
    for name, value in fields.items():
        setattr(message, name, value)
    ts = channel.world.clock.stamp()
    if editor is not None:
        message.edited = {"user": editor, "ts": f"{ts.partition('.')[0]}.000000"}
    if team is not None and message.only_for is None:
        tell(channel, events.changed(message, before, team, ts), team)


def remove(message: Message) -> None:
    """Delete a message; a root with replies leaves a stone."""
    channel = message.channel
    team = listener(channel)
    before = events.stored(message, team or channel.team)
    message.is_deleted = True
    ts = channel.world.clock.stamp()
    if team is None or message.only_for is not None:
        return
    has_replies = any(other.thread_ts == message.ts for other in channel.log if not other.is_deleted)
    event = events.tombstone(message, before, ts) if has_replies else events.deleted(message, before, ts)
    tell(channel, event, team)


def by_bot(channel: Channel, team: Team, text: str, **fields: Any) -> Message:
    """A message of the app's bot of this team, not posted yet."""
    return Message(
        channel,
        channel.world.clock.stamp(),
        team.bot.user_id,
        team.id,
        text,
        bot_id=team.bot.bot_id,
        **fields,
    )


def new_file(team: Team, name: str, data: bytes, media_type: str, user: str, **fields: Any) -> File:
    world = team.world
    file = File(world.new_id("F"), team, name, media_type, data, user, int(world.clock.now()), **fields)
    world.files[file.id] = file
    return file
