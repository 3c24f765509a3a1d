"""Views of the inbox that somebody saved: their own, and those that everybody has."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, or_
from sqlmodel import Session, col, select

from handoff.actors import Actor, require
from handoff.errors import NameTaken, NotAllowed, TooManyViews, ViewNameNeeded, ViewNotFound
from handoff.models import Staff
from handoff.permissions import Permission, allowed
from handoff.rows import id_of
from handoff.wording import clean
from handoff.workplace.filters import Filters, read
from handoff.workplace.models import SavedView
from store import audit
from store.changes import note_change

LONGEST_NAME, MOST = 64, 20
SHARES = Permission.MANAGE_SYSTEM
"""Who makes and changes the views that everybody has."""


def views_of(session: Session, staff_id: int) -> Sequence[SavedView]:
    """Everybody's and then their own, each in its order."""
    query = select(SavedView).where(or_(col(SavedView.staff_id).is_(None), col(SavedView.staff_id) == staff_id))
    mine = col(SavedView.staff_id).is_not(None)
    return session.exec(query.order_by(mine, col(SavedView.position), col(SavedView.id))).all()


def view_of(session: Session, view_id: int, staff_id: int) -> SavedView:
    """One of those that ``staff_id`` has. Raises ViewNotFound, for a colleague's own as well."""
    view = session.get(SavedView, view_id)
    if view is None or view.staff_id not in (None, staff_id):
        raise ViewNotFound
    return view


def filters_of(view: SavedView) -> Filters:
    """What the view shows. Raises BadFilter where it was saved by a version that could filter by more."""
    return read((name, value) for name, values in view.filters.items() for value in values)


def may_change(view: SavedView, staff: Staff) -> bool:
    return view.staff_id == staff.id if view.staff_id is not None else allowed(staff.role, SHARES)


def save(session: Session, name: str, filters: Filters, actor: Actor, now: datetime, *, shared: bool) -> SavedView:
    """A new view of the actor's own, or a ``shared`` one of everybody's. Raises NameTaken, TooManyViews."""
    require(session, actor, SHARES if shared else Permission.READ_TICKETS)
    if actor.staff_id is None and not shared:
        raise NotAllowed
    staff_id = None if shared else actor.staff_id
    called, others = _name(name), _beside(session, staff_id)
    _refuse_taken(called, others)
    if len(others) >= MOST:
        raise TooManyViews
    kept = {each: list(values) for each, values in filters.items()}
    view = SavedView(name=called, staff_id=staff_id, filters=kept, position=_last(others) + 1)
    session.add(view)
    session.flush()
    _leave_trace(session, view, "saved", actor, now)
    return view


def change(session: Session, view_id: int, actor: Actor, now: datetime, *, filters: Filters) -> SavedView:
    """Let the view show something else. Raises ViewNotFound, NotAllowed."""
    view = _own(session, view_id, actor)
    view.filters = {each: list(values) for each, values in filters.items()}
    _leave_trace(session, view, "changed", actor, now)
    return view


def rename(session: Session, view_id: int, name: str, actor: Actor, now: datetime) -> SavedView:
    """Raises ViewNameNeeded, NameTaken, ViewNotFound, NotAllowed."""
    view, called = _own(session, view_id, actor), _name(name)
    _refuse_taken(called, [one for one in _beside(session, view.staff_id) if one.id != view.id])
    view.name = called
    _leave_trace(session, view, "renamed", actor, now)
    return view


def move_up(session: Session, view_id: int, actor: Actor, now: datetime) -> None:
    """Let it change places with the one above it. Raises ViewNotFound, NotAllowed."""
    view = _own(session, view_id, actor)
    others = list(_beside(session, view.staff_id))
    place = next(place for place, one in enumerate(others) if one.id == view.id)
    if place:
        others[place - 1 : place + 1] = [view, others[place - 1]]
        for position, one in enumerate(others):
            one.position = position
        _leave_trace(session, view, "moved", actor, now)


def remove(session: Session, view_id: int, actor: Actor, now: datetime) -> None:
    """Raises ViewNotFound, NotAllowed."""
    view = _own(session, view_id, actor)
    _leave_trace(session, view, "removed", actor, now)
    session.delete(view)
    session.flush()


def _own(session: Session, view_id: int, actor: Actor) -> SavedView:
    """The view, for somebody who may change it."""
    view = view_of(session, view_id, actor.staff_id or 0)
    require(session, actor, SHARES if view.staff_id is None else Permission.READ_TICKETS)
    return view


def _beside(session: Session, staff_id: int | None) -> Sequence[SavedView]:
    """All that belong to the same: one person, or everybody."""
    whose: ColumnElement[bool] = col(SavedView.staff_id).is_not_distinct_from(staff_id)
    return session.exec(select(SavedView).where(whose).order_by(col(SavedView.position), col(SavedView.id))).all()


def _refuse_taken(name: str, others: Sequence[SavedView]) -> None:
    if name.casefold() in {one.name.casefold() for one in others}:
        raise NameTaken


def _last(others: Sequence[SavedView]) -> int:
    return max((one.position for one in others), default=-1)


def _name(name: str) -> str:
    called = " ".join(clean(name).split())
    if not 0 < len(called) <= LONGEST_NAME:
        raise ViewNameNeeded
    return called


def _leave_trace(session: Session, view: SavedView, deed: str, actor: Actor, now: datetime) -> None:
    session.flush()
    told = {"name": view.name, "shared": view.staff_id is None, "filters": dict(view.filters)}
    audit.record(session, actor.name, f"view.{deed}", "saved_view", id_of(view), now, **told)
    note_change(session, "saved_view", id_of(view), now)
