"""Importing a folder: first a plan that can be shown, then the plan carried out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, delete, select

from kb_content.article_file import canonical
from kb_content.articles import Article, GoldQuestion, Intent, Passage, Term
from kb_content.folder import Folder
from kb_content.glossary_file import term_values
from kb_content.gold_file import gold_values
from kb_content.intent_file import intent_values
from kb_content.models import ArticleVersion, GlossaryRow, GoldRow, KbArticle, KbIntent
from kb_content.passages import split
from kb_content.proposals import withdraw
from kb_content.versions import is_same_content, new_version, sha256_of
from store.audit import record
from store.changes import note_change

Key = tuple[str, str]
"""Article id and language."""


@dataclass(frozen=True)
class ImportPlan:
    """What an import would do. ``added`` includes archived articles that come back."""

    source: str
    added: tuple[Article, ...] = ()
    changed: tuple[Article, ...] = ()
    archived: tuple[Key, ...] = ()
    unchanged: tuple[Article, ...] = ()
    taken_over: tuple[Key, ...] = ()
    """Articles of another source that this one has too: from now on they follow this source."""
    unread: tuple[Key, ...] = ()
    """Articles that stay as they are because their files could not be read."""
    intents: tuple[Intent, ...] = ()
    intents_changed: tuple[str, ...] = ()
    intents_removed: tuple[str, ...] = ()
    gold: tuple[GoldQuestion, ...] = ()
    gold_added: int = 0
    gold_removed: int = 0
    glossary: tuple[Term, ...] = ()
    terms_added: int = 0
    terms_removed: int = 0
    """Of the glossary; a changed term is one added and one removed."""
    removed_sources: tuple[str, ...] = ()
    """Sources whose gold questions and terms go too: those that ``replace`` drops."""
    passages: dict[Key, tuple[Passage, ...]] = field(default_factory=dict, repr=False)
    """Cut while planning, so that carrying it out holds the database only briefly."""

    @property
    def is_empty(self) -> bool:
        """Whether the KB already is as the folder says."""
        articles = self.added or self.changed or self.archived or self.taken_over
        intents = self.intents_changed or self.intents_removed
        entries = self.gold_added or self.gold_removed or self.terms_added or self.terms_removed
        return not (articles or intents or entries)

    def lines(self) -> list[str]:
        """The plan for a reader: a line for each article that changes, then the sums."""
        shown = [f"add      {_name(_key(article))}  {article.title}" for article in self.added]
        shown += [f"change   {_name(_key(article))}  {article.title}" for article in self.changed]
        shown += [f"archive  {_name(key)}" for key in self.archived]
        shown += [f"keep     {_name(key)}  (its file could not be read)" for key in self.unread]
        shown += [f"adopt    {_name(key)}  (it came from another source)" for key in self.taken_over]
        shown += [f"change   intent {name}" for name in self.intents_changed]
        shown += [f"remove   intent {name}" for name in self.intents_removed]
        return [*shown, self.summary()]

    def summary(self) -> str:
        terms = f"; terms: {self.terms_added} added, {self.terms_removed} removed" if self._has_terms else ""
        return (
            f"articles: {len(self.added)} added, {len(self.changed)} changed, {len(self.archived)} archived, "
            f"{len(self.unchanged)} unchanged; intents: {len(self.intents_changed)} changed, "
            f"{len(self.intents_removed)} removed; gold questions: {self.gold_added} added, {self.gold_removed} removed"
            f"{terms}"
        )

    @property
    def _has_terms(self) -> bool:
        """Whether a glossary has anything to do with it: most knowledge bases have none."""
        return bool(self.glossary or self.terms_removed)


@dataclass(frozen=True)
class _Held:
    row: KbArticle
    sha256: str
    meta: Mapping[str, Any]


def plan_import(session: Session, folder: Folder, source: str, replace: bool = False) -> ImportPlan:
    """What makes the KB equal to ``folder`` for what came from ``source``. Only reads.

    Articles of other sources stay, unless ``replace``: then everything that is not in ``folder`` goes, the sample too.
    What is in the folder but could not be read stays as it is.
    """
    held = _held(session)
    articles = tuple(canonical(article) for article in folder.articles)
    added, changed, unchanged = _sorted(articles, held)
    gone = _gone(articles, held, source, replace)
    return ImportPlan(
        source=source,
        added=added,
        changed=changed,
        archived=tuple(key for key in gone if key[0] not in folder.unread_articles),
        unchanged=unchanged,
        taken_over=tuple(
            _key(article)
            for article in articles
            if _key(article) in held and _follows_another(held[_key(article)].row, source)
        ),
        unread=tuple(key for key in gone if key[0] in folder.unread_articles),
        passages={_key(article): split(article, 0) for article in (*added, *changed)},
        **_plan_intents(session, folder, source, replace),
        **_plan_entries(session, folder, source, replace),
    )


def apply_import(session: Session, plan: ImportPlan, now: datetime, actor: str = "system") -> None:
    """Carry out ``plan`` in the transaction of ``session``. A second time changes nothing."""
    held = _held(session)
    rows = _rows(session, held, (*plan.added, *plan.changed, *plan.unchanged), plan.source)
    for article in (*plan.added, *plan.changed, *plan.unchanged):
        _keep(session, rows[_key(article)], held.get(_key(article)), article, plan, now)
    for key in plan.archived:
        if key in held and held[key].row.archived_at is None:
            held[key].row.archived_at = now
            note_change(session, "article", held[key].row.id or 0, now, held[key].row.current)
    _apply_intents(session, plan)
    _apply_entries(session, plan)
    withdraw(session, _deleted_questions(held, plan), actor, now)
    record(session, actor, "kb.import", "kb", None, now, source=plan.source, summary=plan.summary())


def _held(session: Session) -> dict[Key, _Held]:
    """Every article that there is, archived ones too, with what its current version says."""
    current = (KbArticle.id == ArticleVersion.kb_article_id) & (KbArticle.current == ArticleVersion.number)
    found = session.exec(select(KbArticle, ArticleVersion.sha256, ArticleVersion.meta).where(current))
    return {(row.article_id, row.language): _Held(row, sha256, meta) for row, sha256, meta in found}


def _sorted(articles: Iterable[Article], held: dict[Key, _Held]) -> tuple[tuple[Article, ...], ...]:
    added, changed, unchanged = [], [], []
    for article in articles:
        known = held.get(_key(article))
        if known is None or known.row.archived_at is not None:
            added.append(article)
        elif is_same_content(article, known.sha256, known.meta):
            unchanged.append(article)
        else:
            changed.append(article)
    return tuple(added), tuple(changed), tuple(unchanged)


def _gone(articles: Iterable[Article], held: dict[Key, _Held], source: str, replace: bool) -> list[Key]:
    there = {_key(article) for article in articles}
    return sorted(
        key
        for key, known in held.items()
        if key not in there and known.row.archived_at is None and (replace or known.row.source == source)
    )


def _follows_another(row: KbArticle, source: str) -> bool:
    return row.source != source and row.archived_at is None


def _rows(session: Session, held: dict[Key, _Held], articles: Sequence[Article], source: str) -> dict[Key, KbArticle]:
    """The row of each article; all new ones get their ids in one go."""
    rows = {key: known.row for key, known in held.items()}
    # Of a draft that never went live there is a row already, which nothing holds.
    never = session.exec(select(KbArticle).where(KbArticle.current == 0))
    rows |= {(row.article_id, row.language): row for row in never}
    made = {
        _key(article): KbArticle(article_id=article.id, language=article.language, source=source)
        for article in articles
        if _key(article) not in rows
    }
    session.add_all(made.values())
    session.flush()
    return rows | made


def _deleted_questions(held: dict[Key, _Held], plan: ImportPlan) -> dict[Key, set[str]]:
    """The questions that a changed article had in its file before and has no more."""
    return {
        _key(article): set(held[_key(article)].meta.get("questions") or ()) - set(article.questions)
        for article in plan.changed
        if _key(article) in held
    }


def _keep(
    session: Session, row: KbArticle, known: _Held | None, article: Article, plan: ImportPlan, now: datetime
) -> None:
    is_same = known is not None and is_same_content(article, known.sha256, known.meta)
    if is_same and row.archived_at is None and row.source == plan.source:
        return
    row.source, row.archived_at = plan.source, None
    if not is_same:
        passages = plan.passages.get(_key(article)) or split(article, 0)
        session.add(new_version(row, article, passages, now))
        row.current = row.newest
    note_change(session, "article", row.id or 0, now, row.current)


def _plan_intents(session: Session, folder: Folder, source: str, replace: bool) -> dict[str, Any]:
    rows = {row.name: row for row in session.exec(select(KbIntent))}
    there = {intent.name for intent in folder.intents} | folder.unread_intents
    return {
        "intents": folder.intents,
        "intents_changed": tuple(
            intent.name
            for intent in folder.intents
            if (row := rows.get(intent.name)) is None
            or row.source != source
            or sha256_of(row.data) != sha256_of(intent_values(intent))
        ),
        "intents_removed": tuple(
            sorted(name for name, row in rows.items() if name not in there and (replace or row.source == source))
        ),
    }


def _apply_intents(session: Session, plan: ImportPlan) -> None:
    session.exec(delete(KbIntent).where(col(KbIntent.name).in_(plan.intents_removed)))
    rows = {row.name: row for row in session.exec(select(KbIntent))}
    for intent in plan.intents:
        row = rows.get(intent.name)
        if row is None:
            session.add(KbIntent(name=intent.name, data=intent_values(intent), source=plan.source))
        else:
            row.data, row.source = intent_values(intent), plan.source


def _plan_entries(session: Session, folder: Folder, source: str, replace: bool) -> dict[str, Any]:
    """Gold questions and glossary: entries without a name, which are the same or are not."""
    rows: Sequence[GoldRow | GlossaryRow] = session.exec(select(GoldRow)).all()
    gold, others = _difference(rows, map(gold_values, folder.gold), source, replace)
    terms, more = (0, 0), set[str]()
    if folder.is_glossary_read:
        rows = session.exec(select(GlossaryRow)).all()
        terms, more = _difference(rows, map(term_values, folder.glossary), source, replace)
    return {
        "gold": folder.gold,
        "gold_added": gold[0],
        "gold_removed": gold[1],
        "glossary": folder.glossary,
        "terms_added": terms[0],
        "terms_removed": terms[1],
        "removed_sources": tuple(sorted(others | more)),
    }


def _difference(
    rows: Sequence[GoldRow | GlossaryRow], entries: Iterable[dict[str, Any]], source: str, replace: bool
) -> tuple[tuple[int, int], set[str]]:
    """How many entries come and go, and which other sources go whole."""
    mine = Counter(sha256_of(row.data) for row in rows if row.source == source)
    others = {row.source for row in rows} - {source} if replace else set()
    written = Counter(map(sha256_of, entries))
    removed = (mine - written).total() + sum(row.source in others for row in rows)
    return ((written - mine).total(), removed), others


def _apply_entries(session: Session, plan: ImportPlan) -> None:
    gone = [plan.source, *plan.removed_sources]
    if plan.gold_added or plan.gold_removed:
        session.exec(delete(GoldRow).where(col(GoldRow.source).in_(gone)))
        session.add_all(GoldRow(data=gold_values(question), source=plan.source) for question in plan.gold)
    if plan.terms_added or plan.terms_removed:
        session.exec(delete(GlossaryRow).where(col(GlossaryRow.source).in_(gone)))
        session.add_all(GlossaryRow(data=term_values(term), source=plan.source) for term in plan.glossary)


def _key(article: Article) -> Key:
    return article.id, article.language


def _name(key: Key) -> str:
    return f"{key[0]} ({key[1]})"
