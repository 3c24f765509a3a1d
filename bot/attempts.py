"""One attempt to bring a delivery to its channel, and what the database then says of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from sqlmodel import Session

from bot import measured, unheard
from bot.channels.base import (
    Channel,
    DeliveryError,
    Later,
    Link,
    Outgoing,
    OutgoingButton,
    OutgoingFile,
    Resend,
    Uncertain,
)
from handoff import deliveries, holding, threads
from handoff.deliveries import Claimed
from handoff.errors import Stale
from handoff.models import Author, DeliveryState
from handoff.outcomes import after_doubt, after_giving_up
from store import Database, transaction
from store.crashpoints import reach
from store.errors import StoreError

log = structlog.get_logger()
ATTEMPTS = 8
_SOON = timedelta(seconds=1)

Outcome = tuple[str, ...] | DeliveryError | Uncertain
"""The channel's ids of all parts, or why they are not there (yet), or nobody knows."""


@dataclass(frozen=True)
class Attempt:
    outcome: Outcome
    began_at: datetime
    seconds: float

    @property
    def ended_at(self) -> datetime:
        return self.began_at + timedelta(seconds=self.seconds)


def attempt(database: Database, channel: Channel, claimed: Claimed, worker: str, now: datetime) -> Attempt:
    """Send one claimed delivery. Raises Stale when it became another worker's between two of its parts."""
    begun = time.perf_counter()
    reach("send.after_claim")
    outcome = _outcome(channel, claimed, _Hold(database, claimed, worker, now, begun))
    reach("send.after_call")
    return Attempt(outcome, now, time.perf_counter() - begun)


def record(database: Database, channel: Channel, claimed: Claimed, worker: str, made: Attempt) -> None:
    """Write down what became of it. Raises Stale when that is no longer the worker's to say."""
    outcome, now = made.outcome, made.ended_at
    with transaction(database) as session:
        match outcome:
            case Uncertain():
                state = _in_doubt(session, channel.resend, claimed, worker, outcome, now)
            case DeliveryError():
                state = _not_sent(session, channel.resend, claimed, worker, outcome, now)
            case _:
                first, *more = outcome
                deliveries.mark_sent(session, _id(claimed), worker, first, now, more)
                state = DeliveryState.SENT
        reach("send.before_record")
    _measure(claimed, made, state)


def render(claimed: Claimed) -> Outgoing:
    """The delivery as its channel gets it."""
    message, delivery = claimed.message, claimed.delivery
    # Two passages of one article are one page to open.
    citations = {citation["article"]: citation for citation in reversed(message.detail.get("citations", ()))}
    by = message.detail.get("by") if message.author is Author.AGENT else None
    return Outgoing(
        delivery_id=_id(claimed),
        message_id=message.id or 0,
        thread=claimed.thread.external_id,
        text=message.text,
        buttons=tuple(OutgoingButton(button.token, button.label) for button in claimed.buttons),
        files=tuple(OutgoingFile(file.name, file.media_type, file.size, file.sha256) for file in claimed.files),
        links=tuple(Link(citation["title"], citation["url"]) for citation in reversed(citations.values())),
        author=claimed.author or by,
        spot=claimed.spot,
        sent=claimed.sent,
        doubts=delivery.doubts,
        may_repeat=_may_repeat(claimed),
        made_at=delivery.created_at,
        about=claimed.about,
    )


def _may_repeat(claimed: Claimed) -> bool:
    """Attempts are counted from when a person last said to send it: their wish needs no rule."""
    delivery = claimed.delivery
    is_wished = delivery.attempts == 1
    by_rule = after_doubt(Resend.ONCE, claimed.message.author, delivery.doubts) is DeliveryState.READY
    return is_wished or by_rule


@dataclass(frozen=True)
class _Hold:
    """What a worker has of a delivery that it sends. A process that stood still for a while, as a machine that is
    paused, goes on in the middle of it, and others may have sent it meanwhile."""

    database: Database
    claimed: Claimed
    worker: str
    now: datetime
    begun: float
    """When ``now`` was, by the clock that is never set."""

    def check(self) -> None:
        """Raises Stale where others have it, or had it, and Later where nobody has it by now.

        The database is asked only where the lease is half over, which few attempts live to see.
        """
        delivery, now = self.claimed.delivery, self.now + timedelta(seconds=time.perf_counter() - self.begun)
        if delivery.lease_until is None or now < delivery.lease_until - holding.LEASE / 2:
            return
        with transaction(self.database) as session:
            until = now + holding.LEASE
            is_ours = deliveries.keep(session, _id(self.claimed), self.worker, delivery.attempts, until)
        if not is_ours:
            raise Later("It was held up for so long that others might have sent it.", now)


def _outcome(channel: Channel, claimed: Claimed, hold: _Hold) -> Outcome:
    if _is_internal(claimed):
        # Whoever wrote the delivery made a mistake: this is the last place where it can be seen.
        return DeliveryError("Internal words go to places of the staff only.", permanent=True)
    if _is_in_vain(claimed):
        return DeliveryError(claimed.thread.unreachable or "", permanent=True)
    try:
        outgoing = replace(render(claimed), before_it_leaves=hold.check)
    except Exception as error:
        log.exception("rendering failed", delivery_id=_id(claimed), error=type(error).__name__)
        return DeliveryError(type(error).__name__)
    parts = _Parts(hold, list(claimed.sent))
    try:
        return channel.send(outgoing, parts.keep)
    except (DeliveryError, Uncertain) as error:
        return error
    except Stale:
        raise
    except StoreError as error:
        # Channels ask our database between two calls, never during one: nothing was under way.
        return Later(str(error), hold.now + _SOON, parts.sent)
    except Exception as error:
        # A mistake of ours, and nobody knows how far it came.
        log.exception("sending failed", delivery_id=_id(claimed), error=type(error).__name__)
        return Uncertain(type(error).__name__, sent=parts.sent)


def _is_internal(claimed: Claimed) -> bool:
    """Whether these are words for the desk on their way to a place that others read, too."""
    return claimed.message.private and not claimed.thread.is_staff


def _is_in_vain(claimed: Claimed) -> bool:
    """An agent's words to an unreachable place are worth a try, and so is what a person sends again; the bot's own
    first are not."""
    is_unreachable = claimed.thread.unreachable is not None
    return is_unreachable and claimed.message.author is not Author.AGENT and claimed.delivery.error is None


@dataclass(frozen=True)
class _Parts:
    """What arrived of a message of several parts, kept before the next one leaves."""

    hold: _Hold
    sent: list[str]

    def keep(self, external_id: str) -> None:
        self.sent.append(external_id)
        with transaction(self.hold.database) as session:
            delivery_id, worker = _id(self.hold.claimed), self.hold.worker
            deliveries.keep_part(session, delivery_id, worker, len(self.sent) - 1, external_id)
        reach("send.between_parts")


def _in_doubt(
    session: Session, resend: Resend, claimed: Claimed, worker: str, error: Uncertain, now: datetime
) -> DeliveryState:
    return deliveries.mark_in_doubt(
        session,
        _id(claimed),
        worker,
        Resend.ONCE if error.cannot_look else resend,
        now if resend is Resend.SAFE else max(error.not_before or now, now + _backoff(claimed)),
        str(error),
        now,
        sent=error.sent,
        is_last=claimed.delivery.attempts >= ATTEMPTS,
    )


def _not_sent(
    session: Session, resend: Resend, claimed: Claimed, worker: str, error: DeliveryError, now: datetime
) -> DeliveryState:
    delivery_id, is_later = _id(claimed), isinstance(error, Later)
    _learn_of_place(session, claimed, error, now)
    if error.permanent or (claimed.delivery.attempts >= ATTEMPTS and not is_later):
        state = after_giving_up(resend, claimed.delivery.doubts)
        is_unheard = state is DeliveryState.FAILED and not claimed.is_copy and _is_reachable(claimed, error)
        # Before the delivery's own lock is taken, for the thread's comes first, everywhere.
        waiting = unheard.who_waits(session, claimed.message) if is_unheard else None
        give_up = deliveries.mark_uncertain if state is DeliveryState.UNCERTAIN else deliveries.mark_failed
        give_up(session, delivery_id, worker, str(error), now, error.sent)
        if waiting is not None:
            unheard.hand_over(session, waiting, claimed.message, now)
        return state
    at = error.not_before or (now if error.moved_to else now + _backoff(claimed))
    deliveries.mark_ready(session, delivery_id, worker, at, str(error), now, sent=error.sent, is_for_free=is_later)
    return DeliveryState.READY


def _is_reachable(claimed: Claimed, error: DeliveryError) -> bool:
    """Whether other words may arrive where these did not."""
    return claimed.thread.unreachable is None and not error.is_unreachable


def _learn_of_place(session: Session, claimed: Claimed, error: DeliveryError, now: datetime) -> None:
    channel, place = claimed.thread.channel, claimed.thread.external_id
    if error.moved_to is not None:
        threads.rename(session, channel, place, error.moved_to)
    if error.is_unreachable and (thread := threads.thread_called(session, channel, place)) is not None:
        threads.mark_unreachable(session, thread, str(error), now)


def _backoff(claimed: Claimed) -> timedelta:
    return timedelta(seconds=2 ** min(claimed.delivery.attempts, 8))


def _measure(claimed: Claimed, made: Attempt, state: DeliveryState) -> None:
    match made.outcome:
        case Uncertain():
            measured.in_doubt(claimed, "again" if state is DeliveryState.READY else state.value)
        case DeliveryError():
            again = "later" if isinstance(made.outcome, Later) else "again"
            measured.not_sent(claimed, again if state is DeliveryState.READY else state.value)
        case _:
            measured.sent(claimed, made.began_at, made.seconds)


def _id(claimed: Claimed) -> int:
    return claimed.delivery.id or 0
