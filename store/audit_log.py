"""Reading what ``store.audit`` wrote: newest first, by page, narrowed down to who, what, about what and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from store.models import Audit

RECENT = 10_000
"""How many entries back an earlier value is looked for: the audit is long, and has no index but its order."""
STATES = frozenset({"staff", "team", "calendar", "rule", "setting", "account", "topic", "macro", "saved_view"})
"""Kinds of things whose entries tell how they are from then on, so that two entries make a difference."""

_MEANT = {"staff.changed": "role", "policy.changed": "minutes"}
"""What ``before`` is about where neither it nor the deed's name says so."""


@dataclass(frozen=True)
class Sought:
    """Which entries are wanted; what is empty does not narrow. ``action`` counts with all that begins so: "staff."."""

    actor: str = ""
    action: str = ""
    kind: str = ""
    subject_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_everything(self) -> bool:
        return self == Sought()


@dataclass(frozen=True)
class Entry:
    """One entry. ``before``: what was recorded earlier of the values that are another now."""

    row: Audit
    before: dict[str, Any]

    @property
    def told(self) -> dict[str, Any]:
        """What the entry says, without what it says of before."""
        return {key: value for key, value in self.row.detail.items() if key != "before"}


def entries(session: Session, sought: Sought, limit: int, below: int | None = None) -> list[Entry]:
    """The newest ``limit`` entries that fit, of those with an id below ``below``."""
    found = rows(session, sought, limit, below)
    earlier = _earlier(session, found)
    return [Entry(row, _before(row, earlier.get(_thing(row), ()))) for row in found]


def rows(session: Session, sought: Sought, limit: int, below: int | None = None) -> Sequence[Audit]:
    """The same as they were written, without what was before."""
    wanted = _conditions(sought)
    if below is not None:
        wanted.append(col(Audit.id) < below)
    return session.exec(select(Audit).where(*wanted).order_by(col(Audit.id).desc()).limit(limit)).all()


def known(session: Session) -> dict[str, list[str]]:
    """What can be chosen from: {actors, actions, kinds} of the newest few thousand entries."""
    newest = select(Audit.actor, Audit.action, Audit.kind).order_by(col(Audit.id).desc()).limit(2000)
    found = session.exec(newest).all()
    columns = [sorted(set(column)) for column in zip(*found, strict=True)] or [[], [], []]
    return dict(zip(("actors", "actions", "kinds"), columns, strict=True))


def _conditions(sought: Sought) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if sought.actor:
        found.append(col(Audit.actor) == sought.actor)
    if sought.action:
        found.append(col(Audit.action).startswith(sought.action, autoescape=True))
    if sought.kind:
        found.append(col(Audit.kind) == sought.kind)
    if sought.subject_id is not None:
        found.append(col(Audit.subject_id) == sought.subject_id)
    if sought.since is not None:
        found.append(col(Audit.at) >= sought.since)
    if sought.until is not None:
        found.append(col(Audit.at) < sought.until)
    return found


def _thing(row: Audit) -> tuple[str, int | None, str]:
    """What an entry is about. Settings have no id: their deed names them."""
    return row.kind, row.subject_id, row.action if row.subject_id is None else ""


def _earlier(session: Session, shown: Sequence[Audit]) -> dict[tuple[str, int | None, str], list[Audit]]:
    """Entries of the same things, newest first, as far back as it is worth looking."""
    about = [row for row in shown if row.kind in STATES and row.id is not None]
    if not about:
        return {}
    ids = [row.id for row in about if row.id is not None]
    subjects = {row.subject_id for row in about if row.subject_id is not None}
    query = select(Audit).where(
        col(Audit.id) >= min(ids) - RECENT,
        col(Audit.id) < max(ids),
        col(Audit.kind).in_({row.kind for row in about}),
        col(Audit.subject_id).in_(subjects) | col(Audit.subject_id).is_(None),
    )
    wanted, found = {_thing(row) for row in about}, dict[tuple[str, int | None, str], list[Audit]]()
    for row in session.exec(query.order_by(col(Audit.id).desc())):
        if _thing(row) in wanted:
            found.setdefault(_thing(row), []).append(row)
    return found


def _before(row: Audit, earlier: Sequence[Audit]) -> dict[str, Any]:
    """What was so before, of what the entry tells: by its own word, else by the newest earlier entry that told it."""
    known: dict[str, Any] = {}
    for one in earlier:
        if (one.id or 0) < (row.id or 0):
            known = one.detail | known
    differs = {key: known[key] for key in row.detail if key in known and known[key] != row.detail[key]}
    said = row.detail.get("before")
    own = said if isinstance(said, dict) else {} if said is None else {_changed(row): said}
    differs.pop("before", None)
    return {key: value for key, value in (differs | own).items() if row.detail.get(key) != value or key == "before"}


def _changed(row: Audit) -> str:
    """The value that a lone ``before`` is about: the one that the deed is named after."""
    words = row.action.rpartition(".")[2]
    named = (key for key in row.detail if key != "before" and key.removesuffix("s") in words)
    return _MEANT.get(row.action) or next(named, "before")
