"""Encoders: texts become unit vectors, each language by the model that knows it.

English is read by all-MiniLM-L6-v2 (8 bits), every other language by multilingual-e5-small (4 bits), both on
onnxruntime. Neither needs the internet, and nothing here imports torch: a command starts in well under a second.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import check_place
from retrieval.threads import waiting_passively

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

    def ready(self) -> None:
        """Load what loads when it is first needed. Raises ModelUnavailable."""


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

    def ready(self) -> None:
        """Load what loads when it is first needed. Raises ModelUnavailable."""
        for encoder in self.distinct:
            encoder.ready()

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

    The first call on a machine exports them into ``folder`` (default: beside the virtual environment), which takes a
    few seconds and is reported. Raises ModelUnavailable with a sentence.
    """
    if spec:
        check_place("FIRSTLINE_ENCODER", spec)
        with waiting_passively():
            from retrieval.sentence_models import SentenceEncoder

        encoder = SentenceEncoder.load(spec)
        return Encoders({}, encoder)
    from retrieval import export
    from retrieval.e5 import E5
    from retrieval.minilm import MiniLM

    crossing = E5(export.exported(export.e5(), report, folder))
    english = MiniLM(export.exported(export.minilm(), report, folder))
    return Encoders({"en": english}, crossing)
