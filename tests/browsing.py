"""A real browser for the tests that show pages: one for all of them, and what axe says of a page."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, Playwright, ViewportSize, expect, sync_playwright

# For pages whose colours are measured already, with other words or on another screen.
BUT_COLOURS: dict[str, Any] = {"rules": {"color-contrast": {"enabled": False}}}
# axe's rules that are about what is in nobody's way.
LESSER_RULES = """Object.fromEntries(axe._audit.rules
    .filter(({impact}) => ["minor", "moderate"].includes(impact)).map(({id}) => [id, {enabled: false}]))"""
# The first knows no windows, and does a fifth less work for a page.
BROWSERS = (Path("/usr/bin/chromium-headless-shell"), Path("/usr/bin/chromium"))
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
SCREEN: ViewportSize = {"width": 1280, "height": 800}
_STARTED: list[Chromium] = []


def program() -> Path | None:
    """Debian's chromium, the one without windows where there is one."""
    return next((browser for browser in BROWSERS if browser.exists()), None)


class Chromium:
    """Debian's chromium, headless: one for every module of a process that shows pages, and one tab in it for all tests
    that need no other. To begin either takes seconds of work."""

    def __init__(self, playwright: Playwright, browser: Path | None) -> None:
        self._playwright, self._program = playwright, browser
        self._loop = asyncio.get_running_loop()
        self._browser: Browser | None = None
        self._tab: Page | None = None

    @contextmanager
    def in_use(self) -> Iterator[Browser]:
        """While a module shows pages. Between such modules nobody may see that Playwright's loop runs in this thread:
        it would be the only one that can."""
        asyncio._set_running_loop(self._loop)
        if self._browser is None or not self._browser.is_connected():
            self._browser = self._playwright.chromium.launch(executable_path=self._program, args=FLAGS)
        yield self._browser
        asyncio._set_running_loop(None)

    def tab(self) -> Page:
        if self._tab is None or self._tab.is_closed():
            assert self._browser is not None
            context = self._browser.new_context(viewport=SCREEN, locale="en-GB")
            context.set_default_timeout(30_000)
            self._tab = context.new_page()
        return self._tab

    def leaves(self, address: str) -> None:
        """Whoever looks at something there looks away."""
        for context in self._browser.contexts if self._browser else ():
            if any(page.url.startswith(address) for page in context.pages):
                if self._tab and self._tab.context is context:
                    leave(self._tab)
                else:
                    context.close()

    def close(self) -> None:
        asyncio._set_running_loop(self._loop)
        if self._browser is not None:
            self._browser.close()


@contextmanager
def chromium() -> Iterator[Chromium]:
    """Without one the tests are skipped aloud, in CI they fail."""
    found = program()
    if found is None and not os.environ.get("CI"):
        pytest.skip("there is no Chromium here: `make browser` installs it")
    # What is waited for comes by itself; how long it takes on a busy machine is not what these tests are about.
    expect.set_options(timeout=30_000)
    with sync_playwright() as playwright:
        started = Chromium(playwright, found)
        asyncio._set_running_loop(None)
        _STARTED.append(started)
        yield started
        _STARTED.remove(started)
        started.close()


@contextmanager
def a_tab(browser: Browser, **options: Any) -> Iterator[Page]:
    """A page of its own, for what stays in a page, or is told it when it begins."""
    context = browser.new_context(**{"viewport": SCREEN, "locale": "en-GB", **options})
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()


def leave(tab: Page) -> None:
    """Nothing stays for the next test, which has an address of its own."""
    for other in tab.context.pages:
        if other is not tab:
            other.close()
    tab.context.set_offline(False)
    tab.goto("about:blank")
    tab.unroute_all()
    tab.context.clear_cookies()
    tab.set_viewport_size(SCREEN)
    tab.emulate_media(color_scheme="light", reduced_motion="no-preference")


def look_away(address: str) -> None:
    """Whoever looks at something there does not any more."""
    for started in _STARTED:
        started.leaves(address)


@contextmanager
def unharmed(page: Page) -> Iterator[None]:
    """Whatever fails in the page's scripts fails the test, and so does what its policy blocks.

    A refusal (409, 422) is a line in the browser's console, too.
    """
    wrongs: list[str] = []
    heard: dict[Any, Any] = {
        "pageerror": lambda error: wrongs.append(str(error)),
        "console": lambda said: wrongs.append(said.text) if "Policy" in said.text else None,
    }
    for what, note in heard.items():
        page.on(what, note)
    try:
        yield
    finally:
        for what, note in heard.items():
            page.remove_listener(what, note)
    assert not wrongs


def in_each_look(page: Page, looks: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The name of each, with the page shown on that screen and in those colours; it is not read anew for it.

    With it what to tell axe: contrast, most of its work, is measured once in the light and once in the dark.
    """
    measured: set[str] = set()
    for name, look in looks.items():
        scheme = look.get("color_scheme", "light")
        page.set_viewport_size(look["viewport"])
        # Without motion the colours change at once, and not while they are looked at.
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        yield name, BUT_COLOURS if scheme in measured else {}
        measured.add(scheme)


def violations(page: Page, **options: Any) -> list[dict[str, Any]]:
    """What axe finds that keeps somebody from using the page.

    It is read once for each page, which takes as long as looking does. Rules are left out that find nothing so bad:
    whatever breaks one has the impact that axe gives the rule.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    if "runOnly" not in options:
        options["rules"] = page.evaluate(LESSER_RULES) | options.get("rules", {})
    asked = {"resultTypes": ["violations"], **options}
    found: list[dict[str, Any]] = page.evaluate("asked => axe.run(asked).then(found => found.violations)", asked)
    return [fault for fault in found if fault["impact"] in ("serious", "critical")]


def serious(page: Page, **options: Any) -> list[str]:
    """The same in short, with where it is."""
    return [
        f"{fault['id']}: {[node['target'] for node in fault['nodes'][:3]]}" for fault in violations(page, **options)
    ]
