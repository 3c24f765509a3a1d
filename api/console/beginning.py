"""How a draft of an article begins: a new one, from what is live, as a translation, or to take it out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Path, Query, Request, Response
from sqlmodel import Session
from starlette.responses import RedirectResponse

from api.console.article_form import fields_of
from api.console.draft_places import place_of
from api.console.page import page, texts_for
from api.console.parts import ArticleReader, staff_with
from api.console.refusals import ConsoleRoute, sentence, status_for
from api.http.parts import Now, TheProduct
from api.texts import LANGUAGES
from handoff.models import Staff
from handoff.permissions import Permission
from handoff.rows import id_of
from kb_content.errors import DraftRefused, KbError
from kb_content.ids import slug
from kb_content.studio import drafts
from kb_content.studio.history import restore
from kb_content.studio.listing import article_lines
from kb_content.studio.models import DraftKind
from kb_content.studio.translations import begin_translation
from kb_content.studio.working import state_of
from store import reading, transaction

router = APIRouter(prefix="/console/articles", route_class=ConsoleRoute, include_in_schema=False)

Editor = Annotated[Staff, Depends(staff_with(Permission.EDIT_ARTICLES))]
Id = Annotated[str, Path(max_length=200)]
Language = Annotated[str, Path(max_length=40)]
Short = Annotated[str, Form(max_length=300)]


@router.get("/new")
def new_page(
    request: Request, product: TheProduct, staff: ArticleReader, title: Annotated[str, Query(max_length=300)] = ""
) -> Response:
    return _new_page(request, product, {"title": title})


@router.post("/new")
def begin_new(
    request: Request,
    product: TheProduct,
    now: Now,
    staff: Editor,
    title: Short = "",
    language: Short = "",
    article_id: Short = "",
) -> Response:
    """An article that nobody has written yet. Without an id it is called after its title."""
    wanted, language = article_id.strip() or slug(title).lower(), texts_for(request).language_code(language)
    typed = {"title": title, "language": language, "article_id": article_id}
    try:
        with transaction(product.database) as session:
            if not title.strip():
                raise DraftRefused("Write a title.")
            _refuse_known(session, wanted, language)
            content = {"title": title.strip()}
            draft = drafts.begin(
                session, DraftKind.ARTICLE, wanted, language, id_of(staff), now, content=content, actor=staff.name
            )
            place = place_of(draft)
    except KbError as error:
        return _new_page(request, product, typed, error)
    return RedirectResponse(place, 303)


@router.post("/{article_id}/{language}/edit")
def edit(product: TheProduct, now: Now, staff: Editor, article_id: Id, language: Language) -> Response:
    """To the draft of this article, which begins with what the KB says if there is none yet."""
    with transaction(product.database) as session:
        draft = drafts.begin(session, DraftKind.ARTICLE, article_id, language, id_of(staff), now, actor=staff.name)
        place = place_of(draft)
    return RedirectResponse(place, 303)


@router.post("/{article_id}/{language}/archive")
def archive(product: TheProduct, now: Now, staff: Editor, article_id: Id, language: Language) -> Response:
    """A draft that takes the article out of the KB; published like any other."""
    with transaction(product.database) as session:
        draft = drafts.begin(session, DraftKind.ARTICLE, article_id, language, id_of(staff), now, actor=staff.name)
        drafts.mark_removal(session, draft.id or 0, id_of(staff), now, actor=staff.name)
        place = place_of(draft)
    return RedirectResponse(place, 303)


@router.post("/{article_id}/{language}/restore")
def bring_back(
    product: TheProduct,
    now: Now,
    staff: Editor,
    article_id: Id,
    language: Language,
    version: Annotated[int, Form(ge=1, lt=2**31)],
) -> Response:
    """A draft that says what this version said."""
    with transaction(product.database) as session:
        draft = restore(session, article_id, language, version, id_of(staff), now, actor=staff.name)
        place = place_of(draft)
    return RedirectResponse(place, 303)


@router.post("/{article_id}/{language}/translate")
def translate(
    request: Request, product: TheProduct, now: Now, staff: Editor, article_id: Id, language: Language, to: Short = ""
) -> Response:
    """A draft of the same article in another language, to be written beside its source."""
    code = texts_for(request).language_code(to)
    with transaction(product.database) as session:
        draft = begin_translation(session, article_id, code, id_of(staff), now, actor=staff.name)
        place = place_of(draft)
    return RedirectResponse(place, 303)


def _refuse_known(session: Session, article_id: str, language: str) -> None:
    if state_of(session, DraftKind.ARTICLE, article_id, language).content is not None:
        raise DraftRefused(
            "There is an article of this id in this language already. Edit that one, or choose another id."
        )


def _new_page(request: Request, product: TheProduct, typed: dict[str, str], error: KbError | None = None) -> Response:
    t = texts_for(request)
    status = status_for(error) if error else 200
    with reading(product.database) as session:
        known = {line.language for line in article_lines(session)}
    return page(
        request,
        "console/article_new.html",
        status=status,
        problem=sentence(t, error, status) if error else "",
        typed=fields_of({}) | {"language": t.language, "article_id": ""} | typed,
        found_languages=sorted(known | LANGUAGES.keys()),
    )
