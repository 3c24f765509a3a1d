"""The fitted numbers of a release, as bytes that hold arrays only (npz, no pickle)."""

from __future__ import annotations

import io
import zipfile
from dataclasses import astuple, dataclass, field

import numpy as np

from retrieval import prior
from retrieval.errors import ParametersUnreadable
from retrieval.intents import PRIOR, IntentParameters
from retrieval.prior import Belief, Doubles, Look
from retrieval.rereading import Rereading

_FORMAT = 3
_PARTS = ("ranker", "confidence", "offer")


@dataclass(frozen=True)
class ViewParameters:
    """What was fitted for the questions of one language. ``foreign_below``: closeness under which a text is foreign."""

    first: Look
    second: Look | None
    """None where a second encoder would not pay: it is not asked."""
    foreign_below: float
    rereading: Rereading | None = None
    """None where it was fitted without a reranker."""


def unfitted(belief: Belief) -> ViewParameters:
    """What holds for a view of which nothing was fitted."""
    return ViewParameters(belief.first, None, prior.FOREIGN_BELOW)


@dataclass(frozen=True)
class Parameters:
    """``views`` by language, ``intents`` by encoder; what is missing is as before anything was fitted."""

    views: dict[str, ViewParameters] = field(default_factory=dict)
    intents: dict[str, IntentParameters] = field(default_factory=dict)

    def view(self, language: str, belief: Belief) -> ViewParameters:
        return self.views.get(language) or unfitted(belief)

    def intent(self, encoder: str) -> IntentParameters:
        return self.intents.get(encoder, PRIOR)

    def to_bytes(self) -> bytes:
        """The same parameters always give the same bytes."""
        arrays: dict[str, Doubles] = {"format": np.array([_FORMAT], np.float64)}
        for language, view in sorted(self.views.items()):
            arrays |= {f"view|{language}|{name}": array for name, array in _arrays_of(view).items()}
        for encoder, intent in sorted(self.intents.items()):
            # A model's name may be a folder, and slashes would be folders in the archive.
            arrays[f"intent|{encoder.encode().hex()}|ranker"] = intent.ranker
            arrays[f"intent|{encoder.encode().hex()}|confidence"] = intent.confidence
        target = io.BytesIO()
        np.savez(target, allow_pickle=False, **arrays)
        return target.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> Parameters:
        """Read what ``to_bytes`` wrote. Raises ParametersUnreadable."""
        if not data:
            return cls()
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as stored:
                arrays = {name: np.asarray(stored[name], np.float64) for name in stored.files}
            return _read(arrays)
        except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile) as error:
            raise ParametersUnreadable() from error


def _read(arrays: dict[str, Doubles]) -> Parameters:
    if int(arrays.pop("format")[0]) != _FORMAT:
        raise ParametersUnreadable()
    names = {tuple(name.split("|")[:2]) for name in arrays}
    views = {name: _view(arrays, name) for kind, name in names if kind == "view"}
    intents = {
        bytes.fromhex(name).decode(): IntentParameters(
            _shaped(arrays[f"intent|{name}|ranker"], PRIOR.ranker),
            _shaped(arrays[f"intent|{name}|confidence"], PRIOR.confidence),
        )
        for kind, name in names
        if kind == "intent"
    }
    return Parameters(views, intents)


def _arrays_of(view: ViewParameters) -> dict[str, Doubles]:
    looks = {"first": view.first, "second": view.second}
    arrays = {f"{name}|{part}": getattr(look, part) for name, look in looks.items() if look for part in _PARTS}
    if view.rereading is not None:
        arrays["rereading"] = np.array(astuple(view.rereading), np.float64)
    return {**arrays, "foreign": np.array([view.foreign_below])}


def _view(arrays: dict[str, Doubles], language: str) -> ViewParameters:
    first, second = (_look(arrays, f"view|{language}|{name}") for name in ("first", "second"))
    if first is None:
        raise ParametersUnreadable()
    foreign_below = float(arrays[f"view|{language}|foreign"][0])
    return ViewParameters(first, second, foreign_below, _rereading(arrays.get(f"view|{language}|rereading")))


def _rereading(array: Doubles | None) -> Rereading | None:
    if array is None:
        return None
    rank, slope, level, model = _shaped(array, np.zeros(4)).tolist()
    return Rereading(rank, slope, level, int(model))


def _look(arrays: dict[str, Doubles], name: str) -> Look | None:
    if f"{name}|ranker" not in arrays:
        return None
    return Look(*(_shaped(arrays[f"{name}|{part}"], getattr(prior.ASKED.first, part)) for part in _PARTS))


def _shaped(array: Doubles, like: Doubles) -> Doubles:
    if array.shape != like.shape:
        raise ParametersUnreadable()
    return array
