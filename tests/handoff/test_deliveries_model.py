"""Claim, outcome and expiry of deliveries in any order, held against a model that is a list of values."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from deeper import examples
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlmodel import Session, select

from handoff import deliveries, holding
from handoff.actors import OPERATOR
from handoff.conversations import open_conversation, say
from handoff.customers import find_customer, find_thread
from handoff.errors import Stale
from handoff.models import Author, Conversation, Delivery, DeliveryState
from handoff.outcomes import Resend
from handoff.rows import id_of
from store import Database, reading, transaction

READY, SENDING, SENT = DeliveryState.READY, DeliveryState.SENDING, DeliveryState.SENT
UNCERTAIN, FAILED = DeliveryState.UNCERTAIN, DeliveryState.FAILED
START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SECONDS = st.sampled_from([1, 30, 61])
_channels = count(1)


@dataclass
class Row:
    """What is known of one delivery."""

    id: int
    thread: int
    is_agents: bool
    not_before: datetime
    state: DeliveryState = READY
    worker: str | None = None
    lease_until: datetime | None = None
    doubts: int = 0
    is_forbidden: bool = False
    """Nobody may send it again unless a person says so."""

    def doubt(self, resend: Resend) -> None:
        self.doubts += 1
        is_over = resend is Resend.ONCE and (self.is_agents or self.doubts > 1)
        self.state, self.lease_until, self.is_forbidden = UNCERTAIN if is_over else READY, None, is_over

    def is_of(self, worker: str) -> bool:
        return self.worker == worker and self.state in (READY, SENDING, UNCERTAIN)


class Deliveries(RuleBasedStateMachine):
    """Three threads of one channel, two workers, and a clock that is handed in."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self.database = database
        self.channel = f"c{next(_channels)}"
        self.now = START
        self.rows: list[Row] = []
        self.claims: list[tuple[str, Row]] = []
        self.resend = Resend.ONCE

    @initialize(resend=st.sampled_from(Resend))
    def opens(self, resend: Resend) -> None:
        self.resend = resend
        with transaction(self.database) as session:
            person = find_customer(session, self.channel, "ada", self.now)
            threads = [find_thread(session, self.channel, f"place {number}", self.now) for number in range(3)]
            self.talks = [id_of(open_conversation(session, each, person, "en", self.now)) for each in threads]
        for number in range(3):
            self.says(number, is_agents=number == 0)

    @rule(thread=st.integers(0, 2), is_agents=st.booleans())
    def says(self, thread: int, is_agents: bool) -> None:
        author = Author.AGENT if is_agents else Author.BOT
        with transaction(self.database) as session:
            message = say(session, session.get_one(Conversation, self.talks[thread]), "words", author, self.now)
            delivery = session.exec(select(Delivery).where(Delivery.message_id == message.id)).one()
            self.rows.append(Row(id_of(delivery), thread, is_agents, self.now))

    @rule(seconds=SECONDS)
    def waits(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @precondition(lambda self: any(row.state is READY for row in self.rows))
    @rule(worker=st.sampled_from("ab"), limit=st.integers(1, 4))
    def claims_some(self, worker: str, limit: int) -> None:
        due = [row for row in self.rows if self._is_due(row)][:limit]
        with transaction(self.database) as session:
            claimed = deliveries.claim(session, self.now, self._name(worker), limit, channels=(self.channel,))
        assert [each.delivery.id for each in claimed] == [row.id for row in due]
        for row in due:
            assert not row.is_forbidden, "sent again though nobody may"
            row.state, row.worker = SENDING, worker
            row.lease_until = self.now + holding.LEASE
            self.claims.append((worker, row))

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def hears_that_it_arrived(self, data: st.DataObject) -> None:
        """Whoever sent it once may say so, however late."""
        worker, row = data.draw(st.sampled_from(self.claims))
        with transaction(self.database) as session:
            deliveries.mark_sent(session, row.id, self._name(worker), None, self.now)
        row.state, row.lease_until, row.is_forbidden = SENT, None, True

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), seconds=SECONDS)
    def hears_that_it_did_not(self, data: st.DataObject, seconds: int) -> None:
        later = self.now + timedelta(seconds=seconds)
        if row := self._says(data, lambda session, *who: deliveries.mark_ready(session, *who, later, "x", self.now)):
            row.doubts -= row.state is not SENDING
            row.state, row.worker, row.not_before, row.is_forbidden = READY, None, later, False

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def hears_that_it_never_will(self, data: st.DataObject) -> None:
        if row := self._says(data, lambda session, *who: deliveries.mark_failed(session, *who, "x", self.now)):
            row.doubts -= row.state is not SENDING
            row.state, row.worker, row.is_forbidden = FAILED, None, True

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), seconds=SECONDS)
    def hears_nothing(self, data: st.DataObject, seconds: int) -> None:
        later = self.now + timedelta(seconds=seconds)
        if row := self._says(
            data, lambda session, *who: deliveries.mark_in_doubt(session, *who, self.resend, later, "x", self.now)
        ):
            if row.state is SENDING:
                row.doubt(self.resend)
                row.not_before = later
            row.worker = None

    @precondition(lambda self: self.is_sending)
    @rule(worker=st.sampled_from("ab"))
    def dies(self, worker: str) -> None:
        self._release(self._name(worker), [row for row in self.rows if row.state is SENDING and row.worker == worker])

    @precondition(lambda self: self.is_sending)
    @rule(seconds=SECONDS)
    def expires(self, seconds: int) -> None:
        self.waits(seconds)
        late = [row for row in self.rows if row.state is SENDING and row.lease_until and row.lease_until < self.now]
        self._release(None, late)

    @precondition(lambda self: self.is_sending)
    @rule()
    def all_expire(self) -> None:
        self.expires(61)

    @precondition(lambda self: self.is_sending)
    @rule(worker=st.sampled_from("ab"))
    def lives(self, worker: str) -> None:
        """A worker prolongs all that it has."""
        with transaction(self.database) as session:
            deliveries.renew(session, [row.id for row in self.rows], self._name(worker), self.now)
        for row in self.rows:
            if row.state is SENDING and row.worker == worker:
                row.lease_until = self.now + holding.LEASE

    @precondition(lambda self: any(row.state in (UNCERTAIN, FAILED) for row in self.rows))
    @rule(data=st.data())
    def is_sent_again_by_a_person(self, data: st.DataObject) -> None:
        row = data.draw(st.sampled_from([row for row in self.rows if row.state in (UNCERTAIN, FAILED)]))
        with transaction(self.database) as session:
            deliveries.resend(session, row.id, OPERATOR, self.now)
        row.state, row.worker, row.not_before, row.is_forbidden = READY, None, self.now, False

    @invariant()
    def is_as_the_model_says(self) -> None:
        with reading(self.database) as session:
            for row in self.rows:
                stored = session.get_one(Delivery, row.id)
                assert (stored.state, stored.doubts) == (row.state, row.doubts), row

    @invariant()
    def sends_one_at_a_time_in_a_thread(self) -> None:
        under_way = [row.thread for row in self.rows if row.state is SENDING]
        assert len(under_way) == len(set(under_way))

    @property
    def is_sending(self) -> bool:
        return any(row.state is SENDING for row in self.rows)

    def _is_due(self, row: Row) -> bool:
        others = [each for each in self.rows if each.thread == row.thread and each is not row]
        is_behind = any(each.state is SENDING or (each.state is READY and each.id < row.id) for each in others)
        return row.state is READY and row.not_before <= self.now and not is_behind

    def _says(self, data: st.DataObject, tell: Callable[..., Any]) -> Row | None:
        """Let one who sent it tell what became of it: the row if it was still theirs to say."""
        worker, row = data.draw(st.sampled_from(self.claims))
        is_theirs = row.is_of(worker)
        with nullcontext() if is_theirs else pytest.raises(Stale), transaction(self.database) as session:
            tell(session, row.id, self._name(worker))
        return row if is_theirs else None

    def _release(self, worker: str | None, lost: list[Row]) -> None:
        with transaction(self.database) as session:
            released = self._released(session, worker)
        assert released >= len(lost)
        for row in lost:
            row.doubt(self.resend)

    def _released(self, session: Session, worker: str | None) -> int:
        return deliveries.release_worker(session, worker, self.now, {self.channel: self.resend})

    def _name(self, worker: str) -> str:
        """Workers of other runs are others."""
        return f"{self.channel}-{worker}"


def test_whatever_happens_deliveries_are_where_the_rules_say(database: Database) -> None:
    many = examples(20 if database.is_sqlite else 5)
    run_state_machine_as_test(
        lambda: Deliveries(database),
        settings=settings(
            max_examples=many,
            stateful_step_count=25,
            deadline=None,
            database=None,
            # Each failure in 25 steps is short enough to be read as it is; making it shorter takes minutes.
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )
