"""What customers asked in a span of time, and what became of each question."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from sqlmodel import Session, col, select

from bot.learning.masking import MASK, masked
from bot.learning.outcomes import Verdict
from bot.learning.transcripts import messages_of, reading_of
from handoff.models import Action, Button, Conversation, Direction, Message
from handoff.rows import id_of

MOST = 30_000
"""Conversations that are looked through, the newest ones."""
_AT_ONCE = 500
_DOUBT = frozenset({"unsure", "no_threshold", "foreign"})
_CHOICES = (Action.OPTION, Action.NONE_OF_THESE, Action.PERSON)


class Fate(Enum):
    """What became of a question."""

    ANSWERED = "answered"
    CHOSEN = "chosen"
    """Answered after the customer had chosen among several articles."""
    OFFERED = "offered"
    """A choice was offered, and none was taken."""
    UNANSWERED = "unanswered"


@dataclass(frozen=True)
class Found:
    """An article that was considered for a question. ``share``: its share among the candidates."""

    article: str
    language: str
    title: str
    share: float


@dataclass(frozen=True)
class Question:
    """One question of a customer, masked. ``article``: what it was answered from; None where it was not."""

    message_id: int
    conversation_id: int
    text: str
    language: str
    at: datetime
    fate: Fate
    article: str | None = None
    found: tuple[Found, ...] = ()
    is_foreign: bool = False
    """It looked foreign to the KB, or nothing that was found could be offered."""

    @property
    def is_missed(self) -> bool:
        return self.fate in (Fate.UNANSWERED, Fate.OFFERED)

    @property
    def article_language(self) -> str:
        """The language of the article that answered it, its own where that is not known."""
        return next((one.language for one in self.found if one.article == self.article), self.language)


@dataclass(frozen=True)
class Press:
    """A button that a customer pressed: what looks like words of theirs in the transcript."""

    action: Action
    label: str
    argument: str | None
    at: datetime


def questions_since(session: Session, since: datetime, known: Iterable[Verdict]) -> list[Question]:
    """Every question that was asked since then, oldest first. ``known``: what is known of answers. Reads only.

    No question: what a fixed rule dealt with, what was said to a person, a pressed button, and a few odd words.
    """
    newest = select(Conversation.id).where(col(Conversation.last_message_at) >= since)
    ids = [one or 0 for one in session.exec(newest.order_by(col(Conversation.id).desc()).limit(MOST))]
    none_right = {verdict.message_id for verdict in known if verdict.right_article == "" and not verdict.is_right}
    pressed = _presses(session, ids)
    found: list[Question] = []
    for message in messages_of(session, ids, Direction.INCOMING):
        if message.at >= since and message.deleted_at is None:
            found += _question(message, pressed[message.conversation_id], none_right)
    return sorted(found, key=lambda one: one.message_id)


def tells_enough(text: str) -> bool:
    """Whether a masked question says by itself what it is about."""
    letters = [character for character in text if character.isalpha()]
    is_spaced = sum(character.isascii() for character in letters) * 2 >= len(letters)
    words = len(text.split()) if is_spaced else len(letters) // 2
    return 2 <= words <= 80 and len(letters) >= 4 and text.count(MASK) <= 2


def _question(message: Message, pressed: Sequence[Press], none_right: Collection[int]) -> Iterator[Question]:
    reading = reading_of(message)
    if not reading or any(press.label == message.text for press in pressed):
        return
    fate, article = fate_of(reading, [press for press in pressed if press.at >= message.at])
    if id_of(message) in none_right:
        fate, article = Fate.UNANSWERED, None
    text = masked(message.text)
    if fate is not None and tells_enough(text):
        yield Question(
            id_of(message),
            message.conversation_id,
            text,
            str(reading.get("language") or ""),
            message.at,
            fate,
            article,
            tuple(_found(reading)),
            is_foreign=reading.get("decision") != "clarify" and fate is Fate.UNANSWERED,
        )


def fate_of(reading: Mapping[str, Any], later: Sequence[Press]) -> tuple[Fate | None, str | None]:
    """What became of a question, by what the bot kept of it and the buttons pressed afterwards; None: no question.

    Pure.
    """
    passages = reading.get("passages") or [{}]
    match reading.get("decision"), reading.get("ground"):
        case "answer", "sure":
            return Fate.ANSWERED, passages[0].get("article")
        case "clarify", _:
            press = next((one for one in later if one.action in _CHOICES), None)
            if press is None:
                return Fate.OFFERED, None
            return (Fate.CHOSEN, press.argument) if press.action is Action.OPTION else (Fate.UNANSWERED, None)
        case (("escalate" | "decline"), ground) if ground in _DOUBT:
            return Fate.UNANSWERED, None
    return None, None


def _found(reading: Mapping[str, Any]) -> Iterator[Found]:
    for one in reading.get("passages") or ():
        yield Found(one["article"], str(one.get("language") or ""), str(one.get("title") or ""), float(one["score"]))


def _presses(session: Session, conversation_ids: Sequence[int]) -> dict[int, list[Press]]:
    """What was pressed in each of these conversations, in order."""
    found: dict[int, list[Press]] = defaultdict(list)
    for start in range(0, len(conversation_ids), _AT_ONCE):
        query = (
            select(Message.conversation_id, Button)
            .where(Button.message_id == Message.id)
            .where(col(Message.conversation_id).in_(conversation_ids[start : start + _AT_ONCE]))
            .where(col(Button.pressed_at).is_not(None))
        )
        for conversation_id, button in session.exec(query):
            if button.pressed_at is not None:
                press = Press(button.action, button.label, button.argument, button.pressed_at)
                found[conversation_id].append(press)
    for presses in found.values():
        presses.sort(key=lambda press: press.at)
    return found
