"""Files that people sent: always a download, never shown in the page, whatever they claim to be."""

from __future__ import annotations

from pathlib import Path

from fastapi.responses import FileResponse

from store.errors import FileMissing
from store.files import place
from store.models import StoredFile

HEADERS = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, no-store",
}


def download(folder: Path, stored: StoredFile) -> FileResponse:
    """The bytes of ``stored`` as an attachment that no browser opens in our origin. Raises FileMissing."""
    path = place(folder, stored.sha256)
    if not path.is_file():
        raise FileMissing
    # The type that the sender named is only told beside the file; the browser gets one that it can but save.
    return FileResponse(path, media_type="application/octet-stream", filename=stored.name, headers=HEADERS)
