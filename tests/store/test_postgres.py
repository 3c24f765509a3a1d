"""The tests' own server: nothing of it outlives the tests, however they end."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import postgres
from sqlalchemy import make_url

RUNNER = """
import sys, time
sys.path.insert(0, sys.argv[1])
import postgres
with postgres.server() as address:
    print(address, flush=True)
    time.sleep(600)
"""


def test_a_server_stops_and_is_gone_when_the_tests_are_killed(postgres_server: str) -> None:
    assert postgres_server
    folder = str(Path(postgres.__file__).parent)
    with subprocess.Popen([sys.executable, "-c", RUNNER, folder], stdout=subprocess.PIPE, text=True) as tests:
        assert tests.stdout
        socket = Path(str(make_url(tests.stdout.readline().strip()).query["host"]))
        assert list(socket.glob(".s.PGSQL.*"))
        tests.kill()
    deadline = time.monotonic() + 60
    while socket.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not socket.exists()
