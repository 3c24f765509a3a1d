"""Taking an import back: what was there before it is kept with it, and put back where nobody changed it since."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from kb_content.agreed_rows import agree
from kb_content.agreement import ARTICLE, GOLD, INTENT, SENTENCE, TERM, Named
from kb_content.errors import NoSuchImport, NotUndone
from kb_content.import_plan import ImportPlan
from kb_content.models import ArticleVersion as Version
from kb_content.models import GlossaryRow, GoldRow, KbArticle, KbIntent, KbSentence, Release, ReleaseArticle
from kb_content.studio.models import ImportState, KbImport
from kb_content.versions import sha256_of
from store.audit import record
from store.changes import note_change

Values = dict[str, Any]
_SHOWN = 5


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
        was = _standing(row)
        yield
        left = _standing(row)
        if was != left:
            self.articles.append({"id": row.article_id, "language": row.language, "was": was, "left": left})

    def entry(self, named: Named, was: Values | None, left: Values | None) -> None:
        """Of an intent or a sentence: ``was`` with its source, None where there was none; ``left`` its data."""
        kept = {"kind": named.kind, "name": named.name, "language": named.language}
        self.entries.append(kept | {"was": was, "left": sha256_of(left) if left is not None else None})

    def rows(self, kind: str, old: Sequence[tuple[Values, str]], new: Sequence[tuple[Values, str]]) -> None:
        """Of terms and gold questions: only those that came and went."""
        was, left = Counter(map(_row_hash, old)), Counter(map(_row_hash, new))
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
    session.add(row)
    session.flush()
    note_change(session, "import", row.id or 0, now)
    return row.id


def imports(session: Session, limit: int = 50) -> list[ImportLine]:
    """The imports that were carried out, the newest first."""
    done = col(KbImport.state).in_((ImportState.DONE, ImportState.UNDONE))
    rows = session.exec(select(KbImport).where(done).order_by(col(KbImport.at).desc(), _id.desc()).limit(limit))
    return [
        ImportLine(row.id or 0, row.source, row.at, row.actor, row.summary, row.undone_at, row.undone_by)
        for row in rows
    ]


def undo(session: Session, import_id: int, actor: str, now: datetime) -> KbImport:
    """Put back what the import changed, for the next release; versions that it made stay readable.

    Raises NoSuchImport, or NotUndone, naming what was changed since: nothing is undone then.
    """
    row = session.get(KbImport, import_id, with_for_update=True)
    if row is None or row.state not in (ImportState.DONE, ImportState.UNDONE):
        raise NoSuchImport
    if row.state is ImportState.UNDONE:
        raise NotUndone("This import was undone already.")
    changed = list(_changed_since(session, row.before))
    if changed:
        more = f" and {len(changed) - _SHOWN} more" if len(changed) > _SHOWN else ""
        names = ", ".join(map(str, changed[:_SHOWN]))
        raise NotUndone(
            f"This import cannot be undone: {names}{more} changed since. Change them back, or undo the later import "
            "first."
        )
    _put_back_articles(session, row.before, now)
    _put_back_entries(session, row.before)
    _put_back_lists(session, row.before)
    agree(session, {Named(kind, name, language): sha256 for kind, name, language, sha256 in row.before["agreed"]})
    row.state, row.undone_at, row.undone_by = ImportState.UNDONE, now, actor[:254]
    record(session, actor, "kb.import.undone", "import", row.id, now, source=row.source)
    note_change(session, "import", row.id or 0, now)
    session.flush()
    return row


def _changed_since(session: Session, before: Mapping[str, Any]) -> Iterator[Named]:
    rows = {(row.article_id, row.language): row for row in session.exec(select(KbArticle))}
    for one in before.get("articles", ()):
        row = rows.get((one["id"], one["language"]))
        if row is None or _standing(row) != one["left"]:
            yield Named(ARTICLE, one["id"], one["language"])
    for one in before.get("entries", ()):
        entry = _entry(session, one)
        if (sha256_of(_data(entry)) if entry is not None else None) != one["left"]:
            yield Named(one["kind"], one["name"], one["language"])
    for kind, held in before.get("lists", {}).items():
        there = Counter(_row_hash((row.data, row.source)) for row in _list(session, kind))
        for values, source in held["left"]:
            if not there[_row_hash((values, source))]:
                yield Named(kind, str(values.get("term") or values.get("text"))[:60], values["language"])


def _put_back_articles(session: Session, before: Mapping[str, Any], now: datetime) -> None:
    rows = {(row.article_id, row.language): row for row in session.exec(select(KbArticle))}
    given = _ever_given(session)
    for one in before["articles"]:
        row, was = rows[one["id"], one["language"]], one["was"]
        row.source, row.current = was["source"], was["current"]
        row.archived_at = datetime.fromisoformat(was["archived_at"]) if was["archived_at"] else None
        if not row.current and row.id in given:
            # Customers had it: it stays where an editor finds it.
            row.current, row.archived_at = one["left"]["current"], now
        note_change(session, "article", row.id or 0, now, row.current)


def _ever_given(session: Session) -> frozenset[int]:
    """The articles that were in a release."""
    found = session.exec(
        select(Version.kb_article_id)
        .where(Version.id == ReleaseArticle.version_id)
        .where(ReleaseArticle.release_id == Release.id)
        .where(col(Release.live_at).is_not(None))
        .distinct()
    )
    return frozenset(found)


def _put_back_entries(session: Session, before: Mapping[str, Any]) -> None:
    for one in before["entries"]:
        entry, was = _entry(session, one), one["was"]
        if entry is not None and was is None:
            session.delete(entry)
        elif isinstance(entry, KbIntent):
            entry.data, entry.source = was["data"], was["source"]
        elif isinstance(entry, KbSentence):
            entry.text, entry.source = was["data"]["text"], was["source"]
        elif was is not None:
            session.add(_made(one, was))


def _put_back_lists(session: Session, before: Mapping[str, Any]) -> None:
    for kind, held in before["lists"].items():
        gone = Counter(_row_hash((values, source)) for values, source in held["left"])
        for row in _list(session, kind):
            name = _row_hash((row.data, row.source))
            if gone[name]:
                gone[name] -= 1
                session.delete(row)
        session.add_all(_TABLES[kind](data=values, source=source) for values, source in held["was"])


def _list(session: Session, kind: str) -> Sequence[GlossaryRow | GoldRow]:
    if kind == TERM:
        return session.exec(select(GlossaryRow)).all()
    return session.exec(select(GoldRow)).all()


def _standing(row: KbArticle) -> Values:
    archived_at = row.archived_at.isoformat() if row.archived_at else None
    return {"current": row.current, "archived_at": archived_at, "source": row.source}


def _entry(session: Session, one: Mapping[str, Any]) -> KbIntent | KbSentence | None:
    if one["kind"] == INTENT:
        return session.exec(select(KbIntent).where(KbIntent.name == one["name"])).one_or_none()
    query = select(KbSentence).where(KbSentence.key == one["name"], KbSentence.language == one["language"])
    return session.exec(query).one_or_none()


def _data(entry: KbIntent | KbSentence) -> Values:
    return entry.data if isinstance(entry, KbIntent) else {"text": entry.text}


def _made(one: Mapping[str, Any], was: Values) -> KbIntent | KbSentence:
    if one["kind"] == INTENT:
        return KbIntent(name=one["name"], data=was["data"], source=was["source"])
    assert one["kind"] == SENTENCE
    return KbSentence(key=one["name"], language=one["language"], text=was["data"]["text"], source=was["source"])


def _row_hash(row: tuple[Values, str]) -> str:
    return sha256_of(list(row))


def _only(rows: Sequence[tuple[Values, str]], wanted: Counter[str]) -> list[list[Any]]:
    left = Counter(wanted)
    found = []
    for row in rows:
        name = _row_hash(row)
        if left[name]:
            left[name] -= 1
            found.append(list(row))
    return found


_id = col(KbImport.id)
_TABLES: dict[str, type[GlossaryRow] | type[GoldRow]] = {TERM: GlossaryRow, GOLD: GoldRow}
