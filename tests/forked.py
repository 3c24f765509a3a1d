"""Processes of the product that need not read its code anew, which takes longer than most of what they do.

Run as a program this file reads all code once and forks a process for every order, until its standard input ends. Such
a process is one as any other: it has its own words, environment, folder, input and outputs, gets signals, is killed,
and ends with a code.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import select
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import IO, Any

# Without onnxruntime: it begins a thread of its own, which a fork would wait for in vain at its end.
READ_BEFORE = ("api.app", "api.cli.main", "api.cli.refusals", "api.running", "bot.learning.publish", "retrieval.build")
READ_BEFORE += ("alembic.command", "psycopg", "sqlalchemy.dialects.postgresql", "tokenizers", "uvicorn")
# What is read once a release is opened.
READ_BEFORE += ("bm25s", "bot.loading", "faiss", "retrieval.e5", "retrieval.minilm", "scipy.linalg.blas")
READ_BEFORE += ("scipy.sparse", "sentencepiece", "threadpoolctl", "zhconv_rs")
_LONGEST = 2**20


COMMAND, BUILDER = "firstline", "bot.learning.building"
"""What a process may be: a command, or the child that builds a release."""


class Forked:
    """A process of the product, with as much of ``subprocess.Popen`` as tests need.

    ``streams``: the open files that are its input, output and errors; without them its input is empty and the others
    are to be read here, as text.
    """

    def __init__(
        self,
        words: Sequence[str],
        env: Mapping[str, str],
        cwd: Path | None,
        streams: Sequence[int] = (),
        program: str = COMMAND,
    ) -> None:
        self.words = [program, *words]
        self.returncode: int | None = None
        self.stdout: IO[str] | None = None
        self.stderr: IO[str] | None = None
        with ExitStack() as ends:
            if not streams:
                nothing = ends.enter_context(open(os.devnull, "rb"))
                (out, out_end), (err, err_end) = os.pipe(), os.pipe()
                for end in (out_end, err_end):
                    ends.callback(os.close, end)
                self.stdout, self.stderr = os.fdopen(out, encoding="utf-8"), os.fdopen(err, encoding="utf-8")
                streams = (nothing.fileno(), out_end, err_end)
            told, told_end = os.pipe()
            ends.callback(os.close, told_end)
            self._told = os.fdopen(told)
            order = {"words": self.words, "environment": dict(env), "folder": str(cwd or Path.cwd())}
            socket.send_fds(_forker(), [json.dumps(order).encode()], [*streams, told_end])
        self.pid = int(self._told.readline())

    def poll(self) -> int | None:
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(self.words, timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def _ended(self, timeout: float | None) -> int | None:
        if self.returncode is None and select.select([self._told], [], [], timeout)[0]:
            self.returncode = int(self._told.readline())
            self._told.close()
        return self.returncode


@cache
def _forker() -> socket.socket:
    """The line to the one program that forks for these tests; it ends with them."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _LONGEST)
    # A copy of the tree reads its own code. And a session of its own: Ctrl-C at the tests must not end it before what
    # it looks after.
    reads = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    forker = subprocess.Popen(
        [sys.executable, __file__], stdin=theirs, stdout=subprocess.DEVNULL, cwd="/", env=reads, start_new_session=True
    )
    theirs.close()

    def end() -> None:
        ours.close()
        forker.wait(60)

    atexit.register(end)
    return ours


def main() -> None:
    """Fork until there are no more orders. Returns in the processes that are to do one."""
    for name in READ_BEFORE:
        import_module(name)
    read_pieces = _pieces_read_once()
    gc.collect()
    gc.freeze()
    orders = socket.socket(fileno=os.dup(0))
    with selectors.DefaultSelector() as selector:
        selector.register(orders, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.data is not None:
                    selector.unregister(key.fd)
                    _tell_end(key.fd, *key.data)
                    continue
                text, files, _, _ = socket.recv_fds(orders, _LONGEST, 4)
                if not text:
                    _end_all(selector)
                    sys.exit(0)
                *streams, told = files
                read_pieces()
                if not (pid := os.fork()):
                    _leave(selector, told, orders.detach())
                    return _become(json.loads(text), streams)
                for stream in streams:
                    os.close(stream)
                with suppress(BrokenPipeError):
                    os.write(told, b"%d\n" % pid)
                selector.register(os.pidfd_open(pid), selectors.EVENT_READ, (pid, told))


def _pieces_read_once() -> Callable[[], None]:
    """The pieces of words of the exported models are read here and not by every process, which takes half a second.

    What is returned looks for them: a first start may have exported them meanwhile.
    """
    sentencepiece, export = import_module("sentencepiece"), import_module("retrieval.export")
    read = cache(sentencepiece.SentencePieceProcessor)
    sentencepiece.SentencePieceProcessor = read

    def look() -> None:
        for folder in export.model_folders():
            for file in folder.glob("[!.]*/pieces.model"):
                read(model_file=str(file))

    return look


def _tell_end(process: int, pid: int, told: int) -> None:
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.close(process)
    # Whoever asked for it may be gone.
    with suppress(BrokenPipeError):
        os.write(told, b"%d\n" % code)
    os.close(told)


def _end_all(selector: selectors.BaseSelector) -> None:
    """Tests that were killed end nothing themselves."""
    for key in selector.get_map().values():
        if key.data is not None:
            os.kill(key.data[0], signal.SIGKILL)


def _leave(selector: selectors.BaseSelector, *more: int) -> None:
    """Keep nothing open that belongs to the one who forks."""
    for key in list(selector.get_map().values()):
        if key.data is not None:
            os.close(key.fd)
            os.close(key.data[1])
    for each in more:
        os.close(each)


def _become(order: dict[str, Any], streams: Sequence[int]) -> None:
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(order["environment"])
    time.tzset()
    os.chdir(order["folder"])
    sys.argv = order["words"]


if __name__ == "__main__":
    main()
    if sys.argv[0] == BUILDER:
        from bot.learning.building import main as build

        raise SystemExit(build())
    from api.cli.main import main as firstline

    firstline()
