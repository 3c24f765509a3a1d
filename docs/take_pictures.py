"""Take the pictures of the README from the running product: `make pictures`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))

from console_fixtures import CHROMIUM, FLAGS  # noqa: E402
from playwright.sync_api import Browser, Page, expect, sync_playwright  # noqa: E402
from server import Server, running  # noqa: E402

PICTURES = HERE / "pictures"
DESKTOP, PHONE = {"width": 1100, "height": 760}, {"width": 390, "height": 780}


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        customer = _window(browser, "en-GB", width=720, height=1060)
        _ask(customer, server, "I forgot my password, can't get in")
        _picture(customer, "chat")
        phone = _window(browser, "zh-CN", is_dark=True, **PHONE)
        _ask(phone, server, "忘记密码了登不上去")
        _picture(phone, "chat-phone-dark-chinese")
        _ask(
            customer, server, "and the audit log says somebody else signed in as me, please have a person look at this"
        )
        customer.get_by_role("button", name="Talk to a person").first.click()
        expect(customer.locator("#log")).to_contain_text("#1")
        agent = _become_admin(browser, server)
        _picture(agent, "inbox")
        agent.goto(f"{server.address}/console/tickets/1")
        agent.locator("#reply-text").fill("Hello, this is Ann. I am looking at the audit log now.")
        agent.locator("#reply button").last.click()
        expect(agent.get_by_role("log")).to_contain_text("this is Ann")
        agent.locator("details.reading summary").first.click()
        _picture(agent, "console")
        dark = _become_agent(browser, server)
        _picture(dark, "console-phone-dark-chinese")
        browser.close()


def _window(browser: Browser, locale: str, *, width: int, height: int, is_dark: bool = False) -> Page:
    context = browser.new_context(
        locale=locale,
        viewport={"width": width, "height": height},
        color_scheme="dark" if is_dark else "light",
        timezone_id="Europe/Berlin",
    )
    return context.new_page()


def _ask(page: Page, server: Server, text: str) -> None:
    """Ask and wait for the answer; a clarifying question is answered with its first choice."""
    if not page.url.startswith(server.address):
        page.goto(server.address)
    answers = page.locator("#log .message.bot")
    before = answers.count()
    page.locator("#text").fill(text)
    page.locator("#text").press("Enter")
    expect(answers).not_to_have_count(before)


def _become_admin(browser: Browser, server: Server) -> Page:
    page = _window(browser, "en-GB", **DESKTOP)
    page.goto(server.admin_link)
    page.get_by_label("Your name").fill("Ann")
    page.get_by_label("E-mail").fill("ann@example.org")
    page.get_by_label("Password").fill("a long enough password")
    page.locator("main form button").click()
    expect(page).to_have_url(f"{server.address}/console")
    return page


def _become_agent(browser: Browser, server: Server) -> Page:
    """A second agent, on a phone in the dark, in Chinese, in front of the ticket."""
    done = server.command("agent", "add", "li@example.org", "--name", "Li", "--role", "agent")
    page = _window(browser, "zh-CN", is_dark=True, **PHONE)
    page.goto(server.address + "/console/" + done.stdout.strip().split("/console/", 1)[1])
    page.locator("#password").fill("a long enough password")
    page.locator("#language").select_option("zh")
    page.locator("main form button").click()
    expect(page).to_have_url(f"{server.address}/console")
    page.goto(f"{server.address}/console/tickets/1")
    return page


def _picture(page: Page, name: str) -> None:
    page.screenshot(path=str(PICTURES / f"{name}.png"))


if __name__ == "__main__":
    main()
