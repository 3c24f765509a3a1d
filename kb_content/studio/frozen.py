"""The history of intents, terms and the bot's own sentences: what each release that customers got says of one.

They have no versions as articles do; every release froze them, so it is read there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select as rows_of
from sqlmodel import Session, col

from kb_content.errors import DraftRefused, NoSuchRelease
from kb_content.glossary_file import same_word
from kb_content.models import Release, ReleaseState
from kb_content.studio.drafts import begin, mark_removal, save
from kb_content.studio.models import Draft, DraftKind
from kb_content.studio.values import Content

LOOKED_THROUGH = 200
"""Releases, the newest ones: each holds all of its intents, terms and sentences."""
_COLUMNS = {
    DraftKind.INTENT: col(Release.intents),
    DraftKind.TERM: col(Release.glossary),
    DraftKind.SENTENCE: col(Release.sentences),
}


@dataclass(frozen=True)
class Frozen:
    """What a thing was from a release on, until the next of these. ``content`` is None where it was not there."""

    release_id: int
    live_at: datetime
    content: Content | None
    is_live: bool


def history_of(session: Session, kind: DraftKind, name: str, language: str) -> list[Frozen]:
    """Where it changed from one live release to the next, the newest first; none for what never was in one."""
    # Without what was fitted on it, which is large.
    query = (
        rows_of(col(Release.id), col(Release.live_at), col(Release.state), _COLUMNS[kind])
        .where(col(Release.live_at).is_not(None))
        .order_by(col(Release.live_at).desc(), col(Release.id).desc())
        .limit(LOOKED_THROUGH)
    )
    found = [
        Frozen(release_id or 0, live_at, frozen_in(kind, values, name, language), state is ReleaseState.LIVE)
        for release_id, live_at, state, values in session.execute(query)
        if live_at is not None
    ]
    return changes(found)


def changes(found: Sequence[Frozen]) -> list[Frozen]:
    """Of releases from the newest to the oldest those with which the content became what it is. Pure."""
    older = [one.content for one in found[1:]] + [None]
    return [one for one, before in zip(found, older, strict=False) if one.content != before]


def frozen_in(kind: DraftKind, values: Iterable[Mapping[str, Any]], name: str, language: str) -> Content | None:
    """What a release's ``values`` say of it, as a draft's content; None where they say nothing. Pure."""
    for one in values:
        if kind is DraftKind.INTENT and one["name"] == name:
            return dict(one)
        if kind is DraftKind.SENTENCE and (one["key"], one["language"]) == (name, language):
            return {"text": one["text"]}
        if kind is DraftKind.TERM and one["language"] == language and same_word(one["term"]) == same_word(name):
            return dict(one)
    return None


def restore_frozen(
    session: Session,
    kind: DraftKind,
    name: str,
    language: str,
    release_id: int,
    staff_id: int | None,
    now: datetime,
    actor: str = "",
) -> Draft:
    """A draft that says what that release says; one that is there already gets it. Where the release did not have the
    thing, the draft takes it out.

    Raises NoSuchRelease, or DraftRefused where there is nothing to take out.
    """
    release = session.get(Release, release_id)
    if release is None:
        raise NoSuchRelease
    values = {
        DraftKind.INTENT: release.intents,
        DraftKind.TERM: release.glossary,
        DraftKind.SENTENCE: release.sentences,
    }
    if kind not in values:
        raise DraftRefused("An article is restored from its versions.")
    content = frozen_in(kind, values[kind], name, language)
    draft = begin(session, kind, name, language, staff_id, now, f"release:{release_id}", actor=actor)
    if content is None:
        return mark_removal(session, draft.id or 0, staff_id, now, actor=actor)
    if draft.is_removal:
        draft = mark_removal(session, draft.id or 0, staff_id, now, False, actor=actor)
    return save(session, draft.id or 0, draft.revision, content, staff_id, now, actor)
