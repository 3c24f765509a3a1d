"""What customers do: ask, press what the bot offers, thank it, want a person, and say how it was."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlmodel import col, select

from api.demo.cast import Case, Cast, Person, rated
from api.demo.stage import Scene, Stage
from bot.web_chat import visible_messages
from handoff.models import Action, Conversation, Thread, Ticket, TicketStatus
from store import reading

CHOICES = (Action.OPTION, Action.NONE_OF_THESE)
SLIP = 0.1
"""The share of those who choose the wrong one, or none although the right one is there."""


@dataclass
class Play:
    """The stage, who is on it, and the dice."""

    stage: Stage
    cast: Cast
    draw: random.Random

    def minutes(self, least: float, most: float) -> timedelta:
        return timedelta(minutes=self.draw.uniform(least, most))

    def says(self, who: Person, text: str) -> None:
        self.stage.accept(who.channel, who.key, text=text)

    def presses(self, who: Person, *actions: Action, argument: str | None = None) -> bool:
        """Press the newest button of one of these actions that was not pressed yet. False where there is none."""
        for message in reversed(self.heard(who)):
            found = [one for one in message["buttons"] if Action(one["action"]) in actions and not one["pressed"]]
            if argument is not None:
                found = [one for one in found if one["label"].startswith(argument)]
            if found:
                self.stage.accept(who.channel, who.key, press=self.draw.choice(found)["token"])
                return True
        return False

    def heard(self, who: Person) -> list[dict[str, Any]]:
        with reading(self.stage.database) as session:
            return visible_messages(session, who.place, limit=2000, channel=who.channel)[-12:]

    def last(self, who: Person) -> dict[str, Any]:
        return next((one for one in reversed(self.heard(who)) if one["direction"] == "outgoing"), {})

    def ticket_of(self, who: Person) -> Ticket | None:
        """The ticket of the conversation that they are in."""
        with reading(self.stage.database) as session:
            query = (
                select(Ticket)
                .join(Conversation, col(Conversation.id) == Ticket.conversation_id)
                .join(Thread, col(Thread.id) == Conversation.thread_id)
                .where(Thread.channel == who.channel, Thread.external_id == who.place)
            )
            return session.exec(query.order_by(col(Conversation.id).desc()).limit(1)).first()

    def is_busy(self, who: Person) -> bool:
        """A person is talking with them, so a new question would go to that person."""
        ticket = self.ticket_of(who)
        return ticket is not None and ticket.status in (TicketStatus.OPEN, TicketStatus.PENDING)


def asks(play: Play, who: Person, question: str, right: Sequence[str] = (), *, wants_a_person: bool = False) -> Scene:
    """A question for the bot, and whatever becomes of the answer. ``right``: titles of articles that answer it;
    ``wants_a_person``: who gets no answer asks for somebody."""
    if play.is_busy(who):
        return
    play.says(who, question)
    yield play.minutes(0.5, 4)
    said = play.last(who)
    if said.get("decision") == "clarify":
        _chooses(play, who, right)
        yield play.minutes(0.5, 3)
        said = play.last(who)
    if wants_a_person and not play.is_busy(who):
        play.presses(who, Action.PERSON)
        return
    yield from _after(play, who, said)


def _chooses(play: Play, who: Person, right: Sequence[str]) -> None:
    """The right one of the choices if it is there, else none; some slip."""
    slips = play.draw.random() < SLIP
    if not slips and any(play.presses(who, Action.OPTION, argument=title) for title in right):
        return
    play.presses(who, Action.OPTION if slips else Action.NONE_OF_THESE)


def _after(play: Play, who: Person, said: dict[str, Any]) -> Scene:
    words, luck = play.cast.words[who.language], play.draw.random()
    if said.get("decision") == "answer":
        if luck < 0.45:
            play.presses(who, Action.HELPFUL)
        elif luck < 0.53:
            play.presses(who, Action.NOT_HELPFUL)
        if luck < 0.3:
            yield play.minutes(0.5, 3)
            play.says(who, play.draw.choice(words["thanks"]))
    elif said.get("decision") == "decline" and luck < 0.25:
        play.presses(who, Action.PERSON)


def brings(play: Play, who: Person, case: Case) -> Scene:
    """A matter for a person. What is said in answer to the agents is said by ``replies``."""
    if play.is_busy(who):
        return
    play.says(who, _filled(play, play.draw.choice(case.opening)))
    yield play.minutes(0.3, 2)
    if not play.is_busy(who):
        play.presses(who, *CHOICES)
        yield play.minutes(0.3, 1)
    if not play.is_busy(who) and not play.presses(who, Action.PERSON):
        play.says(who, play.cast.words[who.language]["person"])
        yield play.minutes(0.3, 1)


def confirms(play: Play, who: Person, case: Case) -> Scene:
    """After an agent called it solved: yes, not yet, or nothing; and how it was."""
    yield play.minutes(3, 240)
    if case.ends == "solved":
        play.presses(who, Action.SOLVED)
        yield play.minutes(0.5, 10)
    yield from rates(play, who)
    if case.ends == "silent":
        # They are asked a day later.
        yield timedelta(hours=play.draw.uniform(25, 30))
        yield from rates(play, who)


def rates(play: Play, who: Person) -> Scene:
    """One to five, and a few words, of those who answer such questions."""
    if play.draw.random() > 0.7:
        return
    action, score = rated(play.draw)
    if not play.presses(who, action, argument=str(score)):
        return
    yield play.minutes(0.3, 2)
    text = play.draw.choice(play.cast.words[who.language]["good" if score > 3 else "poor"])
    if text and play.draw.random() < 0.6:
        play.says(who, text)


def _filled(play: Play, text: str) -> str:
    return text.replace("{n}", str(play.draw.randint(1000, 9999))).replace("{name}", play.draw.choice(play.cast.names))


def visitor(play: Play, language: str = "") -> Person:
    """Somebody in the web chat whom nobody knows; in ``language`` if one is given."""
    language = language or play.draw.choice(("en", "en", "zh"))
    return Person(None, "web", f"{play.draw.getrandbits(128):032x}", language, None, None)


def case_for(play: Play, who: Person, left: list[Case]) -> Case:
    """A case in their language: each once before any comes again."""
    fitting: Sequence[Case] = [case for case in left if case.language == who.language]
    if not fitting:
        left += [case for case in play.cast.cases if case.language == who.language]
        fitting = [case for case in left if case.language == who.language]
    chosen = play.draw.choice(fitting)
    left.remove(chosen)
    return chosen
