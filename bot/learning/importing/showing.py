"""What was asked for is read, planned and looked at, and kept on its row where the page shows it.

This happens in a thread of the server that was asked, under a lease: where that server is killed, the page says so, and
another one can begin again. What was read is kept as a file, so that the same that was shown is what is done.
"""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from sqlmodel import Session

from bot.learning.importing.errors import ImportGone
from bot.learning.importing.fetching import Fetcher
from bot.learning.importing.keeping import enter, keep, table_values
from bot.learning.importing.looking import look_closer, looked_values
from bot.learning.importing.reading import Read, read_address, read_files, without
from bot.learning.importing.wishes import Wish, wish_from
from bot.learning.publish import NothingToRead, plan
from handoff.errors import HandoffError
from kb_content.errors import KbError
from kb_content.import_plan import ImportPlan
from kb_content.studio.models import ImportState, KbImport
from store import Database, files, reading, transaction
from store.changes import note_change
from store.errors import StoreError
from store.keeping import keeping
from store.models import StoredFile

if TYPE_CHECKING:
    from retrieval.vectors import VectorCache

log = structlog.get_logger()
Unpack = Callable[[str, bytes], AbstractContextManager[Path]]
"""A folder with what an uploaded file holds. Raises an error that is a sentence."""

SHOWN = 200
"""Articles of each sort that the row keeps for the page."""
_SAID = (KbError, HandoffError, StoreError, NothingToRead)


@dataclass(frozen=True)
class House:
    """What reading needs of the server: where files lie, the encoder, how uploads are unpacked, the web."""

    database: Database
    files: Path
    unpack: Unpack
    fetcher: Fetcher
    encoder: str | None = None
    looks_closer: bool = True
    """Whether duplicates are looked for: not while the first release is being built, which needs the machine."""


def run(house: House, import_id: int, shown: threading.Event) -> None:
    """Read what was asked for, plan it, and look closer. Whatever goes wrong is written where the page shows it."""
    try:
        with keeping(house.database, lease_of(import_id), f"{os.getpid()}-{secrets.token_hex(4)}") as keeper:
            planned, tell = None, _Progress(house.database, import_id)
            if keeper is not None:
                planned = _run(house, import_id, tell)
            shown.set()
            if planned is not None and house.looks_closer:
                _look_closer(house, import_id, planned, tell)
    except Exception as error:
        log.exception("import not read", import_id=import_id, error=type(error).__name__)
    finally:
        shown.set()


def get(session: Session, import_id: int) -> KbImport:
    """Raises ImportGone."""
    row = session.get(KbImport, import_id)
    if row is None:
        raise ImportGone
    return row


def lease_of(import_id: int) -> str:
    return f"import:{import_id}:"


def _run(house: House, import_id: int, tell: Callable[[str], None]) -> ImportPlan | None:
    """The plan, where there is one to be looked at."""
    with transaction(house.database) as session:
        row = get(session, import_id)
        if row.state not in (ImportState.ASKED, ImportState.READING):
            return None
        row.state = ImportState.READING
        wish = wish_from(row.wish)
    try:
        return _plan(house, import_id, wish, _read(house, wish, tell))
    except _SAID as error:
        _write(house.database, import_id, state=ImportState.FAILED, problem=str(error), progress="")
    except Exception as error:
        _write(house.database, import_id, state=ImportState.FAILED, problem=_UNFORESEEN, progress="")
        log.exception("import not read", import_id=import_id, error=type(error).__name__)
    return None


def _read(house: House, wish: Wish, tell: Callable[[str], None]) -> Read:
    if wish.file_id is None:
        return read_address(wish.url, wish.choices, house.fetcher, tell)
    with reading(house.database) as session:
        stored = session.get(StoredFile, wish.file_id)
    if stored is None:
        raise ImportGone
    with files.open_file(house.files, stored) as file:
        content = file.read()
    with house.unpack(stored.name, content) as root:
        return read_files(root, wish.choices, tell, wish.mapping)


def _plan(house: House, import_id: int, wish: Wish, read: Read) -> ImportPlan | None:
    """Plan what was read and show it; None where its columns must be named first."""
    found: dict[str, Any] = {"is_foreign": read.is_foreign, "mapping": dict(read.mapping)}
    if read.table is not None:
        found["table"] = table_values(read.table)
    if not read.folder.articles:
        _write(house.database, import_id, state=ImportState.READ, found=found, progress="")
        return None
    kept = keep(house.files, read)
    planned = plan(
        house.database, without(read.folder, wish.left_out), wish.source, replace=wish.replaces, prefer=wish.prefer
    )
    now = datetime.now(UTC)
    with transaction(house.database) as session:
        enter(session, f"{wish.name[:200]}.folder", kept, now)
    found |= {"sha256": kept.sha256, "plan": plan_values(planned), "problems": _problems(read)}
    _write(house.database, import_id, state=ImportState.READ, found=found, summary=planned.summary(), progress="")
    return planned


def _look_closer(house: House, import_id: int, planned: ImportPlan, tell: Callable[[str], None]) -> None:
    """Duplicates come when they come: what was read can be carried out meanwhile."""
    from retrieval.vectors import save_vectors

    def keep_vectors(vectors: VectorCache) -> None:
        with transaction(house.database) as session:
            save_vectors(session, vectors)

    try:
        articles = [*planned.added, *planned.changed]
        looked = looked_values(look_closer(house.database.url, house.encoder, articles, tell, keep_vectors))
    except Exception as error:
        looked = {"duplicates": [], "rates": [], "problem": str(error) if isinstance(error, _SAID) else _UNFORESEEN}
        log.warning("import not looked at", import_id=import_id, error=type(error).__name__)
    with transaction(house.database) as session:
        row = session.get(KbImport, import_id, with_for_update=True)
        if row is not None:
            looked["duplicates"] = looked["duplicates"][:SHOWN]
            row.found, row.progress = {**row.found, "looked": looked}, ""
            note_change(session, "import", import_id, datetime.now(UTC))


def plan_values(planned: ImportPlan) -> dict[str, Any]:
    """What the page shows of a plan, at most SHOWN of each sort."""
    return {
        "added": _titles(planned.added),
        "changed": _titles(planned.changed),
        "archived": [list(key) for key in planned.archived[:SHOWN]],
        "ahead": [str(named) for named in planned.ahead[:SHOWN]],
        "conflicts": [
            {"name": str(one.named), "ours": one.ours, "theirs": one.theirs} for one in planned.conflicts[:SHOWN]
        ],
        "counts": planned.counts(),
        "is_empty": planned.is_empty,
    }


def _titles(articles: Iterable[Any]) -> list[list[str]]:
    return [[one.id, one.language, one.title] for one, _ in zip(articles, range(SHOWN), strict=False)]


def _problems(read: Read) -> dict[str, Any]:
    said = read.folder.problems
    shown = sorted(said, key=lambda one: not one.is_error)[:SHOWN]
    return {
        "errors": len(read.folder.errors),
        "notes": len(said) - len(read.folder.errors),
        "shown": [[str(one), one.is_error] for one in shown],
    }


class _Progress:
    """Writes how far it is, about once a second."""

    def __init__(self, database: Database, import_id: int) -> None:
        self._database = database
        self._import_id = import_id
        self._told = datetime.min.replace(tzinfo=UTC)

    def __call__(self, sentence: str) -> None:
        now = datetime.now(UTC)
        if (now - self._told).total_seconds() >= 1:
            self._told = now
            _write(self._database, self._import_id, progress=sentence[:300])


def _write(database: Database, import_id: int, **values: Any) -> None:
    with transaction(database) as session:
        row = session.get(KbImport, import_id)
        if row is not None:
            for name, value in values.items():
                setattr(row, name, value)
            note_change(session, "import", import_id, datetime.now(UTC))


_UNFORESEEN = "It could not be read, for a reason that nobody foresaw: the server's log has its name. Try again."
