from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from retrieval.microbatches import MicroBatches


class _Gate:
    """An encoder that doubles numbers, and stops in each batch until it is let go; odd ones out are refused."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.begun = threading.Semaphore(0)
        self.may_end = threading.Semaphore(0)

    def encode(self, numbers: Sequence[int]) -> list[int]:
        self.batches.append(list(numbers))
        self.begun.release()
        assert self.may_end.acquire(timeout=30)
        if any(number < 0 for number in numbers):
            raise ValueError(f"{min(numbers)} is below 0")
        return [2 * number for number in numbers]

    def open(self) -> None:
        self.may_end.release(1_000)


def _waiting(micro: MicroBatches[int, int]) -> int:
    return len(micro._waiting)


@contextmanager
def _asking(micro: MicroBatches[int, int], gate: _Gate, first: int, others: Sequence[int]):  # type: ignore[no-untyped-def]
    """``first`` is being encoded, and ``others`` wait for it."""
    with ThreadPoolExecutor(32) as pool:
        futures: list[Future[int]] = [pool.submit(micro, first)]
        assert gate.begun.acquire(timeout=30)
        futures += [pool.submit(micro, number) for number in others]
        while _waiting(micro) < len(others):
            threading.Event().wait(0.001)
        try:
            yield futures
        finally:
            gate.open()


def test_a_lone_request_is_encoded_at_once_by_the_thread_that_asks() -> None:
    threads: list[threading.Thread] = []

    def encode(numbers: Sequence[int]) -> Sequence[int]:
        threads.append(threading.current_thread())
        return numbers

    assert MicroBatches(encode, lanes=1, most=8)(7) == 7
    assert threads == [threading.current_thread()]


def test_what_comes_meanwhile_is_encoded_together_and_everyone_gets_their_own() -> None:
    gate = _Gate()
    micro = MicroBatches(gate.encode, lanes=1, most=8)
    with _asking(micro, gate, 1, range(2, 7)) as futures:
        gate.open()
        assert [future.result(30) for future in futures] == [2, 4, 6, 8, 10, 12]
    assert [len(batch) for batch in gate.batches] == [1, 5]


def test_a_batch_is_no_larger_than_it_may_be() -> None:
    gate = _Gate()
    micro = MicroBatches(gate.encode, lanes=1, most=4)
    with _asking(micro, gate, 0, range(1, 11)) as futures:
        gate.open()
        assert [future.result(30) for future in futures] == [2 * number for number in range(11)]
    assert [len(batch) for batch in gate.batches] == [1, 4, 4, 2]


def test_an_error_reaches_only_the_caller_whose_item_it_is_about() -> None:
    gate = _Gate()
    micro = MicroBatches(gate.encode, lanes=1, most=8)
    with _asking(micro, gate, 1, [2, -3, 4]) as futures:
        gate.open()
        assert [futures[number].result(30) for number in (0, 1, 3)] == [2, 4, 8]
        with pytest.raises(ValueError, match="-3 is below 0"):
            futures[2].result(30)
    assert micro(5) == 10, "the lane is free again"


def test_several_lanes_share_what_waits() -> None:
    gate = _Gate()
    micro = MicroBatches(gate.encode, lanes=2, most=8)
    with ThreadPoolExecutor(32) as pool:
        first = [pool.submit(micro, 0), pool.submit(micro, 1)]
        for _ in first:
            assert gate.begun.acquire(timeout=30)
        rest = [pool.submit(micro, number) for number in range(2, 8)]
        while _waiting(micro) < len(rest):
            threading.Event().wait(0.001)
        gate.open()
        assert [future.result(30) for future in (*first, *rest)] == [2 * number for number in range(8)]
    assert max(len(batch) for batch in gate.batches) == 3


def test_many_threads_at_once_all_get_their_own() -> None:
    micro = MicroBatches[int, int](lambda numbers: [number * number for number in numbers], lanes=2, most=8)
    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(micro, range(2_000))) == [number * number for number in range(2_000)]
    assert not _waiting(micro)
