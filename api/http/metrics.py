"""``/metrics`` for Prometheus with an API token; and, where it is set, a port of this machine alone without one."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast
from wsgiref.simple_server import WSGIRequestHandler, make_server

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.exposition import ThreadingWSGIServer, choose_encoder
from sqlalchemy.exc import SQLAlchemyError

from api.gauges import registry_of
from api.http.health import life
from api.http.parts import Credentials, Now, TheProduct, caller
from api.http.problems import ApiProblem
from api.product import Product
from handoff.permissions import Permission
from store.errors import StoreError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

LOOPBACK = "127.0.0.1"
TRUSTED_SECONDS = 600.0
"""How long a token that was right is taken for right while the database cannot say: figures matter most then."""

router = APIRouter(include_in_schema=False)
_may_read = caller(Permission.READ_TICKETS)


class Shown:
    """The metrics of one product, and the tokens that were let in lately."""

    def __init__(self, product: Product, clock: Callable[[], float] = time.monotonic) -> None:
        self.registry: CollectorRegistry = registry_of(product)
        self._clock = clock
        self._let_in: dict[str, float] = {}

    def let_in(self, secret: str) -> None:
        now = self._clock()
        self._let_in = {key: at for key, at in self._let_in.items() if now - at < TRUSTED_SECONDS} | {_key(secret): now}

    def was_let_in(self, secret: str) -> bool:
        return self._clock() - self._let_in.get(_key(secret), -TRUSTED_SECONDS) < TRUSTED_SECONDS


def shown(request: Request) -> Shown:
    found: Shown = request.app.state.metrics
    return found


def scraper(request: Request, product: TheProduct, now: Now, credentials: Credentials) -> None:
    """Lets in tokens of scope read and above."""
    try:
        _may_read(request, product, now, credentials)
    except (StoreError, SQLAlchemyError):
        if credentials is None or not shown(request).was_let_in(credentials.credentials):
            raise ApiProblem(503, "The database does not answer, so nobody can say whose token this is.") from None
    else:
        if credentials is not None:
            shown(request).let_in(credentials.credentials)


# For the test that walks all routes and asks each who may use it.
cast(Any, scraper).permission = Permission.READ_TICKETS


@router.get("/metrics", dependencies=[Depends(scraper)])
def metrics(request: Request) -> Response:
    """Everything, in the format that the scraper asks for."""
    encode, media_type = choose_encoder(request.headers.get("accept", ""))
    return Response(encode(shown(request).registry), media_type=media_type)


@contextmanager
def beside(product: Product, port: int) -> Iterator[None]:
    """Show the metrics at ``port`` of this machine alone during the block; /healthz there says what it says elsewhere.

    Raises MetricsPortTaken.
    """
    try:
        server = make_server(LOOPBACK, port, _app(product), ThreadingWSGIServer, _Silent)
    except OSError as error:
        raise MetricsPortTaken(port, error.strerror or str(error)) from error
    thread = threading.Thread(target=server.serve_forever, name="metrics", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


class MetricsPortTaken(Exception):
    """The port for the metrics cannot be listened on."""

    def __init__(self, port: int, why: str) -> None:
        words = "Set FIRSTLINE_METRICS_PORT to a free port, or leave it away."
        super().__init__(f"Cannot listen on {LOOPBACK}:{port} ({why}) to show the metrics. {words}")


def _app(product: Product) -> Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]:
    figures: Any = make_wsgi_app(registry_of(product))

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] != "/healthz":
            found: Iterable[bytes] = figures(environ, start_response)
            return found
        alive, is_alive = life(product)
        status = "200 OK" if is_alive else "503 Service Unavailable"
        start_response(status, [("Content-Type", "application/json")])
        return [alive.model_dump_json().encode()]

    return app


class _Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """A scrape is no event."""


def _key(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf8", "replace")).hexdigest()
