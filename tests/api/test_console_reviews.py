"""Whoever may approve something sees on every page that it waits for them."""

from __future__ import annotations

import re

import pytest
from console_fixtures import HTMX, Office, an_office
from starlette.testclient import TestClient

from handoff.models import Role
from kb_content.studio.four_eyes import set_four_eyes
from store import transaction

office = an_office
WAITS = "Waiting for your review: "
PAGE = "---\ntitle: Get a refund\nlanguage: en\n---\nRefunds take 30 days, as the terms of sale say.\n"


@pytest.fixture
def ed(office: Office) -> TestClient:
    """An editor, with the usual articles live."""
    office.publish()
    return office.browser("ed", Role.EDITOR)


def waiting(browser: TestClient, page: str = "/console", **headers: str) -> set[int]:
    """The numbers that the head of the page and the rooms of the knowledge base show."""
    return {int(count) for count in re.findall(f'title="{WAITS}([0-9]+)"', browser.get(page, headers=headers).text)}


def submitted(browser: TestClient) -> str:
    draft = str(browser.post("/console/articles/reset-password/en/edit").headers["location"])
    browser.post(f"{draft}/submit", data={"revision": "1", "title": "Reset it", "body": "Ask a colleague for it."})
    assert ">In review<" in browser.get(draft).text
    return draft


def test_a_draft_in_review_is_counted_for_those_who_may_approve_it(office: Office, ed: TestClient) -> None:
    flo = office.browser("flo", Role.EDITOR)
    assert waiting(flo) == set()
    draft = submitted(ed)
    assert waiting(flo) == {1}
    assert waiting(flo, "/console/drafts", **HTMX) == {1}, "also where only the middle of the page is shown"
    assert waiting(ed) == set(), "nobody approves what they submitted"
    assert waiting(office.browser("bob", Role.AGENT)) == set()
    assert flo.post(f"{draft}/approve").status_code == 303
    assert waiting(flo) == set()


def test_an_import_in_review_is_counted_until_somebody_decides(office: Office, ed: TestClient) -> None:
    with transaction(office.database) as session:
        set_four_eyes(session, True, None, office.now)
    flo = office.browser("flo", Role.EDITOR)
    sent = ed.post("/console/articles/import", files=[("upload", ("refunds.md", PAGE.encode()))])
    address = sent.headers["location"]
    assert waiting(flo) == set(), "nobody submitted it yet"
    ed.post(f"{address}/submit")
    assert waiting(flo) == {1}
    assert waiting(ed) == set()
    flo.post(f"{address}/send-back", data={"note": "It is 60 days."})
    assert waiting(flo) == set()


def test_the_count_is_said_in_chinese(office: Office, ed: TestClient) -> None:
    submitted(ed)
    assert 'title="等待你审阅：1"' in office.browser("mei", Role.EDITOR, "zh").get("/console").text
