"""Take the pictures of the README and the how-tos from the running product: `make pictures`.

`python docs/take_pictures.py channels` takes those of Slack and Telegram alone, `web` those of the web chat, `desk`
those of the console, for which it first makes the two weeks of `firstline demo`.
"""

from __future__ import annotations

import io
import re
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))

from browsing import FLAGS, program  # noqa: E402
from PIL import Image  # noqa: E402
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright  # noqa: E402
from server import FIRSTLINE, Server, environment, running  # noqa: E402
from standins.slack.server import SlackWorld  # noqa: E402
from standins.slack.server import Team as SlackTeam  # noqa: E402
from standins.telegram import TelegramWorld  # noqa: E402

PICTURES = HERE / "pictures"
DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 780}
NARROW = {"width": 320, "height": 690}
CALLED = """(name) => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) texts.currentNode.data = texts.currentNode.data.replaceAll(`${name}-`, "desk-");
}"""
"""The machine that the pictures are taken on is called something else in them."""
COLOURS = 128
"""Of a picture: enough for text and badges, and a third of the bytes."""


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    wanted = sys.argv[1:] or ["web", "desk", "channels"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program(), args=FLAGS)
        for each in wanted:
            with tempfile.TemporaryDirectory() as folder:
                {"web": _web, "desk": _desk, "channels": _channels}[each](browser, Path(folder))
        browser.close()


def _web(browser: Browser, folder: Path) -> None:
    with running(folder) as server:
        customer = _window(browser, "en-GB", width=720, height=1060)
        _ask(customer, server, "I forgot my password, can't get in")
        _picture(customer, "chat")
        phone = _window(browser, "zh-CN", is_dark=True, **PHONE)
        _ask(phone, server, "忘记密码了登不上去")
        _picture(phone, "chat-phone-dark-chinese")


def _desk(browser: Browser, folder: Path) -> None:
    """The console of a desk at work: on a desktop in the light and in the dark, on a narrow phone, in Chinese."""
    with _demo(folder) as (server, links):
        admin = _come_in(browser, server, links["admin"], "en", **DESKTOP)
        _picture(admin, "inbox")
        _ticket_with_suggestion(admin, "English")
        _picture(admin, "console")
        admin.keyboard.press("Control+k")
        admin.keyboard.type("snooze")
        expect(admin.locator("#command-list li").first).to_be_visible()
        _picture(admin, "commands")
        admin.keyboard.press("Escape")
        for name in ("settings", "promises", "health"):
            admin.goto(f"{server.address}/console/{name}")
            admin.evaluate(CALLED, socket.gethostname())
            _picture(admin, name)
        admin.set_viewport_size({**DESKTOP, "height": 1500})
        admin.keyboard.press("?")
        _picture(admin.locator("#shortcuts article"), "shortcuts")
        agent = _come_in(browser, server, links["agent"], "zh", **DESKTOP)
        _picture(agent, "inbox-chinese")
        ticket = _ticket_with_suggestion(agent, "中文")
        for name, window in (("console-dark-chinese", DESKTOP), ("console-phone-dark-chinese", NARROW)):
            agent.emulate_media(color_scheme="dark")
            agent.set_viewport_size(window)
            agent.goto(server.address + ticket)
            _picture(agent, name)
        agent.goto(f"{server.address}/console")
        _picture(agent, "inbox-phone-dark-chinese")


@contextmanager
def _demo(folder: Path) -> Iterator[tuple[Server, dict[str, str]]]:
    """The demo, served, with the path of a sign-in link for its admin and for an agent."""
    place = folder / "demo"
    made = subprocess.run(
        [FIRSTLINE, "demo", "--no-serve", "--dir", str(place)],
        env=environment(folder),
        capture_output=True,
        text=True,
        check=True,
    )
    links = re.findall(r"sign in as (\w+): \S+?(/console/welcome/\S+)", made.stdout + made.stderr)
    with running(folder, DATA_DIR=str(place)) as server:
        yield server, dict(links)


def _come_in(browser: Browser, server: Server, link: str, language: str, **window: int) -> Page:
    """Somebody of the demo's staff in front of their inbox."""
    page = _window(browser, {"en": "en-GB", "zh": "zh-CN"}[language], width=window["width"], height=window["height"])
    page.goto(server.address + link)
    page.locator("#password").fill("a long enough password")
    page.locator("#language").select_option(language)
    page.locator("main form button").click()
    expect(page).to_have_url(f"{server.address}/console")
    page.goto(f"{server.address}/console?view=open")
    return page


def _ticket_with_suggestion(page: Page, language: str) -> str:
    """Open the first ticket of a customer with this language for which the bot has a suggestion; returns its path."""
    paths = [row.get_attribute("href") or "" for row in page.locator("a.row").filter(has_text=language).all()]
    address = page.url.split("/console")[0]
    for path in paths:
        page.goto(address + path)
        if page.locator("#suggestion").count():
            break
    return path


def _channels(browser: Browser, folder: Path) -> None:
    """The product on our own Telegram and Slack, which draw what a customer has before them."""
    with TelegramWorld(name="Acme Support") as telegram, SlackWorld() as slack:
        team = slack.add_team("T1", bot_token="xoxb-1", bot_name="firstline")
        settings = {
            "TELEGRAM_TOKEN": telegram.token,
            "TELEGRAM_BASE_URL": telegram.base_url,
            "SLACK_BASE_URL": slack.api_url,
            "SLACK_BOT_TOKEN": team.bot_token,
            "SLACK_APP_TOKEN": slack.app.app_token,
        }
        with running(folder, **settings) as server:
            agent = _become_admin(browser, server)
            _on_telegram(browser, server, telegram, agent)
            _in_slack_messages(browser, server, slack, team, agent)
            _in_slack_channel(browser, slack, team)


def _window(browser: Browser, locale: str, *, width: int, height: int, is_dark: bool = False) -> Page:
    context = browser.new_context(
        locale=locale,
        viewport={"width": width, "height": height},
        color_scheme="dark" if is_dark else "light",
        timezone_id="Europe/Berlin",
    )
    return context.new_page()


def _on_telegram(browser: Browser, server: Server, world: TelegramWorld, agent: Page) -> None:
    ada = world.person("Ada", language="en")
    ada.says("I forgot my password, can't get in")
    ada.presses(ada.private.wait_for(lambda said: bool(said.buttons)), "Talk to a person")
    ada.private.wait_for(lambda said: "#1" in said.text)
    agent.goto(f"{server.address}/console/tickets/1")
    _reply(agent, "Hello Ada, this is Ann. Does the link in the message open?")
    ada.private.wait_for(lambda said: "this is Ann" in said.text)
    _draw(browser, f"{world.base_url}/view/{ada.private.id}?theme=light", "telegram")


def _in_slack_messages(browser: Browser, server: Server, world: SlackWorld, team: SlackTeam, agent: Page) -> None:
    """The home tab with the form that a button there opens, and direct messages with a hand-over."""
    ada = team.add_person("ada", real_name="Ada Moss")
    ada.opens_home()
    ada.clicks(world.wait_for(lambda: ada.home), "Ask a question")
    world.wait_for(lambda: ada.modals)
    _draw(browser, f"{world.url}/view/home/{ada.id}", "slack-home")
    ada.closes(ada.modal)
    ada.says("I forgot my password, can't get in", ada.dm)
    ada.clicks(ada.dm.wait_for_bot("Helpful"), "Talk to a person")
    ada.dm.wait_for_bot("#2")
    agent.goto(f"{server.address}/console/tickets/2")
    _reply(agent, "Hello Ada, this is Ann. Does the link in the message open?")
    ada.dm.wait_for_bot("this is Ann")
    _draw(browser, f"{world.url}/view/{ada.dm.id}?as={ada.id}", "slack-dm")


def _in_slack_channel(browser: Browser, world: SlackWorld, team: SlackTeam) -> None:
    """A mention, and a follow-up without one."""
    ben = team.add_person("ben", real_name="Ben Ito")
    room = team.add_channel("loomplan", members=[ben], bot=True)
    asked = ben.says(f"{team.bot.mention} How do I invite a colleague?", room)
    room.wait_for_bot("", thread_ts=asked.ts)
    ben.says("How do I turn on two-step verification?", room, thread_ts=asked.ts)
    room.wait_for_bot("", thread_ts=asked.ts, count=2)
    _draw(browser, f"{world.url}/view/{room.id}?as={ben.id}", "slack-channel-thread")


def _draw(browser: Browser, address: str, name: str) -> None:
    """A page of a stand-in, as high as it is."""
    page = _window(browser, "en-GB", width=740, height=480)
    page.goto(address)
    _picture(page, name, is_whole=True)


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
    expect(page).to_have_url(f"{server.address}/console/start/try")
    return page


def _reply(page: Page, text: str) -> None:
    page.locator("#reply-text").fill(text)
    page.locator("#reply button").last.click()
    expect(page.get_by_role("log")).to_contain_text(text)


def _picture(place: Page | Locator, name: str, *, is_whole: bool = False) -> None:
    """``is_whole``: of a page, all of it."""
    page = place if isinstance(place, Page) else place.page
    page.wait_for_timeout(300)
    bytes_of_it = page.screenshot(full_page=is_whole) if place is page else place.screenshot()
    taken = Image.open(io.BytesIO(bytes_of_it)).convert("RGB")
    taken.quantize(COLOURS, dither=Image.Dither.NONE).save(PICTURES / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
