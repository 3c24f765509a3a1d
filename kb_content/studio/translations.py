"""Articles in several languages as one: which language is missing, and what was changed since it was translated."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from kb_content.article_file import source_digest
from kb_content.articles import Article
from kb_content.errors import DraftRefused
from kb_content.language import normal_tag
from kb_content.studio.drafts import begin, draft_of, get, save
from kb_content.studio.models import Draft, DraftKind
from kb_content.studio.sources import (
    DIGITS,
    SOURCE_LANGUAGE,
    Version,
    inherited_source,
    made_from,
    of_article,
    source_among,
)
from kb_content.studio.values import content_of
from kb_content.studio.working import current_versions
from kb_content.versions import article_from


@dataclass(frozen=True)
class Translation:
    """One language of an article that is not the one it was written in. ``is_behind``: the source changed since."""

    language: str
    title: str
    is_behind: bool


@dataclass(frozen=True)
class Pair:
    """All languages of one article. ``source`` is None where nobody can tell which came first."""

    article_id: str
    title: str
    """In the language that it was written in, else in its first."""
    source: str | None
    languages: tuple[str, ...]
    translations: tuple[Translation, ...]
    missing: tuple[str, ...]

    @property
    def is_complete(self) -> bool:
        return not self.missing and not any(one.is_behind for one in self.translations)


def translation_state(session: Session, languages: Collection[str] | None = None) -> list[Pair]:
    """Every article with its languages, by id. Missing is what of ``languages`` it lacks; without, those that more
    than half of all articles have. Archived articles are in none."""
    held: dict[str, dict[str, Version]] = defaultdict(dict)
    for row, version in current_versions(session):
        held[row.article_id][row.language] = (row, version)
    wanted = usual_languages(held) if languages is None else sorted(languages)
    return [_pair(session, article_id, held[article_id], wanted) for article_id in sorted(held)]


def behind(session: Session, article_id: str) -> frozenset[str]:
    """The languages of the article whose source was changed since they were translated."""
    held = of_article(session, article_id)
    source = source_among(held)
    if source is None:
        return frozenset()
    others = ((language, version) for language, version in held.items() if language != source)
    return frozenset(language for language, version in others if _is_behind(session, version, held[source]))


def usual_languages(held: Mapping[str, Collection[str]]) -> list[str]:
    """The languages that more than half of the articles have."""
    count = Counter(language for languages in held.values() for language in languages)
    return sorted(language for language, number in count.items() if 2 * number > len(held))


def source_of(session: Session, article_id: str, language: str) -> Article | None:
    """What the article in ``language`` is to be translated from; None where there is nothing else, or it is itself the
    source."""
    held = of_article(session, article_id)
    others = {name: version for name, version in held.items() if name != language}
    source = source_among(held)
    if source == language or not others:
        return None
    return article_from(*others.get(source or "", others.get(SOURCE_LANGUAGE, next(iter(others.values())))))


def begin_translation(
    session: Session, article_id: str, language: str, staff_id: int | None, now: datetime, actor: str = ""
) -> Draft:
    """A draft of the article in ``language``, which says what it is translated from; its words are still to be written.

    Raises BadName, or DraftRefused where there is nothing to translate from.
    """
    language = normal_tag(language.strip()) or language
    source = source_of(session, article_id, language)
    if source is None:
        raise DraftRefused("There is nothing to translate this from: write it in another language first.")
    there = draft_of(session, DraftKind.ARTICLE, article_id, language)
    if there is not None or language in of_article(session, article_id):
        return there or begin(session, DraftKind.ARTICLE, article_id, language, staff_id, now, actor=actor)
    content = content_of(source) | {"title": "", "body": "", "questions": [], "extra": {}}
    content["translated_from"] = source_digest(source)
    origin = f"translation:{source.language}"
    return begin(session, DraftKind.ARTICLE, article_id, language, staff_id, now, origin, content, actor)


def mark_translated(
    session: Session, draft_id: int, revision: int, staff_id: int | None, now: datetime, actor: str = ""
) -> Draft:
    """Its text says what the source says now. Raises as ``drafts.save``, and DraftRefused without a source."""
    draft = get(session, draft_id)
    source = source_of(session, draft.name, draft.language) if draft.kind is DraftKind.ARTICLE else None
    if source is None:
        raise DraftRefused("This was not translated from anything.")
    content = draft.content | {"translated_from": source_digest(source)}
    return save(session, draft_id, revision, content, staff_id, now, actor)


def is_draft_behind(session: Session, draft: Draft, source: Article) -> bool:
    """Whether ``source`` says something else than when what ``draft`` says was translated from it: what the draft
    itself names, else what the translation was made from that it is a draft of."""
    written = str(draft.content.get("translated_from") or "") or inherited_source(session, draft.name, draft.language)
    return bool(written) and str(written)[:DIGITS] != source_digest(source)


def _pair(session: Session, article_id: str, held: Mapping[str, Version], wanted: Collection[str]) -> Pair:
    source = source_among(held)
    first = held[source] if source else next(iter(held.values()))
    return Pair(
        article_id=article_id,
        title=first[1].title,
        source=source,
        languages=tuple(held),
        translations=tuple(
            Translation(language, version.title, _is_behind(session, (row, version), first))
            for language, (row, version) in held.items()
            if source is not None and language != source
        ),
        missing=tuple(language for language in wanted if language not in held),
    )


def _is_behind(session: Session, translation: Version, source: Version) -> bool:
    return made_from(session, translation, source) != source_digest(article_from(*source))
