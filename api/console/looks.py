"""What somebody has read: the pages of tickets that they opened."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from api.product import Product
from handoff.models import Staff
from handoff.rows import id_of
from handoff.tickets import ticket_by_number
from handoff.workplace.unread import mark_read, to_read
from store import reading, transaction
from store.errors import StoreError


def note_read(product: Product, staff: Staff, number: int, now: datetime) -> None:
    """``staff`` has the ticket before them, with all that was said until now. Raises TicketNotFound.

    Where that cannot be kept the page is shown all the same: the ticket stays unread.
    """
    with reading(product.database) as session:
        ticket = ticket_by_number(session, number)
        ticket_id, newest = id_of(ticket), to_read(session, ticket, id_of(staff))
    if newest is None:
        return
    with suppress(StoreError), transaction(product.database) as session:
        mark_read(session, ticket_id, id_of(staff), newest, now)
