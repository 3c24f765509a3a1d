"""Ask Slack, and say in the contract's words what went wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from slack_sdk.errors import SlackApiError

from bot.channels.base import DeliveryError, Later
from bot.channels.slack.pacing import Pacing
from bot.channels.slack.refusals import LOST, TOKEN, Unclear, answer_of, refusal, was_never_sent

Answer = TypeVar("Answer")
_OUTAGE = timedelta(seconds=5)


class Calls:
    """Knows how fast each channel may be written to. Safe for many threads."""

    def __init__(self, clock: Callable[[], datetime], on_refused: Callable[[str], None]) -> None:
        """``on_refused`` hears which team's token was refused."""
        self._clock = clock
        self._on_refused = on_refused
        self._pacing = Pacing()

    def pace(self, lane: str) -> None:
        """Take a place in ``lane`` (a team and channel). Raises Later when it is full, or closed by Slack."""
        not_before = self._pacing.take(lane, self._clock())
        if not_before is not None:
            raise Later("Slack takes about one message a second in a channel.", not_before)

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
            refused = refusal(answer, self._clock())
            if answer.is_limit and lane is not None and refused.not_before is not None:
                self._pacing.close(lane, refused.not_before, self._clock())
            raise refused from error
        except LOST as error:
            if was_never_sent(error):
                raise Later("Slack cannot be reached from here.", self._clock() + _OUTAGE) from error
            raise Unclear(type(error).__name__) from error

    def ask(self, team: str, call: Callable[[], Answer], lane: str | None = None) -> Answer:
        """What may be done again. Raises DeliveryError or Later."""
        try:
            return self.once(team, call, lane)
        except Unclear as unclear:
            raise DeliveryError(f"Slack did not answer ({unclear}).") from unclear
