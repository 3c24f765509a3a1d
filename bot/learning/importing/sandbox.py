"""Reading foreign files in a child process that is shut in: what is wrong with a file costs that file alone."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from bot.learning.importing.converting import READY
from bot.learning.importing.errors import NotReadable
from bot.learning.importing.html_pages import Page

SECONDS = 60.0
"""For one document."""
_STARTING = 120.0
_LONGEST_ANSWER = 32_000_000
_AT_MOST = 400
"""Documents for one child: its allowance of processor time is for all that it reads."""


@dataclass(frozen=True)
class Document:
    """A file to read. ``kind``: html, pdf, docx or fragment; ``base``: the address that a page came from."""

    name: str
    kind: str
    content: bytes
    charset: str | None = None
    base: str = ""


class Sandbox:
    """A child that reads documents, started when first needed and anew after one that it did not survive.

    Use it as a context; from one thread at a time.
    """

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._child: subprocess.Popen[bytes] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._read = 0
        self._pending = b""
        self.is_held = False
        """Whether the kernel itself refuses the child network and files; known once it has started."""

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def read(self, document: Document) -> Page:
        """The text of ``document``. Raises NotReadable, saying why."""
        answer = self._ask(document)
        if "page" not in answer:
            raise NotReadable(document.name, answer.get("problem", "it cannot be understood"))
        return Page(**answer["page"])

    def _ask(self, document: Document) -> dict[str, Any]:
        child = self._started()
        order = {
            "kind": document.kind,
            "size": len(document.content),
            "charset": document.charset,
            "base": document.base,
        }
        try:
            assert child.stdin is not None
            child.stdin.write(json.dumps(order).encode() + b"\n" + document.content)
            child.stdin.flush()
            answer = self._line(time.monotonic() + self._seconds)
        except TimeoutError:
            self._end()
            raise NotReadable(document.name, f"reading it took longer than {self._seconds:g} seconds") from None
        except (OSError, EOFError):
            self._end()
            raise NotReadable(document.name, "reading it took too much memory or time") from None
        self._read += 1
        if self._read >= _AT_MOST:
            self._end()
        return answer

    def _started(self) -> subprocess.Popen[bytes]:
        if self._child is None:
            # Its own empty folder, and nothing of our environment: there may be secrets in it.
            self._folder = tempfile.TemporaryDirectory(prefix="firstline-read-")
            self._child = subprocess.Popen(
                [sys.executable, "-B", "-s", "-m", "bot.learning.importing.converting"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=self._folder.name,
                env={"PYTHONUTF8": "1"},
                start_new_session=True,
            )
            self._read, self._pending = 0, b""
            try:
                said = self._line(time.monotonic() + _STARTING)
            except (OSError, EOFError, TimeoutError):
                said = {}
            if READY not in said:
                self._end()
                raise NotReadable("This file", "the process that reads such files could not be started")
            self.is_held = bool(said.get("held"))
        return self._child

    def _line(self, ends: float) -> dict[str, Any]:
        """The child's next answer. Raises TimeoutError, or EOFError where it ended."""
        assert self._child is not None
        assert self._child.stdout is not None
        pipe = self._child.stdout.fileno()
        while b"\n" not in self._pending:
            ready, _, _ = select.select([pipe], [], [], max(0.0, ends - time.monotonic()))
            if not ready:
                raise TimeoutError
            piece = os.read(pipe, 1_000_000)
            if not piece or len(self._pending) > _LONGEST_ANSWER:
                raise EOFError
            self._pending += piece
        line, _, self._pending = self._pending.partition(b"\n")
        said: dict[str, Any] = json.loads(line)
        return said

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    try:
                        pipe.close()
                    except OSError:
                        continue
            child.wait()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None
