"""Commands work on the same data while the server answers, and the server hears of what they did."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from server import Server, get, post

NEW_ARTICLE = """---
id: paper-size
title: Print a report on A3 paper
language: en
questions:
  - how do I print on A3
  - the printout is too small, I need a bigger sheet
  - change the sheet size of a printed report
---
Reports are printed on A4 unless you choose another sheet.

## Choose the sheet
1. Open the report and select **Print**.
2. Under **Sheet**, select **A3**, then **Print**.
"""


def test_an_agent_added_by_command_can_open_the_link(server: Server) -> None:
    done = server.command("agent", "add", "bob@firstline.test", "--name", "Bob", "--role", "agent")
    assert done.returncode == 0, done.stderr
    link = done.stdout.strip().rsplit("/console/", 1)[1]
    page = get(f"{server.address}/console/{link}")
    assert page.status_code == 200
    assert "bob@firstline.test" in page.text


def test_ask_answers_in_json_and_nothing_else_on_standard_output(server: Server) -> None:
    done = server.command("ask", "I forgot my password, can't get in", "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert {"decision", "confidence", "intent", "text", "citations", "language"} <= answer.keys()
    assert answer["language"] == "en"


def test_many_questions_go_in_as_lines_and_come_out_as_lines(server: Server) -> None:
    done = server.command("ask", "-", "--json", text="hi\n忘记密码了登不上去\n\nlet me talk to a human\n")
    hi, forgot, empty, person = (json.loads(line) for line in done.stdout.splitlines())
    assert (hi["decision"], person["decision"]) == ("smalltalk", "escalate")
    assert forgot["language"] == "zh"
    assert (empty["decision"], empty["reason"]) == ("decline", "empty")


def test_a_token_made_by_command_opens_the_api(server: Server) -> None:
    token = server.command("token", "add", "crm", "--scope", "read").stdout.strip()
    headers = {"Authorization": f"Bearer {token}"}
    answer = post(f"{server.address}/api/v1/ask", json={"text": "hi"}, headers=headers)
    assert answer.status_code == 200
    assert answer.json()["decision"] == "smalltalk"
    assert post(f"{server.address}/api/v1/ask", json={"text": "hi"}).status_code == 401


def test_an_imported_article_is_answered_from_by_the_running_server(
    server: Server, small_kb: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "mine"
    (folder / "articles").mkdir(parents=True)
    (folder / "articles" / "paper-size.md").write_text(NEW_ARTICLE, "utf-8")
    done = server.command("kb", "import", str(folder))
    assert done.returncode == 0, done.stderr
    assert "1 added" in done.stdout
    token = server.command("token", "add", "watcher", "--scope", "read").stdout.strip()
    found = _ask_until_cited(server, token, "how can I print my report on A3", "paper-size")
    assert found
    exported = tmp_path / "exported"
    assert server.command("kb", "export", str(exported)).returncode == 0
    assert (exported / "articles" / "en" / "paper-size.md").read_text("utf-8").startswith("---\nid: paper-size\n")


def test_a_second_server_on_the_same_data_is_refused_with_a_sentence(server: Server) -> None:
    done = server.command("run")
    assert done.returncode == 2
    assert "already uses this database" in done.stderr
    assert "Traceback" not in done.stderr


def test_chat_in_the_terminal_talks_beside_the_server(server: Server) -> None:
    done = server.command("chat", text="hi\nlet me talk to a human\n")
    assert done.returncode == 0, done.stderr
    assert "bot" in done.stdout
    assert "#" in done.stdout


def test_doctor_finds_nothing_wrong_and_names_every_setting_with_its_source(server: Server) -> None:
    done = server.command("doctor")
    assert done.returncode == 0, done.stdout
    assert "FIRSTLINE_PORT: 0 (environment)" in done.stdout
    assert "FIRSTLINE_TARGET_PRECISION: 0.95 (default)" in done.stdout


def _ask_until_cited(server: Server, token: str, text: str, article: str) -> bool:
    """Ask again and again; the server looks for a new release every second."""
    headers, deadline = {"Authorization": f"Bearer {token}"}, datetime.now(UTC) + timedelta(seconds=60)
    while datetime.now(UTC) < deadline:
        answer = post(f"{server.address}/api/v1/ask", json={"text": text}, headers=headers).json()
        offered = {each["article"] for each in (*answer["citations"], *answer.get("options", []))}
        if article in offered:
            return True
    return False
