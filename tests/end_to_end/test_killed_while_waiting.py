"""A fragment waits in the database, not in the process: kill -9 loses nothing and repeats nothing."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import httpx2
from server import PATIENCE, Server, knowing, post, running, stop


def test_what_was_said_in_pieces_is_answered_once_though_the_server_is_killed(tmp_path: Path, small_kb: Path) -> None:
    knowing(tmp_path, small_kb)
    with running(tmp_path, KB=str(small_kb)) as server:
        token = post(f"{server.address}/api/v1/chat/sessions").json()["token"]
        headers = {"Authorization": f"Bearer {token}"}
        sends(server, headers, "hi")
        assert stop(server, signal.SIGKILL) == -signal.SIGKILL
    with running(tmp_path, KB=str(small_kb)) as server:
        sends(server, headers, "I forgot my password, can't get in")
        told = hears(server, headers)
        said = [message["text"] for message in told if message["direction"] == "incoming"]
        assert said == ["hi", "I forgot my password, can't get in"]
        decisions = [message["decision"] for message in told if message["direction"] == "outgoing"]
        # The greeting was returned by itself, or with the answer, depending on how quickly the server came back.
        assert decisions in (["answer"], ["clarify"], ["smalltalk", "answer"], ["smalltalk", "clarify"])


def sends(server: Server, headers: dict[str, str], text: str) -> None:
    sent = post(f"{server.address}/api/v1/chat/messages", json={"text": text}, headers=headers)
    assert sent.status_code == 202


def hears(server: Server, headers: dict[str, str]) -> list[dict[str, Any]]:
    """All messages of the chat up to the first reply that is more than a greeting."""
    told: list[dict[str, Any]] = []
    address = f"{server.address}/api/v1/chat/stream"
    with httpx2.stream("GET", address, headers=headers, timeout=PATIENCE) as events:
        for line in events.iter_lines():
            if line.startswith("data:"):
                told.append(json.loads(line.removeprefix("data:")))
                if told[-1].get("decision") not in (None, "smalltalk"):
                    break
    return told
