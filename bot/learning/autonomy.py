"""How much the bot may do alone in each topic, by what became of its answers there.

The measure is the share of judged answers that were right, of those that the bot gave by itself or would have given
but for the topic's mode; since the mode was set last, and of the last 90 days. Two bounds keep a topic from flapping:

- suggest → auto is *proposed* when the lower bound of that share (Wilson, one-sided 95 %) reaches the target, with at
  least 30 judged. For a target of 95 % that takes 52 right ones, 87 with one wrong. A person decides.
- auto → suggest is *done* when the upper bound (one-sided 99.5 %, as it is looked at again and again) is below the
  target, with at least 20 judged. A topic that is right 97 times in 100 is hit by mistake once in 140 such topics
  over 400 judged answers; one that is right 85 times in 100 is found after some 27.

Between the two nothing changes, and every change begins a new count.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import func
from sqlalchemy import select as rows_of
from sqlmodel import Session, col, select

from bot.learning.outcomes import Verdict, verdicts
from bot.models import TopicMode
from bot.topics import Topics, live_intents, live_topics, may_be_auto, mode_of
from handoff.actors import Actor, require
from handoff.errors import HandoffError, Stale
from handoff.models import Message
from handoff.permissions import Permission
from kb_content.articles import Mode
from store import Database, audit, reading, transaction
from store.changes import note_change

log = structlog.get_logger()
SYSTEM = "system"
WINDOW = timedelta(days=90)
PROMOTION_JUDGED, DEMOTION_JUDGED = 30, 20
PROMOTION_Z, DEMOTION_Z = 1.645, 2.576


class NoSuchTopic(HandoffError):
    """No live article belongs to this topic any more. Open the page again."""


class PeopleOnly(HandoffError):
    """The knowledge base says that this topic is for people, so the bot never answers alone in it."""


@dataclass(frozen=True)
class Measured:
    """Judged answers of one topic, and how many of them were right."""

    right: int = 0
    judged: int = 0

    @property
    def precision(self) -> float | None:
        return self.right / self.judged if self.judged else None

    @property
    def lower(self) -> float:
        return wilson(self.right, self.judged, -PROMOTION_Z)

    @property
    def upper(self) -> float:
        return wilson(self.right, self.judged, PROMOTION_Z)

    def supports(self, target: float) -> bool:
        """Whether the bot may be trusted to answer alone."""
        return self.judged >= PROMOTION_JUDGED and self.lower >= target

    def refutes(self, target: float) -> bool:
        """Whether the bot answers alone and should not."""
        return self.judged >= DEMOTION_JUDGED and wilson(self.right, self.judged, DEMOTION_Z) < target


def wilson(right: int, judged: int, z: float) -> float:
    """The Wilson bound of a share: the upper one for a positive ``z``, the lower one for a negative; 0 and 1 for no
    cases at all."""
    if not judged:
        return 0.0 if z < 0 else 1.0
    share, spread = right / judged, z * z / judged
    bound = share + spread / 2 + z * math.sqrt((share * (1 - share) + spread / 4) / judged)
    return min(max(bound / (1 + spread), 0.0), 1.0)


@dataclass(frozen=True)
class TopicState:
    """How much the bot may do alone in one topic, and how that went."""

    topic: str
    mode: Mode
    may_be_auto: bool
    measured: Measured
    chosen: TopicMode | None = None
    """Who set the mode, where somebody did."""


@dataclass(frozen=True)
class TopicLine:
    """One topic, as the console shows it."""

    state: TopicState
    articles: int
    answered: int
    """Answers that the bot gave in the last 90 days."""
    is_proposed: bool
    """The evidence is enough for the bot to answer alone: somebody should say so."""


def topic_lines(session: Session, target: float, now: datetime) -> list[TopicLine]:
    """Every topic of the live articles, by name. Reads only."""
    topics = live_topics(session)
    articles = Counter(topic for _, topic in {(key, topic) for (key, _), topic in topics.items()})
    answered = _answered(session, topics, now - WINDOW)
    return [
        TopicLine(
            state,
            articles[state.topic],
            answered[state.topic],
            state.mode is Mode.SUGGEST and state.may_be_auto and state.measured.supports(target),
        )
        for state in topic_states(session, topics, now)
    ]


def topic_states(session: Session, topics: Topics, now: datetime) -> list[TopicState]:
    """The mode of each topic and what was measured in it, by name. Reads only."""
    intents = live_intents(session)
    chosen = {row.topic: row for row in session.exec(select(TopicMode))}
    measured = measure(verdicts(session, now - WINDOW), topics, {key: row.at for key, row in chosen.items()})
    return [
        TopicState(
            topic,
            mode_of(intents.get(topic), Mode(chosen[topic].mode) if topic in chosen else None),
            may_be_auto(intents.get(topic)),
            measured.get(topic, Measured()),
            chosen.get(topic),
        )
        for topic in sorted(set(topics.values()))
    ]


def measure(found: list[Verdict], topics: Topics, since: Mapping[str, datetime]) -> dict[str, Measured]:
    """The bot's own judged answers by topic; of a topic in ``since`` only the answers after that."""
    of_article = {key: topic for (key, _), topic in topics.items()}
    right: Counter[str] = Counter()
    judged: Counter[str] = Counter()
    for verdict in found:
        topic = topics.get((verdict.article, verdict.language)) or of_article.get(verdict.article)
        if topic is None or not verdict.is_own or (topic in since and verdict.answered_at <= since[topic]):
            continue
        judged[topic] += 1
        right[topic] += verdict.is_right
    return {topic: Measured(right[topic], judged[topic]) for topic in judged}


def set_mode(
    session: Session,
    topic: str,
    mode: Mode,
    actor: Actor,
    now: datetime,
    *,
    seen: Mode | None = None,
    why: str = "",
) -> None:
    """Let the bot do so much alone in ``topic`` from now on. A running server follows within two seconds.

    ``seen``: the mode that the actor decided about; Stale where it is another by now. Raises NoSuchTopic, PeopleOnly.
    """
    require(session, actor, Permission.EDIT_ARTICLES)
    if topic not in live_topics(session).values():
        raise NoSuchTopic
    intent = live_intents(session).get(topic)
    if mode is Mode.AUTO and not may_be_auto(intent):
        raise PeopleOnly
    row = session.exec(select(TopicMode).where(TopicMode.topic == topic).with_for_update()).one_or_none()
    before = mode_of(intent, Mode(row.mode) if row else None)
    if seen is not None and seen is not before:
        raise Stale
    if mode is before:
        return
    session.merge(TopicMode(topic=topic, mode=mode.value, by=actor.name, why=why[:300], at=now))
    session.flush()
    audit.record(
        session,
        actor.name,
        "topic.mode",
        "topic",
        None,
        now,
        topic=topic,
        mode=mode.value,
        before=before.value,
        why=why,
    )
    note_change(session, "topic", 0, now)


def demote_refuted(database: Database, target: float, now: datetime) -> list[str]:
    """Take the bot's word away where its answers are not right often enough. Returns the topics."""
    with reading(database) as session:
        found = topic_states(session, live_topics(session), now)
    refuted = [one for one in found if one.mode is Mode.AUTO and one.measured.refutes(target)]
    for one in refuted:
        why, measured = reason(one.measured, target), one.measured
        with suppress(Stale), transaction(database) as session:
            set_mode(session, one.topic, Mode.SUGGEST, Actor(None, SYSTEM), now, seen=Mode.AUTO, why=why)
            log.warning("topic demoted", topic=one.topic, right=measured.right, judged=measured.judged)
    return [one.topic for one in refuted]


def reason(measured: Measured, target: float) -> str:
    """Why a topic was demoted, in a sentence."""
    highest = wilson(measured.right, measured.judged, DEMOTION_Z)
    return (
        f"{measured.right} of {measured.judged} judged answers were right: "
        f"at most {100 * highest:.0f} % can be, and {100 * target:.0f} % are promised."
    )


def _answered(session: Session, topics: Topics, since: datetime) -> Counter[str]:
    of_article = {key: topic for (key, _), topic in topics.items()}
    article = col(Message.detail)["article"].as_string().label("article")
    given = (col(Message.decision) == "answer", col(Message.at) >= since)
    query = rows_of(article, func.count()).where(*given).group_by("article")
    found: Counter[str] = Counter()
    for key, count in session.execute(query):
        found[of_article.get(key, "")] += count
    return found
