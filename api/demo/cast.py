"""The people of the demo: who works there, who writes, and what they have to say."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from sqlmodel import Session

from api.demo.stage import WORKSPACE
from handoff.accounts import account_named, add_account, add_domain
from handoff.actors import Actor
from handoff.customers import find_customer, update_profile
from handoff.models import Action, Plan, Role
from handoff.rows import id_of
from handoff.staff import add_staff
from handoff.staffing.directory import team_named
from handoff.staffing.profiles import set_profile
from handoff.staffing.teams import add_member, add_team, change_team
from handoff.workplace.macro_deeds import Deeds
from handoff.workplace.macros import Written, make


@dataclass(frozen=True)
class Person:
    """A customer, in the channel that they use."""

    name: str | None
    channel: str
    key: str
    language: str
    account: str | None
    timezone: str | None
    seen: dict[str, int] = field(default_factory=dict, compare=False)

    @property
    def external_id(self) -> str:
        """What the channel calls them, and their thread in it."""
        return f"{WORKSPACE}:{self.key}" if self.channel == "slack" else self.key

    @property
    def place(self) -> str:
        return f"{WORKSPACE}:@{self.key}" if self.channel == "slack" else self.key


@dataclass(frozen=True)
class Case:
    """A matter that ends at the desk, and how it goes on there."""

    language: str
    opening: tuple[str, ...]
    agent: tuple[str, ...]
    customer: tuple[str, ...]
    ends: str
    tags: tuple[str, ...] = ()
    waits: bool = False
    tier: int = 1
    reason: str = ""
    diagnosis: str = ""
    workaround: int | None = None
    """Which of the agent's replies is the way around."""
    impact: str | None = None
    urgency: str | None = None
    snooze: int | None = None
    """Hours."""
    external: str | None = None
    again: tuple[str, ...] = ()
    """What the customer says when it was not solved, and the agent's answer to that."""


@dataclass(frozen=True)
class Cast:
    """Everybody, as the database knows them."""

    customers: tuple[Person, ...]
    agents: Mapping[str, Actor]
    """By e-mail address."""
    teams: Mapping[str, tuple[str, ...]]
    cases: tuple[Case, ...]
    words: Mapping[str, Mapping[str, Any]]
    names: tuple[str, ...]
    calls: tuple[Mapping[str, str], ...]

    def actor(self, staff_id: int) -> Actor:
        return next(actor for actor in self.agents.values() if actor.staff_id == staff_id)

    def team(self, name: str | None) -> list[Actor]:
        """The people of a team; the front line where nobody is of it."""
        return [self.agents[email] for email in self.teams.get(name or "", self.teams["front line"])]


def hire(session: Session, now: datetime) -> Cast:
    """Write everybody into the database."""
    told = _told()
    agents = {each["email"]: _staff(session, each, now) for each in told["staff"]}
    for name, each in told["teams"].items():
        team = team_named(session, name) or add_team(session, name, now)
        change_team(session, id_of(team), name, each["topics"], now, assigns=True)
        for email in each["people"]:
            add_member(session, id_of(team), agents[email].staff_id or 0, now)
    for each in told["accounts"]:
        account = add_account(session, each["name"], now, Plan(each["plan"]))
        for domain in each["domains"]:
            add_domain(session, id_of(account), domain, now)
    for each in told["macros"]:
        make(session, _macro(each), next(iter(agents.values())), now)
    people = tuple(_customer(session, each, now) for each in told["customers"])
    return _cast(told, people, agents)


def rated(draw: random.Random) -> tuple[Action, int]:
    """How somebody rates us from 1 to 5: mostly well."""
    return Action.CSAT, draw.choices((1, 2, 3, 4, 5), (3, 4, 8, 30, 55))[0]


@cache
def _told() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(files("api.demo").joinpath("desk.yml").read_text("utf8"))
    return loaded


def _cast(told: Mapping[str, Any], people: tuple[Person, ...], agents: Mapping[str, Actor]) -> Cast:
    teams = {name: tuple(each["people"]) for name, each in told["teams"].items()}
    cases = tuple(Case(**{name: _frozen(value) for name, value in each.items()}) for each in told["cases"])
    return Cast(people, agents, teams, cases, told["words"], tuple(told["names"]), tuple(told["calls"]))


def _macro(told: Mapping[str, Any]) -> Written:
    status = "resolved" if told.get("resolves") else "waiting" if told.get("waits") else ""
    return Written(told["name"], told["title"], told["texts"], Deeds(tuple(told.get("tags", ())), status))


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _person(told: Mapping[str, Any]) -> Person:
    return Person(told["name"], told["channel"], told["id"], told["language"], told["account"], told["timezone"])


def _staff(session: Session, told: Mapping[str, Any], now: datetime) -> Actor:
    staff = add_staff(session, told["email"], told["name"], Role(told["role"]), now)
    staff.language = told["languages"][0]
    if told["role"] != "editor":
        set_profile(session, id_of(staff), now, languages=told["languages"], skills=told["skills"], load_cap=15)
    return Actor(id_of(staff), staff.name)


def _customer(session: Session, told: Mapping[str, Any], now: datetime) -> Person:
    person = _person(told)
    customer = find_customer(session, person.channel, person.external_id, now, person.name, person.language)
    account = account_named(session, person.account).id if person.account else None
    update_profile(
        session,
        customer,
        name=person.name,
        language=person.language,
        timezone=person.timezone,
        account_id=account,
        now=now,
    )
    return person
