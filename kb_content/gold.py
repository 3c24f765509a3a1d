"""Gold questions that editors write, keep from confirmed answers and bring in from files.

They are part of the KB at once: every check asks them, and the next release is fitted on them. What an import of a
folder brought stays that folder's, so that its next import replaces it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, delete, select

from kb_content.articles import GoldQuestion
from kb_content.errors import GoldArticleUnknown, GoldEmpty, GoldGone, GoldKnown, GoldUndecided
from kb_content.fields import one_line
from kb_content.folder import normal_question
from kb_content.gold_file import gold_from, gold_values
from kb_content.language import guess_language, normal_tag
from kb_content.models import ArticleVersion, GoldRow, KbArticle
from kb_content.studio.models import Draft, DraftKind
from store.audit import record
from store.changes import note_change

WRITTEN, COLLECTED, UPLOADED = "console", "answers", "upload"
"""Sources of questions that no folder brought: written by hand, kept from a confirmed answer, from a file."""
LONGEST = 2_000
_AT_ONCE = 500
_NAMED = re.compile(r"\(([^()]+)\)\s*\Z")

Key = tuple[str, str]
"""A question's language and its bare words: what makes two the same."""


@dataclass(frozen=True)
class GoldLine:
    """A gold question as it is kept. ``source``: one of the names above, or the folder that it came from."""

    id: int
    question: GoldQuestion
    source: str


@dataclass(frozen=True)
class Wanted:
    """Which gold questions to list. ``article`` "-": those without an answer; everything else empty means any."""

    language: str = ""
    article: str = ""
    source: str = ""
    words: str = ""

    def takes(self, line: GoldLine) -> bool:
        question = line.question
        is_about = self.article in question.expect if self.article != "-" else not question.expect
        return (
            self.language in ("", question.language)
            and (is_about or not self.article)
            and self.source in ("", line.source)
            and normal_question(self.words) in normal_question(question.text)
        )


@dataclass(frozen=True)
class GoldPlan:
    """What a file of questions would do. ``unknown``: questions whose article the KB does not have; left out."""

    added: tuple[GoldQuestion, ...] = ()
    changed: tuple[tuple[int, GoldQuestion], ...] = ()
    """Questions that are there with another right article, by id."""
    same: int = 0
    unknown: tuple[GoldQuestion, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.added or self.changed)


def key_of(question: GoldQuestion) -> Key:
    return question.language, normal_question(question.text)


def gold_lines(session: Session) -> list[GoldLine]:
    """Every gold question, the newest first."""
    rows = session.exec(select(GoldRow).order_by(col(GoldRow.id).desc()))
    return [GoldLine(row.id or 0, gold_from(row.data), row.source) for row in rows]


def gold_line(session: Session, gold_id: int) -> GoldLine:
    """Raises GoldGone."""
    row = _row(session, gold_id)
    return GoldLine(gold_id, gold_from(row.data), row.source)


def known_gold(session: Session) -> dict[Key, int]:
    """The id of every question, by what makes two the same."""
    return {key_of(line.question): line.id for line in gold_lines(session)}


def add_gold(session: Session, question: GoldQuestion, source: str, actor: str, now: datetime) -> int:
    """Keep a new question and return its id. Raises GoldEmpty or GoldKnown."""
    question = _usable(question)
    if known_gold(session).get(key_of(question)) is not None:
        raise GoldKnown
    (gold_id,) = _added(session, [question], source)
    _note(session, "kb.gold.added", [gold_id], actor, now)
    return gold_id


def change_gold(session: Session, gold_id: int, question: GoldQuestion, actor: str, now: datetime) -> None:
    """Put ``question`` in the place of what ``gold_id`` says. Raises GoldGone, GoldEmpty or GoldKnown."""
    row, question = _row(session, gold_id), _usable(question)
    if known_gold(session).get(key_of(question), gold_id) != gold_id:
        raise GoldKnown
    # Keys of its file that nobody here knows stay.
    values = gold_from(row.data).extra | gold_values(question)
    if values == row.data:
        return
    row.data = values
    _note(session, "kb.gold.changed", [gold_id], actor, now)


def remove_gold(session: Session, ids: Collection[int], actor: str, now: datetime) -> int:
    """Delete those of ``ids`` that are there. Returns how many those were."""
    wanted, gone = sorted(set(ids)), list[int]()
    for start in range(0, len(wanted), _AT_ONCE):
        statement = delete(GoldRow).where(col(GoldRow.id).in_(wanted[start : start + _AT_ONCE]))
        gone += [one or 0 for one in session.execute(statement.returning(col(GoldRow.id))).scalars()]
    _note(session, "kb.gold.removed", sorted(gone), actor, now)
    return len(gone)


def plan_gold(session: Session, questions: Iterable[GoldQuestion]) -> GoldPlan:
    """What these questions of a file would add and change; nothing is ever deleted by a file. Only reads."""
    there, articles = {key_of(line.question): line for line in gold_lines(session)}, expectable(session)
    added: dict[Key, GoldQuestion] = {}
    changed: dict[int, GoldQuestion] = {}
    unknown, same = list[GoldQuestion](), 0
    for question in questions:
        held = there.get(key_of(question))
        if not set(question.expect) <= articles.keys():
            unknown.append(question)
        elif held is None:
            added.setdefault(key_of(question), question)
        elif set(held.question.expect) != set(question.expect):
            changed[held.id] = question
        else:
            same += 1
    return GoldPlan(tuple(added.values()), tuple(changed.items()), same, tuple(unknown))


def apply_gold(session: Session, plan: GoldPlan, actor: str, now: datetime) -> None:
    """Carry out ``plan``; what is gone meanwhile is passed over."""
    new = _added(session, plan.added, UPLOADED)
    rows = [(session.get(GoldRow, gold_id), question) for gold_id, question in plan.changed]
    for row, question in rows:
        if row is not None:
            row.data = gold_from(row.data).extra | gold_values(question)
    changed = [row.id or 0 for row, _ in rows if row is not None]
    _note(session, "kb.gold.imported", [*new, *changed], actor, now)


def expectable(session: Session) -> dict[str, str]:
    """The articles that a question may expect, by id with a title: those of the KB, and those that only a draft has."""
    found = session.exec(
        select(KbArticle.article_id, ArticleVersion.title)
        .where(KbArticle.id == ArticleVersion.kb_article_id, KbArticle.current == ArticleVersion.number)
        .where(col(KbArticle.archived_at).is_(None))
        .order_by(col(KbArticle.article_id), col(KbArticle.language).desc())
    )
    drafted = session.exec(
        select(Draft).where(Draft.kind == DraftKind.ARTICLE, Draft.base == 0, col(Draft.is_removal).is_(False))
    )
    return {draft.name: str(draft.content.get("title") or draft.name) for draft in drafted} | dict(found.all())


def spoken(session: Session) -> tuple[str, ...]:
    """The base languages of the articles, commonest first."""
    found = session.exec(select(KbArticle.language).where(col(KbArticle.archived_at).is_(None)).order_by("id"))
    return tuple(language for language, _ in Counter(one.split("-")[0] for one in found).most_common())


def expected(typed: Sequence[str], articles: Mapping[str, str]) -> tuple[str, ...]:
    """The ids of the articles that somebody chose or typed: by id, by title, or as "Title (id)". Pure.

    Raises GoldArticleUnknown.
    """
    return tuple(dict.fromkeys(_article(one.strip(), articles) for one in typed if one.strip()))


def question_from(text: str, language: str, expect: Sequence[str], has_none: bool) -> GoldQuestion:
    """What a form says. An unknown ``language`` is guessed by script. Raises GoldEmpty or GoldUndecided."""
    said = one_line(text)
    if not said:
        raise GoldEmpty
    if bool(expect) == has_none:
        raise GoldUndecided
    return GoldQuestion(said, normal_tag(language.strip()) or guess_language(said), tuple(expect))


def _article(typed: str, articles: Mapping[str, str]) -> str:
    named = _NAMED.search(typed)
    for candidate in (typed, named[1] if named else ""):
        if candidate in articles:
            return candidate
    called = [key for key, title in articles.items() if title.casefold() == typed.casefold()]
    if len(called) != 1:
        raise GoldArticleUnknown(typed[:100])
    return called[0]


def _usable(question: GoldQuestion) -> GoldQuestion:
    if not normal_question(question.text) or len(question.text) > LONGEST:
        raise GoldEmpty
    return question


def _row(session: Session, gold_id: int) -> GoldRow:
    row = session.get(GoldRow, gold_id)
    if row is None:
        raise GoldGone
    return row


def _added(session: Session, questions: Iterable[GoldQuestion], source: str) -> list[int]:
    rows = [GoldRow(data=gold_values(question), source=source) for question in questions]
    session.add_all(rows)
    session.flush()
    return [row.id or 0 for row in rows]


def _note(session: Session, action: str, ids: list[int], actor: str, now: datetime) -> None:
    """Ids only: their texts may be customers' words, which the audit must not keep for good."""
    if not ids:
        return
    session.flush()
    record(session, actor, action, "gold_question", ids[0] if len(ids) == 1 else None, now, ids=ids)
    note_change(session, "gold", ids[-1], now)
