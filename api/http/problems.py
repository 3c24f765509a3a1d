"""Every error of the HTTP side as problem+json (RFC 9457): a sentence, never a traceback."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel, Field
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from handoff import errors as desk
from store.errors import FileTooLarge, StoreError

MEDIA_TYPE = "application/problem+json"
DOCUMENTATION = "/api/docs"
RETRY_SECONDS = 5

log = structlog.get_logger()


@dataclass(frozen=True)
class Kind:
    """One sort of problem: what ``type`` points at, and the sentence where nothing more is known."""

    slug: str
    title: str
    sentence: str


KINDS: dict[int, Kind] = {
    400: Kind("bad-request", "Bad request", "The request could not be read. Check its body and its headers."),
    401: Kind(
        "unauthorized",
        "Token missing or unknown",
        "Send `Authorization: Bearer <token>` with a token that is valid. Make one with `firstline token add`.",
    ),
    403: Kind("forbidden", "Not allowed", "This token or request may not do that."),
    404: Kind("not-found", "Not found", "There is nothing at this address. The interface is described at /api/docs."),
    405: Kind("method-not-allowed", "Method not allowed", "This address does not know that method; see `Allow`."),
    409: Kind("conflict", "Conflict", "That does not fit the present state. Read it again, then decide."),
    413: Kind("too-large", "Too large", "The request is larger than this address takes."),
    415: Kind("media-type", "Unsupported media type", "Send the body as application/json."),
    422: Kind("invalid", "Invalid request", "A value in the request is missing or wrong."),
    429: Kind("too-many-requests", "Too many requests", "Too many requests. Wait as long as `Retry-After` says."),
    500: Kind("internal", "Internal error", "Something went wrong on our side. It is in the log; please try again."),
    503: Kind("unavailable", "Not available now", "Firstline cannot do this right now. Try again in a few seconds."),
}


class Problem(BaseModel):
    """An error, as RFC 9457 writes it."""

    type: str = Field(examples=[f"{DOCUMENTATION}#not-found"])
    title: str
    status: int
    detail: str = Field(description="A sentence: what happened and what to do.")


class ApiProblem(Exception):
    """Raise it to answer with a problem. ``detail`` is a sentence; the status's own one where None."""

    def __init__(self, status: int, detail: str | None = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail or KINDS[status].sentence)
        self.status, self.detail, self.headers = status, detail, dict(headers or {})


def problem(status: int, detail: str | None = None, headers: Mapping[str, str] | None = None) -> Response:
    """The response for ``status``, with ``detail`` or the sentence that this status has."""
    kind = KINDS.get(status) or Kind("error", HTTPStatus(status).phrase, HTTPStatus(status).phrase + ".")
    body = Problem(type=f"{DOCUMENTATION}#{kind.slug}", title=kind.title, status=status, detail=detail or kind.sentence)
    return JSONResponse(body.model_dump(), status_code=status, headers=headers, media_type=MEDIA_TYPE)


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI ``responses`` that declare problems of these statuses, beside those that any request can meet."""
    schema = Problem.model_json_schema()
    return {
        status: {"description": KINDS[status].title, "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in sorted({*statuses, 429, 503})
    }


_DESK_STATUS: tuple[tuple[type[desk.HandoffError], int], ...] = (
    (desk.TicketNotFound, 404),
    (desk.CustomerNotFound, 404),
    (desk.EmptyText, 422),
    (desk.TextTooLong, 422),
    (desk.HandoffError, 409),
)


def status_of(error: Exception) -> int:
    """The HTTP status that tells what ``error`` means to a client; 500 for what we did not foresee."""
    if isinstance(error, desk.HandoffError):
        return next(status for kind, status in _DESK_STATUS if isinstance(error, kind))
    if isinstance(error, FileTooLarge):
        return 413
    return 503 if isinstance(error, StoreError | OperationalError | InterfaceError | PoolTimeout) else 500


def from_error(error: Exception) -> Response:
    """The problem for an exception that reached the edge. Only our own errors' words are shown."""
    status = status_of(error)
    if status == 500:
        log.error("request failed", exc_info=error)
    if status == 503:
        log.warning("request refused for now", error=type(error).__name__)
    words = str(error) if isinstance(error, desk.HandoffError | StoreError) else None
    return problem(status, words, {"Retry-After": str(RETRY_SECONDS)} if status == 503 else None)


def install(app: FastAPI) -> None:
    """Make ``app`` answer every error as a problem."""
    app.add_exception_handler(ApiProblem, _api_problem)
    app.add_exception_handler(HTTPException, _http_exception)
    app.add_exception_handler(RequestValidationError, _validation)
    for kind in (desk.HandoffError, StoreError, OperationalError, InterfaceError, PoolTimeout):
        app.add_exception_handler(kind, _known)


def _api_problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, ApiProblem)
    return problem(error.status, error.detail, error.headers)


def _known(_: Request, error: Exception) -> Response:
    return from_error(error)


def _http_exception(request: Request, error: Exception) -> Response:
    """The framework's own refusals (404, 405, an unreadable body) in our words; a page for people who browse."""
    assert isinstance(error, HTTPException)
    if error.status_code < 400:
        return Response(status_code=error.status_code, headers=error.headers)
    spoken = HTTPStatus(error.status_code).phrase
    detail = None if error.detail in (None, "", spoken) else str(error.detail)
    if wants_page(request):
        from api.pages.problem import page

        return page(request, error.status_code, error.headers)
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = _allowed(request)
    return problem(error.status_code, detail, headers)


def _allowed(request: Request) -> str:
    """Every method of this address: the framework names only those of the first route that it found."""
    routes = iter_route_contexts(request.app.routes)
    path = request.url.path
    fitting = [route for route in routes if route.methods and route.path_regex and route.path_regex.fullmatch(path)]
    return ", ".join(sorted({method for route in fitting for method in route.methods or ()}))


def wants_page(request: Request) -> bool:
    """A browser that opened an address itself, not a client of the API."""
    if request.url.path.startswith(("/api/", "/channels/")):
        return False
    return "text/html" in request.headers.get("accept", "")


def _validation(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return problem(422, "; ".join(_complaint(found) for found in error.errors()[:5]) or None)


def _complaint(found: dict[str, Any]) -> str:
    """One fault of a request as ``body.text: Field required.`` The value itself is not repeated."""
    place = ".".join(str(part) for part in found["loc"])
    return f"{place}: {found['msg'].rstrip('.')}."


class LastResort:
    """Turns whatever no handler caught into a 500 problem, inside the security headers; the log has the traceback."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception as error:
            if started:
                raise
            await from_error(error)(scope, receive, send)
