"""The quick check: what drafts do to the answers, with the confidence of the live release, while somebody is editing.

No confidence is fitted, only what is new is encoded, and what is made of an article is taken from the live release
where the drafts leave it as it is. The full check, which fits, is ``full``.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bot.learning.rows import Row
from bot.learning.studio.comparing import Compared, Question, compare
from bot.learning.studio.questions import questions
from bot.learning.studio.sides import row_for
from bot.live import policy_of
from bot.own_sentences import own_sentences
from bot.topics import chosen_modes
from kb_content.articles import Contents
from kb_content.errors import KbError
from kb_content.studio.overlay import contents_with
from store import Database, reading

if TYPE_CHECKING:
    from bot.learning.studio.remembering import Memory
    from bot.live import House, Serving
    from retrieval.vectors import VectorCache

_KEPT = 3
"""Drafts that are ready to be asked again, beside the live release."""


class NothingLive(KbError):
    """No release is live yet, so there is nothing to hold a draft against. Publish the knowledge base first."""


@dataclass(frozen=True)
class Checked:
    """What a quick check found. ``release``: the one that the drafts were held against."""

    release: int
    compared: tuple[Compared, ...]


@dataclass
class _Candidate:
    """Drafts ready to be asked, with what they answered already, by text and language."""

    base: Serving
    held: Contents
    serving: Serving
    rows: dict[tuple[str, str], Row] = field(default_factory=dict)


class QuickChecks:
    """Makes quick checks in one process, one after the other. What was asked of the live release is asked once."""

    def __init__(self, house: House) -> None:
        self.house = house
        self._lock = threading.Lock()
        self._memory: Memory | None = None
        self._live: _Candidate | None = None
        self._candidates: list[_Candidate] = []

    def check(self, database: Database, live: Serving | None, drafts: Collection[int]) -> Checked:
        """Hold drafts against the live release on all gold questions and the newest real ones. Only reads.

        Raises NothingLive, or NoSuchDraft.
        """
        if live is None:
            raise NothingLive
        with self._lock:
            candidate, base = self._candidate(database, live, drafts), self._of_live(live)
            with reading(database) as session:
                asked = questions(session)
            before, after = (self._rows(database, one, asked) for one in (base, candidate))
        return Checked(live.release_id, tuple(compare(asked, before, after)))

    def serving_with(self, database: Database, live: Serving | None, drafts: Collection[int]) -> Serving:
        """The drafts as a release that can be asked, with the live confidence. Raises NothingLive, or NoSuchDraft."""
        if live is None:
            raise NothingLive
        with self._lock:
            return self._candidate(database, live, drafts).serving

    def _of_live(self, live: Serving) -> _Candidate:
        if self._live is None or self._live.base is not live:
            serving = replace(live, reader=self._memory_of(live).reader(live.reader))
            self._live = _Candidate(live, Contents(()), serving)
        return self._live

    def _candidate(self, database: Database, live: Serving, drafts: Collection[int]) -> _Candidate:
        from retrieval.sharing import sharing

        with reading(database) as session:
            held = sharing(contents_with(session, drafts), live.shelf.values())
        known = next((one for one in self._candidates if one.base is live and one.held == held), None)
        if known is None:
            known = _Candidate(live, held, self._serve(database, live, held))
        self._candidates = [known, *(one for one in self._candidates if one is not known and one.base is live)][:_KEPT]
        return known

    def _serve(self, database: Database, live: Serving, held: Contents) -> Serving:
        from retrieval.needs import encode_missing, wanted
        from retrieval.reader import Reader
        from retrieval.vectors import load_vectors

        encoders = self._memory_of(live).encoders
        needs = wanted(held, encoders)
        with reading(database) as session:
            vectors: VectorCache = load_vectors(session, needs)
            chosen = chosen_modes(session)
        vectors = {**vectors, **encode_missing(needs, vectors, lambda _sentence: None)}
        reader = Reader.open(held, vectors, live.reader.parameters.to_bytes(), encoders)
        return replace(
            live,
            release_id=0,
            reader=replace(reader, reranker=live.reader.reranker),
            policy=policy_of(self.house, live.policy.threshold, held.intents, held.articles, chosen),
            shelf={(item.article.id, item.article.language): item for item in held.articles},
            sentences=own_sentences(held.sentences),
            writer=None,
        )

    def _memory_of(self, live: Serving) -> Memory:
        from bot.learning.studio.remembering import Memory

        if self._memory is None or self._memory.encoders.names != live.reader.encoders.names:
            self._memory = Memory(live.reader.encoders)
        return self._memory

    def _rows(self, database: Database, candidate: _Candidate, asked: Sequence[Question]) -> list[Row]:
        new = [one for one in asked if (one.text, one.language) not in candidate.rows]
        if new and self._memory is not None:
            self._memory.read(database, candidate.serving.reader, [(one.text, one.language) for one in new])
        for question in new:
            candidate.rows[question.text, question.language] = row_for(
                candidate.serving, question.text, question.language
            )
        return [candidate.rows[question.text, question.language] for question in asked]
