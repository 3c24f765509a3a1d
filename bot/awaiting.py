"""What the bot's last words in a thread ask their customer for: more for a ticket, a number, or words beside one.

Kept with those words themselves, under ``awaits``: {"add_to": number of the ticket} or {"words_for": id of the survey}.
As soon as anything else is said in the thread, nothing is awaited any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam
from sqlalchemy import select as rows_of
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from bot.decisions import Clarify, Decision, Decline, Escalate, SmallTalk
from handoff.models import Action, Button, Conversation, Direction, Message, Owner, Reason, Thread
from handoff.rows import id_of
from retrieval.texts import plain_key
from store.columns import table_of
from store.prepared import Prepared
from store.records import record_at, width

FOR_MORE = timedelta(hours=24)
FOR_WORDS = timedelta(hours=1)
_SCORES = (Action.CSAT, Action.NPS)
_UNSURE = (Reason.LOW_CONFIDENCE, Reason.NO_KNOWLEDGE, Reason.REPEATED_QUESTION)


@dataclass(frozen=True)
class Aside:
    """A question about us: what answers it belongs to the conversation that it was asked in, and opens no matter."""

    conversation_id: int
    version: int
    owner: Owner
    survey_id: int | None = None
    """The survey that words are welcome for."""
    scores: tuple[Button, ...] = ()

    def score(self, text: str) -> Button | None:
        """The button that was typed instead of pressed."""
        typed = plain_key(text)
        return next((button for button in self.scores if typed and plain_key(button.label) == typed), None)


@dataclass(frozen=True)
class Awaited:
    """``add_to``: the number of the ticket to which the next words are to be added."""

    add_to: int | None = None
    aside: Aside | None = None


NOTHING = Awaited()


def more_for(number: int) -> dict[str, Any]:
    """What to keep with words that ask for more about a ticket."""
    return {"awaits": {"add_to": number}}


def words_for(survey_id: int) -> dict[str, Any]:
    """What to keep with words that ask why somebody gave that number."""
    return {"awaits": {"words_for": survey_id}}


def awaited(session: Session, thread: Thread, customer_id: int | None, now: datetime) -> Awaited:
    """What the last words in the thread ask this customer for. Reads only."""
    found = _LAST_WORDS.first(session, thread_id=thread.id)
    if found is None:
        return NOTHING
    latest, last = record_at(Conversation, found, 0), record_at(Message, found, width(Conversation))
    if latest.customer_id != customer_id or last.direction is not Direction.OUTGOING:
        return NOTHING
    asks, age = last.detail.get("awaits") or {}, now - last.at
    if "add_to" in asks and age < FOR_MORE:
        return Awaited(add_to=int(asks["add_to"]))
    survey_id = int(asks["words_for"]) if "words_for" in asks and age < FOR_WORDS else None
    scores = _scores(session, last) if "survey" in last.detail else ()
    if survey_id is None and not scores:
        return NOTHING
    return Awaited(aside=Aside(id_of(latest), latest.version, latest.owner, survey_id, scores))


def is_comment(decision: Decision, text: str) -> bool:
    """Whether words that came after a rating are about it: the bot has no answer to them, nothing else must happen
    because of them, and they are no question."""
    if text.rstrip().endswith(("?", "？")):
        return False
    match decision:
        case Clarify() | Decline() | SmallTalk():
            return True
        case Escalate(reason=reason, intent=None):
            return reason in _UNSURE
    return False


def _scores(session: Session, message: Message) -> tuple[Button, ...]:
    query = select(Button).where(
        Button.message_id == message.id, col(Button.action).in_(_SCORES), col(Button.pressed_at).is_(None)
    )
    return tuple(session.exec(query.order_by(col(Button.position))).all())


# Built once: every message asks this.
_any = aliased(Conversation)
_LATEST = (
    select(_any.id)
    .where(_any.thread_id == bindparam("thread_id"))
    .order_by(col(_any.last_message_at).desc(), col(_any.id).desc())
    .limit(1)
    .scalar_subquery()
)
_LAST_WORDS = Prepared(
    rows_of(*table_of(Conversation).c, *table_of(Message).c)
    .join(Message, col(Message.conversation_id) == Conversation.id)
    .where(
        col(Conversation.id) == _LATEST,
        col(Message.direction) != Direction.ACTIVITY,
        col(Message.private).is_(False),
    )
    .order_by(col(Message.id).desc())
    .limit(1)
)
