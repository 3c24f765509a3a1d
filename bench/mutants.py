"""Break the claim and send code by hand, one way after the other: for each a test must fail.

``make mutants``; ``ARGS="order lease"`` for those with one of these words in their names. Exits with 1 when a fault was
not noticed.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path


def main(words: list[str]) -> int:
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    from chaos.mutants import MUTANTS, copied, passes, survives, tests_of

    chosen = [each for each in MUTANTS if not words or any(word in each.name for word in words)]
    with tempfile.TemporaryDirectory(prefix="firstline-mutants-") as folder, copied(Path(folder)) as copy:
        broken = [test for test in tests_of(chosen) if not passes(test, copy)]
        if broken:
            say(f"These fail without any fault, so they show nothing: {', '.join(broken)}")
            return 1
        unnoticed = 0
        for mutant in chosen:
            began = time.monotonic()
            is_noticed = not survives(mutant, copy)
            unnoticed += not is_noticed
            say(f"{'noticed' if is_noticed else 'NOT NOTICED'}  {mutant.name} ({time.monotonic() - began:.0f} s)")
    say(f"{len(chosen) - unnoticed} of {len(chosen)} faults were noticed")
    return 1 if unnoticed else 0


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
