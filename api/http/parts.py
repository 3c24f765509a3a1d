"""What endpoints ask for: the product, the time, and who is calling with which right."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.http.limits import CHATS_A_MINUTE, Limit, source_of
from api.http.problems import ApiProblem
from api.product import Product
from handoff.actors import Actor
from handoff.models import ApiToken
from handoff.permissions import Permission, allowed
from handoff.rows import id_of
from handoff.tokens import TOUCH, token_scope, touch_token
from store import reading, transaction

UNAUTHORIZED = {"WWW-Authenticate": "Bearer"}
bearer = HTTPBearer(
    auto_error=False, scheme_name="token", description="Made with `firstline token add NAME --scope …`."
)


def product(request: Request) -> Product:
    """The running product of this app."""
    found: Product = request.app.state.product
    return found


def now() -> datetime:
    """The moment of this request, UTC. A dependency, so that tests can set the clock."""
    return datetime.now(UTC)


TheProduct = Annotated[Product, Depends(product)]
Now = Annotated[datetime, Depends(now)]
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]


def limit_rate(request: Request, secret: str) -> None:
    """Count one request of whoever holds ``secret``; raises a 429 problem when it had too many this minute."""
    limits: Limit = request.app.state.rate_limit
    seconds = limits.wait(hashlib.sha256(secret.encode("utf8", "replace")).hexdigest())
    if seconds:
        words = f"This token made too many requests: it may make 300 a minute. Try again in {seconds} s."
        raise ApiProblem(429, words, {"Retry-After": str(seconds)})


def limit_new_chats(request: Request) -> None:
    """Count one new chat for the address that it comes from; raises a 429 problem when it had too many this minute."""
    source = source_of(request.client.host if request.client else "")
    limits: Limit = request.app.state.chat_limit
    seconds = limits.wait(source) if source else 0
    if seconds:
        words = f"Too many chats were begun from your address: at most {CHATS_A_MINUTE} a minute. "
        raise ApiProblem(429, f"{words}Try again in {seconds} s.", {"Retry-After": str(seconds)})


def caller(permission: Permission) -> Callable[..., Actor]:
    """A dependency that lets in API tokens whose scope has ``permission`` and says who acts."""

    def check(request: Request, product: TheProduct, now: Now, credentials: Credentials) -> Actor:
        if credentials is None:
            raise ApiProblem(401, headers=UNAUTHORIZED)
        limit_rate(request, credentials.credentials)
        token = _token(product, credentials.credentials, now)
        if token is None:
            raise ApiProblem(401, "This token is unknown or was revoked.", UNAUTHORIZED)
        if not allowed(token.scope, permission):
            words = f"The token '{token.name}' has the scope {token.scope.value}, which may not do this."
            raise ApiProblem(403, words)
        request.state.scope = token.scope
        return Actor(staff_id=None, name=token.name)

    return check


def _token(product: Product, secret: str, now: datetime) -> ApiToken | None:
    """The token's row; that it was used is written at most every few minutes, so that reading stays reading."""
    with reading(product.database) as session:
        token = token_scope(session, secret, now)
    if token is not None and (token.last_used_at is None or now - token.last_used_at >= TOUCH):
        with transaction(product.database) as session:
            touch_token(session, id_of(token), now)
    return token
