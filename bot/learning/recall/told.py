"""Which passages each message told a customer: written as it is said, so that whoever was told can be found."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from sqlmodel import Session

from bot.learning.recall.models import Told
from handoff.models import Message
from handoff.rows import id_of
from store.columns import table_of
from store.prepared import PreparedRows

_PAGE = re.compile(r"/kb/([^/?#]+)/[^/?#]+/v\d+(?:[?#]|\Z)")
"""The page that a citation opens. It says the language, which a citation does not."""


def tell(session: Session, message: Message) -> None:
    """Keep which passages ``message`` tells its customer, as its citations say. One statement, or none."""
    rows = list(told_by(message))
    _TOLD.insert(session, rows)


def told_by(message: Message) -> Iterator[dict[str, Any]]:
    """The rows of ``told`` that this message makes."""
    for position, citation in enumerate(message.detail.get("citations") or ()):
        language = language_of(citation)
        if language is not None:
            yield {
                "message_id": id_of(message),
                "position": position,
                "article_id": citation["article"],
                "language": language,
                "version": citation["version"],
                "passage": citation["passage"],
                "at": message.at,
            }


def language_of(citation: Mapping[str, Any]) -> str | None:
    """The language of the article that is cited; None for what is no citation of an article's version."""
    page = _PAGE.search(str(citation.get("url") or ""))
    is_whole = all(citation.get(name) is not None for name in ("article", "version", "passage"))
    return page[1] if page and is_whole else None


_TOLD = PreparedRows(table_of(Told), ("message_id", "position", "article_id", "language", "version", "passage", "at"))
