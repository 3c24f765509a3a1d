"""The worklist: the top ten items of the demo's desk worked as they are offered, and what that is worth."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlmodel import select

from bench.figure import Figure
from kb_content.articles import Contents, GoldQuestion
from retrieval.texts import plain_key

if TYPE_CHECKING:
    from bot.learning.evaluation import Report
    from bot.learning.rows import Row
    from bot.learning.worklist.models import WorkItem
    from store import Database

TOP, DAYS = 10, 14
PRECISION = "0.95"
DRAWS, SEED = 1_000, 20261122


@dataclass(frozen=True)
class Worked:
    """An item and the article that it was worked in, with the words that the draft was given."""

    item: WorkItem
    article: str
    given: frozenset[str]


@dataclass(frozen=True)
class Asked:
    """A question of the demo's log. ``expect``: what answers it once the items are worked; ``item``: its item's id."""

    question: GoldQuestion
    item: int | None = None


def measure() -> Iterator[Figure]:
    """Nobody improves what the worklist offers: the drafts are published as they are prefilled, half of each cluster
    unseen. Asked are the questions of the demo's log whose right answer is known, less those that a draft was given."""
    with tempfile.TemporaryDirectory(prefix="firstline-bench-") as folder:
        database = _played(Path(folder))
        worked, before, after, log = _work(database)
        database.close()
    kinds = Counter(one.item.kind.value for one in worked)
    yield Figure(
        f"items worked ({', '.join(f'{n} {kind}' for kind, n in sorted(kinds.items()))})", len(worked), "", digits=0
    )
    held_out = [one for one in log if one.item is not None]
    yield Figure("questions asked whose right answer is known", len(log), "", digits=0)
    yield Figure("of them about the worked items, in no draft", len(held_out), "", digits=0)
    then, now = _report(before, log), _report(after, log)
    yield from _compared(log, then, now)


def _compared(log: Sequence[Asked], then: Report, now: Report) -> Iterator[Figure]:
    for name, report in (("before", then), ("after", now)):
        point = report.figures["operating_point"]
        yield Figure(f"coverage at a precision of 95 %, {name}", report.figures["coverage_at"][PRECISION], "", digits=3)
        yield Figure(f"at its own threshold: coverage, {name}", point["coverage"], "", digits=3)
        yield Figure(f"at its own threshold: precision, {name}", point["precision"] or 0.0, "", digits=3)
        own = [row for one, row in zip(log, report.rows, strict=True) if one.item is not None]
        rightly = sum(row.is_answered_rightly for row in own)
        offered = sum(row.is_offered for row in own)
        yield Figure(f"held-out questions of the items answered rightly, {name}", rightly, f"of {len(own)}", digits=0)
        yield Figure(f"held-out questions of the items offered, {name}", offered, f"of {len(own)}", digits=0)
    for level in ("0.90", PRECISION):
        gain = now.figures["coverage_at"][level] - then.figures["coverage_at"][level]
        low, high = _interval(then, now, float(level))
        least = 0.01 if level == PRECISION else None
        yield Figure(f"coverage at a precision of {float(level):.0%}: gained", gain, "", least=least, digits=3)
        yield Figure(f"coverage at a precision of {float(level):.0%}: gained, 95 % interval from", low, "", digits=3)
        yield Figure(f"coverage at a precision of {float(level):.0%}: gained, 95 % interval to", high, "", digits=3)


def _interval(then: Report, now: Report, level: float) -> tuple[float, float]:
    """How much of the gain may be these very questions: both KBs asked ones drawn from them, again and again."""
    import numpy as np

    draw, count = np.random.default_rng(SEED), len(then.rows)
    gains = []
    for _ in range(DRAWS):
        chosen = draw.integers(count, size=count)
        before, after = (_coverage([report.rows[place] for place in chosen], level) for report in (then, now))
        gains.append(after - before)
    low, high = np.quantile(gains, (0.025, 0.975))
    return float(low), float(high)


def _coverage(rows: Sequence[Row], level: float) -> float:
    from retrieval.figures import coverage_at

    answerable = sum(bool(row.expect) for row in rows)
    return coverage_at([row.confidence for row in rows], [row.is_right for row in rows], answerable, level)


def _played(folder: Path) -> Database:
    """The demo's desk, as ``firstline demo`` makes it."""
    from api.cli.demo import apart
    from api.demo.playing import make
    from api.settings import Settings
    from store import migrate, open_database

    settings = apart(Settings(), folder)
    url = f"sqlite:///{folder / 'firstline.db'}"
    migrate.upgrade(url)
    database = open_database(url)
    make(database, settings, datetime.now(UTC), DAYS, lambda sentence: None)
    return database


def _work(database: Database) -> tuple[list[Worked], Contents, Contents, list[Asked]]:
    """Work the top items: (what was worked, the KB before, the KB after, the log)."""
    from bot.learning.publish import Fit
    from bot.learning.worklist.looking import look, see
    from bot.learning.worklist.refreshing import write
    from kb_content.catalogue import contents
    from kb_content.studio.contents import contents_with
    from store import reading, transaction

    now = datetime.now(UTC)
    found = look(database, Fit(), now)
    with transaction(database) as session:
        write(session, found, now)
    worked = _drafts(database, now)
    with reading(database) as session:
        seen = see(session, now)
        after = contents_with(session, sorted({one.item.draft_id or 0 for one in worked}))
        log = _log([one.text for one in seen.questions], worked)
        return worked, contents(session), after, log


def _drafts(database: Database, now: datetime) -> list[Worked]:
    """A draft for each of the greatest items that one can be prefilled for."""
    from bot.learning.worklist.deeds import begin_draft
    from bot.learning.worklist.models import WorkItem, WorkKind, WorkState
    from handoff.actors import OPERATOR
    from store import transaction

    kinds = (WorkKind.UNANSWERED, WorkKind.SYNONYM)
    with transaction(database) as session:
        items = [one for one in session.exec(select(WorkItem)) if one.kind in kinds and one.state is WorkState.OPEN]
        items.sort(key=lambda item: (-float(item.detail["rank"]), -item.count, item.id))
        worked = []
        for item in items[:TOP]:
            draft = begin_draft(session, item.id or 0, "", OPERATOR, now)
            given = (*draft.content["questions"], draft.content["title"])
            worked.append(Worked(item, draft.name, frozenset(map(plain_key, given))))
    return worked


def _log(texts: Sequence[str], worked: Sequence[Worked]) -> list[Asked]:
    """The log's questions with what answers each afterwards: by the sample's gold, or by its matter's item."""
    from api.demo.matters import matters
    from bench.sets import sample
    from bot.learning.masking import masked

    gold = {plain_key(masked(one.text)): one for one in sample().gold}
    of_matter = {plain_key(masked(text)): number for number, one in enumerate(matters()) for text in one.asks}
    homes = _homes(worked, of_matter)
    given = frozenset[str]().union(*(one.given for one in worked))
    asked: list[Asked] = []
    for key, text in {plain_key(text): text for text in texts}.items():
        if key in given:
            continue
        if key in gold:
            asked.append(Asked(GoldQuestion(text, gold[key].language, gold[key].expect)))
        elif key in of_matter:
            number = of_matter[key]
            home, language = homes.get(number), matters()[number].language
            expect = (home.article,) if home else ()
            asked.append(Asked(GoldQuestion(text, language, expect), home.item.id if home else None))
    return asked


def _homes(worked: Sequence[Worked], of_matter: dict[str, int]) -> dict[int, Worked]:
    """The item in which each matter was worked: the one with most of its questions, if it is mostly about it."""
    homes: dict[int, Worked] = {}
    most: Counter[int] = Counter()
    for one in worked:
        keys = [plain_key(question["text"]) for question in one.item.detail["questions"]]
        numbers = Counter(of_matter[key] for key in keys if key in of_matter)
        for number, count in numbers.most_common(1):
            if count * 2 > len(keys) and count > most[number]:
                homes[number], most[number] = one, count
    return homes


def _report(contents: Contents, log: Sequence[Asked]) -> Report:
    """The log asked of a KB that was fitted without it."""
    from bot.learning.evaluation import evaluate
    from bot.learning.publish import Fit
    from bot.live import House
    from retrieval.encoders import load_encoders

    encoders = load_encoders(None, lambda sentence: None)
    return evaluate(contents, [one.question for one in log], encoders, Fit(), House(""))
