"""Articles brought in from the browser: uploaded or named by their address. The command line takes larger ones."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Path, Request, Response, UploadFile
from starlette.responses import RedirectResponse

from api.console.page import page, texts_for
from api.console.parts import actor_of, staff_with
from api.console.refusals import ConsoleRoute, sentence
from api.first_run import Standing, Step, standing
from api.http.parts import Now, TheProduct
from api.product import Product
from api.uploads import BadUpload, packed, unpacked
from bot.learning.importing import jobs
from bot.learning.importing.addresses import networks
from bot.learning.importing.errors import BadWebAddress
from bot.learning.importing.fetching import Fetcher, is_web_address
from bot.learning.importing.wishes import Wish
from bot.learning.publish_soon import Publishing, ask_to_publish, publishing
from handoff.models import Staff
from handoff.permissions import Permission
from handoff.rows import id_of
from kb_content.catalogue import is_sample_live, live_release
from kb_content.studio.models import ImportState, KbImport
from kb_content.undoing import ImportLine, imports, undo
from store import files, reading, transaction
from store.errors import FileTooLarge

router = APIRouter(prefix="/console/articles/import", route_class=ConsoleRoute, include_in_schema=False)

Editor = Annotated[Staff, Depends(staff_with(Permission.EDIT_ARTICLES))]
Id = Annotated[int, Path(ge=1, lt=2**53)]
MEDIA_TYPE = "application/x-firstline-articles"
"""Tells an upload from what customers sent: nothing else is ever read as articles."""
HERE = "/console/articles/import"
_PATIENCE = 8.0
"""Seconds that a browser waits for a small upload to be read; after that its page tells how far it is."""


@dataclass(frozen=True)
class Knowledge:
    """How the KB stands, beside the form."""

    is_sample: bool
    release: int | None
    publishing: Publishing
    imports: list[ImportLine]


@router.get("")
def import_page(request: Request, product: TheProduct, now: Now, staff: Editor) -> Response:
    return start_page(request, product, now)


@router.post("")
def look(
    request: Request,
    product: TheProduct,
    now: Now,
    staff: Editor,
    upload: Annotated[list[UploadFile] | None, File()] = None,
    url: Annotated[str, Form(max_length=2_000)] = "",
    replace: Annotated[bool, Form()] = False,
) -> Response:
    """Have it read, and show what it would change. Uploads are kept, so that it is the same that is done."""
    given = [(one.filename or "", one.file.read(files.MAX_BYTES + 1)) for one in upload or () if one.filename]
    try:
        wish = _from_web(url.strip(), replace) if url.strip() else _from_files(product, given, replace, now)
    except (BadUpload, FileTooLarge, BadWebAddress) as error:
        return start_page(request, product, now, error=error)
    with transaction(product.database) as session:
        import_id = jobs.ask(session, wish, actor_of(staff).name, now)
    read(product, import_id)
    with reading(product.database) as session:
        row = jobs.get(session, import_id)
    if row.state is ImportState.FAILED:
        return start_page(request, product, now, failed=row)
    return RedirectResponse(f"{HERE}/{import_id}", 303)


@router.post("/{import_id}/undo")
def take_back(request: Request, product: TheProduct, now: Now, staff: Editor, import_id: Id) -> Response:
    """Put back what the import changed, and have that published."""
    with transaction(product.database) as session:
        undo(session, import_id, actor_of(staff).name, now)
        ask_to_publish(session, id_of(staff), now)
    return RedirectResponse(f"{HERE}#state", 303)


def read(product: Product, import_id: int) -> None:
    """Begin reading, and wait a moment for it: most uploads are small."""
    shown = threading.Event()
    jobs.begin(house_of(product), import_id, shown)
    shown.wait(_PATIENCE)


def house_of(product: Product) -> jobs.House:
    settings = product.settings
    fetcher = Fetcher(networks(settings.import_networks))
    is_ready = product.live.serving is not None
    return jobs.House(product.database, product.files, unpacked, fetcher, settings.encoder, looks_closer=is_ready)


def start_page(
    request: Request, product: Product, now: Now, *, error: Exception | None = None, failed: KbImport | None = None
) -> Response:
    """The form, how the KB stands, and what was imported so far."""
    with reading(product.database) as session:
        live = live_release(session)
        state = Knowledge(
            is_sample_live(session), live.id if live else None, publishing(session, now), imports(session)
        )
        begun: Standing = standing(session)
    return page(
        request,
        "console/kb_import.html",
        status=422 if error or failed else 200,
        words=_sentence(request, error) if error else failed.problem if failed else "",
        state=state,
        begun=begun,
        step=Step.ARTICLES if begun.is_under_way else None,
    )


def _from_web(url: str, replaces: bool) -> Wish:
    if not is_web_address(url):
        raise BadWebAddress
    return Wish(url, url=url, replaces=replaces)


def _from_files(product: Product, given: list[tuple[str, bytes]], replaces: bool, now: Now) -> Wish:
    name, content = packed(given)
    # What cannot even be unpacked is refused at once.
    with unpacked(name, content):
        pass
    kept = files.keep(product.files, _Stream(content))
    with transaction(product.database) as session:
        row = files.enter(session, name, MEDIA_TYPE, kept, now)
        return Wish(row.name, file_id=id_of(row), replaces=replaces)


def _sentence(request: Request, error: Exception) -> str:
    t = texts_for(request)
    named = f"upload.{type(error).__name__}"
    return t(named) if t.has(named) else sentence(t, error, 422)


class _Stream:
    """Bytes, as the files' folder takes them."""

    def __init__(self, content: bytes) -> None:
        self._left = memoryview(content)

    def read(self, size: int, /) -> bytes:
        piece, self._left = bytes(self._left[:size]), self._left[size:]
        return piece
