"""``make bench``: print each figure beside what it is measured against, and whether the goal was met.

``python -m bench channels`` measures one part alone: the long ones are not among those of ``make bench``.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

from bench import (
    answers,
    channels,
    commands,
    desk,
    encoding,
    importing,
    load,
    peers,
    reading,
    soak,
    studio,
    throughput,
    worklist,
)
from bench.figure import Figure

SHORT = {"reading": reading, "encoding": encoding, "commands": commands, "throughput": throughput}
LONG = {
    "answers": answers,
    "channels": channels,
    "desk": desk,
    "importing": importing,
    "load": load,
    "peers": peers,
    "soak": soak,
    "studio": studio,
    "worklist": worklist,
}


def main() -> None:
    say(f"Firstline bench, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, Python {platform.python_version()}")
    # What follows the name of a part is that part's own.
    for figure in _figures(sys.argv[1:2]):
        say(figure.line())


def _figures(names: list[str]) -> Iterator[Figure]:
    parts = {**SHORT, **LONG}
    for part in [parts[name] for name in names] if names else SHORT.values():
        say(f"... {(part.__doc__ or '').strip().splitlines()[0]}")
        yield from part.measure()


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
