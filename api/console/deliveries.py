"""What agents do in the transcript about a message that did not arrive, or may not have."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Response
from sqlmodel import Session, col, select
from starlette.responses import RedirectResponse

from api.console.parts import Worker, actor_of
from api.console.refusals import ConsoleRoute
from api.http.parts import Now, TheProduct
from handoff import deliveries
from handoff.actors import Actor
from handoff.errors import DeliveryNotFound
from handoff.models import Delivery, Message
from handoff.rows import id_of
from handoff.tickets import ticket_of
from handoff.transcript import first_unsettled
from store import Database, transaction

router = APIRouter(prefix="/console/messages", route_class=ConsoleRoute, include_in_schema=False)

Id = Annotated[int, Path(ge=1, lt=2**53)]


@router.post("/{message_id}/resend")
def resend(product: TheProduct, now: Now, staff: Worker, message_id: Id) -> Response:
    return _settle(product.database, message_id, deliveries.resend, actor_of(staff), now)


@router.post("/{message_id}/arrived")
def arrived(product: TheProduct, now: Now, staff: Worker, message_id: Id) -> Response:
    return _settle(product.database, message_id, deliveries.dismiss, actor_of(staff), now)


def _settle(
    database: Database,
    message_id: int,
    deed: Callable[[Session, int, Actor, datetime], None],
    actor: Actor,
    now: datetime,
) -> Response:
    """Do it, and go back to the page of the conversation, which is that of its ticket where there is one."""
    with transaction(database) as session:
        # By id: the message's own delivery was made before those of its copies.
        made = session.exec(select(Delivery).where(Delivery.message_id == message_id).order_by(col(Delivery.id))).all()
        delivery = first_unsettled(made) or next(iter(made), None)
        if delivery is None:
            raise DeliveryNotFound
        deed(session, id_of(delivery), actor, now)
        conversation_id = session.get_one(Message, message_id).conversation_id
        ticket = ticket_of(session, conversation_id)
    page = f"tickets/{ticket.number}" if ticket else f"conversations/{conversation_id}"
    return RedirectResponse(f"/console/{page}", 303)
