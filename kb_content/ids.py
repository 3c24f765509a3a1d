"""Ids of articles: what may be one, and which one a file gets that names none."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from pathlib import PurePosixPath

from kb_content.language import folder_language

ARTICLE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")
NAMELESS = frozenset({"index", "_index", "readme"})
"""Names that documentation gives to the first page of a folder."""


def id_of_file(path: str) -> str:
    """The id of an article that names none: its file's name, or its folders' too where the name says nothing."""
    stem = PurePosixPath(path).stem
    return id_from_path(inner_parts(path)) if stem.lower() in NAMELESS else slug(stem)


def id_from_path(parts: tuple[str, ...]) -> str:
    """The article id of a file by its folders and its name, but for a folder that is called after a language."""
    if len(parts) > 1 and folder_language(parts[0]):
        parts = parts[1:]
    return slug("-".join([*parts[:-1], PurePosixPath(parts[-1]).stem]))


def inner_parts(path: str) -> tuple[str, ...]:
    """The folders and the name of a file within the KB's articles, which need not be in a folder of that name."""
    parts = PurePosixPath(path).parts
    return parts[1:] if parts[0] == "articles" and len(parts) > 1 else parts


def slug(text: str) -> str:
    """``text`` as an article id: ASCII letters, digits, dots and dashes; a hash where nothing else is left."""
    folded = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    made = re.sub(r"[^A-Za-z0-9._-]+", "-", folded).strip("._-")[:100]
    lost = sum(character.isalnum() for character in text) - sum(character.isalnum() for character in made)
    if made and lost <= len(text) // 2:
        return made
    return f"{made[:80]}-{_hash(text)}".lstrip("-") if made else f"article-{_hash(text)}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
