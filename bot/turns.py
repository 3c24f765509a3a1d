"""One message, one pass: start reading here.

payload  -- accept --> inbox row               bot.inbox      transaction 1; only now is the platform told
inbox    -- parse, read --> Inbound, Reading    bot.channels, retrieval.reader; reads only
(conversation, Reading) -- decide --> Decision  bot.policy, bot.presses; pure
Decision -- record --> Message, Ticket, …       bot.recording  transaction 2, all or nothing
Delivery -- render, send --> external id        bot.sending    transaction 3 records the outcome
"""

from __future__ import annotations

import json
from datetime import datetime

import structlog

from bot import inbox
from bot.channels.base import Channel, Inbound, Unreadable
from bot.decisions import Decision, Escalate, Reopen, Silence
from bot.live import Live, Serving, policy_of
from bot.models import InboxRow
from bot.parking import park
from bot.placing import Place, look
from bot.policy import BUILT_IN, Policy, decide
from bot.presses import decide_press
from bot.recording import Turn, record
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
        inbound = channel.parse(json.loads(row.payload))
        _pass(database, live, inbound, row, worker, now)
    except (Unreadable, ValueError) as error:
        park(database, row, worker, f"unreadable: {error}", now, live.house)
    except Exception as error:
        log.exception("turn failed", inbox=row.id, attempt=row.attempts, error=type(error).__name__)
        _try_again_or_park(database, live, row, worker, type(error).__name__, now)


def _pass(database: Database, live: Live, inbound: Inbound, row: InboxRow, worker: str, now: datetime) -> None:
    serving = live.serving
    policy = serving.policy if serving else policy_of(live.house, None, ())
    understood = _read(serving, inbound)
    for _ in range(LOOKS):
        with reading(database) as session:
            place = look(session, inbound, row, now, is_thanks=_is_thanks(understood))
        turn = _turn(inbound, place, understood, policy, serving)
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


def _read(serving: Serving | None, inbound: Inbound) -> Reading | None:
    """What the message means; None where it cannot be read at all (no knowledge base, a broken model)."""
    if serving is None or inbound.press:
        return None
    try:
        return serving.reader.read(inbound.text)
    except Exception as error:
        log.exception("reading failed", release=serving.release_id, error=type(error).__name__)
        return None


def _turn(inbound: Inbound, place: Place, understood: Reading | None, policy: Policy, serving: Serving | None) -> Turn:
    question = inbound.text
    if inbound.press:
        question = place.last_question or ""
        understood = serving.reader.read(question) if serving and question else None
        decision = decide_press(place, policy)
    else:
        decision = _decide(inbound, place, understood, policy)
    return Turn(inbound, place, understood, decision, policy, serving, question)


def _decide(inbound: Inbound, place: Place, understood: Reading | None, policy: Policy) -> Decision:
    if place.is_reply_to_closing:
        return Silence("thanks after the end") if _is_thanks(understood) else Reopen()
    if understood is None:
        is_with_person = place.owner is Owner.HUMAN
        return Silence("a person owns this conversation") if is_with_person else Escalate(Reason.BOT_STUCK)
    return decide(place.standing, understood, policy, has_files=bool(inbound.files))


def _is_thanks(understood: Reading | None) -> bool:
    return understood is not None and understood.intent == BUILT_IN[THANKS].name and understood.intent_confidence >= 0.5


def _try_again_or_park(database: Database, live: Live, row: InboxRow, worker: str, error: str, now: datetime) -> None:
    if row.attempts >= inbox.ATTEMPTS:
        park(database, row, worker, error, now, live.house)
        return
    with transaction(database) as session:
        inbox.put_back(session, row, worker, error, now)
