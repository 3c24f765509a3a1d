"""Backups as the whole house sees them: made with a few questions whose answers are known, verified by asking them of
what was restored."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from kb_content import catalogue
from kb_content.articles import PublishedArticle
from store import backup, fulltext, open_database, reading
from store.backup import Backup
from store.backup.making import SCRATCH, alone_in
from store.backup.pool import faults
from store.backup.restoring import check_parts
from store.backup.scratch import Scratch, scratch
from store.counting import counted
from store.models import Searchable

Report = Callable[[str], None]
_MOST_FOUND = 100
_MOST_WORDS = 6


@dataclass(frozen=True)
class Place:
    """Where backups lie and what goes into them. ``days``: how many daily ones stay; ``encoder``: as in the settings,
    for the question that a verification asks."""

    folder: Path
    files: Path
    days: int = 30
    encoder: str | None = None


@dataclass(frozen=True)
class Verified:
    """What a verification found. ``differences``: sentences, empty for a good backup; ``notes``: what was not checked,
    and why; ``kind``: the kind of database that it was restored into."""

    backup: Backup
    differences: tuple[str, ...]
    notes: tuple[str, ...]
    kind: str


def make(url: str, place: Place, now: datetime, report: Report, *, is_careful: bool = False) -> Backup:
    """Back up the database at ``url`` and the files. See ``store.backup.make``, which says what it raises."""
    return backup.make(
        url,
        place.folder,
        place.files,
        now,
        version=version("firstline"),
        probe=probe,
        is_careful=is_careful,
        report=report,
    )


def probe(session: Session) -> dict[str, Any]:
    """What a verification asks: the live release, one full-text search, and one question with its article."""
    release = catalogue.live_release(session)
    articles = catalogue.contents(session).articles
    return {
        "release": {"id": release.id, "digest": release.digest, "articles": len(articles)} if release else None,
        "search": _search(session),
        "question": _question(articles),
    }


def verify(url: str, made: Backup, place: Place, report: Report) -> Verified:
    """Restore ``made`` beside the database at ``url`` and compare: every row, every file, and the answers to what its
    maker asked. Nothing of what is live is touched. Raises BackupBusy, DiskFull and the like.
    """
    found: list[str] = []
    notes: list[str] = []
    kind = ""
    with alone_in(place.folder):
        folder = Path(tempfile.mkdtemp(prefix=SCRATCH, dir=place.folder))
        try:
            check_parts(made, report)
            found.extend(_file_faults(made, report))
            if gone := made.manifest.files.missing:
                files = counted(len(gone), "file was", "files were")
                notes.append(f"{files} gone from the data folder already when it was made")
            report("restoring into a scratch database")
            with scratch(url, made, folder, report) as restored:
                kind = restored.kind
                found.extend(restored.differences)
                notes.extend(filter(None, [restored.note]))
                found.extend(_asked(restored, made, place.encoder, notes, report))
        except (backup.BackupDamaged, backup.BackupNewer) as error:
            found.append(str(error))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return Verified(made, tuple(found), tuple(notes), kind)


def _file_faults(made: Backup, report: Report) -> Iterator[str]:
    for sha256 in faults(made, report):
        yield (
            f"The file {sha256} is missing from the backup or is not what it was. The next nightly backup copies it "
            "again, if the data folder still has it."
        )


def _asked(restored: Scratch, made: Backup, encoder: str | None, notes: list[str], report: Report) -> Iterator[str]:
    """The sentences for every question of the manifest's probe that the restored database answers otherwise."""
    database = open_database(restored.url)
    try:
        with reading(database) as session:
            expected = made.manifest.probe
            if not expected:
                notes.append("made before the newest migration, so there was nothing to compare searches with")
                expected = probe(session)
            if probe(session)["release"] != expected["release"]:
                yield "The live release is another than when it was made."
            if search := expected["search"]:
                yield from _search_again(session, search)
            if question := expected["question"]:
                yield from _ask_again(session, question, encoder, notes, report)
    finally:
        database.close()


def _search(session: Session) -> dict[str, Any] | None:
    """A full-text search by words of what was indexed last, and what it finds."""
    newest = session.exec(select(Searchable).order_by(col(Searchable.id).desc()).limit(1)).first()
    if newest is None:
        return None
    query = " ".join(list(dict.fromkeys(newest.words.split()))[:_MOST_WORDS])
    found = fulltext.search(session, newest.kind, query, _MOST_FOUND)
    return {"kind": newest.kind, "query": query, "found": sorted(found)}


def _search_again(session: Session, search: Mapping[str, Any]) -> Iterator[str]:
    found = sorted(fulltext.search(session, search["kind"], search["query"], _MOST_FOUND))
    expected = search["found"]
    # Which ones come first may differ between the two kinds of database.
    if len(found) != len(expected) or (len(expected) < _MOST_FOUND and found != expected):
        yield f"A full-text search found {counted(len(found), 'thing')} instead of {len(expected)}, or others."


def _question(articles: tuple[PublishedArticle, ...]) -> dict[str, str] | None:
    """A question that an editor wrote down for an article that everybody may read."""
    for published in articles:
        article = published.article
        if article.is_for_everybody:
            text = article.questions[0] if article.questions else article.title
            return {"text": text, "language": article.language, "article": article.id}
    return None


def _ask_again(
    session: Session, question: Mapping[str, str], encoder: str | None, notes: list[str], report: Report
) -> Iterator[str]:
    """Ask the restored release, as the server would."""
    from retrieval.encoders import load_encoders
    from retrieval.errors import ModelUnavailable, ParametersUnreadable, VectorsMissing
    from retrieval.needs import wanted
    from retrieval.reader import Reader
    from retrieval.vectors import load_vectors

    release, held = catalogue.live_release(session), catalogue.contents(session)
    try:
        encoders = load_encoders(encoder, report)
        vectors = load_vectors(session, wanted(held, encoders))
        reader = Reader.open(held, vectors, (release.parameters if release else None) or b"", encoders)
    except (VectorsMissing, ParametersUnreadable, ModelUnavailable) as error:
        # The first start after a restore builds the index anew: that says nothing against the backup.
        notes.append(f"the knowledge base was not asked: {error}")
        return
    report("asking the restored knowledge base")
    found = [hit.article_id for hit in reader.read(question["text"], question["language"]).hits]
    if question["article"] not in found:
        yield f"The question of the article {question['article']} does not find it any more."
