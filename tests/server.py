"""The product as its users run it: a process of its own, on a free port, stopped at the end."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx2
from forked import Forked

FIRSTLINE = str(Path(sys.executable).with_name("firstline"))
PATIENCE = 180.0
# A server that was just started reads its routes at the first request, and a busy machine takes its time.
get, post = (partial(ask, timeout=PATIENCE) for ask in (httpx2.get, httpx2.post))
NOTES: Path | None = None
"""The folder where processes that share the tests tell each other what was started already."""
_started: set[str] = set()


@dataclass
class Server:
    """A running `firstline run`. ``lines``: what it printed on standard output so far."""

    process: subprocess.Popen[str] | Forked
    environment: dict[str, str]
    lines: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    readers: list[threading.Thread] = field(default_factory=list)
    _told: threading.Condition = field(default_factory=threading.Condition)

    @property
    def address(self) -> str:
        return self.says("ready ")

    @property
    def admin_link(self) -> str:
        return self.says("first admin: ")

    def says(self, beginning: str) -> str:
        """The rest of the first line that begins so; waits for it, and fails when the server ends before."""

        def found() -> str | None:
            return next((line.removeprefix(beginning) for line in self.lines if line.startswith(beginning)), None)

        with self._told:
            self._told.wait_for(lambda: found() is not None or self.process.poll() is not None, PATIENCE)
        line = found()
        assert line is not None, f"the server never said {beginning!r}: {self.errors[-8:]}"
        return line

    def command(self, *words: str, text: str = "") -> subprocess.CompletedProcess[str]:
        """Run a `firstline` command beside the server, on the same data."""
        return firstline(*words, env=self.environment, text=text)

    def follow(self) -> None:
        for stream, kept in ((self.process.stdout, self.lines), (self.process.stderr, self.errors)):
            assert stream is not None
            self.readers.append(threading.Thread(target=self._read, args=(stream, kept), daemon=True))
            self.readers[-1].start()

    def _read(self, stream: Iterator[str], kept: list[str]) -> None:
        for line in stream:
            with self._told:
                kept.append(line.rstrip("\n"))
                self._told.notify_all()
        with self._told:
            self._told.notify_all()


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """An environment without any setting of whoever runs the tests."""
    clean = {name: value for name, value in os.environ.items() if not name.upper().startswith("FIRSTLINE_")}
    own = {"DATA_DIR": str(folder / "data"), "PORT": "0", **settings}
    return {**clean, "HF_HUB_OFFLINE": "1", **{f"FIRSTLINE_{name}": value for name, value in own.items()}}


def firstline(
    *words: str, env: Mapping[str, str], cwd: Path | None = None, text: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a `firstline` command to its end, with ``text`` to read."""
    line = [FIRSTLINE, *words]
    if _is_first(words):
        return subprocess.run(
            line, env=env, cwd=cwd, input=text, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        given.write(text.encode())
        given.seek(0)
        process = Forked(words, env, cwd, [each.fileno() for each in (given, out, err)])
        try:
            code = process.wait(PATIENCE)
        finally:
            process.kill()
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(line, code, out.read().decode(), err.read().decode())


def _is_first(words: tuple[str, ...]) -> bool:
    """Whether nothing like it was started yet. The first of its kind reads its code itself, as with its users, so that
    a command which does not import what it needs is found out."""
    kind = "-".join(word for word in words[:2] if word.isalpha())
    if kind in _started:
        return False
    _started.add(kind)
    return NOTES is None or _is_noted_first(NOTES / kind)


def _is_noted_first(note: Path) -> bool:
    try:
        note.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def knowing(folder: Path, kb: Path, **settings: str) -> None:
    """Let ``folder`` hold what a first start makes of ``kb``: built once with these settings, copied every time."""
    built = kb.parent / "-".join([kb.name, "built", *settings.values()])
    if not built.exists():
        making = Path(f"{built}.new")
        # What an import that failed left there must not hide why it did.
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir()
        done = firstline("kb", "import", str(kb), env=environment(making, **settings))
        assert done.returncode == 0, done.stderr
        making.rename(built)
    shutil.copytree(built / "data", folder / "data")


def _begun(way: str, variables: Mapping[str, str], folder: Path) -> subprocess.Popen[str] | Forked:
    if not _is_first((way,)):
        return Forked([way], variables, folder)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([FIRSTLINE, way], env=variables, cwd=folder, text=True, **pipes)


@contextmanager
def running(folder: Path, way: str = "run", **settings: str) -> Iterator[Server]:
    """`firstline run`, or api or worker, with its data in ``folder``; killed if it does not stop by itself."""
    variables = environment(folder, **settings)
    server = Server(_begun(way, variables, folder), variables)
    server.follow()
    try:
        yield server
    finally:
        stop(server)


def stop(server: Server, number: signal.Signals = signal.SIGTERM) -> int:
    """Ask the server to stop and return its exit code."""
    if server.process.poll() is None:
        server.process.send_signal(number)
    try:
        return server.process.wait(30)
    except subprocess.TimeoutExpired:
        server.process.kill()
        return server.process.wait()
    finally:
        for reader in server.readers:
            reader.join(5)
        for stream in (server.process.stdout, server.process.stderr):
            if stream is not None:
                stream.close()
