"""``firstline run``, ``api`` and ``worker``: the long-lived ways to run."""

from __future__ import annotations


def run() -> None:
    """Start everything: API, console, web chat, channels and the loops behind them."""
    _serve(has_pages=True, has_worker=True)


def api() -> None:
    """Start the pages and the API only; a worker elsewhere answers (PostgreSQL)."""
    _serve(has_pages=True, has_worker=False)


def worker() -> None:
    """Start the loops only: turns and deliveries, without pages."""
    _serve(has_pages=False, has_worker=True)


def _serve(*, has_pages: bool, has_worker: bool) -> None:
    from api.heaps import share_heaps
    from api.signals import stop_while_starting

    stop_while_starting()
    share_heaps()
    from api.cli.refusals import FOUND, Refused
    from api.running import serve
    from api.settings import Settings
    from store.errors import Unavailable

    try:
        serve(Settings(), has_pages=has_pages, has_worker=has_worker)
    except Unavailable as error:
        # No wrong use: whoever looks after the process starts it again until the database is there.
        raise Refused(str(error), FOUND) from error
