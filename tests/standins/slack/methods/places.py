"""Finding what a call names, as far as the caller may see it."""

from __future__ import annotations

from ..channels import SCOPES, Channel
from ..model import Message
from ..people import Person
from ..registry import Caller, Refused


def channel_seen(caller: Caller, id: str, family: str | None = None) -> Channel:
    """A channel that the bot can see; with ``family`` (``history``, ``read``) the scope for its kind is needed.

    Raises:
        Refused: channel_not_found, missing_scope.
    """
    team = caller.home
    found = next((c for home in caller.world.teams for c in home.channels if c.id == id and team in c.teams), None)
    if found is None or (found.kind != "public" and team.id not in found.bots):
        raise Refused("channel_not_found")
    if family is not None:
        caller.demand(f"{SCOPES[found.kind]}:{family}")
    return found


def channel_to_write(caller: Caller, id: str, silent: bool = False) -> Channel:
    """A channel that the bot may post in; a person's id stands for her direct messages.

    Raises:
        Refused: channel_not_found, not_in_channel, is_archived, messages_tab_disabled.
    """
    team = caller.home
    person = next((one for one in team.people if one.id == id), None)
    channel = team.dm(person) if person is not None else channel_seen(caller, id)
    if channel.is_archived:
        raise Refused("is_archived")
    if channel.kind == "im":
        owner = caller.world.person(channel.members[0])
        if owner is not None and owner.is_deleted:
            raise Refused("user_disabled" if silent else "channel_not_found")
        if not caller.world.app.messages_tab:
            raise Refused("messages_tab_disabled")
    elif team.id not in channel.bots and not (channel.kind == "public" and caller.has("chat:write.public")):
        raise Refused("not_in_channel")
    return channel


def person_seen(caller: Caller, id: str) -> Person:
    """A person of the team, or one met in a shared channel.

    Raises:
        Refused: user_not_found.
    """
    person = caller.world.person(id)
    team = caller.home
    if person is None or not (person.team is team or _is_met(caller, person)):
        raise Refused("user_not_found")
    return person


def _is_met(caller: Caller, person: Person) -> bool:
    channels = (channel for team in caller.world.teams for channel in team.channels)
    return any(person.id in channel.members and caller.home in channel.teams for channel in channels)


def message_at(channel: Channel, ts: str, error: str = "message_not_found") -> Message:
    message = channel.find(ts)
    if message is None or message.only_for is not None:
        raise Refused(error)
    return message
