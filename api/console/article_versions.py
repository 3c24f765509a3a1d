"""The versions of an article: who made them and when, what each changed, passage by passage, and the way back."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from sqlmodel import Session
from starlette.exceptions import HTTPException

from api.console.draft_page import names_of
from api.console.page import page
from api.console.parts import ArticleReader
from api.console.refusals import ConsoleRoute
from api.http.parts import TheProduct
from kb_content.articles import Article
from kb_content.studio.drafts import draft_of
from kb_content.studio.history import VersionLine, diff, versions
from kb_content.studio.models import Draft, DraftKind
from kb_content.studio.values import article_of
from kb_content.studio.working import find_article, find_version
from kb_content.versions import article_from
from store import reading

router = APIRouter(prefix="/console/articles", route_class=ConsoleRoute, include_in_schema=False)

Number = Annotated[int | None, Query(ge=0, lt=2**31)]
DRAFT = 0
"""The number by which the draft is asked for."""
_MOST = 100


@router.get("/{article_id}/{language}/versions")
def versions_page(
    request: Request,
    product: TheProduct,
    staff: ArticleReader,
    article_id: Annotated[str, Path(max_length=200)],
    language: Annotated[str, Path(max_length=40)],
    old: Number = None,
    new: Number = None,
) -> Response:
    """The history, and what differs from ``old`` to ``new`` (0 is the draft); without them what the newest changed."""
    with reading(product.database) as session:
        lines = versions(session, article_id, language)
        draft = draft_of(session, DraftKind.ARTICLE, article_id, language)
        if not lines:
            raise HTTPException(404)
        last = new if new is not None else lines[0].number
        first = old if old is not None else before(lines, draft, last)
        sides = [
            _version(session, article_id, language, number, its_draft)
            for number, its_draft in ((first, None), (last, draft))
        ]
        names = names_of(session, [line.made_by for line in lines] + [draft.changed_by if draft else None])
    return page(
        request,
        "console/versions.html",
        article_id=article_id,
        language=language,
        lines=lines[:_MOST],
        left_out=max(0, len(lines) - _MOST),
        draft=draft,
        names=names,
        first=first,
        last=last,
        diff=diff(*sides),
        title=lines[0].title,
    )


def before(lines: list[VersionLine], draft: Draft | None, number: int) -> int | None:
    """What ``number`` is held against unless somebody chose: a draft against what it began from, a version against the
    one before it. Pure."""
    if number == DRAFT:
        return draft.base if draft and draft.base else None
    return next((line.number for line in lines if line.number < number), None)


def _version(
    session: Session, article_id: str, language: str, number: int | None, draft: Draft | None
) -> Article | None:
    """Raises 404 for a version that there is not; None is what nothing is."""
    if number is None:
        return None
    if number == DRAFT:
        if draft is None:
            raise HTTPException(404)
        return None if draft.is_removal else article_of(draft)
    row = find_article(session, article_id, language)
    found = find_version(session, row, number) if row else None
    if row is None or found is None:
        raise HTTPException(404)
    return article_from(row, found)
