"""Releases are built by children that need not read their code anew: that takes two thirds of what a small one takes.

Each is still a process of its own that gets its order as ever. Real ones build in ``tests/bot_learning/test_building``,
where they are killed, and in whatever process a test begins.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from types import TracebackType
from typing import Any

from forked import BUILDER, Forked

PIPE = subprocess.PIPE
_REAL = [sys.executable, "-m", BUILDER]


class Builder(Forked):
    """As much of ``subprocess.Popen`` as ``bot.learning.building`` needs."""

    def __init__(self) -> None:
        with ExitStack() as theirs:
            (order, order_end), (said_end, said) = os.pipe(), os.pipe()
            theirs.callback(os.close, order)
            theirs.callback(os.close, said)
            self.stdin, heard = os.fdopen(order_end, "w"), os.fdopen(said_end)
            super().__init__([], os.environ, None, [order, said, 2], BUILDER)
        self.stdout = heard

    def __enter__(self) -> Builder:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        assert self.stdout
        self.stdout.close()
        self.stdin.close()
        self.wait()


def Popen(command: list[str], **pipes: Any) -> Builder | subprocess.Popen[str]:
    """A builder; whatever else is begun there is begun as ever."""
    return Builder() if command == _REAL else subprocess.Popen(command, **pipes)
