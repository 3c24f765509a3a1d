"""Writing at a ticket in a real browser: macros by "/", names by "@", the suggestion by one key, words of an older
ticket, a file that is dropped."""

from __future__ import annotations

import base64

import pytest
from browsing import serious
from console_fixtures import Office, an_office, served
from playwright.sync_api import Page, expect
from sqlmodel import col, select
from suggested import TEXT, suggest

from handoff import desk
from handoff.models import Message, Role
from handoff.workplace.macro_deeds import Deeds
from handoff.workplace.macros import Written, make
from store import reading, transaction

office = an_office
pytestmark = pytest.mark.browser

DROP = """([element, name, content]) => {
  const files = new DataTransfer();
  files.items.add(new File([atob(content)], name));
  element.dispatchEvent(new DragEvent("drop", { dataTransfer: files, bubbles: true, cancelable: true }));
}"""


def furnish(office: Office) -> tuple[str, int]:
    """bob's cookie, and a ticket with a suggestion, beside macros, a colleague and a similar ticket that is solved."""
    cookie = office.browser("bob", Role.ADMIN).cookies["firstline"]
    office.browser("Eve Adams")
    bob = office.colleagues["bob"]
    office.publish()
    old = office.escalate("Blank pages out of my printer", "carl")
    number = office.escalate("printer: blank pages", "ada")
    with transaction(office.database) as session:
        desk.reply(session, old, "Install driver 4.2.", bob, office.now)
        desk.resolve(session, old, bob, office.now, desk.ClosingWords("Solved?", "Yes", "No"))
        greeting = Written(
            "greet", "Say hello", {"en": "Dear {customer} of {account},\n\nhello. {agent}"}, Deeds(("met",))
        )
        make(session, greeting, bob, office.now)
        make(session, Written("urgent", "Make it urgent", deeds=Deeds(priority="P1")), bob, office.now)
    suggest(office, number)
    return cookie, number


@pytest.mark.long
def test_a_reply_is_written_without_typing_it(office: Office, tab: Page) -> None:
    cookie, number = furnish(office)
    with served(office) as address:
        page = tab
        page.context.add_cookies([{"name": "firstline", "value": cookie, "url": address}])
        troubles: list[str] = []
        page.on("console", lambda line: troubles.append(line.text) if line.type == "error" else None)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.goto(f"{address}/console/tickets/{number}")
        box, picker = page.locator("#reply-text"), page.locator("#picker")

        # "/" in the middle of words is a slash; on an empty line it opens the list.
        page.keyboard.press("r")
        page.keyboard.type("and/or")
        expect(picker).to_be_hidden()
        page.keyboard.press("Control+A")
        page.keyboard.type("/")
        expect(picker.get_by_role("option")).to_have_count(2)
        page.keyboard.type("zzz")
        expect(picker).to_contain_text("Nothing is called that.")
        for _ in "zzz":
            page.keyboard.press("Backspace")
        page.keyboard.type("gre")
        expect(picker.get_by_role("option")).to_have_count(1)
        assert serious(page) == []
        page.keyboard.press("Enter")
        expect(box).to_have_value("Dear ada of {account},\n\nhello. bob")
        expect(page.locator("#macro-in")).to_contain_text("#met")
        expect(page.locator("#macro-in .left")).to_be_visible()
        # The gap is selected: typing fills it.
        page.keyboard.type("Acme")
        expect(box).to_have_value("Dear ada of Acme,\n\nhello. bob")
        expect(page.locator("#macro-in .left")).to_be_hidden()
        page.keyboard.press("Control+Enter")
        expect(page.locator(".line.agent").last).to_contain_text("Dear ada of Acme,")
        expect(page.locator("#side")).to_contain_text("met")
        expect(box).to_have_value("")
        expect(page.locator("#macro-in .macro-bar")).to_have_count(0)

        # A macro without words is done at once, and leaves the box as it was.
        page.keyboard.press("Escape")
        page.keyboard.press("m")
        page.keyboard.type("urg")
        expect(page.locator("#command-list")).to_contain_text("/urgent")
        page.keyboard.press("Enter")
        expect(page.locator("#head")).to_contain_text("P1")
        expect(box).to_have_value("")

        # One key puts the suggestion there, and its source goes along.
        box.focus()
        page.keyboard.press("Escape")
        page.keyboard.press("i")
        expect(box).to_have_value(TEXT)
        expect(page.locator("#goes-with")).to_contain_text("Reset")
        # Words of an older ticket come below it, a dropped file goes along.
        page.locator("#similar summary").nth(1).click()
        page.get_by_role("button", name="Insert these words").click()
        expect(box).to_have_value(f"{TEXT}\n\nInstall driver 4.2.")
        content = base64.b64encode(b"ours").decode()
        page.evaluate(DROP, [page.locator("#composer").element_handle(), "guide <b>.pdf", content])
        box.focus()
        page.keyboard.press("Control+Enter")
        expect(page.locator(".line.agent .attachments").last).to_contain_text("guide <b>.pdf")
        expect(page.locator(".line.agent .citations").last).to_contain_text("Reset")
        expect(page.locator("#goes-with")).to_be_hidden()

        # A colleague by "@": the list goes away by Escape, and what is typed stays.
        page.keyboard.press("Escape")
        page.keyboard.press("n")
        page.keyboard.type("see @eve")
        expect(picker.get_by_role("option")).to_have_count(1)
        page.keyboard.press("Escape")
        expect(picker).to_be_hidden()
        expect(page.locator("#note-text")).to_be_focused()
        page.keyboard.type(" ")
        page.keyboard.press("Backspace")
        page.keyboard.press("Tab")
        page.keyboard.type("please look")
        expect(page.locator("#note-text")).to_have_value("see @Eve Adams please look")
        page.keyboard.press("Control+Enter")
        expect(page.locator(".line.note").last).to_contain_text("Told: @Eve Adams")
        assert serious(page) == []
        assert not troubles
    with reading(office.database) as session:
        said = session.exec(select(Message).where(col(Message.text).startswith("Dear ada"))).one()
        assert said.detail["macro"] == "greet"
