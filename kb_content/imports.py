"""Importing a folder: first a plan that can be shown, then the plan carried out."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from kb_content.agreed_rows import agree, agreed, identity
from kb_content.agreement import ARTICLE, Named, Side, Verdict
from kb_content.article_file import canonical
from kb_content.articles import Article
from kb_content.errors import ImportOutdated
from kb_content.folder import Folder
from kb_content.import_entries import apply_entries, plan_all_entries
from kb_content.import_plan import ImportPlan, Key, key_of
from kb_content.import_record import Before, keep_record
from kb_content.models import ArticleVersion, KbArticle
from kb_content.passages import split
from kb_content.proposals import withdraw
from kb_content.settling import Held, Merge
from kb_content.versions import article_sha256, is_same_content, new_version
from store.audit import record
from store.changes import note_change


@dataclass(frozen=True)
class _Known:
    row: KbArticle
    sha256: str
    meta: Mapping[str, Any]


def plan_import(
    session: Session,
    folder: Folder,
    source: str,
    replace: bool = False,
    prefer: Side | None = None,
    decided: Mapping[str, Side] | None = None,
) -> ImportPlan:
    """What makes the KB equal to ``folder`` for what came from ``source``. Only reads.

    Articles of other sources stay, unless ``replace``: then everything that is not in ``folder`` goes, the sample too.
    What is in the folder but could not be read stays as it is, and so does what was changed here and not there. What
    was changed in both is a conflict: it stays as it is here unless ``prefer``, or ``decided`` by its name, says
    whose counts.
    """
    known = _known(session)
    recorded = folder.recorded if folder.recorded_by and folder.recorded_by == identity(session) else {}
    merge = Merge(source, replace, agreed(session), recorded, prefer, decided or {})
    articles = {_named(key_of(article)): canonical(article) for article in folder.articles}
    held = {_named(key): _held(one) for key, one in known.items()}
    theirs = {named: _written(article, held.get(named), merge) for named, article in articles.items()}
    settled = merge.settle(theirs, held, lambda named: named.name in folder.unread_articles)
    taken = {named: articles[named] for named in settled.taken if named in articles}
    there = {named for named, one in held.items() if one.sha256}
    coming = [article for named, article in articles.items() if settled.verdicts[named] in (Verdict.TAKE, Verdict.SAME)]
    return ImportPlan(
        source=source,
        added=tuple(article for named, article in taken.items() if named not in there),
        changed=tuple(article for named, article in taken.items() if named in there),
        archived=tuple(_key(named) for named in settled.taken if named not in articles),
        unchanged=tuple(article for article in coming if _named(key_of(article)) not in taken),
        taken_over=tuple(key_of(one) for one in coming if _follows_another(known.get(key_of(one)), source)),
        unread=tuple(_key(named) for named in sorted(there) if _is_unread(named, held[named], folder, articles, merge)),
        articles=settled,
        passages={key_of(article): split(article, 0) for article in taken.values()},
        seen={_key(named): held[named].sha256 if named in held else "" for named in settled.taken},
        **plan_all_entries(session, folder, merge),
    )


def apply_import(
    session: Session, plan: ImportPlan, now: datetime, actor: str = "system", import_id: int | None = None
) -> int | None:
    """Carry out ``plan`` in the transaction of ``session``. A second time changes nothing.

    Returns the id by which it can be undone, ``import_id`` where it was asked for as that; None if nothing changed.
    Raises ImportOutdated where the KB was changed after it was planned.
    """
    known, before = _known(session, is_held=True), Before()
    _refuse_outdated(plan, known)
    coming = (*plan.added, *plan.changed, *plan.unchanged)
    rows = _rows(session, known, coming, plan.source)
    for article in coming:
        with before.article(rows[key_of(article)]):
            _keep(session, rows[key_of(article)], known.get(key_of(article)), article, plan, now)
    for key in plan.archived:
        if key in known and known[key].row.archived_at is None:
            with before.article(known[key].row):
                known[key].row.archived_at = now
            note_change(session, "article", known[key].row.id or 0, now, known[key].row.current)
    apply_entries(session, plan, before)
    _agree(session, plan, before)
    withdraw(session, _deleted_questions(known, plan), actor, now)
    record(session, actor, "kb.import", "kb", None, now, source=plan.source, summary=plan.summary())
    return keep_record(session, plan, before, now, actor, import_id)


def _known(session: Session, is_held: bool = False) -> dict[Key, _Known]:
    """Every article that there is, archived ones too, with what its current version says. ``is_held``: nobody else
    changes them before this transaction ends."""
    current = (KbArticle.id == ArticleVersion.kb_article_id) & (KbArticle.current == ArticleVersion.number)
    query = select(KbArticle, ArticleVersion.sha256, ArticleVersion.meta).where(current).order_by(col(KbArticle.id))
    found = session.exec(query.with_for_update(of=KbArticle) if is_held else query)
    return {(row.article_id, row.language): _Known(row, sha256, meta) for row, sha256, meta in found}


def _held(one: _Known) -> Held:
    return Held(one.sha256 if one.row.archived_at is None else "", one.row.source)


def _written(article: Article, held: Held | None, merge: Merge) -> str:
    """The hash of what the folder says. A ``translated_from`` that only an export added is no change."""
    sha256 = article_sha256(article)
    if not article.translated_from:
        return sha256
    named = _named(key_of(article))
    without = article_sha256(replace(article, translated_from=None))
    known = (held.sha256 if held else "", merge.agreed.get(named, ""))
    return without if without in known and sha256 not in known else sha256


def _is_unread(named: Named, held: Held, folder: Folder, read: Container[Named], merge: Merge) -> bool:
    """Whether it stays although the folder does not say it: its file is there and could not be read."""
    is_meant = merge.replace or held.source == merge.source
    return is_meant and named not in read and named.name in folder.unread_articles


def _refuse_outdated(plan: ImportPlan, known: Mapping[Key, _Known]) -> None:
    """What somebody changed between planning and now would be lost. Carried out already is no change."""
    coming = {key_of(article): article for article in (*plan.added, *plan.changed)}
    for key, seen in plan.seen.items():
        held = _held(known[key]).sha256 if key in known else ""
        article = coming.get(key)
        if held not in (seen, article_sha256(article) if article else ""):
            raise ImportOutdated(f"{_named(key)} was changed while the import was being looked at. Look at it again.")


def _follows_another(one: _Known | None, source: str) -> bool:
    return one is not None and one.row.source != source and one.row.archived_at is None


def _rows(session: Session, known: dict[Key, _Known], articles: Sequence[Article], source: str) -> dict[Key, KbArticle]:
    """The row of each article; all new ones get their ids in one go."""
    rows = {key: one.row for key, one in known.items()}
    # Of a draft that never went live there is a row already, which nothing holds.
    never = session.exec(select(KbArticle).where(KbArticle.current == 0))
    rows |= {(row.article_id, row.language): row for row in never}
    made = {
        key_of(article): KbArticle(article_id=article.id, language=article.language, source=source)
        for article in articles
        if key_of(article) not in rows
    }
    session.add_all(made.values())
    session.flush()
    return rows | made


def _deleted_questions(known: dict[Key, _Known], plan: ImportPlan) -> dict[Key, set[str]]:
    """The questions that a changed article had in its file before and has no more."""
    return {
        key_of(article): set(known[key_of(article)].meta.get("questions") or ()) - set(article.questions)
        for article in plan.changed
        if key_of(article) in known
    }


def _keep(
    session: Session, row: KbArticle, known: _Known | None, article: Article, plan: ImportPlan, now: datetime
) -> None:
    is_same = known is not None and is_same_content(article, known.sha256, known.meta)
    if is_same and row.archived_at is None and row.source == plan.source:
        return
    row.source, row.archived_at = plan.source, None
    if not is_same:
        passages = plan.passages.get(key_of(article)) or split(article, 0)
        session.add(new_version(row, article, passages, now))
        row.current = row.newest
    note_change(session, "article", row.id or 0, now, row.current)


def _agree(session: Session, plan: ImportPlan, before: Before) -> None:
    changed: dict[Named, str] = {}
    for settled in plan.settled:
        changed |= settled.agreed
    if changed:
        known = agreed(session)
        before.agreed = {named: known.get(named) for named in changed}
        agree(session, changed)


def _named(key: Key) -> Named:
    return Named(ARTICLE, *key)


def _key(named: Named) -> Key:
    return named.name, named.language


__all__ = ["ImportPlan", "apply_import", "plan_import"]
