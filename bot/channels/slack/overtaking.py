"""What was said in a thread while something else of it was on its way: Slack brings events side by side."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

_THREADS = 10_000


class Newest:
    """When the newest that came was said, in the threads that were written in last. Safe to use from several threads.

    Of this process alone: what another one kept at the same moment is not known here.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._said = OrderedDict[str, float]()

    def is_overtaken(self, thread_key: str, said: float) -> bool:
        """Whether something of this thread came before that was said after it. From now on, this has come."""
        with self._lock:
            newest = self._said.pop(thread_key, said)
            self._said[thread_key] = max(newest, said)
            if len(self._said) > _THREADS:
                self._said.popitem(last=False)
        return said < newest
