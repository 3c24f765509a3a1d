"""Ask Slack, and say in the contract's words what went wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from slack_sdk.errors import SlackApiError

from bot.channels.base import DeliveryError, Later
from bot.channels.booking import TooSoon
from bot.channels.pacing import Pacer
from bot.channels.slack.refusals import LOST, TOKEN, Unclear, answer_of, refusal, was_never_sent

Answer = TypeVar("Answer")
_OUTAGE = timedelta(seconds=5)
_PAUSE = "Slack asks for a pause."


class Calls:
    """Knows how fast each channel may be written to. Safe for many threads."""

    def __init__(self, clock: Callable[[], datetime], on_refused: Callable[[str], None], pacer: Pacer) -> None:
        """``on_refused`` hears which team's token was refused."""
        self._clock = clock
        self._on_refused = on_refused
        self._pacer = pacer

    def pace(self, lane: str) -> None:
        """Take a slot in ``lane`` (a team and channel). Raises Later when it is full, or closed by Slack."""
        self._wait_for(self._pacer.take, lane, "Slack takes about one message a second in a channel.")

    def once(self, team: str, call: Callable[[], Answer], lane: str | None = None) -> Answer:
        """What must not be done twice. Raises Unclear when nobody knows whether it was done; else Refused or Later."""
        try:
            return call()
        except SlackApiError as error:
            answer = answer_of(error)
            if answer.is_unclear:
                raise Unclear(answer.code or str(answer.status)) from error
            if answer.code in TOKEN:
                self._on_refused(team)
            if answer.is_limit and lane is not None:
                quiet = timedelta(seconds=self._pacer.close(lane, answer.retry_after))
                raise Later(_PAUSE, self._clock() + quiet) from error
            raise refusal(answer, self._clock()) from error
        except LOST as error:
            if was_never_sent(error):
                raise Later("Slack cannot be reached from here.", self._clock() + _OUTAGE) from error
            raise Unclear(type(error).__name__) from error

    def ask(self, team: str, call: Callable[[], Answer], lane: str | None = None) -> Answer:
        """What may be done again. Raises DeliveryError or Later, also while ``lane`` (team and method) is closed."""
        if lane is not None:
            self._wait_for(self._pacer.check, lane, _PAUSE)
        try:
            return self.once(team, call, lane)
        except Unclear as unclear:
            raise DeliveryError(f"Slack did not answer ({unclear}).") from unclear

    def look(self, lane: str, call: Callable[[], Answer]) -> Answer:
        """Read what stands in Slack, once. Raises what the SDK does, and TooSoon for as long as Slack wants no more of
        ``lane`` (a team and method), whoever was told so."""
        self._pacer.check(lane)
        try:
            return call()
        except SlackApiError as error:
            answer = answer_of(error)
            if not answer.is_limit:
                raise
            self._pacer.close(lane, answer.retry_after)
            raise TooSoon(answer.retry_after) from error

    def _wait_for(self, deed: Callable[[str], None], lane: str, words: str) -> None:
        try:
            deed(lane)
        except TooSoon as soon:
            raise Later(words, self._clock() + timedelta(seconds=soon.seconds)) from None
