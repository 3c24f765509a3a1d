"""``firstline kb test|publish``: what gets worse ends with 1, here and on a server, and nothing of it goes live."""

from __future__ import annotations

import json
import shlex
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import Result
from console_fixtures import Office, an_office, served
from sqlmodel import select
from studio_kb import ARTICLES, GOLD
from typer.testing import CliRunner

from api.cli.kb_server import zipped
from api.cli.main import app
from bot.learning.building import BuildFailed
from bot.learning.publish import Fit
from bot.learning.studio.carrying_out import run_due
from bot.live import House
from handoff.models import Role, Scope
from handoff.tokens import add_token
from kb_content import catalogue
from kb_content.studio.four_eyes import set_four_eyes
from kb_content.studio.models import Publication, PublicationState
from store import open_database, reading, transaction

office = an_office
pytestmark = pytest.mark.usefixtures("quiet")

LOST = "---\ntitle: Change your picture\nquestions:\n  - how do I change my avatar\n---\nPress **Picture**.\n"


def written(folder: Path) -> Path:
    """The small KB as a folder of files."""
    (folder / "articles" / "en").mkdir(parents=True)
    (folder / "gold").mkdir()
    for one in ARTICLES:
        asked = "".join(f"  - {question}\n" for question in one.questions)
        text = f"---\nid: {one.id}\ntitle: {one.title}\nlanguage: en\nquestions:\n{asked}---\n{one.body}"
        (folder / "articles" / "en" / f"{one.id}.md").write_text(text, "utf-8")
    lines = [json.dumps({"text": one.text, "language": "en", "expect": list(one.expect)}) for one in GOLD]
    (folder / "gold" / "en.jsonl").write_text("\n".join(lines), "utf-8")
    return folder


def spoiled(folder: Path, to: Path) -> Path:
    """A copy in which another article stands where the one about passwords was."""
    shutil.copytree(folder, to)
    place = to / "articles" / "en" / "reset-password.md"
    place.write_text(LOST.replace("---\n", "---\nid: reset-password\nlanguage: en\n", 1), "utf-8")
    return to


@pytest.fixture
def command(sqlite_template: Path, tmp_path: Path) -> Callable[..., Result]:
    """``command("test", DIR)`` is ``firstline kb test DIR`` on a house of this test alone, whose database is empty."""

    def run(*words: str, **settings: str) -> Result:
        shutil.copyfile(sqlite_template, tmp_path / "firstline.db") if not (
            tmp_path / "firstline.db"
        ).exists() else None
        env = {"FIRSTLINE_DATA_DIR": str(tmp_path), "FIRSTLINE_TOKEN": "", "COLUMNS": "200", **settings}
        return CliRunner().invoke(app, ["kb", *words], env=env)

    return run


def test_a_folder_that_answers_worse_than_its_base_is_refused(command: Callable[..., Result], tmp_path: Path) -> None:
    base = written(tmp_path / "main")
    edited = spoiled(base, tmp_path / "edited")
    result = command("test", str(edited), "--base", str(base), "--json")
    assert result.exit_code == 1, result.output
    found = json.loads(result.stdout)
    assert found["worse"] == 2
    lost = [one["text"] for one in found["changed"] if one["loss"]]
    assert lost == ["forgot the password of my account", "I do not remember my password"]
    assert {one["kind"] for one in found["content"]} >= {"title", "removed"}


def test_other_words_pass_and_what_they_change_is_listed_for_people(
    command: Callable[..., Result], tmp_path: Path
) -> None:
    base = written(tmp_path / "main")
    edited = shutil.copytree(base, tmp_path / "edited")
    place = edited / "articles" / "en" / "reset-password.md"
    place.write_text(place.read_text("utf-8").replace("60 minutes", "90 minutes"), "utf-8")
    result = command("test", str(edited), "--base", str(base))
    assert result.exit_code == 0, result.output
    assert "reset-password (en): number: 60 min -> 90 min" in result.stdout
    assert "7 gold questions" in result.stdout
    assert "beside what it replaces:" in result.stdout
    assert "worse" not in result.stdout


def test_an_article_that_is_gone_though_questions_name_it_does_not_pass_for_want_of_questions(
    command: Callable[..., Result], tmp_path: Path
) -> None:
    folder = written(tmp_path / "main")
    (folder / "articles" / "en" / "reset-password.md").unlink()
    result = command("test", str(folder), "--json")
    assert result.exit_code == 1, result.output
    found = json.loads(result.stdout)
    assert [error for error in found["errors"] if "`reset-password`" in error]
    assert "was not tested" in result.stderr


def test_without_anything_to_hold_it_against_the_folder_is_asked_alone(
    command: Callable[..., Result], tmp_path: Path
) -> None:
    folder = written(tmp_path / "main")
    result = command("test", str(folder), "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert (found["questions"], found["counts"], found["wrong"]) == (7, None, 0)
    assert "nothing to hold it against" in result.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--live"], "No release is live here"),
        (["--live", "--base", "."], "--base or --live, not both"),
    ],
)
def test_what_cannot_be_compared_is_said_in_a_sentence(
    command: Callable[..., Result], tmp_path: Path, words: list[str], said: str
) -> None:
    result = command("test", str(written(tmp_path / "main")), *words)
    assert said in str(result.exception)


def test_publishing_a_folder_is_held_against_what_is_live(command: Callable[..., Result], tmp_path: Path) -> None:
    folder = written(tmp_path / "main")
    first = command("publish", str(folder), "--json")
    assert first.exit_code == 0, first.output
    assert json.loads(first.stdout)["state"] == "published"
    spoiled(folder, tmp_path / "copy")
    shutil.rmtree(folder)
    (tmp_path / "copy").rename(folder)
    second = command("publish", str(folder))
    assert second.exit_code == 1
    assert "kept back: 2 questions are answered worse" in second.stderr
    assert "I do not remember my password" in second.stdout
    database = open_database(f"sqlite:///{tmp_path / 'firstline.db'}")
    with reading(database) as session:
        titles = {one.article.title for one in catalogue.contents(session).articles}
    database.close()
    assert "Reset a forgotten password" in titles, "customers are still answered from the good one"


def test_publishing_what_is_not_whole_says_so_by_its_exit_code_and_publishes_the_rest(
    command: Callable[..., Result], tmp_path: Path
) -> None:
    folder = written(tmp_path / "main")
    (folder / "articles" / "en" / "broken.md").write_text("---\ntitle: Broken: it\n---\nSome text.\n", "utf-8")
    result = command("publish", str(folder), "--json")
    assert result.exit_code == 1, "CI must not call it done"
    found = json.loads(result.stdout)
    assert (found["state"], found["left_out"]) == ("published", 1)
    assert "error: articles/en/broken.md:2" in result.stderr
    assert "1 error or conflict, listed above" in result.stderr


def test_the_api_says_how_much_of_a_sent_folder_was_left_out(office: Office, tmp_path: Path) -> None:
    with transaction(office.database) as session:
        token = add_token(session, "ci", Scope.EDITOR, office.now)
    folder = written(tmp_path / "main")
    (folder / "articles" / "en" / "broken.md").write_text("---\ntitle: Broken: it\n---\nSome text.\n", "utf-8")
    files = {"folder": ("kb.zip", zipped(folder), "application/zip")}
    headers = {"Authorization": f"Bearer {token}"}
    told = office.stranger().post("/api/v1/kb/publications", headers=headers, files=files).json()
    assert told["left_out"] == 1
    assert told["changes"][0].startswith("error: articles/en/broken.md:2")


@pytest.fixture
def server(office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, str]]:
    """A running server with one worker that cannot build anything: its address and an editor's token."""
    office.publish()
    with transaction(office.database) as session:
        token = add_token(session, "ci", Scope.EDITOR, office.now)
    builder = tmp_path / "builder"
    builder.write_text('#!/bin/sh\nread order\necho "There is no model here."\nexit 1\n', "utf-8")
    builder.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(builder))
    is_over = threading.Event()

    def work() -> None:
        while not is_over.wait(0.1):
            try:
                run_due(office.database, Fit(), House("http://kb.example"), office.now, lambda sentence: None)
            except BuildFailed:
                continue

    worker = threading.Thread(target=work, daemon=True)
    with served(office) as address:
        worker.start()
        yield address, token
        is_over.set()
        worker.join(20)


def test_a_server_is_sent_the_folder_and_its_outcome_is_the_commands(
    office: Office, command: Callable[..., Result], server: tuple[str, str], tmp_path: Path
) -> None:
    folder, (address, token) = written(tmp_path / "main"), server
    result = command("publish", str(folder), "--server", address, "--json", FIRSTLINE_TOKEN=token)
    assert result.exit_code == 1, result.output
    found = json.loads(result.stdout)
    assert (found["state"], found["problem"]) == ("failed", "There is no model here.")
    assert "Download an invoice" in result.stderr or "invoices" in result.stderr, "what the folder changes is listed"
    with reading(office.database) as session:
        sources = {line.source for line in catalogue.articles_overview(session)}
    assert sources == {"tests", "api: main"}


@pytest.mark.parametrize(("token", "said"), [("", "FIRSTLINE_TOKEN is not set"), ("wrong", "unknown or was revoked")])
def test_without_a_token_that_may_a_server_takes_nothing(
    office: Office, command: Callable[..., Result], tmp_path: Path, token: str, said: str
) -> None:
    with served(office) as address:
        result = command("publish", "--server", address, FIRSTLINE_TOKEN=token)
    assert said in str(result.exception)
    with reading(office.database) as session:
        assert session.get(Publication, 1) is None


def test_the_api_takes_a_zip_from_editors_alone_and_tells_how_far_it_is(office: Office, tmp_path: Path) -> None:
    with transaction(office.database) as session:
        tokens = {scope: add_token(session, scope.value, scope, office.now) for scope in (Scope.AGENT, Scope.EDITOR)}
    client, place = office.stranger(), "/api/v1/kb/publications"
    bearer: dict[Scope, Any] = {scope: {"Authorization": f"Bearer {token}"} for scope, token in tokens.items()}
    files = {"folder": ("kb.zip", zipped(written(tmp_path / "main")), "application/zip")}
    assert client.post(place, headers=bearer[Scope.AGENT], files=files).status_code == 403
    bad = {"folder": ("kb.zip", b"no zip at all", "application/zip")}
    assert client.post(place, headers=bearer[Scope.EDITOR], files=bad).status_code == 422
    asked = client.post(place, headers=bearer[Scope.EDITOR], files=files, data={"override": "moved"})
    assert asked.status_code == 202, asked.text
    told = asked.json()
    assert (told["state"], told["is_over"]) == ("asked", False)
    assert len([line for line in told["changes"] if "invoices" in line]) == 1
    assert client.get(f"{place}/{told['id']}", headers=bearer[Scope.EDITOR]).json()["state"] == "asked"
    assert client.get(f"{place}/99", headers=bearer[Scope.EDITOR]).status_code == 404
    with reading(office.database) as session:
        wish = session.get_one(Publication, told["id"])
        assert (wish.state, wish.override, wish.check["by"]) == (PublicationState.ASKED, "moved", "editor")


def test_with_a_second_pair_of_eyes_a_sent_folder_waits_for_an_editor_unless_an_admin_sends_it(
    office: Office, tmp_path: Path
) -> None:
    with transaction(office.database) as session:
        set_four_eyes(session, True, None, office.now)
        tokens = {scope: add_token(session, scope.value, scope, office.now) for scope in (Scope.EDITOR, Scope.ADMIN)}
    client, place = office.stranger(), "/api/v1/kb/publications"
    files = {"folder": ("kb.zip", zipped(written(tmp_path / "main")), "application/zip")}
    sent: dict[str, Any] = {"files": files, "data": {"source": "docs"}}
    for number in (1, 2):
        refused = client.post(place, headers={"Authorization": f"Bearer {tokens[Scope.EDITOR]}"}, **sent)
        assert refused.status_code == 409
        assert f"/console/articles/import/{number}" in refused.json()["detail"]
    with reading(office.database) as session:
        assert catalogue.articles_overview(session) == []
        assert session.get(Publication, 1) is None
    editor = office.browser("edith", Role.EDITOR)
    assert "editor submitted it" in editor.get("/console/articles/import/2").text
    assert "editor submitted it" not in editor.get("/console/articles/import/1").text, "the later one took its place"
    assert editor.post("/console/articles/import/2/publish").status_code == 303
    with reading(office.database) as session:
        assert {line.source for line in catalogue.articles_overview(session)} == {"api: docs"}
    files = {"folder": ("kb.zip", zipped(written(tmp_path / "other")), "application/zip")}
    taken = client.post(place, headers={"Authorization": f"Bearer {tokens[Scope.ADMIN]}"}, files=files)
    assert taken.status_code == 202, taken.text


def test_a_share_that_was_asked_for_is_kept_until_somebody_approves(office: Office, tmp_path: Path) -> None:
    office.publish()
    with transaction(office.database) as session:
        set_four_eyes(session, True, None, office.now)
        token = add_token(session, "ci", Scope.EDITOR, office.now)
    files = {"folder": ("kb.zip", zipped(written(tmp_path / "main")), "application/zip")}
    data, headers = {"source": "docs", "percent": "20"}, {"Authorization": f"Bearer {token}"}
    sent = office.stranger().post("/api/v1/kb/publications", headers=headers, files=files, data=data)
    assert sent.status_code == 409
    editor = office.browser("edith", Role.EDITOR)
    assert "asked for 20 % of the conversations first" in editor.get("/console/articles/import/2").text
    assert editor.post("/console/articles/import/2/publish").status_code == 303
    with reading(office.database) as session:
        wish = session.exec(select(Publication)).one()
    assert (wish.percent, wish.check["imports"]) == (20, [2])


def test_the_workflow_in_the_documents_uses_commands_and_options_that_there_are() -> None:
    place = Path(__file__).parents[2] / "docs" / "workflows" / "knowledge-base.yml"
    jobs = yaml.safe_load(place.read_text("utf-8"))["jobs"]
    lines = [step["run"] for job in jobs.values() for step in job["steps"] if "firstline kb" in step.get("run", "")]
    assert len(lines) == 3
    for line in lines:
        _, kb, deed, *rest = shlex.split(line)
        helped = CliRunner().invoke(app, [kb, deed, "--help"], env={"COLUMNS": "200"})
        assert helped.exit_code == 0, line
        assert all(word in helped.stdout for word in rest if word.startswith("--")), line
