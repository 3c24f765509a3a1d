"""An agent's day by keyboard alone, the same by mouse, and how many strokes and clicks each everyday task takes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from console_fixtures import Office, an_office, served, signed_in
from playwright.sync_api import Locator, Page, expect

from api.console.keys import GROUPS, KEYS
from handoff.models import Role
from handoff.workplace.macros import Written, make
from store import transaction

office = an_office
DOC = Path(__file__).parents[2] / "docs" / "console.md"


@dataclass
class Hands:
    """What an agent does at a page, counted. Words that have to be written either way are not."""

    page: Page
    inbox: str
    count: int = 0

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.count += 1

    def write(self, words: str) -> None:
        self.page.keyboard.type(words)

    def click(self, *places: Locator) -> None:
        for place in places:
            place.click()
            self.count += 1

    def choose(self, place: Locator, words: str | re.Pattern[str]) -> None:
        """A list is opened with one click, and chosen from with another."""
        place.select_option(place.locator("option").filter(has_text=words).get_attribute("value"))
        self.count += 2

    def button(self, name: str) -> None:
        self.click(self.page.get_by_role("button", name=name, exact=True).first)

    def unfold(self, id: str) -> None:
        self.click(self.page.locator(f"#{id} > summary"))


@dataclass(frozen=True)
class Task:
    """An everyday task in both ways, and what is to be seen when it is done."""

    name: str
    by_keys: Callable[[Hands], None]
    by_mouse: Callable[[Hands], None]
    done: Callable[[Page], None]


def take(hands: Hands, *, by_mouse: bool) -> None:
    row = hands.page.locator("a.row").first
    if by_mouse:
        hands.click(row)
    else:
        hands.press("j")
        expect(row).to_be_focused()
        hands.press("Enter")
    expect(hands.page.locator("#reply-text")).to_be_visible()
    if by_mouse:
        hands.button("Claim")
    else:
        hands.press("c")


def say(hands: Hands, kind: str, words: str, *, by_mouse: bool) -> None:
    box = hands.page.locator(f"#{kind}-text")
    if by_mouse:
        hands.click(hands.page.locator(f"label[for=as-{kind}]"), box)
    else:
        hands.press("r" if kind == "reply" else "n")
    expect(box).to_be_focused()
    hands.write(words)
    if by_mouse:
        hands.button("Send Ctrl Enter" if kind == "reply" else "Save note Ctrl Enter")
    else:
        hands.press("Control+Enter")
    expect(box).to_have_value("")
    if not by_mouse:
        hands.press("Escape")


def use_macro(hands: Hands, *, by_mouse: bool) -> None:
    if by_mouse:
        hands.click(hands.page.locator("label[for=as-reply]"), hands.page.locator("[data-macros]"))
        hands.click(hands.page.locator("#picker").get_by_text("/newlink"))
    else:
        hands.press("m")
        expect(hands.page.locator("#command-list li").first).to_contain_text("/newlink")
        hands.press("Enter")
    expect(hands.page.locator("#reply-text")).to_have_value(re.compile("here is a new link"))
    if by_mouse:
        hands.button("Send Ctrl Enter")
    else:
        hands.press("Control+Enter")
    expect(hands.page.locator("#reply-text")).to_have_value("")
    if not by_mouse:
        hands.press("Escape")


def raise_tier(hands: Hands, *, by_mouse: bool) -> None:
    if by_mouse:
        hands.unfold("level")
        hands.click(hands.page.locator("#tier-reason"))
    else:
        hands.press("u")
    expect(hands.page.locator("#tier-reason")).to_be_focused()
    hands.write("Needs a look at the server")
    if by_mouse:
        hands.button("Move")
    else:
        hands.press("Control+Enter")


def rate(hands: Hands, *, by_mouse: bool) -> None:
    if by_mouse:
        hands.choose(hands.page.locator("#priority"), re.compile("^P1"))
        hands.button("Confirm the priority")
    else:
        hands.press("p", "ArrowDown", "ArrowDown", "Control+Enter")


def tag(hands: Hands, *, by_mouse: bool) -> None:
    if by_mouse:
        hands.unfold("sorting")
        hands.click(hands.page.locator("#tags"))
    else:
        hands.press("t")
    expect(hands.page.locator("#tags")).to_be_focused()
    hands.write("login")
    if by_mouse:
        hands.click(hands.page.locator("#sorting").get_by_role("button", name="Save"))
    else:
        hands.press("Control+Enter")


def snooze(hands: Hands, *, by_mouse: bool) -> None:
    if by_mouse:
        hands.unfold("pause")
        hands.choose(hands.page.locator("#snooze-until"), "tomorrow at 09:00")
        hands.button("Snooze")
    else:
        hands.press("s", "ArrowDown", "ArrowDown", "Control+Enter")


def give(hands: Hands, *, by_mouse: bool) -> None:
    if by_mouse:
        hands.unfold("give-away")
        hands.choose(hands.page.locator("#assignee"), "eve")
        hands.click(hands.page.locator("#assignee-form button"))
    else:
        hands.press("a", "e", "Control+Enter")


def resolve(hands: Hands, *, by_mouse: bool) -> None:
    if by_mouse:
        hands.button("Resolve")
    else:
        hands.press("e")


def go_on(hands: Hands, *, by_mouse: bool) -> None:
    if by_mouse:
        hands.click(hands.page.locator("[data-key=next]"))
    else:
        hands.press(".")


def shows(place: str, words: str) -> Callable[[Page], None]:
    return lambda page: expect(page.locator(place)).to_contain_text(words)


def both(name: str, deed: Callable[..., None], done: Callable[[Page], None]) -> Task:
    return Task(name, lambda hands: deed(hands, by_mouse=False), lambda hands: deed(hands, by_mouse=True), done)


DAY = (
    both("Open the first ticket of the inbox and claim it", take, shows("#transcript", "bob claimed the ticket")),
    both(
        "Answer",
        lambda hands, by_mouse: say(hands, "reply", "Hello ada", by_mouse=by_mouse),
        shows("#transcript", "Hello ada"),
    ),
    both("Answer with a macro", use_macro, shows("#transcript", "here is a new link")),
    both(
        "Write an internal note",
        lambda hands, by_mouse: say(hands, "note", "Called them", by_mouse=by_mouse),
        shows("#transcript", "Called them"),
    ),
    both("Move to tier 2, with a reason", raise_tier, shows("#transcript", "Needs a look at the server")),
    both("Set the priority to P1", rate, shows("#head", "P1")),
    both("Add a tag", tag, shows("#side", "login")),
    both("Snooze until tomorrow", snooze, shows("#side", "Waits for")),
    both("Resolve", resolve, shows("#head", "Resolved")),
    both("Go to the next ticket", go_on, lambda page: expect(page).to_have_url(re.compile("tickets/[2-9]$"))),
    both("Assign to a colleague", give, shows("#side", "eve")),
)


@pytest.fixture
def hands(office: Office, tab: Page) -> Iterator[Hands]:
    office.browser("eve")
    office.browser("ann", Role.ADMIN)
    with transaction(office.database) as session:
        written = Written("newlink", "A new link", {"en": "Dear {customer}, here is a new link."})
        make(session, written, office.colleagues["ann"], office.now)
    tab.set_viewport_size({"width": 1280, "height": 900})
    with served(office) as address, signed_in(office, tab, address, "bob"):
        yield Hands(tab, f"{address}/console")


@pytest.mark.long
@pytest.mark.browser
def test_an_agents_day_by_keyboard_alone_and_by_mouse_is_as_short_as_the_page_says(
    office: Office, hands: Hands
) -> None:
    counted: dict[str, list[int]] = {task.name: [] for task in DAY}
    for by_mouse in (False, True):
        for customer in ("ada", "grace hopper", "linus"):
            office.escalate(f"I cannot get in, says {customer}", f"{customer} {by_mouse}")
        hands.page.goto(hands.inbox)
        for task in DAY:
            hands.count = 0
            (task.by_mouse if by_mouse else task.by_keys)(hands)
            task.done(hands.page)
            counted[task.name].append(hands.count)
    lines = [f"| {name} | {keys} | {clicks} |" for name, (keys, clicks) in counted.items()]
    written = re.findall(r"^\| .* \| \d+ \| \d+ \|$", DOC.read_text("utf8"), re.MULTILINE)
    assert lines == written, "\n".join(lines)


def test_no_key_has_two_meanings_on_one_page_and_every_key_its_place_in_the_table() -> None:
    # A page is a ticket's or the knowledge base's: only there may a letter mean something else.
    for other in ("ticket", "editor"):
        pressed = [key.pressed for key in KEYS if key.pressed and key.group != other]
        assert len(pressed) == len(set(pressed))
    assert sum(len(keys) for keys in GROUPS.values()) == len(KEYS)
    assert all(key.at for key in KEYS if key.does != "own")
