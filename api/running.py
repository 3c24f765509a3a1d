"""A running Firstline, from the first line it prints to the last thing it closes."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import sys
import threading
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime

import structlog

from api.channels import connections_of
from api.cli.parts import fit_of, house_of
from api.logging import configure
from api.product import Product
from api.settings import Settings, secret_key
from bot.channels.base import Channel
from bot.channels.mailbox import TERMINAL, WEB, Mailbox
from bot.learning.upkeep import Upkeep
from bot.live import Live
from bot.worker import SERVER, Worker
from kb_content.catalogue import is_sample_live
from store import Database, crashpoints, lock, open_database, reading, transaction
from store.migrate import upgrade
from store.watch import Watch

log = structlog.get_logger()
FIRST_PAUSE, LONGEST_PAUSE = 60.0, 1800.0
"""Seconds until a knowledge base that could not be prepared is tried again."""


def serve(settings: Settings, *, has_pages: bool, has_worker: bool) -> None:
    """Run until SIGINT or SIGTERM. Raises AlreadyRunning, DatabaseUnreachable and the like with sentences."""
    configure(settings.log_level)
    if settings.crash_at:
        crashpoints.arm(settings.crash_at)
    with ExitStack() as stack:
        lock_file = lock.beside(settings.url)
        if has_worker and lock_file is not None:
            stack.enter_context(lock.hold(lock_file))
        upgrade(settings.url)
        database = open_database(settings.url)
        stack.callback(database.close)
        watch = stack.enter_context(Watch(database))
        listener = _listen(settings) if has_pages else None
        address = _address(settings, listener)
        live = Live(replace(house_of(settings, address), secret=secret_key(settings)), _say)
        connections = connections_of(settings, database, address, _owner(database)) if has_worker else {}
        product = Product(settings, database, watch, live, connections)
        starter = Starter(product, address, has_worker=has_worker)
        stack.callback(starter.stop)
        if listener is not None:
            _serve_pages(product, listener, starter)
        else:
            _wait_for_signal(starter)


class Starter:
    """What happens beside the pages: first knowledge, loops, and the lines that say that all is well."""

    def __init__(self, product: Product, address: str, *, has_worker: bool, pause: float = FIRST_PAUSE) -> None:
        self.product = product
        self.address = address
        self.pause = pause
        self.connections = tuple(product.connections.values())
        channels = mailboxes() | {name: each.channel for name, each in product.connections.items()}
        self.worker = Worker(product.database, product.watch, product.live, channels) if has_worker else None
        self.upkeep = Upkeep(product.database, fit_of(product.settings)) if has_worker else None
        self._follower = threading.Thread(target=self._follow_releases, name="release", daemon=True)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._start, name="start", daemon=True)

    def begin(self) -> None:
        # Channels first: what comes is kept at once and waits for the knowledge, not the other way round.
        for connection in self.connections:
            connection.start()
        self._thread.start()

    def stop(self) -> None:
        """Stop the loops; what is under way is finished."""
        self._stopping.set()
        self.product.is_draining = True
        self.product.watch.wake()
        if self.upkeep is not None:
            self.upkeep.stop()
        if self.worker is not None:
            self.worker.stop()
        # Last, for deliveries that are under way still need the line.
        for connection in self.connections:
            connection.stop()

    def _start(self) -> None:
        is_prepared = self._is_prepared()
        if self._stopping.is_set():
            return
        if self.worker is not None:
            self.worker.start()
        else:
            self._follower.start()
        if self.upkeep is not None:
            self.upkeep.start()
        self._say_ready()
        self._say_first_admin()
        if not is_prepared:
            self._try_again()

    def _try_again(self) -> None:
        """Until it succeeds: the disk may have been full, or somebody mends the folder. Meanwhile people answer."""
        pause = self.pause
        while not self._stopping.wait(pause):
            if self._is_prepared():
                self._say_ready()
                return
            pause = min(2 * pause, LONGEST_PAUSE)

    def _is_prepared(self) -> bool:
        try:
            self._prepare_knowledge()
        except Exception as error:
            self.product.live.problem = f"The knowledge base could not be prepared: {error}"
            log.error("knowledge base not ready", reason=str(error))
            return False
        return True

    def _prepare_knowledge(self) -> None:
        from bot.learning.publish import ensure_knowledge

        product = self.product
        if self.worker is not None:
            ensure_knowledge(product.database, product.settings.kb, fit_of(product.settings), datetime.now(UTC), _say)
        product.live.refresh(product.database)

    def _follow_releases(self) -> None:
        seen = 0
        while not self._stopping.is_set():
            self.product.live.refresh(self.product.database)
            seen = self.product.watch.wait(seen, 1.0)

    def _say_ready(self) -> None:
        if self.product.live.serving is None:
            log.error("not ready", reasons=self.product.reasons_not_ready())
        else:
            warn_of_sample(self.product)
            _print(f"ready {self.address}")

    def _say_first_admin(self) -> None:
        link = _first_admin_link(self.product.database)
        if link:
            _print(f"first admin: {self.address}/console/welcome/{link}")


def mailboxes() -> dict[str, Channel]:
    """The channels that need no token."""
    return {name: Mailbox(name) for name in (WEB, TERMINAL)}


def _owner(database: Database) -> str:
    """A name for this process, for what only one may do at a time.

    SQLite has one server: under the same name it need not wait until what its dead predecessor held runs out.
    """
    if database.is_sqlite:
        return SERVER
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"


def _serve_pages(product: Product, listener: socket.socket, starter: Starter) -> None:
    import uvicorn

    from api.app import create_app
    from api.http.server import GRACE_SECONDS, Server

    config = uvicorn.Config(
        create_app(product), log_config=None, access_log=False, timeout_graceful_shutdown=GRACE_SECONDS, lifespan="off"
    )
    starter.begin()
    Server(config, product).run(sockets=[listener])


def _wait_for_signal(starter: Starter) -> None:
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    starter.begin()
    stopped.wait()


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


def _first_admin_link(database: Database) -> str | None:
    """A new one-time link for the first admin; None once there is one."""
    from handoff.staff import has_admin, sign_in_link

    with transaction(database) as session:
        return None if has_admin(session) else sign_in_link(session, None, datetime.now(UTC))


def warn_of_sample(product: Product) -> None:
    """Say at every start that real customers would get the sample's answers."""
    if not product.settings.channel_tokens:
        return
    with reading(product.database) as session:
        if is_sample_live(session):
            log.warning(
                "the sample knowledge base answers real customers",
                channels=list(product.settings.channel_tokens),
                do="firstline kb import DIR --replace",
            )


def _say(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
