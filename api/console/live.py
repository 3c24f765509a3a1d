"""The console's live stream (SSE). It says only that something changed: the browser fetches what it may see."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query
from fastapi.sse import EventSourceResponse, ServerSentEvent
from sqlmodel import Session, col, select
from starlette.concurrency import run_in_threadpool

from api.console.parts import Reader
from api.console.refusals import ConsoleRoute
from api.http.parts import TheProduct
from api.http.stream import Bell, bell, follow_changes, where_to_begin
from api.product import Product
from handoff.models import Conversation, Delivery, Message, Ticket
from handoff.workplace.presence import LOOK
from store import reading
from store.models import Change

router = APIRouter(prefix="/console/stream", route_class=ConsoleRoute, include_in_schema=False)

# What moves a row of the inbox. Deliveries do not: each goes through several states.
LISTED = ("conversation", "ticket", "message", "notice", "saved_view")
# What moves the health page beside those: its figures, and the list of what did not arrive.
WATCHED = (*LISTED, "inbox", "delivery")
PULSE_SECONDS = 15.0
"""A browser hears something at least about this often: whoever hears nothing for much longer was cut off unnoticed."""

Id = Annotated[int | None, Query(ge=0, lt=2**53)]


@router.get("", response_class=EventSourceResponse)
async def stream(
    product: TheProduct,
    staff: Reader,
    ringing: Annotated[Bell, Depends(bell)],
    conversation: Id = None,
    after: Id = None,
    *,
    health: bool = False,
    last_event_id: Annotated[str, Header()] = "",
) -> AsyncIterator[ServerSentEvent]:
    """An event "desk" for every change that the page shows: of one ``conversation``, or of anything at the desk; with
    ``health`` of what comes and goes, too. An event "look" where somebody came to a ticket, went or began to write; and
    "pulse" in between, which says only that the line holds.

    It begins after change ``after``, which was the newest when the page was made, or where the browser left off.
    """
    begin = int(last_event_id) if last_event_id.isdecimal() and len(last_event_id) < 16 else after
    # Found out before anything is said: what happens once the browser knows that it listens must reach it.
    begin = await where_to_begin(product, begin)
    yield ServerSentEvent(comment="listening", retry=2000)
    said_at = time.monotonic()
    async for change in follow_changes(product, ringing, begin):
        if change is not None and await run_in_threadpool(_concerns, product, change, conversation, health):
            name = "look" if change.kind == LOOK else "desk"
            yield ServerSentEvent(event=name, raw_data=change.kind, id=str(change.id))
        elif time.monotonic() - said_at > PULSE_SECONDS - 1:
            yield ServerSentEvent(event="pulse", raw_data="-", id=str(change.id) if change else None)
        else:
            continue
        said_at = time.monotonic()


def _concerns(product: Product, change: Change, conversation_id: int | None, health: bool) -> bool:
    """Whether a page must be fetched again for ``change``; the inbox (no conversation) for whatever the desk shows."""
    if health and change.kind in WATCHED:
        return True
    if conversation_id is None:
        return change.kind in LISTED or change.kind == LOOK
    with reading(product.database) as session:
        return conversation_id in conversations_of(session, [change])


def conversations_of(session: Session, changes: Sequence[Change]) -> set[int]:
    """The conversations that these changes are about."""
    found = {change.subject_id for change in changes if change.kind == "conversation"}
    messages = [change.subject_id for change in changes if change.kind == "message"]
    tickets = [change.subject_id for change in changes if change.kind in ("ticket", LOOK)]
    customers = [change.subject_id for change in changes if change.kind == "customer"]
    deliveries = [change.subject_id for change in changes if change.kind == "delivery"]
    if messages:
        found.update(session.exec(select(Message.conversation_id).where(col(Message.id).in_(messages))))
    if customers:
        query = select(Conversation.id).where(col(Conversation.customer_id).in_(customers))
        found.update(one for one in session.exec(query) if one is not None)
    if tickets:
        found.update(session.exec(select(Ticket.conversation_id).where(col(Ticket.id).in_(tickets))))
    if deliveries:
        query = select(Message.conversation_id).join(Delivery, col(Delivery.message_id) == Message.id)
        found.update(session.exec(query.where(col(Delivery.id).in_(deliveries))))
    return found
