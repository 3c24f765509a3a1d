"""One message of a customer, from what is known about it to the turn that is recorded."""

from __future__ import annotations

from dataclasses import dataclass, replace

import structlog

from bot.acquaintance import Acquaintance
from bot.arrivals import Arrived
from bot.awaiting import is_comment
from bot.bursts import Burst
from bot.channels.base import Profile
from bot.choosing import chosen, chosen_together
from bot.commands import decide_command
from bot.decisions import AddToTicket, Answer, Decision, Escalate, Option, Reopen, Silence, SurveyWords
from bot.live import House, Serving, policy_of
from bot.placing import Place
from bot.pointing import Clarification
from bot.policy import BUILT_IN, Policy, fixed_rule
from bot.presses import decide_press
from bot.speaking import Turn
from bot.understanding import Understood, decide_about, reading_by, understand
from bot.worth_showing import question_before
from bot.writing import with_article, written
from handoff.models import Action, Button, Owner, Reason
from retrieval.followups import Read

log = structlog.get_logger()
THANKS = "thanks"


@dataclass(frozen=True)
class Heard:
    """What came and what it means. ``understood`` None: no words, or they could not be read."""

    burst: Burst
    known: Acquaintance
    serving: Serving | None
    house: House
    understood: Understood | None = None
    arrived: tuple[tuple[Arrived, ...], ...] = ()
    """The files of each message of the burst."""
    profile: Profile | None = None

    @property
    def policy(self) -> Policy:
        return self.serving.policy if self.serving else policy_of(self.house, None, ())

    @property
    def is_thanks(self) -> bool:
        if self.understood is None:
            return False
        reading = self.understood.reading
        return reading.intent == BUILT_IN[THANKS].name and reading.intent_confidence >= self.policy.intent_floor

    @property
    def has_files(self) -> bool:
        return any(self.arrived) or any(each.files or each.remote_files for each in self.burst.inbounds)


def choose(place: Place, burst: Burst) -> Place:
    """``place`` with the buttons that the customer named in words instead of pressing them, if they did."""
    inbound = burst.inbounds[-1]
    if inbound.press or inbound.command or place.owner is Owner.HUMAN or place.adds_to is not None:
        return place
    if place.aside and (typed := place.aside.score(burst.text)):
        return replace(place.in_aside(), button=typed)
    labels, question = [button.label for button in place.choices], place.last_question or ""
    if (number := chosen(burst.text, labels, question)) is not None:
        return replace(place, button=place.choices[number])
    together = tuple(place.choices[number] for number in chosen_together(burst.text, labels, question))
    if together:
        return replace(place, button=together[0], also=together[1:])
    return replace(place, button=_instead(burst.text, place))


def _instead(text: str, place: Place) -> Button | None:
    """The choice that was meant after all, where another one was taken and answered: "sorry, I meant the second"."""
    number = chosen(text, [button.label for button in place.left], place.last_question or "")
    # A yes or a no is about the answer; with one choice alone there is no other.
    button = place.left[number] if number is not None and len(place.left) > 2 else None
    return button if button and button.action is Action.OPTION and button.pressed_at is None else None


def _clarification(place: Place) -> Clarification | None:
    """The clarifying question that the customer's words may answer, or leave alone."""
    if place.before is None or not place.standing.offered:
        return None
    choices = (Option(each.argument, each.label) for each in place.choices if each.argument)
    return Clarification(place.before, tuple(choices))


def _with_chosen(place: Place, heard: Heard) -> Place:
    """``place`` with the button of the choice that the customer's words point at, if it can still be pressed."""
    article_id = heard.understood.chosen if heard.understood else None
    if article_id is None or place.owner is Owner.HUMAN or place.is_reply_to_closing:
        return place
    button = next((each for each in place.choices if each.argument == article_id), None)
    return replace(place, button=button) if button else place


class NotRead(Exception):
    """The words could not be read this time. It may pass: memory that was short, a model that stumbled."""


def read(heard: Heard, place: Place, *, is_last: bool = True) -> Heard:
    """``heard`` with what the words mean, or the question that a button is about.

    Where that fails for the ``is_last`` time it goes on without, and a person answers; else it raises NotRead. What is
    said to a person waits for no reading.
    """
    serving, inbound = heard.serving, heard.burst.inbounds[-1]
    if serving is None or inbound.command or (place.button and not place.last_question):
        return heard
    reads = reading_by(serving.reader, heard.known.prefers_language, heard.known.asker)
    try:
        if place.button is None:
            asked_back, burst = _clarification(place), heard.burst
            understood = understand(reads, serving.policy, burst.text, place.before, burst.last, asked_back)
            if asked_back is not None and understood.chosen in asked_back.articles:
                found = with_article(understood.reading, understood.chosen or "", serving.shelf)
                understood = replace(understood, reading=found)
        else:
            asked = " ".join(filter(None, (place.asked_after, place.last_question)))
            reading = replace(reads(asked), text=place.last_question or "")
            for button in place.pressed:
                if button.action is Action.OPTION:
                    reading = with_article(reading, button.argument or "", serving.shelf)
            understood = Understood(reading, before=place.asked_after)
        understood = _with_what_was_asked(understood, reads, serving.policy, place)
    except Exception as error:
        log.exception("reading failed", release=serving.release_id, error=type(error).__name__)
        if is_last or place.owner is Owner.HUMAN:
            return heard
        raise NotRead(f"its words could not be read ({type(error).__name__})") from error
    return replace(heard, understood=understood)


def _with_what_was_asked(understood: Understood, reads: Read, policy: Policy, place: Place) -> Understood:
    """Where a person is asked for: with the reading of what the customer had asked until then."""
    ruled = None if place.button else fixed_rule(understood.reading, policy)
    is_request = isinstance(ruled, Escalate) and ruled.reason is Reason.ASKED_FOR_HUMAN
    is_pressed = place.button is not None and place.button.action is Action.PERSON
    question = question_before(place) if (is_request or is_pressed) and place.owner is Owner.BOT else None
    if question is None or question == understood.reading.text:
        return understood
    return replace(understood, asked_before=reads(question))


def decided(heard: Heard, place: Place, *, would_repeat: bool = False) -> Turn:
    """The turn, but for its text."""
    inbound, policy = heard.burst.inbounds[-1], heard.policy
    question = heard.burst.text
    if place.button:
        question = place.last_question or ""
        decision = decide_press(place, policy)
    elif place.adds_to is not None:
        decision = AddToTicket(place.adds_to)
    elif inbound.command:
        decision = decide_command(inbound.command, place.standing, policy, is_shared=inbound.is_shared)
    else:
        place = _with_chosen(place, heard)
        decision = decide_press(place, policy) if place.button else _decide(heard, place, would_repeat)
        survey_id = _commented(heard, place, decision)
        if survey_id is not None:
            decision, place = SurveyWords(survey_id), place.in_aside()
    understood, arrived = heard.understood, heard.arrived or tuple(() for _ in heard.burst.inbounds)
    return Turn(
        inbound=inbound,
        place=place,
        reading=understood.reading if understood else None,
        decision=decision,
        policy=policy,
        serving=heard.serving,
        question=question,
        house=heard.house,
        prefers_language=heard.known.prefers_language,
        arrived=arrived[-1],
        profile=heard.profile,
        earlier=tuple(zip(heard.burst.inbounds[:-1], arrived[:-1], strict=True)),
        parts=understood.parts if understood else (),
        before=understood.before if understood else None,
        asked_before=understood.asked_before if understood else None,
        shown_id=heard.burst.row.message_id,
        received_at=heard.burst.row.received_at,
    )


def finished(heard: Heard, place: Place, known: dict[Decision, Turn]) -> Turn:
    """The turn with its text. ``known``: texts of decisions that were written already, and are not written again."""
    turn = _write(decided(heard, place), known)
    if isinstance(turn.decision, Answer) and place.button is None and _was_told(turn):
        turn = _write(decided(heard, place, would_repeat=True), known)
    return turn


def _write(turn: Turn, known: dict[Decision, Turn]) -> Turn:
    if turn.decision not in known:
        known[turn.decision] = written(turn)
    earlier = known[turn.decision]
    rest = replace(earlier.rest, place=turn.place) if earlier.rest else None
    return replace(turn, composed=earlier.composed, worth=earlier.worth, rest=rest)


def _was_told(turn: Turn) -> bool:
    composed = turn.composed
    return composed is not None and not turn.place.told.isdisjoint((composed.text, composed.extract))


def _commented(heard: Heard, place: Place, decision: Decision) -> int | None:
    """The survey of the number that the customer has just given, where their words say why and nothing else."""
    if place.aside is None or place.owner is Owner.HUMAN or heard.is_thanks:
        return None
    return place.aside.survey_id if is_comment(decision, heard.burst.text) else None


def _decide(heard: Heard, place: Place, would_repeat: bool) -> Decision:
    if place.is_reply_to_closing:
        return Silence("thanks after the end") if heard.is_thanks else Reopen()
    if heard.understood is None:
        is_with_person = place.owner is Owner.HUMAN
        return Silence("a person owns this conversation") if is_with_person else Escalate(Reason.BOT_STUCK)
    arrived = [each for files in heard.arrived for each in files]
    if arrived and not heard.burst.text and not any(each.kept for each in arrived):
        return Silence("only files that could not be kept")
    return decide_about(
        place.standing, heard.understood, heard.policy, has_files=heard.has_files, would_repeat=would_repeat
    )
