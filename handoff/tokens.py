"""Keys to the API: shown once, kept as hashes, revoked by name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from handoff.actors import OPERATOR, Actor, require
from handoff.errors import NameTaken
from handoff.models import ApiToken, Scope
from handoff.passwords import digest, new_token
from handoff.permissions import Permission
from handoff.rows import id_of
from handoff.wording import clean
from store import audit

# So that secret scanners, and people, recognise one.
PREFIX = "fl_"
TOUCH = timedelta(minutes=5)


def add_token(session: Session, name: str, scope: Scope, now: datetime, actor: Actor = OPERATOR) -> str:
    """Make a token and return it: nobody can see it again. Raises NameTaken, NotAllowed."""
    require(session, actor, Permission.MANAGE_STAFF)
    name = " ".join(clean(name).split())[:120]
    if not name:
        raise NameTaken("A token needs a name.")
    if session.exec(select(ApiToken).where(ApiToken.name == name)).first() is not None:
        raise NameTaken(f"There is a token {name!r} already. Choose another name.")
    token = PREFIX + new_token()
    row = ApiToken(name=name, scope=scope, token_sha256=digest(token), created_at=now)
    session.add(row)
    session.flush()
    audit.record(session, actor.name, "token.added", "token", id_of(row), now, name=name, scope=scope.value)
    return token


def tokens(session: Session) -> Sequence[ApiToken]:
    """All that were ever made, those in use first, the newest first. Reads only."""
    newest = col(ApiToken.revoked_at).is_not(None), col(ApiToken.id).desc()
    return session.exec(select(ApiToken).order_by(*newest)).all()


def token_scope(session: Session, token: str, now: datetime) -> ApiToken | None:
    """The token's row, with its scope; None when it is unknown or revoked. Reads only; see ``touch_token``."""
    if not token.startswith(PREFIX):
        return None
    row = session.exec(select(ApiToken).where(ApiToken.token_sha256 == digest(token))).one_or_none()
    return row if row is not None and (row.revoked_at is None or row.revoked_at > now) else None


def touch_token(session: Session, token_id: int, now: datetime) -> None:
    """Keep when it was last used, to five minutes."""
    row = session.get_one(ApiToken, token_id)
    if row.last_used_at is None or now - row.last_used_at >= TOUCH:
        row.last_used_at = now
        session.flush()


def revoke_token(session: Session, token_id: int, now: datetime, actor: Actor = OPERATOR) -> None:
    """Make the token void from now on. Raises NotAllowed."""
    require(session, actor, Permission.MANAGE_STAFF)
    row = session.get_one(ApiToken, token_id)
    row.revoked_at = row.revoked_at or now
    audit.record(session, actor.name, "token.revoked", "token", token_id, now, name=row.name)
