"""What Slack sent, told apart before anything is kept: its kind, whose workspace it is, and what makes it the same
event when it comes again. Pure, and safe with payloads of any shape."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from enum import Enum
from typing import Any

from store.columns import storable

LONGEST_KEY = 200
_STAMP = re.compile(r"[0-9]{1,16}\.[0-9]{1,12}")
# Their ts is of the edit or the deletion, not of the message.
_ABOUT_OTHERS = ("message_changed", "message_deleted", "message_replied")
_MESSAGES = ("message", "app_mention")


class Kind(Enum):
    """What a stored payload is, by the names that ``SlackChannel.parse`` reads."""

    EVENT = "event"
    ACTION = "action"
    COMMAND = "command"
    VIEW = "view"
    SHORTCUT = "shortcut"


_KINDS = {
    "event_callback": Kind.EVENT,
    "block_actions": Kind.ACTION,
    "view_submission": Kind.VIEW,
    "message_action": Kind.SHORTCUT,
    "shortcut": Kind.SHORTCUT,
}


def kind_of(body: dict[str, Any]) -> Kind | None:
    """None for what is neither an event nor something that a person did in a way that we know."""
    if isinstance(body.get("command"), str):
        return Kind.COMMAND
    return _KINDS.get(_text(body, "type"))


def event_type(body: dict[str, Any]) -> str:
    return _text(body, "event", "type")


def teams_of(kind: Kind, body: dict[str, Any]) -> Iterator[str]:
    """The workspaces whose installation this can be for, the likeliest first.

    In a channel that two companies share, a press says the workspace of the person; the bot's message says ours.
    """
    match kind:
        case Kind.EVENT:
            grants = body.get("authorizations")
            found = [_text(grant, "team_id") for grant in grants] if isinstance(grants, list) else []
            found += [_text(body, "context_team_id"), _text(body, "team_id")]
        case Kind.COMMAND:
            found = [_text(body, "team_id")]
        case _:
            found = [
                _text(body, "view", "app_installed_team_id"),
                _text(body, "message", "team") if kind is Kind.ACTION else "",
                _text(body, "team", "id"),
                _text(body, "team_id"),
            ]
    return (team for team in found if team)


def person_of(kind: Kind, body: dict[str, Any]) -> str:
    """The id of the person who did this, "" where it does not say."""
    if kind is Kind.EVENT:
        return _text(body, "event", "user")
    return _text(body, "user_id") if kind is Kind.COMMAND else _text(body, "user", "id")


def author_team(kind: Kind, body: dict[str, Any]) -> str:
    """The workspace that the person is of, "" where it does not say."""
    match kind:
        case Kind.EVENT:
            return ""
        case Kind.COMMAND:
            return _text(body, "team_id")
    return _text(body, "user", "team_id")


def place_of(kind: Kind, body: dict[str, Any]) -> str:
    """The id of the channel that this happened in, "" where it does not say."""
    match kind:
        case Kind.EVENT:
            return _text(body, "event", "channel") or _text(body, "event", "channel_id")
        case Kind.COMMAND:
            return _text(body, "channel_id")
    return _text(body, "channel", "id") or _text(body, "container", "channel_id")


def message_of(body: dict[str, Any]) -> str:
    """The ts of the message that an event tells of."""
    return _text(body, "event", "ts")


def root_of(body: dict[str, Any]) -> str:
    """The ts of the message that begins the thread in which an event happened, "" outside of threads."""
    return _text(body, "event", "thread_ts")


def event_key(kind: Kind, team: str, body: dict[str, Any]) -> str:
    """The same for every report of one thing: retries, redeliveries, and the two events of a mention."""
    parts = _key_parts(kind, team, body)
    key = storable(":".join(parts)) if all(parts) else f"odd:{digest(body)}"
    return key if len(key) <= LONGEST_KEY else f"long:{digest(body)}"


def said_at(kind: Kind, body: dict[str, Any]) -> float | None:
    """When it was said or pressed, by Slack's clock; None where it does not say."""
    match kind:
        case Kind.EVENT:
            event = body.get("event")
            is_message = _text(event, "subtype") not in _ABOUT_OTHERS
            stamp = (_text(event, "ts") if is_message else "") or _text(event, "event_ts")
        case Kind.ACTION:
            stamp = _text(action_of(body), "action_ts")
        case _:
            stamp = ""
    return float(stamp) if _STAMP.fullmatch(stamp) else None


def digest(body: Any) -> str:
    """A name for a payload that has none."""
    return hashlib.sha256(json.dumps(body, sort_keys=True, default=str).encode()).hexdigest()


def says_goodbye(body: dict[str, Any], bot_user: str | None) -> bool:
    """Whether the workspace of this event removed the app, or took back the token of ``bot_user``."""
    match event_type(body):
        case "app_uninstalled":
            return True
        case "tokens_revoked":
            tokens = body["event"].get("tokens")
            bots = tokens.get("bot") if isinstance(tokens, dict) else None
            return isinstance(bots, list) and (bot_user is None or bot_user in bots)
    return False


def action_of(body: dict[str, Any]) -> dict[str, Any]:
    actions = body.get("actions")
    first = actions[0] if isinstance(actions, list) and actions else None
    return first if isinstance(first, dict) else {}


def words_of(body: dict[str, Any]) -> str:
    """What followed a command."""
    return _text(body, "text").strip()


def callback_of(body: dict[str, Any]) -> str:
    """The callback_id of a form or a shortcut."""
    return _text(body, "view", "callback_id") or _text(body, "callback_id")


def _key_parts(kind: Kind, team: str, body: dict[str, Any]) -> tuple[str, ...]:
    match kind:
        case Kind.EVENT:
            event = body.get("event")
            is_message = event_type(body) in _MESSAGES and _text(event, "subtype") not in _ABOUT_OTHERS
            if is_message and _text(event, "channel") and _text(event, "ts"):
                return ("msg", team, _text(event, "channel"), _text(event, "ts"))
            return ("evt", _text(body, "event_id"))
        case Kind.ACTION:
            pressed = action_of(body)
            return ("act", team, person_of(kind, body), _text(pressed, "action_ts"), _text(pressed, "action_id"))
        case Kind.VIEW:
            return ("view", _text(body, "view", "id"), _text(body, "view", "hash"))
        case Kind.COMMAND | Kind.SHORTCUT:
            return ("trg", _text(body, "trigger_id"))


def _text(value: Any, *steps: str) -> str:
    """The text at the end of ``steps``, "" if the way there is not as expected."""
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""
