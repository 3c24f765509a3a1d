"""The chat page and the help pages where it is harder: narrow screens, no script, hostile articles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from browsing import violations
from chat_page import PAYLOADS, a_chat_house, a_shop, idle_pages, open_chat, says, ticket_of
from http_house import ARTICLES, House, live, publish
from playwright.sync_api import Page, expect

from handoff.models import Scope
from kb_content.articles import Article

pytestmark = [pytest.mark.browser, pytest.mark.long]

shop, house, idle, opened = a_shop, a_chat_house, idle_pages, open_chat


@pytest.mark.parametrize("width", [320, 1100])
def test_no_page_has_a_serious_fault_for_people_with_disabilities(
    opened: Callable[..., Page], house: House, width: int
) -> None:
    """In the light, and on a phone by its colours in the dark: nothing else differs there."""
    page = opened(viewport={"width": width, "height": 700}, color_scheme="light")
    says(page, "password")
    page.locator(".message:has(.citation)").wait_for()
    page.locator("#person").click()
    number = ticket_of(page)
    house.client.post(f"/api/v1/tickets/{number}/replies", json={"text": "Hi"}, headers=house.token(Scope.AGENT))
    page.locator(".agent").wait_for()
    for path in ("/", "own tickets", "/kb/en/reset-password", "/kb/en", "/kb/en/none", "/api/docs"):
        if path == "own tickets":
            house.client.post(f"/api/v1/tickets/{number}/resolve", headers=house.token(Scope.AGENT))
            page.get_by_role("button", name="Your tickets").click()
            page.locator("#tickets .rating").wait_for()
        elif path != "/":
            page.goto(house.address + path)
        assert serious(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        if width == 320:
            page.emulate_media(color_scheme="dark")
            assert serious(page, runOnly=["color-contrast"]) == [], f"{path} in the dark"
            page.emulate_media(color_scheme="light")


def serious(page: Page, **options: Any) -> list[tuple[str, list[str]]]:
    return [(fault["id"], [node["html"] for node in fault["nodes"]][:3]) for fault in violations(page, **options)]


def test_touch_targets_are_large_enough(opened: Callable[..., Page]) -> None:
    page = opened(viewport={"width": 320, "height": 640}, has_touch=True)
    says(page, "password")
    page.locator(".message:has(.citation)").wait_for()
    sizes = page.evaluate(
        "[...document.querySelectorAll('button, a, label.attach, textarea')].filter((one) => one.checkVisibility())"
        ".map((one) => [one.id || one.className, one.offsetWidth, one.offsetHeight])"
    )
    assert [size for size in sizes if min(size[1:]) < 44] == []


def test_without_javascript_people_are_told_what_else_they_can_do(opened: Callable[..., Page]) -> None:
    page = opened(java_script_enabled=False)
    expect(page.locator(".no-script")).to_be_visible()
    expect(page.locator("#composer")).to_be_hidden()
    page.locator(".no-script a").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Help articles")


def test_a_hostile_article_is_inert(opened: Callable[..., Page], house: House) -> None:
    body = "\n\n".join(f"{payload}\n\n## {payload}" for payload in PAYLOADS)
    hostile = Article("reset-password", "en", PAYLOADS[1], f"password\n\n{body}", category=PAYLOADS[0])
    publish(house.product.database, (hostile, *ARTICLES[1:]))
    for path in ("/kb/en/reset-password", "/kb/en"):
        page = opened(path)
        assert page.locator("main :is(script, img, iframe, style, base, svg)").count() == 0
        assert page.locator("a[href^='javascript:'], a[href^='data:']").count() == 0
    house.product.live.serving = live(house.product.database, house.address).serving
