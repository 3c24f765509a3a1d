"""One message, one pass: start reading here.

payload  -- accept --> inbox row               bot.inbox      transaction 1; only now is the platform told
inbox    -- parse, read --> Inbound, Reading    bot.channels, retrieval.reader; reads only
(conversation, Reading) -- decide --> Decision  bot.policy, bot.presses; pure
Decision -- record --> Message, Ticket, …       bot.recording  transaction 2, all or nothing
Delivery -- render, send --> external id        bot.sending    transaction 3 records the outcome
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

import structlog

from bot import inbox
from bot.acquaintance import Acquaintance, acquaintance
from bot.arrivals import Arrived, fetch_all
from bot.channels.base import Channel, DeliveryError, Inbound, Profile, Unreadable
from bot.commands import decide_command
from bot.decisions import Decision, Escalate, Reopen, Silence
from bot.happenings import Happening, happen
from bot.live import Live, Serving, policy_of
from bot.models import InboxRow
from bot.parking import park
from bot.placing import Place, look
from bot.policy import BUILT_IN, Policy, decide
from bot.presses import decide_press
from bot.recording import record
from bot.speaking import Turn
from handoff.errors import AlreadyDone, Stale
from handoff.models import Owner, Reason
from retrieval.reader import Reading
from store import Database, reading, transaction

log = structlog.get_logger()
LOOKS = 5
THANKS = "thanks"


def handle(database: Database, live: Live, channel: Channel, row: InboxRow, worker: str, now: datetime) -> None:
    """Take one claimed inbox row through the whole pass. Whatever fails, the customer gets a person, not silence."""
    try:
        event = channel.parse(json.loads(row.payload))
        if isinstance(event, Inbound):
            _pass(database, live, channel, event, row, worker, now)
        else:
            _happen(database, event, row, worker, now)
    except (Unreadable, ValueError) as error:
        park(database, row, worker, f"unreadable: {error}", now, live.house)
    except DeliveryError as error:
        _try_again_or_park(database, live, row, worker, str(error), now)
    except Exception as error:
        log.exception("turn failed", inbox=row.id, attempt=row.attempts, error=type(error).__name__)
        _try_again_or_park(database, live, row, worker, type(error).__name__, now)


@dataclass(frozen=True)
class Prepared:
    """What was found out before anything is decided: about the sender, from the channel, about the words."""

    known: Acquaintance
    arrived: tuple[Arrived, ...]
    profile: Profile | None
    understood: Reading | None


def _pass(
    database: Database, live: Live, channel: Channel, inbound: Inbound, row: InboxRow, worker: str, now: datetime
) -> None:
    with reading(database) as session:
        known = acquaintance(session, inbound, now)
    if not known.concerns_us:
        _forget(database, row, worker)
        return
    serving = live.serving
    prepared = _prepare(channel, inbound, known, serving, row)
    for _ in range(LOOKS):
        with reading(database) as session:
            place = look(session, inbound, row, now, is_thanks=_is_thanks(prepared.understood))
        if inbound.press and place.button is None:
            # Somebody else's button, or none of ours: nothing is said, and nobody gets a conversation by it.
            _forget(database, row, worker)
            return
        turn = _turn(inbound, place, prepared, live, serving)
        try:
            with transaction(database) as session:
                if inbox.finish(session, row.id or 0, worker):
                    record(session, turn, now)
            return
        except Stale:
            # An agent did something meanwhile: look again, for the decision may be another now.
            continue
        except AlreadyDone:
            with transaction(database) as session:
                inbox.finish(session, row.id or 0, worker)
            return
    raise Stale


def _prepare(
    channel: Channel, inbound: Inbound, known: Acquaintance, serving: Serving | None, row: InboxRow
) -> Prepared:
    if not (known.is_with_person or inbound.press):
        channel.hint(inbound)
    arrived = fetch_all(channel, inbound, row.attempts)
    profile = channel.profile(inbound) if known.is_profile_due else None
    return Prepared(known, arrived, profile, _read(serving, inbound, known.prefers_language))


def _happen(database: Database, event: Happening, row: InboxRow, worker: str, now: datetime) -> None:
    with transaction(database) as session:
        if inbox.finish(session, row.id or 0, worker):
            inbox.forget(session, row.id or 0)
            happen(session, event, now)


def _forget(database: Database, row: InboxRow, worker: str) -> None:
    """Nobody spoke to us: what was overheard is not kept."""
    with transaction(database) as session:
        if inbox.finish(session, row.id or 0, worker):
            inbox.forget(session, row.id or 0)


def _read(serving: Serving | None, inbound: Inbound, language: str | None) -> Reading | None:
    """What the message means; None where it cannot be read at all (no knowledge base, a broken model)."""
    if serving is None or inbound.press or inbound.command:
        return None
    try:
        return serving.reader.read(inbound.text, language)
    except Exception as error:
        log.exception("reading failed", release=serving.release_id, error=type(error).__name__)
        return None


def _turn(inbound: Inbound, place: Place, prepared: Prepared, live: Live, serving: Serving | None) -> Turn:
    policy = serving.policy if serving else policy_of(live.house, None, ())
    question, understood, language = inbound.text, prepared.understood, prepared.known.prefers_language
    if inbound.press:
        question = place.last_question or ""
        understood = serving.reader.read(question, language) if serving and question else None
        decision = decide_press(place, policy)
    elif inbound.command:
        decision = decide_command(inbound.command, place.standing, policy, is_shared=inbound.is_shared)
    else:
        decision = _decide(inbound, place, prepared, policy)
    return Turn(
        inbound,
        place,
        understood,
        decision,
        policy,
        serving,
        question,
        live.house,
        language,
        prepared.arrived,
        prepared.profile,
    )


def _decide(inbound: Inbound, place: Place, prepared: Prepared, policy: Policy) -> Decision:
    understood = prepared.understood
    if place.is_reply_to_closing:
        return Silence("thanks after the end") if _is_thanks(understood) else Reopen()
    if understood is None:
        is_with_person = place.owner is Owner.HUMAN
        return Silence("a person owns this conversation") if is_with_person else Escalate(Reason.BOT_STUCK)
    if prepared.arrived and not inbound.text and not any(each.kept for each in prepared.arrived):
        return Silence("only files that could not be kept")
    has_files = bool(inbound.files or prepared.arrived)
    return decide(place.standing, understood, policy, has_files=has_files)


def _is_thanks(understood: Reading | None) -> bool:
    return understood is not None and understood.intent == BUILT_IN[THANKS].name and understood.intent_confidence >= 0.5


def _try_again_or_park(database: Database, live: Live, row: InboxRow, worker: str, error: str, now: datetime) -> None:
    if row.attempts >= inbox.ATTEMPTS:
        park(database, row, worker, error, now, live.house)
        return
    with transaction(database) as session:
        inbox.put_back(session, row, worker, error, now)
