"""The full check: what a release that was just built does to the answers, with the confidence that was fitted on it.

Both releases are asked in a child process of low priority, so that answering never waits for it. The child only reads.
Run as ``python -m bot.learning.studio.full``: the order comes as JSON on standard input, progress goes to standard
output.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.learning.building import save_built
from bot.learning.rows import Row
from bot.learning.studio.comparing import Compared, Question, compare, told_apart
from bot.learning.studio.sides import SIDES

if TYPE_CHECKING:
    from retrieval.build import Built

Report = Callable[[str], None]
_REFUSED = 1


class CheckFailed(Exception):
    """The check could not be made."""


@dataclass(frozen=True)
class Order:
    """What to ask: the release that was just built, and the one that is live (None: only the first)."""

    url: str
    release_id: int
    live_id: int | None
    encoder: str | None
    reranker: str | None
    address: str


def check_in_child(order: Order, built: Built, questions: Sequence[Question], report: Report) -> list[Compared]:
    """Ask both releases all ``questions``; each question is graded on both sides. Nothing where nothing is live.

    Raises CheckFailed with the child's own sentence.
    """
    if order.live_id is None or not questions:
        return []
    with tempfile.TemporaryDirectory(prefix="firstline-check-") as folder:
        paths = {"built": str(Path(folder) / "built.npz"), "result": str(Path(folder) / "rows.json")}
        save_built(built, Path(paths["built"]))
        asked = [[one.text, one.language] for one in questions]
        _run(json.dumps({**asdict(order), **paths, "questions": asked}), report)
        answered = json.loads(Path(paths["result"]).read_text("utf-8"))
    before, alone, after = (list(map(_row, answered[side])) for side in SIDES)
    return told_apart(compare(questions, before, after), compare(questions, before, alone))


def _run(message: str, report: Report) -> None:
    command, last = [sys.executable, "-m", "bot.learning.studio.full"], ""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            child.stdin.write(message + "\n")
            child.stdin.flush()
            for line in child.stdout:
                last = line.rstrip()
                report(last)
            child.wait()
        except BaseException:
            child.terminate()
            raise
    if child.returncode != 0:
        raise CheckFailed(last if child.returncode == _REFUSED and last else _CUT_OFF.format(code=child.returncode))


_CUT_OFF = "The check was cut off (code {code}). Nothing was published; publish again."


def _row(values: dict[str, Any]) -> Row:
    plain: dict[str, Any] = {name: tuple(one) if isinstance(one, list) else one for name, one in values.items()}
    return Row(**plain)


def main() -> int:
    """The child's side."""
    os.nice(10)
    # A Ctrl-C at the terminal reaches us too; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    order: dict[str, Any] = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        answered = _answered(order)
    except Exception as error:
        _tell(str(error))
        return _REFUSED
    Path(order["result"]).write_text(json.dumps(answered), "utf-8")
    return 0


def _answered(order: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The rows of all sides, as JSON holds them."""
    from bot.learning.building import load_built
    from bot.learning.studio.remembering import Memory
    from bot.learning.studio.sides import Parts, ask_sides
    from retrieval.encoders import load_encoders
    from retrieval.reranker import load_reranker
    from store import open_database

    reranker = load_reranker(order["reranker"], _tell)
    memory = Memory(load_encoders(order["encoder"], _tell))
    database, built = open_database(order["url"]), load_built(Path(order["built"]))
    asked = [(str(text), str(language)) for text, language in order["questions"]]
    live = Parts.of(database, order["live_id"], memory.encoders, _tell)
    new = Parts.of(database, order["release_id"], memory.encoders, _tell, live.held.articles)
    new = new.fitted(built.parameters, built.threshold)
    answered = ask_sides(live, new, asked, memory, order["address"], reranker, _tell, database)
    database.close()
    return {side: [asdict(row) for row in rows] for side, rows in answered.items()}


def _tell(sentence: str) -> None:
    sys.stdout.write(f"{' '.join(sentence.splitlines())}\n")
    sys.stdout.flush()


def _end_with_parent() -> None:
    """The parent keeps our standard input open: when it ends, however it ends, so do we."""
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    raise SystemExit(main())
