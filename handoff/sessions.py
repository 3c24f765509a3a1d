"""Signed-in browsers of the staff: opaque tokens, kept as hashes, that end when idle or old."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from handoff.errors import BadEmail, BadSignIn, TooManySignIns
from handoff.models import Staff, StaffSession
from handoff.passwords import digest, is_password, new_token
from handoff.rows import id_of, rows_touched
from handoff.wording import normal_email
from store import audit

IDLE = timedelta(hours=12)
ABSOLUTE = timedelta(days=7)
# How coarsely "last seen" is kept: not every page view is worth a write.
TOUCH = timedelta(minutes=5)


class SignInPace:
    """How often somebody may try to sign in: ``limit`` times in ``window`` for each key (an e-mail, an address).

    One object for the process; it forgets everything when the process ends.
    """

    def __init__(self, limit: int = 5, window: timedelta = timedelta(minutes=1), most_keys: int = 10_000) -> None:
        self.limit, self.window, self.most_keys = limit, window, most_keys
        self._tries: dict[str, list[datetime]] = {}
        self._lock = threading.Lock()

    def check(self, key: str, now: datetime) -> None:
        """Count one try. Raises TooManySignIns when it is one too many."""
        key = key.strip().casefold()
        with self._lock:
            recent = [at for at in self._tries.pop(key, []) if now - at < self.window]
            if len(recent) < self.limit:
                recent.append(now)
                refused = False
            else:
                refused = True
            self._tries[key] = recent
            self._forget(now)
        if refused:
            raise TooManySignIns

    def _forget(self, now: datetime) -> None:
        """Keep at most ``most_keys``: the ones tried longest ago go first."""
        while len(self._tries) > self.most_keys:
            del self._tries[next(iter(self._tries))]


def sign_in(session: Session, email: str, password: str, now: datetime, *, replaces: str | None = None) -> str:
    """Check the password and start a session; see ``start_session``. Raises BadSignIn, the same for every cause.

    The check takes some 90 ms. A server calls ``check_password`` while reading and ``start_session`` in the
    transaction after it, so that guessing does not keep others from writing.
    """
    return start_session(session, check_password(session, email, password), now, replaces=replaces)


def check_password(session: Session, email: str, password: str) -> int:
    """The id of the staff member with this e-mail and password. Reads only. Raises BadSignIn.

    Unknown, switched off or without a password: each takes as long as a wrong password.
    """
    staff = _by_email(session, email)
    is_right = is_password(password, staff.password_hash if staff is not None else None)
    if staff is None or not is_right or staff.disabled_at is not None:
        raise BadSignIn
    return id_of(staff)


def start_session(session: Session, staff_id: int, now: datetime, *, replaces: str | None = None) -> str:
    """A new session's token, for the cookie. ``replaces``: the cookie that the browser came with, which ends here.

    Raises BadSignIn when the person was switched off meanwhile.
    """
    staff = session.get(Staff, staff_id, populate_existing=True)
    if staff is None or staff.disabled_at is not None:
        raise BadSignIn
    if replaces:
        sign_out(session, replaces)
    session.execute(delete(StaffSession).where(col(StaffSession.created_at) <= now - ABSOLUTE))
    token = new_token()
    session.add(StaffSession(token_sha256=digest(token), staff_id=staff_id, created_at=now, last_seen_at=now))
    session.flush()
    audit.record(session, staff.name, "staff.signed_in", "staff", staff_id, now)
    return token


def session_staff(session: Session, token: str, now: datetime) -> Staff | None:
    """Who is signed in with this token; None when nobody is, any more or at all. Reads only."""
    row = session.get(StaffSession, digest(token))
    if row is None or now - row.created_at >= ABSOLUTE or now - row.last_seen_at >= IDLE:
        return None
    staff = session.get(Staff, row.staff_id)
    return staff if staff is not None and staff.disabled_at is None else None


def touch_is_due(session: Session, token: str, now: datetime) -> bool:
    """Whether ``touch_session`` would change something. Reads only."""
    row = session.get(StaffSession, digest(token))
    return row is not None and now - row.last_seen_at >= TOUCH


def touch_session(session: Session, token: str, now: datetime) -> None:
    """Keep a session from ending as idle. Does not bring back one that has."""
    alive = (col(StaffSession.token_sha256) == digest(token), col(StaffSession.last_seen_at) > now - IDLE)
    rows_touched(session, update(StaffSession).where(*alive).values(last_seen_at=now))


def sign_out(session: Session, token: str) -> None:
    """End the session with this token, if there is one."""
    session.execute(delete(StaffSession).where(col(StaffSession.token_sha256) == digest(token)))


def _by_email(session: Session, email: str) -> Staff | None:
    try:
        address = normal_email(email)
    except BadEmail:
        return None
    return session.exec(select(Staff).where(Staff.email == address)).one_or_none()
