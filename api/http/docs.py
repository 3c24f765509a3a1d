"""The API's own description: ``/api/openapi.json`` and a page that shows it, made here, with no script at all."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse, JSONResponse

from api.http.problems import KINDS
from api.pages.page import render

DESCRIPTION = (
    "Every error is `application/problem+json`: `type`, `title`, `status` and `detail`, a sentence. "
    "A token may make 300 requests a minute."
)

router = APIRouter(include_in_schema=False)


@router.get("/api/openapi.json")
def openapi(request: Request) -> JSONResponse:
    """OpenAPI 3.1 of everything under /api and the two health addresses."""
    return JSONResponse(document(request))


@router.get("/api/docs", response_class=HTMLResponse)
def documentation(request: Request) -> HTMLResponse:
    """The same for people."""
    shown = document(request)
    operations = [
        {"method": method.upper(), "path": path, **operation}
        for path, methods in shown["paths"].items()
        for method, operation in methods.items()
    ]
    address = str(request.base_url).rstrip("/")
    return render(
        request, "chat/docs.html", language="en", api=shown, operations=operations, kinds=KINDS, address=address
    )


def document(request: Request) -> dict[str, Any]:
    """The OpenAPI document, made once per app."""
    state = request.app.state
    if not hasattr(state, "openapi"):
        state.openapi = get_openapi(title="Firstline", version="1", description=DESCRIPTION, routes=request.app.routes)
    found: dict[str, Any] = state.openapi
    return found
