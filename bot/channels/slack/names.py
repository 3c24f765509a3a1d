"""What Firstline calls places and people of Slack, in one line of text each.

customer    ``T1:U1``              the team is the author's own, which in a shared channel is not the installation's
thread      ``T1:C1:1700.0001``    a thread of a channel, by its root message
            ``T1:C1``              the channel itself, for what begins there
            ``T1:@U1``             everything direct with one person, wherever in the workspace it was said
spot        ``D1/1700.0001``       which thread of the direct messages an answer belongs to
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.channels.base import Unreadable

SLACK = "slack"
UNSEEN = "slack_unseen_since"
"""The setting that says from when on something may have been missed that nobody has looked for yet."""
LOOKS_FROM = "slack_looks_from"
"""The setting that says from when on anything is looked up: the moment of a restore."""
OWN = "own"
"""Stands for the team of the token that was given, which is not known before Slack was asked."""
# Slack's are capitals and digits today, and it promises neither; what matters is that none of our own marks is in one.
_ID = re.compile(r"[A-Za-z0-9_-]{1,40}")
_TS = re.compile(r"[0-9]{1,16}\.[0-9]{1,12}")


@dataclass(frozen=True)
class InChannel:
    """A thread among people; ``team`` is the workspace whose token sends."""

    team: str
    channel: str
    root: str

    def __str__(self) -> str:
        return f"{self.team}:{self.channel}:{self.root}"


@dataclass(frozen=True)
class Whole:
    """A channel, not one of its threads. The staff's is of the team OWN."""

    team: str
    channel: str

    def __str__(self) -> str:
        return f"{self.team}:{self.channel}"


@dataclass(frozen=True)
class Direct:
    """One person's direct messages with the bot of ``team``."""

    team: str
    user: str

    def __str__(self) -> str:
        return f"{self.team}:@{self.user}"


Place = InChannel | Whole | Direct


@dataclass(frozen=True)
class Person:
    team: str
    user: str

    def __str__(self) -> str:
        return f"{self.team}:{self.user}"


@dataclass(frozen=True)
class Spot:
    """A thread within direct messages."""

    channel: str
    root: str

    def __str__(self) -> str:
        return f"{self.channel}/{self.root}"


def slack_id(value: str | None, what: str) -> str:
    """``value``, if it looks like an id of Slack's. Raises Unreadable."""
    if value is None or not _ID.fullmatch(value):
        raise Unreadable(f"the {what} is missing or is none of Slack's ids")
    return value


def timestamp(value: str | None) -> str:
    """``value``, if it names a message. Raises Unreadable."""
    if value is None or not _TS.fullmatch(value):
        raise Unreadable("the message has no timestamp of Slack's form")
    return value


def parse_place(thread: str) -> Place:
    """The place that ``str(place)`` named. Raises Unreadable."""
    team, _, rest = thread.partition(":")
    slack_id(team, "team")
    if rest.startswith("@"):
        return Direct(team, slack_id(rest[1:], "person"))
    channel, colon, root = rest.partition(":")
    if not colon:
        return Whole(team, slack_id(channel, "channel"))
    return InChannel(team, slack_id(channel, "channel"), timestamp(root))


def parse_person(customer: str) -> Person:
    """The person that ``str(person)`` named. Raises Unreadable."""
    team, _, user = customer.partition(":")
    return Person(slack_id(team, "team"), slack_id(user, "person"))


def parse_spot(spot: str) -> Spot:
    """The spot that ``str(spot)`` named. Raises Unreadable."""
    channel, _, root = spot.partition("/")
    return Spot(slack_id(channel, "channel"), timestamp(root))


def is_direct(channel: str, kind: str | None = None) -> bool:
    """Whether ``channel`` is one person's direct messages with the bot; a group's are a channel like any other."""
    return kind == "im" or channel.startswith("D")
