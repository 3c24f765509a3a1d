"""The working state with drafts laid over it: what a release with these drafts is made of. Nothing is stored here."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session, col, select

from kb_content.articles import Article, Contents, PublishedArticle, Sentence
from kb_content.errors import DraftOutdated, NoSuchDraft
from kb_content.folder import normal_question
from kb_content.glossary_file import term_from
from kb_content.gold_file import gold_from
from kb_content.intent_file import intent_from
from kb_content.models import ArticleVersion, GoldRow, KbArticle
from kb_content.passages import split
from kb_content.proposals import accepted_from, accepted_values, with_questions
from kb_content.studio.models import Draft, DraftKind
from kb_content.studio.sources import inherited_source
from kb_content.studio.values import article_of, values_of
from kb_content.studio.working import (
    WRITTEN,
    current_versions,
    find_article,
    find_version,
    glossary_now,
    intents_now,
    is_term,
    sentences_now,
    state_under,
)
from kb_content.versions import article_from, article_sha256, passages_from, version_of

Version = tuple[KbArticle, ArticleVersion]
_NO_MOMENT = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Change:
    """What one draft changes when it is published. ``version``: of an article; None where it goes."""

    draft: Draft
    base_sha256: str
    """Of what the KB says now."""
    row: KbArticle | None = None
    version: ArticleVersion | None = None
    data: dict[str, Any] | None = None


@dataclass(frozen=True)
class Laid:
    """The working state with drafts over it. Rows and versions that have no id yet are in no session."""

    versions: tuple[Version, ...]
    intents: list[dict[str, Any]]
    glossary: list[dict[str, Any]]
    sentences: list[dict[str, Any]]
    questions: list[dict[str, Any]]
    """Those that were accepted, as a release keeps them, without what these drafts delete."""
    changes: tuple[Change, ...]


def lay_over(session: Session, drafts: Collection[int], now: datetime) -> Laid:
    """The working state as it is with the drafts of these ids. Only reads.

    Raises NoSuchDraft; see ``refuse_outdated`` for drafts that the KB has left behind.
    """
    changes = tuple(_change(session, draft, now) for draft in _drafts(session, drafts))
    return Laid(
        versions=_versions(current_versions(session), changes),
        intents=_named(intents_now(session), changes),
        glossary=_terms(glossary_now(session), changes),
        sentences=_sentences(sentences_now(session), changes),
        questions=_without_deleted(session, accepted_values(session), changes),
        changes=changes,
    )


def refuse_outdated(changes: Sequence[Change]) -> None:
    """Raises DraftOutdated for a draft that would silently take back what the KB was given after it was begun."""
    for change in changes:
        if change.draft.base_sha256 != change.base_sha256:
            raise DraftOutdated(
                f"`{change.draft.name}` was changed in the knowledge base after its draft was begun: open the draft, "
                "take over what changed, and publish again."
            )


def answerable(session: Session, there: Collection[str]) -> list[dict[str, Any]]:
    """The gold questions that a release with these articles can be held against: theirs, and those that expect none."""
    rows = session.exec(select(GoldRow).order_by(col(GoldRow.id)))
    return [row.data for row in rows if not row.data["expect"] or not set(there).isdisjoint(row.data["expect"])]


def contents_with(session: Session, drafts: Collection[int], now: datetime | None = None) -> Contents:
    """The working state with these drafts, in memory: for a look at what they would do. Only reads.

    A changed article has the number that comes after its newest, which nothing has yet.
    """
    laid = lay_over(session, drafts, now or _NO_MOMENT)
    accepted = accepted_from(laid.questions)
    return Contents(
        articles=tuple(
            PublishedArticle(
                with_questions(article_from(row, version), accepted), version.number, passages_from(row, version)
            )
            for row, version in laid.versions
        ),
        intents=tuple(map(intent_from, laid.intents)),
        gold=tuple(map(gold_from, answerable(session, {row.article_id for row, _ in laid.versions}))),
        glossary=tuple(map(term_from, laid.glossary)),
        sentences=tuple(Sentence(**values) for values in laid.sentences),
    )


def _drafts(session: Session, ids: Collection[int]) -> list[Draft]:
    if not ids:
        return []
    found = session.exec(select(Draft).where(col(Draft.id).in_(ids)).order_by(col(Draft.id))).all()
    if len(found) < len(set(ids)):
        raise NoSuchDraft
    return list(found)


def _change(session: Session, draft: Draft, now: datetime) -> Change:
    base = state_under(session, draft).sha256
    if draft.kind is not DraftKind.ARTICLE:
        return Change(draft, base, data=None if draft.is_removal else values_of(draft))
    row = find_article(session, draft.name, draft.language) or KbArticle(
        article_id=draft.name, language=draft.language, source=WRITTEN
    )
    if draft.is_removal:
        return Change(draft, base, row)
    article = article_of(draft)
    known = _known_version(session, row, article)
    return Change(draft, base, row, known or _new_version(session, row, article, draft, now))


def _known_version(session: Session, row: KbArticle, article: Article) -> ArticleVersion | None:
    """The version that says this already: the current one, or the newest, which a check kept from going live."""
    for number in (row.current, row.newest):
        version = find_version(session, row, number) if row.id else None
        if version is not None and _says(version, article):
            return version
    return None


def _says(version: ArticleVersion, article: Article) -> bool:
    """A source that the version only inherited is no difference."""
    inherited = article.translated_from or version.meta.get("translated_from")
    return version.sha256 in (article_sha256(article), article_sha256(replace(article, translated_from=inherited)))


def _new_version(session: Session, row: KbArticle, article: Article, draft: Draft, now: datetime) -> ArticleVersion:
    number = row.newest + 1
    if article.translated_from is None:
        article = replace(article, translated_from=inherited_source(session, row.article_id, row.language))
    return version_of(row, number, article, split(article, number), now, draft.changed_by)


def _versions(current: Sequence[Version], changes: Sequence[Change]) -> tuple[Version, ...]:
    held = {(row.article_id, row.language): (row, version) for row, version in current}
    for change in changes:
        key = (change.draft.name, change.draft.language)
        if change.row is not None and change.version is not None:
            held[key] = (change.row, change.version)
        elif change.row is not None:
            held.pop(key, None)
    return tuple(held[key] for key in sorted(held))


def _named(intents: list[dict[str, Any]], changes: Sequence[Change]) -> list[dict[str, Any]]:
    held = {data["name"]: data for data in intents}
    for change in _of(changes, DraftKind.INTENT):
        held.pop(change.draft.name, None)
        if change.data is not None:
            held[change.draft.name] = change.data
    return [held[name] for name in sorted(held)]


def _terms(glossary: list[dict[str, Any]], changes: Sequence[Change]) -> list[dict[str, Any]]:
    for change in _of(changes, DraftKind.TERM):
        draft, data = change.draft, change.data
        places = [place for place, one in enumerate(glossary) if is_term(one, draft.name, draft.language)]
        first = places[0] if places else len(glossary)
        rest = [one for place, one in enumerate(glossary) if place not in places]
        glossary = rest if data is None else [*rest[:first], data, *rest[first:]]
    return glossary


def _sentences(sentences: list[dict[str, Any]], changes: Sequence[Change]) -> list[dict[str, Any]]:
    held = {(one["key"], one["language"]): one for one in sentences}
    for change in _of(changes, DraftKind.SENTENCE):
        key = (change.draft.name, change.draft.language)
        held.pop(key, None)
        if change.data is not None:
            held[key] = change.data
    return [held[key] for key in sorted(held)]


def deleted_questions(before: ArticleVersion | None, after: ArticleVersion) -> set[str]:
    """The article's questions that its next version has no more: an editor deleted them, wherever they came from."""
    had = (before.meta.get("questions") or ()) if before else ()
    return set(had) - set(after.meta.get("questions") or ())


def _without_deleted(
    session: Session, accepted: list[dict[str, Any]], changes: Sequence[Change]
) -> list[dict[str, Any]]:
    gone: dict[tuple[str, str], set[str]] = {}
    for change in changes:
        if change.row is not None and change.version is not None and change.row.id is not None:
            before = find_version(session, change.row, change.row.current)
            deleted = map(normal_question, deleted_questions(before, change.version))
            gone[change.row.article_id, change.row.language] = set(deleted)
    kept = [one | {"questions": _kept(one, gone)} for one in accepted]
    return [one for one in kept if one["questions"]]


def _kept(one: dict[str, Any], gone: dict[tuple[str, str], set[str]]) -> list[str]:
    deleted = gone.get((one["article"], one["language"]), set())
    return [question for question in one["questions"] if normal_question(question) not in deleted]


def _of(changes: Sequence[Change], kind: DraftKind) -> list[Change]:
    return [change for change in changes if change.draft.kind is kind]
