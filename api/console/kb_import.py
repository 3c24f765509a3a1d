"""Articles brought in from the browser: uploaded, looked at, then published. The command line takes larger ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Request, Response, UploadFile
from starlette.responses import RedirectResponse

from api.console.page import page, texts_for
from api.console.parts import actor_of, staff_with
from api.console.refusals import ConsoleRoute
from api.first_run import Standing, State, Step, settle, standing
from api.http.parts import Now, TheProduct
from api.product import Product
from api.uploads import BadUpload, packed, unpacked
from bot.learning.publish import NothingToRead, carry_out, plan, read_usable
from bot.learning.publish_soon import Publishing, ask_to_publish, publishing
from handoff.models import Staff
from handoff.permissions import Permission
from handoff.rows import id_of
from kb_content.catalogue import ImportPlan, is_sample_live, live_release
from kb_content.folder import Folder
from store import files, reading, transaction
from store.errors import FileTooLarge
from store.models import StoredFile

router = APIRouter(prefix="/console/articles/import", route_class=ConsoleRoute, include_in_schema=False)

Editor = Annotated[Staff, Depends(staff_with(Permission.EDIT_ARTICLES))]
MEDIA_TYPE = "application/x-firstline-articles"
"""Tells an upload from what customers sent: nothing else is ever read as articles."""
SHOWN = 200


@dataclass(frozen=True)
class Looked:
    """What an upload would do. ``upload_id``: the stored file that holds it meanwhile."""

    upload_id: int
    name: str
    replaces: bool
    planned: ImportPlan
    folder: Folder


@dataclass(frozen=True)
class Knowledge:
    """How the KB stands, beside the form."""

    is_sample: bool
    release: int | None
    publishing: Publishing


@router.get("")
def import_page(request: Request, product: TheProduct, now: Now, staff: Editor) -> Response:
    return _page(request, product, now)


@router.post("")
def look(
    request: Request,
    product: TheProduct,
    now: Now,
    staff: Editor,
    upload: Annotated[list[UploadFile] | None, File()] = None,
    replace: Annotated[bool, Form()] = False,
) -> Response:
    """What the files would change, with the button that does it. They are kept, so that it is the same that is done."""
    given = [(one.filename or "", one.file.read(files.MAX_BYTES + 1)) for one in upload or () if one.filename]
    try:
        name, content = packed(given)
        looked = _looked(product, 0, name, content, replace)
    except (BadUpload, NothingToRead, FileTooLarge) as error:
        return _page(request, product, now, error=error)
    with transaction(product.database) as session:
        row = files.save(product.files, session, name, MEDIA_TYPE, _Stream(content), now)
        upload_id = id_of(row)
    return _page(request, product, now, looked=Looked(upload_id, name, replace, looked.planned, looked.folder))


@router.post("/publish")
def publish(
    request: Request,
    product: TheProduct,
    now: Now,
    staff: Editor,
    upload_id: Annotated[int, Form(ge=1, lt=2**53)] = 1,
    replace: Annotated[bool, Form()] = False,
) -> Response:
    """Write what was looked at, planned again as the KB may have moved on, and have it published."""
    with reading(product.database) as session:
        row = session.get(StoredFile, upload_id)
    if row is None or row.media_type != MEDIA_TYPE:
        return _page(request, product, now, error=BadUpload())
    with files.open_file(product.files, row) as file:
        content = file.read()
    looked = _looked(product, upload_id, row.name, content, replace)
    carry_out(product.database, looked.planned, actor_of(staff).name, now)
    with transaction(product.database) as session:
        ask_to_publish(session, id_of(staff), now)
        if standing(session).is_begun:
            settle(session, Step.ARTICLES, State.DONE)
    return RedirectResponse("/console/articles/import#state", 303)


def _looked(product: Product, upload_id: int, name: str, content: bytes, replace: bool) -> Looked:
    with unpacked(name, content) as folder:
        read = read_usable(folder, lambda _sentence: None)
    return Looked(
        upload_id, name, replace, plan(product.database, read, f"upload: {name}"[:255], replace=replace), read
    )


def _page(
    request: Request,
    product: Product,
    now: Now,
    *,
    looked: Looked | None = None,
    error: Exception | None = None,
) -> Response:
    with reading(product.database) as session:
        live = live_release(session)
        state = Knowledge(is_sample_live(session), live.id if live else None, publishing(session, now))
        begun: Standing = standing(session)
    return page(
        request,
        "console/kb_import.html",
        status=422 if error else 200,
        words=_sentence(request, error),
        looked=looked,
        shown=SHOWN,
        state=state,
        begun=begun,
        step=Step.ARTICLES if begun.is_under_way else None,
    )


def _sentence(request: Request, error: Exception | None) -> str:
    """What is wrong with a KB folder is said in English, file by file, as on the command line."""
    if error is None or isinstance(error, NothingToRead):
        return str(error) if error else ""
    t = texts_for(request)
    return t(f"upload.{type(error).__name__}") if t.has(f"upload.{type(error).__name__}") else t("upload.BadUpload")


class _Stream:
    """Bytes, as the files' folder takes them."""

    def __init__(self, content: bytes) -> None:
        self._left = memoryview(content)

    def read(self, size: int, /) -> bytes:
        piece, self._left = bytes(self._left[:size]), self._left[size:]
        return piece
