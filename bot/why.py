"""Why the bot decided as it did: the numbers and the ground of one decision, for agents, editors and ``ask --why``.

Pure. What is said in words (``ground``, ``name`` of a sign) is a code here; ``api/texts`` has the words.
"""

from __future__ import annotations

from enum import Enum
from typing import TypedDict

from bot.decisions import Answer, Clarify, Decision, Decline, Escalate, Silence, SmallTalk, Why, name_of
from bot.policy import Policy
from handoff.models import Reason
from kb_content.articles import Mode
from retrieval.reader import Hit, Reading

_ALTERNATIVES = 5


class Ground(Enum):
    """What a decision rests on, in a word."""

    SURE = "sure"
    """The confidence reaches the threshold."""
    CHOSEN = "chosen"
    """The customer chose this article."""
    OFFERED = "offered"
    """Not sure enough to answer, sure enough to offer a choice."""
    UNSURE = "unsure"
    """The confidence is below the threshold."""
    NO_THRESHOLD = "no_threshold"
    """The KB cannot support the target precision: the bot suggests instead of answering."""
    TOPIC_MODE = "topic_mode"
    """Sure enough, but the topic is not automatic."""
    RULE = "rule"
    """The KB's intent says what must happen, whatever the articles say."""
    REQUEST = "request"
    """The customer pressed a button or used a command."""
    REPEATED = "repeated"
    """The same question again: the same answer would not help."""
    FOREIGN = "foreign"
    """Nothing in the KB is about it."""
    LIMIT = "limit"
    """A limit of the house, or a message without words."""
    PERSON = "person"
    """People talk; the bot keeps silent."""
    TROUBLE = "trouble"
    """Something failed, so a person takes over."""


RULES = frozenset({Ground.RULE, Ground.LIMIT, Ground.REPEATED, Ground.REQUEST, Ground.PERSON})
"""Grounds that are fixed rules: they change the decision, never the ranking or the confidence."""


class Sign(TypedDict):
    """One thing that the confidence was computed from. ``effect``: how far it moved it, in log-odds."""

    name: str
    value: float | None
    effect: float | None


class Considered(TypedDict):
    """One article that was found, with its best passage. ``score``: its share among the candidates."""

    article: str
    language: str
    version: int
    passage: str
    anchor: str
    title: str
    heading: str
    score: float


class Explanation(TypedDict):
    """Everything that a decision rests on. ``rule``: a fixed rule decided, not the confidence."""

    decision: str
    reason: str | None
    ground: str
    rule: bool
    intent: str | None
    intent_confidence: float
    confidence: float
    threshold: float | None
    target: float | None
    release: int | None
    topic: str | None
    mode: str | None
    language: str
    foreign: bool
    signs: list[Sign]
    passages: list[Considered]


def explain(
    reading: Reading, policy: Policy, decision: Decision, *, release: int | None = None, target: float | None = None
) -> Explanation:
    """Why ``decision`` was made about ``reading``; ``release`` and ``target``: of the KB that was asked."""
    about = _about(reading, decision)
    ground = ground_of(reading, policy, decision)
    return {
        "decision": name_of(decision),
        "reason": _reason(decision),
        "ground": ground.value,
        "rule": ground in RULES,
        "intent": reading.intent,
        "intent_confidence": round(reading.intent_confidence, 4),
        "confidence": round(reading.confidence, 4),
        "threshold": policy.threshold,
        "target": target,
        "release": release,
        "topic": policy.topic_of(about.article_id, about.language) if about else None,
        "mode": policy.mode_of(about.article_id, about.language).value if about else None,
        "language": reading.language,
        "foreign": reading.foreign,
        "signs": signs_of(reading),
        "passages": [_considered(hit) for hit in reading.hits[:_ALTERNATIVES]],
    }


def ground_of(reading: Reading, policy: Policy, decision: Decision) -> Ground:
    """What ``decision`` rests on."""
    match decision:
        case Answer(article_id):
            is_best = bool(reading.hits) and reading.hits[0].article_id == article_id
            return Ground.SURE if is_best and _reaches(reading, policy) else Ground.CHOSEN
        case Clarify():
            return Ground.REPEATED if _reaches(reading, policy) else Ground.OFFERED
        case SmallTalk():
            return Ground.RULE
        case Decline(why):
            return Ground.FOREIGN if why is Why.FOREIGN else Ground.LIMIT
        case Silence():
            return Ground.PERSON
        case Escalate():
            return _ground_of_escalation(reading, policy, decision)
    return Ground.REQUEST


def _ground_of_escalation(reading: Reading, policy: Policy, decision: Escalate) -> Ground:
    match decision.reason:
        case Reason.REPEATED_QUESTION:
            return Ground.REPEATED
        case Reason.NO_KNOWLEDGE | Reason.LOW_CONFIDENCE:
            return _ground_of_doubt(reading, policy)
        case Reason.BOT_STUCK:
            return Ground.TROUBLE
    return Ground.RULE if decision.intent else Ground.REQUEST


def _ground_of_doubt(reading: Reading, policy: Policy) -> Ground:
    if reading.foreign:
        return Ground.FOREIGN
    best = reading.hits[0] if reading.hits else None
    if best and policy.mode_of(best.article_id, best.language) is not Mode.AUTO and _reaches(reading, policy):
        return Ground.TOPIC_MODE
    if policy.threshold is None and best and reading.confidence >= policy.offer_floor:
        return Ground.NO_THRESHOLD
    return Ground.UNSURE


def _reaches(reading: Reading, policy: Policy) -> bool:
    return policy.threshold is not None and reading.confidence >= policy.threshold


def signs_of(reading: Reading) -> list[Sign]:
    """What the confidence was computed from, what moved it most first."""
    names = dict.fromkeys([*reading.why, *reading.effects])
    signs: list[Sign] = [
        {"name": name, "value": _rounded(reading.why.get(name)), "effect": _rounded(reading.effects.get(name))}
        for name in names
    ]
    return sorted(signs, key=lambda sign: -abs(sign["effect"] or 0.0))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), 4) or 0.0


def _about(reading: Reading, decision: Decision) -> Hit | None:
    """The article that it is about: the one that is answered from, else the likeliest."""
    wanted = decision.article_id if isinstance(decision, Answer) else None
    best = reading.hits[0] if reading.hits else None
    return next((hit for hit in reading.hits if hit.article_id == wanted), best)


def _reason(decision: Decision) -> str | None:
    match decision:
        case Escalate(reason):
            return reason.value
        case Decline(why):
            return why.value
    return None


def _considered(hit: Hit) -> Considered:
    return {
        "article": hit.article_id,
        "language": hit.language,
        "version": hit.version,
        "passage": hit.passage,
        "anchor": hit.anchor,
        "title": hit.title,
        "heading": hit.heading,
        "score": round(hit.score, 4),
    }
