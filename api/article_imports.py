"""Articles that somebody sends: kept as they came, read in the background, shown to another editor where need be."""

from __future__ import annotations

import io
import threading
from dataclasses import dataclass
from datetime import datetime

from api.product import Product
from api.uploads import unpacked
from bot.learning.importing import jobs
from bot.learning.importing.addresses import networks
from bot.learning.importing.approval import in_review, send_back, submit
from bot.learning.importing.errors import NotReadable
from bot.learning.importing.fetching import Fetcher
from bot.learning.importing.wishes import Wish
from handoff.rows import id_of
from kb_content.studio.models import ImportState
from store import files, reading, transaction

MEDIA_TYPE = "application/x-firstline-articles"
"""Tells an upload from what customers sent: nothing else is ever read as articles."""
_PATIENCE = 300.0


@dataclass(frozen=True)
class Sent:
    """A KB folder as a zip. ``source``: the name that its articles are known by; ``by``: who sent it; ``percent``: the
    share of conversations that get it first, None for everybody at once."""

    name: str
    content: bytes
    source: str
    by: str
    percent: int | None = None


def house_of(product: Product) -> jobs.House:
    """What reading an import needs of the server."""
    settings = product.settings
    fetcher = Fetcher(networks(settings.import_networks))
    is_ready = product.live.serving is not None
    return jobs.House(product.database, product.files, unpacked, fetcher, settings.encoder, looks_closer=is_ready)


def keep_upload(product: Product, name: str, content: bytes, now: datetime) -> Wish:
    """The upload as a wish to bring it in. Raises FileTooLarge."""
    kept = files.keep(product.files, io.BytesIO(content))
    with transaction(product.database) as session:
        row = files.enter(session, name, MEDIA_TYPE, kept, now)
        return Wish(row.name, file_id=id_of(row))


def read(product: Product, import_id: int, patience: float) -> None:
    """Begin reading, and wait at most ``patience`` seconds for something to look at."""
    shown = threading.Event()
    jobs.begin(house_of(product), import_id, shown)
    shown.wait(patience)


def ask_for_approval(product: Product, sent: Sent, now: datetime) -> int:
    """Have it read, and wait for an editor to approve it; returns the import's id. What waits of the same source waits
    no longer. Raises FileTooLarge or NotReadable."""
    kept = keep_upload(product, sent.name, sent.content, now)
    wish = Wish(kept.name, file_id=kept.file_id, known_as=sent.source, percent=sent.percent)
    with transaction(product.database) as session:
        import_id = jobs.ask(session, wish, sent.by, now)
    read(product, import_id, _PATIENCE)
    with reading(product.database) as session:
        row = jobs.get(session, import_id)
    if row.state is not ImportState.READ:
        raise NotReadable(sent.name, row.problem.rstrip(".") or "it took too long")
    with transaction(product.database) as session:
        for earlier in in_review(session):
            if earlier.source == sent.source:
                send_back(session, earlier.id or 0, "", sent.by, now)
        submit(session, import_id, wish, None, sent.by, now)
    return import_id
