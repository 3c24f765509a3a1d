"""How articles name their pictures and other files: ``files/NAME``, and what kinds of files there are. Pure."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import unquote

from kb_content.errors import KbError
from kb_content.markdown import parse
from store.files import clean_name

FOLDER = "files"
LONGEST = 100
_PATH = re.compile(r"(?:\.{0,2}/)*files/(?P<name>[^/?#\\]+)\Z")
_UNSAFE = re.compile(r"[^\w.-]+")


class UnknownKind(KbError):
    """Articles take PNG, JPEG, GIF, WebP, PDF, text, CSV, JSON and zip files. Save it as one of these, named so."""


_PICTURES = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif", "webp": "image/webp"}
_OTHERS = {
    "pdf": "application/pdf",
    "txt": "text/plain",
    "csv": "text/csv",
    "json": "application/json",
    "zip": "application/zip",
    "log": "text/plain",
    "yml": "text/plain",
    "yaml": "text/plain",
}
KINDS = _PICTURES | _OTHERS
"""The media type by the ending of a name: whatever else a sender says about a file is not believed."""

_BEGINNINGS = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "image/webp": (b"RIFF",),
    "application/pdf": (b"%PDF",),
    "application/zip": (b"PK",),
}


def name_in(href: str) -> str | None:
    """The file's name that an address in an article means; None where it means something else."""
    found = _PATH.match(href.partition("#")[0])
    name = unquote(found["name"]) if found else ""
    return name if name and name == safe_name(name) else None


def names_in(markdown: str) -> frozenset[str]:
    """The names of all files that ``markdown`` shows or links to."""
    if f"{FOLDER}/" not in markdown:
        return frozenset()
    inside = (child for token in parse(markdown) for child in token.children or ())
    found = (name_in(str(child.attrs.get("src") or child.attrs.get("href") or "")) for child in inside)
    return frozenset(filter(None, found))


def safe_name(name: str) -> str:
    """``name`` as it can stand in an address, a folder and a link of any chat; letters of any language stay."""
    stem, dot, ending = unicodedata.normalize("NFC", clean_name(name)).rpartition(".")
    kept = _UNSAFE.sub("-", stem if dot else ending).strip("-.")[:LONGEST].rstrip("-.") or "file"
    return f"{kept}.{ending.lower()}" if dot else kept


def kind_of(name: str, beginning: bytes) -> str:
    """The media type of a file called ``name`` whose first bytes are these. Raises UnknownKind."""
    kind = KINDS.get(name.rpartition(".")[2].lower())
    if kind is None or not beginning.startswith(_BEGINNINGS.get(kind, (b"",))):
        raise UnknownKind
    if kind.startswith("text/") and b"\0" in beginning:
        raise UnknownKind
    return kind


def is_picture(media_type: str) -> bool:
    return media_type in _PICTURES.values()
