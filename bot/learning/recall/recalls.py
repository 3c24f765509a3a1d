"""A recall from the first look to the last correction: prepared, worded, begun, stopped. Sending is ``sending``'s."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func
from sqlalchemy import select as rows_of
from sqlmodel import Session, col, select

from bot.learning.recall.earlier import is_complete
from bot.learning.recall.errors import (
    CorrectionMissing,
    NobodyWasTold,
    NothingToRecall,
    NotLookedThrough,
    RecallIsOver,
    RecallNotFound,
    StillTold,
    WhyMissing,
)
from bot.learning.recall.finding import Scope, Telling, base, is_still_told, scope_of, tellings, versions_of
from bot.learning.recall.models import Recall, RecallRecipient, RecallState, RecipientState
from bot.learning.recall.wording import LONGEST, proposed_texts
from handoff.actors import Actor, require
from handoff.models import Customer
from handoff.permissions import Permission
from handoff.rows import id_of
from handoff.wording import clean
from store import audit
from store.changes import note_change
from store.inserts import insert
from store.timers import cancel, set_timer

RECALL = "recall"
"""The kind of the timer; its subject is the recall."""
LONGEST_REASON = 1_000


def prepare(session: Session, scope: Scope, reason: str, actor: Actor, now: datetime) -> Recall:
    """Begin a recall; nothing is sent yet. Its texts begin with ``reason`` and what the live article says instead.

    Raises WhyMissing, NothingToRecall.
    """
    require(session, actor, Permission.EDIT_ARTICLES)
    why = clean(reason).strip()[:LONGEST_REASON]
    if not why:
        raise WhyMissing
    if not _exists(session, scope):
        raise NothingToRecall
    recall = Recall(
        article_id=scope.article_id,
        language=scope.language,
        passages=sorted(scope.passages),
        versions=sorted(scope.versions),
        reason=why,
        texts={} if is_still_told(session, scope) else proposed_texts(session, scope, why),
        made_by=actor.staff_id,
        made_at=now,
    )
    session.add(recall)
    session.flush()
    _leave_trace(session, recall, actor, "prepared", now, article=scope.article_id, language=scope.language)
    return recall


def set_texts(session: Session, recall_id: int, texts: Mapping[str, str], actor: Actor, now: datetime) -> Recall:
    """Keep the correction by language; an empty one is taken out. Raises RecallIsOver once it is being sent."""
    require(session, actor, Permission.EDIT_ARTICLES)
    recall = _held(session, recall_id)
    if recall.state is RecallState.DONE or recall.state is RecallState.SENDING:
        raise RecallIsOver
    said = {base(language): clean(text).strip()[:LONGEST] for language, text in texts.items()}
    recall.texts = {language: text for language, text in sorted(said.items()) if text}
    _leave_trace(session, recall, actor, "worded", now, languages=sorted(recall.texts))
    return recall


def begin(session: Session, recall_id: int, actor: Actor, now: datetime, *, although_told: bool = False) -> int:
    """Write to everybody who was told it, a few a minute from now on; after a stop, to those who are left. Returns how
    many that are.

    Raises RecallIsOver, CorrectionMissing, NotLookedThrough, NobodyWasTold, and StillTold unless ``although_told``.
    """
    require(session, actor, Permission.EDIT_ARTICLES)
    recall = _held(session, recall_id)
    if recall.state not in (RecallState.PREPARED, RecallState.STOPPED):
        raise RecallIsOver
    if not any(str(recall.texts.get(code) or "").strip() for code in (base(recall.language), "en")):
        raise CorrectionMissing
    if not is_complete(session):
        raise NotLookedThrough
    if not although_told and is_still_told(session, scope_of(recall)):
        raise StillTold
    _take_in(session, recall)
    waiting = count_of(session, recall_id).get(RecipientState.WAITING, 0)
    if not waiting:
        raise NobodyWasTold
    recall.state, recall.begun_at, recall.ended_at = RecallState.SENDING, recall.begun_at or now, None
    set_timer(session, RECALL, recall_id, now)
    _leave_trace(session, recall, actor, "begun", now, waiting=waiting, although_told=although_told)
    return waiting


def stop(session: Session, recall_id: int, actor: Actor, now: datetime) -> Recall:
    """Send no more of it. What went out went out. Raises RecallIsOver when it is over already."""
    require(session, actor, Permission.EDIT_ARTICLES)
    # The timer first, as where it goes off: else the two could wait for each other.
    cancel(session, RECALL, recall_id)
    recall = _held(session, recall_id)
    if recall.state is RecallState.DONE or recall.state is RecallState.STOPPED:
        raise RecallIsOver
    recall.state, recall.ended_at = RecallState.STOPPED, now
    _leave_trace(session, recall, actor, "stopped", now)
    return recall


def recall_by_id(session: Session, recall_id: int) -> Recall:
    """Raises RecallNotFound."""
    recall = session.get(Recall, recall_id)
    if recall is None:
        raise RecallNotFound
    return recall


def count_of(session: Session, recall_id: int) -> dict[RecipientState, int]:
    """How many recipients there are by state."""
    query = rows_of(col(RecallRecipient.state), func.count()).where(col(RecallRecipient.recall_id) == recall_id)
    return {state: count for state, count in session.execute(query.group_by(col(RecallRecipient.state)))}


def recipient_of(recall_id: int, telling: Telling) -> dict[str, Any]:
    """The values of a recipient's row, but for its state."""
    return {
        "recall_id": recall_id,
        "customer_id": telling.customer_id,
        "conversation_id": telling.conversation_id,
        "message_id": telling.message_id,
    }


def _exists(session: Session, scope: Scope) -> bool:
    versions = versions_of(session, scope.article_id, scope.language)
    numbers = {version.number for version in versions}
    keys = {passage["key"] for version in versions for passage in version.passages}
    return bool(versions) and set(scope.versions) <= numbers and set(scope.passages) <= keys


def _take_in(session: Session, recall: Recall) -> None:
    """Make recipients of all who were told it and are none yet, whichever of their channels they are known by."""
    query = (
        select(RecallRecipient.customer_id, Customer.joined_to_id)
        .join(Customer, col(Customer.id) == RecallRecipient.customer_id)
        .where(RecallRecipient.recall_id == recall.id)
    )
    known = {joined_to_id or customer_id for customer_id, joined_to_id in session.exec(query)}
    # In the order in which they will be sent: who read it last is the likeliest to go by it now.
    told = tellings(session, scope_of(recall))
    waiting = {"state": RecipientState.WAITING}
    rows = [recipient_of(id_of(recall), one) | waiting for one in told if one.person not in known]
    if rows:
        statement = insert(session, RecallRecipient).on_conflict_do_nothing()
        session.connection().execute(statement, rows)


def _held(session: Session, recall_id: int) -> Recall:
    """The recall, kept from others until the transaction ends."""
    query = select(Recall).where(Recall.id == recall_id).with_for_update().execution_options(populate_existing=True)
    recall = session.exec(query).one_or_none()
    if recall is None:
        raise RecallNotFound
    return recall


def _leave_trace(session: Session, recall: Recall, actor: Actor, deed: str, now: datetime, **detail: Any) -> None:
    session.flush()
    audit.record(session, actor.name, f"recall.{deed}", "recall", id_of(recall), now, **detail)
    note_change(session, "recall", id_of(recall), now)


__all__ = ["RECALL", "begin", "count_of", "prepare", "recall_by_id", "recipient_of", "set_texts", "stop"]
