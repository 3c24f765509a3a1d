"""The test's side of the nursery: begin a life, kill it, and wait for its end."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from standins.slack.server import SlackWorld
from standins.telegram import TelegramWorld

TESTS = Path(__file__).parents[1]
PATIENCE = 120.0
LEASE = 6.0
"""Seconds. Longer than any call to the stand-ins takes, so that only the dead lose what they hold."""


@dataclass
class Life:
    """One process of the product."""

    nursery: Nursery
    pid: int
    code: int | None = None
    """What it ended with; a negative number is the signal that killed it."""

    def kill(self) -> int:
        """End it as a power cut would."""
        if self.code is None:
            os.kill(self.pid, signal.SIGKILL)
        return self.wait()

    def stop(self) -> int:
        """End it as an operator does: it gives back what it holds."""
        os.kill(self.pid, signal.SIGTERM)
        return self.wait()

    def wait(self) -> int:
        """What it ended with, once it did."""
        if self.code is None:
            descriptor = os.pidfd_open(self.pid)
            try:
                assert select.select([descriptor], [], [], PATIENCE)[0], f"life {self.pid} goes on and on"
            finally:
                os.close(descriptor)
            self.code = int(self.nursery.ask(reap=self.pid)["code"])
        return self.code


@dataclass
class Nursery:
    process: subprocess.Popen[str]
    log: Path
    questions: list[list[str]] = field(default_factory=list)
    """What the small knowledge base surely answers, by article."""

    def ask(self, **order: Any) -> dict[str, Any]:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"the nursery is gone: {self.log.read_text()[-2000:]}"
        return dict(json.loads(line))

    def begin(
        self,
        settings: dict[str, Any],
        *,
        crash_at: str = "",
        lease: float = LEASE,
        has_upkeep: bool = False,
        knows_nothing: bool = False,
        release: int = 0,
    ) -> Life:
        """A new life; it dies by itself at ``crash_at`` (see ``store.crashpoints``).

        ``knows_nothing``: it must read the live release of its database before it answers. ``release``: which one it
        has read already; 0 without one.
        """
        order = {"crash_at": crash_at, "lease": lease, "has_upkeep": has_upkeep, "knows_nothing": knows_nothing}
        order["release"] = release
        return Life(self, int(self.ask(settings=settings, log=str(self.log), **order)["pid"]))

    def publish(self, url: str) -> None:
        """Make what the lives know the live release of the database at ``url``."""
        assert self.ask(publish=url)["code"] == 0, self.log.read_text()[-2000:]

    def carry_out(self, url: str, crash_at: str) -> int:
        """Let a process carry out what is to be published in the database at ``url``; what it ended with."""
        return int(self.ask(carry_out=url, crash_at=crash_at)["code"])


def settings_of(folder: Path, url: str, telegram: TelegramWorld, slack: SlackWorld) -> dict[str, Any]:
    """How a life is told of its database and of both platforms; the first of Slack's teams is its own."""
    return {
        "data_dir": str(folder),
        "database_url": url,
        "telegram_token": telegram.token,
        "telegram_base_url": telegram.base_url,
        "slack_base_url": slack.api_url,
        "slack_bot_token": slack.teams[0].bot_token,
        "slack_app_token": slack.app.app_token,
    }


@contextmanager
def nursery(folder: Path) -> Iterator[Nursery]:
    """The nursery with its log in ``folder``; its lives end with it."""
    log = folder / "lives.log"
    clean = {name: value for name, value in os.environ.items() if not name.upper().startswith("FIRSTLINE_")}
    # The models' libraries keep threads of their own, which a fork would leave behind, unless they are told not to.
    alone = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    path = os.pathsep.join([str(TESTS.parent), str(TESTS)])
    with log.open("ab") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "chaos.nursery"],
            env={**clean, **alone, "PYTHONPATH": path},
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
        )
    with process:
        try:
            assert process.stdout
            line = process.stdout.readline()
            assert line, f"the nursery did not begin: {log.read_text()[-2000:]}"
            yield Nursery(process, log, json.loads(line)["questions"])
        finally:
            assert process.stdin
            process.stdin.close()
            process.wait(PATIENCE)
