"""The audit as it is read: narrowed down, by page, with what was so before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from store import Database, audit, reading, transaction
from store.audit_log import Sought, entries, known

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def told(database: Database, sought: Sought, **more: int) -> list[str]:
    with reading(database) as session:
        return [entry.row.action for entry in entries(session, sought, 10, **more)]


def test_every_filter_narrows_and_pages_follow_each_other(database: Database) -> None:
    with transaction(database) as session:
        audit.record(session, "ann", "staff.added", "staff", 1, NOW)
        audit.record(session, "ann", "staff_like.wild", "other", 1, NOW + timedelta(days=1))
        audit.record(session, "bob", "staff.changed", "staff", 2, NOW + timedelta(days=2))
    assert told(database, Sought()) == ["staff.changed", "staff_like.wild", "staff.added"]
    assert told(database, Sought(actor="ann", kind="staff")) == ["staff.added"]
    assert told(database, Sought(action="staff.")) == ["staff.changed", "staff.added"]
    assert told(database, Sought(action="staff_")) == ["staff_like.wild"]
    assert told(database, Sought(subject_id=1)) == ["staff_like.wild", "staff.added"]
    assert told(database, Sought(since=NOW + timedelta(days=1), until=NOW + timedelta(days=2))) == ["staff_like.wild"]
    with reading(database) as session:
        newest = entries(session, Sought(), 1)[0].row.id or 0
        assert known(session)["actors"] == ["ann", "bob"]
    assert told(database, Sought(), below=newest) == ["staff_like.wild", "staff.added"]


def test_what_was_so_before_is_what_an_entry_says_or_what_an_earlier_one_said(database: Database) -> None:
    with transaction(database) as session:
        audit.record(session, "ann", "team.added", "team", 7, NOW, name="Front", topics=["login"])
        audit.record(session, "ann", "team.added", "team", 8, NOW, name="Back", topics=[])
        audit.record(session, "ann", "team.changed", "team", 7, NOW, name="Front", topics=["billing"])
        audit.record(session, "ann", "policy.changed", "rule", 7, NOW, clock="resolution", minutes=30, before=60)
        audit.record(session, "ann", "ticket.replied", "ticket", 7, NOW, message=1)
        audit.record(session, "ann", "ticket.replied", "ticket", 7, NOW, message=2)
    with reading(database) as session:
        before = [entry.before for entry in entries(session, Sought(), 10)]
        only_newest = entries(session, Sought(kind="team"), 1)[0]
    assert before == [{}, {}, {"minutes": 60}, {"topics": ["login"]}, {}, {}]
    assert only_newest.before == {"topics": ["login"]}
    assert "before" not in only_newest.told


def test_settings_are_told_apart_by_their_deed_alone(database: Database) -> None:
    with transaction(database) as session:
        audit.record(session, "ann", "surveys.changed", "setting", None, NOW, csat=True)
        audit.record(session, "ann", "stale_rules.set", "setting", None, NOW, csat=False)
        audit.record(session, "ann", "surveys.changed", "setting", None, NOW, csat=False)
    with reading(database) as session:
        before = [entry.before for entry in entries(session, Sought(), 10)]
    assert before == [{"csat": True}, {}, {}]
