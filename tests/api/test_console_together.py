"""Several agents at one desk: who is here, what each has typed, who was first, and what calls whom."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx2
import pytest
from console_fixtures import HTMX, Office, an_office, served
from suggested import TEXT, state_of, suggest

from api.console import live
from api.http import stream as streams
from handoff.models import Role, SuggestionState
from handoff.rows import id_of
from handoff.workplace.macro_deeds import Deeds
from handoff.workplace.macros import Written, make
from store import reading, transaction
from store.changes import latest_change

office = an_office


def test_the_others_at_a_ticket_are_named_on_it_and_in_the_list(office: Office) -> None:
    number = office.escalate()
    bob, eve, zoe = office.browser("bob"), office.browser("eve"), office.browser("zoe", language="zh")
    assert eve.post("/console/tickets/1/here", data={"arrives": True}).json() == {"words": "", "typing": False}
    told = bob.post("/console/tickets/1/here", data={"arrives": True, "typing": True}).json()
    assert told == {"words": "Also here: eve", "typing": False}
    assert zoe.get(f"/console/here?number={number}&number=77").json() == {
        "1": {"words": "正在写：bob · 同时在看：eve", "typing": True}
    }
    page = eve.get("/console/tickets/1").text
    assert re.search(r'<p class="here typing" id="here" role="status"[^>]*>Writing now: bob</p>', page)
    assert bob.post("/console/tickets/1/away").status_code == 204
    assert eve.get("/console/here?number=1").json() == {}
    office.later(seconds=31)
    assert "Also here: eve" not in bob.get("/console/tickets/1").text


def test_a_browser_that_asks_for_too_much_or_nonsense_is_refused(office: Office) -> None:
    bob = office.browser("bob")
    assert bob.get("/console/here?" + "&".join(f"number={number}" for number in range(1, 502))).status_code == 422
    assert bob.get("/console/here?number=x").status_code == 422
    assert bob.post("/console/tickets/9/here").status_code == 404
    assert bob.post("/console/tickets/9/draft", data={"text": "x"}).status_code == 404
    assert bob.post("/console/tickets/9/draft", data={"text": "x", "kind": "poem"}).status_code == 422


def box(page: str, kind: str) -> str:
    found = re.search(rf'<textarea id="{kind}-text"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    assert found
    return found[1]


def test_what_was_typed_stands_there_again_until_it_is_sent(office: Office) -> None:
    office.escalate()
    bob, eve = office.browser("bob"), office.browser("eve")
    for kind, text in (("reply", "Dear <b>ada</b>"), ("note", "she is right")):
        assert bob.post("/console/tickets/1/draft", data={"kind": kind, "text": text}).status_code == 204
    page = bob.get("/console/tickets/1").text
    assert (box(page, "reply"), box(page, "note")) == ("Dear &lt;b&gt;ada&lt;/b&gt;", "she is right")
    assert 'id="as-reply" class="unseen" checked' in page
    assert box(eve.get("/console/tickets/1").text, "reply") == ""
    bob.post("/console/tickets/1/reply", data={"text": "Dear ada", "seen": 99})
    page = bob.get("/console/tickets/1").text
    assert (box(page, "reply"), box(page, "note")) == ("", "she is right")
    assert 'id="as-note" class="unseen" checked' in page
    bob.post("/console/tickets/1/note", data={"text": "she is right"})
    assert box(bob.get("/console/tickets/1").text, "note") == ""


def test_a_refused_form_keeps_its_words_and_the_other_box_its_draft(office: Office) -> None:
    office.escalate()
    bob = office.browser("bob")
    bob.post("/console/tickets/1/draft", data={"kind": "note", "text": "she is right"})
    bob.post("/console/tickets/1/draft", data={"text": "older words"})
    office.says(1, "wait!")
    refused = bob.post("/console/tickets/1/reply", data={"text": "newer words", "seen": 1})
    assert refused.status_code == 409
    assert (box(refused.text, "reply"), box(refused.text, "note")) == ("newer words", "she is right")


def began(page: str) -> tuple[str, list[str]]:
    """The suggestion and the macro that the reply box says its words began as."""
    found = re.search(r'name="suggestion" value="(\d+)"', page)
    assert found
    return found[1], re.findall(r'name="macro" value="(\d+)"', page)


@pytest.mark.parametrize(("text", "state"), [(TEXT, SuggestionState.SENT), ("in my own words", SuggestionState.EDITED)])
def test_a_draft_that_began_as_a_suggestion_still_counts_as_one_when_it_is_sent(
    office: Office, text: str, state: SuggestionState
) -> None:
    offered = suggest(office, office.escalate())
    bob = office.browser("bob")
    bob.post("/console/tickets/1/draft", data={"text": text, "suggestion": offered})
    page = bob.get("/console/tickets/1").text
    assert began(page) == (str(offered), [])
    assert "autofocus" not in page.partition('id="reply-text"')[2].partition(">")[0], "keys are still keys"
    bob.post("/console/tickets/1/reply", data={"text": text, "suggestion": offered, "seen": 99})
    assert state_of(office, offered) is state
    assert began(bob.get("/console/tickets/1").text) == ("0", [])


def test_a_draft_keeps_its_macro_and_what_was_ticked_and_forgets_them_with_its_last_word(office: Office) -> None:
    office.escalate()
    bob, _ = office.browser("bob"), office.browser("root", Role.ADMIN)
    with transaction(office.database) as session:
        written = Written("greet", "", {"en": "Dear {customer}"}, Deeds(("met",)))
        macro = id_of(make(session, written, office.colleagues["root"], office.now))
    draft = {"text": "Dear ada", "macro": macro}
    bob.post("/console/tickets/1/draft", data={**draft, "deeds": "1"})
    page = bob.get("/console/tickets/1").text
    assert began(page) == ("0", [str(macro)])
    assert 'name="deeds" value="1" checked' in page
    bob.post("/console/tickets/1/draft", data=draft)
    page = bob.get("/console/tickets/1").text
    assert (began(page)[1], 'name="deeds" value="1" checked' in page) == ([str(macro)], False)
    bob.post("/console/tickets/1/draft", data={"text": " "})
    assert began(bob.get("/console/tickets/1").text) == ("0", [])


def test_a_draft_whose_suggestion_or_macro_is_gone_is_somebodys_own_words(office: Office) -> None:
    offered = suggest(office, office.escalate())
    bob, eve = office.browser("bob"), office.browser("eve")
    bob.post("/console/tickets/1/draft", data={"text": "half a word", "suggestion": offered, "macro": 77})
    eve.post(f"/console/tickets/1/suggestions/{offered}/skip")
    page = bob.get("/console/tickets/1").text
    assert (box(page, "reply"), began(page)) == ("half a word", ("0", []))
    assert bob.post("/console/tickets/1/reply", data={"text": "half a word", "seen": 99}).status_code == 303


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "eve has ticket #1 already. Take it over if it should be yours."),
        ("zh", "eve 已经接手了工单 #1。如果应由你处理，请接管。"),
    ],
)
def test_whoever_claims_too_late_reads_who_has_it(office: Office, language: str, words: str) -> None:
    office.escalate()
    bob, eve = office.browser("bob", language=language), office.browser("eve")
    assert eve.post("/console/tickets/1/claim").status_code == 303
    for refused in (bob.post("/console/tickets/1/claim"), bob.post("/console/tickets/1/claim", headers=HTMX)):
        assert refused.status_code == 409
        assert words in refused.text


def test_a_browser_is_told_what_waits_and_what_has_just_come(office: Office) -> None:
    bob = office.browser("bob")
    begin = bob.get("/console/work").json()
    assert (begin["count"], begin["calls"]) == (0, [])
    office.escalate("Everything is <i>on fire</i>")
    told = bob.get(f"/console/work?after={begin['change'] or 1}").json()
    assert told["count"] == 1
    assert told["calls"] == [
        {"title": "New ticket #1", "body": "P2 · Everything is <i>on fire</i>", "href": "/console/tickets/1"}
    ]
    assert bob.get(f"/console/work?after={told['change']}").json()["calls"] == []


@pytest.mark.parametrize("path", ["/console", "/console/articles", "/console/notices", "/console/accounts"])
def test_every_page_counts_what_waits_in_its_title_and_icon(office: Office, path: str) -> None:
    bob = office.browser("bob", Role.ADMIN)
    page = bob.get(path).text
    assert re.search(r"<title>[^(]", page)
    assert re.search(r'id="icon" href="/static/console-icon.svg', page)
    office.escalate()
    page = bob.get(path).text
    assert "<title>(1) " in page
    assert re.search(r'id="icon" href="/static/console-icon-new.svg', page)
    assert "<title>(1) " in bob.get(path, headers=HTMX).text


@pytest.fixture
def client(office: Office) -> Iterator[httpx2.Client]:
    browser = office.browser("bob")
    with (
        served(office) as address,
        httpx2.Client(base_url=address, cookies=dict(browser.cookies), timeout=60) as client,
    ):
        yield client


def events(lines: Iterator[str], count: int) -> list[tuple[str, int]]:
    """The next events: what each is called, and its id (0 for none)."""
    found: list[tuple[str, int]] = []
    event = {"id": "0"}
    while len(found) < count:
        name, _, value = next(lines).partition(": ")
        event |= {name: value} if name else {}
        if not name and "event" in event:
            found.append((event["event"], int(event["id"])))
        event = event if name else {"id": "0"}
    return found


def newest(office: Office) -> int:
    with reading(office.database) as session:
        return latest_change(session)


def test_that_somebody_comes_rings_apart_and_only_where_it_is_seen(office: Office, client: httpx2.Client) -> None:
    office.escalate()
    office.escalate(customer="grace")
    eve, begin = office.browser("eve"), newest(office)
    eve.post("/console/tickets/1/here", data={"arrives": True})
    eve.post("/console/tickets/2/here", data={"arrives": True})
    for place, ids in (
        ("conversation=1&", [begin + 1]),
        ("conversation=2&", [begin + 2]),
        ("", [begin + 1, begin + 2]),
    ):
        with client.stream("GET", f"/console/stream?{place}after={begin}") as stream:
            assert events(stream.iter_lines(), len(ids)) == [("look", one) for one in ids]


def test_a_quiet_line_has_a_pulse_that_leads_past_what_does_not_concern_it(
    office: Office, client: httpx2.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "PULSE_SECONDS", 1.0)
    monkeypatch.setattr(streams, "RECHECK_SECONDS", 0.2)
    office.escalate()
    begin = newest(office)
    with client.stream("GET", f"/console/stream?conversation=1&after={begin}") as stream:
        lines = stream.iter_lines()
        assert events(lines, 2) == [("pulse", 0), ("pulse", 0)]
        office.escalate(customer="grace")
        rung = events(lines, 3)
        assert {name for name, _ in rung} == {"pulse"}
        assert any(begin < one <= newest(office) for _, one in rung)


def test_a_line_that_asks_for_changes_to_come_hears_those_that_do(office: Office, client: httpx2.Client) -> None:
    """After a backup was put back, browsers remember changes that never were."""
    office.escalate()
    with client.stream("GET", "/console/stream", headers={"Last-Event-ID": "99999"}) as stream:
        lines = stream.iter_lines()
        assert next(lines).startswith(": listening")
        office.says(1, "hello?")
        assert events(lines, 1)[0][0] == "desk"
