"""Post what was rendered: each part once, in order, and never a second time because an answer was lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from slack_sdk import WebClient
from slack_sdk.web import SlackResponse

from bot.channels.base import DeliveryError, Later, Outgoing, OutgoingFile, Uncertain, Unreadable
from bot.channels.slack.calls import Calls
from bot.channels.slack.clients import Clients
from bot.channels.slack.memory import Memory
from bot.channels.slack.names import Direct, InChannel, Place, is_direct, parse_place, parse_spot
from bot.channels.slack.refusals import BLOCKS, THREAD_GONE, WAIT, Refused, Unclear
from bot.channels.slack.rendering import Part, render
from bot.channels.slack.sightings import find_post, is_shared
from bot.channels.slack.uploading import Uploads

log = structlog.get_logger()
_AGAIN = timedelta(seconds=5)
_REMEMBERED = 10_000


@dataclass(frozen=True)
class Target:
    """Where a message goes: a channel, and the thread in it if there is one."""

    team: str
    channel: str
    root: str | None
    client: WebClient

    @property
    def lane(self) -> str:
        return f"{self.team}:{self.channel}"

    @property
    def is_direct(self) -> bool:
        return is_direct(self.channel)


class Sender:
    """Sends for all workspaces. Safe for many threads; what it remembers only saves requests."""

    def __init__(self, folder: Path, clients: Clients, calls: Calls, clock: Callable[[], datetime]) -> None:
        """``folder`` holds the stored files."""
        self._clients = clients
        self._calls = calls
        self._clock = clock
        self._uploads = Uploads(folder, clients, calls)
        self._direct: Memory[Direct, str] = Memory(_REMEMBERED)
        self._unsure: Memory[tuple[int, int], bool] = Memory(_REMEMBERED)

    def send(self, outgoing: Outgoing) -> tuple[str, ...]:
        """The ids of all parts, in order. Raises DeliveryError, Later or Uncertain."""
        sent = list(outgoing.sent)
        try:
            place = _place(outgoing.thread)
            target = self._target(place, outgoing.spot)
            parts: list[Part | OutgoingFile] = [*render(outgoing), *outgoing.files]
            if not parts:
                raise DeliveryError("There is nothing to send in this message.", permanent=True)
            for part in parts[len(sent) :]:
                sent.append(self._post(target, part) if isinstance(part, Part) else self._upload(target, part))
        except (DeliveryError, Uncertain) as error:
            error.sent = tuple(sent)
            raise
        return tuple(sent)

    def _target(self, place: Place, spot: str | None) -> Target:
        client = self._clients.of(place.team)
        if client is None:
            sentence = f"The app is not installed in the Slack workspace {place.team} (any more): install it again."
            raise Later(sentence, self._clock() + WAIT)
        if isinstance(place, InChannel):
            return Target(place.team, place.channel, place.root, client)
        if spot is not None:
            at = parse_spot(spot)
            return Target(place.team, at.channel, at.root, client)
        return Target(place.team, self._direct_channel(place, client), None, client)

    def _direct_channel(self, place: Direct, client: WebClient) -> str:
        """Slack's name of the direct messages with a person, opened if need be."""
        known = self._direct.get(place)
        if known is None:
            answer = self._calls.ask(place.team, lambda: client.conversations_open(users=place.user))
            channel = answer.get("channel")
            known = channel.get("id") if isinstance(channel, dict) else None
            if not isinstance(known, str):
                raise DeliveryError("Slack did not open the direct messages with this customer.")
            self._direct.put(place, known)
        return known

    def _post(self, target: Target, part: Part) -> str:
        self._calls.pace(target.lane)
        if self._unsure.get((part.delivery_id, part.number)) and (ts := self._seen(target, part)):
            # The answer to the attempt before this one was lost, and Slack showed the message only later.
            return ts
        try:
            return self._try(target, part, part.arguments())
        except Refused as refused:
            if refused.code in BLOCKS:
                log.warning("blocks refused", delivery=part.delivery_id, part=part.number, error=refused.code)
                return self._try(target, part, part.arguments(as_text=True))
            if refused.code in THREAD_GONE and target.is_direct:
                # What it answers is gone, but the customer still reads these direct messages.
                return self._try(replace(target, root=None), part, part.arguments())
            raise

    def _try(self, target: Target, part: Part, arguments: dict[str, Any]) -> str:
        def post() -> SlackResponse:
            return target.client.chat_postMessage(channel=target.channel, thread_ts=target.root, **arguments)

        try:
            ts = self._calls.once(target.team, post, lane=target.lane).get("ts")
        except Unclear as unclear:
            return self._look(target, part, str(unclear))
        return ts if isinstance(ts, str) else self._look(target, part, "an answer without a timestamp")

    def _look(self, target: Target, part: Part, why: str) -> str:
        log.warning("answer lost", delivery=part.delivery_id, part=part.number, error=why)
        if ts := self._seen(target, part):
            return ts
        self._unsure.put((part.delivery_id, part.number), True)
        raise DeliveryError(f"Slack did not take the message ({why}).", not_before=self._clock() + _AGAIN)

    def _seen(self, target: Target, part: Part) -> str | None:
        return find_post(target.client, target.channel, target.root, part.mark())

    def _upload(self, target: Target, file: OutgoingFile) -> str:
        self._calls.pace(target.lane)
        file_id = self._uploads.bring(target.team, target.client, file)

        def share() -> SlackResponse:
            return target.client.files_completeUploadExternal(
                files=[{"id": file_id, "title": file.name}], channel_id=target.channel, thread_ts=target.root
            )

        try:
            self._calls.once(target.team, share, lane=target.lane)
        except Unclear as unclear:
            if not is_shared(target.client, file_id):
                raise Uncertain(f"no answer came after a file was handed over ({unclear})") from unclear
        return file_id


def _place(thread: str) -> Place:
    try:
        return parse_place(thread)
    except Unreadable as error:
        raise DeliveryError(f"This thread is none of Slack's: {error}.", permanent=True) from error
