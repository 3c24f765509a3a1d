"""Gold questions from a file and into one: looked at first, then carried out."""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from starlette.responses import RedirectResponse

from api.console.gold import Asked, Editor, guesser
from api.console.page import NO_STORE, page
from api.console.parts import ArticleReader
from api.console.refusals import ConsoleRoute
from api.http.parts import Now, TheProduct
from handoff.rows import id_of
from kb_content.gold import GoldPlan, apply_gold, gold_lines, plan_gold
from kb_content.gold_file import write_gold
from kb_content.gold_table import read_questions
from kb_content.problems import Problem
from store import files, reading, transaction
from store.models import StoredFile

router = APIRouter(prefix="/console/gold/files", route_class=ConsoleRoute, include_in_schema=False)

MEDIA_TYPE = "application/x-firstline-gold"
"""Tells these files from what customers sent: nothing else is ever read as gold questions."""
MOST_BYTES = 20_000_000
SHOWN = 200


@dataclass(frozen=True)
class Looked:
    """What a file would do. ``upload_id``: where it is kept meanwhile."""

    upload_id: int
    name: str
    plan: GoldPlan
    problems: tuple[Problem, ...]

    @property
    def languages(self) -> dict[str, int]:
        return dict(Counter(one.language for one in self.plan.added))


@router.get("")
def upload_page(request: Request, staff: Editor) -> Response:
    return page(request, "console/gold_file.html", looked=None, shown=SHOWN, is_bad=False)


@router.post("")
def look(
    request: Request,
    product: TheProduct,
    now: Now,
    staff: Editor,
    upload: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """What the file would add and change, with the button that does it."""
    content = upload.file.read(MOST_BYTES + 1) if upload else b""
    if upload is None or not content or len(content) > MOST_BYTES:
        return page(request, "console/gold_file.html", status=422, looked=None, shown=SHOWN, is_bad=True)
    name = (upload.filename or "questions.jsonl")[-200:]
    with transaction(product.database) as session:
        row = files.save(product.files, session, name, MEDIA_TYPE, io.BytesIO(content), now)
        upload_id = id_of(row)
    with reading(product.database) as session:
        questions, problems = read_questions(name, content, guesser(session))
        looked = Looked(upload_id, name, plan_gold(session, questions), tuple(problems))
    return page(request, "console/gold_file.html", looked=looked, shown=SHOWN, is_bad=False)


@router.post("/do")
def do(
    request: Request, product: TheProduct, now: Now, staff: Editor, upload_id: Annotated[int, Form(ge=1, lt=2**53)]
) -> Response:
    """Write what was looked at, planned again as the questions may have changed meanwhile."""
    with reading(product.database) as session:
        row = session.get(StoredFile, upload_id)
    if row is None or row.media_type != MEDIA_TYPE:
        return page(request, "console/gold_file.html", status=422, looked=None, shown=SHOWN, is_bad=True)
    with files.open_file(product.files, row) as file:
        content = file.read()
    with transaction(product.database) as session:
        questions, _ = read_questions(row.name, content, guesser(session))
        plan = plan_gold(session, questions)
        apply_gold(session, plan, staff.name, now)
    return RedirectResponse(f"/console/gold?done=imported&count={len(plan.added) + len(plan.changed)}", 303)


@router.get("/export")
def export(product: TheProduct, now: Now, staff: ArticleReader, wanted: Asked) -> Response:
    """The questions of the list as JSON lines, the oldest first: as ``gold/*.jsonl`` of a KB folder has them."""
    with reading(product.database) as session:
        found = [line.question for line in reversed(gold_lines(session)) if wanted.takes(line)]
    headers = {**NO_STORE, "Content-Disposition": f'attachment; filename="gold-{now:%Y-%m-%d}.jsonl"'}
    return Response(write_gold(found), media_type="application/jsonl", headers=headers)
