"""An answer that the bot may not give by itself, for an agent to send, edit or skip.

Every deed locks the conversation and looks again: of two agents exactly one decides, the other reads who it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session

from bot.freshness import is_still_said
from bot.learning.recall.told import tell
from bot.replies import say as sentence
from bot.speaking import Turn
from handoff import desk
from handoff.actors import Actor, require
from handoff.conversations import ButtonSpec, lock_conversation
from handoff.errors import SuggestionGone
from handoff.models import Action, Conversation, Message, Staff, Suggestion, SuggestionState
from handoff.permissions import Permission
from handoff.rows import id_of
from handoff.suggestions import outdate, pending
from handoff.tickets import ticket_by_number
from handoff.wording import clean, sendable
from store import audit, fulltext
from store.changes import note_change

__all__ = ["SuggestionOutdated", "edit", "offer", "outdate", "pending", "send", "skip"]

MOSTLY_KEPT = 0.5
"""Of a suggestion that an agent changed: the share of its words from which on it was still that answer."""


class SuggestionOutdated(SuggestionGone):
    """The article behind this suggestion was changed or removed after it was offered. Write your own words."""

    def __init__(self, offered: str = "") -> None:
        super().__init__()
        self.offered = offered


def offer(
    session: Session, conversation: Conversation, message: Message | None, turn: Turn, now: datetime
) -> Suggestion | None:
    """Put what the turn composed before the agents, as the answer to ``message``; None where there is nothing to offer.

    An older suggestion that nobody decided about is outdated by it.
    """
    worth, composed = turn.worth, turn.composed
    if worth is None or composed is None or message is None:
        return None
    outdate(session, id_of(conversation), now)
    article, reading = worth.article_id, worth.reading
    hit = next((hit for hit in reading.hits if hit.article_id == article), None)
    is_best = hit is not None and hit is reading.hits[0]
    # The confidence is about the best article; of another one only its share among the candidates is known.
    confidence = reading.confidence if is_best else hit.score if hit else 0.0
    suggestion = Suggestion(
        conversation_id=id_of(conversation),
        message_id=id_of(message),
        text=clean(composed.text).strip(),
        detail={
            "question": worth.question,
            "before": worth.before,
            "article": article,
            "release": turn.serving.release_id if turn.serving else None,
            **composed.detail,
            "language": turn.language,
            "by_request": worth.is_by_request,
            "would_answer": is_best and _is_sure(confidence, turn.policy.threshold),
        },
        topic=turn.policy.topic_of(article, hit.language if hit else reading.language),
        article=article,
        confidence=confidence,
        offered_at=now,
    )
    session.add(suggestion)
    session.flush()
    return suggestion


def _is_sure(confidence: float, threshold: float | None) -> bool:
    """Whether only the topic's mode keeps the bot from answering: what becomes of such ones tells of that mode."""
    return threshold is not None and confidence >= threshold


def send(
    session: Session,
    number: int,
    suggestion_id: int,
    actor: Actor,
    now: datetime,
    seen_message_id: int | None = None,
) -> Message:
    """Say the suggestion to the customer as it is, in the agent's name, with its citations and buttons.

    Raises SuggestionGone when somebody was first or the conversation moved on, and what ``desk.reply`` raises.
    """
    suggestion = _still_true(session, number, suggestion_id)
    message = _reply(session, number, suggestion, suggestion.text, actor, now, (), seen_message_id)
    _decide(session, number, suggestion, SuggestionState.SENT, actor, now, message)
    return message


def edit(
    session: Session,
    number: int,
    suggestion_id: int,
    text: str,
    actor: Actor,
    now: datetime,
    file_ids: Sequence[int] = (),
    seen_message_id: int | None = None,
) -> Message:
    """Say what the agent made of the suggestion. Left as it was, it counts as sent.

    Words that are mostly those of a suggestion whose articles say otherwise by now are not sent: SuggestionOutdated.
    Where a colleague answered with it meanwhile and the agent has not read that, SuggestionGone is raised; having read
    it (``seen_message_id``), these are words of the agent's own. Raises what ``desk.reply`` raises.
    """
    words = sendable(text, has_files=bool(file_ids))
    try:
        suggestion = _still_true(session, number, suggestion_id)
    except SuggestionOutdated as gone:
        if share_kept(gone.offered, words) >= MOSTLY_KEPT:
            raise
        return desk.reply(session, number, text, actor, now, file_ids, seen_message_id)
    except SuggestionGone as gone:
        if gone.message_id is not None and (seen_message_id is None or gone.message_id > seen_message_id):
            raise
        return desk.reply(session, number, text, actor, now, file_ids, seen_message_id)
    message = _reply(session, number, suggestion, words, actor, now, file_ids, seen_message_id)
    state = SuggestionState.SENT if words == suggestion.text else SuggestionState.EDITED
    _decide(session, number, suggestion, state, actor, now, message)
    return message


def skip(session: Session, number: int, suggestion_id: int, actor: Actor, now: datetime) -> None:
    """Put the suggestion away: it is no answer to this. Raises SuggestionGone."""
    require(session, actor, Permission.WORK_TICKETS)
    suggestion = _still_open(session, number, suggestion_id)
    _decide(session, number, suggestion, SuggestionState.SKIPPED, actor, now, None)


def _still_open(session: Session, number: int, suggestion_id: int) -> Suggestion:
    """The suggestion, kept from other agents; raises SuggestionGone where there is nothing to decide any more."""
    conversation_id = ticket_by_number(session, number).conversation_id
    lock_conversation(session, conversation_id)
    suggestion = session.get(Suggestion, suggestion_id, populate_existing=True)
    if suggestion is None or suggestion.conversation_id != conversation_id:
        raise SuggestionGone
    if suggestion.state is not SuggestionState.OFFERED:
        raise SuggestionGone(_what_happened(session, suggestion), suggestion.sent_message_id)
    return suggestion


def _still_true(session: Session, number: int, suggestion_id: int) -> Suggestion:
    """The same, where its articles still say it; raises SuggestionOutdated where another release says otherwise."""
    kept = session.get(Suggestion, suggestion_id)
    # What is live is held before the conversation is: in that order, as every answer does it.
    is_said = kept is None or is_still_said(session, kept.detail)
    suggestion = _still_open(session, number, suggestion_id)
    if not is_said:
        raise SuggestionOutdated(suggestion.text)
    return suggestion


def _what_happened(session: Session, suggestion: Suggestion) -> str | None:
    staff = session.get(Staff, suggestion.staff_id) if suggestion.staff_id else None
    match suggestion.state:
        case SuggestionState.SENT | SuggestionState.EDITED:
            return f"{staff.name if staff else 'Somebody'} has answered with this suggestion already."
        case SuggestionState.SKIPPED:
            return f"{staff.name if staff else 'Somebody'} has put this suggestion away already."
    return None


def _reply(
    session: Session,
    number: int,
    suggestion: Suggestion,
    words: str,
    actor: Actor,
    now: datetime,
    file_ids: Sequence[int],
    seen_message_id: int | None,
) -> Message:
    kept = share_kept(suggestion.text, words)
    detail: dict[str, Any] = {
        **suggestion.detail,
        "suggestion": id_of(suggestion),
        "kept": round(kept, 3),
        "edited": words != suggestion.text,
    }
    if kept < MOSTLY_KEPT:
        # What the agent wrote instead does not rest on these passages.
        detail["citations"] = []
    buttons = _thumbs(suggestion.detail.get("language") or "en") if kept >= MOSTLY_KEPT else ()
    told = desk.reply(session, number, words, actor, now, file_ids, seen_message_id, detail=detail, buttons=buttons)
    tell(session, told)
    return told


def share_kept(offered: str, said: str) -> float:
    """How much of the suggestion is in what was said, in its order: 1.0 is all of it, with whatever was added."""
    if said == offered:
        return 1.0
    from rapidfuzz.distance import LCSseq

    words = fulltext.tokens(offered)
    return LCSseq.similarity(words, fulltext.tokens(said)) / len(words) if words else 0.0


def _thumbs(language: str) -> tuple[ButtonSpec, ...]:
    """The buttons below: those of the bot's own answers but for the person, who is there already."""
    return (
        ButtonSpec(Action.HELPFUL, sentence("helpful", language)),
        ButtonSpec(Action.NOT_HELPFUL, sentence("not_helpful", language)),
    )


def _decide(
    session: Session,
    number: int,
    suggestion: Suggestion,
    state: SuggestionState,
    actor: Actor,
    now: datetime,
    message: Message | None,
) -> None:
    suggestion.state, suggestion.staff_id, suggestion.decided_at = state, actor.staff_id, now
    suggestion.sent_message_id = id_of(message) if message else None
    session.flush()
    ticket = ticket_by_number(session, number)
    audit.record(
        session,
        actor.name,
        f"suggestion.{state.value}",
        "ticket",
        id_of(ticket),
        now,
        suggestion=id_of(suggestion),
        article=suggestion.article,
        message=suggestion.sent_message_id,
    )
    note_change(session, "ticket", id_of(ticket), now)
