"""multilingual-e5-small, which reads every language and puts all into one space."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from retrieval.bert_graph import WIDTH
from retrieval.e5_file import BEGIN, END, MOST_TOKENS, open_file
from retrieval.errors import ModelUnavailable
from retrieval.networks import Floats, Network, unit
from retrieval.texts import PASSAGE_LIMIT, clean

if TYPE_CHECKING:
    from sentencepiece import SentencePieceProcessor

GRAPH, PIECES = "int4.onnx", "pieces.model"
_WINDOW = MOST_TOKENS - 2
_SPACES = re.compile(" {2,}")
_SPACE = "\u2581"
"""How the pieces write the space before a word."""


class _Loaded(NamedTuple):
    network: Network
    pieces: SentencePieceProcessor
    read_as: dict[int, str]

    def tokens(self, text: str) -> list[int]:
        """The pieces of ``text``, without those that stand for its begin and end."""
        read = _SPACES.sub(" ", text.translate(self.read_as))
        found: list[int] = self.pieces.encode(f" {read}".replace(" ", _SPACE))
        return found


class E5:
    """``folder``: where it was exported to (``retrieval.export``). It is loaded when it is first asked or ``ready``
    is called: a KB in English alone never needs it."""

    dimension = WIDTH
    lift = 0.12

    def __init__(self, folder: Path) -> None:
        self.name = folder.name
        self._folder = folder
        self._lock = threading.Lock()
        self._loaded: _Loaded | None = None

    def queries(self, texts: Sequence[str]) -> Floats:
        return self._encode([f"query: {clean(text)}" for text in texts])

    def passages(self, texts: Sequence[str]) -> Floats:
        return self._encode([f"passage: {clean(text, PASSAGE_LIMIT)}" for text in texts])

    def ready(self) -> None:
        """Load it, if it is not. Raises ModelUnavailable."""
        with self._lock:
            if self._loaded is not None:
                return
            try:
                self._loaded = _load(self._folder)
            except Exception as error:
                raise ModelUnavailable(
                    f"The model multilingual-e5-small could not be loaded: {error}. Reinstall it with `make run` in a "
                    "fresh .venv, or set FIRSTLINE_ENCODER."
                ) from error

    def _encode(self, texts: list[str]) -> Floats:
        if self._loaded is None:
            self.ready()
        assert self._loaded is not None
        windows = [_windows(self._loaded.tokens(text)) for text in texts]
        sums = self._loaded.network.sums([tokens for parts in windows for tokens in parts])
        if len(sums) == len(texts):
            return unit(sums)
        # Of a text that is too long for one pass, each part weighs as much as it is long.
        weights = np.array([(len(part) - 2) / len(part) for parts in windows for part in parts], np.float32)
        starts = np.cumsum([0, *(len(parts) for parts in windows[:-1])])
        return unit(np.add.reduceat(sums * weights[:, None], starts, axis=0))


def _windows(tokens: list[int]) -> list[list[int]]:
    parts = [tokens[start : start + _WINDOW] for start in range(0, max(len(tokens), 1), _WINDOW)]
    return [[BEGIN, *part, END] for part in parts]


def _load(folder: Path) -> _Loaded:
    from sentencepiece import SentencePieceProcessor

    file = open_file()
    words = file.words()
    network = Network(folder / GRAPH, lambda ids: {"words": words.of(ids)})
    return _Loaded(network, SentencePieceProcessor(model_file=str(folder / PIECES)), file.read_as)
