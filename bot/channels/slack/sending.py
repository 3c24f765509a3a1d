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

from bot.channels.base import DeliveryError, Later, OnPart, Outgoing, OutgoingFile, Uncertain, Unreadable
from bot.channels.slack.calls import Calls
from bot.channels.slack.clients import Clients
from bot.channels.slack.memory import Memory
from bot.channels.slack.names import Direct, InChannel, Place, Whole, is_direct, parse_place, parse_spot
from bot.channels.slack.refusals import BLOCKS, THREAD_GONE, WAIT, Refused, Unclear
from bot.channels.slack.rendering import Part, render
from bot.channels.slack.sightings import CannotLook, NotNow, Sight, find_post, is_shared
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

    def send(self, outgoing: Outgoing, on_part: OnPart) -> tuple[str, ...]:
        """The ids of all parts, in order. Raises DeliveryError, Later or Uncertain."""
        sent = list(outgoing.sent)
        try:
            place = _place(outgoing.thread)
            target = self._target(place, outgoing.spot)
            parts: list[Part | OutgoingFile] = [*render(outgoing), *outgoing.files]
            if not parts:
                raise DeliveryError("There is nothing to send in this message.", permanent=True)
            # A part leaves only when those before it are recorded, so no other one can be in doubt.
            in_doubt = parts[len(sent)] if outgoing.doubts and len(sent) < len(parts) else None
            for part in parts[len(sent) :]:
                found = self._found(target, part, outgoing) if part is in_doubt else None
                sent.append(found or self._send(target, part, outgoing))
                if len(sent) < len(parts):
                    on_part(sent[-1])
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
        if isinstance(place, Whole):
            return Target(place.team, place.channel, None, client)
        if spot is not None:
            at = parse_spot(spot)
            return Target(place.team, at.channel, at.root, client)
        return Target(place.team, self._direct_channel(place, client), None, client)

    def _direct_channel(self, place: Direct, client: WebClient) -> str:
        """Slack's name of the direct messages with a person, opened if need be."""
        known = self._direct.get(place)
        if known is None:
            lane = f"{place.team}:conversations.open"
            answer = self._calls.ask(place.team, lambda: client.conversations_open(users=place.user), lane)
            channel = answer.get("channel")
            known = channel.get("id") if isinstance(channel, dict) else None
            if not isinstance(known, str):
                raise DeliveryError("Slack did not open the direct messages with this customer.")
            self._direct.put(place, known)
        return known

    def _found(self, target: Target, part: Part | OutgoingFile, outgoing: Outgoing) -> str | None:
        """What an earlier attempt may have brought there; None if it is to be sent (again)."""
        try:
            if isinstance(part, OutgoingFile):
                raise CannotLook("files carry no mark")
            return self._seen(target, part, outgoing)
        except NotNow as reason:
            words = f"Slack does not say yet whether it has the message ({reason})."
            raise Later(words, self._clock() + timedelta(seconds=reason.seconds)) from reason
        except CannotLook as reason:
            log.warning("cannot look", delivery_id=outgoing.delivery_id, error=str(reason), repeats=outgoing.may_repeat)
            if not outgoing.may_repeat:
                raise Uncertain(_blind(reason), cannot_look=True) from reason
            return None

    def _seen(self, target: Target, part: Part, outgoing: Outgoing) -> str | None:
        sight = Sight(target.team, target.client, target.channel, target.root)
        return find_post(self._calls, sight, part.mark(), outgoing.made_at)

    def _send(self, target: Target, part: Part | OutgoingFile, outgoing: Outgoing) -> str:
        self._calls.pace(target.lane)
        if isinstance(part, OutgoingFile):
            return self._upload(target, part, outgoing)
        outgoing.before_it_leaves()
        try:
            return self._post(target, part, part.arguments(), outgoing)
        except Refused as refused:
            if refused.code in BLOCKS:
                log.warning("blocks refused", delivery_id=part.delivery_id, part=part.number, error=refused.code)
                return self._post(target, part, part.arguments(as_text=True), outgoing)
            if refused.code in THREAD_GONE and target.is_direct:
                # What it answers is gone, but the customer still reads these direct messages.
                return self._post(replace(target, root=None), part, part.arguments(), outgoing)
            raise

    def _post(self, target: Target, part: Part, arguments: dict[str, Any], outgoing: Outgoing) -> str:
        def post() -> SlackResponse:
            return target.client.chat_postMessage(channel=target.channel, thread_ts=target.root, **arguments)

        try:
            ts = self._calls.once(target.team, post, lane=target.lane).get("ts")
        except Unclear as unclear:
            return self._look(target, part, str(unclear), outgoing)
        return ts if isinstance(ts, str) else self._look(target, part, "an answer without a timestamp", outgoing)

    def _look(self, target: Target, part: Part, why: str, outgoing: Outgoing) -> str:
        """The answer was lost. What is not seen now may only be slow to show: then it is looked for again later."""
        log.warning("answer lost", delivery_id=part.delivery_id, part=part.number, error=why)
        again = self._clock() + _AGAIN
        try:
            ts = self._seen(target, part, outgoing)
        except NotNow as reason:
            raise Uncertain(f"no answer came ({why}), and none when we looked ({reason})", not_before=again) from reason
        except CannotLook as reason:
            raise Uncertain(_blind(reason), not_before=again, cannot_look=True) from reason
        if ts is None:
            raise Uncertain(f"no answer came ({why}), and the message was not there at once", not_before=again)
        return ts

    def _upload(self, target: Target, file: OutgoingFile, outgoing: Outgoing) -> str:
        file_id = self._uploads.bring(target.team, target.client, file)
        outgoing.before_it_leaves()

        def share() -> SlackResponse:
            return target.client.files_completeUploadExternal(
                files=[{"id": file_id, "title": file.name}], channel_id=target.channel, thread_ts=target.root
            )

        try:
            self._calls.once(target.team, share, lane=target.lane)
        except Unclear as unclear:
            if not is_shared(target.client, file_id):
                words = f"no answer came after a file was handed over ({unclear})"
                raise Uncertain(words, cannot_look=True) from unclear
        return file_id


def _blind(reason: CannotLook) -> str:
    return f"no answer came, and Slack does not let us look ({reason})"


def _place(thread: str) -> Place:
    try:
        return parse_place(thread)
    except Unreadable as error:
        raise DeliveryError(f"This thread is none of Slack's: {error}.", permanent=True) from error
