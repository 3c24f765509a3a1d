"""The questions that an edit is held against: the gold questions, and what customers asked lately."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlmodel import Session, col, select

from bot.learning.masking import is_telling, masked
from bot.learning.outcomes import Verdict, verdicts
from bot.learning.studio.comparing import Origin, Question
from bot.learning.transcripts import reading_of
from handoff.models import Direction, Message
from handoff.rows import id_of
from kb_content.articles import GoldQuestion
from kb_content.gold import spoken
from kb_content.models import GoldRow
from retrieval.texts import plain_key, says_something

MOST_REAL = 300
_LOOKED_THROUGH = 3_000
"""Newest messages among which the real questions are looked for."""


def questions(session: Session, most_real: int = MOST_REAL) -> list[Question]:
    """All gold questions of the working state, then the newest distinct questions of customers that are not among
    them. Reads only."""
    gold = gold_questions(session)
    return [*gold, *real_questions(session, {plain_key(one.text) for one in gold}, most_real)]


def gold_questions(session: Session) -> list[Question]:
    """Every gold question of the working state in the language that it is asked in, whether its articles are there or
    not."""
    from retrieval.needs import as_asked

    rows = session.exec(select(GoldRow).order_by(col(GoldRow.id))).all()
    said = [GoldQuestion(row.data["text"], row.data.get("language") or "", tuple(row.data["expect"])) for row in rows]
    return [
        Question(one.text, one.language, one.expect, gold_id=row.id)
        for row, one in zip(rows, as_asked(said, spoken(session)), strict=True)
    ]


def real_questions(session: Session, known: Collection[str] = (), most: int = MOST_REAL) -> list[Question]:
    """What customers asked lately, masked, the newest first, each once, with what is known to be right.

    ``known``: plain keys of questions that are asked anyway.
    """
    query = select(Message).where(Message.direction == Direction.INCOMING, col(Message.deleted_at).is_(None))
    newest = session.exec(query.where(Message.text != "").order_by(col(Message.id).desc()).limit(_LOOKED_THROUGH))
    found: dict[str, tuple[Message, str]] = {}
    for message in newest:
        said = masked(message.text) if reading_of(message) else ""
        key = plain_key(said)
        if not (is_telling(said) and says_something(said)) or key in known or key in found:
            continue
        found[key] = (message, said)
        if len(found) == most:
            break
    if not found:
        return []
    right = _right(verdicts(session, min(message.at for message, _ in found.values())))
    return [_real(message, said, right) for message, said in found.values()]


def _real(message: Message, said: str, right: dict[int, tuple[str, ...]]) -> Question:
    language = str(reading_of(message).get("language") or "")
    return Question(said, language, right.get(id_of(message)), Origin.REAL, message_id=id_of(message))


def _right(known: Iterable[Verdict]) -> dict[int, tuple[str, ...]]:
    """By message, the articles that somebody's verdict found right; empty where the KB was found to have none."""
    found: dict[int, tuple[str, ...]] = {}
    for verdict in known:
        if not verdict.is_alone:
            continue
        if verdict.is_right:
            found[verdict.message_id] = (verdict.article,)
        elif verdict.right_article is not None:
            found[verdict.message_id] = (verdict.right_article,) if verdict.right_article else ()
    return found


def words_of(session: Session, message_ids: Iterable[int]) -> dict[int, str]:
    """What customers asked in these messages, masked, as far as it is still there."""
    wanted = sorted(set(message_ids))
    found: dict[int, str] = {}
    for start in range(0, len(wanted), 500):
        some = select(Message).where(col(Message.id).in_(wanted[start : start + 500]))
        for message in session.exec(some):
            if message.deleted_at is None and (said := masked(message.text)):
                found[id_of(message)] = said
    return found
