"""Whatever customers type and press, nobody reads of another's ticket and nobody changes it."""

from __future__ import annotations

import re
from itertools import count
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlmodel import col, select
from talk import HOUSE, AgentAtTheDesk, CustomerOnTheWeb, World

from bot.live import Live, Serving
from handoff.customers import find_customer
from handoff.models import Customer, Message, Ticket
from handoff.people import join
from handoff.rows import id_of
from store import Database, reading, transaction

COMMANDS = ("status", "add", "close", "reopen", "rate", "tickets")
NONE = re.compile(r"You have no ticket #\d+\. Write /tickets to see yours\.")
_EXAMPLES = count()

steps = st.lists(
    st.one_of(
        st.tuples(st.just("types"), st.integers(0, 3), st.sampled_from(COMMANDS), st.integers(0, 3)),
        st.tuples(st.just("presses"), st.integers(0, 3), st.integers(0, 3), st.integers(0, 20)),
        st.tuples(st.just("names"), st.integers(0, 3), st.integers(0, 3), st.just(0)),
    ),
    min_size=4,
    max_size=14,
)


def state(world: World, numbers: set[int]) -> list[Any]:
    """All that could be changed about these tickets: how they stand and what lies in their conversations."""
    with reading(world.database) as session:
        tickets = select(Ticket).where(col(Ticket.number).in_(numbers)).order_by(col(Ticket.number))
        return [
            (
                ticket.number,
                ticket.status,
                [*session.exec(select(Message.id).where(Message.conversation_id == ticket.conversation_id))],
            )
            for ticket in session.exec(tickets)
        ]


def own_numbers(world: World, visitors: list[str]) -> set[int]:
    with reading(world.database) as session:
        query = select(Ticket.number).join(Customer, col(Customer.id) == Ticket.customer_id)
        return set(session.exec(query.where(col(Customer.external_id).in_(visitors))))


def people(world: World, bob: AgentAtTheDesk) -> list[list[CustomerOnTheWeb]]:
    """Ada alone; Bea, whom an agent knows from two browsers; and Mallory. Each browser has a ticket."""
    name = f"v{next(_EXAMPLES)}"
    visitors = [CustomerOnTheWeb(world, f"{name}-{who}") for who in ("ada", "bea", "bea-too", "mallory")]
    for visitor in visitors:
        visitor.says("/human")
    actor = bob.actor
    with transaction(world.database) as session:
        two = [find_customer(session, "web", visitor.visitor, world.now) for visitor in visitors[1:3]]
        join(session, id_of(two[0]), id_of(two[1]), actor, world.now)
    for visitor in visitors:
        visitor.hears()
    return [visitors[:1], visitors[1:3], visitors[3:]]


def does(step: tuple[Any, ...], visitors: list[CustomerOnTheWeb], numbers: list[int]) -> CustomerOnTheWeb:
    who = visitors[step[1]]
    world = who.world
    world.later(seconds=90)
    if step[0] == "types":
        world.accept(who.visitor, text=f"/{step[2]} {numbers[step[3]]} 5")
    elif step[0] == "names":
        world.accept(who.visitor, text="One more thing about it", about=numbers[step[2]])
    else:
        shown = [button for message in visitors[step[2]].transcript() for button in message["buttons"]]
        if shown:
            world.accept(who.visitor, press=shown[step[3] % len(shown)]["token"])
    world.settle()
    return who


@given(taken=steps)
@settings(max_examples=12, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
def test_no_customer_reads_of_anothers_ticket_or_changes_it(
    sqlite_database: Database, serving: Serving, taken: list[tuple[Any, ...]]
) -> None:
    live = Live(HOUSE)
    live.serving = serving
    world = World(sqlite_database, live)
    persons = people(world, AgentAtTheDesk(world, f"bob{next(_EXAMPLES)}"))
    visitors = [visitor for person in persons for visitor in person]
    owns = {v.visitor: own_numbers(world, [one.visitor for one in person]) for person in persons for v in person}
    numbers = [min(owns[v.visitor]) for v in visitors]
    everything = set.union(*owns.values())
    for step in taken:
        others = everything - owns[visitors[step[1]].visitor]
        before = state(world, others)
        who = does(step, visitors, numbers)
        assert state(world, others) == before
        for message in who.hears():
            told = {int(number) for number in re.findall(r"#(\d+)", NONE.sub("", message["text"]))}
            assert told & everything <= owns[who.visitor], message["text"]
