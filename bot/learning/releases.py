"""Two releases compared by what became of the questions that each decided about, while one of them was rolled out."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func
from sqlalchemy import select as rows_of
from sqlmodel import Session, col

from handoff.models import Conversation, Direction, Feedback, Message
from handoff.surveys.intervals import Figure, share
from handoff.surveys.models import Outcome
from kb_content.studio.models import Rollout

ANSWERED, CLARIFIED, DECLINED, HANDED_OVER = "answer", "clarify", "decline", "escalate"
DECISIONS = (ANSWERED, CLARIFIED, DECLINED, HANDED_OVER)
LINES = ("answered", "clarified", "declined", "handed_over", "helpful", "confirmed", "not_yet", "reopened")
BAD = frozenset({"declined", "handed_over", "not_yet", "reopened"})
"""Of which less is better; whether a clarifying question is good or bad nobody can say."""


@dataclass(frozen=True)
class Course:
    """What became of what one release decided about.

    ``answered``, ``clarified``, ``declined``, ``handed_over``: of the questions. ``helpful``: of the answers with a
    thumb. ``confirmed``, ``not_yet``: of the conversations with an answer that were asked whether it is solved and said
    so. ``reopened``: of the conversations that have ended.
    """

    release: int
    questions: int
    answered: Figure
    clarified: Figure
    declined: Figure
    handed_over: Figure
    helpful: Figure
    confirmed: Figure
    not_yet: Figure
    reopened: Figure


@dataclass(frozen=True)
class Line:
    """One share in both, and how much higher it is in the second, from -1 to 1, with the 95 % interval of that."""

    name: str
    before: Figure
    after: Figure
    gain: float | None = None
    lower: float | None = None
    upper: float | None = None

    @property
    def is_telling(self) -> bool:
        """Whether the difference is more than chance would make it in 19 cases of 20."""
        return self.lower is not None and self.upper is not None and not self.lower <= 0 <= self.upper

    @property
    def is_worse(self) -> bool:
        if not self.is_telling or self.name == "clarified":
            return False
        return (self.gain or 0) > 0 if self.name in BAD else (self.gain or 0) < 0


@dataclass(frozen=True)
class Comparison:
    """What is live beside what is staged, over the same span of time."""

    before: Course
    after: Course
    lines: tuple[Line, ...]


def compare_rollout(session: Session, rollout: Rollout) -> Comparison:
    """The rollout's release beside the one that the others got, since it began. Reads only.

    A conversation that got both, because the share was widened, counts for each.
    """
    pair = (rollout.base_id, rollout.release_id)
    found = courses(session, pair, rollout.begun_at, rollout.ended_at)
    before, after = (found[release_id] for release_id in pair)
    return Comparison(before, after, tuple(_line(name, before, after) for name in LINES))


def courses(
    session: Session, releases: tuple[int, ...], since: datetime, until: datetime | None = None
) -> dict[int, Course]:
    """What became of what each of ``releases`` decided about in the span. Reads only."""
    decisions = _decisions(session, releases, since, until)
    thumbs = _counted(session, _thumbs, releases, since, until)
    solved = _counted(session, _solved, releases, since, until)
    ended = _counted(session, _ended, releases, since, until)
    return {one: _course(one, decisions[one], thumbs[one], solved[one], ended[one]) for one in releases}


def _course(
    release: int, decided: Counter[str], thumbs: Counter[bool], solved: Counter[bool], ended: Counter[bool]
) -> Course:
    n, said = decided.total(), solved.total()
    return Course(
        release,
        n,
        answered=share(decided[ANSWERED], n),
        clarified=share(decided[CLARIFIED], n),
        declined=share(decided[DECLINED], n),
        handed_over=share(decided[HANDED_OVER], n),
        helpful=share(thumbs[True], thumbs.total()),
        confirmed=share(solved[True], said),
        not_yet=share(solved[False], said),
        reopened=share(ended[True], ended.total()),
    )


_RELEASE = col(Message.detail)["release"].as_integer()


def _told(releases: tuple[int, ...], since: datetime, until: datetime | None) -> list[ColumnElement[bool]]:
    """What picks the bot's decisions. Conversations with something new are few, and found by an index."""
    told = [
        col(Conversation.last_message_at) >= since,
        col(Message.at) >= since,
        col(Message.direction) == Direction.OUTGOING,
        col(Message.decision).in_(DECISIONS),
        _RELEASE.in_(releases),
    ]
    return told if until is None else [*told, col(Message.at) < until]


def _decisions(
    session: Session, releases: tuple[int, ...], since: datetime, until: datetime | None
) -> dict[int, Counter[str]]:
    query = (
        rows_of(_RELEASE, col(Message.decision), func.count())
        .join(Conversation, col(Conversation.id) == Message.conversation_id)
        .where(*_told(releases, since, until))
        .group_by(_RELEASE, col(Message.decision))
    )
    found: dict[int, Counter[str]] = {one: Counter() for one in releases}
    for release, decision, count in session.execute(query):
        found[release][decision] += count
    return found


def _thumbs() -> Select[Any]:
    return (
        rows_of(_RELEASE, col(Feedback.is_helpful), func.count())
        .select_from(Message)
        .join(Conversation, col(Conversation.id) == Message.conversation_id)
        .join(Feedback, col(Feedback.message_id) == Message.id)
        .where(col(Message.decision) == ANSWERED)
        .group_by(_RELEASE, col(Feedback.is_helpful))
    )


def _solved() -> Select[Any]:
    return (
        rows_of(_RELEASE, col(Conversation.confirmed), func.count(func.distinct(col(Conversation.id))))
        .select_from(Message)
        .join(Conversation, col(Conversation.id) == Message.conversation_id)
        .where(col(Message.decision) == ANSWERED, col(Conversation.confirmed).is_not(None))
        .group_by(_RELEASE, col(Conversation.confirmed))
    )


def _ended() -> Select[Any]:
    reopened = col(Outcome.reopened_at).is_not(None)
    return (
        rows_of(_RELEASE, reopened, func.count(func.distinct(col(Conversation.id))))
        .select_from(Message)
        .join(Conversation, col(Conversation.id) == Message.conversation_id)
        .join(Outcome, col(Outcome.conversation_id) == Conversation.id)
        .group_by(_RELEASE, reopened)
    )


def _counted(
    session: Session, query: Any, releases: tuple[int, ...], since: datetime, until: datetime | None
) -> Mapping[int, Counter[bool]]:
    found: dict[int, Counter[bool]] = {one: Counter() for one in releases}
    for release, is_so, count in session.execute(query().where(*_told(releases, since, until))):
        found[release][bool(is_so)] += count
    return found


def _line(name: str, before: Course, after: Course) -> Line:
    one, other = getattr(before, name), getattr(after, name)
    return Line(name, one, other, *difference(one, other))


def difference(before: Figure, after: Figure) -> tuple[float | None, float | None, float | None]:
    """How much higher the second share is, with Newcombe's 95 % interval; Nones where one has no cases. Pure."""
    if before.value is None or after.value is None:
        return None, None, None
    gain = after.value - before.value
    down = math.hypot(after.value - (after.lower or 0.0), _up(before) - before.value)
    up = math.hypot(_up(after) - after.value, before.value - (before.lower or 0.0))
    return gain, max(gain - down, -1.0), min(gain + up, 1.0)


def _up(figure: Figure) -> float:
    return 1.0 if figure.upper is None else figure.upper
