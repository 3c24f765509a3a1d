"""Who may do what."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from handoff.errors import NameTaken
from handoff.models import Role, Scope
from handoff.passwords import digest
from handoff.permissions import TABLE, Permission, allowed
from handoff.rows import id_of
from handoff.tokens import add_token, revoke_token, token_scope, touch_token
from store import Database, reading, transaction

pytestmark = pytest.mark.any_database

MATRIX = {
    Permission.ASK: "viewer agent editor admin",
    Permission.READ_TICKETS: "viewer agent editor admin",
    Permission.READ_ARTICLES: "viewer agent editor admin",
    Permission.WORK_TICKETS: "agent admin",
    Permission.EDIT_ARTICLES: "editor admin",
    Permission.AUDIT_ANSWERS: "agent editor admin",
    Permission.MANAGE_STAFF: "admin",
    Permission.READ_AUDIT: "admin",
    Permission.MANAGE_SYSTEM: "admin",
}


def test_each_role_may_do_what_the_table_says() -> None:
    assert set(MATRIX) == set(Permission)
    for permission, roles in MATRIX.items():
        assert [role.value for role in Role if allowed(role, permission)] == roles.split()


def test_a_token_may_do_what_the_role_of_its_scope_may() -> None:
    for scope in Scope:
        role = Role.VIEWER if scope is Scope.READ else Role(scope.value)
        assert TABLE[scope] == TABLE[role]


def test_a_token_is_shown_once_and_known_by_its_hash(database: Database, now: datetime) -> None:
    with transaction(database) as session:
        token = add_token(session, "zapier", Scope.AGENT, now)
    assert token.startswith("fl_")
    assert len(token) >= 3 + 43
    with reading(database) as session:
        row = token_scope(session, token, now)
    assert row is not None
    assert (row.name, row.scope, row.token_sha256) == ("zapier", Scope.AGENT, digest(token))


def test_an_unknown_token_opens_nothing(database: Database, now: datetime) -> None:
    with transaction(database) as session:
        add_token(session, "zapier", Scope.ADMIN, now)
    with reading(database) as session:
        for token in ("", "fl_", "fl_wrong", "zapier", "密码", "fl_\x00\ud800"):
            assert token_scope(session, token, now) is None


def test_a_revoked_token_opens_nothing(database: Database, now: datetime) -> None:
    with transaction(database) as session:
        token = add_token(session, "zapier", Scope.ADMIN, now)
        row = token_scope(session, token, now)
        assert row is not None
        revoke_token(session, id_of(row), now)
    with reading(database) as session:
        assert token_scope(session, token, now) is None


def test_a_name_is_given_once_and_is_not_empty(database: Database, now: datetime) -> None:
    with transaction(database) as session:
        add_token(session, "zapier", Scope.READ, now)
        for name in ("zapier", " zapier ", "  "):
            with pytest.raises(NameTaken):
                add_token(session, name, Scope.READ, now)


def test_when_a_token_was_last_used_is_kept_to_five_minutes(database: Database, now: datetime) -> None:
    with transaction(database) as session:
        row = token_scope(session, add_token(session, "zapier", Scope.READ, now), now)
        assert row is not None
        seen = []
        for minutes in (0, 4, 5):
            touch_token(session, id_of(row), now + timedelta(minutes=minutes))
            seen.append(row.last_used_at)
    assert seen == [now, now, now + timedelta(minutes=5)]
