"""A desk as it is shipped, with people, teams and tickets: what the tests of assignment do things to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session, col, select

from handoff.actors import Actor
from handoff.conversations import add_incoming, open_conversation
from handoff.customers import find_customer, find_thread
from handoff.models import Conversation, Reason, Role, Ticket
from handoff.rows import id_of
from handoff.staff import add_staff
from handoff.staffing import profiles, teams
from handoff.staffing.models import Team
from handoff.staffing.offering import offer
from handoff.staffing.queue import KIND
from handoff.tickets import customer_wrote, open_ticket, ticket_by_number
from store import Database, reading, transaction
from store.models import Timer, TimerState

MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
NIGHT = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)
TOMORROW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@dataclass
class Floor:
    """A desk as it is shipped, with office hours from nine to six, UTC, Monday to Friday."""

    database: Database
    now: datetime = MONDAY
    _said: int = 0
    people: dict[str, Actor] = field(default_factory=dict)

    def hire(self, name: str, *team_names: str, role: Role = Role.AGENT, **profile: Any) -> Actor:
        with transaction(self.database) as session:
            staff_id = id_of(add_staff(session, f"{name}@example.com", name, role, self.now))
            if profile:
                profiles.set_profile(session, staff_id, self.now, **profile)
            for team_name in team_names:
                teams.add_member(session, self.team(session, team_name), staff_id, self.now)
        self.people[name] = Actor(staff_id, name)
        return self.people[name]

    def team(self, session: Session, name: str) -> int:
        return id_of(session.exec(select(Team).where(Team.name == name)).one())

    def add_team(self, name: str, *topics: str, assigns: bool = True) -> int:
        with transaction(self.database) as session:
            team = teams.add_team(session, name, self.now)
            return id_of(teams.change_team(session, id_of(team), name, topics, self.now, assigns=assigns))

    def opens(self, customer: str = "ada", *intents: str, language: str = "en", **more: Any) -> int:
        """The bot hands a new conversation over; returns the ticket's number."""
        with transaction(self.database) as session:
            self._said += 1
            thread = find_thread(session, "web", f"{customer}-{self._said}", self.now)
            person = find_customer(session, "web", customer, self.now, name=customer)
            conversation = open_conversation(session, thread, person, language, self.now)
            for intent in intents or ("",):
                detail = {"reading": {"intent": intent}} if intent else {}
                add_incoming(session, conversation, "Words", None, self.now, detail)
            return open_ticket(session, conversation, Reason.NO_KNOWLEDGE, "Words", self.now, **more).number

    def writes(self, number: int) -> None:
        with transaction(self.database) as session:
            conversation = session.get_one(Conversation, ticket_by_number(session, number).conversation_id)
            add_incoming(session, conversation, "More words", None, self.now, {})
            customer_wrote(session, conversation, self.now)

    def does(self, deed: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        with transaction(self.database) as session:
            return deed(session, *arguments, **named)

    def ticket(self, number: int) -> Ticket:
        with reading(self.database) as session:
            return ticket_by_number(session, number)

    def has(self, number: int) -> str | None:
        """The name of whoever has the ticket."""
        assignee_id = self.ticket(number).assignee_id
        return next((name for name, actor in self.people.items() if actor.staff_id == assignee_id), None)

    def offers(self) -> list[datetime]:
        """When queues are to be offered."""
        with reading(self.database) as session:
            due = select(Timer.due_at).where(Timer.kind == KIND, Timer.state == TimerState.WAITING)
            return list(session.exec(due.order_by(col(Timer.due_at))))

    def offer(self, name: str) -> list[int]:
        with transaction(self.database) as session:
            return [ticket.number for ticket in offer(session, self.team(session, name), self.now)]
