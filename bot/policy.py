"""Decide what to do about a message. Pure: no clock, no input or output, the same for every channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.decisions import Answer, Clarify, Decision, Decline, Escalate, Option, Silence, SmallTalk, Why
from handoff.models import Owner, Priority, Reason
from kb_content.articles import Intent, LeadsTo, Mode
from retrieval.reader import Reading

ASKS_FOR_HUMAN = "asks-for-human"
SMALL_TALK_SENTENCES = {"greeting": "greeting", "thanks": "thanks"}
# Built into the reading of a KB that has no intents of its own.
BUILT_IN = {
    ASKS_FOR_HUMAN: Intent(ASKS_FOR_HUMAN, LeadsTo.ESCALATE),
    "greeting": Intent("greeting", LeadsTo.SMALLTALK),
    "thanks": Intent("thanks", LeadsTo.SMALLTALK),
}


@dataclass(frozen=True)
class Policy:
    """The live release's threshold and intents, and the limits of the house."""

    threshold: float | None
    intents: Mapping[str, Intent] = field(default_factory=dict)
    offer_floor: float = 0.25
    """From this confidence on, up to three articles are worth offering as choices."""
    intent_floor: float = 0.5
    messages_per_minute: int = 20
    open_tickets: int = 3
    promise_days: int = 1

    def intent(self, name: str | None) -> Intent | None:
        return self.intents.get(name) or BUILT_IN.get(name) if name else None


@dataclass(frozen=True)
class Standing:
    """What the decision needs to know about the conversation that the message belongs to."""

    owner: Owner = Owner.BOT
    ticket: int | None = None
    """The number of the conversation's ticket."""
    has_clarified: bool = False
    """The last thing that the bot did here was to ask which article is meant."""
    has_declined: bool = False
    """The last thing that the bot did here was to decline a question as foreign."""
    answered: tuple[tuple[str, str], ...] = ()
    """(question, article id) of the bot's answers here, oldest first."""
    messages_this_minute: int = 0
    was_told_to_slow_down: bool = False
    open_tickets: tuple[int, ...] = ()
    is_onlooker: bool = False
    """Somebody else than whose conversation it is, talking to people and not to the bot."""
    is_more_of_album: bool = False
    """Sent together with a message that was dealt with already."""

    @property
    def has_ticket(self) -> bool:
        return self.ticket is not None


def decide(standing: Standing, reading: Reading, policy: Policy, *, has_files: bool = False) -> Decision:
    """What to do about one message, from what was understood and where the conversation stands."""
    if standing.owner is Owner.HUMAN:
        return Silence("a person owns this conversation")
    if standing.is_onlooker:
        return Silence("people talk among themselves")
    if standing.is_more_of_album and not reading.text.strip():
        return Silence("the rest of an album")
    if standing.messages_this_minute > policy.messages_per_minute:
        return Silence("too fast") if standing.was_told_to_slow_down else Decline(Why.TOO_FAST)
    if not reading.text.strip():
        return Decline(Why.FILE_ONLY if has_files else Why.EMPTY)
    decision = _fixed_rule(reading, policy) or _from_knowledge(standing, reading, policy)
    is_held_back = isinstance(decision, Escalate) and decision.reason is not Reason.URGENT
    if is_held_back and not standing.has_ticket and is_over_the_limit(standing, policy):
        return Decline(Why.TOO_MANY_TICKETS)
    return decision


def is_over_the_limit(standing: Standing, policy: Policy) -> bool:
    """Whether this customer has as many open tickets as one may have."""
    return len(standing.open_tickets) >= policy.open_tickets


def escalate(reason: Reason, intent: Intent | None = None) -> Escalate:
    """The escalation with what the KB's intent says about priority, tier and team."""
    if intent is None:
        return Escalate(reason)
    priority = Priority(intent.priority) if intent.priority else Priority.P2
    return Escalate(reason, intent.name, priority, intent.tier or 1, intent.team)


def _fixed_rule(reading: Reading, policy: Policy) -> Decision | None:
    """What the KB's intents say must happen, whatever the articles say."""
    intent = policy.intent(reading.intent)
    if intent is None or intent.mode is Mode.OFF or reading.intent_confidence < policy.intent_floor:
        return None
    if intent.urgent:
        return escalate(Reason.URGENT, intent)
    if intent.leads_to is LeadsTo.ANSWER or _article_fits_better(reading, policy):
        return None
    if intent.leads_to is LeadsTo.SMALLTALK:
        return SmallTalk(intent.name, SMALL_TALK_SENTENCES.get(intent.name, "smalltalk"))
    reason = Reason.ASKED_FOR_HUMAN if intent.name == ASKS_FOR_HUMAN else Reason.HUMAN_ONLY_TOPIC
    return escalate(reason, intent)


def _article_fits_better(reading: Reading, policy: Policy) -> bool:
    """An article that surely answers wins over an intent that is merely likely."""
    return _is_sure(reading, policy) and reading.confidence > reading.intent_confidence


def _is_sure(reading: Reading, policy: Policy) -> bool:
    return policy.threshold is not None and bool(reading.hits) and reading.confidence >= policy.threshold


def _from_knowledge(standing: Standing, reading: Reading, policy: Policy) -> Decision:
    """Answer, ask, decline or hand over, by how sure the reading is."""
    if _is_sure(reading, policy):
        article_id = reading.hits[0].article_id
        if (_plain(reading.text), article_id) in {(_plain(asked), told) for asked, told in standing.answered}:
            return escalate(Reason.REPEATED_QUESTION)
        return Answer(article_id)
    if reading.foreign:
        return escalate(Reason.NO_KNOWLEDGE) if standing.has_declined else Decline(Why.FOREIGN)
    if reading.confidence >= policy.offer_floor and reading.close and not standing.has_clarified:
        return Clarify(options(reading))
    return escalate(Reason.LOW_CONFIDENCE if reading.confidence >= policy.offer_floor else Reason.NO_KNOWLEDGE)


def options(reading: Reading) -> tuple[Option, ...]:
    """The articles that compete for the answer, as choices: at most three."""
    titles = {hit.article_id: hit.title for hit in reading.hits}
    return tuple(Option(article_id, titles[article_id]) for article_id in reading.close[:3] if article_id in titles)


def _plain(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())
