"""Writing a KB folder from the database, so that reading it gives the same contents back."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sqlmodel import Session, col, select

from kb_content.article_file import source_digest, write_article
from kb_content.articles import Article, GoldQuestion, Intent, Term
from kb_content.errors import ExportRefused
from kb_content.folder import GLOSSARY_FILES
from kb_content.glossary_file import term_from, write_glossary
from kb_content.gold_file import gold_from, write_gold
from kb_content.ids import ARTICLE_ID
from kb_content.intent_file import intent_from, write_intent
from kb_content.models import ArticleVersion, GlossaryRow, GoldRow, KbArticle, KbIntent
from kb_content.proposals import accepted_from, accepted_values, with_questions
from kb_content.versions import article_from

RECORD = ".firstline-export.json"
"""Which files an export wrote, with their hashes: these may be written again, others are somebody's work."""
SOURCE_LANGUAGE = "en"

_SHOWN = 5


@dataclass(frozen=True)
class Exported:
    """How many files an export wrote, left as they were, and removed because their article is gone."""

    written: int
    unchanged: int
    removed: int


def export_folder(session: Session, path: Path, force: bool = False) -> Exported:
    """Write the newest unarchived articles, with the questions that were accepted for them, intents, gold questions
    and glossary to the folder ``path``.

    Raises ExportRefused, before anything is written, where a file of somebody else or a changed one would be lost;
    ``force`` writes over it all the same.
    """
    intents = [intent_from(row.data) for row in session.exec(select(KbIntent).order_by(KbIntent.name))]
    gold = [gold_from(row.data) for row in session.exec(select(GoldRow).order_by(col(GoldRow.id)))]
    glossary = [term_from(row.data) for row in session.exec(select(GlossaryRow).order_by(col(GlossaryRow.id)))]
    accepted = accepted_from(accepted_values(session))
    articles = [with_questions(article, accepted) for article in _articles(session)]
    return write_folder(path, articles, intents, gold, force, glossary)


def write_folder(
    path: Path,
    articles: Iterable[Article],
    intents: Iterable[Intent] = (),
    gold: Iterable[GoldQuestion] = (),
    force: bool = False,
    glossary: Iterable[Term] = (),
) -> Exported:
    """Write a KB folder; see ``export_folder``. A file that would not change is not touched."""
    files = dict(_files(articles, intents, gold, list(glossary)))
    before = _record(path)
    if not force:
        _refuse_losses(path, files, before)
    path.mkdir(parents=True, exist_ok=True)
    written = [name for name, content in files.items() if _write(path, name, content)]
    gone = [name for name in before.keys() - files.keys() if _is_as_written(path, name, before)]
    for name in gone:
        (path / name).unlink()
    _write(path, RECORD, json.dumps({"files": {name: _hash(text) for name, text in sorted(files.items())}}, indent=1))
    return Exported(len(written), len(files) - len(written), len(gone))


def _articles(session: Session) -> list[Article]:
    found = session.exec(
        select(KbArticle, ArticleVersion)
        .where(KbArticle.id == ArticleVersion.kb_article_id)
        .where(KbArticle.current == ArticleVersion.number)
        .where(col(KbArticle.archived_at).is_(None))
        .order_by(col(KbArticle.article_id), col(KbArticle.language))
    ).all()
    sources = {row.article_id: (row, version) for row, version in found if row.language == SOURCE_LANGUAGE}
    return [_with_source(session, row, version, sources.get(row.article_id)) for row, version in found]


def _with_source(
    session: Session, row: KbArticle, version: ArticleVersion, source: tuple[KbArticle, ArticleVersion] | None
) -> Article:
    """The article, naming the source text that it was translated from: the newest when its version was made."""
    article = article_from(row, version)
    if source is None or source[0].id == row.id or article.translated_from:
        return article
    source_row, newest = source
    if newest.created_at > version.created_at:
        newest = _version_at(session, source_row, version) or newest
    return replace(article, translated_from=source_digest(article_from(source_row, newest)))


def _version_at(session: Session, row: KbArticle, moment: ArticleVersion) -> ArticleVersion | None:
    return session.exec(
        select(ArticleVersion)
        .where(ArticleVersion.kb_article_id == row.id, ArticleVersion.created_at <= moment.created_at)
        .order_by(col(ArticleVersion.number).desc())
        .limit(1)
    ).first()


def _files(
    articles: Iterable[Article], intents: Iterable[Intent], gold: Iterable[GoldQuestion], glossary: Sequence[Term]
) -> Iterator[tuple[str, str]]:
    taken: set[str] = set()
    for article in articles:
        yield _free(f"articles/{article.language}/{_safe(article.id)}", ".md", taken), write_article(article)
    for intent in intents:
        yield _free(f"intents/{_safe(intent.name)}", ".yml", taken), write_intent(intent)
    by_language: dict[str, list[GoldQuestion]] = {}
    for question in gold:
        by_language.setdefault(question.language, []).append(question)
    for language, questions in sorted(by_language.items()):
        yield f"gold/{language}.jsonl", write_gold(questions)
    if glossary:
        yield GLOSSARY_FILES[0], write_glossary(glossary)


def _free(stem: str, ending: str, taken: set[str]) -> str:
    """A name that also a file system without case tells from the others."""
    name, count = f"{stem}{ending}", 1
    while name.casefold() in taken:
        count += 1
        name = f"{stem}-{count}{ending}"
    taken.add(name.casefold())
    return name


def _safe(name: str) -> str:
    if not ARTICLE_ID.match(name):
        raise ExportRefused(
            f"`{name}` cannot be a file name: rename it (letters, digits, dots and dashes), then export"
        )
    return name


def _refuse_losses(path: Path, files: Mapping[str, str], before: Mapping[str, str]) -> None:
    if path.exists() and not path.is_dir():
        raise ExportRefused(f"{path} is a file: give a folder to export to")
    if not before and path.is_dir() and any(not entry.name.startswith(".") for entry in path.iterdir()):
        raise ExportRefused(
            f"{path} is not empty and was not exported to before: give an empty folder, "
            "or --force to write over the files in it"
        )
    changed = [
        name for name in sorted(before) if not _is_as_written(path, name, before) and _differs(path, name, files)
    ]
    foreign = [name for name in sorted(files) if name not in before and _differs(path, name, files)]
    lost = changed + foreign
    if lost:
        more = f" and {len(lost) - _SHOWN} more" if len(lost) > _SHOWN else ""
        raise ExportRefused(
            f"{path} has files that were changed since the last export: {', '.join(lost[:_SHOWN])}{more}. Import the "
            "folder first, export elsewhere, or give --force to write over them"
        )


def _differs(path: Path, name: str, files: Mapping[str, str]) -> bool:
    """Whether writing would lose what is there."""
    there = _read(path / name)
    return there is not None and name in files and there != files[name]


def _is_as_written(path: Path, name: str, before: Mapping[str, str]) -> bool:
    there = _read(path / name)
    return there is not None and _hash(there) == before.get(name)


def _read(file: Path) -> str | None:
    try:
        return file.read_bytes().decode("utf-8", "replace")
    except OSError:
        return None


def _record(path: Path) -> dict[str, str]:
    """The files of the last export that lie inside ``path``, by name; empty where there was none."""
    try:
        files = json.loads(_read(path / RECORD) or "{}").get("files", {})
        return {str(name): str(sha256) for name, sha256 in files.items() if _is_inside(path, path / name)}
    except (ValueError, AttributeError):
        return {}


def _write(root: Path, name: str, content: str) -> bool:
    """Write the file whole or not at all; False if it already had this content."""
    file = root / name
    if not _is_inside(root, file):
        raise ExportRefused(f"{file} leads outside the folder by a link: remove the link, then export again")
    file.parent.mkdir(parents=True, exist_ok=True)
    if _read(file) == content:
        return False
    half = file.with_name(f".{file.name}.part")
    half.write_bytes(content.encode())
    os.replace(half, file)
    return True


def _is_inside(root: Path, file: Path) -> bool:
    return root.resolve() in file.resolve().parents


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
