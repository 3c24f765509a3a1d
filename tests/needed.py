"""Things that wait for a person: a message that could not be dealt with, words that may not have arrived."""

from __future__ import annotations

from console_fixtures import Office

from bot import inbox
from bot.channels.mailbox import WEB, Mailbox
from bot.live import House
from bot.parking import park
from handoff import deliveries, desk
from handoff.models import DeliveryState
from store import transaction


def parked_row(office: Office) -> int:
    """A message that no turn came to an end with; returns its row's id."""
    payload = {"visitor": "visitor-1", "client_id": "c1", "text": "My cat sat on it"}
    with transaction(office.database) as session:
        inbox.accept(session, WEB, "e1", "visitor-1", payload, office.now)
        row = inbox.claim(session, "w", office.now, channels=(WEB,))
    assert row is not None
    assert park(office.database, Mailbox(WEB), row, "ValueError", office.now, House("http://firstline.test"))
    return row.id or 0


def sent_in_doubt(
    office: Office, text: str = "Try the link again", state: DeliveryState = DeliveryState.UNCERTAIN
) -> int:
    """An agent's words of which nobody knows whether they arrived, or that failed; returns the delivery's id."""
    number = office.escalate()
    office.browser("ann")
    with transaction(office.database) as session:
        desk.reply(session, number, text, office.colleagues["ann"], office.now)
    with transaction(office.database) as session:
        claimed = deliveries.claim(session, office.now, "w", 5)
        delivery_id = claimed[-1].delivery.id or 0
        mark = deliveries.mark_uncertain if state is DeliveryState.UNCERTAIN else deliveries.mark_failed
        mark(session, delivery_id, "w", "no answer came in time", office.now)
    return delivery_id
