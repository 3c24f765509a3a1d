"""``make bench``: print each figure beside what it is measured against, and whether the goal was met."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

from bench import commands, reading, throughput
from bench.figure import Figure


def main() -> None:
    say(f"Firstline bench, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, Python {platform.python_version()}")
    for figure in _figures():
        say(figure.line())


def _figures() -> Iterator[Figure]:
    for part in (reading, commands, throughput):
        say(f"... {(part.__doc__ or '').strip().splitlines()[0]}")
        yield from part.measure()


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
