"""Taking an import back: what was there before it is kept with it, and put back where nobody changed it since."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from kb_content.agreed_rows import agree
from kb_content.agreement import ARTICLE, GOLD, INTENT, SENTENCE, TERM, Named
from kb_content.errors import NoSuchImport, NotUndone, UndoneAlready
from kb_content.import_record import Values, row_hash, standing_of
from kb_content.models import ArticleVersion as Version
from kb_content.models import GlossaryRow, GoldRow, KbArticle, KbIntent, KbSentence, Release, ReleaseArticle
from kb_content.studio.models import ImportState, KbImport
from kb_content.versions import sha256_of
from store.audit import record
from store.changes import note_change

_SHOWN = 5


def undo(session: Session, import_id: int, actor: str, now: datetime) -> KbImport:
    """Put back what the import changed, for the next release; versions that it made stay readable.

    Raises NoSuchImport, or NotUndone, naming what was changed since: nothing is undone then.
    """
    row = session.get(KbImport, import_id, with_for_update=True)
    if row is None or row.state not in (ImportState.DONE, ImportState.UNDONE):
        raise NoSuchImport
    if row.state is ImportState.UNDONE:
        raise UndoneAlready
    changed = list(_changed_since(session, row.before))
    if changed:
        more = f" and {len(changed) - _SHOWN} more" if len(changed) > _SHOWN else ""
        names = ", ".join(map(str, changed[:_SHOWN]))
        raise NotUndone(
            f"This import cannot be undone: {names}{more} changed since. Change them back, or undo the later import "
            "first.",
            changed,
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
    """What says neither what the import left nor what it found: a roll back, too, puts back what was there."""
    yield from _articles_changed(session, before.get("articles", ()))
    for one in before.get("entries", ()):
        entry = _entry(session, one)
        found = sha256_of(one["was"]["data"]) if one["was"] is not None else None
        if (sha256_of(_data(entry)) if entry is not None else None) not in (one["left"], found):
            yield Named(one["kind"], one["name"], one["language"])
    for kind, held in before.get("lists", {}).items():
        yield from _rows_changed(session, kind, held)


def _articles_changed(session: Session, articles: Sequence[Values]) -> Iterator[Named]:
    rows = _rows(session)
    known = _hashes(session, (row.id or 0 for one in articles if (row := rows.get((one["id"], one["language"])))))
    for one in articles:
        row = rows.get((one["id"], one["language"]))
        says = [_says(row, standing, known) for standing in (one["was"], one["left"])] if row else []
        is_adopted = row is not None and row.source not in (one["was"]["source"], one["left"]["source"])
        if row is None or is_adopted or _says(row, standing_of(row), known) not in says:
            yield Named(ARTICLE, one["id"], one["language"])


def _rows_changed(session: Session, kind: str, held: Mapping[str, Any]) -> Iterator[Named]:
    """The terms or gold questions that the import brought and that are there no more, unless it is all as before."""
    rows = _list(session, kind)
    there, said = ({row_hash((row.data, row.source)) for row in rows}, {sha256_of(row.data) for row in rows})
    gone = [values for values, source in held["left"] if row_hash((values, source)) not in there]
    if len(gone) == len(held["left"]) and all(sha256_of(values) in said for values, _ in held["was"]):
        return
    for values in gone:
        yield Named(kind, str(values.get("term") or values.get("text"))[:60], values["language"])


def _says(row: KbArticle, standing: Values, known: Mapping[tuple[int, int], str]) -> str:
    """The hash of what an article says; empty where it is not in the KB."""
    return "" if standing["archived_at"] else known.get((row.id or 0, standing["current"]), "")


def _hashes(session: Session, ids: Iterable[int]) -> dict[tuple[int, int], str]:
    """By article and number, the hashes of all versions of these articles."""
    wanted = set(ids)
    found = session.exec(select(Version.kb_article_id, Version.number, Version.sha256))
    return {(article, number): sha256 for article, number, sha256 in found if article in wanted}


def _rows(session: Session) -> dict[tuple[str, str], KbArticle]:
    return {(row.article_id, row.language): row for row in session.exec(select(KbArticle))}


def _put_back_articles(session: Session, before: Mapping[str, Any], now: datetime) -> None:
    rows = _rows(session)
    given = _ever_given(session)
    for one in before["articles"]:
        row, was, here = rows[one["id"], one["language"]], one["was"], standing_of(rows[one["id"], one["language"]])
        row.source, row.current = was["source"], was["current"]
        row.archived_at = datetime.fromisoformat(was["archived_at"]) if was["archived_at"] else None
        if not row.current and row.id in given:
            # Customers had it: it stays where an editor finds it.
            row.current, row.archived_at = one["left"]["current"], now
        if here != standing_of(row):
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
        gone = Counter(row_hash((values, source)) for values, source in held["left"])
        there: Counter[str] = Counter()
        for row in _list(session, kind):
            name = row_hash((row.data, row.source))
            if gone[name]:
                gone[name] -= 1
                session.delete(row)
            else:
                there[sha256_of(row.data)] += 1
        for values, source in held["was"]:
            # A roll back may have put it back already.
            if there[sha256_of(values)]:
                there[sha256_of(values)] -= 1
            else:
                session.add(_TABLES[kind](data=values, source=source))


def _list(session: Session, kind: str) -> Sequence[GlossaryRow | GoldRow]:
    if kind == TERM:
        return session.exec(select(GlossaryRow)).all()
    return session.exec(select(GoldRow)).all()


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


_TABLES: dict[str, type[GlossaryRow] | type[GoldRow]] = {TERM: GlossaryRow, GOLD: GoldRow}
