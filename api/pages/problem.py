"""The page that people who browse get instead of a problem document."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import Request
from fastapi.responses import Response

from api.pages.page import render


def page(request: Request, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """A short page in words for ``status``, in the browser's language."""
    key = "page_missing" if status == 404 else "page_broken" if status >= 500 else "page_refused"
    response = render(request, "kb/problem.html", status=status, key=key, code=status)
    response.headers.update(headers or {})
    return response
