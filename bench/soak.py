"""Soak: 10 messages a second for a long while on SQLite; the memory of the server must not climb.

``make soak``: 30 minutes (``ARGS=5`` for so many). The line through its resident memory leaves the first third out, in
which caches fill.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator

import numpy as np

from bench.figure import Figure
from bench.load import Site, encoder_ms, site
from bench.places import answered, slack_threads, talk, tally, telegram_chats, wait_for_answers

RATE, MINUTES = 10, 30
EACH_PLACE = 20
LOOK_SECONDS = 5.0
CLIMB_MB = 20.0
"""What the line may climb in an hour: less than the noise of a few large messages."""


def measure() -> Iterator[Figure]:
    """One site under an even load; its memory is looked at every few seconds."""
    minutes = float(sys.argv[2]) if len(sys.argv) > 2 else MINUTES
    number = int(minutes * 60 * RATE)
    with site("soak", 0, encoder_ms()) as running:
        places = [*telegram_chats(running.telegram, number // EACH_PLACE // 2 + 1)]
        places += slack_threads(running.team, number // EACH_PLACE // 2 + 1)
        questions = answered(running.servers[0], -(-number // len(places)))
        seen: list[tuple[float, float]] = []
        done = threading.Event()
        watcher = threading.Thread(target=_watch, args=(running, seen, done))
        watcher.start()
        talk(places, questions, number, RATE, running.has_ended)
        if not running.has_ended():
            wait_for_answers(places)
        done.set()
        watcher.join()
        if running.has_ended():
            last = " ".join(running.servers[0].errors[-1:])
            sys.exit(f"The server ended after {seen[-1][0] * 60 if seen else 0:.1f} minutes. Its last line: {last}")
    found, (hours, megabytes) = tally(places), np.array(seen).T
    late = hours > hours[-1] / 3
    yield Figure("soak: messages", number, f"in {minutes:g} minutes", digits=0)
    yield Figure("soak: from said to answered, p95", found.percentile(95), "ms")
    yield Figure("soak: lost, twice or out of order", found.lost + found.twice + found.disordered, "", goal=0)
    yield Figure("soak: memory at the end", megabytes[-1], "MB")
    yield Figure("soak: memory climbs", np.polyfit(hours[late], megabytes[late], 1)[0], "MB/h", goal=CLIMB_MB)


def _watch(running: Site, seen: list[tuple[float, float]], done: threading.Event) -> None:
    started = time.monotonic()
    while not done.wait(LOOK_SECONDS) and not running.has_ended():
        hours, megabytes = (time.monotonic() - started) / 3600, running.resident_mb()
        seen.append((hours, megabytes))
        if len(seen) % 12 == 0:
            sys.stdout.write(f"... {hours * 60:.0f} min, {megabytes:.0f} MB\n")
            sys.stdout.flush()
