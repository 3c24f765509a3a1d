"""The delivery loop: the only way that words reach a person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog

from bot.channels.base import Channel, DeliveryError, Outgoing, OutgoingButton, Uncertain
from handoff import deliveries
from handoff.deliveries import Claimed
from store import Database, transaction

log = structlog.get_logger()
BATCH = 20
ATTEMPTS = 8


def send_due(
    database: Database, channels: Mapping[str, Channel], worker: str, now: datetime, thread_id: int | None = None
) -> int:
    """Claim what is ready, send it and record each outcome. Returns how many deliveries were taken.

    Head-of-line order is the claim's doing: a thread has at most one delivery under way.
    """
    with transaction(database) as session:
        claimed = deliveries.claim(session, now, worker, BATCH, channels=tuple(channels), thread_id=thread_id)
    for each in claimed:
        _send(database, channels[each.thread.channel], each, worker, now)
    return len(claimed)


def _send(database: Database, channel: Channel, claimed: Claimed, worker: str, now: datetime) -> None:
    delivery_id = claimed.delivery.id or 0
    try:
        external_id = channel.send(_render(claimed))
    except DeliveryError as error:
        _not_sent(database, claimed, worker, error, now)
    except Uncertain as error:
        with transaction(database) as session:
            if channel.is_safe_to_resend:
                deliveries.mark_ready(session, delivery_id, worker, now, str(error), now)
            else:
                deliveries.mark_uncertain(session, delivery_id, worker, str(error), now)
    except Exception as error:
        # A mistake of ours, found before anything left: worth a later try, and a line in the log.
        log.exception("sending failed", delivery=delivery_id, error=type(error).__name__)
        _not_sent(database, claimed, worker, DeliveryError(type(error).__name__), now)
    else:
        with transaction(database) as session:
            deliveries.mark_sent(session, delivery_id, worker, external_id, now)


def _not_sent(database: Database, claimed: Claimed, worker: str, error: DeliveryError, now: datetime) -> None:
    delivery_id = claimed.delivery.id or 0
    with transaction(database) as session:
        if error.permanent or claimed.delivery.attempts >= ATTEMPTS:
            deliveries.mark_failed(session, delivery_id, worker, str(error), now)
            return
        wait = error.not_before or now + timedelta(seconds=2 ** min(claimed.delivery.attempts, 8))
        deliveries.mark_ready(session, delivery_id, worker, wait, str(error), now)


def _render(claimed: Claimed) -> Outgoing:
    message = claimed.message
    return Outgoing(
        delivery_id=claimed.delivery.id or 0,
        message_id=message.id or 0,
        thread=claimed.thread.external_id,
        text=message.text,
        buttons=tuple(OutgoingButton(button.token, button.label) for button in claimed.buttons),
        files=tuple(file.id or 0 for file in claimed.files),
    )
