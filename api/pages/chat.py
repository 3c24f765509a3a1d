"""The web chat's page at ``/`` and the snippet that puts it on other sites."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from api.pages.page import render
from api.pages.texts import LANGUAGE_COOKIE, language_of, supported
from bot.replies import say

YEAR = 365 * 24 * 3600

router = APIRouter(include_in_schema=False)


@router.head("/")
@router.get("/", response_class=HTMLResponse)
def chat(request: Request, embed: str = "", known: str = "") -> HTMLResponse:
    """The chat: a shell with the first words; ``static/chat.js`` does the talking over /api/v1/chat.

    ``known``: the page around it will say who is signed in there.
    """
    language = language_of(request)
    page = render(
        request,
        "chat/page.html",
        language=language,
        welcome=say("welcome", language),
        is_embedded=bool(embed) and embed != "0",
        is_known=known == "1",
    )
    if supported(request.query_params.get("lang")):
        page.set_cookie(LANGUAGE_COOKIE, language, max_age=YEAR, samesite="lax", httponly=True)
    return page


@router.get("/chat.js")
def snippet(request: Request) -> Response:
    """The script for other sites: ``<script src="https://…/chat.js" async></script>``."""
    source, mark = _snippet()
    headers = {"Cache-Control": "public, max-age=300", "ETag": mark, "Cross-Origin-Resource-Policy": "cross-origin"}
    if request.headers.get("if-none-match") == mark:
        return Response(status_code=304, headers=headers)
    return Response(source, media_type="text/javascript", headers=headers)


@cache
def _snippet() -> tuple[bytes, str]:
    source = files("api").joinpath("static", "chat-embed.js").read_bytes()
    return source, f'"{hashlib.sha256(source).hexdigest()[:16]}"'
