"""What Slack tells an app, as the payloads it sends. Pure: builds, sends nothing."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from .channels import SUBSCRIPTIONS, TYPES
from .model import Message
from .registry import Json

if TYPE_CHECKING:
    from .channels import Channel
    from .people import Person
    from .teams import Team

SCOPE_OF = {
    "message.im": "im:history",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.mpim": "mpim:history",
    "app_mention": "app_mentions:read",
    "user_change": "users:read",
    "reaction_added": "reactions:read",
    "reaction_removed": "reactions:read",
    "file_shared": "files:read",
    "member_joined_channel": "channels:read",
    "member_left_channel": "channels:read",
    "assistant_thread_started": "assistant:write",
    "assistant_thread_context_changed": "assistant:write",
    "app_context_changed": None,
    "app_home_opened": None,
    "app_uninstalled": None,
    "tokens_revoked": None,
}
"""Every event that can be subscribed to here, with the scope it takes."""


def stored(message: Message, viewer: Team, with_metadata: bool = False) -> Json:
    """A message as history gives it."""
    facts: Json = {"type": "message", "user": message.user, "ts": message.ts, "text": message.text}
    if message.client_msg_id:
        facts["client_msg_id"] = message.client_msg_id
    facts["team"] = message.team_id
    if message.subtype:
        facts["subtype"] = message.subtype
    if message.blocks:
        facts["blocks"] = copy.deepcopy(message.blocks)
    if message.attachments:
        facts["attachments"] = copy.deepcopy(message.attachments)
    if message.thread_ts:
        facts["thread_ts"] = message.thread_ts
        root = message.channel.find(message.thread_ts)
        if root is not None:
            facts["parent_user_id"] = root.user
    if message.bot_id:
        facts |= _bot(message)
    if message.files:
        facts |= {"files": _files(message, viewer), "upload": False, "display_as_bot": False}
    if message.edited:
        facts["edited"] = dict(message.edited)
    if message.reactions:
        facts["reactions"] = [{"name": n, "users": who, "count": len(who)} for n, who in message.reactions.items()]
    if with_metadata and message.metadata:
        facts["metadata"] = copy.deepcopy(message.metadata)
    return facts | _replies(message)


def _bot(message: Message) -> Json:
    app = message.channel.world.app
    profile = {"id": message.bot_id, "name": app.name, "app_id": app.id, "team_id": message.team_id, "deleted": False}
    named = {"username": message.username} if message.username else {}
    return {"bot_id": message.bot_id, "app_id": app.id, "bot_profile": profile, **named}


def _files(message: Message, viewer: Team) -> list[Json]:
    base = message.channel.world.url
    return [file.facts(base) if file.team is viewer else file.stub() for file in message.files]


def _replies(message: Message) -> Json:
    """What a root says about its replies."""
    replies = [other for other in message.channel.messages if other.thread_ts == message.ts and other is not message]
    if not replies:
        return {}
    people = list(dict.fromkeys(reply.user for reply in replies))
    counts = {"reply_count": len(replies), "reply_users_count": len(people), "reply_users": people}
    return {**counts, "thread_ts": message.ts, "latest_reply": replies[-1].ts}


def said(message: Message, viewer: Team) -> Json:
    """``message``: somebody wrote, the app itself too."""
    channel = message.channel
    event = stored(message, viewer)
    if message.team_id != viewer.id:
        event |= {"user_team": message.team_id, "source_team": message.team_id}
    return {**event, "channel": channel.id, "event_ts": message.ts, "channel_type": TYPES[channel.kind]}


def mentioned(message: Message, viewer: Team) -> Json:
    """``app_mention``: the same message once more, because it names the bot."""
    event = said(message, viewer)
    del event["channel_type"]
    return {**event, "type": "app_mention"}


def _about(channel: Channel, subtype: str, ts: str) -> Json:
    kind = {"channel": channel.id, "channel_type": TYPES[channel.kind]}
    return {"type": "message", "subtype": subtype, "hidden": True, "ts": ts, "event_ts": ts, **kind}


def changed(message: Message, before: Json, viewer: Team, ts: str) -> Json:
    """``message_changed``: edited, by whom or whatever, or only unfurled."""
    event = _about(message.channel, "message_changed", ts)
    return {**event, "message": stored(message, viewer), "previous_message": before}


def tombstone(message: Message, before: Json, ts: str) -> Json:
    """What a deleted root with replies leaves behind."""
    grave = {"type": "message", "subtype": "tombstone", "user": "USLACKBOT", "text": "This message was deleted."}
    left = {**grave, "ts": message.ts, "thread_ts": message.ts, "hidden": True}
    return {**_about(message.channel, "message_changed", ts), "message": left, "previous_message": before}


def deleted(message: Message, before: Json, ts: str) -> Json:
    return {
        **_about(message.channel, "message_deleted", ts),
        "deleted_ts": message.ts,
        "previous_message": before,
    }


def file_shared(file_id: str, channel: Channel, user: str, ts: str) -> Json:
    file = {"file_id": file_id, "user_id": user, "file": {"id": file_id}}
    return {"type": "file_shared", "channel_id": channel.id, "event_ts": ts, **file}


def home_opened(person: Person, tab: str, ts: str) -> Json:
    event: Json = {"type": "app_home_opened", "user": person.id, "channel": person.dm.id, "tab": tab, "event_ts": ts}
    if tab == "home" and person.home is not None:
        event["view"] = person.home.facts()
    return event


def reacted(person: Person, message: Message, name: str, ts: str, added: bool = True) -> Json:
    item = {"type": "message", "channel": message.channel.id, "ts": message.ts}
    kind = "reaction_added" if added else "reaction_removed"
    return {
        "type": kind,
        "user": person.id,
        "reaction": name,
        "item": item,
        "item_user": message.user,
        "event_ts": ts,
    }


def moved(user: str, team: Team, channel: Channel, joined: bool, ts: str) -> Json:
    """member_joined_channel, member_left_channel."""
    kind = "member_joined_channel" if joined else "member_left_channel"
    letter = "C" if channel.kind == "public" else "G"
    return {"type": kind, "user": user, "channel": channel.id, "channel_type": letter, "team": team.id, "event_ts": ts}


def subscription(event: Json) -> str:
    """What must be subscribed to for this event."""
    if event["type"] != "message":
        return str(event["type"])
    return next(SUBSCRIPTIONS[kind] for kind, word in TYPES.items() if word == event["channel_type"])


def envelope(event: Json, team: Team, event_id: str, at: float, is_shared: bool = False) -> Json:
    """The ``event_callback`` around an event."""
    bot = {"enterprise_id": None, "team_id": team.id, "user_id": team.bot.user_id}
    return {
        "token": "verification",
        "team_id": team.id,
        "context_team_id": team.id,
        "context_enterprise_id": None,
        "api_app_id": team.world.app.id,
        "event": event,
        "type": "event_callback",
        "event_id": event_id,
        "event_time": int(at),
        "authorizations": [{**bot, "is_bot": True, "is_enterprise_install": False}],
        "is_ext_shared_channel": is_shared,
        "event_context": f"4-{event_id}",
    }
