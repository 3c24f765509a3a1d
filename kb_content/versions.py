"""Articles as rows and back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from kb_content.articles import Article, Passage
from kb_content.models import ArticleVersion, KbArticle

_STORED = ("key", "anchor", "heading", "text", "lead")


def sha256_of(content: Any) -> str:
    """The hash of plain values, whatever the order of their keys."""
    written = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()


def article_sha256(article: Article) -> str:
    """The same for two articles exactly if they have equal contents."""
    return sha256_of(asdict(article))


def is_same_content(article: Article, sha256: str, meta: Mapping[str, Any]) -> bool:
    """Whether ``article`` says what the stored version with ``sha256`` and ``meta`` says.

    A ``translated_from`` that only an export added is no change.
    """
    if article_sha256(article) == sha256:
        return True
    return meta.get("translated_from") is None and article_sha256(replace(article, translated_from=None)) == sha256


def new_version(row: KbArticle, article: Article, passages: Iterable[Passage], now: datetime) -> ArticleVersion:
    """The next version of ``row``, which must have an id; ``row.newest`` is moved on."""
    row.newest += 1
    return version_of(row, row.newest, article, passages, now)


def version_of(
    row: KbArticle,
    number: int,
    article: Article,
    passages: Iterable[Passage],
    now: datetime,
    made_by: int | None = None,
) -> ArticleVersion:
    """``article`` as version ``number`` of ``row``. Nothing is changed or stored."""
    return ArticleVersion(
        kb_article_id=row.id or 0,
        number=number,
        title=article.title,
        body=article.body,
        meta=_meta(article),
        passages=[{name: getattr(passage, name) for name in _STORED} for passage in passages],
        sha256=article_sha256(article),
        created_at=now,
        made_by=made_by,
    )


def article_from(row: KbArticle, version: ArticleVersion) -> Article:
    meta = dict(version.meta)
    return Article(
        id=row.article_id,
        language=row.language,
        title=version.title,
        body=version.body,
        questions=tuple(meta.pop("questions", ())),
        tags=tuple(meta.pop("tags", ())),
        **meta,
    )


def passages_from(row: KbArticle, version: ArticleVersion) -> tuple[Passage, ...]:
    """The passages as they were cut when the version was made."""
    return tuple(
        Passage(article_id=row.article_id, language=row.language, version=version.number, position=position, **stored)
        for position, stored in enumerate(version.passages)
    )


def _meta(article: Article) -> dict[str, Any]:
    values = asdict(article)
    for elsewhere in ("id", "language", "title", "body"):
        del values[elsewhere]
    return {key: list(value) if isinstance(value, tuple) else value for key, value in values.items() if value}
