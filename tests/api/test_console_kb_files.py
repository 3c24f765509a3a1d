"""Pictures of articles: editors put them in, staff see them at once, customers when an article shows them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from console_fixtures import ARTICLES, Office, an_office
from starlette.testclient import TestClient

from handoff.models import Role

office = an_office
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
JSON = {"Accept": "application/json"}


@pytest.fixture
def ed(office: Office) -> TestClient:
    office.publish()
    browser = office.browser("ed", Role.EDITOR)
    added = browser.post("/console/kb-files", files={"upload": ("A shot.png", PNG, "text/html")}, headers=JSON)
    assert added.json() == {"name": "A-shot.png", "markdown": "![A shot](files/A-shot.png)"}
    return browser


def test_staff_see_a_picture_at_once_and_it_can_run_nothing(ed: TestClient) -> None:
    shown = ed.get("/console/kb-files/A-shot.png")
    assert (shown.status_code, shown.content, shown.headers["content-type"]) == (200, PNG, "image/png")
    assert shown.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert "![A shot](files/A-shot.png)" in ed.get("/console/kb-files").text


def test_a_form_without_a_script_leads_to_the_list(ed: TestClient) -> None:
    added = ed.post("/console/kb-files", files={"upload": ("list.csv", b"a,b", "text/csv")})
    assert added.headers["location"] == "/console/kb-files?added=list.csv"
    assert "[list](files/list.csv)" in ed.get(added.headers["location"]).text
    assert ed.get("/console/kb-files/list.csv").headers["content-disposition"].startswith("attachment")


def test_what_could_be_a_page_is_refused_with_a_sentence(ed: TestClient) -> None:
    refused = ed.post("/console/kb-files", files={"upload": ("x.html", b"<script>", "image/png")}, headers=JSON)
    assert refused.status_code == 422
    assert "Save it as one of these" in refused.json()["problem"]


def test_customers_open_it_only_while_an_article_for_everybody_shows_it(office: Office, ed: TestClient) -> None:
    customer = office.stranger()
    assert customer.get("/kb/files/A-shot.png").status_code == 404
    shows = replace(ARTICLES[0], body="See:\n\n![the page](files/A-shot.png)")
    office.publish((shows, *ARTICLES[1:]))
    assert '<img src="/kb/files/A-shot.png" alt="the page">' in customer.get("/kb/en/reset-password").text
    assert customer.get("/kb/files/A-shot.png").content == PNG
    office.publish(ARTICLES)
    assert customer.get("/kb/files/A-shot.png").status_code == 404


def test_a_restricted_articles_picture_opens_with_the_key_that_its_page_has(office: Office, ed: TestClient) -> None:
    secret = replace(ARTICLES[0], audience={"plans": ["enterprise"]}, body="![plan](files/A-shot.png)")
    office.publish((secret, *ARTICLES[1:]))
    customer = office.stranger()
    assert customer.get("/kb/files/A-shot.png").status_code == 404
    assert customer.get("/kb/files/A-shot.png?key=guess").status_code == 404
    assert ed.get("/kb/files/A-shot.png").status_code == 200


def test_no_other_file_of_the_house_is_served(office: Office, ed: TestClient) -> None:
    office.file("secret.txt", b"a customer's own", "text/plain")
    for name in ("secret.txt", "..%2Ffirstline.db", "%00"):
        assert office.stranger().get(f"/kb/files/{name}").status_code == 404
        assert ed.get(f"/console/kb-files/{name}").status_code == 404
