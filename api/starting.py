"""What happens beside the pages of a running Firstline: first knowledge, loops, and the lines that say all is well."""

from __future__ import annotations

import gc
import os
import secrets
import sys
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial

import structlog

from api.belonging import files_trouble
from api.cli.parts import fit_of, place_of
from api.product import Product
from bot.channels.base import Channel
from bot.channels.mailbox import TERMINAL, WEB, Mailbox
from bot.learning.nightly import Nightly
from bot.learning.upkeep import Upkeep
from bot.learning.worklist.refreshing import Refresher
from bot.worker import Worker
from handoff.copies import use_mail
from kb_content.catalogue import is_sample_live
from store import Database, leases, reading, transaction
from store.errors import Unavailable
from store.keeping import keeping

log = structlog.get_logger()
FIRST_PAUSE, LONGEST_PAUSE = 60.0, 1800.0
"""Seconds until a knowledge base that could not be prepared is tried again."""
KNOWLEDGE = "knowledge"
"""The lease of who prepares the knowledge base: of several servers that start at once, one builds it."""
LONGEST_WAIT = 5.0
"""Seconds between two tries of what a database that is away, or full, holds up at the start."""
LOOK_SECONDS, PAUSE_SECONDS = 1.0, 0.2
"""A release or a topic's mode is looked for when something changed, or after so long; and not more often than this."""
FILES_SECONDS = 300.0


class Starter:
    """``begin`` once; ``stop`` when the pages are closed, or ``drain`` before."""

    def __init__(
        self,
        product: Product,
        address: str,
        *,
        has_pages: bool = True,
        has_worker: bool,
        pause: float = FIRST_PAUSE,
        stand_ins: Mapping[str, Channel] | None = None,
    ) -> None:
        self.product = product
        self.address = address
        self.has_pages = has_pages
        self.pause = pause
        self.connections = tuple(product.connections.values())
        connected = {name: each.channel for name, each in product.connections.items()}
        channels = {**mailboxes(), **(stand_ins or {}), **connected}
        self.worker = Worker(product.database, product.watch, product.live, channels) if has_worker else None
        if (worker := self.worker) is not None:
            product.dead_loops = lambda: worker.dead_loops(time.monotonic())
        nightly = Nightly(product.database, place_of(product.settings)) if product.settings.backup_days else None
        fit, house = fit_of(product.settings), product.live.house
        worklist = Refresher(product.database, fit)
        self.upkeep = (
            Upkeep(product.database, fit, nightly=nightly, house=house, worklist=worklist) if has_worker else None
        )
        self._follower = threading.Thread(target=self._follow_releases, name="release", daemon=True)
        self._stopping = threading.Event()
        self._is_drained = False
        self._thread = threading.Thread(target=self._start, name="start", daemon=True)

    def begin(self) -> None:
        # Channels first: what comes is kept at once and waits for the knowledge, not the other way round.
        for connection in self.connections:
            connection.start()
        self._thread.start()

    def drain(self) -> None:
        """Take up nothing new, and finish what is under way. What comes in meanwhile is kept, for the next to run."""
        self._stopping.set()
        self.product.is_draining = True
        if self._is_drained:
            return
        self._is_drained = True
        # Each of many waits for a lock that another program keeps would else come after the one before.
        self.product.database.hurry()
        if self.worker is not None:
            self.worker.stop()
        if self.upkeep is not None:
            self.upkeep.stop()
        self.product.watch.wake()
        if trouble := self.product.probe.trouble():
            log.warning("stopping though the database takes nothing", reason=trouble)

    def stop(self) -> None:
        """Stop the loops, then the lines to the channels, which deliveries that are under way still need."""
        self.drain()
        for connection in self.connections:
            connection.stop()

    def _start(self) -> None:
        threading.Thread(target=self._look_after_files, name="files", daemon=True).start()
        if self.worker is not None:
            self._surely(partial(_say_whether_mail_goes, self.product))
            # Before there is knowledge: the desk's words go out, and nobody waits for it beyond their deadline.
            self._surely(partial(self.worker.start, follows=False))
        is_prepared = self._is_prepared()
        if self._stopping.is_set():
            return
        if self.worker is not None:
            self.worker.follow()
        else:
            self._follower.start()
        if self.upkeep is not None:
            self.upkeep.start()
        self._surely(self._say_ready)
        self._surely(self._say_first_admin)
        if not is_prepared:
            self._try_again()

    def _surely(self, deed: Callable[[], None]) -> None:
        """The same after a fault of ours: without the rest of the start, what people write would wait for nobody."""
        wait = min(LOOK_SECONDS, self.pause)
        while not self._stopping.is_set():
            try:
                self._patiently(deed)
            except Exception as error:
                log.error("a step of the start failed", error=type(error).__name__, exc_info=error)
                self._stopping.wait(wait)
                wait = min(2 * wait, self.pause)
            else:
                return

    def _patiently(self, deed: Callable[[], None]) -> None:
        """Do it once the database lets us: a process that lives and does nothing would be the worst of all."""
        wait, said = LOOK_SECONDS, ""
        while not self._stopping.is_set():
            try:
                deed()
            except Unavailable as error:
                if said != str(error):
                    log.warning("start waits for the database", reason=str(error))
                said = str(error)
                self._stopping.wait(wait)
                wait = min(2 * wait, LONGEST_WAIT)
            else:
                return

    def _try_again(self) -> None:
        """Until it succeeds: the disk may have been full, or somebody mends the folder. Meanwhile people answer."""
        pause = self.pause
        while not self._stopping.wait(pause):
            if self._is_prepared():
                self._surely(self._say_ready)
                return
            pause = min(2 * pause, LONGEST_PAUSE)

    def _is_prepared(self) -> bool:
        # A message whose turn began before would go to a person for nothing but a database that was away.
        try:
            self._patiently(self._prepare_knowledge)
        except Exception as error:
            self.product.live.goes_without(f"The knowledge base could not be prepared: {error}")
            log.error("knowledge base not ready", reason=str(error))
            return False
        return True

    def _prepare_knowledge(self) -> None:
        from bot.learning.publish import ensure_knowledge

        product, owner = self.product, f"{os.getpid()}-{secrets.token_hex(4)}"
        while self.worker is not None and not self._stopping.is_set():
            with keeping(product.database, KNOWLEDGE, owner) as kept:
                if kept is not None:
                    fit, now = fit_of(product.settings), datetime.now(UTC)
                    ensure_knowledge(product.database, product.settings.kb, fit, now, say)
                    break
            # Another server is at it; what it puts live serves here, too.
            self._take_up()
            if product.live.serving is not None:
                break
            self._stopping.wait(LOOK_SECONDS)
        self._take_up()
        if product.live.serving is None and product.live.is_cut_off:
            raise Unavailable(product.live.problem)

    def _take_up(self) -> None:
        self.product.live.refresh(self.product.database, self._is_prepared_elsewhere)

    def _is_prepared_elsewhere(self) -> bool:
        try:
            with reading(self.product.database) as session:
                return bool(leases.alive(session, KNOWLEDGE, datetime.now(UTC)))
        except Unavailable:
            return False

    def _follow_releases(self) -> None:
        product, is_said, seen = self.product, self.product.live.serving is not None, 0
        while not self._stopping.wait(PAUSE_SECONDS):
            self._take_up()
            if product.live.serving is not None and not is_said:
                self._surely(self._say_ready)
                is_said = True
            seen = product.watch.wait(seen, LOOK_SECONDS)

    def _look_after_files(self) -> None:
        product = self.product
        while True:
            if product.files_trouble:
                log.warning("files folder", trouble=product.files_trouble)
            if self._stopping.wait(FILES_SECONDS):
                return
            product.files_trouble = files_trouble(product.database, product.files)

    def _say_ready(self) -> None:
        if self.product.live.serving is None:
            log.error("not ready", reasons=self.product.reasons_not_ready())
        else:
            warn_of_sample(self.product)
            # The models and what came with them stay: looking through them again and again would hold up pages and
            # answers for a quarter of a second each time.
            gc.freeze()
            _print(f"ready {self._served()}")

    def _served(self) -> str:
        """Where people and programs reach this process."""
        if self.has_pages:
            return self.address
        port = self.product.settings.metrics_port
        return f"without pages; health and figures at http://127.0.0.1:{port}" if port else "without pages"

    def _say_first_admin(self) -> None:
        if not self.has_pages:
            # The link leads to a page: those who serve them tell it.
            return
        link = _first_admin_link(self.product.database)
        if link:
            _print(f"first admin: {self.address}/console/welcome/{link}")


def _say_whether_mail_goes(product: Product) -> None:
    with transaction(product.database) as session:
        use_mail(session, product.settings.smtp_url is not None)


def mailboxes() -> dict[str, Channel]:
    """The channels that need no token."""
    return {name: Mailbox(name) for name in (WEB, TERMINAL)}


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


def say(sentence: str) -> None:
    """Progress, on standard error."""
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
