"""A second look: one model reads question and passage together and says how well the passage answers.

It costs tens of milliseconds a passage, so only the few best passages are shown to it. Optional: without
``FIRSTLINE_RERANKER`` nothing here is used, and torch is not imported.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import ModelUnavailable, check_place
from retrieval.texts import PASSAGE_LIMIT, clean
from retrieval.threads import waiting_passively

Report = Callable[[str], None]

_HEADS = ("ForSequenceClassification", "ForCausalLM")
"""Endings of architectures that give a score. Any other model is given a head of random numbers without a word."""


class Reranker(Protocol):
    """Reads question and passage together. ``name`` changes whenever its scores would."""

    name: str

    def scores(self, question: str, passages: Sequence[str]) -> NDArray[np.float32]:
        """How well each passage answers: raw logits, shape (passages,). Comparable within this model only."""
        ...


def load_reranker(spec: str | None, report: Report) -> Reranker | None:
    """The CrossEncoder at ``spec`` (a sentence-transformers id or a folder), None where ``spec`` is not set.

    Raises ModelUnavailable with a sentence.
    """
    if not spec:
        return None
    check_place("FIRSTLINE_RERANKER", spec)
    report(f"loading the reranker {spec}")
    try:
        with waiting_passively():
            from sentence_transformers import CrossEncoder
        model = CrossEncoder(spec, device="cpu")
    except Exception as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ModelUnavailable(
            f"FIRSTLINE_RERANKER is {spec!r}, but no CrossEncoder could be loaded from it: {reason.rstrip('.')}. "
            "Give a folder that holds one, or an id that this machine has or may download, or leave it unset."
        ) from error
    fault = _fault_of(model)
    if fault:
        raise ModelUnavailable(
            f"FIRSTLINE_RERANKER is {spec!r}, {fault}. Give a CrossEncoder that was trained to score passages "
            "(cross-encoder/ms-marco-MiniLM-L6-v2 is a common one), or leave it unset."
        )
    return CrossReader(model, f"ce:{Path(spec).name if Path(spec).is_dir() else spec}"[-120:])


def _fault_of(model: Any) -> str | None:
    """Why this model cannot score one passage for one question, as the middle of a sentence."""
    architectures = getattr(getattr(model[0].model, "config", None), "architectures", None) or []
    if architectures and not architectures[0].endswith(_HEADS):
        return f"which is a {architectures[0]}: it reads one text at a time and has no score for a pair"
    if model.num_labels != 1:
        return f"which gives {model.num_labels} figures for a passage instead of one"
    return None


class CrossReader:
    """A sentence-transformers CrossEncoder behind the Reranker contract."""

    def __init__(self, model: Any, name: str) -> None:
        self.name = name
        self._model = model
        # Its tokenizer must not be used by two threads at once.
        self._lock = threading.Lock()

    def scores(self, question: str, passages: Sequence[str]) -> NDArray[np.float32]:
        from torch.nn import Identity

        if not passages:
            return np.empty(0, np.float32)
        asked = clean(question)
        pairs = [(asked, clean(passage, PASSAGE_LIMIT)) for passage in passages]
        with self._lock:
            scores = self._model.predict(pairs, activation_fn=Identity(), show_progress_bar=False)
        return np.asarray(scores, np.float32).reshape(len(passages))
