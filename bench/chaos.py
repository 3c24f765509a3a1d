"""Customers on Telegram, Slack and the web chat while everything breaks: what is lost, and what is said twice.

``make chaos ARGS="--messages 10000 --seconds 600 --seed 7 --database postgresql"``. Processes are killed about every
second, one platform call in ten goes wrong, events come twice and out of turn, and PostgreSQL crashes now and then.
Exits with 1 when a promise of ``docs/reliability.md`` was broken, and says which.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def main(words: list[str]) -> int:
    options = _options(words)
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    from chaos.lives import nursery
    from chaos.storm import Storm, weathered
    from chaos.verdict import table

    storm = Storm(
        options.database,
        options.seed,
        options.seconds,
        options.messages,
        faults=options.faults,
        kill_every=options.kill_every,
        crash_every=options.crash_every,
        report_every=10.0,
    )
    say(f"chaos on {storm.database}, {storm.replicas} process(es), seed {storm.seed}")
    with tempfile.TemporaryDirectory(prefix="firstline-chaos-") as folder, nursery(Path(folder)) as lives:
        verdict, course = weathered(storm, lives, Path(folder), say)
        say(table(_rows(verdict, course)))
        for fault in verdict.faults:
            say(f"BROKEN: {fault}")
        if verdict.faults and course.log is not None:
            say(f"The last words of its processes:\n{course.log.read_text(errors='replace')[-20_000:]}")
    return 1 if verdict.faults else 0


def _options(words: list[str]) -> argparse.Namespace:
    options = argparse.ArgumentParser(prog="make chaos ARGS=…", description=__doc__)
    options.add_argument("--database", choices=("sqlite", "postgresql"), default="postgresql")
    options.add_argument("--messages", type=int, default=1_000)
    options.add_argument("--seconds", type=float, default=120.0, help="how long the messages are spread over")
    options.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    options.add_argument("--faults", type=float, default=0.1, help="share of platform calls that go wrong")
    options.add_argument("--kill-every", type=float, default=1.0, help="seconds, on average")
    options.add_argument("--crash-every", type=float, default=20.0, help="seconds between crashes of PostgreSQL")
    return options.parse_args(words)


def _rows(verdict: Any, course: Any) -> Iterator[tuple[str, Any]]:
    yield "messages and presses of customers", f"{verdict.acts.total()} ({_by_channel(verdict.acts)})"
    yield "words to customers", f"{verdict.words_out.total()} ({_by_channel(verdict.words_out)})"
    yield "seconds", f"{course.seconds:.0f}, then {course.settled_after:.0f} until all was quiet"
    yield "processes killed", course.kills
    yield "crashes of the database", course.crashes
    yield "platform calls that went wrong", sum(course.met.values())
    for name, count in sorted(course.met.items()):
        yield f"  {name}", count
    yield "lost", verdict.lost
    yield "answered twice", verdict.answered_twice.total()
    for channel in sorted(verdict.words_out):
        extra, most = verdict.extra_copies[channel], verdict.most_extra[channel]
        yield f"extra copies on {channel}", f"{extra}, at most {most} of one message"
    yield "extra copies of what was never in doubt", verdict.without_doubt
    yield "talks out of order", verdict.out_of_order
    yield "rows stuck", verdict.stuck
    yield "messages set aside", verdict.parked
    yield "deliveries failed", verdict.failed
    yield "shown to an agent as uncertain", verdict.uncertain


def _by_channel(counted: Any) -> str:
    return ", ".join(f"{channel} {count}" for channel, count in sorted(counted.items()))


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
