from __future__ import annotations

import numpy as np

from retrieval.vectors import Kind, key_of, load_vectors, save_vectors
from store import Database, reading, transaction


def test_vectors_come_back_from_the_database_as_they_were(database: Database) -> None:
    rows = np.random.default_rng(1).normal(size=(1_200, 8)).astype(np.float32)
    vectors = {key_of("model", Kind.QUERY, f"text {n}"): row for n, row in enumerate(rows)}
    with transaction(database) as session:
        save_vectors(session, vectors)
    with reading(database) as session:
        found = load_vectors(session, vectors)
    assert found.keys() == vectors.keys()
    assert all(np.array_equal(found[key], vectors[key]) for key in vectors)


def test_saving_again_changes_nothing(database: Database) -> None:
    key = key_of("model", Kind.PASSAGE, "text")
    for value in (1.0, 2.0):
        with transaction(database) as session:
            save_vectors(session, {key: np.full(4, value, np.float32)})
    with reading(database) as session:
        assert load_vectors(session, [key])[key].tolist() == [1.0] * 4


def test_unknown_vectors_are_simply_not_there(database: Database) -> None:
    with reading(database) as session:
        assert load_vectors(session, [key_of("model", Kind.QUERY, "never seen")]) == {}


def test_a_vector_is_named_by_model_use_and_text() -> None:
    keys = {
        key_of("a", Kind.QUERY, "x"),
        key_of("b", Kind.QUERY, "x"),
        key_of("a", Kind.PASSAGE, "x"),
        key_of("a", Kind.QUERY, "y"),
    }
    assert len(keys) == 4
