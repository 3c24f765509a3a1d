"""Staff: who works here, and the one-time links that let them choose a password."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, update
from sqlmodel import Session, col, select

from handoff.actors import OPERATOR, Actor, require
from handoff.errors import LinkExpired, NotAllowed, StaffNotFound, WorksHere
from handoff.models import Role, SignInLink, Staff, StaffSession
from handoff.passwords import digest, hash_password, new_token
from handoff.permissions import Permission
from handoff.rows import Lock, hold, id_of, rows_touched
from handoff.sessions import (
    check_password,
    session_staff,
    sign_in,
    sign_out,
    start_session,
    touch_is_due,
    touch_session,
)
from handoff.wording import clean, normal_email
from store import audit
from store.changes import note_change

__all__ = [
    "LINK_HOURS",
    "add_staff",
    "change_staff",
    "check_link",
    "check_password",
    "disable_staff",
    "enable_staff",
    "first_admin",
    "has_admin",
    "invite",
    "redeem",
    "session_staff",
    "set_password",
    "sign_in",
    "sign_in_link",
    "sign_out",
    "staff_by_email",
    "start_session",
    "touch_is_due",
    "touch_session",
]

LINK_HOURS = 72
"""How long a one-time link works."""


def add_staff(session: Session, email: str, name: str, role: Role, now: datetime, actor: Actor = OPERATOR) -> Staff:
    """Add a person, or give one who is here this name and role. They get in by ``sign_in_link``.

    Raises BadEmail, or NotAllowed for somebody who was switched off and for the last admin's role.
    """
    address, name = normal_email(email), " ".join(clean(name).split())[:120]
    staff = session.exec(select(Staff).where(Staff.email == address)).one_or_none()
    if staff is None:
        staff = Staff(email=address, name=name or address, role=role, created_at=now)
        session.add(staff)
    else:
        _change(session, staff, name or staff.name, role)
    session.flush()
    note_change(session, "staff", id_of(staff), now)
    audit.record(session, actor.name, "staff.added", "staff", id_of(staff), now, role=role.value, name=staff.name)
    return staff


def staff_by_email(session: Session, email: str) -> Staff:
    """Whoever signs in with this address. Raises BadEmail, StaffNotFound."""
    staff = session.exec(select(Staff).where(Staff.email == normal_email(email))).one_or_none()
    if staff is None:
        raise StaffNotFound(f"Nobody with the address {email} works here. See them all: firstline agent list.")
    return staff


def invite(
    session: Session, email: str, name: str, role: Role, now: datetime, actor: Actor = OPERATOR
) -> tuple[Staff, str]:
    """Add a person who is not here yet, and make the one-time link that lets them in: its token comes second.

    Raises BadEmail, WorksHere.
    """
    require(session, actor, Permission.MANAGE_STAFF)
    address = normal_email(email)
    if session.exec(select(Staff.id).where(Staff.email == address)).first() is not None:
        raise WorksHere
    staff = add_staff(session, address, name, role, now, actor)
    return staff, sign_in_link(session, id_of(staff), now, actor=actor)


def change_staff(
    session: Session, staff_id: int, name: str, role: Role, now: datetime, actor: Actor = OPERATOR
) -> Staff:
    """Give somebody another name or role; another role ends their sessions. Raises StaffNotFound, NotAllowed."""
    require(session, actor, Permission.MANAGE_STAFF)
    staff = _staff(session, staff_id)
    before = staff.role
    _change(session, staff, " ".join(clean(name).split())[:120] or staff.name, role)
    session.flush()
    note_change(session, "staff", staff_id, now)
    told = {"name": staff.name, "role": role.value, "before": before.value}
    audit.record(session, actor.name, "staff.changed", "staff", staff_id, now, **told)
    return staff


def enable_staff(session: Session, staff_id: int, now: datetime, actor: Actor = OPERATOR) -> Staff:
    """Let somebody in again whose access was switched off, with the password that they had. Raises StaffNotFound."""
    require(session, actor, Permission.MANAGE_STAFF)
    staff = _staff(session, staff_id)
    staff.disabled_at = None
    session.flush()
    note_change(session, "staff", staff_id, now)
    audit.record(session, actor.name, "staff.enabled", "staff", staff_id, now)
    return staff


def disable_staff(session: Session, staff_id: int, now: datetime, actor: Actor = OPERATOR) -> Staff:
    """Switch a person's access off, at once and everywhere; their tickets stay theirs.

    Raises StaffNotFound, and NotAllowed for the only admin.
    """
    staff = _staff(session, staff_id)
    _keep_an_admin(session, staff)
    staff.disabled_at = staff.disabled_at or now
    _end_sessions(session, staff_id)
    _void_links(session, staff_id, now)
    note_change(session, "staff", staff_id, now)
    audit.record(session, actor.name, "staff.disabled", "staff", staff_id, now)
    return staff


def sign_in_link(
    session: Session, staff_id: int | None, now: datetime, hours: int = LINK_HOURS, actor: Actor = OPERATOR
) -> str:
    """The token of a link that works once. A new one for the same person makes the earlier ones void.

    ``staff_id`` None: the link by which the first admin comes in.
    """
    if staff_id is not None:
        if _staff(session, staff_id).disabled_at is not None:
            raise NotAllowed("This person's access was switched off.")
        _void_links(session, staff_id, now)
    token = new_token()
    session.add(SignInLink(token_sha256=digest(token), staff_id=staff_id, expires_at=now + timedelta(hours=hours)))
    session.flush()
    audit.record(session, actor.name, "staff.link_made", "staff", staff_id, now)
    return token


def check_link(session: Session, token: str, now: datetime) -> SignInLink:
    """The link, still unused. Reads only, so that a preview of the page does not use it up. Raises LinkExpired."""
    link = session.get(SignInLink, digest(token))
    if link is None or link.used_at is not None or link.expires_at <= now:
        raise LinkExpired
    return link


def redeem(session: Session, token: str, now: datetime) -> Staff:
    """Use the link up and say whom it lets in: set their password and start their session next. Raises LinkExpired."""
    link = _use(session, token, now, col(SignInLink.staff_id).is_not(None))
    staff = session.get(Staff, link.staff_id)
    if staff is None or staff.disabled_at is not None:
        raise LinkExpired
    audit.record(session, staff.name, "staff.link_used", "staff", id_of(staff), now)
    return staff


def set_password(session: Session, staff_id: int, password: str, now: datetime) -> None:
    """Set a password of 12 to 200 characters and end all sessions of the person. Raises BadPassword, StaffNotFound.

    Takes some 90 ms: the caller who minds hashes before the transaction and calls ``set_password_hash``.
    """
    set_password_hash(session, staff_id, hash_password(password), now)


def set_password_hash(session: Session, staff_id: int, password_hash: str, now: datetime) -> None:
    """Keep a hash that ``handoff.passwords.hash_password`` made."""
    staff = _staff(session, staff_id)
    staff.password_hash = password_hash
    _end_sessions(session, staff_id)
    audit.record(session, staff.name, "staff.password_set", "staff", staff_id, now)


def has_admin(session: Session) -> bool:
    """Whether there is an admin whose access is not switched off."""
    query = select(Staff.id).where(Staff.role == Role.ADMIN, col(Staff.disabled_at).is_(None))
    return session.exec(query.limit(1)).first() is not None


def first_admin(session: Session, token: str, name: str, email: str, password: str, now: datetime) -> Staff:
    """Make the holder of the first admin's link that admin. Raises LinkExpired, also when there is an admin by now."""
    hold(session, Lock.FIRST_ADMIN)
    if has_admin(session):
        raise LinkExpired
    _use(session, token, now, col(SignInLink.staff_id).is_(None))
    staff = add_staff(session, email, name, Role.ADMIN, now)
    set_password(session, id_of(staff), password, now)
    return staff


def _use(session: Session, token: str, now: datetime, is_of_this_kind: ColumnElement[bool]) -> SignInLink:
    unused = update(SignInLink).where(
        col(SignInLink.token_sha256) == digest(token),
        col(SignInLink.used_at).is_(None),
        col(SignInLink.expires_at) > now,
        is_of_this_kind,
    )
    if rows_touched(session, unused.values(used_at=now)) != 1:
        raise LinkExpired
    return session.get_one(SignInLink, digest(token), populate_existing=True)


def _change(session: Session, staff: Staff, name: str, role: Role) -> None:
    if staff.disabled_at is not None:
        raise NotAllowed("This person's access was switched off.")
    if role is not staff.role:
        if role is not Role.ADMIN:
            _keep_an_admin(session, staff)
        # What a cookie could do until now must not outlive the role.
        _end_sessions(session, id_of(staff))
    staff.name, staff.role = name, role


def _keep_an_admin(session: Session, staff: Staff) -> None:
    hold(session, Lock.FIRST_ADMIN)
    others = select(Staff.id).where(
        Staff.role == Role.ADMIN, col(Staff.disabled_at).is_(None), col(Staff.id) != staff.id
    )
    if staff.role is Role.ADMIN and session.exec(others.limit(1)).first() is None:
        raise NotAllowed("This is the only admin. Make somebody else one first.")


def _staff(session: Session, staff_id: int) -> Staff:
    staff = session.get(Staff, staff_id)
    if staff is None:
        raise StaffNotFound
    return staff


def _end_sessions(session: Session, staff_id: int) -> None:
    session.execute(delete(StaffSession).where(col(StaffSession.staff_id) == staff_id))


def _void_links(session: Session, staff_id: int, now: datetime) -> None:
    open_links = update(SignInLink).where(col(SignInLink.staff_id) == staff_id, col(SignInLink.used_at).is_(None))
    rows_touched(session, open_links.values(used_at=now))
