"""What happens when the product cannot do its work: people hear a sentence, and customers get a person."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
import structlog
from server import PATIENCE, environment, firstline, get, post, running
from structlog.testing import capture_logs

from api.product import Product
from api.running import warn_of_sample
from api.settings import Settings
from bot.live import House, Live
from kb_content import catalogue
from kb_content.folder import read_folder
from store import Database, transaction
from store.watch import Watch

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def test_with_a_model_that_cannot_be_loaded_the_customer_gets_a_person(tmp_path: Path, small_kb: Path) -> None:
    with running(tmp_path, KB=str(small_kb), ENCODER="/nowhere/model") as server:
        address = server.admin_link.split("/console/")[0]
        readiness = get(f"{address}/readyz")
        assert readiness.status_code == 503
        assert "/nowhere/model" in readiness.json()["reasons"][0]
        token = post(f"{address}/api/v1/chat/sessions").json()["token"]
        headers = {"Authorization": f"Bearer {token}"}
        post(f"{address}/api/v1/chat/messages", json={"text": "help me with SECRET-4711"}, headers=headers)
        with httpx2.stream("GET", f"{address}/api/v1/chat/stream", headers=headers, timeout=PATIENCE) as events:
            heard = [json.loads(line.removeprefix("data:")) for line in _data(events)]
        assert "#1" in heard[1]["text"]
        assert "model" not in heard[1]["text"]
    assert not [line for line in server.errors if "SECRET-4711" in line], "no message text in the log"
    assert not [line for line in server.errors if line.startswith("Traceback")]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["kb", "check", "/nowhere/kb"], "is not a folder"),
        (["kb", "import", "/nowhere/kb"], "is not a folder"),
        (["agent", "add", "not-an-address", "--name", "Bob"], "e-mail"),
        (["agent", "add", "bob@firstline.test", "--name", "Bob", "--role", "king"], "Choose one of"),
        (["token", "add", "x", "--scope", "all"], "Choose one of"),
        (["eval", "--questions", "/nowhere/q.jsonl"], "/nowhere/q.jsonl"),
    ],
)
def test_a_command_that_cannot_go_on_says_why_in_a_sentence(tmp_path: Path, words: list[str], says: str) -> None:
    done = _run(tmp_path, *words)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_check_that_finds_an_error_names_file_and_line_and_exits_with_1(tmp_path: Path) -> None:
    articles = tmp_path / "kb" / "articles"
    articles.mkdir(parents=True)
    (articles / "good.md").write_text("---\ntitle: Good\n---\nWords enough to be an article of this test.\n", "utf-8")
    (articles / "bad.md").write_text("---\ntitle: [unclosed\n---\nWords\n", "utf-8")
    done = _run(tmp_path, "kb", "check", str(tmp_path / "kb"))
    assert done.returncode == 1
    assert "error: articles/bad.md:" in done.stdout
    asked = _run(tmp_path, "ask", "words", "--kb", str(tmp_path / "kb"), "--json")
    assert asked.returncode == 0, asked.stderr
    assert "articles/bad.md:" in asked.stderr
    assert json.loads(asked.stdout)["decision"]


def test_a_database_that_does_not_answer_is_a_sentence_without_the_password(tmp_path: Path) -> None:
    done = _run(tmp_path, "token", "add", "x", DATABASE_URL="postgresql://user:hunter2@127.0.0.1:1/none")
    assert done.returncode == 2
    assert "FIRSTLINE_DATABASE_URL" in done.stderr
    assert "hunter2" not in done.stderr + done.stdout


def test_the_sample_with_a_real_channel_token_is_said_in_the_log(sqlite_database: Database) -> None:
    structlog.reset_defaults()
    with transaction(sqlite_database) as session:
        folder = read_folder(catalogue.sample_folder())
        catalogue.apply_import(session, catalogue.plan_import(session, folder, catalogue.SAMPLE), NOW)
        catalogue.publish(session, catalogue.start_release(session, NOW), b"", None, {}, NOW)
    with Watch(sqlite_database) as watch, capture_logs() as logs:
        settings = Settings(telegram_token="123:abc", _env_file=None)  # type: ignore[arg-type,call-arg]
        warn_of_sample(Product(settings, sqlite_database, watch, Live(House("http://firstline.test"))))
    assert logs[0]["do"] == "firstline kb import DIR --replace"


def _run(folder: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return firstline(*words, env=environment(folder, **settings))


def _data(events: httpx2.Response) -> list[str]:
    """The first two messages of the stream."""
    found = []
    for line in events.iter_lines():
        if line.startswith("data:"):
            found.append(line)
        if len(found) == 2:
            break
    return found
