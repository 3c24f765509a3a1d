"""The main job in a real browser: a customer asks, a person answers, and it is solved."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from browsing import a_tab
from playwright.sync_api import Browser, Locator, Page, expect
from server import Server

pytestmark = pytest.mark.browser
PASSWORD = "a long enough password"


@pytest.fixture
def customer(chrome: Browser) -> Iterator[Page]:
    with a_tab(chrome) as page:
        yield page


def test_from_a_question_to_a_ticket_to_a_reply_to_solved(server: Server, customer: Page, tab: Page) -> None:
    agent = tab
    _become_first_admin(agent, server)
    customer.goto(server.address)
    expect(customer.get_by_role("log")).to_contain_text("I'm a bot")

    _say(customer, "Hi!")
    expect(_newest(customer)).to_contain_text("bot")
    customer.get_by_role("button", name="Talk to a person").first.click()
    expect(_newest(customer)).to_contain_text("ticket is #")

    agent.goto(f"{server.address}/console")
    agent.get_by_role("link", name="Hi!").first.click()
    expect(agent.get_by_role("log")).to_contain_text("Hi!")
    agent.locator("#reply-text").fill("Hello, this is Ann. What can I do?")
    agent.locator("#reply button").last.click()
    expect(customer.get_by_role("log")).to_contain_text("Hello, this is Ann. What can I do?")
    expect(_newest(customer)).to_contain_text("Ann")

    _say(customer, "My invoice shows the wrong address")
    expect(agent.get_by_role("log")).to_contain_text("My invoice shows the wrong address")
    agent.get_by_role("button", name="Resolve").click()
    expect(_newest(customer)).to_contain_text("Is it solved for you?")
    customer.get_by_role("button", name="Not yet").click()
    expect(_newest(customer)).to_contain_text("reopened")
    expect(agent.locator("#head")).to_contain_text("Open")

    agent.get_by_role("button", name="Resolve").click()
    expect(_newest(customer)).to_contain_text("Is it solved for you?")
    customer.get_by_role("button", name="Yes, solved").last.click()
    expect(_newest(customer)).to_contain_text("closed")
    expect(agent.locator("#head")).to_contain_text("Closed")

    customer.reload()
    expect(customer.get_by_role("log")).to_contain_text("Hello, this is Ann. What can I do?")


def test_a_citation_opens_the_article_at_the_passage(server: Server, chrome: Browser) -> None:
    with a_tab(chrome, locale="zh-CN") as page:
        page.goto(server.address)
        _finds_the_passage(page)


def _finds_the_passage(page: Page) -> None:
    expect(page.get_by_role("log")).to_contain_text("机器人")
    _say(page, "忘记密码了登不上去")
    answer = _newest(page)
    expect(answer).to_contain_text("密码")
    option = page.get_by_role("button", name="密码").last
    link = page.locator("#log a[href*='/kb/zh/reset-password']").first
    expect(option.or_(link).first).to_be_visible()
    if not link.count():
        # A small KB may rather ask than answer: the choice leads to the same citation.
        option.click()
    with page.context.expect_page() as opened:
        link.click()
    article = opened.value
    anchor = article.url.split("#", 1)[1]
    expect(article.locator(f"[id='{anchor}']")).to_be_visible()


def _become_first_admin(page: Page, server: Server) -> None:
    page.goto(server.admin_link)
    page.get_by_label("Your name").fill("Ann")
    page.get_by_label("E-mail").fill("ann@firstline.test")
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("main form button").click()
    expect(page).to_have_url(f"{server.address}/console/start/try")


def _say(page: Page, text: str) -> None:
    page.locator("#text").fill(text)
    page.locator("#text").press("Enter")


def _newest(page: Page) -> Locator:
    return page.locator("#log .message:not(.customer)").last
