"""One message, one pass: start reading here.

payload  -- accept --> inbox row               bot.inbox      transaction 1; only now is the platform told
inbox    -- parse, read --> Inbound, Reading    bot.channels, bot.understanding; reads only
a fragment waits for more                       bot.bursts
(conversation, Reading) -- decide --> Decision  bot.policy, bot.presses; pure
Decision -- write --> the answer's text         bot.writing; may ask a model, so outside of any transaction
Decision -- record --> Message, Ticket, …       bot.recording  transaction 2, all or nothing
Delivery -- render, send --> external id        bot.sending    transaction 3 records the outcome
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

import structlog
from sqlmodel import Session

from bot import inbox
from bot.acquaintance import acquaintance
from bot.arrivals import fetch_all
from bot.bursts import Burst, grown, is_fragment
from bot.channels.base import Channel, DeliveryError, Inbound, Unreadable
from bot.deciding import Heard, choose, decided, finished, read
from bot.decisions import Decision
from bot.happenings import Happening, happen
from bot.live import Live
from bot.models import InboxRow
from bot.parking import park
from bot.placing import Place, look
from bot.recording import record
from bot.speaking import Turn
from handoff.errors import AlreadyDone, Stale
from store import Database, reading, transaction

log = structlog.get_logger()
LOOKS = 5


@dataclass(frozen=True)
class Errand:
    """One claimed inbox row, and what it takes to deal with it."""

    database: Database
    live: Live
    channel: Channel
    row: InboxRow
    worker: str
    now: datetime

    @property
    def row_id(self) -> int:
        return self.row.id or 0


def handle(database: Database, live: Live, channel: Channel, row: InboxRow, worker: str, now: datetime) -> None:
    """Take one claimed inbox row through the whole pass. Whatever fails, the customer gets a person, not silence."""
    errand = Errand(database, live, channel, row, worker, now)
    try:
        event = channel.parse(json.loads(row.payload))
        if isinstance(event, Inbound):
            _pass(errand, event)
        else:
            _happen(errand, event)
    except (Unreadable, ValueError) as error:
        park(database, row, worker, f"unreadable: {error}", now, live.house)
    except DeliveryError as error:
        _try_again_or_park(errand, str(error))
    except Exception as error:
        log.exception("turn failed", inbox=row.id, attempt=row.attempts, error=type(error).__name__)
        _try_again_or_park(errand, type(error).__name__)


def _pass(errand: Errand, inbound: Inbound) -> None:
    with reading(errand.database) as session:
        known = acquaintance(session, inbound, errand.now)
        burst = Burst.of(errand.row, inbound)
        if errand.row.heard_to is not None:
            burst = grown(session, errand.channel, burst)
    if not known.concerns_us:
        _forget(errand)
        return
    heard = Heard(burst, known, errand.live.serving, errand.live.house)
    place = _look(errand, heard)
    if inbound.press and place.button is None:
        # Somebody else's button, or none of ours: nothing is said, and nobody gets a conversation by it.
        _forget(errand)
        return
    if not (known.is_with_person or inbound.press):
        errand.channel.hint(inbound)
    if understood := _listen(errand, heard, place):
        _settle(errand, *understood)


def _listen(errand: Errand, heard: Heard, place: Place) -> tuple[Heard, Place] | None:
    """What was said, together with what came meanwhile where it was only begun; None where it waits for more."""
    while True:
        heard = read(heard, place)
        if heard.is_thanks and place.conversation_id is None:
            place = _look(errand, heard)
        is_opening, burst = place.conversation_id is None, heard.burst
        if not (burst.may_wait and is_fragment(decided(heard, place).decision, burst, is_opening=is_opening)):
            return heard, place
        with reading(errand.database) as session:
            more = grown(session, errand.channel, burst)
        if len(more.inbounds) == len(burst.inbounds):
            if not more.may_wait or errand.now >= more.until:
                return heard, place
            with transaction(errand.database) as session:
                inbox.hold(session, errand.row, errand.worker, more.until, more.heard_to)
            return None
        heard = replace(heard, burst=more, understood=None)
        place = _look(errand, heard)


def _prepared(errand: Errand, heard: Heard) -> Heard:
    """``heard`` with what must be brought from the channel: the files, and who the customer is."""
    arrived = tuple(fetch_all(errand.channel, each, errand.row.attempts) for each in heard.burst.inbounds)
    profile = errand.channel.profile(heard.burst.inbounds[-1]) if heard.known.is_profile_due else None
    return replace(heard, arrived=arrived, profile=profile)


def _settle(errand: Errand, heard: Heard, place: Place) -> None:
    """Decide and record. Where an agent did something meanwhile, look again, for the decision may be another now."""
    heard, written = _prepared(errand, heard), dict[Decision, Turn]()
    for _ in range(LOOKS):
        turn = finished(heard, place, written)
        try:
            _finish(errand, heard.burst, partial(record, turn=turn, now=errand.now))
            return
        except Stale:
            place = _look(errand, heard)
        except AlreadyDone:
            _finish(errand, None)
            return
    raise Stale


def _look(errand: Errand, heard: Heard) -> Place:
    burst, is_thanks = heard.burst, heard.is_thanks
    with reading(errand.database) as session:
        return choose(look(session, burst.inbounds[0], burst.newest, errand.now, is_thanks=is_thanks), burst)


def _finish(errand: Errand, burst: Burst | None, deed: Callable[[Session], object] = lambda _: None) -> None:
    """Mark the row, and those that go with it, as dealt with, and do the deed, unless another worker has the row."""
    with transaction(errand.database) as session:
        if inbox.finish(session, errand.row_id, errand.worker, burst.with_rows if burst else ()):
            deed(session)


def _happen(errand: Errand, event: Happening) -> None:
    def deed(session: Session) -> None:
        inbox.forget(session, errand.row_id)
        happen(session, event, errand.now)

    _finish(errand, None, deed)


def _forget(errand: Errand) -> None:
    """Nobody spoke to us: what was overheard is not kept."""
    _finish(errand, None, lambda session: inbox.forget(session, errand.row_id))


def _try_again_or_park(errand: Errand, error: str) -> None:
    row, now = errand.row, errand.now
    if row.attempts >= inbox.ATTEMPTS:
        park(errand.database, row, errand.worker, error, now, errand.live.house)
        return
    with transaction(errand.database) as session:
        inbox.put_back(session, row, errand.worker, error, now)
