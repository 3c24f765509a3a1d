"""Fitting what tells which intent a customer means, on the examples of all intents and the articles' questions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from retrieval.confidence import fit_confidence, fit_ranker
from retrieval.discriminant import left_out
from retrieval.index import Floats, Ints
from retrieval.intents import CONFIDENCE, PRIOR, RANKER, IntentModel, IntentParameters
from retrieval.prior import Doubles
from retrieval.words import words_of

_HIDDEN = 0.3
"""What an example weighs that is asked as if its intent did not exist."""

_FEWEST = 3
"""Texts of a group from which on one of them is asked without itself."""

_NEVER = np.float32(-60)
"""What speaks for an intent that does not exist."""

_BLOCK = 64
"""Examples that are asked together: more of them gain nothing."""


def fit_intents(model: IntentModel) -> IntentParameters:
    """Parameters from the model's own examples: each asked without itself, and once more without its whole intent."""
    asked = np.flatnonzero(np.diff(model.starts)[model.group] >= _FEWEST)
    held_out = _held_out_scores(model)
    seen = [
        model.features(model.rows[rows], None if held_out is None else held_out[rows], rows) for rows in _blocks(asked)
    ]
    features = [one for several, _ in seen for one in several]
    rights = [np.arange(len(model.names)) == group for group in model.group[asked].tolist()]
    ranker = fit_ranker(features, rights, np.ones(len(asked)), RANKER)
    signs, right, weight = [], [], []
    for rows, (own, similar) in zip(_blocks(asked), seen, strict=True):
        for hidden in (False, True):
            said, is_right = _asked(model, rows, own, similar, ranker, hidden)
            signs.append(said)
            right.append(is_right)
            weight.append(np.full(len(said), _HIDDEN if hidden else 1.0))
    if not sum(map(len, signs)):
        return PRIOR
    confidence = fit_confidence(np.concatenate(signs), np.concatenate(right), np.concatenate(weight), CONFIDENCE)
    return IntentParameters(ranker, confidence)


def _blocks(rows: Ints) -> list[Ints]:
    return [rows[start : start + _BLOCK] for start in range(0, len(rows), _BLOCK)]


def _asked(
    model: IntentModel, rows: Ints, features: Floats, similar: Floats, ranker: Doubles, hidden: bool
) -> tuple[Doubles, NDArray[np.bool_]]:
    """Signs and rightness of the best intent for each of ``rows``; ``hidden``: for those that are examples of an
    intent, as if it did not exist."""
    if hidden:
        of_intents = np.array([model.names[group] is not None for group in model.group[rows].tolist()])
        rows, features, similar = rows[of_intents], features[of_intents], similar[of_intents]
        gone = (model.is_of @ model.is_of.T)[model.group[rows]]
        features, similar = np.where(gone[:, :, None], _NEVER, features), np.where(gone, np.float32(-1), similar)
    if not len(rows):
        return np.zeros((0, len(CONFIDENCE) - 1)), np.zeros(0, np.bool_)
    own, words = model.group[rows], [words_of(model.texts[row]) for row in rows.tolist()]
    names, signs = model.signs(features, similar, model.rows[rows], ranker, words, own)
    right = [name == model.names[group] and not hidden for name, group in zip(names, own.tolist(), strict=False)]
    return signs, np.array(right, np.bool_)


def _held_out_scores(model: IntentModel) -> Floats | None:
    if model.discriminant is None:
        return None
    alone = [np.array([row]) for row in range(len(model.rows))]
    return left_out(model.rows, model.group, len(model.names), alone)[0]
