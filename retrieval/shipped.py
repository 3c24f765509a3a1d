"""Vectors that come with Firstline: of the everyday questions, the built-in intents and the sample.

They are constant texts that every first start would encode again. Whoever changes one of them, or a model, makes them
anew with ``make vectors``; a text or a model that they lack is encoded as any other. Stored in half precision, which
moves a cosine by a millionth.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from retrieval.vectors import Kind, VectorCache, VectorKey
from store.counting import counted

if TYPE_CHECKING:
    from retrieval.encoders import Encoders
    from retrieval.needs import Need

_FILE = "shipped.npz"


def shipped(keys: Iterable[VectorKey]) -> dict[VectorKey, NDArray[np.float32]]:
    """Those of ``keys`` that come with Firstline: unit vectors of shape (dimension,)."""
    wanted = set(keys)
    found: dict[VectorKey, NDArray[np.float32]] = {}
    with as_file(files("retrieval").joinpath(_FILE)) as path, np.load(path, allow_pickle=False) as held:
        groups: list[tuple[str, str]] = json.loads(held["groups"].tobytes())
        for number, (encoder, kind) in enumerate(groups):
            names = [VectorKey(encoder, Kind(kind), sha.tobytes().hex()) for sha in held[f"sha256_{number}"]]
            places = [place for place, name in enumerate(names) if name in wanted]
            if places:
                rows = held[f"rows_{number}"][places].astype(np.float32)
                rows /= np.linalg.norm(rows, axis=1, keepdims=True)
                found |= zip((names[place] for place in places), rows, strict=True)
    return found


def write_shipped(vectors: VectorCache, path: Path) -> None:
    """Write ``vectors`` to ``path`` as npz: for each model and kind the SHA-256 of the texts, and the rows."""
    groups = sorted({(key.encoder, key.kind.value) for key in vectors})
    arrays: dict[str, NDArray[np.generic]] = {"groups": np.frombuffer(json.dumps(groups).encode(), np.uint8)}
    for number, (encoder, kind) in enumerate(groups):
        keys = sorted(key for key in vectors if (key.encoder, key.kind.value) == (encoder, kind))
        hashes = b"".join(bytes.fromhex(key.text_sha256) for key in keys)
        arrays[f"sha256_{number}"] = np.frombuffer(hashes, np.uint8).reshape(len(keys), -1)
        arrays[f"rows_{number}"] = np.stack([vectors[key] for key in keys]).astype(np.float16)
    np.savez(path, **arrays)  # type: ignore[arg-type]


def needs_to_ship(encoders: Encoders) -> dict[VectorKey, Need]:
    """What the sample, and any KB without intents of its own, has encoded at its first start."""
    from kb_content.articles import Contents, PublishedArticle
    from kb_content.catalogue import sample_folder
    from kb_content.folder import read_folder
    from kb_content.passages import split
    from retrieval.needs import all_wanted, wanted

    folder = read_folder(sample_folder())
    articles = tuple(PublishedArticle(one, 1, split(one, 1)) for one in folder.articles)
    sample = Contents(articles, folder.intents, folder.gold, folder.glossary)
    return all_wanted(sample, encoders) | wanted(Contents(()), encoders)


def main() -> None:
    """Make the file anew, each vector by its model."""
    from retrieval.encoders import load_encoders
    from retrieval.needs import encode_missing

    def say(sentence: str) -> None:
        sys.stdout.write(f"{sentence}\n")

    vectors = encode_missing(needs_to_ship(load_encoders(None, say)), {}, say, given=lambda keys: {})
    with as_file(files("retrieval").joinpath(_FILE)) as path:
        write_shipped(vectors, path)
        say(f"{counted(len(vectors), 'vector')} in {path.name}, {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
