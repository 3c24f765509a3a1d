"""A ticket of somebody who called: there is no place where they would read anything."""

from __future__ import annotations

from typing import Any

from sqlmodel import select
from talk import AgentAtTheDesk, World

from handoff.customers import find_customer
from handoff.models import Delivery, Source, TicketStatus
from handoff.rows import id_of
from handoff.sla.defaults import lay_out
from handoff.sla.models import ClockKind
from handoff.sla.views import clocks_of
from handoff.surveys.models import Survey
from handoff.ticketing.levels import move_tier
from handoff.ticketing.opening import Told, open_for
from store import reading, transaction


def test_nobody_is_asked_where_they_would_never_read_it(world: World, bob: AgentAtTheDesk) -> None:
    with transaction(world.database) as session:
        ada = id_of(find_customer(session, "web", "ada", world.now, "Ada"))

    def write_down(session: Any, actor: Any, now: Any) -> Any:
        told = Told(Source.PHONE, "Called: where is the invoice?", "Wants it by mail.")
        return open_for(session, ada, None, told, actor, now, lambda number: "Hello")

    number = bob.does(write_down).number
    bob.resolves(number)
    world.later(days=3)
    world.work()
    assert world.ticket(number).status is not TicketStatus.OPEN
    with reading(world.database) as session:
        assert session.exec(select(Delivery)).all() == []
        assert session.exec(select(Survey)).all() == []


def test_a_missed_promise_is_told_to_the_desk_alone(world: World, bob: AgentAtTheDesk) -> None:
    with transaction(world.database) as session:
        lay_out(session, world.now)
        ada = id_of(find_customer(session, "web", "ada", world.now, "Ada"))

    def write_down(session: Any, actor: Any, now: Any) -> Any:
        told = Told(Source.PHONE, "Called: where is the invoice?", "Wants it by mail.")
        return open_for(session, ada, None, told, actor, now, lambda number: "Hello")

    number = bob.does(write_down).number
    bob.does(move_tier, number, 2, "needs a specialist")
    world.later(days=14)
    world.work()
    with reading(world.database) as session:
        late = [clock.kind for clock in clocks_of(session, world.ticket(number).id or 0) if clock.breached_at]
        assert ClockKind.RESOLUTION in late
        assert session.exec(select(Delivery)).all() == []
