"""Requests that come while others are being encoded are encoded together, as soon as there is room.

Nobody waits for company: who finds a free lane starts at once, in the thread that asks. Who finds none waits, and when
a lane is free again, one of those who wait leads: it encodes for its share of them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Answered = TypeVar("Answered")


@dataclass(eq=False)
class _Request(Generic[Asked, Answered]):
    """One item of one caller. ``leads``: the requests that its caller shall encode, itself among them."""

    item: Asked
    leads: list[_Request[Asked, Answered]] = field(default_factory=list)
    woken: threading.Event = field(default_factory=threading.Event)
    answer: list[Answered] = field(default_factory=list)
    error: BaseException | None = None


class MicroBatches(Generic[Asked, Answered]):
    """``encode`` gives one answer an item, in order, and may be called by ``lanes`` threads at once.

    ``most``: items in one batch. What goes wrong in a batch is tried again item by item, so that an error reaches only
    the caller whose item it is about.
    """

    def __init__(self, encode: Callable[[Sequence[Asked]], Iterable[Answered]], lanes: int, most: int) -> None:
        self._encode = encode
        self._lanes = lanes
        self._most = most
        self._busy = 0
        self._waiting: list[_Request[Asked, Answered]] = []
        self._lock = threading.Lock()

    def __call__(self, item: Asked) -> Answered:
        """The answer to ``item``. Raises what ``encode`` raises for it."""
        request: _Request[Asked, Answered] = _Request(item)
        with self._lock:
            if self._busy < self._lanes:
                self._busy += 1
                request.leads = [request]
            else:
                self._waiting.append(request)
        if not request.leads:
            request.woken.wait()
        if request.leads:
            self._lead(request)
        if request.error is not None:
            raise request.error
        return request.answer[0]

    def _lead(self, leader: _Request[Asked, Answered]) -> None:
        try:
            self._answer(leader.leads)
        except BaseException as error:
            for request in leader.leads:
                if not request.answer:
                    request.error = error
            raise
        finally:
            self._pass_on()
            for request in leader.leads:
                request.leads = []
                request.woken.set()

    def _pass_on(self) -> None:
        """Give the lane to one of those who wait, with its share of them; free it where nobody does."""
        with self._lock:
            share = min(-(-len(self._waiting) // self._lanes), self._most)
            batch, self._waiting = self._waiting[:share], self._waiting[share:]
            if not batch:
                self._busy -= 1
                return
        batch[0].leads = batch
        batch[0].woken.set()

    def _answer(self, batch: Sequence[_Request[Asked, Answered]]) -> None:
        try:
            answers = self._encode([request.item for request in batch])
        except Exception as error:
            if len(batch) == 1:
                batch[0].error = error
                return
            for request in batch:
                self._answer([request])
            return
        for request, answer in zip(batch, answers, strict=True):
            request.answer = [answer]
