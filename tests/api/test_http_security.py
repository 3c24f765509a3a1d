"""What keeps other sites out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from http_house import House, running
from starlette.datastructures import Headers

from api.http.security import framing, is_origin, is_our_own, needs_own_origin
from handoff.models import Scope

SHOP = "https://shop.example"


@pytest.fixture(scope="module")
def house(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    origins = f"{SHOP}, https://*.partner.example:8443 javascript:alert(1) https://x.example;script-src *"
    with running(tmp_path_factory.mktemp("house"), sqlite_template, chat_origins=origins) as running_house:
        yield running_house


def test_every_response_has_the_headers(house: House) -> None:
    for path in ("/kb/en/reset-password", "/api/docs", "/healthz", "/nowhere", "/api/v1/tickets", "/static/kb.css"):
        headers = house.client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy, path
        assert "script-src 'self'" in policy
        assert "object-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert "access-control-allow-origin" not in headers


def test_only_the_chat_may_be_framed_and_only_by_the_named_sites(house: House) -> None:
    headers = house.client.get("/?embed=1").headers
    ancestors = headers["content-security-policy"].split("frame-ancestors ")[1]
    assert ancestors == f"'self' {SHOP} https://*.partner.example:8443"
    assert "cross-origin-opener-policy" not in headers


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("https://shop.example", True),
        ("http://127.0.0.1:8899", True),
        ("https://*.shop.example/", True),
        ("*", False),
        ("https://shop.example/path", False),
        ("https://shop.example; script-src *", False),
        ("data:", False),
        ("'self'", False),
        ("https://shop.example\nX: y", False),
    ],
)
def test_what_is_no_origin_never_reaches_the_policy(text: str, is_one: bool) -> None:
    assert is_origin(text) is is_one
    assert (framing((text,)) != "'self'") is is_one


@pytest.mark.parametrize(
    ("headers", "is_own"),
    [
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"sec-fetch-site": "same-site", "origin": "https://help.example", "host": "help.example"}, False),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"origin": "https://help.example", "host": "help.example"}, True),
        ({"origin": "http://help.example:81", "host": "help.example"}, False),
        ({"origin": "https://desk.example", "host": "10.0.0.7:8000"}, True),
        ({"origin": "https://evil.example", "host": "help.example"}, False),
        ({"origin": "null", "host": "help.example"}, False),
        ({"host": "help.example"}, False),
    ],
)
def test_a_request_is_ours_when_the_browser_says_so(headers: dict[str, str], is_own: bool) -> None:
    assert is_our_own(Headers(headers), "https://desk.example") is is_own


@pytest.mark.parametrize(
    ("method", "path", "headers", "is_needed"),
    [
        ("GET", "/console", {}, False),
        ("POST", "/console/sign-in", {}, True),
        ("POST", "/console/sign-in", {"authorization": "Bearer x"}, True),
        ("POST", "/channels/telegram/webhook", {}, False),
        ("POST", "/api/v1/ask", {"authorization": "Bearer x", "origin": SHOP}, False),
        ("POST", "/api/v1/chat/sessions", {}, False),
        ("POST", "/api/v1/chat/sessions", {"origin": SHOP}, True),
        ("DELETE", "/anything", {}, True),
    ],
)
def test_unsafe_requests_that_a_browser_could_be_made_to_send_are_checked(
    method: str, path: str, headers: dict[str, str], is_needed: bool
) -> None:
    assert needs_own_origin(method, path, Headers(headers)) is is_needed


def test_another_site_cannot_post(house: House) -> None:
    for headers in ({"Origin": SHOP}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
        for path in ("/console/sign-in", "/api/v1/chat/sessions"):
            refused = house.client.post(path, headers=headers)
            assert refused.status_code == 403
            assert refused.headers["content-type"] == "application/problem+json"


def test_our_own_page_and_programs_can_start_a_chat(house: House) -> None:
    for headers in ({}, {"Origin": house.address}, {"Sec-Fetch-Site": "same-origin", "Origin": house.address}):
        assert house.client.post("/api/v1/chat/sessions", headers=headers).status_code == 201


def test_no_other_site_may_read_the_api(house: House) -> None:
    asked = house.client.options(
        "/api/v1/tickets",
        headers={"Origin": SHOP, "Access-Control-Request-Method": "GET", **house.token(Scope.READ)},
    )
    assert asked.status_code == 405
    assert "access-control-allow-origin" not in asked.headers


def test_behind_https_browsers_are_told_to_stay_there(sqlite_template: Path, tmp_path: Path) -> None:
    with running(tmp_path / "house", sqlite_template, public_url="https://desk.example") as secure:
        assert "max-age" in secure.client.get("/").headers["strict-transport-security"]
