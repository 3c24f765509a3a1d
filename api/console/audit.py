"""Who did what, to what and when, with what was so before; narrowed down, and as a file for a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.responses import StreamingResponse

from api.console.page import NO_STORE, page
from api.console.parts import staff_with
from api.console.refusals import ConsoleRoute
from api.http.parts import Now, TheProduct
from handoff.models import Staff
from handoff.permissions import Permission
from handoff.rows import id_of
from store import Database, audit, audit_log, reading, transaction
from store.audit_log import Sought
from store.models import Audit

router = APIRouter(prefix="/console/audit", route_class=ConsoleRoute, include_in_schema=False)

Auditor = Annotated[Staff, Depends(staff_with(Permission.READ_AUDIT))]
Words = Annotated[str, Query(max_length=120)]
SHOWN, BATCH = 100, 500
COLUMNS = ("id", "at", "actor", "action", "kind", "subject", "detail")
_DAY = timedelta(days=1)


def sought(
    actor: Words = "", action: Words = "", kind: Words = "", subject: Words = "", since: Words = "", until: Words = ""
) -> Sought:
    """What the address asks for. What is no number and no date does not narrow: nothing here is worth a refusal."""
    number = subject.strip().removeprefix("#")
    subject_id = int(number) if number.isascii() and number.isdecimal() and len(number) < 16 else None
    last = _day(until)
    return Sought(
        actor.strip(), action.strip(), kind.strip(), subject_id, _day(since), last + _DAY if last is not None else None
    )


Asked = Annotated[Sought, Depends(sought)]


@router.get("")
def audit_page(
    request: Request,
    product: TheProduct,
    staff: Auditor,
    wanted: Asked,
    below: Annotated[int | None, Query(ge=1, lt=2**53)] = None,
) -> Response:
    with reading(product.database) as session:
        found = audit_log.entries(session, wanted, SHOWN + 1, below)
        known = audit_log.known(session)
    shown = found[:SHOWN]
    is_more = len(found) > SHOWN
    return page(
        request,
        "console/audit_log.html",
        entries=shown,
        known=known,
        wanted=wanted,
        until=(wanted.until - _DAY) if wanted.until else None,
        query=urlencode(_asked(request)),
        older=urlencode({**_asked(request), "below": shown[-1].row.id}) if is_more else "",
        is_first=below is None,
        texts=told,
    )


@router.get("/export")
def export(product: TheProduct, now: Now, staff: Auditor, wanted: Asked) -> Response:
    """The entries as CSV. That they were taken out is an entry, too."""
    about = {key: str(value) for key, value in asdict(wanted).items() if value not in ("", None)}
    with transaction(product.database) as session:
        audit.record(session, staff.name, "audit.exported", "staff", id_of(staff), now, narrowed=about)
    headers = {**NO_STORE, "Content-Disposition": f'attachment; filename="audit-{now:%Y-%m-%d}.csv"'}
    return StreamingResponse(_csv(product.database, wanted), media_type="text/csv; charset=utf-8", headers=headers)


def told(value: object) -> str:
    """A recorded value as words: a list by its members, nothing as a dash."""
    if value in (None, "", [], {}):
        return "–"
    if isinstance(value, list) and all(isinstance(one, str | int | float) for one in value):
        return ", ".join(map(str, value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _csv(database: Database, wanted: Sought) -> Iterator[str]:
    """A few hundred lines at a time; begins with the mark by which spreadsheets know UTF-8."""
    yield "\ufeff" + _line(COLUMNS)
    below: int | None = None
    while True:
        with reading(database) as session:
            found = audit_log.rows(session, wanted, BATCH, below)
        yield from (_line(_cells(row)) for row in found)
        if len(found) < BATCH:
            return
        below = found[-1].id


def _cells(row: Audit) -> tuple[object, ...]:
    subject = "" if row.subject_id is None else row.subject_id
    detail = json.dumps(row.detail, ensure_ascii=False)
    return row.id, row.at.isoformat(), _harmless(row.actor), row.action, row.kind, subject, detail


def _harmless(words: str) -> str:
    """A spreadsheet takes what begins so for a formula."""
    return f"'{words}" if words[:1] in ("=", "+", "-", "@", "\t", "\r") else words


def _line(cells: tuple[object, ...]) -> str:
    file = io.StringIO()
    csv.writer(file).writerow(cells)
    return file.getvalue()


def _asked(request: Request) -> dict[str, str]:
    """The filters of the address, without where its page begins."""
    return {key: value for key, value in request.query_params.items() if value and key != "below"}


def _day(words: str) -> datetime | None:
    try:
        day = date.fromisoformat(words.strip())
        return datetime(day.year, day.month, day.day, tzinfo=UTC) if day.year < 9999 else None
    except ValueError:
        return None
