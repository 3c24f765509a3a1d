"""Pictures and other files of articles, ``![…](files/NAME)`` in their Markdown: a row each, the bytes in the store."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from urllib.parse import quote

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import Select

from kb_content.file_names import FOLDER, UnknownKind, is_picture, kind_of, names_in, safe_name
from kb_content.models import ArticleVersion, Release, ReleaseArticle, ReleaseState
from kb_content.studio.models import KbFile
from store import audit
from store.changes import note_change
from store.files import Kept, enter
from store.models import StoredFile


@dataclass(frozen=True)
class ArticleFile:
    """A file that articles can show: its name, kind, size in bytes, and the hash under which the store has it."""

    name: str
    media_type: str
    size: int
    sha256: str
    made_at: datetime

    @property
    def is_picture(self) -> bool:
        return is_picture(self.media_type)

    @property
    def markdown(self) -> str:
        """What shows it in an article."""
        words = PurePosixPath(self.name).stem.replace("-", " ").replace("_", " ")
        return f"{'!' if self.is_picture else ''}[{words}]({FOLDER}/{quote(self.name)})"


def add_file(
    session: Session,
    name: str,
    beginning: bytes,
    kept: Kept,
    now: datetime,
    *,
    staff_id: int | None = None,
    actor: str = "system",
) -> ArticleFile:
    """The file of that name, or of one like it where another file has the name. Raises UnknownKind.

    ``kept``: its bytes, which lie in the store already. The same bytes under the same name are one file.
    """
    wanted = safe_name(name)
    kind = kind_of(wanted, beginning)
    there = {row.name: row for row in _like(session, wanted)}
    free = next(one for one in _candidates(wanted) if one not in there or there[one].sha256 == kept.sha256)
    if free in there:
        return there[free]
    row = KbFile(name=free, file_id=0, made_by=staff_id, made_at=now)
    return _entered(session, row, kind, kept, now, actor)


def put_file(
    session: Session, name: str, beginning: bytes, kept: Kept, now: datetime, *, actor: str = "system"
) -> bool:
    """Have exactly this name mean these bytes, whatever it meant before; whether that is new. Raises UnknownKind."""
    wanted = safe_name(name)
    kind = kind_of(wanted, beginning)
    there = session.exec(_files().where(KbFile.name == wanted)).one_or_none()
    if there is not None and there[1].sha256 == kept.sha256:
        return False
    row = there[0] if there is not None else KbFile(name=wanted, file_id=0, made_at=now)
    _entered(session, row, kind, kept, now, actor)
    return True


def file_named(session: Session, name: str) -> ArticleFile | None:
    found = session.exec(_files().where(KbFile.name == name)).one_or_none()
    return _file(*found) if found else None


def files(session: Session) -> list[ArticleFile]:
    """All files of articles, the newest first."""
    return [_file(*row) for row in session.exec(_files().order_by(col(KbFile.id).desc()))]


def missing_files(session: Session, markdown: str) -> list[str]:
    """The names of files that ``markdown`` shows and that are not there."""
    wanted = names_in(markdown)
    if not wanted:
        return []
    there = session.exec(select(KbFile.name).where(col(KbFile.name).in_(wanted))).all()
    return sorted(wanted.difference(there))


def is_shown_to_everybody(session: Session, name: str) -> bool:
    """Whether an article that is live (or staged) and for everybody shows the file ``name``."""
    found = session.exec(
        select(ArticleVersion.body, ArticleVersion.meta)
        .where(ArticleVersion.id == ReleaseArticle.version_id)
        .where(ReleaseArticle.release_id == Release.id)
        .where(col(Release.state).in_([ReleaseState.LIVE, ReleaseState.STAGED]))
        .where(col(ArticleVersion.body).contains(f"{FOLDER}/"))
    )
    return any(name in names_in(body) for body, meta in found if not any((meta.get("audience") or {}).values()))


def _entered(session: Session, row: KbFile, kind: str, kept: Kept, now: datetime, actor: str) -> ArticleFile:
    stored = enter(session, row.name, kind, kept, now)
    row.file_id = stored.id or 0
    session.add(row)
    session.flush()
    audit.record(session, actor, "kb.file.add", "kb_file", row.id, now, name=row.name, size=kept.size)
    note_change(session, "kb_file", row.id or 0, now)
    return _file(row, stored)


def _files() -> Select[KbFile, StoredFile]:
    return select(KbFile, StoredFile).where(KbFile.file_id == StoredFile.id)


def _like(session: Session, name: str) -> Iterable[ArticleFile]:
    stem = name.rpartition(".")[0]
    return [_file(*row) for row in session.exec(_files().where(col(KbFile.name).startswith(stem, autoescape=True)))]


def _candidates(name: str) -> Iterable[str]:
    stem, _, ending = name.rpartition(".")
    yield name
    number = 2
    while True:
        yield f"{stem}-{number}.{ending}"
        number += 1


def _file(row: KbFile, stored: StoredFile) -> ArticleFile:
    return ArticleFile(row.name, stored.media_type, stored.size, stored.sha256, row.made_at)


__all__ = [
    "ArticleFile",
    "UnknownKind",
    "add_file",
    "file_named",
    "files",
    "is_shown_to_everybody",
    "missing_files",
    "put_file",
]
