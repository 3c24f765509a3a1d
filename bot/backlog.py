"""The inbox seen as a whole: what waits in it and for how long. Reads only, but for ``mend``."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, func, literal_column, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from bot.models import InboxRow, InboxState
from store.columns import enum_column

MOST = 1_000
"""Rows that may wait before those who can wait outside are asked to (see ``Valve``)."""
_STATE: Any = enum_column(InboxState)
_LONGEST_WAIT = timedelta(seconds=60)
"""No row is put off for longer than this."""


@dataclass(frozen=True)
class Figures:
    """How many rows there are in each state that is not the end of it, and how old the oldest of them is."""

    new: int
    """Wait for a turn, be it the first or another try, or for more words of their customer."""
    working: int
    parked: int
    oldest_seconds: float
    """Since the oldest row that is new or worked on came; 0 without one."""


def figures(session: Session, now: datetime) -> Figures:
    """What the inbox holds now."""
    counted = select(col(InboxRow.state), func.count(col(InboxRow.id))).where(is_unfinished())
    numbers = dict(session.exec(counted.group_by(col(InboxRow.state))).all())
    parked = select(func.count()).select_from(InboxRow).where(is_in(InboxState.PARKED))
    oldest = select(InboxRow.received_at).where(is_unfinished()).order_by(col(InboxRow.id)).limit(1)
    came = session.exec(oldest).first()
    return Figures(
        new=numbers.get(InboxState.NEW, 0),
        working=numbers.get(InboxState.WORKING, 0),
        parked=session.exec(parked).one(),
        oldest_seconds=max((now - came).total_seconds(), 0.0) if came else 0.0,
    )


def is_unfinished(row: type[InboxRow] = InboxRow) -> ColumnElement[bool]:
    """Spelled out rather than bound: only so do the databases know that their small indexes hold all of it."""
    return col(row.state).in_([_spelled(InboxState.NEW), _spelled(InboxState.WORKING)])


def is_in(state: InboxState, row: type[InboxRow] = InboxRow) -> ColumnElement[bool]:
    """Spelled out, as above."""
    return col(row.state) == _spelled(state)


def _spelled(state: InboxState) -> ColumnElement[InboxState]:
    return literal_column(f"'{state.value}'", _STATE)


def is_new(row: type[InboxRow] = InboxRow) -> ColumnElement[bool]:
    return is_in(InboxState.NEW, row)


def is_of(channels: Collection[str] | BindParameter[Any]) -> ColumnElement[bool]:
    """Whether a row is of one of ``channels``: most are, so no index shall be chosen for that."""
    return col(InboxRow.channel).concat("").in_(channels)


def comes_after(earlier: type[InboxRow], row: type[InboxRow] = InboxRow) -> ColumnElement[bool]:
    """Whether ``earlier`` is an unfinished row before ``row`` in its thread."""
    same = (col(earlier.channel) == col(row.channel)) & (col(earlier.thread_key) == col(row.thread_key))
    return same & (col(earlier.id) < col(row.id)) & is_unfinished(earlier)


def heads(session: Session, limit: int) -> Sequence[InboxRow]:
    """The oldest unfinished row of each thread, the oldest first: what everything behind it waits for."""
    earlier = aliased(InboxRow)
    is_behind = select(earlier.id).where(comes_after(earlier)).exists()
    query = select(InboxRow).where(is_unfinished(), ~is_behind)
    return session.exec(query.order_by(col(InboxRow.id)).limit(limit)).all()


def finished_of(session: Session, row_ids: Sequence[int]) -> int:
    """How many of these rows are dealt with by now, those not counted that were set aside."""
    if not row_ids:
        return 0
    query = select(func.count()).select_from(InboxRow)
    return session.exec(query.where(col(InboxRow.id).in_(row_ids), InboxRow.state == InboxState.DONE)).one()


def depth(session: Session, most: int) -> int:
    """How many rows are not dealt with yet; it is not counted beyond ``most``."""
    some = select(InboxRow.id).where(is_unfinished()).limit(most).subquery()
    return session.exec(select(func.count()).select_from(some)).one()


class Valve:
    """Whether more may be taken in from where it can wait as well. Once closed it opens at half of what closed it, so
    that it does not flutter."""

    def __init__(self, most: int | None = None) -> None:
        self._most = most or MOST
        self._is_open = True

    def is_open(self, session: Session) -> bool:
        waiting = depth(session, self._most)
        self._is_open = waiting < (self._most if self._is_open else self._most // 2)
        return self._is_open


def mend(session: Session, now: datetime) -> None:
    """After the clock was set back: let nothing wait for a moment that is further off than any we ever choose."""
    far = now + _LONGEST_WAIT
    put_off = update(InboxRow).where(is_new(), col(InboxRow.not_before) > far)
    session.execute(put_off.values(not_before=now), execution_options={"synchronize_session": False})
    leased = update(InboxRow).where(is_unfinished(), col(InboxRow.lease_until) > far)
    session.execute(leased.values(lease_until=far), execution_options={"synchronize_session": False})
