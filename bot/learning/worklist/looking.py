"""One look at the desk and the KB, in a child process of low priority that only reads.

Run as ``python -m bot.learning.worklist.looking``: the order comes as JSON on standard input, what was found goes to
standard output as one line of JSON. Its parent writes it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TextIO

from sqlmodel import Session, select

from bot.learning.outcomes import verdicts
from bot.learning.publish import Fit
from bot.learning.worklist.ageing import out_of_range, stale
from bot.learning.worklist.alike import alike
from bot.learning.worklist.asked import questions_since
from bot.learning.worklist.clusters import Scale, level_of
from bot.learning.worklist.effects import Again, lately, measured, to_ask
from bot.learning.worklist.findings import SPAN, Finding
from bot.learning.worklist.judged import judged
from bot.learning.worklist.keeping import done, known_clusters
from bot.learning.worklist.missing import synonyms, translations
from bot.learning.worklist.models import WorkItem, WorkState
from bot.learning.worklist.replies import replies_in
from bot.learning.worklist.seen import Seen, base
from bot.learning.worklist.unanswered import Space, unanswered
from kb_content import catalogue
from kb_content.articles import Contents
from store import Database, reading

if TYPE_CHECKING:
    from retrieval.encoders import Encoders
    from retrieval.vectors import VectorCache

MEASURED = 60
"""Items whose questions are asked again at a look: those that were published last, then the greatest open ones."""

_FEW = 40
"""Texts of the KB from which on it is known how near its texts usually lie."""


@dataclass(frozen=True)
class Look:
    """What one look found. ``hits``: see ``findings.hit_rate``; ``effects``: by ``effects.name_of``."""

    findings: list[Finding]
    asked: int
    hits: float
    effects: dict[str, dict[str, Any]] = field(default_factory=dict)

    def values(self) -> dict[str, Any]:
        return {**vars(self), "findings": [finding.values() for finding in self.findings]}

    @classmethod
    def of(cls, values: dict[str, Any]) -> Look:
        return cls(**{**values, "findings": [Finding.of(one) for one in values["findings"]]})


def look(database: Database, fit: Fit, now: datetime) -> Look:
    """Everything that there is to do now. Reads only; takes from seconds to minutes."""
    from retrieval.encoders import load_encoders
    from retrieval.needs import wanted
    from retrieval.vectors import load_vectors

    encoders = load_encoders(fit.encoder, lambda sentence: None)
    with reading(database) as session:
        seen, known, published = see(session, now), known_clusters(session), _published(session)
        vectors = load_vectors(session, wanted(seen.held, encoders))
    found = [
        *unanswered(seen, Space(encoders.encode_queries, partial(scale_of, seen.held, encoders, vectors)), known),
        *judged(seen),
        *stale(seen),
        *out_of_range(seen),
        *translations(seen),
        *synonyms(seen),
        *alike(seen, encoders, vectors),
    ]
    again = [to_ask(one) for one in published]
    again += [to_ask(one) for one in sorted(found, key=lambda finding: -finding.lost)]
    measured_now = [one for one in again if one is not None][:MEASURED]
    return Look(found, seen.asked, seen.hits, _effects(database, fit, seen, measured_now))


def scale_of(held: Contents, encoders: Encoders, vectors: VectorCache, language: str) -> Scale:
    """What a cosine of questions in ``language`` means: by the KB's titles and example questions, and by everyday
    questions where those are few."""
    import numpy as np

    from retrieval.background import background_texts
    from retrieval.pieces import Role, pieces_of
    from retrieval.vectors import Kind, key_of

    encoder = encoders.of(language)
    texts = [
        piece.text
        for one in held.articles
        if base(one.article.language) == base(language)
        for piece in pieces_of(one)
        if piece.role in (Role.TITLE, Role.QUESTION)
    ]
    everyday = background_texts(encoder, encoders) if len(texts) < _FEW else []
    keys = dict.fromkeys(key_of(encoder.name, Kind.QUERY, text) for text in (*texts, *everyday))
    rows = [vectors[key] for key in keys if key in vectors]
    return Scale(level_of(np.stack(rows)) if rows else 0.0, encoder.lift)


def see(session: Session, now: datetime) -> Seen:
    """What the finders look at."""
    since = now - 2 * SPAN
    known = verdicts(session, since)
    asked = questions_since(session, since, known)
    doubtful = {one.conversation_id for one in asked if one.is_missed} | {
        one.conversation_id for one in known if not one.is_right
    }
    return Seen(
        now,
        catalogue.contents(session),
        asked,
        known,
        replies_in(session, doubtful),
        done(session),
    )


def _published(session: Session) -> list[WorkItem]:
    """The published items, the newest first."""
    items = session.exec(select(WorkItem).where(WorkItem.state == WorkState.PUBLISHED)).all()
    return sorted(items, key=lambda item: str(item.effect.get("live_at", "")), reverse=True)


def _effects(database: Database, fit: Fit, seen: Seen, again: list[Again]) -> dict[str, dict[str, Any]]:
    """How their questions are answered by what is live."""
    from bot.live import House, Live

    if not again:
        return {}
    live = Live(House("", encoder=fit.encoder, reranker=fit.reranker))
    live.refresh(database)
    if live.serving is None:
        return {}
    return {one.name: {**measured(live.serving, one, seen.now), "lately": lately(seen, one)} for one in again}


def main() -> int:
    """The child's side."""
    from store import open_database

    os.nice(15)
    # A Ctrl-C at the terminal reaches us too; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answer = _own_output()
    order: dict[str, Any] = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    database = open_database(order["url"])
    found = look(database, Fit(**order["fit"]), datetime.fromisoformat(order["now"]))
    database.close()
    answer.write(json.dumps(found.values()) + "\n")
    answer.flush()
    return 0


def _own_output() -> TextIO:
    """Our standard output, for the one line that our parent reads; what is logged goes where errors go."""
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return answer


def _end_with_parent() -> None:
    """The parent keeps our standard input open: when it ends, however it ends, so do we."""
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    raise SystemExit(main())
