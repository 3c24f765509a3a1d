"""all-MiniLM-L6-v2, which reads English."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from retrieval.bert_graph import WIDTH, Precision
from retrieval.errors import ModelUnavailable
from retrieval.networks import Floats, Network, unit
from retrieval.texts import PASSAGE_LIMIT, clean

_MOST_TOKENS = 256


class MiniLM:
    """``folder``: where it was exported to (``retrieval.export``)."""

    dimension = WIDTH
    lift = 0.0

    def __init__(self, folder: Path, precision: Precision = "int8") -> None:
        """Raises ModelUnavailable."""
        self.name = f"{folder.name}-{precision}"
        try:
            self._load(folder, precision)
        except Exception as error:
            raise ModelUnavailable(
                f"The model all-MiniLM-L6-v2 could not be loaded: {error}. Reinstall it with `make run` in a fresh "
                ".venv, or set FIRSTLINE_ENCODER."
            ) from error

    def _load(self, folder: Path, precision: Precision) -> None:
        from tokenizers import Tokenizer

        self._network = Network(folder / f"{precision}.onnx", lambda ids: {"ids": ids})
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(_MOST_TOKENS)

    def ready(self) -> None:
        """It is, from the beginning."""

    def queries(self, texts: Sequence[str]) -> Floats:
        return self._encode([clean(text) for text in texts])

    def passages(self, texts: Sequence[str]) -> Floats:
        return self._encode([clean(text, PASSAGE_LIMIT) for text in texts])

    def _encode(self, texts: list[str]) -> Floats:
        return unit(self._network.sums([self._tokenizer.encode(text).ids for text in texts]))
