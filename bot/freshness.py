"""Whether an answer may still be given: the release that it rests on may be live no more when it is written down.

Every answer that is kept passes ``require``, in the transaction that keeps it; one that is only shown passes
``is_current`` last. So once a deletion is committed no process cites what was deleted, however late it hears of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlmodel import Session

from bot.compose import Composed
from bot.learning.recall.told import language_of
from bot.speaking import Turn
from kb_content.answering import Answering, Cited, answering, hold, may_be_cited
from store import Database, reading

Citations = Iterable[Mapping[str, Any]]


class Superseded(Exception):
    """What the answer rests on is live no more: the question is to be read anew."""


def require(session: Session, turn: Turn) -> None:
    """Raises Superseded where ``turn`` would say, or have an agent say, what is live no more.

    What it allows stays allowed until the transaction ends; so it comes first in it.
    """
    citations = [one for each in _composed(turn) for one in each.detail["citations"]]
    if turn.serving is None or not citations:
        return
    if not _may_be_said(session, hold(session), turn.serving.release_id, citations):
        raise Superseded


def is_still_said(session: Session, detail: Mapping[str, Any]) -> bool:
    """Whether what was kept of a composed answer (``release``, ``citations``) may be said now; if so, it may until the
    transaction ends."""
    citations = detail.get("citations") or ()
    return not citations or _may_be_said(session, hold(session), detail.get("release"), citations)


def is_current(database: Database, release_id: int, citations: Citations) -> bool:
    """Whether an answer of this release with these citations is one that may be given now. Reads only."""
    with reading(database) as session:
        return _may_be_said(session, answering(session), release_id, citations)


def _may_be_said(session: Session, now: Answering, release_id: int | None, citations: Citations) -> bool:
    # A folder that is served from a scratch database has no release.
    if not release_id or now.live is None or release_id in now:
        return True
    cited = set(map(_cited, citations))
    return None not in cited and may_be_cited(session, {one for one in cited if one is not None})


def _cited(citation: Mapping[str, Any]) -> Cited | None:
    language = language_of(citation)
    return None if language is None else (str(citation["article"]), language, int(citation["version"]))


def _composed(turn: Turn) -> Iterator[Composed]:
    if turn.composed is not None:
        yield turn.composed
    if turn.rest is not None:
        yield from _composed(turn.rest)
