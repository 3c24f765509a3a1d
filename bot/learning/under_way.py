"""A build that is under way belongs to whoever holds its lease: one whose builder was killed is seen to be over."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import structlog
from sqlmodel import Session

from kb_content import catalogue
from store import Database, leases, transaction
from store.errors import StoreError
from store.keeping import LASTS, Keeper

log = structlog.get_logger()


@contextmanager
def under_way(database: Database, begin: Callable[[Session], int | None]) -> Iterator[int | None]:
    """Begin a release, and hold its lease during the block, which is to put it live; else it is given up.

    ``begin`` returns its id, or None where there is nothing to build: then so does this.
    """
    owner = f"{os.getpid()}-{secrets.token_hex(4)}"
    with transaction(database) as session:
        release_id = begin(session)
        name = catalogue.build_lease(release_id or 0)
        held = leases.acquire(session, name, owner, datetime.now(UTC), LASTS) if release_id is not None else None
    if release_id is None or held is None:
        yield None
        return
    keeper = Keeper(database, held)
    keeper.start()
    try:
        yield release_id
    finally:
        keeper.stop()
        _close(database, release_id)


def _close(database: Database, release_id: int) -> None:
    try:
        with transaction(database) as session:
            given_up = catalogue.give_up(session, release_id)
    except StoreError as error:
        log.warning("build not closed", release=release_id, error=type(error).__name__)
        return
    if given_up:
        log.info("build given up", release=release_id)
