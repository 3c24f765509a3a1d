"""Every page of the console: accessible, narrow enough for a phone, and deaf to what customers and agents write."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from browsing import serious, violations
from console_fixtures import SCRIPT, Office, open_office, served
from fastapi.routing import iter_route_contexts
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, expect
from studio_kb import drafted

from api.settings import Settings
from bot.learning.importing.keeping import keep
from bot.learning.importing.reading import Read
from bot.learning.importing.showing import plan_values
from bot.learning.importing.wishes import Wish, wish_values
from bot.learning.recall.finding import Scope
from bot.learning.recall.recalls import prepare
from bot.learning.worklist.models import WorkItem, WorkKind
from bot.replies import closing_words
from handoff.desk import reply, resolve
from handoff.models import Priority, Role
from handoff.sla.defaults import lay_out
from handoff.workplace.macros import Written, make
from kb_content.articles import Article
from kb_content.catalogue import plan_import
from kb_content.folder import Folder
from kb_content.studio.models import ImportState, KbImport, Publication, PublicationState
from store import transaction

pytestmark = pytest.mark.browser

PAYLOADS = (
    SCRIPT,
    "<img src=x onerror=alert(1)>",
    "\"'><svg onload=alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "{{constructor.constructor('alert(1)')()}}",
    "<div hx-get=/console/sign-out hx-trigger=load>x</div>",
    "<hx-partial hx-target='#main'>gone</hx-partial>",
)
VALUES = {
    "number": "1",
    "conversation_id": "2",
    "customer_id": "1",
    "other_id": "2",
    "article_id": "reset-password",
    "language": "en",
    "staff_id": "1",
    "team_id": "1",
    "calendar_id": "1",
    "account_id": "1",
    "macro_id": "1",
    "recall_id": "1",
    "gold_id": "1",
    "intent_name": "nasty",
    "key": "thanks",
    "release_id": "1",
    "publication_id": "1",
    "item_id": "1",
    "import_id": "99",
    "draft_id": "1",
}
# Pages that are told by their address what they are about.
ASKED = {"/console/articles/glossary/term": "/console/articles/glossary/term?term=nasty&language=en"}
# What ticket 1, which is open, has no page for.
OF_SOLVED = {"/console/tickets/{number}/article": "/console/tickets/2/article"}
# Answers that are no page: parts of one, data, files and streams.
NO_PAGE = (
    "/stream",
    "/bell",
    "/work",
    "/here",
    "/found",
    "/commands",
    "/export",
    ".json",
    "/slack-manifest",
    "/beside",
    "/check/questions",
)
NO_PAGE_PATHS: tuple[str, ...] = ("/console/files/{file_id}", "/console/welcome/{token}", "/console/{path:path}")
NO_PAGE_PATHS += (
    "/console/tickets/{number}/beside",
    "/console/tickets/{number}/macros/{macro_id}",
    "/console/tickets/{number}/next",
    "/console/kb-files/{name}",
)


def pages_of(office: Office) -> list[str]:
    """The address of every page, read off the routes, so that a new page is looked at as well."""
    found = []
    for context in iter_route_contexts(office.app.routes):
        path = context.path or ""
        methods = getattr(context.route, "methods", None) or ()
        if (
            "GET" in methods
            and path.startswith("/console")
            and not path.endswith(NO_PAGE)
            and path not in NO_PAGE_PATHS
        ):
            found.append((OF_SOLVED | ASKED).get(path, path).format_map(VALUES))
    return found


def signed_in(office: Office, chrome: Browser, address: str, **options: Any) -> BrowserContext:
    cookie = office.browser("ann", Role.ADMIN).cookies["firstline"]
    context = chrome.new_context(base_url=address, **options)
    context.set_default_timeout(30_000)
    context.add_cookies([{"name": "firstline", "value": cookie, "url": address}])
    return context


def a_full_house(office: Office, words: str) -> None:
    """At least one of everything that the pages show."""
    office.publish()
    number = office.escalate(words, customer=words, priority=Priority.P0)
    office.answer(office.ask("how to export", "grace"), "Choose Export.")
    office.says(number, words, file_ids=[office.file(f"{words}.html")])
    admin = office.browser("boss", Role.ADMIN)
    admin.post(f"/console/tickets/{number}/note", data={"text": words})
    admin.post(f"/console/tickets/{number}/sort", data={"tags": words, "category": words})
    admin.post("/console/accounts", data={"name": words, "plan": "standard", "tier": "1"})
    admin.post("/console/teams", data={"name": "front desk"})
    an_edit(office, words)
    an_import(office, words)
    admin.post("/console/gold/new", data={"text": words, "expect": "reset-password"})
    admin.post("/console/intents", data={"name": "nasty"})
    admin.post("/console/articles/glossary", data={"term": "nasty", "language": "en"})
    solved = office.escalate(words, customer=words)
    with transaction(office.database) as session:
        reply(session, solved, words, office.colleagues["boss"], office.now)
        resolve(session, solved, office.colleagues["boss"], office.now, closing_words("en", solved))
        prepare(session, Scope("reset-password", "en"), words, office.colleagues["boss"], office.now)
        lay_out(session, office.now)
        make(session, Written("nasty", words, {"en": words.replace("{", "(")}), office.colleagues["boss"], office.now)


def an_import(office: Office, words: str) -> None:
    """Pages of the web that were read and wait for approval."""
    wish = wish_values(Wish(words, url="https://example.com/help"))
    told: dict[str, Any] = {"source": words, "actor": words, "progress": words, "problem": words, "summary": words}
    brought = Folder(articles=(Article("reset-password", "en", words, words), Article("new", "en", words, words)))
    with transaction(office.database) as session:
        found = {
            "is_foreign": False,
            "sha256": keep(office.product.files, Read(brought)).sha256,
            "plan": plan_values(plan_import(session, brought, words)),
            "problems": {"errors": 1, "notes": 0, "shown": [[words, True]]},
            "review": {"by": None, "name": words, "at": office.now.isoformat()},
        }
        told |= {"found": found, "wish": wish, "state": ImportState.READ}
        session.add(KbImport(id=int(VALUES["import_id"]), at=office.now, **told))


def an_edit(office: Office, words: str) -> None:
    """A draft with something to tick, a publication of it that was kept back, and something on the worklist."""
    begun = {"title": words, "body": f"{words} within 5 days, never later.", "questions": [words]}
    draft_id = drafted(office.database, "reset-password", **begun)
    side = {"decision": "answer", "reason": None, "confidence": 0.9, "options": []}
    sides = {name: {**side, "top": ["export-data"], "citations": ["export-data"]} for name in ("before", "after")}
    lost = {"text": words, "language": "en", "expect": ["reset-password"], "origin": "gold", "message": None, "gold": 1}
    found = {"questions": 1, "live": 1, "blocking": 1, "counts": {"worse": 1, "better": 0}}
    found |= {"changed": [{**lost, **sides, "effect": "worse", "loss": True, "of_fit": True, "by_a_hair": False}]}
    about = {"id": draft_id, "kind": "article", "name": "reset-password", "language": "en"}
    with transaction(office.database) as session:
        check = {"by": words, "drafts": [about], **found}
        kept_back = {"state": PublicationState.BLOCKED, "problem": words, "override": words, "progress": words}
        work = {"kind": WorkKind.UNANSWERED, "key": "1", "language": "en", "found_at": office.now}
        asked = {"text": words, "message": 1, "conversation": 1, "at": office.now.isoformat()}
        session.add(WorkItem(title=words, count=3, seen_at=office.now, detail={"questions": [asked]}, **work))
        session.add(Publication(drafts=[draft_id], asked_at=office.now, check=check, **kept_back))


# What moves of itself, where somebody asked for less motion.
MOVES = """[...document.querySelectorAll("*")].map((one) => [one, getComputedStyle(one)]).filter(([, style]) =>
  style.animationName !== "none" || (style.transitionProperty !== "none" && parseFloat(style.transitionDuration) > 0)
).map(([one]) => one.tagName)"""


def faults_of(page: Page) -> list[str]:
    """With everything unfolded, in the light and in the dark."""
    page.evaluate("for (const fold of document.querySelectorAll('main details')) fold.open = true")
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    found = [*serious(page), *([f"too wide by {wide}"] if wide > 0 else [])]
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    found += [f"dark {fault}" for fault in serious(page, runOnly=["color-contrast"])]
    found += [f"moves {tag}" for tag in page.evaluate(MOVES)[:3]]
    page.emulate_media(color_scheme="light", reduced_motion="no-preference")
    return found


@dataclass
class Walk:
    """What was seen on every page. ``faults``: by address; ``wrongs``: what ran, broke or was refused of itself."""

    faults: dict[str, list[str]] = field(default_factory=dict)
    wrongs: list[str] = field(default_factory=list)
    is_looking: bool = False

    def visits(self, page: Page, path: str) -> None:
        response = page.goto(path)
        assert response is not None
        self.looks(page, path) if response.ok else self.faults.update({path: [str(response.status)]})

    def looks(self, page: Page, place: str) -> None:
        # What axe does is none of the page's doing.
        self.is_looking = True
        self.faults[place] = faults_of(page)
        self.is_looking = False

    def refuses(self, dialog: Dialog) -> None:
        self.wrongs.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def hears(self, said: ConsoleMessage) -> None:
        if "Policy" in said.text and not self.is_looking:
            self.wrongs.append(said.text)


@pytest.fixture(scope="module")
def walk(chrome: Browser, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    """Every page, opened once on a phone, with everything that anybody writes being long and hostile."""
    walk, folder = Walk(), tmp_path_factory.mktemp("office")
    url = f"sqlite:///{shutil.copyfile(sqlite_template, folder / 'firstline.db')}"
    for office in open_office(url, Settings(_env_file=None, data_dir=folder)):
        others = a_hostile_house(office)
        with served(office) as address:
            context = signed_in(office, chrome, address, viewport={"width": 320, "height": 640})
            page = context.new_page()
            page.on("dialog", walk.refuses)
            page.on("pageerror", lambda error: walk.wrongs.append(f"error {error}"))
            page.on("console", walk.hears)
            for path in pages_of(office):
                walk.visits(page, path)
            for number in others:
                page.goto(f"/console/tickets/{number}")
            page.goto("/console/tickets/1")
            for key, shown in (("Control+k", "#command-list li"), ("?", "#shortcuts h2")):
                page.keyboard.press(key)
                expect(page.locator(shown).first).to_be_in_viewport()
                walk.looks(page, key)
                page.keyboard.press("Escape")
                expect(page.locator("dialog[open]")).to_have_count(0)
            page.keyboard.press("Control+k")
            page.keyboard.type("alert")
            page.locator("#command-list li").filter(has_text="alert(1)").first.wait_for()
            context.close()
        yield walk


def a_hostile_house(office: Office) -> list[int]:
    """As name, message, file name, ticket title, tag, category, macro, note, account; and in the command bar.

    Returns the numbers of the tickets that no page is named after.
    """
    a_full_house(office, f"{PAYLOADS[0]} I cannot get in {'W' * 60}")
    others = [office.escalate(payload, customer=payload) for payload in PAYLOADS[1:]]
    for number, payload in zip(others, PAYLOADS[1:], strict=True):
        admin = office.browser(f"eve{number}", Role.ADMIN)
        admin.post(f"/console/tickets/{number}/note", data={"text": payload})
        admin.post(f"/console/tickets/{number}/sort", data={"tags": payload, "category": payload})
    return others


@pytest.mark.long
def test_every_page_of_the_console_is_accessible_and_fits_a_phone(walk: Walk) -> None:
    """axe finds nothing serious, and nothing is wider than the screen."""
    assert len(walk.faults) > 27
    assert {path: found for path, found in walk.faults.items() if found} == {}


@pytest.mark.long
def test_what_anybody_writes_never_runs_anywhere(walk: Walk) -> None:
    assert walk.wrongs == []


HARD_TO_USE = """<html><body><img src="data:,"><h4></h4><input><button></button><a href="#" tabindex="3"></a>
<div style="color: #aaa; background: #fff">hardly to be read</div><table><tr><td scope="x">1</td></tr></table>"""


def test_no_rule_of_axe_is_left_out_that_finds_something_serious(tab: Page) -> None:
    tab.set_content(HARD_TO_USE)
    found = violations(tab)
    every = tab.evaluate("axe.run().then(found => found.violations)")
    assert {fault["impact"] for fault in every} > {"serious", "critical"}
    assert [fault["id"] for fault in found] == [
        fault["id"] for fault in every if fault["impact"] in ("serious", "critical")
    ]
