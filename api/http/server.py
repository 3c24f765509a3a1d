"""uvicorn, told to say goodbye: open streams must hear that the server stops, or it would wait for them."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from api.product import Product

GRACE_SECONDS = 5
STOPPED_BY = (signal.SIGINT, signal.SIGTERM)


class Server(uvicorn.Server):
    """A uvicorn server that marks the product as draining before it waits for its connections."""

    def __init__(self, config: uvicorn.Config, product: Product) -> None:
        super().__init__(config)
        self.product = product

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
