"""One thread a question: a matrix of a knowledge base is too small to be shared out among cores."""

from __future__ import annotations

from functools import cache


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
