"""Put the public pages on an app: the chat and the articles."""

from __future__ import annotations

from fastapi import FastAPI

from api.pages import articles, chat


def install(app: FastAPI) -> None:
    """``/``, ``/chat.js`` and everything under /kb."""
    for module in (chat, articles):
        app.include_router(module.router)
