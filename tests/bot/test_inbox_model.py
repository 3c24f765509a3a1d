"""Arrival, claim, outcome and expiry of inbox rows in any order, held against a model that is a list of values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count

from deeper import examples
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlmodel import select

from bot import inbox
from bot.models import InboxRow, InboxState
from store import Database, reading, transaction
from store.changes import noted

NEW, WORKING, DONE, PARKED = InboxState.NEW, InboxState.WORKING, InboxState.DONE, InboxState.PARKED
START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SECONDS = st.sampled_from([1, 30, 61])
WORKERS = st.sampled_from("ab")
_channels = count(1)


@dataclass
class Row:
    """What is known of one event."""

    id: int
    thread: str
    not_before: datetime
    state: InboxState = NEW
    worker: str | None = None
    lease_until: datetime | None = None
    heard_to: int | None = None
    attempts: int = 0
    effects: int = 0


class Inbox(RuleBasedStateMachine):
    """Two threads of one channel, two workers, and a clock that is handed in."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self.database = database
        self.channel = f"c{next(_channels)}"
        self.now = START
        self.rows: dict[str, Row] = {}
        self.claims: list[tuple[str, Row, InboxRow]] = []

    @rule(thread=st.sampled_from("xy"), number=st.integers(0, 12))
    def hears(self, thread: str, number: int) -> None:
        """An event comes, perhaps not for the first time."""
        key = f"{thread}{number}"
        with transaction(self.database) as session:
            is_new = inbox.accept(session, self.channel, key, thread, {}, self.now)
        assert is_new == (key not in self.rows)
        if is_new:
            self._is_there(key, thread)

    @rule(thread=st.sampled_from("xy"), number=st.integers(13, 20), worker=WORKERS)
    def hears_and_begins(self, thread: str, number: int, worker: str) -> None:
        """Who keeps an event begins with it in the same transaction, unless something of its thread comes first."""
        key = f"{thread}{number}"
        if key in self.rows:
            return
        with transaction(self.database) as session:
            inbox.accept(session, self.channel, key, thread, {}, self.now)
            row_id = noted(session, "inbox")
            taken = inbox.claim_new(session, self._name(worker), self.now, row_id, 1, channels=(self.channel,))
        row = self._is_there(key, thread)
        assert [each.id for each in taken] == [row.id] * self._is_due(row)
        for each in taken:
            self._begins(row, worker, each)

    def _is_there(self, key: str, thread: str) -> Row:
        with reading(self.database) as session:
            query = select(InboxRow).where(InboxRow.channel == self.channel, InboxRow.event_key == key)
            self.rows[key] = Row(session.exec(query).one().id or 0, thread, self.now)
        return self.rows[key]

    def _begins(self, row: Row, worker: str, stored: InboxRow) -> None:
        row.state, row.worker, row.lease_until = WORKING, worker, self.now + inbox.LEASE
        row.attempts += 1
        self.claims.append((worker, row, stored))

    @rule(seconds=SECONDS)
    def waits(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @precondition(lambda self: self.rows)
    @rule(worker=WORKERS, limit=st.integers(1, 3))
    def claims_some(self, worker: str, limit: int) -> None:
        due = [row for row in self._in_order() if self._is_due(row)][:limit]
        with transaction(self.database) as session:
            taken = inbox.claim_some(session, self._name(worker), self.now, limit, channels=(self.channel,))
        assert [each.id for each in taken] == [row.id for row in due]
        for row, each in zip(due, taken, strict=True):
            self._begins(row, worker, each)

    @precondition(lambda self: self.is_working)
    @rule(worker=WORKERS)
    def takes_what_expired(self, worker: str) -> None:
        """Whoever had it may still come to an end with it."""
        self.waits(61)
        self.claims_some(worker, 3)

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def finishes(self, data: st.DataObject) -> None:
        worker, row, _ = data.draw(st.sampled_from(self.claims))
        is_theirs = self._is_of(row, worker)
        with transaction(self.database) as session:
            assert inbox.finish(session, row.id, self._name(worker)) == is_theirs
        if is_theirs:
            self._moves(row, DONE)
            row.effects += 1

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), seconds=SECONDS)
    def holds_for_more(self, data: st.DataObject, seconds: int) -> None:
        worker, row, stored = data.draw(st.sampled_from(self.claims))
        until, heard_to = self.now + timedelta(seconds=seconds), max(each.id for each in self.rows.values())
        is_theirs = self._is_of(row, worker)
        with transaction(self.database) as session:
            assert inbox.hold(session, stored, self._name(worker), until, heard_to) == is_theirs
        if is_theirs:
            self._moves(row, NEW)
            row.not_before, row.heard_to, row.attempts = until, heard_to, stored.attempts - 1

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def fails(self, data: st.DataObject) -> None:
        worker, row, stored = data.draw(st.sampled_from(self.claims))
        is_theirs = self._is_of(row, worker)
        with transaction(self.database) as session:
            assert inbox.put_back(session, stored, self._name(worker), "x", self.now) == is_theirs
        if is_theirs:
            self._moves(row, NEW)
            row.not_before, row.heard_to = self.now + timedelta(seconds=2 ** (stored.attempts - 1)), None

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def is_set_aside(self, data: st.DataObject) -> None:
        worker, row, stored = data.draw(st.sampled_from(self.claims))
        is_as_it_was = self._is_of(row, worker) and stored.attempts == row.attempts
        with transaction(self.database) as session:
            assert inbox.take_away(session, stored, "x") == is_as_it_was
        if is_as_it_was:
            self._moves(row, PARKED)

    @precondition(lambda self: self.is_working)
    @rule(worker=WORKERS)
    def dies(self, worker: str) -> None:
        with transaction(self.database) as session:
            inbox.release(session, self._name(worker))
        for row in self.rows.values():
            if self._is_of(row, worker):
                self._moves(row, NEW)

    @precondition(lambda self: self.is_working)
    @rule(worker=WORKERS)
    def lives(self, worker: str) -> None:
        """A worker prolongs all that it has."""
        with transaction(self.database) as session:
            inbox.renew(session, self._name(worker), [row.id for row in self.rows.values()], self.now)
        for row in self.rows.values():
            if self._is_of(row, worker):
                row.lease_until = self.now + inbox.LEASE

    @precondition(lambda self: any(row.state is PARKED for row in self.rows.values()))
    @rule(data=st.data())
    def is_replayed(self, data: st.DataObject) -> None:
        row = data.draw(st.sampled_from([row for row in self.rows.values() if row.state is PARKED]))
        with transaction(self.database) as session:
            assert inbox.give_again(session, row.id, self.now)
        row.state, row.not_before, row.heard_to, row.attempts = NEW, self.now, None, 0

    @invariant()
    def is_as_the_model_says(self) -> None:
        with reading(self.database) as session:
            for row in self.rows.values():
                stored = session.get_one(InboxRow, row.id)
                assert (stored.state, stored.attempts) == (row.state, row.attempts), row

    @invariant()
    def has_one_effect_at_most(self) -> None:
        assert all(row.effects <= 1 for row in self.rows.values())

    @invariant()
    def works_on_one_at_a_time_in_a_thread(self) -> None:
        under_way = [row.thread for row in self.rows.values() if row.state is WORKING and not self._has_expired(row)]
        assert len(under_way) == len(set(under_way))

    @property
    def is_working(self) -> bool:
        return any(row.state is WORKING for row in self.rows.values())

    def _in_order(self) -> list[Row]:
        return sorted(self.rows.values(), key=lambda row: row.id)

    def _is_due(self, row: Row) -> bool:
        others = [each for each in self.rows.values() if each.thread == row.thread and each is not row]
        is_behind = any(each.state in (NEW, WORKING) and each.id < row.id for each in others)
        is_busy = any(each.state is WORKING and not self._has_expired(each) for each in others)
        has_more = row.heard_to is not None and any(each.id > row.heard_to for each in others)
        is_new = row.state is NEW and (row.not_before <= self.now or has_more)
        return (is_new or self._has_expired(row)) and not is_behind and not is_busy

    def _has_expired(self, row: Row) -> bool:
        return row.state is WORKING and row.lease_until is not None and row.lease_until < self.now

    def _is_of(self, row: Row, worker: str) -> bool:
        return row.state is WORKING and row.worker == worker

    def _moves(self, row: Row, state: InboxState) -> None:
        row.state, row.worker, row.lease_until = state, None, None

    def _name(self, worker: str) -> str:
        """Workers of other runs are others."""
        return f"{self.channel}-{worker}"


def test_whatever_happens_inbox_rows_are_where_the_rules_say(database: Database) -> None:
    many = examples(20 if database.is_sqlite else 5)
    run_state_machine_as_test(
        lambda: Inbox(database),
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
