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
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

import structlog
from sqlmodel import Session
from structlog.contextvars import bind_contextvars

from bot import inbox
from bot.acquaintance import acquaintance
from bot.arrivals import fetch_all
from bot.bursts import Burst, grown, is_fragment
from bot.channels.base import Channel, DeliveryError, Event, Inbound, Unreadable
from bot.deciding import Heard, NotRead, choose, decided, finished, read
from bot.decisions import Answer, Decision, name_of
from bot.freshness import Superseded
from bot.happenings import Happening, happen
from bot.hinting import Hinter
from bot.live import Live
from bot.models import InboxRow
from bot.own_sentences import Own, speaking
from bot.parking import park
from bot.placing import Place, look
from bot.recording import record
from bot.speaking import Turn
from bot.whereabouts import Whereabouts, find
from handoff.errors import AlreadyDone, Stale
from store import Database, measures, reading, transaction
from store.crashpoints import reach
from store.errors import Unavailable

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
    hinter: Hinter | None = None
    """Without one it is shown at once that the bot is at it."""

    @property
    def row_id(self) -> int:
        return self.row.id or 0

    @property
    def is_last(self) -> bool:
        """Whether it is not tried again after this."""
        return self.row.attempts >= inbox.ATTEMPTS


def handle(
    database: Database,
    live: Live,
    channel: Channel,
    row: InboxRow,
    worker: str,
    now: datetime,
    hinter: Hinter | None = None,
) -> None:
    """Take one claimed inbox row through the whole pass. Whatever fails, the customer gets a person, not silence."""
    errand = Errand(database, live, channel, row, worker, now, hinter)
    reach("turn.claimed")
    if row.attempts > inbox.STARTS:
        _park(errand, f"its turn was begun {inbox.STARTS} times and never came to an end")
        return
    try:
        event = _event(errand)
        if isinstance(event, Inbound):
            _pass(errand, event)
        else:
            _happen(errand, event)
    except Unreadable as error:
        _park(errand, f"unreadable: {error}")
    except (DeliveryError, NotRead) as error:
        _try_again_or_park(errand, str(error))
    except Unavailable as error:
        # Not the message's doing: it is tried until its deadline.
        log.warning("turn put off", inbox_id=row.id, error=type(error).__name__)
        _put_back(errand, str(error), is_its_own=False)
    except Exception as error:
        log.exception("turn failed", inbox_id=row.id, attempt=row.attempts, error=type(error).__name__)
        _try_again_or_park(errand, type(error).__name__)


def _event(errand: Errand) -> Event:
    try:
        payload = json.loads(errand.row.payload)
    except ValueError as error:
        raise Unreadable("no JSON") from error
    return errand.channel.parse(payload)


def _pass(errand: Errand, inbound: Inbound) -> None:
    with reading(errand.database) as session:
        found = find(session, inbound)
        known = acquaintance(inbound, found, errand.now)
        burst = Burst.of(errand.row, inbound)
        if errand.row.heard_to is not None:
            burst = grown(session, errand.channel, burst)
        heard = Heard(burst, known, errand.live.serving_for(known.place, known.account_id), errand.live.house)
        place = _look_in(session, errand, heard, found)
    if not known.concerns_us:
        _forget(errand)
        return
    bind_contextvars(conversation_id=place.conversation_id, release_id=heard.serving and heard.serving.release_id)
    if inbound.press and place.button is None:
        # Somebody else's button, or none of ours: nothing is said, and nobody gets a conversation by it.
        _forget(errand)
        return
    is_hinted = not (known.is_with_person or inbound.press)
    with _hinting(errand, inbound) if is_hinted else nullcontext(), speaking(_own(heard)):
        if understood := _listen(errand, heard, place):
            _settle(errand, *understood)


def _hinting(errand: Errand, inbound: Inbound) -> AbstractContextManager[None]:
    if errand.hinter is not None:
        return errand.hinter.around(errand.channel, inbound)
    errand.channel.hint(inbound)
    return nullcontext()


def _listen(errand: Errand, heard: Heard, place: Place) -> tuple[Heard, Place] | None:
    """What was said, together with what came meanwhile where it was only begun; None where it waits for more."""
    while True:
        with measures.stage_seconds.labels("read").time():
            heard = read(heard, place, is_last=errand.is_last)
        if heard.is_thanks and place.conversation_id is None:
            place = _look(errand, heard)
        is_opening, burst, turn = place.conversation_id is None, heard.burst, decided(heard, place)
        is_chosen = turn.place.button is not None and isinstance(turn.decision, Answer)
        if is_chosen or not (burst.may_wait and is_fragment(turn.decision, burst, is_opening=is_opening)):
            return heard, place
        with reading(errand.database) as session:
            more = grown(session, errand.channel, burst)
        if len(more.inbounds) == len(burst.inbounds):
            if not more.may_wait or errand.now >= more.until:
                return heard, place
            with transaction(errand.database) as session:
                inbox.hold(session, errand.row, errand.worker, more.until, more.heard_to)
            reach("turn.held")
            measures.turns_total.labels(errand.row.channel, "held").inc()
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
        try:
            # Read anew, it may be another release that speaks, in other words of its own.
            with speaking(_own(heard)):
                _write_and_record(errand, heard, place, written)
            return
        except Stale:
            place = _look(errand, heard)
        except Superseded:
            heard, written = _read_anew(errand, heard, place), {}
            place = _look(errand, heard)
        except AlreadyDone:
            _finish(errand, None, outcome="again")
            return
    raise Stale


def _write_and_record(errand: Errand, heard: Heard, place: Place, written: dict[Decision, Turn]) -> None:
    with measures.stage_seconds.labels("write").time():
        turn = finished(heard, place, written)
    reach("turn.before_record")
    _finish(errand, heard.burst, partial(record, turn=turn, now=errand.now), name_of(turn.decision))


def _own(heard: Heard) -> Own | None:
    """The bot's own sentences as the release says them that answers this."""
    return heard.serving.sentences if heard.serving else None


def _read_anew(errand: Errand, heard: Heard, place: Place) -> Heard:
    """``heard`` as the release that is live now has it. Where that cannot be served here, a person answers."""
    before, known = heard.serving, heard.known
    measures.superseded_total.inc()
    errand.live.refresh(errand.database)
    serving = errand.live.serving_for(known.place, known.account_id)
    is_known = serving is not None and before is not None and serving.release_id == before.release_id
    log.info("answer superseded", inbox_id=errand.row_id, release=before and before.release_id)
    return read(replace(heard, serving=None if is_known else serving, understood=None), place, is_last=errand.is_last)


def _look(errand: Errand, heard: Heard) -> Place:
    with reading(errand.database) as session:
        return _look_in(session, errand, heard)


def _look_in(session: Session, errand: Errand, heard: Heard, found: Whereabouts | None = None) -> Place:
    burst, is_thanks = heard.burst, heard.is_thanks
    seen = look(session, burst.inbounds[0], burst.newest, errand.now, is_thanks=is_thanks, found=found)
    return choose(seen, burst)


def _finish(
    errand: Errand, burst: Burst | None, deed: Callable[[Session], object] = lambda _: None, outcome: str = "forgotten"
) -> None:
    """Mark the row, and those that go with it, as dealt with, and do the deed, unless another worker has the row."""
    # The sender waits for the disk before it tells anybody; until then a power cut takes away all of it.
    with measures.stage_seconds.labels("record").time(), transaction(errand.database, is_lasting=False) as session:
        is_ours = inbox.finish(session, errand.row_id, errand.worker, burst.with_rows if burst else ())
        if is_ours:
            deed(session)
    reach("turn.after_record")
    measures.turns_total.labels(errand.row.channel, outcome if is_ours else "late").inc()


def _happen(errand: Errand, event: Happening) -> None:
    def deed(session: Session) -> None:
        inbox.forget(session, errand.row_id)
        happen(session, event, errand.now)

    _finish(errand, None, deed, "happened")


def _forget(errand: Errand) -> None:
    """Nobody spoke to us: what was overheard is not kept."""
    _finish(errand, None, lambda session: inbox.forget(session, errand.row_id))


def _park(errand: Errand, error: str) -> None:
    park(errand.database, errand.channel, errand.row, error, errand.now, errand.live.house)


def _try_again_or_park(errand: Errand, error: str) -> None:
    if errand.is_last:
        _park(errand, error)
    else:
        _put_back(errand, error)


def _put_back(errand: Errand, error: str, *, is_its_own: bool = True) -> None:
    row, now = errand.row, errand.now
    with transaction(errand.database) as session:
        inbox.put_back(session, row, errand.worker, error, now, is_its_own=is_its_own)
    measures.turns_total.labels(row.channel, "put_back").inc()
