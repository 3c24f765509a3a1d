from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from retrieval.encoders import Encoders, Vectors
from retrieval.needs import Need, encode_missing
from retrieval.shipped import needs_to_ship, shipped, write_shipped
from retrieval.vectors import Kind, VectorKey, key_of

EVERYDAY = "will it be sunny tomorrow"


class _Asked:
    """An encoder that remembers what it was asked for."""

    dimension, lift = 384, 0.0

    def __init__(self, name: str) -> None:
        self.name = name
        self.texts: list[str] = []

    def queries(self, texts: Sequence[str]) -> Vectors:
        self.texts += texts
        return np.ones((len(texts), self.dimension), np.float32)

    passages = queries


@pytest.fixture(scope="module")
def needs(encoders: Encoders) -> dict[VectorKey, Need]:
    return needs_to_ship(encoders)


def test_every_vector_of_a_first_start_on_the_sample_is_shipped_and_no_other(needs: dict[VectorKey, Need]) -> None:
    found = shipped(needs)
    assert found.keys() == needs.keys(), "texts or models have changed: make vectors"
    assert len(found) == _count_in_file(), "texts are gone: make vectors"


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("place", [0, 1])
def test_they_are_what_the_models_say(needs: dict[VectorKey, Need], encoders: Encoders, place: int, kind: Kind) -> None:
    encoder = encoders.distinct[place]
    keys = [key for key in sorted(needs, key=lambda key: key.text_sha256) if key[:2] == (encoder.name, kind)]
    keys = keys[:: len(keys) // 12]
    texts = [needs[key][2] for key in keys]
    fresh = encoder.queries(texts) if kind is Kind.QUERY else encoder.passages(texts)
    there = shipped(keys)
    stored = np.stack([there[key] for key in keys])
    assert np.allclose(np.linalg.norm(stored, axis=1), 1, atol=1e-6)
    # Other processors compute the quantised models with other last bits.
    assert (fresh * stored).sum(1).min() > 0.99


def test_what_is_shipped_is_not_encoded_and_kept_like_the_rest(encoders: Encoders) -> None:
    encoder = _Asked(encoders.of("en").name)
    kept: dict[VectorKey, object] = {}
    texts = (EVERYDAY, "a text that nobody ships")
    wanted: dict[VectorKey, Need] = {
        key_of(encoder.name, Kind.QUERY, text): (encoder, Kind.QUERY, text) for text in texts
    }
    new = encode_missing(wanted, {}, lambda sentence: None, kept.update)
    assert encoder.texts == ["a text that nobody ships"]
    assert new.keys() == kept.keys() == wanted.keys()


def test_another_model_encodes_everything_itself() -> None:
    encoder = _Asked("another-model")
    wanted: dict[VectorKey, Need] = {key_of(encoder.name, Kind.QUERY, EVERYDAY): (encoder, Kind.QUERY, EVERYDAY)}
    assert len(encode_missing(wanted, {}, lambda sentence: None)) == 1
    assert encoder.texts == [EVERYDAY]


def test_the_same_vectors_make_the_same_file(tmp_path: Path, needs: dict[VectorKey, Need]) -> None:
    vectors = shipped(list(needs)[:50])
    write_shipped(vectors, tmp_path / "one.npz")
    write_shipped(dict(reversed(vectors.items())), tmp_path / "other.npz")
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "other.npz").read_bytes()


def _count_in_file() -> int:
    with np.load(str(files("retrieval").joinpath("shipped.npz")), allow_pickle=False) as held:
        return sum(len(held[name]) for name in held.files if name.startswith("rows_"))
