"""A running product for the tests of Telegram and Slack, with somebody at its desk who works by API and console."""

from __future__ import annotations

import html
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx2
from server import Server, knowing, running, stop
from sqlmodel import Session
from standins.slack.model import Message as SlackMessage
from standins.slack.people import Person as SlackPerson
from standins.telegram.model import Message
from standins.telegram.people import Person

from handoff.models import Role, Scope
from handoff.rows import id_of
from handoff.staff import add_staff, start_session
from handoff.tokens import add_token
from store import Database, open_database, reading, transaction
from store.watch import Watch

T = TypeVar("T")
# With these the small KB answers what it surely knows, asks which way in is meant and declines what is foreign to it.
SETTINGS = {"TARGET_PRECISION": "0.9", "OPEN_TICKETS_PER_CUSTOMER": "20"}
QUESTION, ANSWER = "I forgot my password", "Enter a new password of at least 12 characters"
UNSURE, FIRST_CHOICE = "cannot log in", "Reset a forgotten password"
CHOSEN = f"From “{FIRST_CHOICE}”"
PERSON = "let me talk to a human"
AGENT = "Grace Hopper"
COLLEAGUE = "Hedy Lamarr"
KEYS = "keys-of-the-desk"
PATIENCE = 60.0
LOOKS_EVERY = 0.05


@dataclass
class House:
    """A running product. ``agent`` speaks to its API, ``console`` is the browser of somebody signed in."""

    server: Server
    database: Database
    watch: Watch
    agent: httpx2.Client
    console: httpx2.Client

    @property
    def address(self) -> str:
        return self.server.address

    # -- the desk -----------------------------------------------------------------------------------------------

    def ticket(self, number: int) -> dict[str, Any]:
        found = self.agent.get(f"/api/v1/tickets/{number}")
        assert found.status_code == 200, found.text
        return dict(found.json())

    def tickets(self) -> list[dict[str, Any]]:
        return list(self.agent.get("/api/v1/tickets").json()["tickets"])

    def replies(self, number: int, text: str) -> None:
        self._does(number, "replies", {"text": text})

    def resolves(self, number: int) -> None:
        self._does(number, "resolve")

    def notes(self, number: int, text: str) -> None:
        self._does(number, "notes", {"text": text})

    def hands_back(self, number: int) -> None:
        self._does(number, "hand-back")

    def sends_file(self, number: int, text: str, name: str, data: bytes, media_type: str) -> None:
        """By the form of the console: the API takes words only."""
        seen = max(message["id"] for message in self.ticket(number)["messages"])
        files = {"files": (name, data, media_type)}
        done = self.console.post(f"/console/tickets/{number}/reply", data={"text": text, "seen": seen}, files=files)
        assert done.status_code == 303, done.text

    def page(self, number: int) -> str:
        """The ticket's page in the console, as HTML."""
        found = self.console.get(f"/console/tickets/{number}")
        assert found.status_code == 200
        return found.text

    def words_on_page(self, number: int) -> str:
        """What is to be read on the ticket's page, without tags."""
        return html.unescape(re.sub(r"<[^>]*>", " ", self.page(number)))

    def files_on_page(self, number: int) -> list[tuple[str, bytes]]:
        """The names of the files on the ticket's page, and what an agent gets who downloads them."""
        links = re.findall(r'href="(/console/files/\d+)" download>.*?<span dir="auto">(.*?)</span>', self.page(number))
        return [(html.unescape(name), self.console.get(path).content) for path, name in links]

    def texts(self, number: int, direction: str = "incoming") -> list[str]:
        """What was said on the ticket, by the customer or to them."""
        messages = self.ticket(number)["messages"]
        return [each["text"] for each in messages if each["direction"] == direction and not each["private"]]

    # -- waiting ------------------------------------------------------------------------------------------------

    def when(self, fits: Callable[[], T | None], what: str = "") -> T:
        """The first true value of ``fits``, which is asked again whenever something changed in the database."""
        deadline, seen = time.monotonic() + PATIENCE, self.watch.latest
        while not (found := fits()):
            left = deadline - time.monotonic()
            assert left > 0, f"waited in vain for {what or 'a change'}; the log ends with {self.server.errors[-5:]}"
            seen = self.watch.wait(seen, min(left, 1.0))
        return found

    def finds(self, query: Callable[[Session], T]) -> T:
        """What ``query`` reads in the product's own database."""
        with reading(self.database) as session:
            return query(session)

    def shows(self, number: int, words: str) -> None:
        """Wait until the page of the ticket has these words."""
        self.when(lambda: words in self.words_on_page(number), f"{words!r} on the page of #{number}")

    # -- its health ---------------------------------------------------------------------------------------------

    def readiness(self) -> tuple[int, dict[str, Any]]:
        found = self.agent.get("/readyz")
        return found.status_code, dict(found.json())

    def is_ready_when(self, fits: Callable[[int, dict[str, Any]], bool]) -> dict[str, Any]:
        """What /readyz says, once ``fits(status, body)``. Nobody tells of it, so it is asked again and again."""
        deadline, found = time.monotonic() + PATIENCE, self.readiness()
        while not fits(*found):
            assert time.monotonic() < deadline, f"the product never became so: {found}"
            self.watch.wait(self.watch.latest, LOOKS_EVERY)
            found = self.readiness()
        return found[1]

    def _does(self, number: int, deed: str, body: dict[str, str] | None = None) -> None:
        done = self.agent.post(f"/api/v1/tickets/{number}/{deed}", json=body)
        assert done.status_code in (200, 201), done.text


def number_in(text: str) -> int:
    """The number of the ticket that the bot's words name."""
    found = re.search(r"#(\d+)", text)
    assert found, text
    return int(found[1])


def heard(customer: Person, words: str) -> Message:
    """The first message of the bot to the customer on Telegram that has these words."""
    return customer.private.wait_for(lambda message: words in message.text)


def asks_for_a_person(customer: Person) -> int:
    """The number of the ticket that the customer on Telegram gets."""
    customer.says(PERSON)
    return number_in(heard(customer, "Your ticket is #").text)


def asks_on_slack(customer: SlackPerson) -> tuple[SlackMessage, int]:
    """What the customer wrote to the bot on Slack, and the number of the ticket that they got."""
    asked = customer.says(PERSON, customer.dm)
    said = customer.dm.wait_for_bot("Your ticket is #", thread_ts=asked.ts)
    return asked, number_in(said.words)


@contextmanager
def a_house(folder: Path, kb: Path, **settings: str) -> Iterator[House]:
    """The product in ``folder`` with the small KB, which on SQLite is built already. A second start there goes on."""
    with starting(folder, kb, **settings) as server, ExitStack() as stack:
        database = open_database(settings.get("DATABASE_URL") or _sqlite(folder))
        stack.callback(database.close)
        watch = stack.enter_context(Watch(database, LOOKS_EVERY))
        token, cookie = (folder / "data" / KEYS).read_text().split()
        by = {"Authorization": f"Bearer {token}"}
        agent = stack.enter_context(httpx2.Client(base_url=server.address, headers=by, timeout=PATIENCE))
        browser = {"Sec-Fetch-Site": "same-origin"}
        console = stack.enter_context(httpx2.Client(base_url=server.address, headers=browser, timeout=PATIENCE))
        console.cookies.set("firstline", cookie)
        yield House(server, database, watch, agent, console)


@contextmanager
def starting(folder: Path, kb: Path, **settings: str) -> Iterator[Server]:
    """The product as it starts, not waited for."""
    data = folder / "data"
    if not data.exists() and "DATABASE_URL" in settings:
        data.mkdir()
        _hire(settings["DATABASE_URL"], data)
    elif not data.exists():
        shutil.copytree(_furnished(kb) / "data", data)
    with running(folder, KB=str(kb), **SETTINGS, **settings) as server:
        yield server


def ends_well(house: House) -> None:
    """Stop the product as an operator does, and hold it to its manners."""
    assert stop(house.server) == 0
    assert not [line for line in house.server.errors if line.startswith("Traceback")], house.server.errors[-20:]


def _furnished(kb: Path) -> Path:
    """A folder with the KB imported and somebody at the desk: made once, copied for each house."""
    folder = kb.parent / f"{kb.name}-furnished"
    if not folder.exists():
        making = folder.with_suffix(".new")
        making.mkdir()
        knowing(making, kb, **SETTINGS)
        _hire(_sqlite(making), making / "data")
        making.rename(folder)
    return folder


def _hire(url: str, data: Path) -> None:
    """Give an agent a token of the API and a colleague a signed-in browser; their keys go into a file in ``data``."""
    database, now = open_database(url), datetime.now(UTC)
    with transaction(database) as session:
        token = add_token(session, AGENT, Scope.AGENT, now)
        staff = add_staff(session, "hedy@firstline.test", COLLEAGUE, Role.AGENT, now)
        cookie = start_session(session, id_of(staff), now)
    database.close()
    (data / KEYS).write_text(f"{token}\n{cookie}\n")


def _sqlite(folder: Path) -> str:
    return f"sqlite:///{folder / 'data' / 'firstline.db'}"
