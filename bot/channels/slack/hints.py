"""Cosmetic calls, made by one thread of their own: nobody waits for them, and the newest are dropped when many wait."""

from __future__ import annotations

import queue
import threading

import structlog
from slack_sdk.errors import SlackApiError

from bot.channels.base import Inbound, Unreadable
from bot.channels.pacing import Pacer
from bot.channels.slack.clients import Clients
from bot.channels.slack.names import Spot, parse_place, parse_spot
from bot.channels.slack.refusals import answer_of

log = structlog.get_logger()
STATUS = "is reading your message…"
_WAITING = 50
_NEVER_AGAIN = {
    "feature_not_enabled",
    "method_deprecated",
    "method_not_supported_for_channel_type",
    "missing_scope",
    "not_allowed",
    "not_allowed_token_type",
    "unknown_method",
}


class Hints:
    """Sets the status under a direct message. The thread starts with the first hint and ends with the process."""

    def __init__(self, clients: Clients, pacer: Pacer) -> None:
        self._clients = clients
        self._pacer = pacer
        self._waiting: queue.Queue[tuple[str, Spot]] = queue.Queue(_WAITING)
        self._refused: set[str] = set()
        self._lock = threading.Lock()
        self._worker: threading.Thread | None = None

    def add(self, inbound: Inbound) -> None:
        """Returns at once; never raises."""
        if inbound.spot is None or inbound.press is not None:
            return
        try:
            team, spot = parse_place(inbound.thread).team, parse_spot(inbound.spot)
            if team in self._refused or not self._pacer.has_room_for_hint(f"{team}:{spot.channel}"):
                return
            self._waiting.put_nowait((team, spot))
        except (Unreadable, queue.Full):
            return
        self._start()

    def drain(self) -> None:
        """Wait until all that was added is done or given up."""
        self._waiting.join()

    def _start(self) -> None:
        with self._lock:
            if self._worker is None:
                self._worker = threading.Thread(target=self._work, name="slack-hints", daemon=True)
                self._worker.start()

    def _work(self) -> None:
        while True:
            team, spot = self._waiting.get()
            try:
                self._show(team, spot)
            except Exception as error:
                # Cosmetic: whatever it was, the next one may do better.
                log.info("hint failed", channel="slack", error=type(error).__name__)
            finally:
                self._waiting.task_done()

    def _show(self, team: str, spot: Spot) -> None:
        client = self._clients.of(team)
        place = f"{team}:{spot.channel}"
        if client is None or team in self._refused or not self._pacer.is_open_for_hints(place):
            return
        try:
            client.assistant_threads_setStatus(channel_id=spot.channel, thread_ts=spot.root, status=STATUS)
        except SlackApiError as error:
            answer = answer_of(error)
            if answer.is_limit:
                self._pacer.close_hints(place, answer.retry_after)
            elif answer.code in _NEVER_AGAIN:
                self._refused.add(team)
