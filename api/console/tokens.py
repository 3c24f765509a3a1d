"""Keys to the API: made and shown once, with when each was last used, and revoked."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Path, Request, Response
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from api.console.page import page, texts_for
from api.console.parts import actor_of, staff_with
from api.console.refusals import ConsoleRoute, sentence
from api.http.parts import Now, TheProduct
from api.product import Product
from handoff import tokens
from handoff.errors import NameTaken
from handoff.models import ApiToken, Scope, Staff
from handoff.permissions import Permission
from store import reading, transaction

router = APIRouter(prefix="/console/tokens", route_class=ConsoleRoute, include_in_schema=False)

Manager = Annotated[Staff, Depends(staff_with(Permission.MANAGE_STAFF))]
TokenId = Annotated[int, Path(ge=1, lt=2**53)]
Name = Annotated[str, Form(max_length=120)]


@router.get("")
def tokens_page(request: Request, product: TheProduct, staff: Manager) -> Response:
    return _page(request, product)


@router.post("")
def add(
    request: Request,
    product: TheProduct,
    now: Now,
    staff: Manager,
    name: Name = "",
    scope: Annotated[Scope, Form()] = Scope.READ,
) -> Response:
    """The page with the new token: the only one that ever shows it."""
    try:
        with transaction(product.database) as session:
            secret = tokens.add_token(session, name, scope, now, actor_of(staff))
    except NameTaken as error:
        return _page(request, product, error=error, name=name, scope=scope)
    return _page(request, product, secret=secret, made=" ".join(name.split()))


@router.post("/{token_id}/revoke")
def revoke(product: TheProduct, now: Now, staff: Manager, token_id: TokenId) -> Response:
    with transaction(product.database) as session:
        if session.get(ApiToken, token_id) is None:
            raise HTTPException(404)
        tokens.revoke_token(session, token_id, now, actor_of(staff))
    return RedirectResponse("/console/tokens", 303)


def _page(
    request: Request,
    product: Product,
    *,
    error: NameTaken | None = None,
    name: str = "",
    scope: Scope = Scope.READ,
    secret: str = "",
    made: str = "",
) -> Response:
    with reading(product.database) as session:
        rows = tokens.tokens(session)
    return page(
        request,
        "console/tokens.html",
        status=409 if error else 200,
        words=sentence(texts_for(request), error, 409) if error else "",
        rows=rows,
        scopes=list(Scope),
        name=name,
        scope=scope,
        secret=secret,
        made=made,
        address=product.settings.address,
    )
