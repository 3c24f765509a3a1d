"""What a process that died left unfinished, taken up by the next at its start."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from datetime import datetime

import structlog

from bot import inbox
from bot.sending import Sender
from kb_content import catalogue
from store import Database, transaction

log = structlog.get_logger()


@dataclass(frozen=True)
class Found:
    """How many there were of each. Timers are not among them: one is done with its deed or not at all."""

    turns: int
    """Inbox rows, which are dealt with from the beginning."""
    deliveries: int
    """In doubt, each resolved as its channel allows, or shown to an agent."""
    builds: int
    """Releases that nobody builds any more."""


def recover(database: Database, worker: str, sender: Sender, now: datetime) -> Found:
    """Take up what a dead worker of this name held, and give up builds whose builders are gone.

    What other dead workers held is taken up when their leases are over. To be called before the first step.
    """
    with transaction(database) as session:
        turns, builds = inbox.release(session, worker), catalogue.give_up_dead(session, now)
    found = Found(turns, sender.recover(now), builds)
    if any(astuple(found)):
        log.info("taken up", turns=found.turns, deliveries_in_doubt=found.deliveries, builds_given_up=found.builds)
    return found
