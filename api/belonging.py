"""Whether this machine belongs to its database: the same key as all others, the same files folder, the same time."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy import func
from sqlmodel import Session, col, select

from api.presence import present
from store import Database, files, reading, transaction
from store.errors import StoreError
from store.inserts import insert
from store.models import Setting, StoredFile

log = structlog.get_logger()
KEY, IDENTITY = "secret_key", "database"
MARKER = ".firstline"
"""A file in the files folder that names the database whose files these are."""
SAMPLED = 20
SKEW = timedelta(seconds=2)


class AnotherKey(Exception):
    """Other machines of this Firstline run with another secret key, so links that one signs would not open at another.

    Set the same FIRSTLINE_SECRET_KEY on all of them, or copy the file secret_key of their FIRSTLINE_DATA_DIR here. To
    change the key on purpose, stop all of them for a minute and start them with the new one.
    """

    def __init__(self) -> None:
        super().__init__(" ".join((self.__doc__ or "").split()))


def check_key(database: Database, key: bytes, now: datetime) -> None:
    """Raises AnotherKey while a process that is alive has another one; else this one counts from now on."""
    ours = _fingerprint(key)
    with transaction(database) as session:
        known = _read(session, KEY)
        # SQLite has one server, and whoever started it anew with another key meant it.
        if known not in (None, ours) and not database.is_sqlite and present(session, now):
            raise AnotherKey
        if known != ours:
            _write(session, KEY, ours)
    if known not in (None, ours):
        log.warning("another secret key than before: links that were signed with the former one no longer open")


def is_key_of(database: Database, key: bytes) -> bool:
    """Whether servers run with this key, or none ran yet."""
    with reading(database) as session:
        return _read(session, KEY) in (None, _fingerprint(key))


def check_files(database: Database, folder: Path) -> str:
    """A sentence when the files of this database are not in ``folder``; empty when all is well. Raises StoreError.

    A folder that nobody has used yet is marked as this database's.
    """
    with transaction(database) as session:
        if _read(session, IDENTITY) is None:
            _write(session, IDENTITY, secrets.token_hex(8))
    trouble, identity = files_missed(database, folder)
    marker = folder / MARKER
    if not trouble and not marker.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        marker.write_text(f"{identity}\n", "utf-8")
    return trouble


def files_missed(database: Database, folder: Path) -> tuple[str, str | None]:
    """The sentence of ``check_files``, and what the marker of this database's folder says. Nothing is written."""
    with reading(database) as session:
        identity = _read(session, IDENTITY)
        newest = session.exec(select(StoredFile.sha256).order_by(col(StoredFile.id).desc()).limit(SAMPLED)).all()
    marker = folder / MARKER
    marked = marker.read_text("utf-8").strip() if marker.is_file() else None
    has_none = bool(newest) and not any(files.place(folder, sha256).is_file() for sha256 in newest)
    if marked not in (None, identity) or has_none:
        return (
            f"This machine's files folder is not the one of this database: {folder.absolute()} has none of the files "
            "that customers sent last. All machines must share one folder: mount it there, or set FIRSTLINE_DATA_DIR."
        ), identity
    return "", identity


def files_trouble(database: Database, folder: Path) -> str:
    """What ``check_files`` says, or why it could not be told. Never raises."""
    try:
        return check_files(database, folder)
    except StoreError as error:
        return str(error)
    except OSError as error:
        return f"The files folder {folder.absolute()} cannot be used: {error.strerror or error}."


def clock_ahead(database: Database) -> timedelta:
    """How far our clock is ahead of the database's; nothing for SQLite, which has none."""
    if database.is_sqlite:
        return timedelta(0)
    with reading(database) as session:
        before = datetime.now(UTC)
        theirs: datetime = session.execute(select(func.clock_timestamp())).scalar_one()
        return before + (datetime.now(UTC) - before) / 2 - theirs


def warn_of_clock(database: Database) -> None:
    """Say in the log when our clock is not the database's: leases of several machines are compared by them."""
    off = clock_ahead(database)
    if abs(off) > SKEW:
        log.warning(
            "this machine's clock is not the database's",
            seconds_ahead=round(off.total_seconds(), 1),
            do="Have all machines set their clocks by NTP.",
        )


def _fingerprint(key: bytes) -> str:
    return hmac.new(key, b"fingerprint", hashlib.sha256).hexdigest()[:16]


def _read(session: Session, name: str) -> str | None:
    found = session.get(Setting, name)
    return None if found is None else str(found.value["is"])


def _write(session: Session, name: str, value: str) -> None:
    statement = insert(session, Setting).values(name=name, value={"is": value})
    session.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"value": {"is": value}}))
