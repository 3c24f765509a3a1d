"""Trouble on the line, made on purpose: what the next calls of a method meet instead of, or after, their effect."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any


@dataclass(frozen=True)
class TooMany:
    """429 with this retry_after."""

    retry_after: int = 1
    is_meant: bool = False
    """The chat is penalised for that long: a call inside counts like one inside any other penalty."""


@dataclass(frozen=True)
class ServerError:
    """A 5xx with the body that Telegram gives."""

    code: int = 500


@dataclass(frozen=True)
class Refuse:
    code: int
    description: str
    parameters: dict[str, Any] | None = None


@dataclass(frozen=True)
class Garbage:
    """200 with a page that is not JSON, as a broken proxy gives."""


@dataclass(frozen=True)
class Slow:
    """The call has its effect after this many seconds."""

    seconds: float


@dataclass(frozen=True)
class DropBefore:
    """The connection is cut before anything happened."""


@dataclass(frozen=True)
class DropAfter:
    """The call has its effect, then the connection is cut: the client cannot know."""


@dataclass(frozen=True)
class ServerErrorAfter:
    """The call has its effect, then a 5xx says that it had trouble."""

    code: int = 500


Fault = TooMany | ServerError | Refuse | Garbage | Slow | DropBefore | DropAfter | ServerErrorAfter


@dataclass
class Plan:
    method: str
    fault: Fault
    times: int
    when: Callable[[dict[str, Any]], bool]
    after: int = 0
    """So many calls that fit pass first."""
    met: int = 0
    """How many calls have met it."""


@dataclass
class Hold:
    """Calls of a method wait here until they are let go."""

    method: str
    when: Callable[[dict[str, Any]], bool] = lambda args: True
    waiting: int = 0
    arrived: int = 0
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _is_released: bool = False
    _wakers: list[Callable[[], None]] = field(default_factory=list)

    def wait_for_arrival(self, n: int = 1, timeout: float = 60.0) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self.arrived >= n, timeout), f"{self.arrived} of {n} calls came"

    def arrive(self, wake: Callable[[], None]) -> bool:
        """A call comes by; False: it need not wait."""
        with self._changed:
            self.arrived += 1
            self._changed.notify_all()
            if not self._is_released:
                self._wakers.append(wake)
            return not self._is_released

    def release(self) -> None:
        with self._changed:
            self._is_released = True
            wakers, self._wakers = self._wakers, []
        for wake in wakers:
            wake()

    def __enter__(self) -> Hold:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.release()
