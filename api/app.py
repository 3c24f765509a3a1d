"""The web application: the API, the web chat, the public articles and the console on one app."""

from __future__ import annotations

from importlib.resources import files

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from api.console.install import install as install_console
from api.http.install import install as install_http
from api.pages.install import install as install_pages
from api.product import Product


def create_app(product: Product) -> FastAPI:
    """The app of ``product``. Nothing is opened or started here."""
    app = FastAPI(title="Firstline", version="0.1.0", docs_url=None, redoc_url=None, openapi_url=None)
    install_http(app, product)
    install_pages(app)
    install_console(app)
    app.mount("/static", StaticFiles(directory=str(files("api").joinpath("static"))), name="static")
    return app
