"""The engine and the two ways through it: ``transaction`` to write, ``reading`` to read."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, ExceptionContext, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session

from store.absence import Absence
from store.changes import flush_changes
from store.columns import storable
from store.errors import StoreError
from store.prepared import WIRE, run_plainly, told_plainly
from store.sentences import sentences
from store.syncing import Disk

SQLITE_SETTINGS = (
    "busy_timeout=10000",
    "journal_mode=WAL",
    # A commit alone does not wait for the disk: ``transaction`` does, for several at a time (see store.syncing).
    "synchronous=NORMAL",
    "foreign_keys=ON",
    "journal_size_limit=67108864",
    "temp_store=MEMORY",
    "trusted_schema=OFF",
)
# There is one writer but as many readers as threads, so only the writer gets a large page cache (KiB). What is not in
# it is in the system's: a larger one is no faster, and takes longer to fill, as if something leaked.
SQLITE_WRITER = (*SQLITE_SETTINGS, "cache_size=-16384")
SQLITE_READER = (*SQLITE_SETTINGS, "cache_size=-8192", "query_only=ON")
HURRIED_MS = 500
RESTS_SECONDS = 1.0
ENDED = ("57P0", "08", "25P03")
"""With these codes PostgreSQL ends a connection: it stops, crashed, starts, or a transaction rested for too long."""
POSTGRES_SETTINGS = "-c statement_timeout=15000 -c idle_in_transaction_session_timeout=30000 -c lock_timeout=5000"

# A server that went without a word (its machine lost power, another one has its address) is noticed after some 20
# seconds: else whoever waits for its answer waits for two hours, as long as Linux does.
NOTICES_SILENCE = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 20_000,
}


@dataclass
class Database:
    """One database, opened once per process. Printing it never shows the password of its ``url``."""

    url: str = field(repr=False)
    writer: Engine
    reader: Engine
    glance: Engine
    # SQLite has one writer at a time; queueing for it here costs nothing, its own busy handler sleeps and polls.
    gate: threading.Lock | None
    # What a commit on SQLite waits for; None where the database sees to it, or nobody wants to wait.
    disk: Disk | None = None
    # Called with the newest change's id and the kinds of all after a commit that had visible ones, so that loops in
    # this process wake at once and need not ask. They must not raise.
    on_commit: list[Callable[[int, frozenset[str]], None]] = field(default_factory=list)
    # Called at the end of each transaction, within it: may write, and return what is to be done after it, told whether
    # it was committed (False: not, or nobody knows). That must not raise, and tells nobody outside before ``settle``.
    before_commit: list[Callable[[Session], Callable[[bool], None] | None]] = field(default_factory=list)
    # What the loops of this process say that cannot get at it, so that the log has it once.
    absence: Absence = field(default_factory=Absence, repr=False)
    _thread: threading.local = field(default_factory=threading.local, repr=False)

    @property
    def is_sqlite(self) -> bool:
        return self.writer.dialect.name == "sqlite"

    def settle(self) -> None:
        """Return once all that was committed in here is on the disk, however little its transaction cared."""
        if self.disk is not None:
            with sentences():
                self.disk.wait()

    def hurry(self) -> None:
        """Wait half a second at most, from now on, for a lock that another program has: this process is to end."""
        if self.is_sqlite:
            event.listen(self.writer, "checkout", _hurry)

    def close(self) -> None:
        self.writer.dispose()
        self.reader.dispose()


def open_database(url: str) -> Database:
    """Open ``url``: ``sqlite:///path``, ``postgresql://…`` or ``postgres://…``. Nothing is read yet: see ``migrate``.

    Raises StoreError with a sentence for an address that is neither.
    """
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite":
        Path(parsed.database or "").parent.mkdir(parents=True, exist_ok=True)
        writer = _sqlite_engine(parsed, "BEGIN IMMEDIATE", SQLITE_WRITER)
        disk = Disk(Path(parsed.database or "")) if "synchronous=NORMAL" in SQLITE_WRITER else None
        reader = _sqlite_engine(parsed, "BEGIN", SQLITE_READER)
        return Database(url, writer, reader, reader, threading.Lock(), disk)
    writer = _postgres_engine(parsed)
    # The same snapshot for the whole block, as SQLite gives it; the pool is shared.
    reader = writer.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    glance = writer.execution_options(isolation_level="AUTOCOMMIT")
    return Database(parsed.render_as_string(hide_password=False), writer, reader, glance, None)


def parse_url(url: str) -> URL:
    """``url`` with the driver we use. Raises StoreError, without repeating a password, when we cannot use it."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        # Not "from": the cause may hold the text of the address, and with it a password.
        raise StoreError(
            "FIRSTLINE_DATABASE_URL cannot be read. Write sqlite:///path or postgresql://user:password@host/name."
        ) from None
    if parsed.drivername in ("postgres", "postgresql", "postgresql+psycopg"):
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername in ("sqlite", "sqlite+pysqlite"):
        if parsed.database in (None, "", ":memory:"):
            raise StoreError("A database in memory would be lost: give FIRSTLINE_DATABASE_URL a file, sqlite:///path.")
        return parsed
    raise StoreError(f"Firstline runs on SQLite or PostgreSQL, not {parsed.drivername}. Change FIRSTLINE_DATABASE_URL.")


@contextmanager
def transaction(database: Database, *, is_lasting: bool = True) -> Iterator[Session]:
    """A session whose work is committed when the block ends and rolled back when it raises.

    Never send anything to anybody inside: the block may be rolled back, the words could not. Rows stay readable after
    it. Raises DiskFull, DatabaseBusy or DatabaseUnreachable, each a sentence for an operator.

    Not ``is_lasting``: what a power cut may take away together with whatever follows from it, as a claim of work that
    is done again then. SQLite alone makes the difference; a process that is killed takes nothing away.
    """
    then: list[Callable[[bool], None]] = []
    with sentences():
        try:
            with _turn(database), Session(database.writer, expire_on_commit=False) as session, session.begin():
                yield session
                session.flush()
                for look in tuple(database.before_commit):
                    if (go_on := look(session)) is not None:
                        then.append(go_on)
                newest, kinds = flush_changes(session)
        except BaseException:
            for go_on in then:
                go_on(False)
            raise
        if newest:
            # Before the disk has it: whoever goes on with it in here tells nobody outside before it has.
            for tell in tuple(database.on_commit):
                tell(newest, kinds)
        for go_on in then:
            go_on(True)
        if is_lasting:
            database.settle()


@contextmanager
def reading(database: Database) -> Iterator[Session]:
    """A session for reading one snapshot; a write raises. Rows stay readable after the block."""
    with sentences(), Session(database.reader, expire_on_commit=False, autoflush=False) as session:
        yield session
        if not database.is_sqlite and session.in_transaction():
            # Where the session would roll back, which takes the driver longer.
            _commit(session.connection())


@contextmanager
def glancing(database: Database) -> Iterator[Session]:
    """A session for one statement that reads: no snapshot is held, which spares PostgreSQL two of three ways there
    and back."""
    with sentences(), Session(database.glance, expire_on_commit=False, autoflush=False) as session:
        yield session


@contextmanager
def _turn(database: Database) -> Iterator[None]:
    """This thread's turn to write. A second transaction inside the first would wait for it for ever, so it raises."""
    thread = database._thread
    if getattr(thread, "writes", False):
        raise RuntimeError("a transaction is already open in this thread: pass its session instead of opening another")
    if database.gate is not None:
        database.gate.acquire()
    thread.writes = True
    try:
        yield
    finally:
        thread.writes = False
        if database.gate is not None:
            database.gate.release()


def _postgres_engine(url: URL) -> Engine:
    # What the address itself says wins.
    settings = {
        "connect_timeout": 5,
        "prepare_threshold": None,
        "options": POSTGRES_SETTINGS,
        **NOTICES_SILENCE,
    }
    engine = create_engine(
        url,
        pool_size=10,
        max_overflow=10,
        pool_timeout=10,
        pool_recycle=1800,
        # An error would else print what customers wrote, in the log.
        hide_parameters=True,
        json_serializer=dump_json,
        connect_args={name: value for name, value in settings.items() if name not in url.query},
    )
    _open_wires(engine)
    _ping_what_rested(engine)
    event.listen(engine, "handle_error", _tell_what_is_lost)
    return engine


def _tell_what_is_lost(context: ExceptionContext) -> None:
    """A connection whose server is gone takes all others out of the pool. The driver notices when a connection was
    closed properly; after a crash it may say so one statement later, and each connection would cost somebody a try."""
    from psycopg import DatabaseError, OperationalError

    error = context.original_exception
    code = getattr(error, "sqlstate", None)
    # Without a code it is the driver's library that speaks, which did not reach the server; other classes are values
    # that the driver cannot write.
    is_cut = type(error) in (DatabaseError, OperationalError) if code is None else code.startswith(ENDED)
    if context.connection is not None and is_cut:
        context.is_disconnect = True


def _open_wires(engine: Engine) -> None:
    """Transactions, and the statements that every message needs (``store.prepared``), go past the driver's cursors.
    Those statements are parsed and planned once a connection: that was half of what PostgreSQL did for a message. All
    others are planned for their values, each time.

    A pooler that hands out another server process per transaction (PgBouncer) does not know what was prepared on the
    last one. Who is behind one is told another process's number than the process itself tells.
    """
    from store.wires import Wire

    @event.listens_for(engine, "connect")
    def open_wire(connection: Any, record: ConnectionPoolEntry) -> None:
        row = connection.execute("SELECT pg_backend_pid()").fetchone()
        connection.rollback()
        record.info[WIRE] = Wire(connection, prepares=row is not None and row[0] == connection.info.backend_pid)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        told_plainly(connection, "BEGIN", connection.info[WIRE].begin)

    event.listen(engine, "commit", _commit)


def _commit(connection: Connection) -> None:
    told_plainly(connection, "COMMIT", connection.info[WIRE].commit)


def _ping_what_rested(engine: Engine) -> None:
    """A connection that was not used for a while is asked whether it lives before it is used, and replaced, with all
    others, if it does not. The pool's own way asks one that was in use a millisecond ago, too."""

    @event.listens_for(engine, "checkin")
    def rest(_connection: Any, record: ConnectionPoolEntry) -> None:
        record.info["rests_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def ping(connection: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
        since = record.info.pop("rests_since", None)
        if since is None or time.monotonic() - since < RESTS_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error


def _sqlite_engine(url: URL, begin: str, settings: tuple[str, ...]) -> Engine:
    # Readers never wait for each other: a connection is a file handle, and there are only as many as threads.
    engine = create_engine(
        url,
        pool_size=10,
        max_overflow=-1,
        hide_parameters=True,
        json_serializer=dump_json,
        connect_args={"check_same_thread": False, "timeout": 10},
    )
    prepare_sqlite(engine, begin, settings)
    return engine


def _hurry(connection: Any, _record: ConnectionPoolEntry, _proxy: Any) -> None:
    connection.execute(f"PRAGMA busy_timeout={HURRIED_MS}").close()


def prepare_sqlite(engine: Engine, begin: str, settings: tuple[str, ...]) -> None:
    """Make every connection of ``engine`` run ``settings`` (PRAGMAs) once and start its transactions with ``begin``."""

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        # The driver's own transaction handling would begin late and DEFERRED; ours begins when SQLAlchemy does.
        connection.isolation_level = None
        cursor = connection.cursor()
        for setting in settings:
            cursor.execute(f"PRAGMA {setting}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        run_plainly(connection, begin)


def dump_json(value: Any) -> str:
    """JSON that both databases store: PostgreSQL refuses NUL and half surrogate pairs inside it."""
    text = json.dumps(value)
    # What they refuse is escaped; nearly nothing that is written has any of it.
    return json.dumps(storable(value)) if "\\u0000" in text or "\\ud" in text else text
