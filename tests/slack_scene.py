"""One Slack workspace with Ada in it, and the channel's sending side under test."""

from __future__ import annotations

import io
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from standins.slack.server import SlackWorld

from bot.channels.base import (
    Inbound,
    Later,
    Outgoing,
    OutgoingFile,
)
from bot.channels.slack.channel import SlackChannel
from bot.channels.slack.clients import Clients
from bot.channels.slack.pacing import pacer_of_workspaces
from store.files import keep

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(62)


@dataclass
class Scene:
    """One workspace with Ada in it, the channel under test, and a clock that moves when it is told to."""

    world: SlackWorld
    folder: Path
    now: datetime = START
    refused: list[str] = field(default_factory=list)
    sent: int = 0

    def __post_init__(self) -> None:
        self.team = self.world.add_team("T1", bot_token="xoxb-1")
        self.ada = self.team.add_person("ada", real_name="Ada Lee", email="ada@Acme.example", tz="Europe/Berlin")
        self.room = self.team.add_channel("general", members=[self.ada])
        tokens = {"T1": "xoxb-1"}
        self.clients = Clients(tokens.get, self.world.api_url)
        self.channel = SlackChannel(
            self.folder,
            self.clients,
            clock=lambda: self.now,
            on_refused=self.refused.append,
            pacer=pacer_of_workspaces(seconds=lambda: self.now.timestamp()),
        )

    def later(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def direct(self) -> str:
        return f"T1:@{self.ada.id}"

    def outgoing(self, text: str = "Try this", **fields: Any) -> Outgoing:
        self.sent += 1
        return Outgoing(**{"delivery_id": self.sent, "message_id": 1, "thread": self.direct(), "text": text, **fields})

    def stored(self, content: bytes, name: str = "guide.pdf") -> OutgoingFile:
        kept = keep(self.folder, io.BytesIO(content))
        return OutgoingFile(name, "application/pdf", kept.size, kept.sha256)

    def asks(self, **fields: Any) -> Inbound:
        return Inbound("slack", self.direct(), f"T1:{self.ada.id}", **fields)


def patiently(scene: Scene, outgoing: Outgoing) -> tuple[str, ...]:
    """Send as the delivery loop does: what is put off is tried again then, without what arrived already."""
    for _ in range(50):
        try:
            return scene.channel.send(outgoing)
        except Later as later:
            wait = (later.not_before or scene.now) - scene.now
            outgoing = replace(outgoing, sent=later.sent)
        scene.now += wait
        scene.world.clock.advance(wait.total_seconds())
    raise AssertionError("it never arrived")


def hurried(scene: Scene, timeout: float) -> SlackChannel:
    """The same channel with less patience, for answers that never come."""
    clients = Clients(lambda team: "xoxb-1", scene.world.api_url, timeout=timeout)
    return SlackChannel(scene.folder, clients, clock=lambda: scene.now)
