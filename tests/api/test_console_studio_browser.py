"""The editors' studio in a real browser: kept as typed, merged, pictures pasted; and all of it by keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
from browsing import a_tab, serious
from console_fixtures import Office, an_office, served, signed_in
from playwright.sync_api import Browser, Locator, Page, expect
from staged_kb import ALL, INVOICE, PASSWORD, Shelves

from bot.learning.publish import Fit
from bot.learning.studio.carrying_out import run_due
from handoff.models import Role
from kb_content.articles import GoldQuestion
from kb_content.gold import add_gold
from kb_content.studio.four_eyes import set_four_eyes
from store import transaction

office = an_office
pytestmark = pytest.mark.browser

PASTE = """([name, bytes]) => {
  const data = new DataTransfer();
  data.items.add(new File([new Uint8Array(bytes)], name, { type: "image/png" }));
  const paste = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
  document.querySelector("#body").dispatchEvent(paste);
}"""
PNG = [*b"\x89PNG\r\n\x1a\n", *([0] * 20)]


@contextmanager
def window(office: Office, chrome: Browser, address: str, name: str, role: Role = Role.EDITOR) -> Iterator[Page]:
    """A signed-in browser window in which nothing may go wrong."""
    with (
        a_tab(chrome, viewport={"width": 1280, "height": 900}, base_url=address) as page,
        signed_in(office, page, address, name, role),
    ):
        yield page


def tab_to(page: Page, place: Locator) -> None:
    """Only with the Tab key."""
    for _ in range(120):
        if place.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"no way by keyboard to {place}")


def test_what_is_typed_is_kept_shown_and_never_lost_to_a_colleague(office: Office, chrome: Browser) -> None:
    office.publish()
    with served(office) as address, window(office, chrome, address, "ed") as ed:
        ed.goto("/console/articles/export-data/en")
        press(ed, "e", "/drafts/1$")
        body, kept, preview = ed.get_by_label("Text (Markdown)"), ed.locator("#kept"), ed.locator("#preview")
        expect(body).to_have_value("Choose **Export**.")
        ed.keyboard.press("w")
        ed.keyboard.press("Control+End")
        ed.keyboard.type("\n\nThen press **Go**.")
        expect(kept).to_have_text("Draft saved")
        expect(preview.locator(".pane.page strong").last).to_have_text("Go")
        ed.evaluate(PASTE, ["my shot.png", PNG])
        expect(body).to_have_value(re.compile(r"!\[my shot\]\(files/my-shot.png\)$"))
        expect(preview.locator("img")).to_have_count(1)
        expect(kept).to_have_text("Draft saved")
        ed.get_by_label("On Slack").check()
        expect(preview.locator(".pane.slack")).to_be_visible()
        ed.get_by_label("Title", exact=True).fill("")
        expect(ed.locator("#fault-title")).to_have_text("Write a title.")
        with window(office, chrome, address, "flo") as flo:
            flo.goto(ed.url)
            flo.get_by_label("Title", exact=True).fill("Hers")
            expect(flo.locator("#kept")).to_have_text("Draft saved")
        ed.get_by_label("Title", exact=True).fill("His")
        expect(kept).to_have_text("flo saved another text meanwhile. Yours is not lost.")
        ed.get_by_role("button", name="Look at both").click()
        expect(ed.get_by_role("heading", name="Two texts of one article")).to_be_visible()
        assert serious(ed) == []
        ed.get_by_label("Both together").fill("Ours")
        ed.get_by_role("button", name="Save this").click()
        expect(ed.get_by_label("Title", exact=True)).to_have_value("Ours")
        ed.get_by_label("Title", exact=True).fill("Typed and left at once")
        # The last words travel beside the page that follows.
        ed.goto("/console/drafts")
        colleague = office.browser("gil", Role.EDITOR)
        for _ in range(600):
            if "Typed and left at once" in colleague.get("/console/drafts").text:
                break
            ed.wait_for_timeout(50)
        ed.reload()
        expect(ed.get_by_role("link", name="Typed and left at once")).to_be_visible()


def publish_what_waits(office: Office) -> None:
    """What the server's upkeep does."""
    live = office.product.live
    run_due(office.database, Fit(), live.house, office.now, lambda _: None)
    live.refresh(office.database)


def press(page: Page, key: str, leads_to: str = "") -> None:
    """A key, once the page listens; and the page that it leads to."""
    page.wait_for_load_state("load")
    page.keyboard.press(key)
    if leads_to:
        expect(page).to_have_url(re.compile(leads_to))
        page.wait_for_load_state("load")


def write(page: Page, title: str, body: str, questions: Sequence[str]) -> None:
    """An article, over whatever stood there."""
    press(page, "w")
    page.keyboard.press("Shift+Tab")
    for label, text in (("Title", title), ("Text (Markdown)", body), ("Questions", "\n".join(questions))):
        tab_to(page, page.get_by_role("textbox", name=label))
        page.keyboard.press("Control+a")
        page.keyboard.press("Delete")
        page.keyboard.insert_text(text)
    page.keyboard.press("Control+s")
    expect(page.locator("#kept")).to_have_text("Draft saved")
    page.keyboard.press("Escape")


@pytest.mark.long
def test_from_writing_to_a_roll_back_by_keyboard_alone(office: Office, chrome: Browser) -> None:
    """Write, ask the draft, see what breaks, fix, review, publish to some, promote, roll back."""
    Shelves(office.database, office.now).live(ALL)
    office.product.live.refresh(office.database)
    with transaction(office.database) as session:
        for text, article in ((PASSWORD, "reset-password"), (INVOICE, "pay-invoice")):
            add_gold(session, GoldQuestion(text, "en", (article,)), "tests", "tests", office.now)
        set_four_eyes(session, True, None, office.now)
    with (
        served(office) as address,
        window(office, chrome, address, "ed") as ed,
        window(office, chrome, address, "flo") as flo,
    ):
        # Write.
        ed.goto("/console/articles")
        row = ed.get_by_role("link", name="Reset a forgotten password")
        for _ in range(4):
            if row.evaluate("element => element === document.activeElement"):
                break
            ed.keyboard.press("j")
        press(ed, "Enter", "/reset-password/en$")
        press(ed, "e", "/drafts/1$")
        draft = ed.url
        write(
            ed, "The party", "The tent stands in the garden, bread and olives on the long table.", ["where is the tent"]
        )
        assert serious(ed) == []
        # Ask the draft.
        press(ed, "c", "/check$")
        press(ed, "q")
        ed.keyboard.type("How long is the link in the e-mail valid?")
        press(ed, "Enter", "/ask$")
        now, then = (ed.get_by_role("region", name=re.compile(name)) for name in ("now", "draft"))
        expect(now).to_contain_text("60 minutes")
        expect(then).not_to_contain_text("60 minutes")
        assert serious(ed) == []
        # See what breaks, and fix it.
        press(ed, "g", "/drafts/1$")
        press(ed, "c", "/check$")
        expect(ed.locator("#questions")).to_contain_text(PASSWORD)
        press(ed, "g", "/drafts/1$")
        write(ed, ALL[0].title, ALL[0].body.replace("60 minutes", "15 minutes"), ALL[0].questions)
        press(ed, "c", "/check$")
        expect(ed.get_by_role("checkbox")).to_have_count(1)
        tab_to(ed, ed.get_by_role("checkbox"))
        ed.keyboard.press("Space")
        tab_to(ed, ed.get_by_role("button", name="Keep the ticks", exact=True))
        ed.keyboard.press("Enter")
        expect(ed.get_by_role("checkbox")).to_be_checked()
        press(ed, "g", "/drafts/1$")
        # Review.
        press(ed, "s")
        expect(ed.locator("#draft-state")).to_have_text("In review")
        flo.goto(draft)
        press(flo, "a")
        expect(flo.locator("#draft-state")).to_have_text("Approved")
        # Publish to some first.
        ed.reload()
        ed.keyboard.press("Control+k")
        ed.keyboard.type("publish to some")
        ed.keyboard.press("Enter")
        expect(ed.locator("#percent")).to_be_focused()
        ed.keyboard.type("50")
        tab_to(ed, ed.get_by_role("button", name="Check and publish to these"))
        ed.keyboard.press("Enter")
        expect(ed).to_have_url(re.compile("/console/publications/1$"))
        publish_what_waits(office)
        expect(ed.locator("#state")).to_contain_text("some", ignore_case=True)
        assert serious(ed) == []
        live = office.product.live
        told = {live.serving_for(f"web:{n}").release_id for n in range(50)}
        assert told == {1, 2}, "both halves are answered, each from its release"
        # To all, and back.
        ed.keyboard.press("Control+k")
        ed.keyboard.type("releases")
        expect(ed.get_by_role("option", selected=True)).to_contain_text("Releases")
        press(ed, "Enter", "/releases$")
        tab_to(ed, ed.get_by_role("button", name="Give it to everybody"))
        ed.keyboard.press("Enter")
        expect(ed.locator(".done")).to_have_text("Everybody gets this release from now on.")
        live.refresh(office.database)
        assert live.serving.release_id == 2
        assert serious(ed) == []
        press(ed, "g", "/releases$")
        tab_to(ed, ed.get_by_role("link", name="1", exact=True))
        press(ed, "Enter", "/releases/1$")
        tab_to(ed, ed.get_by_role("textbox", name="Why"))
        ed.keyboard.type("The link is valid for an hour after all")
        tab_to(ed, ed.get_by_role("button", name="Roll back to release 1"))
        ed.keyboard.press("Enter")
        expect(ed.locator(".done")).to_contain_text("Rolled back")
        live.refresh(office.database)
        assert live.serving.release_id == 3
        ed.goto("/console/articles/reset-password/en")
        expect(ed.locator(".body")).to_contain_text("60 minutes")
