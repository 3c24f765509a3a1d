"""What the bot said before in a conversation, as far as the next decision depends on it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from handoff.models import Author, Button, Message
from retrieval.followups import Before

ANSWER, CLARIFY, THUMB = "answer", "clarify", "thumb"
LATELY = (timedelta(minutes=1), timedelta(minutes=15))
"""The spans in which the bot's own messages are counted, to notice that it talks with a machine."""


def is_answer(message: Message) -> bool:
    """Whether it tells an article. Earlier versions marked what they said beside an answer like the answer itself."""
    return message.decision == ANSWER and "article" in message.detail


def is_clarifying(message: Message) -> bool:
    """Whether it asks which article is meant."""
    return message.decision == CLARIFY and "options" in message.detail


def has_clarified(said: Sequence[Message]) -> bool:
    """Whether the bot asked which article is meant and has not answered since: one such question per issue."""
    own = [message for message in said if message.author is Author.BOT]
    last_answer = max((at for at, message in enumerate(own) if is_answer(message)), default=-1)
    return any(is_clarifying(message) for message in own[last_answer + 1 :])


def said_lately(said: Sequence[Message], at: datetime) -> tuple[int, ...]:
    """How often the bot had spoken by ``at`` within each of LATELY. Who sends many messages at once does not wait for
    the bot's, so those do not count."""
    times = [message.at for message in said if message.author is Author.BOT and message.at < at]
    return tuple(sum(at - each <= within for each in times) for within in LATELY)


def offered_in(said: Sequence[Message]) -> frozenset[str]:
    """The articles of the clarifying question that ``has_clarified`` finds."""
    newest = _newest(said)
    options = newest.detail["options"] if newest is not None and is_clarifying(newest) else ()
    return frozenset(option["article_id"] for option in options)


def asked_in(message: Message | None) -> dict[str, Any]:
    """What an answer or a clarifying question was about: pressing a button below it is about the same."""
    return message.detail if message is not None and message.decision in (ANSWER, CLARIFY) else {}


def answered_in(message: Message) -> list[tuple[str, str]]:
    """(question, article id) of each answer in one message of the bot, none in what is no answer. What was chosen in
    words answers the question that they were asked back for as well."""
    if not is_answer(message):
        return []
    detail, also = message.detail, message.detail.get("also", ())
    earlier = [(detail["before"], detail["article"])] if "before" in detail else []
    return [(detail["question"], detail["article"]), *earlier, *((asked, told) for asked, told in also)]


def before_of(said: Sequence[Message]) -> Before | None:
    """The question that the bot answered, or asked back about, last."""
    newest = _newest(said)
    if newest is None:
        return None
    detail = newest.detail
    articles = [option["article_id"] for option in detail.get("options", ())]
    if is_answer(newest):
        articles = list(dict.fromkeys(told for _, told in answered_in(newest)))
    # A question that leaned on an earlier one says too little to lean on.
    return Before(detail.get("before") or detail["question"], tuple(articles), detail.get("confidence", 0.0))


def choices_of(session: Session, said: Sequence[Message]) -> tuple[Button, ...]:
    if not said or not is_clarifying(said[-1]):
        return ()
    return tuple(button for button in _buttons_of(session, said[-1]) if button.pressed_at is None)


def left_in(session: Session, said: Sequence[Message]) -> tuple[Button, ...]:
    """All buttons of the clarifying question whose chosen answer was said last: another one may have been meant."""
    asked_and_told = [message for message in said if message.decision != THUMB][-2:]
    if [message.decision for message in asked_and_told] != [CLARIFY, ANSWER]:
        return ()
    asked, told = asked_and_told
    return _buttons_of(session, asked) if asked.detail.get("question") == told.detail.get("question") else ()


def _newest(said: Sequence[Message]) -> Message | None:
    """The last answer or clarifying question."""
    return next((message for message in reversed(said) if is_answer(message) or is_clarifying(message)), None)


def _buttons_of(session: Session, message: Message) -> tuple[Button, ...]:
    query = select(Button).where(Button.message_id == message.id)
    return tuple(session.exec(query.order_by(col(Button.position))).all())
