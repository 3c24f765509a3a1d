"""The files of conversations, for staff: only ever as downloads."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response
from fastapi.responses import FileResponse
from sqlmodel import select
from starlette.exceptions import HTTPException

from api.console.parts import Reader
from api.console.refusals import ConsoleRoute
from api.http.parts import TheProduct
from handoff.models import Attachment
from store import reading
from store.errors import FileMissing
from store.files import place
from store.models import StoredFile

router = APIRouter(prefix="/console/files", route_class=ConsoleRoute, include_in_schema=False)

# Whatever it is, a browser must not show it as a page of ours.
DOWNLOAD_ONLY = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, no-store",
}


@router.get("/{file_id}")
def download(product: TheProduct, staff: Reader, file_id: Annotated[int, Path(ge=1, lt=2**53)]) -> Response:
    """The file, if it belongs to a message. Its own media type is not repeated: it came from outside."""
    with reading(product.database) as session:
        is_attached = session.exec(select(Attachment.id).where(Attachment.file_id == file_id).limit(1)).first()
        row = session.get(StoredFile, file_id) if is_attached is not None else None
    if row is None:
        raise HTTPException(404)
    path = place(product.files, row.sha256)
    if not path.is_file():
        raise FileMissing
    return FileResponse(path, media_type="application/octet-stream", filename=row.name, headers=DOWNLOAD_ONLY)
