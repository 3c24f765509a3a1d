"""Articles brought in from the browser: uploaded or named by their address. The command line takes larger ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Path, Request, Response, UploadFile
from starlette.responses import RedirectResponse

from api.article_imports import keep_upload, read
from api.console.page import page, texts_for
from api.console.parts import staff_with
from api.console.refusals import ConsoleRoute, sentence
from api.first_run import Standing, Step, standing
from api.http.parts import Now, TheProduct
from api.product import Product
from api.uploads import BadUpload, packed, unpacked
from bot.learning.importing import jobs
from bot.learning.importing.approval import in_review
from bot.learning.importing.errors import BadWebAddress
from bot.learning.importing.fetching import is_web_address
from bot.learning.importing.wishes import Wish
from bot.learning.publish_soon import Publishing, publishing
from handoff.models import Staff
from handoff.permissions import Permission
from handoff.rows import id_of
from kb_content.catalogue import is_all_sample, is_sample_live, live_release
from kb_content.import_record import ImportLine, imports
from kb_content.studio.models import ImportState, KbImport
from store import files, reading, transaction
from store.errors import FileTooLarge

router = APIRouter(prefix="/console/articles/import", route_class=ConsoleRoute, include_in_schema=False)

Editor = Annotated[Staff, Depends(staff_with(Permission.EDIT_ARTICLES))]
Id = Annotated[int, Path(ge=1, lt=2**53)]
HERE = "/console/articles/import"
PATIENCE = 8.0
"""Seconds that a browser waits for a small upload to be read; after that its page tells how far it is."""


@dataclass(frozen=True)
class Knowledge:
    """How the KB stands, beside the form."""

    is_sample: bool
    """Whether articles of the sample answer customers."""
    is_all_sample: bool
    """Whether none but those are there: then who brings in the first of their own says whether they go."""
    release: int | None
    publishing: Publishing
    imports: list[ImportLine]
    in_review: Sequence[KbImport]
    """What waits for another editor."""


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
    replaces: Annotated[bool, Form(alias="replace")] = False,
) -> Response:
    """Have it read, and show what it would change. Uploads are kept, so that it is the same that is done."""
    given = [(one.filename or "", one.file.read(files.MAX_BYTES + 1)) for one in upload or () if one.filename]
    try:
        wish = _from_web(url.strip(), replaces) if url.strip() else _from_files(product, given, replaces, now)
    except (BadUpload, FileTooLarge, BadWebAddress) as error:
        return start_page(request, product, now, error=error)
    with transaction(product.database) as session:
        import_id = jobs.ask(session, replace(wish, by=id_of(staff)), staff.name, now)
    read(product, import_id, PATIENCE)
    with reading(product.database) as session:
        row = jobs.get(session, import_id)
    if row.state is ImportState.FAILED:
        return start_page(request, product, now, failed=row)
    return RedirectResponse(f"{HERE}/{import_id}", 303)


def start_page(
    request: Request, product: Product, now: Now, *, error: Exception | None = None, failed: KbImport | None = None
) -> Response:
    """The form, how the KB stands, and what was imported so far."""
    with reading(product.database) as session:
        live = live_release(session)
        state = Knowledge(
            is_sample_live(session),
            is_all_sample(session),
            live.id if live else None,
            publishing(session, now),
            imports(session),
            in_review(session),
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
    return replace(keep_upload(product, name, content, now), replaces=replaces)


def _sentence(request: Request, error: Exception) -> str:
    t = texts_for(request)
    named = f"upload.{type(error).__name__}"
    return t(named) if t.has(named) else sentence(t, error, 422)
