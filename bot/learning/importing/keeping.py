"""What was read, kept as a file between looking at it and carrying it out: the same that was shown is what is done."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.learning.importing.reading import Read
from bot.learning.importing.tables import Table
from kb_content.agreement import Exported, Named
from kb_content.articles import Article, Sentence
from kb_content.folder import Folder
from kb_content.glossary_file import term_from, term_values
from kb_content.gold_file import gold_from, gold_values
from kb_content.intent_file import intent_from, intent_values
from kb_content.problems import Problem
from store import files
from store.files import Kept

MEDIA_TYPE = "application/x-firstline-folder"
_EXAMPLES = 3


def keep(folder: Path, read: Read) -> Kept:
    """``read`` as bytes in the folder of files. Needs no transaction. Raises FileTooLarge."""
    content = gzip.compress(json.dumps(_values(read.folder), ensure_ascii=False).encode(), 6)
    return files.keep(folder, io.BytesIO(content))


def load(folder: Path, sha256: str) -> Folder:
    """The folder that ``keep`` kept."""
    return _folder(json.loads(gzip.decompress(files.place(folder, sha256).read_bytes())))


def table_values(table: Table) -> dict[str, Any]:
    """What the page needs to ask what the columns mean: each with its first texts."""
    examples = {column: _first(table, place) for place, column in enumerate(table.columns)}
    return {"columns": list(table.columns), "examples": examples, "rows": len(table.rows)}


def _first(table: Table, place: int) -> list[str]:
    cells = (cells[place] for _, cells in table.rows if len(cells) > place and cells[place])
    return [cell[:200] for cell, _ in zip(cells, range(_EXAMPLES), strict=False)]


def _values(folder: Folder) -> dict[str, Any]:
    return {
        "articles": [asdict(article) for article in folder.articles],
        "intents": [intent_values(intent) for intent in folder.intents],
        "gold": [gold_values(question) for question in folder.gold],
        "glossary": [term_values(term) for term in folder.glossary],
        "sentences": [asdict(sentence) for sentence in folder.sentences],
        "problems": [asdict(problem) for problem in folder.problems],
        "unread_articles": sorted(folder.unread_articles),
        "unread_intents": sorted(folder.unread_intents),
        "is_glossary_read": folder.is_glossary_read,
        "are_sentences_read": folder.are_sentences_read,
        "recorded_by": folder.recorded_by,
        "recorded": [[*named, one.file, one.kb] for named, one in folder.recorded.items()],
    }


def _folder(values: dict[str, Any]) -> Folder:
    return Folder(
        articles=_all(values["articles"], article_from_values),
        intents=_all(values["intents"], intent_from),
        gold=_all(values["gold"], gold_from),
        glossary=_all(values["glossary"], term_from),
        sentences=_all(values["sentences"], lambda one: Sentence(**one)),
        problems=_all(values["problems"], lambda one: Problem(**one)),
        unread_articles=frozenset(values["unread_articles"]),
        unread_intents=frozenset(values["unread_intents"]),
        is_glossary_read=values["is_glossary_read"],
        are_sentences_read=values["are_sentences_read"],
        recorded_by=values["recorded_by"],
        recorded={
            Named(kind, name, language): Exported(file, kb) for kind, name, language, file, kb in values["recorded"]
        },
    )


def _all(values: list[dict[str, Any]], make: Callable[[dict[str, Any]], Any]) -> tuple[Any, ...]:
    return tuple(map(make, values))


def article_from_values(values: dict[str, Any]) -> Article:
    """The article that ``dataclasses.asdict`` made ``values`` of, by way of JSON."""
    return Article(**{**values, "questions": tuple(values["questions"]), "tags": tuple(values["tags"])})


def enter(session: Any, name: str, kept: Kept, now: datetime) -> int:
    """The row of kept bytes; its id."""
    return files.enter(session, name, MEDIA_TYPE, kept, now).id or 0
