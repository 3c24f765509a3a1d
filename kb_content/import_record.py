"""What an import did, kept with it: in numbers for a list, and what was there before it so that it can be undone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from kb_content.agreement import Named
from kb_content.import_plan import ImportPlan
from kb_content.models import KbArticle
from kb_content.studio.models import ImportState, KbImport
from kb_content.versions import sha256_of
from store.changes import note_change

Values = dict[str, Any]


@dataclass
class Before:
    """What was there before an import, and what it left; collected while it is carried out."""

    articles: list[Values] = field(default_factory=list)
    entries: list[Values] = field(default_factory=list)
    lists: dict[str, Values] = field(default_factory=dict)
    agreed: dict[Named, str | None] = field(default_factory=dict)

    @contextmanager
    def article(self, row: KbArticle) -> Iterator[None]:
        """Around what changes ``row``."""
        was = standing_of(row)
        yield
        left = standing_of(row)
        if was != left:
            self.articles.append({"id": row.article_id, "language": row.language, "was": was, "left": left})

    def entry(self, named: Named, was: Values | None, left: Values | None) -> None:
        """Of an intent or a sentence: ``was`` with its source, None where there was none; ``left`` its data."""
        kept = {"kind": named.kind, "name": named.name, "language": named.language}
        self.entries.append(kept | {"was": was, "left": sha256_of(left) if left is not None else None})

    def rows(self, kind: str, old: Sequence[tuple[Values, str]], new: Sequence[tuple[Values, str]]) -> None:
        """Of terms and gold questions: only those that came and went."""
        was, left = Counter(map(row_hash, old)), Counter(map(row_hash, new))
        self.lists[kind] = {"was": _only(old, was - left), "left": _only(new, left - was)}

    def values(self) -> Values:
        return {
            "articles": self.articles,
            "entries": self.entries,
            "lists": self.lists,
            "agreed": [[*named, sha256] for named, sha256 in self.agreed.items()],
        }


@dataclass(frozen=True)
class ImportLine:
    """An import in the list of those that were carried out."""

    id: int
    source: str
    at: datetime
    actor: str
    summary: str
    """In English; ``counts`` says the same, where it is known."""
    counts: Mapping[str, int]
    undone_at: datetime | None
    undone_by: str


def keep_record(
    session: Session, plan: ImportPlan, before: Before, now: datetime, actor: str, import_id: int | None
) -> int | None:
    """The import as a row by which it can be undone; ``import_id`` is the one it was asked for as."""
    row = session.get(KbImport, import_id) if import_id is not None else None
    if row is None and plan.is_empty:
        return None
    row = row or KbImport(source=plan.source, at=now, actor=actor[:254])
    row.source, row.at, row.actor, row.state = plan.source, now, actor[:254], ImportState.DONE
    row.summary, row.before, row.progress, row.problem = plan.summary(), before.values(), "", ""
    row.found = {**row.found, "counts": plan.counts()}
    session.add(row)
    session.flush()
    note_change(session, "import", row.id or 0, now)
    return row.id


def imports(session: Session, limit: int = 50) -> list[ImportLine]:
    """The imports that were carried out, the newest first."""
    done = col(KbImport.state).in_((ImportState.DONE, ImportState.UNDONE))
    rows = session.exec(
        select(KbImport).where(done).order_by(col(KbImport.at).desc(), col(KbImport.id).desc()).limit(limit)
    )
    return [
        ImportLine(
            row.id or 0,
            row.source,
            row.at,
            row.actor,
            row.summary,
            row.found.get("counts", {}),
            row.undone_at,
            row.undone_by,
        )
        for row in rows
    ]


def standing_of(row: KbArticle) -> Values:
    """How an article stands, as plain values."""
    archived_at = row.archived_at.isoformat() if row.archived_at else None
    return {"current": row.current, "archived_at": archived_at, "source": row.source}


def row_hash(row: tuple[Values, str]) -> str:
    """What tells a term or gold question of one source from all others."""
    return sha256_of(list(row))


def _only(rows: Sequence[tuple[Values, str]], wanted: Counter[str]) -> list[list[Any]]:
    left = Counter(wanted)
    found = []
    for row in rows:
        name = row_hash(row)
        if left[name]:
            left[name] -= 1
            found.append(list(row))
    return found
