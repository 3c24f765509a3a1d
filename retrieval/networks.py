"""A network of ``retrieval.bert_graph`` on onnxruntime: rows of tokens become vectors, several texts at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.bert_graph import APART, WIDTH
from retrieval.microbatches import MicroBatches
from retrieval.threads import cores

Floats = NDArray[np.float32]
Ids = NDArray[np.int64]
Read = Callable[[Ids], Mapping[str, NDArray[Any]]]

_TOGETHER = 8
"""Messages that are encoded together: more gain nothing, and each waits for all."""
_TOKENS = 128


class Network:
    """Several texts go through it as one row of tokens; a text gets bit for bit the sums that it gets alone.

    ``read``: from the ids of a row to the input that stands for them.
    """

    def __init__(self, path: Path, read: Read) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        # Idle threads of onnxruntime spin, and take the cores from whoever else has work.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(
            str(path),
            options,
            providers=["CPUExecutionProvider"],
            # The fused operator works value by value: it takes four times as long as the two that it replaces.
            disabled_optimizers=["SkipLayerNormFusion"],
        )
        self._read = read
        self._lanes = cores()
        self._micro: MicroBatches[Sequence[int], Floats] = MicroBatches(self._run, self._lanes, _TOGETHER)

    def sums(self, texts: Sequence[Sequence[int]]) -> Floats:
        """``texts`` as token ids: the sum over the tokens of each, shape (texts, 384)."""
        if len(texts) == 1:
            return self._micro(texts[0])[None]
        sums = np.empty((len(texts), WIDTH), np.float32)
        # The longest first, so that no core is left with a long one at the end.
        order = sorted(range(len(texts)), key=lambda number: -len(texts[number]))
        batches = list(_packs(order, [len(each) for each in texts]))
        with ThreadPoolExecutor(max(1, min(self._lanes, len(batches)))) as pool:
            for batch, rows in zip(batches, pool.map(self._run, [[texts[n] for n in b] for b in batches]), strict=True):
                sums[batch] = rows
        return sums

    def _run(self, texts: Sequence[Sequence[int]]) -> Floats:
        packs = _packs(range(len(texts)), [len(each) for each in texts])
        return np.concatenate([self._run_pack([texts[number] for number in pack]) for pack in packs])

    def _run_pack(self, texts: Sequence[Sequence[int]]) -> Floats:
        lengths = [len(each) for each in texts]
        owner = np.repeat(np.arange(len(texts)), lengths)
        inputs = {
            **self._read(np.concatenate([np.array(each, np.int64) for each in texts])),
            "places": np.concatenate([np.arange(length) for length in lengths]),
            "apart": np.where(owner[:, None] == owner, np.float32(0), APART),
        }
        sums: Floats = np.add.reduceat(self._session.run(None, inputs)[0], np.cumsum([0, *lengths[:-1]]), axis=0)
        return sums


def unit(rows: Floats) -> Floats:
    """``rows`` at length 1."""
    vectors: Floats = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return vectors


def _packs(numbers: Sequence[int], lengths: Sequence[int]) -> Iterator[list[int]]:
    """``numbers`` in runs of at most _TOKENS tokens (or of one text): attention grows with the square of a run."""
    pack: list[int] = []
    total = 0
    for number in numbers:
        if pack and total + lengths[number] > _TOKENS:
            yield pack
            pack, total = [], 0
        pack.append(number)
        total += lengths[number]
    if pack:
        yield pack
