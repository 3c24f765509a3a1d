"""Nothing waits behind a build: while one hangs, the live release answers and the desk writes."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from talk import AgentAtTheDesk, CustomerOnTheWeb, World

from bot.learning.building import BuildFailed
from bot.learning.publish import Fit, carry_out, plan, publish_newest
from kb_content.folder import read_folder

LONG = 60.0
"""Seconds after which a test gives up waiting; none takes as long."""
ARTICLE = "---\nid: invite\ntitle: Invite people\nlanguage: en\n---\nOpen Settings, Members and type their addresses.\n"


def children() -> list[int]:
    """The processes that this one started to build."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError):
            parent = int(status.read_text().rpartition(")")[2].split()[1])
            line = (status.parent / "cmdline").read_bytes()
            if parent == os.getpid() and b"bot.learning.building" in line:
                found.append(int(status.parent.name))
    return found


@contextmanager
def hanging_build(world: World, folder: Path) -> Iterator[threading.Thread]:
    """A release is being built in a child process, which hangs until the end of the block and is killed then."""
    (folder / "articles").mkdir(parents=True)
    (folder / "articles" / "invite.md").write_text(ARTICLE)
    carry_out(world.database, plan(world.database, read_folder(folder), "test"), "test", world.now)
    failed = threading.Event()

    def build() -> None:
        try:
            publish_newest(world.database, Fit(), "test", world.now, lambda _sentence: None)
        except BuildFailed:
            failed.set()

    thread = threading.Thread(target=build)
    thread.start()
    pause = threading.Event()
    while not (found := children()):
        assert thread.is_alive(), "the build is over before it began"
        pause.wait(0.01)
    os.kill(found[0], signal.SIGSTOP)
    try:
        yield thread
    finally:
        os.kill(found[0], signal.SIGKILL)
        thread.join(LONG)
    assert failed.is_set(), "it was under way all the time"


@pytest.mark.usefixtures("real_builders")
def test_while_a_build_hangs_customers_are_answered_and_the_desk_works(
    ada: CustomerOnTheWeb, bob: AgentAtTheDesk, world: World, tmp_path: Path
) -> None:
    with hanging_build(world, tmp_path / "kb") as build:
        (answer,) = ada.says("I forgot my password, can't get in")
        assert answer["decision"] == "answer"
        ada.says("let me talk to a human")
        bob.replies("Hello Ada, Bob here.")
        assert [message["text"] for message in ada.hears()] == ["Hello Ada, Bob here."]
        assert build.is_alive()
