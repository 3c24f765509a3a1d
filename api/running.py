"""A running Firstline, from the first line it prints to the last thing it closes."""

from __future__ import annotations

import gc
import os
import secrets
import socket
from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import structlog

from api.belonging import check_key, files_trouble, warn_of_clock
from api.channels import connections_of
from api.cli.parts import house_of
from api.logging import configure
from api.presence import noted
from api.product import Product
from api.settings import Settings, secret_key, weakness_of_key
from api.signals import STOPPED_BY, when_told
from api.starting import Starter, say, warn_of_sample
from api.vitals import software
from bot import inbox
from bot.channels.base import Channel
from bot.desk import outcomes, surveys
from bot.learning.recall import earlier
from bot.live import Live
from bot.worker import SERVER
from handoff import holding
from handoff.sla.defaults import lay_out
from store import Database, crashpoints, lock, open_database, transaction
from store.migrate import upgrade
from store.watch import Watch

__all__ = ["Starter", "serve", "warn_of_sample"]
log = structlog.get_logger()


def serve(
    settings: Settings, *, has_pages: bool, has_worker: bool, stand_ins: Mapping[str, Channel] | None = None
) -> None:
    """Run until SIGINT or SIGTERM. Raises AlreadyRunning, DatabaseUnreachable and the like with sentences.

    With PostgreSQL any number of them share a database: with both, or pages here and loops there.
    ``stand_ins``: channels that stand in for platforms which are not there.
    """
    configure(settings.log_level, settings.secrets)
    if settings.crash_at:
        crashpoints.arm(settings.crash_at)
    if settings.lease_seconds:
        inbox.LEASE = holding.LEASE = timedelta(seconds=settings.lease_seconds)
    with ExitStack() as stack:
        lock_file = lock.beside(settings.url)
        if has_worker and lock_file is not None:
            stack.enter_context(lock.hold(lock_file))
        upgrade(settings.url)
        database = open_database(settings.url)
        stack.callback(database.close)
        key = secret_key(settings)
        if weakness := weakness_of_key(settings):
            log.warning(weakness)
        check_key(database, key, datetime.now(UTC))
        with transaction(database) as session:
            lay_out(session, datetime.now(UTC))
            outcomes.begin(session, datetime.now(UTC))
            surveys.begin(session, datetime.now(UTC))
            earlier.begin(session, datetime.now(UTC))
        warn_of_clock(database)
        watch = stack.enter_context(Watch(database))
        listener = _listen(settings) if has_pages else None
        address = _address(settings, listener)
        live = Live(replace(house_of(settings, address), secret=key), say)
        connections = connections_of(settings, database, address, _owner(database), is_worker=has_worker)
        product = Product(settings, database, watch, live, connections, has_worker=has_worker)
        product.files_trouble = files_trouble(database, product.files)
        way = "run" if has_pages and has_worker else "api" if has_pages else "worker"
        stack.enter_context(noted(database, f"{way} {software()}"))
        stack.enter_context(_metrics(product))
        starter = Starter(product, address, has_pages=has_pages, has_worker=has_worker, stand_ins=stand_ins)
        stack.callback(starter.stop)
        if listener is not None:
            _serve_pages(product, listener, starter)
        else:
            _wait_for_signal(starter)
    # All is closed and written: to look once more through what the models left in memory would take seconds.
    gc.freeze()


def _owner(database: Database) -> str:
    """A name for this process, for what only one may do at a time.

    SQLite has one server: under the same name it need not wait until what its dead predecessor held runs out.
    """
    if database.is_sqlite:
        return SERVER
    return f"{socket.gethostname()[:40]}-{os.getpid()}-{secrets.token_hex(3)}"


def _metrics(product: Product) -> AbstractContextManager[None]:
    if product.settings.metrics_port is None:
        return nullcontext()
    from api.http.metrics import beside

    return beside(product, product.settings.metrics_port)


def _serve_pages(product: Product, listener: socket.socket, starter: Starter) -> None:
    import uvicorn

    from api.app import create_app
    from api.http.server import GRACE_SECONDS, Server

    config = uvicorn.Config(
        create_app(product), log_config=None, access_log=False, timeout_graceful_shutdown=GRACE_SECONDS, lifespan="off"
    )
    starter.begin()
    Server(config, product, starter.drain).run(sockets=[listener])


def _wait_for_signal(starter: Starter) -> None:
    wait = when_told(*STOPPED_BY)
    starter.begin()
    wait()


def _listen(settings: Settings) -> socket.socket:
    """The listening socket. Raises OSError with a sentence that names the address."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        raise PortTaken(settings.host, settings.port, error.strerror or str(error)) from error
    return listener


class PortTaken(Exception):
    """The address cannot be listened on."""

    def __init__(self, host: str, port: int, why: str) -> None:
        super().__init__(f"Cannot listen on {host}:{port} ({why}). Set FIRSTLINE_HOST or FIRSTLINE_PORT to a free one.")


def _address(settings: Settings, listener: socket.socket | None) -> str:
    """Where people reach us; with port 0 the system chose the port."""
    if settings.public_url or listener is None:
        return settings.address
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{listener.getsockname()[1]}"
