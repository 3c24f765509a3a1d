"""The room of settings: what is reached from there, the values of this server, tokens and the audit."""

from __future__ import annotations

import csv
import html
import io
import re
from pathlib import Path

import pytest
from console_fixtures import SCRIPT, Office, an_office, open_office
from starlette.testclient import TestClient

from api.console.settings import CARDS
from api.settings import Settings
from handoff.models import Role
from handoff.permissions import allowed
from store import audit, transaction

office = an_office


def words(browser: TestClient, path: str) -> str:
    response = browser.get(path)
    assert response.status_code == 200, response.text[:500]
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", response.text).split()))


@pytest.mark.parametrize("role", Role)
def test_every_card_of_the_room_leads_to_a_page_that_its_reader_may_open(office: Office, role: Role) -> None:
    browser = office.browser("bob", role)
    page = browser.get("/console/settings").text
    for card in CARDS:
        assert (f'<a href="{card.address}"' in page) is allowed(role, card.permission), card
        if allowed(role, card.permission):
            assert browser.get(card.address.partition("#")[0], follow_redirects=True).status_code == 200, card


def test_the_header_has_few_rooms_and_says_in_which_one_is(office: Office) -> None:
    browser = office.browser("ann", Role.ADMIN)
    for path, room in (
        ("/console/staff", "/console/settings"),
        ("/console/promises", "/console/settings"),
        ("/console/audit", "/console/settings"),
        ("/console/satisfaction", "/console/confidence"),
        ("/console/confidence", "/console/confidence"),
    ):
        header = browser.get(path).text.split('<nav class="rooms"')[1].split("</nav>")[0]
        assert header.count("<a ") == 6
        assert f'href="{room}" aria-current="page"' in header, path
    under = browser.get("/console/satisfaction").text.split('<nav class="under"')[1].split("</nav>")[0]
    assert 'href="/console/satisfaction" aria-current="page"' in under


def test_every_setting_stands_there_with_its_source_and_no_secret(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FIRSTLINE_PROMISE_WORKING_DAYS", "3")
    Path(".env").write_text(
        "FIRSTLINE_LLM_API_KEY=sk-very-secret\nFIRSTLINE_LLM_BASE_URL=https://me:pass9@llm.example/v1\n"
    )
    for office in open_office(sqlite_url, Settings(data_dir=tmp_path)):
        page = office.browser("ann", Role.ADMIN).get("/console/settings/values").text
        rows = dict(re.findall(r'<tr id="(\w+)">(.*?)</tr>', page, re.DOTALL))
        assert rows.keys() == Settings.model_fields.keys()
        assert "environment" in rows["promise_working_days"]
        assert ".env" in rows["llm_api_key"]
        assert "as shipped" in rows["port"]
        assert "**" in rows["llm_base_url"]
        assert "sk-very-secret" not in page
        assert "pass9" not in page


def test_a_token_is_shown_once_works_and_works_no_more_when_revoked(office: Office) -> None:
    browser = office.browser("ann", Role.ADMIN)
    made = browser.post("/console/tokens", data={"name": SCRIPT, "scope": "agent"}).text
    (secret,) = re.findall(r'id="secret">(fl_[\w-]+)<', made)
    assert SCRIPT not in made
    assert secret not in browser.get("/console/tokens").text
    headers = {"Authorization": f"Bearer {secret}"}
    assert office.stranger().get("/api/v1/tickets", headers=headers).status_code == 200
    again = browser.post("/console/tokens", data={"name": SCRIPT})
    assert (again.status_code, "Choose another name" in again.text) == (409, True)
    assert browser.post("/console/tokens", data={"name": " "}).status_code == 409
    (token_id,) = re.findall(r"/console/tokens/(\d+)/revoke", browser.get("/console/tokens").text)
    assert browser.post(f"/console/tokens/{token_id}/revoke").status_code == 303
    assert office.stranger().get("/api/v1/tickets", headers=headers).status_code == 401
    assert browser.post("/console/tokens/99999/revoke").status_code == 404
    assert "token.revoked" in words(browser, "/console/audit?kind=token")


def test_the_audit_says_who_did_what_and_what_was_so_before(office: Office) -> None:
    browser = office.browser("ann", Role.ADMIN)
    office.browser("bob")
    bob = office.colleagues["bob"].staff_id
    office.later(hours=1)
    browser.post(f"/console/staff/{bob}", data={"name": "Robert", "role": "editor"})
    browser.post("/console/waiting", data={"remind_after": "2", "close_after": "5"})
    browser.post("/console/waiting", data={"remind_after": "3", "close_after": "5"})
    told = words(browser, "/console/audit?action=staff.changed")
    assert "name: Robert (before: bob )" in told
    assert "role: editor (before: agent )" in told
    told = words(browser, "/console/audit?action=stale_rules")
    assert "remind_after: 3 (before: 2 )" in told
    assert told.count("close_after: 5 (before") == 0


def test_the_audit_is_narrowed_down_and_leafed_through(office: Office) -> None:
    browser = office.browser("ann", Role.ADMIN)
    with transaction(office.database) as session:
        for number in range(130):
            audit.record(session, "zoe", f"deed.{number:03}", "thing", number, office.now)
    first = browser.get("/console/audit?actor=zoe").text
    assert ">deed.129<" in first
    assert ">deed.029<" not in first
    (older,) = re.findall(r'href="([^"]+)" rel="next"', first)
    second = browser.get(html.unescape(older)).text
    assert ">deed.029<" in second
    assert 'rel="next"' not in second
    assert "deed.007" in words(browser, "/console/audit?kind=thing&subject=7")
    assert "No entry fits" in words(browser, "/console/audit?actor=zoe&until=2026-11-22")
    assert "deed.129" in words(browser, "/console/audit?actor=zoe&since=2026-11-23&until=2026-11-23")
    assert "deed.129" in words(browser, "/console/audit?subject=x&since=yesterday")


def test_the_audit_leaves_as_a_file_that_a_spreadsheet_cannot_run(office: Office) -> None:
    browser = office.browser("ann", Role.ADMIN)
    with transaction(office.database) as session:
        for number in range(600):
            audit.record(session, "=cmd()", "deed.done", "thing", number, office.now, text="ä, “b”\n")
    response = browser.get("/console/audit/export?action=deed.")
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))
    assert [row["subject"] for row in rows] == [str(number) for number in range(599, -1, -1)]
    assert {row["actor"] for row in rows} == {"'=cmd()"}
    assert "audit.exported" in words(browser, "/console/audit")
    assert office.browser("bob").get("/console/audit").status_code == 403
