"""One turn with all that was found out about it, and how the bot speaks in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from bot import measured
from bot.arrivals import Arrived
from bot.channels.base import Inbound, Profile
from bot.compose import Composed
from bot.decisions import Decision, name_of
from bot.inbound_text import shorten
from bot.learning.recall.told import tell
from bot.live import House, Serving
from bot.placing import Place
from bot.policy import Policy
from bot.replies import say as sentence
from bot.worth_showing import Worth
from handoff import conversations
from handoff.conversations import ButtonSpec
from handoff.models import Action, Author, Conversation
from retrieval.reader import Reading


@dataclass(frozen=True)
class Turn:
    """Everything that was found out about one message before it is recorded."""

    inbound: Inbound
    """The message, or the last of several that say one thing."""
    place: Place
    reading: Reading | None
    decision: Decision
    policy: Policy
    serving: Serving | None
    question: str
    """What the answer answers: the message, or the question before a pressed choice."""
    house: House
    prefers_language: str | None = None
    arrived: tuple[Arrived, ...] = ()
    profile: Profile | None = None
    """What the channel knows of the customer; None while what is known is fresh."""
    composed: Composed | None = None
    """The text of the answer, or of the suggested one; None where the decision needs none, or the article is gone."""
    earlier: tuple[tuple[Inbound, tuple[Arrived, ...]], ...] = ()
    """The messages before ``inbound`` that are dealt with together with it, each with its files."""
    parts: tuple[Reading, ...] = ()
    """One reading for each of several questions."""
    before: str | None = None
    """The earlier question that it took to understand this one."""
    asked_before: Reading | None = None
    """Where the message only asks for a person: the reading of what the customer had asked."""
    worth: Worth | None = None
    """What an agent should see beside the ticket; ``composed`` is its answer then."""
    rest: Turn | None = None
    """What is done about a question of the message that the answer leaves open."""
    about: str | None = None
    """The customer's own question that this is about, where the message asks several."""
    shown_id: int | None = None
    """Of a message that was set aside before: where the desk reads it already."""
    received_at: datetime | None = None
    """When the message, or the first of several, came into the inbox."""

    @property
    def language(self) -> str:
        if self.prefers_language:
            return self.prefers_language
        if self.reading is not None:
            return self.reading.language
        return self.inbound.language or self.place.language or "en"


def person_button(turn: Turn) -> ButtonSpec:
    return ButtonSpec(Action.PERSON, sentence("talk_to_person", turn.language))


def say(
    session: Session,
    conversation: Conversation,
    turn: Turn,
    key: str,
    now: datetime,
    *,
    detail: dict[str, Any] | None = None,
    buttons: list[ButtonSpec] | None = None,
    **values: object,
) -> None:
    """Say the sentence ``key`` of ``replies.yml`` in the turn's language."""
    speak(session, conversation, turn, sentence(key, turn.language, **values), now, detail=detail, buttons=buttons)


def _release(turn: Turn) -> dict[str, Any]:
    """What it rests on, whatever was decided: releases are compared by it."""
    return {"release": turn.serving.release_id} if turn.serving and turn.serving.release_id else {}


def speak(
    session: Session,
    conversation: Conversation,
    turn: Turn,
    text: str,
    now: datetime,
    *,
    detail: dict[str, Any] | None = None,
    buttons: list[ButtonSpec] | None = None,
    is_beside: bool = False,
) -> None:
    """Say ``text`` as the bot, marked with what the turn decided unless it is said beside that."""
    if turn.about:
        text = f"{sentence('about_question', turn.language, question=shorten(turn.about, 200))}\n{text}"
    message = conversations.say(
        session,
        conversation,
        text,
        Author.BOT,
        now,
        decision=None if is_beside else name_of(turn.decision),
        detail={**_release(turn), **(detail or {}), **measured.received(turn.received_at)},
        buttons=buttons or (),
    )
    tell(session, message)
