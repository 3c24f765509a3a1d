"""Full-text search, the same on both databases, for scripts with spaces between words and for those without.

Neither FTS5 nor PostgreSQL finds 密码 inside a sentence, so both index our own tokens.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby

from sqlalchemy import ColumnElement, delete, text
from sqlalchemy import insert as plain_insert
from sqlmodel import Session, col, select

from store.columns import table_of
from store.inserts import insert
from store.models import Searchable
from store.prepared import Prepared

_LONGEST_TOKEN = 64
_MOST_QUERY_TOKENS = 32
# PostgreSQL refuses more than 1 MB of lexemes for one row, so the end of a longer text is not found.
_MOST_INDEXED_BYTES = 300_000

# FTS5 in a trigger is refused under trusted_schema=OFF, hence by hand; https://sqlite.org/fts5.html has the form.
_SEARCHABLE = table_of(Searchable)
_ENTER = Prepared(plain_insert(_SEARCHABLE).returning(_SEARCHABLE.c.id))
_ADD = Prepared(text("INSERT INTO searchable_words (rowid, words) VALUES (:row_id, :words)"))
_TAKE_OUT = text("INSERT INTO searchable_words (searchable_words, rowid, words) VALUES ('delete', :row_id, :words)")
_REBUILD = text("INSERT INTO searchable_words (searchable_words) VALUES ('rebuild')")
# Ranking reads one row after another, so of a word that many texts hold only the newest ones are ranked. PostgreSQL
# would fetch every text that holds it before it knows which are the newest, so it looks through the newest texts first
# and asks the index only for what is too rare there ("+ 0": by the index, not from the newest on through all of them).
RANKED, LOOKED_THROUGH = 2_000, 20_000
BEST_ON_SQLITE = """
        SELECT subject_id FROM (
            SELECT searchable.subject_id AS subject_id, bm25(searchable_words) AS badness
            FROM searchable_words JOIN searchable ON searchable.id = searchable_words.rowid
            WHERE searchable_words MATCH :query AND searchable.kind = :kind
            ORDER BY searchable_words.rowid DESC LIMIT :ranked)
        ORDER BY badness, subject_id DESC LIMIT :limit"""
_FIND = {
    "sqlite": BEST_ON_SQLITE,
    "postgresql": """
        WITH newest AS (
            SELECT subject_id, searchable_words FROM searchable WHERE kind = :kind
            ORDER BY subject_id DESC LIMIT :looked_through),
        recent AS MATERIALIZED (
            SELECT * FROM newest WHERE searchable_words @@ to_tsquery('simple'::regconfig, :query)),
        everywhere AS (
            SELECT subject_id, searchable_words FROM searchable
            WHERE searchable_words @@ to_tsquery('simple'::regconfig, :query) AND kind = :kind
                AND (SELECT count(*) FROM recent) < :limit
            ORDER BY subject_id + 0 DESC LIMIT :ranked),
        found AS (
            SELECT * FROM everywhere UNION ALL SELECT * FROM recent WHERE (SELECT count(*) FROM recent) >= :limit)
        SELECT subject_id FROM found
        ORDER BY ts_rank(searchable_words, to_tsquery('simple'::regconfig, :query)) DESC, subject_id DESC
        LIMIT :limit""",
}


def tokens(text: str) -> list[str]:
    """The words of ``text``, width and case folded; of Chinese, Japanese and Korean overlapping pairs of characters.

    "Password 密码登录" becomes password, 密码, 码登, 登录; a character alone stays alone. Signs only separate:
    "#123" is 123 and "O'Brien" is o, brien, in what is searched as in what it is searched by.
    """
    found: list[str] = []
    for is_paired, run in _runs(text):
        found.extend(_pairs(run) if is_paired else [run[:_LONGEST_TOKEN]])
    return found


def words(text: str) -> str:
    """What is kept of ``text``: its tokens, and the last character of each unspaced run, so that any alone is found."""
    found: list[str] = []
    for is_paired, run in _runs(text):
        found.extend([*_pairs(run), run[-1]] if is_paired else [run[:_LONGEST_TOKEN]])
    return " ".join(found).encode()[:_MOST_INDEXED_BYTES].decode(errors="ignore")


def index(session: Session, kind: str, subject_id: int, text: str, *, is_new: bool = False) -> None:
    """Let ``search`` find the thing by ``text``, which replaces what it was found by before.

    ``is_new``: nobody could find it before, which spares looking for that.
    """
    values = {"kind": kind, "subject_id": subject_id, "words": words(text)}
    if is_new:
        row_id = _ENTER.scalar(session, **values)
    else:
        _unlist(session, kind, subject_id)
        statement = insert(session, Searchable).values(**values)
        statement = statement.on_conflict_do_update(
            index_elements=["kind", "subject_id"], set_={"words": statement.excluded.words}
        )
        row_id = session.execute(statement.returning(col(Searchable.id))).scalar_one()
    if _is_sqlite(session):
        _ADD.touched(session, row_id=row_id, words=values["words"])


def remove(session: Session, kind: str, subject_id: int) -> None:
    """Let nobody find the thing any more; nothing happens if nobody could. Never delete the rows in another way."""
    _unlist(session, kind, subject_id)
    session.execute(delete(Searchable).where(*_is(kind, subject_id)))


def rebuild(session: Session) -> None:
    """Make the index of what the table holds, after its rows were written past ``index``: from a backup, say."""
    if _is_sqlite(session):
        session.execute(_REBUILD)


def search(session: Session, kind: str, query: str, limit: int = 20, *, is_typing: bool = False) -> list[int]:
    """The ids of the things of ``kind`` that hold every word of ``query``, best first, then newest first.

    Of words that very many things hold, the newest of those are judged: always at least ``limit``.
    While somebody ``is_typing`` the last word may be the beginning of one. Any text is a query: signs and operators
    mean nothing, and one without words finds nothing.
    """
    asked = tokens(query)[:_MOST_QUERY_TOKENS]
    if not asked:
        return []
    dialect = session.get_bind().dialect.name
    asked_for = {"query": _expression(asked, dialect, is_typing), "kind": kind, "limit": limit}
    bounds = {"ranked": RANKED} if dialect == "sqlite" else {"ranked": RANKED, "looked_through": LOOKED_THROUGH}
    return list(session.execute(text(_FIND[dialect]), {**asked_for, **bounds}).scalars())


def _unlist(session: Session, kind: str, subject_id: int) -> None:
    """Take the thing out of SQLite's index, which must be told what it held. PostgreSQL keeps its own in step."""
    if not _is_sqlite(session):
        return
    query = select(Searchable.id, Searchable.words).where(*_is(kind, subject_id))
    for row_id, held in session.exec(query):
        session.execute(_TAKE_OUT, {"row_id": row_id, "words": held})


def _is(kind: str, subject_id: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return col(Searchable.kind) == kind, col(Searchable.subject_id) == subject_id


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def _expression(asked: list[str], dialect: str, is_typing: bool) -> str:
    """Every token quoted, so that none is an operator. Tokens hold letters, digits and marks, never a quote."""
    quote, star, join = ('"', "*", " AND ") if dialect == "sqlite" else ("'", ":*", " & ")
    terms = [f"{quote}{token}{quote}{star if _is_lone(token) else ''}" for token in asked]
    if is_typing and not terms[-1].endswith(star):
        terms[-1] += star
    return join.join(terms)


_UNBROKEN = re.compile(r"[a-z0-9\x80-\U0010ffff]+")
"""What no sign or space of ASCII stands in."""


def _runs(text: str) -> Iterator[tuple[bool, str]]:
    """What stands between signs and spaces, cut where the script changes; True for scripts without spaces."""
    for part in _UNBROKEN.findall(unicodedata.normalize("NFKC", text).casefold()):
        if part.isascii():
            # Most of most texts, and quickly told.
            yield False, part
            continue
        for sort, group in groupby(part, _sort):
            run = "".join(group)
            # A mark with no letter is what is left of a sign, such as the variation selector of an emoji.
            if sort and any(char.isalnum() for char in run):
                yield sort == "paired", run


def _pairs(run: str) -> list[str]:
    return [run[start : start + 2] for start in range(len(run) - 1)] or [run]


def _is_lone(token: str) -> bool:
    return len(token) == 1 and _sort(token) == "paired"


@lru_cache(maxsize=16_384)
def _sort(char: str) -> str:
    """ "paired", "spaced", or nothing for what only separates."""
    category = unicodedata.category(char)
    # Numbers that are neither digits nor letters, such as ⓫, are signs to PostgreSQL.
    if category[0] not in "LMN" or category == "No":
        return ""
    return "paired" if _is_unspaced(ord(char)) else "spaced"


def _is_unspaced(code: int) -> bool:
    """Han with its iteration marks, Kana, Bopomofo and Hangul."""
    return (
        0x3005 <= code <= 0x3007
        or 0x3021 <= code <= 0x31FF
        or 0x3400 <= code <= 0x9FFF
        or 0xF900 <= code <= 0xFAFF
        or 0x20000 <= code <= 0x3FFFF
        or 0x1100 <= code <= 0x11FF
        or 0xA960 <= code <= 0xA97F
        or 0xAC00 <= code <= 0xD7FF
    )
