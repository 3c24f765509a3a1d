"""Put the public pages on an app: the chat and the articles."""

from __future__ import annotations

from fastapi import FastAPI

from api.pages import articles, chat, kb_files, library


def install(app: FastAPI) -> None:
    """``/``, ``/chat.js`` and everything under /kb, and what search engines read."""
    for module in (chat, kb_files, library, articles):
        app.include_router(module.router)
