"""The pictures and files of articles: put in by editors, and shown to staff whether or not an article is live."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, File, Path, Request, Response, UploadFile
from fastapi.responses import FileResponse, JSONResponse
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from api.console.page import NO_STORE, page, texts_for
from api.console.parts import ArticleReader, staff_with
from api.console.refusals import ConsoleRoute, sentence, status_for
from api.http.parts import Now, TheProduct
from api.product import Product
from handoff.models import Staff
from handoff.permissions import Permission
from handoff.rows import id_of
from kb_content.errors import KbError
from kb_content.studio.files import ArticleFile, add_file, file_named, files
from store import reading, transaction
from store.errors import FileMissing, StoreError
from store.files import keep, place

router = APIRouter(prefix="/console/kb-files", route_class=ConsoleRoute, include_in_schema=False)

Editor = Annotated[Staff, Depends(staff_with(Permission.EDIT_ARTICLES))]
Name = Annotated[str, Path(max_length=200)]
_BEGINNING = 1024


@router.get("")
def list_page(request: Request, product: TheProduct, staff: ArticleReader, added: str = "") -> Response:
    """All files, each with the Markdown that shows it."""
    with reading(product.database) as session:
        found = files(session)
    return page(request, "console/kb_files.html", files=found, added=added[:200])


@router.post("")
def add(
    request: Request,
    product: TheProduct,
    now: Now,
    staff: Editor,
    upload: Annotated[UploadFile, File()],
) -> Response:
    """Keep one file. The editor's script gets {name, markdown} or {problem}; a plain form the list, with it on top."""
    wants_json = "application/json" in request.headers.get("accept", "")
    beginning = upload.file.read(_BEGINNING)
    upload.file.seek(0)
    try:
        kept = keep(product.files, upload.file)
        with transaction(product.database) as session:
            found = add_file(
                session, upload.filename or "", beginning, kept, now, staff_id=id_of(staff), actor=staff.name
            )
    except (KbError, StoreError) as error:
        if not wants_json:
            raise
        status = status_for(error)
        words = sentence(texts_for(request), error, status)
        return JSONResponse({"problem": words}, status, headers=NO_STORE)
    if wants_json:
        return JSONResponse({"name": found.name, "markdown": found.markdown}, headers=NO_STORE)
    return RedirectResponse(f"/console/kb-files?added={found.name}", 303)


@router.get("/{name}")
def show(product: TheProduct, staff: ArticleReader, name: Name) -> Response:
    with reading(product.database) as session:
        found = file_named(session, name)
    if found is None:
        raise HTTPException(404)
    return serve(product, found, "private, max-age=300")


def serve(product: Product, file: ArticleFile, caching: str) -> Response:
    """A picture in its page, anything else as a download; a browser may run nothing of it. Raises FileMissing."""
    path = place(product.files, file.sha256)
    if not path.is_file():
        raise FileMissing
    return FileResponse(
        path,
        media_type=file.media_type,
        filename=file.name,
        content_disposition_type="inline" if file.is_picture else "attachment",
        headers={
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": caching,
        },
    )
