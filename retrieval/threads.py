"""One thread a question: a matrix of a knowledge base is too small to be shared out among cores."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

_WAITING = "OMP_WAIT_POLICY"


@cache
def one_thread_a_question() -> None:
    """Keep FAISS and the linear algebra of numpy and scipy in this process to the thread that calls them.

    Their pools wait by spinning: beside any other work on the same cores, a product that takes 0.1 ms took 6.
    """
    import faiss
    import scipy.linalg.blas  # noqa: F401 (it brings its own pool, which must be there to be limited)
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    faiss.omp_set_num_threads(1)
    threadpool_limits(limits=1, user_api="blas")


def cores() -> int:
    """How many processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def waiting_passively() -> Iterator[None]:
    """Let OpenMP threads of a library loaded meanwhile sleep while they wait.

    They would spin, and beside any other work on the same cores a question took 200 ms instead of 15.
    """
    before = os.environ.get(_WAITING)
    os.environ[_WAITING] = "passive"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_WAITING]
        else:
            os.environ[_WAITING] = before
