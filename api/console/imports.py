"""Accounts, customers and agents from a spreadsheet: looked at first, written when an admin says so."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Request, Response, UploadFile

from api.console.page import page, texts_for
from api.console.parts import actor_of, staff_with
from api.console.refusals import ConsoleRoute, sentence
from api.http.parts import Now, TheProduct
from api.importing import carry_out, looked
from api.product import Product
from handoff.errors import BadFile
from handoff.importing.kinds import KINDS
from handoff.importing.lines import Kind, Row, Tally
from handoff.models import Staff
from handoff.permissions import Permission

router = APIRouter(prefix="/console/import", route_class=ConsoleRoute, include_in_schema=False)

LARGEST = 500_000
"""Bytes; a larger file is for the command line: between looking and writing the page itself holds it."""
SHOWN = 500
Admin = Annotated[Staff, Depends(staff_with(Permission.MANAGE_SYSTEM))]
Name = Annotated[str, Form(max_length=20)]
Held = Annotated[str, Form(max_length=LARGEST * 2)]


@router.get("")
def import_page(request: Request, staff: Admin, kind: str = "accounts") -> Response:
    return _page(request, KINDS.get(kind, KINDS["accounts"]))


@router.post("")
def look(
    request: Request,
    product: TheProduct,
    staff: Admin,
    kind: Name = "accounts",
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """What the file would do, line by line, with the button that does it."""
    content = file.file.read(LARGEST + 1) if file else b""
    return _looked(request, product, KINDS.get(kind, KINDS["accounts"]), content)


@router.post("/write")
def write(
    request: Request, product: TheProduct, now: Now, staff: Admin, kind: Name = "accounts", held: Held = ""
) -> Response:
    """Looked at again, as the desk may have moved on, and written; lines that are refused are left out."""
    chosen = KINDS.get(kind, KINDS["accounts"])
    try:
        tally = looked(product.database, chosen, base64.b64decode(held, validate=True))
    except (binascii.Error, ValueError):
        return _page(request, chosen, error=BadFile())
    except BadFile as error:
        return _page(request, chosen, error=error)
    done = carry_out(product.database, chosen, tally.rows, now, actor_of(staff))
    return _page(request, chosen, done, is_written=True, address=product.settings.address)


def _looked(request: Request, product: Product, kind: Kind, content: bytes) -> Response:
    try:
        if len(content) > LARGEST:
            raise BadFile("The file is larger than 500 kB. Import it with the command: firstline import.")
        tally = looked(product.database, kind, content)
    except BadFile as error:
        return _page(request, kind, error=error)
    return _page(request, kind, tally, held=base64.b64encode(content).decode())


def _page(
    request: Request,
    kind: Kind,
    tally: Tally | None = None,
    *,
    held: str = "",
    is_written: bool = False,
    address: str = "",
    error: BadFile | None = None,
) -> Response:
    t = texts_for(request)
    return page(
        request,
        "console/import.html",
        status=422 if error else 200,
        words=sentence(t, error, 422) if error else "",
        kinds=KINDS,
        kind=kind,
        tally=tally,
        rows=_worth_showing(tally.rows if tally else ())[:SHOWN],
        why={row.line.number: sentence(t, row.error, 422) for row in (tally.refused if tally else ()) if row.error},
        held=held,
        is_written=is_written,
        links={row.line.number: f"{address}/console/welcome/{row.secret}" for row in (tally.rows if tally else ())},
    )


def _worth_showing(rows: Sequence[Row]) -> list[Row]:
    """Refused ones first; those that are as they were are only counted."""
    told = [row for row in rows if row.verdict.value != "same"]
    return sorted(told, key=lambda row: (row.error is None, row.line.number))
