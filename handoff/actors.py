"""Who does something at the desk: a person of the staff, an API token or the operator."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session

from handoff.errors import NotAllowed
from handoff.models import Staff
from handoff.permissions import Permission, allowed


@dataclass(frozen=True)
class Actor:
    """``staff_id`` is None for an API token (``name`` is then the token's) and for the operator's command line."""

    staff_id: int | None
    name: str


OPERATOR = Actor(None, "operator")


def require(session: Session, actor: Actor, permission: Permission) -> None:
    """Raise NotAllowed unless ``actor`` still works here and may do it. A token's scope is checked by the API."""
    if actor.staff_id is None:
        return
    staff = session.get(Staff, actor.staff_id, populate_existing=True)
    if staff is None or staff.disabled_at is not None or not allowed(staff.role, permission):
        raise NotAllowed
