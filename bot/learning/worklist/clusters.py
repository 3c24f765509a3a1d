"""Questions that ask the same thing, found by how densely they lie together, and known again the next time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
FEWEST = 3
"""Different questions that make a cluster."""
_NEIGHBOURS = 2
_FEW = 10
"""With fewer texts than this all of them may be one cluster."""
_AS_ONE = 0.8
"""Two clusters are one when they lie together as closely as this share of what holds the looser one together."""
_ENOUGH_OVERLAP = 0.3
_BELONGS, _STAYS = 0.75, 0.6
"""What is nearly as near to a cluster as its own questions are to each other belongs to it, though it lies alone; and
what is much farther does not, though it was taken for one of them."""
_COHESIVE = 0.32
"""How near the questions of a cluster must lie to each other on average: density is also found among strangers."""


@dataclass(frozen=True)
class Scale:
    """What a cosine means. ``level``: how near different texts of this KB lie on average; ``lift``: the model's own,
    see ``retrieval.encoders.Encoder``."""

    level: float = 0.0
    lift: float = 0.0

    def near(self, cosine: float) -> float:
        """0 for what is usual, 1 for the same; comparable between models."""
        return (cosine - self.level) / max(1e-6, 1 - self.level) + self.lift


def level_of(vectors: Vectors) -> float:
    """The mean likeness of two different ones."""
    total, count = vectors.sum(axis=0), len(vectors)
    return float((total @ total - count) / (count * (count - 1))) if count > 1 else 0.0


def clusters(vectors: Vectors, scale: Scale, fewest: int = FEWEST) -> list[list[int]]:
    """Groups of places in ``vectors`` (unit vectors, shape (texts, dimension)), each of ``fewest`` or more, the
    largest first. What lies apart is in none."""
    if len(vectors) < fewest:
        return []
    labels = _dense(vectors, fewest)
    groups = [np.flatnonzero(labels == label).tolist() for label in range(int(labels.max()) + 1)]
    whole = [_cohesive(vectors, group, scale) for group in _joined(vectors, groups)]
    found = _gathered(vectors, [group for group in whole if len(group) >= fewest], scale)
    return sorted(found, key=lambda group: (-len(group), group[0]))


def central(vectors: Vectors, group: Sequence[int]) -> list[int]:
    """The places of ``group``, the most central one first."""
    own = vectors[list(group)]
    near = own @ own.mean(axis=0)
    return [group[place] for place in np.argsort(-near, kind="stable").tolist()]


def known_again(found: Sequence[Set[int]], known: Mapping[str, Set[int]]) -> list[str | None]:
    """For each of the ``found`` groups of ids the name of the one among ``known`` that it continues.

    That is the one with which it shares most, if that is enough of the smaller of both; no name is given twice.
    """
    shared = sorted(
        (
            (len(group & ids) / max(1, min(len(group), len(ids))), len(group & ids), place, name)
            for place, group in enumerate(found)
            for name, ids in known.items()
            if group & ids
        ),
        key=lambda one: (-one[0], -one[1], one[2], one[3]),
    )
    names: list[str | None] = [None] * len(found)
    for share, _, place, name in shared:
        if share >= _ENOUGH_OVERLAP and names[place] is None and name not in names:
            names[place] = name
    return names


def _dense(vectors: Vectors, fewest: int) -> NDArray[np.int64]:
    """A label for each, -1 for what lies apart."""
    from sklearn.cluster import HDBSCAN

    # Euclidean distances of unit vectors grow with the angle, as cosines fall. Leaves: among questions that have
    # little to do with each other the method's own choice is one large heap. Of a few, that may be what is sought.
    is_few = len(vectors) < _FEW
    found = HDBSCAN(
        min_cluster_size=fewest,
        min_samples=min(_NEIGHBOURS, len(vectors) - 1),
        cluster_selection_method="eom" if is_few else "leaf",
        allow_single_cluster=is_few,
        copy=True,
    )
    labels: NDArray[np.int64] = found.fit(vectors.astype(np.float64)).labels_
    return labels


def _cohesive(vectors: Vectors, group: list[int], scale: Scale) -> list[int]:
    """``group`` without those that lie farthest from the others, until the rest belongs together."""
    while len(group) > 1:
        own = vectors[group]
        near = scale.near(level_of(own))
        others = (own @ own.sum(axis=0) - 1) / (len(own) - 1)
        farthest = int(others.argmin())
        if near >= _COHESIVE and scale.near(float(others[farthest])) >= _STAYS * near:
            break
        group = group[:farthest] + group[farthest + 1 :]
    return group


def _gathered(vectors: Vectors, groups: list[list[int]], scale: Scale) -> list[list[int]]:
    """``groups`` with those that lie alone but belong to one of them."""
    if not groups:
        return []
    means = np.stack([vectors[group].mean(axis=0) for group in groups])
    needed = [max(_COHESIVE, _BELONGS * scale.near(level_of(vectors[group]))) for group in groups]
    taken, found = {place for group in groups for place in group}, [list(group) for group in groups]
    for place in range(len(vectors)):
        if place not in taken:
            surplus = [
                scale.near(float(near)) - need for near, need in zip(means @ vectors[place], needed, strict=True)
            ]
            nearest = int(np.argmax(surplus))
            if surplus[nearest] >= 0:
                found[nearest].append(place)
    return found


def _joined(vectors: Vectors, groups: list[list[int]]) -> list[list[int]]:
    """Clusters that say the same: density alone parts a question that is asked in two ways."""
    if not groups:
        return []
    groups, usual = list(groups), level_of(vectors)
    totals = np.stack([vectors[group].sum(axis=0) for group in groups]).astype(np.float64)
    while (both := _closest(totals, np.array([len(group) for group in groups], np.float64), usual)) is not None:
        one, other = both
        groups[one] = sorted(groups[one] + groups.pop(other))
        totals[one] += totals[other]
        totals = np.delete(totals, other, axis=0)
    return groups


def _closest(totals: NDArray[np.float64], sizes: NDArray[np.float64], usual: float) -> tuple[int, int] | None:
    """The places of the two groups that are most surely one, the smaller first; None where all are different.

    ``totals``: the sum of each group's vectors, so that the mean likeness of two groups is one product.
    """
    products = totals @ totals.T
    between = products / np.outer(sizes, sizes)
    # Of different ones only: each is its own likeness, too, which is 1.
    within = (np.diag(products) - sizes) / np.maximum(sizes * (sizes - 1), 1)
    needed = usual + _AS_ONE * (np.minimum(within[:, None], within[None]) - usual)
    surplus = np.where(np.triu(np.ones_like(between), 1) > 0, between - needed, -np.inf)
    if surplus.max() < 0:
        return None
    one, other = np.unravel_index(int(surplus.argmax()), surplus.shape)
    return int(one), int(other)
