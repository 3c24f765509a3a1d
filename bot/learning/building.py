"""Build a release in a child process of low priority, so that answering never waits for it.

The child only reads the database. Vectors go batch by batch into files that it announces, its result into another; the
parent process stores them, so that a build that was cut off goes on where it was.
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
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from retrieval.build import Built
    from retrieval.needs import Keep
    from retrieval.vectors import VectorCache, VectorKey

Report = Callable[[str], None]

_VECTORS = "\tvectors "
"""Begins a line that names a file of vectors; no sentence begins so."""
_REFUSED = 1
"""The exit code of a build that said why it failed."""


@dataclass(frozen=True)
class Order:
    """What to build: a release of a database, and the settings that the fit depends on."""

    url: str
    release_id: int
    encoder: str | None
    target_precision: float
    unanswerable_share: float
    reranker: str | None = None


class BuildFailed(Exception):
    """The knowledge base could not be built."""


def build_in_child(order: Order, report: Report, keep: Keep | None = None) -> Built:
    """Build in a child process, passing its progress on. ``keep`` is given each batch of new vectors to store.

    Without it they come with the result. Raises BuildFailed with the child's own sentence.
    """
    gathered: dict[VectorKey, Any] = {}
    with tempfile.TemporaryDirectory(prefix="firstline-build-") as folder:
        result = Path(folder) / "built.npz"
        message = json.dumps({**asdict(order), "result": str(result)})
        command = [sys.executable, "-m", "bot.learning.building"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
            try:
                last = _follow(child, message, report, keep or gathered.update)
            except BaseException:
                child.terminate()
                raise
        if child.returncode != 0:
            raise BuildFailed(_reason(child.returncode, last))
        built = load_built(result)
        return replace(built, vectors=gathered | built.vectors)


def _follow(child: subprocess.Popen[str], message: str, report: Report, keep: Keep) -> str:
    """Take what the child says until it ends. Returns its last sentence."""
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(message + "\n")
    child.stdin.flush()
    last = ""
    for line in child.stdout:
        said = line.rstrip()
        if said.startswith(_VECTORS):
            path = Path(said.removeprefix(_VECTORS))
            keep(load_vectors_file(path))
            path.unlink()
            continue
        last = said
        report(last)
    child.wait()
    return last


def _reason(code: int, last: str) -> str:
    if code == _REFUSED and last:
        return last
    return f"The build was cut off (code {code}). What it had read of the knowledge base is kept: the next one goes on."


def save_vectors_file(vectors: VectorCache, path: Path) -> None:
    """Write ``vectors``, all by one model, to ``path`` as npz."""
    import numpy as np

    keys = [[key.encoder, key.kind.value, key.text_sha256] for key in vectors]
    np.savez(path, rows=np.stack(list(vectors.values())), keys=np.frombuffer(json.dumps(keys).encode(), np.uint8))


def load_vectors_file(path: Path) -> dict[VectorKey, NDArray[np.float32]]:
    """Read what ``save_vectors_file`` wrote."""
    import numpy as np

    from retrieval.vectors import Kind, VectorKey

    with np.load(path, allow_pickle=False) as held:
        keys = [VectorKey(encoder, Kind(kind), sha) for encoder, kind, sha in json.loads(held["keys"].tobytes())]
        return dict(zip(keys, held["rows"], strict=True))


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
        _tell(str(error))
        return _REFUSED
    save_built(built, Path(order["result"]))
    return 0


def _build(order: dict[str, Any]) -> Built:
    from bot.learning.outcomes import labels
    from bot.learning.unanswerable import unanswerable_share
    from kb_content.catalogue import contents
    from retrieval.build import build
    from retrieval.encoders import load_encoders
    from retrieval.needs import all_wanted, encode_missing
    from retrieval.reranker import load_reranker
    from retrieval.vectors import load_vectors
    from store import open_database, reading

    database = open_database(order["url"])
    encoders, reranker = load_encoders(order["encoder"], _tell), load_reranker(order["reranker"], _tell)
    with reading(database) as session:
        held = contents(session, order["release_id"])
        needs = all_wanted(held, encoders)
        known = load_vectors(session, needs)
        labelled, share = labels(session), unanswerable_share(session, order["unanswerable_share"])
    database.close()
    known |= encode_missing(needs, known, _tell, _HandingOver(Path(order["result"]).parent))
    return build(
        held,
        encoders,
        known,
        labelled=labelled,
        target_precision=order["target_precision"],
        unanswerable_share=share,
        progress=_tell,
        reranker=reranker,
    )


class _HandingOver:
    """Puts each batch of vectors into a file of ``folder`` and tells the parent, who stores and removes it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0

    def __call__(self, vectors: VectorCache) -> None:
        self._count += 1
        path = self._folder / f"vectors-{self._count}.npz"
        save_vectors_file(vectors, path)
        _tell(f"{_VECTORS}{path}")


def _tell(sentence: str) -> None:
    sys.stdout.write(f"{' '.join(sentence.splitlines())}\n")
    sys.stdout.flush()


def _end_with_parent() -> None:
    """The parent keeps our standard input open: when it ends, however it ends, so do we."""
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    raise SystemExit(main())
