"""How the product starts, stops and comes back."""

from __future__ import annotations

import signal
import socket
from pathlib import Path

import httpx2
import pytest
from server import PATIENCE, Server, environment, firstline, get, knowing, post, running, stop


@pytest.mark.parametrize("number", [pytest.param(signal.SIGTERM, marks=pytest.mark.long), signal.SIGINT])
def test_it_starts_stops_cleanly_and_keeps_the_talk(tmp_path: Path, small_kb: Path, number: signal.Signals) -> None:
    is_built = number is signal.SIGINT
    if is_built:
        knowing(tmp_path, small_kb)
    with running(tmp_path, KB=str(small_kb)) as first:
        assert first.address.startswith("http://127.0.0.1:")
        fits = [line for line in first.errors if "fitting the confidence" in line]
        assert bool(fits) is not is_built, "it is built at the first start"
        assert get(f"{first.address}/readyz").status_code == 200
        assert get(first.admin_link).status_code == 200
        token = post(f"{first.address}/api/v1/chat/sessions").json()["token"]
        _say(first, token, "let me talk to a human")
        assert stop(first, number) == 0
    with running(tmp_path, KB=str(small_kb)) as second:
        heard = _heard(second, token, 2)
        assert heard[0]["text"] == "let me talk to a human"
        assert "#1" in heard[1]["text"], "what was accepted before the stop is answered after it"
        assert not [line for line in second.errors if "fitting the confidence" in line], "nothing is built again"


@pytest.mark.parametrize("way", ["run", "worker"])
def test_a_stop_during_the_start_ends_with_0_and_one_line(tmp_path: Path, way: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(PATIENCE)
        database = f"postgresql://u@127.0.0.1:{silent.getsockname()[1]}/db"
        with running(tmp_path, way, DATABASE_URL=database) as starting:
            line, _ = silent.accept()
            with line:
                assert stop(starting) == 0, "it still waits for its database"
    assert starting.errors == ["Told to stop while starting or closing: it ends here."]


def test_a_killed_server_loses_no_accepted_message(tmp_path: Path, small_kb: Path) -> None:
    knowing(tmp_path, small_kb)
    with running(tmp_path, KB=str(small_kb)) as first:
        token = post(f"{first.address}/api/v1/chat/sessions").json()["token"]
        for number in range(10):
            _say(first, token, f"let me talk to a human, please, number {number}")
        first.process.kill()
    with running(tmp_path, KB=str(small_kb)) as second:
        heard = _heard(second, token, 11)
        texts = [message["text"] for message in heard if message["direction"] == "incoming"]
        assert texts == [f"let me talk to a human, please, number {number}" for number in range(10)]
        assert len([message for message in heard if message["direction"] == "outgoing"]) == 1


def test_a_wrong_setting_is_a_sentence_with_its_name(tmp_path: Path) -> None:
    variables = environment(tmp_path, PORT="eighty")
    done = firstline("run", env=variables)
    assert done.returncode == 2
    assert "FIRSTLINE_PORT" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_secret_that_anybody_could_guess_is_told_and_never_repeated(tmp_path: Path) -> None:
    done = firstline("doctor", env=environment(tmp_path, SECRET_KEY="hunter2"))
    assert "FIRSTLINE_SECRET_KEY has fewer than 32 characters" in done.stdout
    assert "python3 -c 'import secrets" in done.stdout
    assert "hunter2" not in done.stdout + done.stderr


def _say(server: Server, token: str, text: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    answer = post(f"{server.address}/api/v1/chat/messages", json={"text": text}, headers=headers)
    assert answer.status_code == 202


def _heard(server: Server, token: str, count: int) -> list[dict[str, str]]:
    """The talk, once it has ``count`` messages; the stream says when there is more."""
    headers = {"Authorization": f"Bearer {token}"}
    stream = f"{server.address}/api/v1/chat/stream"
    with httpx2.stream("GET", stream, headers=headers, timeout=PATIENCE) as events:
        seen = 0
        for line in events.iter_lines():
            seen += line.startswith("data:")
            if seen >= count:
                break
    found = get(f"{server.address}/api/v1/chat/messages", headers=headers).json()["messages"]
    assert len(found) == count
    return list(found)
