"""uvicorn, told to say goodbye: open streams must hear that the server stops, or it would wait for them."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import structlog
import uvicorn

from api.product import Product
from api.signals import STOPPED_BY

log = structlog.get_logger()
GRACE_SECONDS = 5


def _nothing() -> None: ...


class Server(uvicorn.Server):
    """A uvicorn server that, told to stop, lets ``drain`` finish first: meanwhile it says that it is not ready, so that
    whoever balances the load looks elsewhere, and what comes all the same is kept. Told twice, it stops at once.
    """

    def __init__(self, config: uvicorn.Config, product: Product, drain: Callable[[], None] = _nothing) -> None:
        super().__init__(config)
        self.product = product
        self._drain = drain

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.product.is_draining:
            super().handle_exit(sig, frame)
            return
        self.product.is_draining = True
        threading.Thread(target=self._drain_and_exit, name="drain", daemon=True).start()

    def _drain_and_exit(self) -> None:
        try:
            self._drain()
        except Exception as error:
            log.exception("stopped before all was finished", error=type(error).__name__)
        finally:
            self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.product.is_draining = True
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """As uvicorn's own, but the signal is not raised again afterwards: the loops are still to be stopped."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        former = {number: signal.signal(number, self.handle_exit) for number in STOPPED_BY}
        try:
            yield
        finally:
            for number, handler in former.items():
                signal.signal(number, handler)
