"""Rendering of the public pages: chat, articles, errors, the API's description."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from api.pages.texts import LANGUAGES, language_of, texts


def render(
    request: Request, template: str, *, status: int = 200, language: str | None = None, **values: Any
) -> HTMLResponse:
    """``template`` in ``language``, or in the one this browser gets. Everything put into it is escaped."""
    spoken = language or language_of(request)
    body = _templates().get_template(template).render(t=texts()[spoken], language=spoken, languages=LANGUAGES, **values)
    return HTMLResponse(body, status, {"Vary": "Accept-Language, Cookie", "Cache-Control": "no-cache"})


def static_address(path: str) -> str:
    """Where a static file is served, with a mark of its content so that browsers never keep an old one."""
    return f"/static/{path}?v={_mark(path)}"


@cache
def _mark(path: str) -> str:
    return hashlib.sha256(files("api").joinpath("static", path).read_bytes()).hexdigest()[:10]


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("api"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals["static"] = static_address
    return environment
