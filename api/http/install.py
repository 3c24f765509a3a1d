"""Put the HTTP side on an app: its guards, its errors, its routes."""

from __future__ import annotations

from fastapi import FastAPI

from api.http import (
    ask,
    channels,
    chat,
    chat_tickets,
    chat_user,
    docs,
    health,
    kb,
    metrics,
    problems,
    security,
    ticket_deeds,
    tickets,
)
from api.http.limits import CHATS_A_MINUTE, RateLimit, limit_of
from api.http.stream import Bell
from api.product import Product


def install(app: FastAPI, product: Product) -> None:
    """All under /api and /channels, /healthz, /readyz, /metrics; the app's state gets what there is one of per app."""
    equip(app, product)
    problems.install(app)
    security.protect(app, product.settings)
    app.router.routes.extend(channels.WEBHOOKS)
    for module in (health, metrics, ask, kb, tickets, ticket_deeds, chat, chat_tickets, chat_user, channels, docs):
        app.include_router(module.router)


def equip(app: FastAPI, product: Product) -> None:
    """Let ``app`` serve this product from now on."""
    app.state.product = product
    app.state.bell = Bell(product)
    app.state.rate_limit = RateLimit()
    app.state.chat_limit = limit_of(product.database, "chat", CHATS_A_MINUTE)
    app.state.metrics = metrics.Shown(product)
