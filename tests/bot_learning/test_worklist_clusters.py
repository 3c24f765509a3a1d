"""Clusters: what lies dense, what lies apart, and which group continues which item."""

from __future__ import annotations

from collections.abc import Set

import numpy as np
import pytest

from bot.learning.worklist.clusters import Scale, clusters, known_again


def test_clusters_lie_dense_and_what_lies_apart_is_in_none() -> None:
    draw = np.random.default_rng(1)
    centres = np.eye(64, dtype=np.float32)[:3]
    near = [centre + 0.08 * draw.standard_normal((6, 64)).astype(np.float32) for centre in centres]
    vectors = np.concatenate([*near, draw.standard_normal((8, 64)).astype(np.float32)])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    found = clusters(vectors, Scale())
    assert sorted(map(sorted, found)) == [list(range(start, start + 6)) for start in (0, 6, 12)]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_too_few_questions_are_no_cluster(count: int) -> None:
    assert clusters(np.eye(4, dtype=np.float32)[:count], Scale()) == []


def test_a_group_continues_the_item_with_which_it_shares_most() -> None:
    found = [{1, 2, 3}, {7, 8, 9}, {20, 21}]
    known: dict[str, Set[int]] = {"a": {1, 2, 3, 4, 5}, "b": {3, 7, 8}, "c": {30}}
    assert known_again(found, known) == ["a", "b", None]
