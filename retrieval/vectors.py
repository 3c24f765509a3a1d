"""Vectors by what they are vectors of, in memory and in the database."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session, select

from retrieval.models import Vector
from store.inserts import insert


class Kind(Enum):
    """How a text was encoded: some models tell questions from passages."""

    QUERY = "query"
    PASSAGE = "passage"

    # There is one of each: to hash their names, as others do, took half of the time of looking a vector up.
    __hash__ = object.__hash__


class VectorKey(NamedTuple):
    """What names a vector: the model, how it was used, and the SHA-256 of the text."""

    encoder: str
    kind: Kind
    text_sha256: str


VectorCache = Mapping[VectorKey, NDArray[np.float32]]
"""Known vectors, each of shape (dimension,)."""

_BATCH = 500


def key_of(encoder: str, kind: Kind, text: str) -> VectorKey:
    return VectorKey(encoder, kind, sha256_of(text))


def sha256_of(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def load_vectors(session: Session, keys: Iterable[VectorKey]) -> dict[VectorKey, NDArray[np.float32]]:
    """Those of ``keys`` that the database knows."""
    wanted = set(keys)
    found: dict[VectorKey, NDArray[np.float32]] = {}
    for encoder, kind in sorted({(key.encoder, key.kind) for key in wanted}, key=lambda pair: (pair[0], pair[1].value)):
        hashes = sorted(key.text_sha256 for key in wanted if (key.encoder, key.kind) == (encoder, kind))
        for start in range(0, len(hashes), _BATCH):
            rows = session.exec(
                select(Vector.text_sha256, Vector.vec).where(
                    Vector.encoder == encoder,
                    Vector.kind == kind.value,
                    Vector.text_sha256.in_(hashes[start : start + _BATCH]),  # type: ignore[attr-defined]
                )
            )
            found |= {VectorKey(encoder, kind, sha): np.frombuffer(vec, "<f4") for sha, vec in rows}
    return found


def save_vectors(session: Session, vectors: VectorCache) -> None:
    """Add ``vectors`` to the database; those already there stay as they are."""
    known = load_vectors(session, vectors)
    rows = [
        {
            "encoder": key.encoder,
            "kind": key.kind.value,
            "text_sha256": key.text_sha256,
            "vec": np.ascontiguousarray(vector, "<f4").tobytes(),
        }
        for key, vector in vectors.items()
        if key not in known
    ]
    if rows:
        # Another process may be building, too, and have the same texts.
        session.execute(insert(session, Vector).on_conflict_do_nothing(), rows)
