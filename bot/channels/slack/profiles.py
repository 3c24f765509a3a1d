"""What Slack tells of a customer: asked once a day at most, and kept in memory only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from pydantic import ValidationError
from slack_sdk.errors import SlackApiError

from bot.channels.base import DeliveryError, Inbound, Profile, Unreadable
from bot.channels.slack.calls import Calls
from bot.channels.slack.clients import Clients
from bot.channels.slack.memory import Memory
from bot.channels.slack.names import Person, parse_person, parse_place
from bot.channels.slack.shapes import FoundUser
from bot.inbound_text import clean

log = structlog.get_logger()
_FRESH = timedelta(hours=24)
_AFTER_TROUBLE = timedelta(minutes=10)
_REMEMBERED = 10_000


@dataclass(frozen=True)
class _Known:
    profile: Profile | None
    until: datetime


class Profiles:
    def __init__(self, clients: Clients, calls: Calls, clock: Callable[[], datetime]) -> None:
        self._clients = clients
        self._calls = calls
        self._clock = clock
        self._known: Memory[str, _Known] = Memory(_REMEMBERED)

    def of(self, inbound: Inbound) -> Profile | None:
        """None where Slack does not tell; never raises."""
        known = self._known.get(inbound.customer)
        if known is not None and known.until > self._clock():
            return known.profile
        profile = self._ask(inbound)
        wait = _FRESH if profile is not None else _AFTER_TROUBLE
        self._known.put(inbound.customer, _Known(profile, self._clock() + wait))
        return profile

    def forget(self, person: Person) -> None:
        """They changed their profile, or want to be forgotten."""
        self._known.forget(str(person))

    def _ask(self, inbound: Inbound) -> Profile | None:
        try:
            team, person = parse_place(inbound.thread).team, parse_person(inbound.customer)
            client = self._clients.of(team)
            if client is None:
                return None
            lane = f"{team}:users.info"
            answer = self._calls.ask(team, lambda: client.users_info(user=person.user, include_locale=True), lane)
            return profile_of(FoundUser.model_validate(answer.get("user")))
        except (DeliveryError, SlackApiError, Unreadable, ValidationError) as error:
            log.info("no profile", channel="slack", error=type(error).__name__)
            return None


def profile_of(user: FoundUser) -> Profile:
    """The little that is used. An address counts only where Slack had it confirmed and the person is no stranger."""
    told = (user.profile.display_name, user.profile.real_name, user.real_name, user.name)
    name = next((clean(name).strip() for name in told if name and name.strip()), None)
    is_vouched_for = user.is_email_confirmed is not False and not user.is_stranger
    _, _, domain = (user.profile.email or "").strip().rpartition("@")
    return Profile(
        name=name[:200] if name else None,
        language=user.locale.replace("_", "-") if user.locale else None,
        timezone=user.tz or None,
        email_domain=domain.lower() if domain and is_vouched_for else None,
    )
