"""Decide what to do about a message. Pure: no clock, no input or output, the same for every channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.choice_grammar import only_hesitates
from bot.choice_names import told_apart
from bot.decisions import Answer, Clarify, Decision, Decline, Escalate, Option, Silence, SmallTalk, Why
from handoff.models import Owner, Priority, Reason
from kb_content.articles import Intent, LeadsTo, Mode
from retrieval.reader import Hit, Reading
from retrieval.sentences import asks, has_words, only_announces, says_little, stands_alone
from retrieval.words import words_of

ASKS_FOR_HUMAN = "asks-for-human"
GENERAL = "general"
"""The topic of an article that has neither an intent nor a category."""
SMALL_TALK_SENTENCES = {"greeting": "greeting", "thanks": "thanks"}
# Built into the reading of a KB that has no intents of its own.
BUILT_IN = {
    ASKS_FOR_HUMAN: Intent(ASKS_FOR_HUMAN, LeadsTo.ESCALATE),
    "greeting": Intent("greeting", LeadsTo.SMALLTALK),
    "thanks": Intent("thanks", LeadsTo.SMALLTALK),
}

_ALIKE = 0.6
"""Two questions with this share of their words in common ask the same."""


@dataclass(frozen=True)
class Policy:
    """The live release's threshold and intents, and the limits of the house."""

    threshold: float | None
    intents: Mapping[str, Intent] = field(default_factory=dict)
    offer_floor: float = 0.25
    """From this probability on that one of them is right, up to three articles are worth offering as choices."""
    few_words_floor: float = 0.08
    """The same of a text of so few words that its probability is little more than a guess, unless it is foreign."""
    intent_floor: float = 0.5
    messages_per_minute: int = 20
    open_tickets: int = 3
    promise_days: int = 1
    modes: Mapping[str, Mode] = field(default_factory=dict)
    """How much the bot may do alone, by topic; a topic that is not in it is automatic."""
    topics: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """The topic of each article, by (article id, language)."""

    def topic_of(self, article_id: str, language: str) -> str:
        return self.topics.get((article_id, language), GENERAL)

    def mode_of(self, article_id: str, language: str) -> Mode:
        return self.modes.get(self.topic_of(article_id, language), Mode.AUTO)

    def mode_of_hit(self, hit: Hit) -> Mode:
        return self.mode_of(hit.article_id, hit.language)

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
    offered: frozenset[str] = frozenset()
    """The ids of the articles that it asked about."""
    has_declined: bool = False
    """The last thing that the bot did here was to decline a question as foreign, or to ask for more words."""
    answered: tuple[tuple[str, str], ...] = ()
    """(question, article id) of the bot's answers here, oldest first."""
    messages_this_minute: int = 0
    was_told_to_slow_down: bool = False
    open_tickets: tuple[int, ...] = ()
    is_onlooker: bool = False
    """Somebody else than whose conversation it is, talking to people and not to the bot."""
    is_more_of_album: bool = False
    """Sent together with a message that was dealt with already."""
    said_lately: tuple[int, ...] = (0, 0)
    """How often the bot spoke here in the last minute, and in the last quarter of an hour."""

    @property
    def has_ticket(self) -> bool:
        return self.ticket is not None


def is_in_a_loop(standing: Standing, policy: Policy) -> bool:
    """Whether the customer seems to be a machine: in a minute the bot said half as much as a customer may, or three
    times that in a quarter of an hour, and is answered all the same."""
    most = max(policy.messages_per_minute // 2, 1)
    in_a_minute, in_a_quarter = standing.said_lately
    return in_a_minute >= most or in_a_quarter >= 3 * most


def decide(
    standing: Standing, reading: Reading, policy: Policy, *, has_files: bool = False, would_repeat: bool = False
) -> Decision:
    """What to do about one message, from what was understood and where the conversation stands.

    ``would_repeat``: the answer would be, word for word, one that was given here before.
    """
    if standing.owner is Owner.HUMAN:
        return Silence("a person owns this conversation")
    if standing.is_onlooker:
        return Silence("people talk among themselves")
    if standing.is_more_of_album and not reading.text.strip():
        return Silence("the rest of an album")
    if is_in_a_loop(standing, policy):
        # A person looks at it, whatever is said and however many tickets there are; the bot is silent from now on.
        return escalate(Reason.BOT_STUCK)
    if standing.messages_this_minute > policy.messages_per_minute:
        return Silence("too fast") if standing.was_told_to_slow_down else Decline(Why.TOO_FAST)
    if not reading.text.strip():
        return Decline(Why.FILE_ONLY if has_files else Why.EMPTY)
    decision = fixed_rule(reading, policy) or _from_knowledge(standing, reading, policy, would_repeat)
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


def fixed_rule(reading: Reading, policy: Policy) -> Decision | None:
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


def _from_knowledge(standing: Standing, reading: Reading, policy: Policy, would_repeat: bool) -> Decision:
    """Answer, ask, decline or hand over, by how sure the reading is."""
    if _is_sure(reading, policy):
        return _when_sure(standing, reading, policy, would_repeat)
    if not (has_words(reading.text) or standing.has_clarified):
        # 👍 and 👌 below an answer ask nobody for anything, however often.
        return Decline(Why.VAGUE)
    is_unlikely = max(reading.confidence, reading.offer) < _floor(reading, policy)
    may_ask_back = not (standing.has_declined or standing.has_clarified)
    if may_ask_back and (only_announces(reading.text) or (is_unlikely and says_little(reading.text))):
        # More words are asked for only where nothing can be offered: whoever wrote one word would have to find others.
        return Decline(Why.VAGUE)
    if reading.foreign and (is_unlikely or not says_little(reading.text)):
        # What asks nothing after a clarifying question was meant to answer it, however strange it is by itself.
        is_question = asks(reading.text) and stands_alone(reading.text)
        is_answering = standing.has_clarified and not (is_question or only_hesitates(reading.text))
        is_asked_again = standing.has_declined or is_answering
        return escalate(Reason.NO_KNOWLEDGE) if is_asked_again else Decline(Why.FOREIGN)
    if is_unlikely:
        return escalate(Reason.NO_KNOWLEDGE)
    told = {article_id for asked, article_id in standing.answered if _is_alike(asked, reading.text)}
    choices = tuple(option for option in options(reading, policy) if option.article_id not in told)
    # One clarifying question per issue; and where a person must see the likeliest answer first, none at all.
    if choices and not standing.has_clarified and policy.mode_of_hit(reading.hits[0]) is Mode.AUTO:
        return Clarify(choices, is_another=bool(told))
    return escalate(Reason.REPEATED_QUESTION) if told else _hand_over(reading, policy)


def _floor(reading: Reading, policy: Policy) -> float:
    """From which probability on articles are offered for this."""
    is_few = says_little(reading.text) and not (reading.foreign or only_announces(reading.text))
    return policy.few_words_floor if is_few else policy.offer_floor


def _when_sure(standing: Standing, reading: Reading, policy: Policy, would_repeat: bool) -> Decision:
    best = reading.hits[0]
    if policy.mode_of_hit(best) is not Mode.AUTO:
        return _hand_over(reading, policy)
    if not (would_repeat or _was_asked_before(standing, reading)):
        return Answer(best.article_id)
    told = {article_id for _, article_id in standing.answered} | {best.article_id}
    others = tuple(option for option in options(reading, policy) if option.article_id not in told)
    if others and not standing.has_clarified:
        return Clarify(others, is_another=True)
    return escalate(Reason.REPEATED_QUESTION)


def _hand_over(reading: Reading, policy: Policy) -> Escalate:
    """To a person, with the answer that the bot would give where it is worth the agent's look."""
    best = reading.hits[0] if reading.hits else None
    is_worth_a_look = best and reading.confidence >= policy.offer_floor and policy.mode_of_hit(best) is not Mode.OFF
    return Escalate(Reason.LOW_CONFIDENCE, suggestion=best.article_id if best and is_worth_a_look else None)


def _was_asked_before(standing: Standing, reading: Reading) -> bool:
    """Whether the best article was told already to these words, or to nearly the same."""
    best = reading.hits[0].article_id
    return any(article_id == best and _is_alike(asked, reading.text) for asked, article_id in standing.answered)


def _is_alike(one: str, other: str) -> bool:
    if _plain(one) == _plain(other):
        return True
    words, others = set(words_of(one)), set(words_of(other))
    return len(words & others) >= _ALIKE * len(words | others) > 0


def options(reading: Reading, policy: Policy) -> tuple[Option, ...]:
    """The articles that compete for the answer, as choices: at most three, none that the bot may not answer from."""
    hits = {hit.article_id: hit for hit in reversed(reading.hits)}
    close = (hits[article_id] for article_id in reading.close if article_id in hits)
    allowed = [hit for hit in close if policy.mode_of_hit(hit) is Mode.AUTO][:3]
    named = zip(allowed, told_apart(allowed), strict=True)
    return tuple(Option(hit.article_id, name) for hit, name in named)


def _plain(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())
