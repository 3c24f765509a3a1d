"""Put the HTTP side on an app: its guards, its errors, its routes."""

from __future__ import annotations

from fastapi import FastAPI

from api.http import ask, channels, chat, docs, health, problems, security, tickets
from api.http.limits import RateLimit
from api.http.stream import Bell
from api.product import Product


def install(app: FastAPI, product: Product) -> None:
    """All under /api and /channels, /healthz, /readyz; sets ``app.state.product``, ``.bell``, ``.rate_limit``."""
    app.state.product = product
    app.state.bell = Bell(product)
    app.state.rate_limit = RateLimit()
    problems.install(app)
    security.protect(app, product.settings)
    for module in (health, ask, tickets, chat, channels, docs):
        app.include_router(module.router)
