"""The pictures and files of articles, for customers: only those that an article shows which is live."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response
from starlette.exceptions import HTTPException

from api.console.kb_files import serve
from api.http.parts import TheProduct
from api.pages.articles import IsStaff
from bot.article_links import is_article_key
from kb_content.file_names import FOLDER
from kb_content.studio.files import file_named, is_shown_to_everybody
from store import reading

router = APIRouter(include_in_schema=False, prefix=f"/kb/{FOLDER}")


@router.get("/{name}")
def show(product: TheProduct, is_staff: IsStaff, name: Annotated[str, Path(max_length=200)], key: str = "") -> Response:
    """The file; of an article for some customers only, with the ``key`` that its page puts there."""
    with reading(product.database) as session:
        found = file_named(session, name) if "\x00" not in name else None
        is_open = found is not None and (is_staff or is_shown_to_everybody(session, name))
    secret = product.live.house.secret
    if found is None or not (is_open or is_article_key(key, FOLDER, name, 0, secret)):
        raise HTTPException(404)
    return serve(product, found, "public, max-age=300" if is_open and not is_staff else "private, max-age=300")
