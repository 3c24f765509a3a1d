"""Build a release in a child process of low priority, so that answering never waits for it.

The child only reads the database and writes its result to a file; the parent process stores it.
Run as ``python -m bot.learning.building``: the order comes as JSON on standard input, progress goes to standard output.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from retrieval.build import Built

Report = Callable[[str], None]


@dataclass(frozen=True)
class Order:
    """What to build: a release of a database, and the settings that the fit depends on."""

    url: str
    release_id: int
    encoder: str | None
    target_precision: float
    unanswerable_share: float


class BuildFailed(Exception):
    """The knowledge base could not be built."""


def build_in_child(order: Order, report: Report) -> Built:
    """Build in a child process, passing its progress on. Raises BuildFailed with the child's own sentence."""
    with tempfile.TemporaryDirectory(prefix="firstline-build-") as folder:
        result = Path(folder) / "built.npz"
        message = json.dumps({**asdict(order), "result": str(result)})
        command = [sys.executable, "-m", "bot.learning.building"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
            try:
                last = _follow(child, message, report)
            except BaseException:
                child.terminate()
                raise
        if child.returncode != 0:
            raise BuildFailed(last or f"The build stopped with code {child.returncode}.")
        return load_built(result)


def _follow(child: subprocess.Popen[str], message: str, report: Report) -> str:
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(message + "\n")
    child.stdin.flush()
    last = ""
    for line in child.stdout:
        last = line.rstrip()
        report(last)
    child.wait()
    return last


def save_built(built: Built, path: Path) -> None:
    """Write what was built to ``path`` as npz: arrays and JSON, nothing that could run."""
    import numpy as np

    keys = list(built.vectors)
    described = [[key.encoder, key.kind.value, key.text_sha256] for key in keys]
    about = {"threshold": built.threshold, "figures": built.figures, "keys": described}
    vectors = {f"vector_{number}": built.vectors[key] for number, key in enumerate(keys)}
    np.savez(
        path,
        parameters=np.frombuffer(built.parameters, np.uint8),
        about=np.frombuffer(json.dumps(about).encode(), np.uint8),
        **vectors,  # type: ignore[arg-type]
    )


def load_built(path: Path) -> Built:
    """Read what ``save_built`` wrote."""
    import numpy as np

    from retrieval.build import Built
    from retrieval.vectors import Kind, VectorKey

    with np.load(path, allow_pickle=False) as held:
        about: dict[str, Any] = json.loads(held["about"].tobytes())
        keys = [VectorKey(encoder, Kind(kind), sha) for encoder, kind, sha in about["keys"]]
        vectors = {key: held[f"vector_{number}"] for number, key in enumerate(keys)}
        return Built(vectors, held["parameters"].tobytes(), about["threshold"], about["figures"])


def main() -> int:
    """The child's side."""
    os.nice(10)
    # A Ctrl-C at the terminal reaches us too; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    order: dict[str, Any] = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        built = _build(order)
    except Exception as error:
        sys.stdout.write(f"{error}\n")
        return 1
    save_built(built, Path(order["result"]))
    return 0


def _build(order: dict[str, Any]) -> Built:
    from kb_content.catalogue import contents
    from retrieval.build import build
    from retrieval.encoders import load_encoders
    from retrieval.needs import wanted
    from retrieval.vectors import load_vectors
    from store import open_database, reading

    database = open_database(order["url"])
    encoders = load_encoders(order["encoder"], _tell)
    with reading(database) as session:
        held = contents(session, order["release_id"])
        known = load_vectors(session, wanted(held, encoders))
    database.close()
    return build(
        held,
        encoders,
        known,
        target_precision=order["target_precision"],
        unanswerable_share=order["unanswerable_share"],
        progress=_tell,
    )


def _tell(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


def _end_with_parent() -> None:
    """The parent keeps our standard input open: when it ends, however it ends, so do we."""
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    raise SystemExit(main())
