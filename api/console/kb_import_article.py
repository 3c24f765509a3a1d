"""What an import says in one article, beside what the knowledge base says: to be read before it is taken over."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from sqlmodel import Session
from starlette.exceptions import HTTPException

from api.console.kb_import import HERE, Editor, Id
from api.console.page import page
from api.console.refusals import ConsoleRoute
from api.http.parts import TheProduct
from api.product import Product
from bot.learning.importing import jobs
from bot.learning.importing.keeping import load
from kb_content.articles import Article
from kb_content.studio.difference import diff
from kb_content.studio.models import KbImport
from kb_content.studio.working import find_article, find_version
from kb_content.versions import article_from
from store import reading

router = APIRouter(prefix=HERE, route_class=ConsoleRoute, include_in_schema=False)


@router.get("/{import_id}/articles/{article_id}/{language}")
def article_page(
    request: Request,
    product: TheProduct,
    staff: Editor,
    import_id: Id,
    article_id: Annotated[str, Path(max_length=200)],
    language: Annotated[str, Path(max_length=40)],
) -> Response:
    """Raises 404 for an article that the import does not bring."""
    with reading(product.database) as session:
        row = jobs.get(session, import_id)
        old = _current(session, article_id, language)
    new = _brought(product, row, article_id, language)
    return page(
        request, "console/kb_import_article.html", row=row, article=new, is_new=old is None, diff=diff(old, new)
    )


def _brought(product: Product, row: KbImport, article_id: str, language: str) -> Article:
    sha256 = row.found.get("sha256")
    articles = load(product.files, sha256).articles if sha256 else ()
    found = next((one for one in articles if (one.id, one.language) == (article_id, language)), None)
    if found is None:
        raise HTTPException(404)
    return found


def _current(session: Session, article_id: str, language: str) -> Article | None:
    """What the next release would have; None for what is not there or archived."""
    row = find_article(session, article_id, language)
    if row is None or row.archived_at is not None:
        return None
    version = find_version(session, row, row.current)
    return article_from(row, version) if version else None
