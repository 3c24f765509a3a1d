"""A small knowledge base, the real encoders, and a reader over both: built once for all claims."""

from __future__ import annotations

import pytest
from small_kb import articles, contents_of

from kb_content.articles import Contents
from retrieval.build import Built, build
from retrieval.encoders import Encoders, load_encoders
from retrieval.reader import Reader


@pytest.fixture(scope="session")
def encoders() -> Encoders:
    return load_encoders(None, lambda sentence: None)


@pytest.fixture(scope="session")
def contents() -> Contents:
    return contents_of(articles())


@pytest.fixture(scope="session")
def built(contents: Contents, encoders: Encoders) -> Built:
    return build(contents, encoders, {})


@pytest.fixture(scope="session")
def reader(contents: Contents, built: Built, encoders: Encoders) -> Reader:
    return Reader.open(contents, built.vectors, built.parameters, encoders)
