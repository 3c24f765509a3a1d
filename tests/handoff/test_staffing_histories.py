"""Whatever people do in whatever order: no ticket is without an owner or a queue, and nobody gets what they cannot."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from floor import MONDAY, Floor
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import col, select

from handoff import desk
from handoff.actors import OPERATOR, Actor
from handoff.errors import HandoffError
from handoff.models import Conversation, Priority, Staff, Ticket, TicketStatus
from handoff.sla.defaults import lay_out
from handoff.staffing import deeds, directory, profiles, teams
from handoff.staffing.models import Team
from handoff.staffing.offering import offer
from handoff.staffing.queue import KIND, waiting
from handoff.staffing.shifts import hours_of
from handoff.ticketing.levels import move_tier
from handoff.ticketing.models import Happened, TicketEvent
from handoff.tickets import UNSOLVED, ticket_by_number
from store import Database, open_database, reading, transaction
from store.timers import claim_due

WORDS = desk.ClosingWords("Solved?", "Yes", "No")
DEEDS = [
    "opens",
    "urgent",
    "writes",
    "resolve",
    "not_yet",
    "hand_back",
    "put_back",
    "give",
    "team",
    "tier",
    "away",
    "back",
    "off",
    "on",
    "leave",
    "join",
    "rename",
    "night",
    "time",
]
steps = st.lists(st.tuples(st.sampled_from(DEEDS), st.integers(0, 9)), min_size=4, max_size=14)


@dataclass(frozen=True)
class Stage:
    """A desk with its people, of which every history gets a copy."""

    file: Path
    people: dict[str, Actor]

    @contextmanager
    def copy(self) -> Iterator[Floor]:
        file = shutil.copyfile(self.file, self.file.with_suffix(".copy"))
        database = open_database(f"sqlite:///{file}")
        yield Floor(database, people=self.people)
        database.close()
        for left in file.parent.glob("*.copy*"):
            left.unlink()


@pytest.fixture(scope="module")
def stage(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    file = shutil.copyfile(sqlite_template, tmp_path_factory.mktemp("histories") / "stage.db")
    floor = Floor(open_database(f"sqlite:///{file}"))
    with transaction(floor.database) as session:
        lay_out(session, MONDAY)
    floor.add_team("billing", "refund", "tier-2")
    floor.hire("ada", "front line", load_cap=3)
    floor.hire("bob", "front line", "billing", load_cap=2, skills=["refund"])
    floor.hire("wei", "billing", languages=["zh"], timezone="Asia/Shanghai", load_cap=4)
    floor.database.close()
    return Stage(file, floor.people)


def do(floor: Floor, deed: str, pick: int) -> None:
    floor.now += timedelta(minutes=7)
    person = list(floor.people.values())[pick % 3]
    with reading(floor.database) as session:
        unsolved = session.exec(select(Ticket).where(col(Ticket.status).in_(UNSOLVED)).order_by(col(Ticket.id))).all()
        everything = session.exec(select(Ticket).order_by(col(Ticket.id).desc()).limit(10)).all()
    number = unsolved[pick % len(unsolved)].number if unsolved else 0
    any_number = everything[pick % len(everything)].number if everything else 0
    deeds_of_tickets: dict[str, Callable[[Any], object]] = {
        "resolve": lambda session: desk.resolve(session, number, person, floor.now, WORDS),
        "hand_back": lambda session: desk.hand_back(session, number, person, floor.now),
        "put_back": lambda session: deeds.put_back(session, number, person, floor.now),
        "give": lambda session: deeds.give(session, number, person.staff_id or 0, OPERATOR, floor.now),
        "team": lambda session: deeds.move_to_team(session, number, "billing", OPERATOR, floor.now),
        "tier": lambda session: move_tier(session, number, 2, "Hard", OPERATOR, floor.now),
        "not_yet": lambda session: desk.not_yet(session, conversation_of(session, any_number), floor.now),
        "away": lambda session: profiles.add_absence(
            session, person.staff_id or 0, floor.now, floor.now + timedelta(hours=3), floor.now
        ),
        "back": lambda session: profiles.end_absence(session, person.staff_id or 0, pick, floor.now),
        "off": lambda session: profiles.switch_off(session, person.staff_id or 0, floor.now),
        "on": lambda session: setattr(session.get_one(Staff, person.staff_id), "disabled_at", None),
        "leave": lambda session: teams.remove_member(session, 1 + pick % 2, person.staff_id or 0, floor.now),
        "join": lambda session: teams.add_member(session, 1 + pick % 2, person.staff_id or 0, floor.now),
        "rename": lambda session: rename(session, pick, floor),
    }
    match deed:
        case "opens":
            floor.opens(f"c{pick}", "refund" if pick % 2 else "exports", language="zh" if pick % 3 else "en")
        case "urgent":
            floor.opens(f"c{pick}", priority=Priority.P0)
        case "writes" if number:
            floor.writes(number)
        case "night":
            floor.now += timedelta(hours=9)
        case "time":
            goes_by(floor)
        case _ if deed in deeds_of_tickets:
            with suppress(HandoffError), transaction(floor.database) as session:
                deeds_of_tickets[deed](session)


def conversation_of(session: Any, number: int) -> Conversation:
    found: Conversation = session.get_one(Conversation, ticket_by_number(session, number).conversation_id)
    return found


def rename(session: Any, pick: int, floor: Floor) -> None:
    team = session.get_one(Team, 2)
    name = "billing" if pick % 2 else "Billing and refunds"
    teams.change_team(session, 2, name, team.topics, floor.now, assigns=True)


def goes_by(floor: Floor) -> None:
    """All offers that are due are made, as the desk's loop does."""
    while True:
        with transaction(floor.database) as session:
            due = claim_due(session, floor.now, kinds=(KIND,), limit=1)
            if not due:
                return
            offer(session, due[0].subject_id, floor.now)


def check(floor: Floor, seen: int) -> int:
    """What holds after every deed; returns the newest event."""
    with reading(floor.database) as session:
        names = {team.name for team in directory.all_teams(session)}
        tickets = {ticket.id: ticket for ticket in session.exec(select(Ticket))}
        people = {one.id: one for one in directory.colleagues(session)}
        for ticket in tickets.values():
            if ticket.status is TicketStatus.OPEN:
                assert ticket.assignee_id is not None or ticket.team in names, ticket.number
                assert ticket.assignee_id is None or ticket.assignee_id in people, ticket.number
        query = select(TicketEvent).where(TicketEvent.kind == Happened.ASSIGNED, col(TicketEvent.id) > seen)
        for event in session.exec(query):
            if event.detail.get("terms"):
                given_by_the_desk(session, floor, event, tickets[event.ticket_id], people)
        newest = session.exec(select(TicketEvent.id).order_by(col(TicketEvent.id).desc()).limit(1)).first()
    return newest or 0


def given_by_the_desk(session: Any, floor: Floor, event: TicketEvent, ticket: Ticket, people: Any) -> None:
    """Whom the desk chose is at work and there, and has no more than they can have."""
    person = people[event.staff_id]
    team = directory.team_named(session, ticket.team)
    assert team is not None
    assert person.id not in directory.away(session, [person.id], floor.now)
    assert hours_of(session, [person], team)[person.id].is_open(floor.now)
    assert directory.loads(session, [person.id]).get(person.id, 0) <= person.profile.load_cap
    assert set(event.detail["terms"]) == {"language", "skill", "contact", "load"}


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_no_ticket_is_without_an_owner_or_a_queue_and_nobody_gets_what_they_cannot_have(
    stage: Stage, history: list[tuple[str, int]]
) -> None:
    with stage.copy() as floor:
        seen = 0
        for deed, pick in history:
            do(floor, deed, pick)
            seen = check(floor, seen)


def test_what_waits_is_taken_up_when_everybody_is_there_again(database: Database) -> None:
    with transaction(database) as session:
        lay_out(session, MONDAY)
    floor = Floor(database)
    floor.hire("bob", "front line", load_cap=2)
    floor.hire("wei", "front line", timezone="Asia/Shanghai", load_cap=2)
    floor.now += timedelta(hours=13)
    for one in range(4):
        floor.opens(f"c{one}")
    for _ in range(40):
        floor.now += timedelta(hours=1)
        goes_by(floor)
    with reading(database) as session:
        (team,) = directory.all_teams(session)
        assert waiting(session, team, 10) == []
        assert directory.loads(session, [1, 2]) == {1: 2, 2: 2}
