"""Settings that several processes write at once: nobody fails, and what grows loses nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from sqlalchemy import event
from sqlmodel import select

from handoff.copies import can_mail, use_mail
from store import Database, reading, settings, transaction
from store.models import Setting

AT_ONCE = 6


def test_servers_that_start_at_once_all_say_whether_mail_goes(database: Database) -> None:
    # On PostgreSQL all of them are about to write before the first does; SQLite lets one at a time come so far.
    is_postgres = database.writer.dialect.name == "postgresql"
    about_to_write = Barrier(AT_ONCE if is_postgres else 1)

    def wait(_c: object, _cursor: object, statement: str, *_more: object) -> None:
        if statement.startswith("INSERT INTO setting"):
            about_to_write.wait(30)

    def start(_: int) -> None:
        with transaction(database) as session:
            use_mail(session, True)

    event.listen(database.writer, "before_cursor_execute", wait)
    try:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(start, range(AT_ONCE)))
    finally:
        event.remove(database.writer, "before_cursor_execute", wait)
    with reading(database) as session:
        assert can_mail(session)


def test_a_value_that_grows_from_what_it_was_loses_nothing_of_many_at_once(database: Database) -> None:
    begun = Barrier(AT_ONCE)

    def count_up(_: int) -> None:
        begun.wait(30)
        with transaction(database) as session:
            counted = settings.held(session, "counted", {"n": 0})["n"]
            settings.keep(session, "counted", {"n": counted + 1})

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(count_up, range(AT_ONCE)))
    with reading(database) as session:
        assert session.get_one(Setting, "counted").value == {"n": AT_ONCE}


def test_what_is_kept_is_read_at_once_by_who_had_read_it_before(database: Database) -> None:
    with transaction(database) as session:
        settings.keep(session, "name", {"is": "old"})
        row = session.get_one(Setting, "name")
        assert row.value == {"is": "old"}
        settings.keep(session, "name", {"is": "new"})
        assert row.value == {"is": "new"}
        settings.keep_first(session, "name", {"is": "late"})
    with reading(database) as session:
        assert [row.value for row in session.exec(select(Setting))] == [{"is": "new"}]
