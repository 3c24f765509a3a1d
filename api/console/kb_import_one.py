"""One import: how far its reading is, what it would change, what its columns mean, and the button that does it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi import Form as FormField
from starlette.responses import RedirectResponse

from api.article_imports import MEDIA_TYPE, house_of, read
from api.console.draft_places import thing_place
from api.console.kb_import import HERE, PATIENCE, Editor, Id
from api.console.page import page, texts_for
from api.console.refusals import ConsoleRoute, sentence
from api.first_run import State, Step, settle, standing
from api.http.parts import Now, TheProduct
from api.product import Product
from api.uploads import unpacked
from bot.learning.importing import jobs
from bot.learning.importing.approval import is_mine, review_of, send_back, sent_back_of, submit
from bot.learning.importing.errors import ImportGone
from bot.learning.importing.shelving import Choices
from bot.learning.importing.tables import FIELDS
from bot.learning.importing.wishes import Wish, wish_from
from bot.learning.publish import take_files
from bot.learning.publish_soon import ask_to_publish
from bot.learning.studio.publications import check_share
from handoff.models import Staff
from handoff.rows import id_of
from kb_content.agreement import Side
from kb_content.errors import KbError, NotUndone
from kb_content.language import normal_tag
from kb_content.studio.four_eyes import four_eyes
from kb_content.studio.models import ImportState, KbImport
from kb_content.studio.running import running
from kb_content.undoing import undo
from store import files, reading, transaction
from store.models import StoredFile

router = APIRouter(prefix=HERE, route_class=ConsoleRoute, include_in_schema=False)


async def _form(request: Request) -> Mapping[str, list[str]]:
    """All fields of the form: which columns a table has is not known before."""
    form = await request.form(max_fields=2_000)
    return {name: [str(value) for value in form.getlist(name)] for name in form}


Form = Annotated[Mapping[str, list[str]], Depends(_form)]


@router.get("/{import_id}")
def one_page(request: Request, product: TheProduct, now: Now, staff: Editor, import_id: Id) -> Response:
    return _page(request, product, now, staff, import_id)


@router.post("/{import_id}/read")
def read_again(request: Request, product: TheProduct, now: Now, staff: Editor, import_id: Id, form: Form) -> Response:
    """Have it read anew, with what the form says of language, category and columns."""
    with transaction(product.database) as session:
        row = jobs.get(session, import_id)
        if not jobs.is_being_read(session, import_id):
            jobs.wish_again(session, import_id, _chosen(replace(wish_from(row.wish), by=id_of(staff)), form), now)
    read(product, import_id, PATIENCE)
    return RedirectResponse(f"{HERE}/{import_id}", 303)


@router.post("/{import_id}/publish")
def publish(request: Request, product: TheProduct, now: Now, staff: Editor, import_id: Id, form: Form) -> Response:
    """Write what was looked at, and have it published."""
    with reading(product.database) as session:
        row = jobs.get(session, import_id)
    _refuse_strangers(product, row)
    wish = _decided(wish_from(row.wish), form)
    try:
        with reading(product.database) as session:
            check_share(session, wish.percent, ())
        jobs.carry_out(house_of(product), import_id, wish, staff.name, now, id_of(staff))
    except KbError as error:
        return _page(request, product, now, staff, import_id, error=error)
    _take_files(product, wish, row, staff.name, now)
    with transaction(product.database) as session:
        ask_to_publish(session, id_of(staff), now, wish.percent, (import_id,))
        if standing(session).is_begun:
            settle(session, Step.ARTICLES, State.DONE)
    return RedirectResponse(f"{HERE}#state", 303)


@router.post("/{import_id}/submit")
def give_for_review(product: TheProduct, now: Now, staff: Editor, import_id: Id, form: Form) -> Response:
    """Let another editor decide about it, with what is ticked now."""
    with transaction(product.database) as session:
        row = jobs.get(session, import_id)
        submit(session, import_id, _decided(wish_from(row.wish), form), id_of(staff), staff.name, now)
    return RedirectResponse(f"{HERE}/{import_id}", 303)


@router.post("/{import_id}/send-back")
def give_back(
    product: TheProduct, now: Now, staff: Editor, import_id: Id, note: Annotated[str, FormField(max_length=2_000)] = ""
) -> Response:
    """Not approved, or thought better of."""
    with transaction(product.database) as session:
        send_back(session, import_id, note, staff.name, now)
    return RedirectResponse(f"{HERE}/{import_id}", 303)


@router.post("/{import_id}/undo")
def take_back(request: Request, product: TheProduct, now: Now, staff: Editor, import_id: Id) -> Response:
    """Put back what the import changed, and have that published."""
    try:
        with transaction(product.database) as session:
            undo(session, import_id, staff.name, now)
            ask_to_publish(session, id_of(staff), now)
    except NotUndone as error:
        return _page(request, product, now, staff, import_id, error=error)
    return RedirectResponse(f"{HERE}#state", 303)


def _page(
    request: Request, product: Product, now: Now, staff: Staff, import_id: int, *, error: KbError | None = None
) -> Response:
    with reading(product.database) as session:
        row = session.get(KbImport, import_id)
        is_read_now = jobs.is_being_read(session, import_id)
        begun, rollout = standing(session), running(session)
        has_four_eyes = four_eyes(session)
    if row is None:
        raise ImportGone
    is_waiting = row.state in (ImportState.ASKED, ImportState.READING)
    return page(
        request,
        "console/kb_import_one.html",
        status=422 if error else 200,
        words=sentence(texts_for(request), error, 422) if error else row.problem,
        row=row,
        wish=wish_from(row.wish) if row.wish else None,
        review=review_of(row),
        sent_back=sent_back_of(row),
        is_mine=is_mine(row, id_of(staff)),
        has_four_eyes=has_four_eyes,
        changed=[(named, thing_place(named)) for named in error.changed] if isinstance(error, NotUndone) else (),
        rollout=rollout.release_id if rollout else None,
        fields=FIELDS,
        found=row.found,
        is_waiting=is_waiting,
        is_cut_off=is_waiting and not is_read_now,
        is_looking=row.state is ImportState.READ and is_read_now,
        begun=begun,
        step=Step.ARTICLES if begun.is_under_way else None,
    )


def _refuse_strangers(product: Product, row: KbImport) -> None:
    """Nothing but an upload is ever read as articles."""
    file_id = row.wish.get("file") if row.wish else None
    with reading(product.database) as session:
        stored = session.get(StoredFile, file_id) if file_id else None
    if not row.wish or (file_id and (stored is None or stored.media_type != MEDIA_TYPE)):
        raise ImportGone


def _take_files(product: Product, wish: Wish, row: KbImport, actor: str, now: Now) -> None:
    """The pictures that came in the same zip."""
    if wish.file_id is None or row.found.get("is_foreign"):
        return
    with reading(product.database) as session:
        stored = session.get(StoredFile, wish.file_id)
    if stored is not None:
        with files.open_file(product.files, stored) as file:
            content = file.read()
        with unpacked(stored.name, content) as folder:
            take_files(product.database, product.files, folder, actor, now, lambda sentence: None)


def _chosen(wish: Wish, form: Mapping[str, list[str]]) -> Wish:
    tags = (" ".join(tag.split()) for tag in _one(form, "tags").replace("，", ",").split(","))
    choices = Choices(
        language=normal_tag(_one(form, "language")) or "",
        category=_one(form, "category")[:100],
        tags=tuple(filter(None, tags)),
        in_chapters="in_chapters" in form,
    )
    columns = {field: _one(form, f"column_{field}") for field in FIELDS}
    mapping: dict[str, str] | None = {field: column for field, column in columns.items() if column}
    return replace(wish, choices=choices, mapping=mapping or wish.mapping)


def _decided(wish: Wish, form: Mapping[str, list[str]]) -> Wish:
    """Whose words count where both changed, and which articles are left out."""
    theirs: dict[str, Any] = dict.fromkeys(form.get("theirs", ()), Side.THEIRS)
    return replace(wish, decided=theirs, left_out=tuple(form.get("left_out", ())))


def _one(form: Mapping[str, list[str]], name: str) -> str:
    return (form.get(name) or [""])[0].strip()
