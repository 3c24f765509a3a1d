"""Coming in and going out: passwords, one-time links, cookies."""

from __future__ import annotations

from pathlib import Path

import pytest
from console_fixtures import Office, an_office, open_office

from api.console.sign_in import own_page
from api.settings import Settings
from handoff.models import Role
from handoff.rows import id_of
from handoff.staff import add_staff, set_password, sign_in_link
from store import transaction

office = an_office

PASSWORD = "correct horse battery"
UNKNOWN = "E-mail address and password do not match."


def hire(office: Office, email: str = "bob@example.com", password: str | None = PASSWORD) -> int:
    with transaction(office.database) as session:
        staff = add_staff(session, email, "Bob", Role.AGENT, office.now)
        if password:
            set_password(session, id_of(staff), password, office.now)
        return id_of(staff)


def link(office: Office, staff_id: int | None) -> str:
    with transaction(office.database) as session:
        return "/console/welcome/" + sign_in_link(session, staff_id, office.now)


def test_the_right_password_opens_the_inbox(office: Office) -> None:
    hire(office)
    browser = office.stranger()
    response = browser.post("/console/sign-in", data={"email": " BOB@example.com ", "password": PASSWORD})
    assert (response.status_code, response.headers["location"]) == (303, "/console")
    assert "Every open ticket has somebody" in browser.get("/console").text


def test_the_cookie_is_closed_to_scripts_and_other_sites(office: Office) -> None:
    hire(office)
    cookie = office.stranger().post("/console/sign-in", data={"email": "bob@example.com", "password": PASSWORD})
    words = cookie.headers["set-cookie"]
    assert words.startswith("firstline=")
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(words.split("; "))
    assert "Secure" not in words


def test_over_https_the_cookie_belongs_to_this_host_alone(sqlite_url: str, tmp_path: Path) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path, public_url="https://desk.example")
    for office in open_office(sqlite_url, settings):
        hire(office)
        response = office.stranger().post("/console/sign-in", data={"email": "bob@example.com", "password": PASSWORD})
        words = response.headers["set-cookie"]
        assert words.startswith("__Host-firstline=")
        assert {"HttpOnly", "Secure", "Path=/"} <= set(words.split("; "))
        assert "Domain" not in words


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("bob@example.com", "wrong wrong wrong"),
        ("nobody@example.com", PASSWORD),
        ("new@example.com", PASSWORD),
        ("", ""),
        ("not an address", "x" * 250),
    ],
)
def test_unknown_wrong_and_empty_read_the_same(office: Office, email: str, password: str) -> None:
    hire(office)
    hire(office, "new@example.com", None)
    response = office.stranger().post("/console/sign-in", data={"email": email, "password": password})
    assert response.status_code == 401
    assert UNKNOWN in response.text
    assert "set-cookie" not in response.headers


def test_what_was_typed_as_address_stands_there_again_but_no_password(office: Office) -> None:
    page = office.stranger().post("/console/sign-in", data={"email": 'a"><b>@x', "password": "hunter2hunter2"}).text
    assert 'value="a&#34;&gt;&lt;b&gt;@x"' in page
    assert "hunter2" not in page


def test_the_sixth_try_in_a_minute_waits(office: Office) -> None:
    hire(office)
    browser = office.stranger()
    for _ in range(5):
        browser.post("/console/sign-in", data={"email": "bob@example.com", "password": "wrong wrong wrong"})
    refused = browser.post("/console/sign-in", data={"email": "Bob@example.com", "password": PASSWORD})
    assert refused.status_code == 429
    assert "Wait a minute" in refused.text
    office.later(seconds=61)
    assert browser.post("/console/sign-in", data={"email": "bob@example.com", "password": PASSWORD}).status_code == 303


def test_signing_in_leads_to_the_page_that_was_wanted(office: Office) -> None:
    hire(office)
    browser = office.stranger()
    asked = browser.get("/console/tickets/7?all=true")
    assert asked.headers["location"] == "/console/sign-in?next=/console/tickets/7%3Fall%3Dtrue"
    page = browser.get(asked.headers["location"]).text
    assert 'value="/console/tickets/7?all=true"' in page
    data = {"email": "bob@example.com", "password": PASSWORD, "next": "/console/tickets/7?all=true"}
    assert browser.post("/console/sign-in", data=data).headers["location"] == "/console/tickets/7?all=true"


@pytest.mark.parametrize(
    "address",
    ["//evil.example", "https://evil.example", "/\\evil.example", "/consolation", "", "/console\n/x", "javascript:1"],
)
def test_nobody_is_led_to_another_site(address: str) -> None:
    assert own_page(address) == "/console"


def test_signing_out_ends_the_session_for_good(office: Office) -> None:
    browser = office.browser("bob")
    stolen = dict(browser.cookies)
    response = browser.post("/console/sign-out")
    assert response.headers["location"] == "/console/sign-in"
    browser.cookies.update(stolen)
    assert browser.get("/console").status_code == 303


def test_an_idle_session_ends_and_a_used_one_goes_on(office: Office) -> None:
    browser = office.browser("bob")
    for _ in range(3):
        office.later(hours=11)
        assert browser.get("/console").status_code == 200
    office.later(hours=12)
    assert browser.get("/console").status_code == 303


def test_a_live_page_of_a_session_that_ended_goes_to_the_sign_in(office: Office) -> None:
    response = office.stranger().get("/console", headers={"HX-Request": "true"})
    assert (response.status_code, response.headers["hx-redirect"]) == (401, "/console/sign-in")


def test_the_first_admin_comes_in_by_the_printed_link_once(office: Office) -> None:
    address = link(office, None)
    browser = office.stranger()
    assert "Set up the first admin" in browser.get(address).text
    assert "Set up the first admin" in browser.get(address).text, "looking does not use it up"
    data = {"name": "Ann", "email": "ann@example.com", "password": PASSWORD, "language": "zh"}
    response = browser.post(address, data=data)
    assert (response.status_code, response.headers["location"]) == (303, "/console/start")
    page = browser.get("/console").text
    assert 'lang="zh"' in page
    assert "管理员" in page
    assert office.stranger().get(address).status_code == 410
    assert office.stranger().post(address, data=data).status_code == 410


@pytest.mark.parametrize(
    ("change", "words"),
    [({"password": "short"}, "at least 12 characters"), ({"email": "nobody"}, "not an e-mail address")],
)
def test_a_refused_form_keeps_the_link_and_what_was_typed(office: Office, change: dict[str, str], words: str) -> None:
    address = link(office, None)
    data = {"name": "Ann", "email": "ann@example.com", "password": PASSWORD}
    refused = office.stranger().post(address, data={**data, **change})
    assert refused.status_code == 422
    assert words in refused.text
    assert 'value="Ann"' in refused.text
    assert office.stranger().post(address, data=data).status_code == 303


def test_a_colleague_chooses_a_password_by_link_and_then_signs_in_with_it(office: Office) -> None:
    address = link(office, hire(office, password=None))
    page = office.stranger().get(address).text
    assert "Hello Bob." in page
    assert "bob@example.com" in page
    refused = office.stranger().post(address, data={"password": "short"})
    assert (refused.status_code, "Hello Bob." in refused.text) == (422, True)
    assert office.stranger().post(address, data={"password": PASSWORD}).status_code == 303
    again = office.stranger().post("/console/sign-in", data={"email": "bob@example.com", "password": PASSWORD})
    assert again.status_code == 303


def test_an_expired_or_invented_link_says_what_to_do(office: Office) -> None:
    address = link(office, hire(office, password=None))
    office.later(hours=73)
    for dead in (address, "/console/welcome/made-up"):
        response = office.stranger().get(dead)
        assert response.status_code == 410
        assert "Ask an admin for a new one." in response.text


def test_the_language_is_one_click_and_stays(office: Office) -> None:
    browser = office.browser("bob")
    response = browser.post("/console/language", data={"language": "zh", "back": "/console?view=mine"})
    assert response.headers["location"] == "/console?view=mine"
    assert "您没有处理中的工单" in browser.get("/console?view=mine").text
    browser.post("/console/language", data={"language": "tlh"})
    assert 'lang="zh"' in browser.get("/console").text


def test_before_sign_in_the_browser_chooses_the_language(office: Office) -> None:
    page = office.stranger().get("/console/sign-in", headers={"Accept-Language": "fr, zh-CN;q=0.9, en;q=0.5"}).text
    assert "登录" in page
