"""The words of the public pages, and which language somebody gets."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from fastapi import Request

LANGUAGES = {"en": "English", "zh": "中文"}
LANGUAGE_COOKIE = "firstline_language"


@cache
def texts() -> dict[str, dict[str, Any]]:
    """All texts by language and key; ``script`` holds those that the page's script says."""
    loaded: dict[str, dict[str, Any]] = yaml.safe_load(files("api.pages").joinpath("chat_texts.yml").read_text("utf8"))
    return loaded


def supported(language: str | None) -> str | None:
    """Our language for a BCP 47 one (``zh-Hans-CN`` → ``zh``), None if we have no texts in it."""
    first = (language or "").strip().split("-")[0].lower()
    return first if first in LANGUAGES else None


def nearest_language(accept_language: str | None) -> str:
    """The first of our languages in an ``Accept-Language`` header, by its weights; English if there is none."""
    found = ((supported(tag), weight) for tag, weight in map(_weighed, (accept_language or "").split(",")))
    ours = [(weight, language) for language, weight in found if language and weight > 0]
    # max() keeps the first of equal weights, as the header means it.
    return max(ours, key=lambda pair: pair[0])[1] if ours else "en"


def language_of(request: Request) -> str:
    """What the address says, else what this browser chose before, else what it prefers."""
    chosen = supported(request.query_params.get("lang")) or supported(request.cookies.get(LANGUAGE_COOKIE))
    return chosen or nearest_language(request.headers.get("accept-language"))


def _weighed(part: str) -> tuple[str, float]:
    tag, _, rest = part.partition(";")
    try:
        return tag, float(rest.replace(" ", "").removeprefix("q=") or 1)
    except ValueError:
        return tag, 1.0
