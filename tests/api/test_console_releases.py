"""The pages of releases: history, what each changed, the rollout's figures and levers, and the way back."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import http_house
import pytest
from console_fixtures import ARTICLES, OWN, Office, an_office
from sqlmodel import col, select
from starlette.testclient import TestClient
from typer.testing import CliRunner

from api.cli.main import app
from handoff.models import Role
from kb_content import catalogue, rollouts
from kb_content.agreement import Side
from kb_content.articles import Article
from kb_content.folder import Folder
from kb_content.models import Release
from kb_content.releases import keep_fit
from kb_content.studio.models import KbImport, Publication, PublicationState, Rollout, RolloutState
from store import reading, transaction
from store.models import Audit

office = an_office
PAGE = "/console/releases"
CHANGED = (replace(ARTICLES[0], body="Anyone can.\n\n## Steps\n\n1. Press **Reset**.\n"), *ARTICLES[1:2])


@pytest.fixture
def eve(office: Office) -> TestClient:
    live(office, ARTICLES)
    return office.browser("eve", Role.EDITOR)


def built(office: Office, articles: tuple[Article, ...]) -> int:
    office.later(minutes=5)
    with transaction(office.database) as session:
        plan = catalogue.plan_import(session, Folder(articles=articles), "tests", prefer=Side.THEIRS)
        catalogue.apply_import(session, plan, office.now)
        release_id = catalogue.start_release(session, office.now)
        keep_fit(session, release_id, b"fit", 0.62, {"target": 0.95})
    return release_id


def live(office: Office, articles: tuple[Article, ...]) -> int:
    release_id = built(office, articles)
    with transaction(office.database) as session:
        catalogue.publish(session, release_id, b"fit", 0.62, {"target": 0.95}, office.now, "Eve")
    return release_id


def staged(office: Office, percent: int = 20) -> int:
    release_id = built(office, CHANGED)
    with transaction(office.database) as session:
        rollouts.stage(session, release_id, percent, (), 1, office.now)
    return release_id


def live_id(office: Office) -> int | None:
    with reading(office.database) as session:
        return catalogue.live_release_id(session)


def test_the_history_says_what_each_release_changed(office: Office, eve: TestClient) -> None:
    first, second = live_id(office), live(office, CHANGED)
    page = eve.get(PAGE).text
    rows = re.findall(r'<a class="row" href="/console/releases/(\d+)"', page)
    assert rows == [str(second), str(first)]
    assert "Live" in page
    one = eve.get(f"{PAGE}/{second}").text
    assert f"What it changed of release {first}" in one
    assert "/console/articles/reset-password/en/versions?old=1&amp;new=2" in one
    assert re.search(r"Taken out</span>\s*<a [^>]*>Export your data</a>", one)
    assert "Roll back to release" not in one, "it is live"
    assert eve.get(f"{PAGE}/99").status_code == 404


def test_rolling_back_needs_a_reason_and_is_done_at_once(office: Office, eve: TestClient) -> None:
    first, second = live_id(office), live(office, CHANGED)
    refused = eve.post(f"{PAGE}/{first}/roll-back", data={"reason": "  "})
    assert refused.status_code == 422
    assert "Say in a few words why" in refused.text
    assert live_id(office) == second
    office.later(minutes=5)
    done = eve.post(f"{PAGE}/{first}/roll-back", data={"reason": "Wrong <button>"})
    third = live_id(office)
    assert (done.status_code, done.headers["location"]) == (303, f"{PAGE}/{third}?done=rolled_back")
    page = eve.get(done.headers["location"]).text
    assert "Rolled back." in page
    assert f"Rolled back to release {first}." in page
    assert "Wrong &lt;button&gt;" in page
    with reading(office.database) as session:
        assert {one.article.title for one in catalogue.contents(session).articles} == {one.title for one in ARTICLES}
        entry = session.exec(select(Audit).where(Audit.action == "kb.roll_back")).one()
    assert entry.actor == "eve"
    again = eve.post(f"{PAGE}/{third}/roll-back", data={"reason": "once more"})
    assert again.status_code == 422
    assert "live already" in again.text


def test_a_release_without_its_fit_offers_no_way_back(office: Office, eve: TestClient) -> None:
    first = live_id(office)
    live(office, CHANGED)
    with transaction(office.database) as session:
        session.get_one(Release, first).parameters = None
    page = eve.get(f"{PAGE}/{first}").text
    assert "no longer kept" in page
    assert "/roll-back" not in page


def test_the_rollout_is_shown_with_both_figures_and_promoted(office: Office, eve: TestClient) -> None:
    first, second = live_id(office), staged(office)
    conversation = office.ask("I forgot my password")
    office.answer(conversation, "Press Reset.", release=second, article="reset-password", question="I forgot")
    page = eve.get(PAGE).text
    assert f"20 % of the conversations get release {second}; the others get release {first}" in page
    assert "0 by the live release, 1 by the staged one" in page
    assert "(1 of 1)" in page
    done = eve.post(f"{PAGE}/rollout/promote")
    assert done.headers["location"] == f"{PAGE}/{second}?done=promoted"
    assert live_id(office) == second
    assert "rolled out to some" not in eve.get(PAGE).text
    assert eve.post(f"{PAGE}/rollout/promote").status_code == 422, "there is none any more"


def test_a_rollout_is_stopped_with_a_reason_that_stands_in_the_history(office: Office, eve: TestClient) -> None:
    first, second = live_id(office), staged(office)
    assert eve.post(f"{PAGE}/rollout/stop", data={"reason": "more thumbs down"}).status_code == 303
    assert live_id(office) == first
    page = eve.get(f"{PAGE}/{second}").text
    assert "more thumbs down" in page
    assert "Was stopped" in page


def test_an_import_that_is_rolled_out_is_named_and_undone_where_it_is_stopped(office: Office, eve: TestClient) -> None:
    second = staged(office)
    with transaction(office.database) as session:
        brought = session.exec(select(KbImport.id).order_by(col(KbImport.id).desc())).first()
        state, check = PublicationState.STAGED, {"imports": [brought], "by": "ci"}
        session.add(Publication(state=state, asked_at=office.now, percent=20, release_id=second, check=check))
    assert f'href="/console/articles/import/{brought}"' in eve.get(PAGE).text
    stopped = eve.post(f"{PAGE}/rollout/stop", data={"reason": "more thumbs down"})
    assert "the import that it was of is undone" in eve.get(stopped.headers["location"]).text
    wish = eve.get("/console/publications/1").text
    assert "Some customers had it until its rollout was stopped." in wish
    assert "Nothing was published" not in wish


def test_why_a_rollout_ended_is_told_in_the_readers_language(office: Office, eve: TestClient) -> None:
    second = staged(office)
    third = live(office, ARTICLES)
    assert f"Release {third} went live meanwhile" in eve.get(f"{PAGE}/{second}").text
    lin = office.browser("lin", Role.EDITOR, language="zh")
    assert f"发布版本 {third} 在此期间对所有人上线" in lin.get(f"{PAGE}/{second}").text


def test_the_share_is_changed_and_a_share_for_nobody_is_refused(office: Office, eve: TestClient) -> None:
    staged(office)
    assert eve.post(f"{PAGE}/rollout/share", data={"percent": "60"}).status_code == 303
    with reading(office.database) as session:
        rollout = session.exec(select(Rollout)).one()
    assert (rollout.percent, rollout.state) == (60, RolloutState.RUNNING)
    assert eve.post(f"{PAGE}/rollout/share", data={"percent": "0"}).status_code == 422
    assert eve.post(f"{PAGE}/rollout/share", data={"percent": "101"}).status_code == 422


def test_agents_read_the_releases_and_change_none(office: Office, eve: TestClient) -> None:
    first = live_id(office)
    live(office, CHANGED)
    staged(office)
    bob = office.browser("bob", Role.AGENT)
    assert "/rollout/promote" not in bob.get(PAGE).text
    assert "/roll-back" not in bob.get(f"{PAGE}/{first}").text
    for deed in ("rollout/promote", "rollout/stop", "rollout/share", f"{first}/roll-back"):
        assert bob.post(f"{PAGE}/{deed}", data={"reason": "x", "percent": "5"}).status_code == 403


def test_the_pages_speak_chinese(office: Office, eve: TestClient) -> None:
    first = live_id(office)
    staged(office)
    li = office.browser("li", Role.EDITOR, language="zh")
    assert "正在灰度发布" in li.get(PAGE).text
    assert "它处理的问题数" in li.get(f"{PAGE}/{first}").text
    assert "已经上线" in li.post(f"{PAGE}/{first}/roll-back", data={"reason": "x"}).text


def test_an_old_citation_opens_the_version_that_was_quoted_from_a_stopped_rollout(
    office: Office, eve: TestClient
) -> None:
    staged(office)
    eve.post(f"{PAGE}/rollout/stop")
    ada = TestClient(office.app, headers=OWN, follow_redirects=False)
    found = ada.get("/kb/en/reset-password/v2")
    assert found.status_code == 200
    assert "<strong>Reset</strong>" in found.text
    assert "<strong>Forgot?</strong>" in ada.get("/kb/en/reset-password").text, "what is live is what it was"


def command(office: Office, *words: str) -> tuple[int, str]:
    settings = {
        "FIRSTLINE_DATABASE_URL": office.database.url,
        "FIRSTLINE_DATA_DIR": str(office.product.settings.data_dir),
    }
    finished = CliRunner().invoke(app, ["kb", *words], env=settings)
    if finished.exception is not None and not isinstance(finished.exception, SystemExit):
        return 2, str(finished.exception)
    return finished.exit_code, finished.output


def test_the_commands_do_what_the_pages_do(office: Office, eve: TestClient) -> None:
    first, second = live_id(office), staged(office)
    code, output = command(office, "releases", "--json")
    assert code == 0
    listed = json.loads(output)
    assert [(one["release"], one["state"]) for one in listed] == [(second, "staged"), (first, "live")]
    assert command(office, "promote")[0] == 0
    assert live_id(office) == second
    assert command(office, "promote") == (2, "No release is being rolled out now.")
    code, output = command(office, "rollback", str(first), "--reason", "wrong step")
    assert code == 0
    assert "within 2 seconds" in output
    assert command(office, "rollback", str(second + 99))[0] == 2
    code, output = command(office, "releases")
    assert f"as release {first}: wrong step" in output
    staged(office)
    assert command(office, "stop", "--reason", "enough")[0] == 0
    with reading(office.database) as session:
        assert rollouts.running(session) is None


def test_a_server_that_cannot_follow_says_so_on_the_page(office: Office, eve: TestClient) -> None:
    office.product.live.serving = http_house.live(office.database, "http://firstline.test").serving
    live(office, CHANGED)
    office.product.live.refresh(office.database)
    page = eve.get(PAGE).text
    said = " ".join(re.sub(r"<[^>]*>", " ", page).split())
    assert "This server still answers from the release before. The knowledge base could not be loaded" in said
