"""The editors' studio: how many bad edits of the sample's articles are caught, and how many harmless ones held up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from bench import importing, quick_check, worklist
from bench.figure import Figure
from bench.studio_edits import BAD, HARMLESS, Edited, draw
from handoff.surveys.intervals import share
from kb_content.catalogue import sample_folder
from kb_content.folder import read_folder
from kb_content.studio.content_check import changes

BAD_EDITS, HARMLESS_EDITS, SEED = 360, 360, 20261122
GOAL_CAUGHT, GOAL_HELD = 95.0, 5.0


def measure() -> Iterator[Figure]:
    """Each edit alone, against the article as it is."""
    articles = read_folder(sample_folder()).articles
    bad = list(draw(BAD, articles, BAD_EDITS, SEED))
    harmless = list(draw(HARMLESS, articles, HARMLESS_EDITS, SEED + 1))
    yield from _shares("bad edits caught", bad, least=GOAL_CAUGHT)
    yield from _shares("harmless edits held up", harmless, goal=GOAL_HELD)
    yield from quick_check.measure()
    yield from worklist.measure()
    yield from importing.measure()


def _shares(what: str, edits: list[Edited], goal: float | None = None, least: float | None = None) -> Iterator[Figure]:
    by_name: dict[str, list[bool]] = defaultdict(list)
    for edited in edits:
        by_name[edited.name].append(bool(changes(edited.before, edited.after)))
    for name, found in by_name.items():
        yield Figure(f"{what}: {name} ({sum(found)} of {len(found)})", 100 * sum(found) / len(found), "%", digits=1)
    all_of_them = [one for found in by_name.values() for one in found]
    hits, total = sum(all_of_them), len(all_of_them)
    interval = share(hits, total)
    yield Figure(f"{what} ({hits} of {total})", 100 * hits / total, "%", goal=goal, least=least, digits=1)
    yield Figure(f"{what}, 95 % interval from", 100 * (interval.lower or 0), "%", digits=1)
    yield Figure(f"{what}, 95 % interval to", 100 * (interval.upper or 0), "%", digits=1)
