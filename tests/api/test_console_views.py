"""Filters, saved views, what is unread, and deeds on many tickets at once."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from console_fixtures import HTMX, SCRIPT, Office, an_office
from starlette.testclient import TestClient

from handoff.models import Account, Conversation, Customer, Plan, Priority, Reason, Role, Ticket
from handoff.people import join, set_account
from handoff.rows import id_of
from handoff.staffing.models import Team
from handoff.tickets import ticket_by_number
from store import reading, transaction

office = an_office


def numbers(browser: TestClient, query: str) -> list[int]:
    """The tickets of a list, from above."""
    page = browser.get(f"/console?{query}")
    assert page.status_code == 200, page.text
    return [int(found) for found in re.findall(r'class="row" id="t(\d+)"', page.text)]


def views(browser: TestClient) -> dict[str, int]:
    """The saved views beside the list, each with its count, from above."""
    page = browser.get("/console").text
    found = re.search(r'<ul class="saved".*?</ul>', page, re.DOTALL)
    rows = re.findall(r"<bdi>(.*?)</bdi>(.*?)</li>", found[0], re.DOTALL) if found else []
    return {unescape(name): int((re.findall(r"\d+", rest) or ["0"])[0]) for name, rest in rows}


def bulk(browser: TestClient, deed: str, ticked: list[int], **more: Any) -> str:
    """What is said after it, as words."""
    form = {"deed": deed, "numbers": [str(one) for one in ticked], **more}
    page = browser.post("/console/bulk", data=form, headers=HTMX)
    assert page.status_code == 200, page.text
    return " ".join(re.sub(r"<[^>]+>", " ", unescape(page.text)).split())


def busy(office: Office) -> TestClient:
    """Four tickets, each unlike the others, and bob, who has the second."""
    bob: TestClient = office.browser("bob")
    office.escalate("The export is empty", "ada", priority=Priority.P1)
    office.escalate("I was charged twice", "grace", reason=Reason.SENSITIVE)
    office.escalate("登不上去，密码忘了", "linus", language="zh")
    office.escalate("It is solved already", "alan")
    with transaction(office.database) as session:
        account = Account(name="Acme", plan=Plan.VIP, created_at=office.now)
        front = Team(name="front line", is_default=True, assigns=False, created_at=office.now)
        session.add_all([account, front, Team(name="billing", assigns=False, created_at=office.now)])
        session.flush()
        first = session.get_one(Customer, ticket_by_number(session, 1).customer_id)
        set_account(session, id_of(first), id_of(account), office.colleagues["bob"], office.now)
    bob.post("/console/tickets/2/team", data={"team": "billing"})
    bob.post("/console/tickets/2/claim")
    bob.post("/console/tickets/1/sort", data={"tags": "Data, CSV", "category": "export"})
    bob.post("/console/tickets/1/tier", data={"tier": "2", "reason": "needs a look"})
    bob.post("/console/tickets/4/resolve")
    return bob


def test_each_filter_chooses_and_all_of_them_must_hold(office: Office) -> None:
    bob = busy(office)
    for query, expected in {
        "status=": [1, 2, 3],
        "status=any": [4, 3, 2, 1],
        "status=resolved": [4],
        "assignee=me": [2],
        "assignee=-": [1, 3],
        "assignee=me&assignee=-": [1, 2, 3],
        "team=billing": [2],
        "team=-": [3],
        "team=front line": [1],
        "priority=P1": [1],
        "tier=2": [1],
        "tag=csv": [1],
        "tag=-": [2, 3],
        "category=export": [1],
        "category=-": [2, 3],
        "language=zh": [3],
        "channel=slack": [],
        "channel=web": [1, 2, 3],
        "plan=vip": [1],
        "plan=-": [2, 3],
        "reason=sensitive": [2],
        "source=phone": [],
        "due=-": [1, 2, 3],
        "due=day": [],
        "waits_for=customer": [],
        "text=密码": [3],
        "text=charged twi": [2],
        "text=%232": [2],
        "text=charged&language=zh": [],
        "status=any&sort=oldest": [1, 2, 3, 4],
        "assignee=-&priority=P1&priority=P2": [1, 3],
    }.items():
        assert numbers(bob, query) == expected, query


def test_the_account_counts_for_the_whole_person(office: Office) -> None:
    bob = busy(office)
    with transaction(office.database) as session:
        owner = [session.get_one(Ticket, one).customer_id for one in (1, 3)]
        join(session, owner[1], owner[0], office.colleagues["bob"], office.now)
    assert numbers(bob, "plan=vip") == [1, 3]


def test_a_value_that_no_filter_has_is_refused_in_words(office: Office) -> None:
    bob = office.browser("bob")
    for query in ("status=moon", "priority=P9", "tier=one", "assignee=eve", "due=never", "sort=secret", "plan=gold"):
        page = bob.get(f"/console?{query}")
        assert page.status_code == 422, query
        assert "Tickets cannot be chosen like that." in page.text


def test_any_word_is_only_a_value(office: Office) -> None:
    office.escalate()
    bob = office.browser("bob")
    for value in ("'", "' OR 1=1 --", "%", "_", "a" * 200, SCRIPT):
        for name in ("team", "tag", "category", "channel", "language", "text"):
            page = bob.get("/console", params={name: value})
            assert page.status_code == 200, (name, value)
            assert SCRIPT not in page.text
            assert "No ticket fits" in page.text, (name, value)
    assert bob.get("/console?team=%00").status_code == 200


def test_what_is_chosen_stands_in_the_form_and_each_can_be_taken_away(office: Office) -> None:
    bob = busy(office)
    page = unescape(bob.get("/console?status=open&assignee=me&tag=csv").text)
    assert '<option value="open" selected>' in page
    assert '<option value="me" selected>' in page
    assert 'name="tag" value="csv"' in page
    assert 'aria-label="Remove the filter Agent: me"' in page
    assert 'href="/console?status=open&tag=csv"' in page
    assert "<h1 " in page
    assert "Filtered" in page


def test_a_view_is_saved_counted_changed_and_removed(office: Office) -> None:
    bob = busy(office)
    saved = bob.post("/console/views", data={"name": " Grumbles ", "filters": "/console?reason=sensitive"})
    assert saved.headers["location"] == "/console?saved=1"
    assert views(bob) == {"Grumbles": 1}
    assert numbers(bob, "saved=1") == [2]
    assert "Grumbles · Firstline</title>" in bob.get("/console?saved=1").text
    again = bob.post("/console/views", data={"name": "grumbles", "filters": "/console?tier=1"})
    assert again.status_code == 409
    bob.post("/console/views/1", data={"filters": "/console?priority=P1&priority=P2&saved=1"})
    bob.post("/console/views/1/name", data={"name": "Soon"})
    bob.post("/console/views", data={"name": "Chinese", "filters": "/console?language=zh"})
    assert views(bob) == {"Soon": 3, "Chinese": 1}
    bob.post("/console/views/2/up")
    assert list(views(bob)) == ["Chinese", "Soon"]
    bob.post("/console/views/2/remove")
    assert views(bob) == {"Soon": 3}
    assert bob.post("/console/views", data={"name": " ", "filters": ""}).status_code == 422


def test_a_view_of_ones_own_is_nobody_elses_and_an_admins_is_everybodys(office: Office) -> None:
    bob, eve, root = office.browser("bob"), office.browser("eve"), office.browser("root", Role.ADMIN)
    bob.post("/console/views", data={"name": "Bob's", "filters": "/console?tier=1"})
    root.post("/console/views", data={"name": "All late", "filters": "/console?due=late", "shared": "1"})
    assert list(views(bob)) == ["All late", "Bob's"]
    assert list(views(eve)) == ["All late"]
    assert eve.get("/console?saved=1").status_code == 404
    assert eve.post("/console/views/1/remove").status_code == 404
    assert bob.post("/console/views/2/remove").status_code == 403
    assert bob.post("/console/views/2", data={"filters": "/console?tier=3"}).status_code == 403
    assert bob.post("/console/views", data={"name": "Mine", "filters": "", "shared": "1"}).status_code == 403
    assert "/console/views/2/name" not in bob.get("/console/views").text
    assert "/console/views/2/name" in root.get("/console/views").text


def test_what_the_customer_wrote_is_unread_until_the_page_is_opened(office: Office) -> None:
    number, other = office.escalate(), office.escalate(customer="grace")
    bob, eve = office.browser("bob"), office.browser("eve")
    bob.post("/console/views", data={"name": "To read", "filters": "/console?unread=yes"})
    assert numbers(bob, "unread=yes") == [number, other]
    bob.get(f"/console/tickets/{other}")
    assert views(bob) == {"To read": 1}
    assert 'aria-label="Unread"' in bob.get("/console").text
    bob.get(f"/console/tickets/{number}")
    assert numbers(bob, "unread=yes") == []
    assert 'aria-label="Unread"' not in bob.get("/console").text
    assert numbers(eve, "unread=yes") == [number, other]
    office.says(number, "Hello?")
    assert numbers(bob, "unread=yes") == [number]
    # A live update of a window in the background is not somebody who reads.
    bob.get(f"/console/tickets/{number}", headers=HTMX)
    assert numbers(bob, "unread=yes") == [number]
    # One in the foreground is, as far as it shows what was said.
    bob.post(f"/console/tickets/{number}/here", data={"read": "1"})
    assert numbers(bob, "unread=yes") == [number]
    bob.post(f"/console/tickets/{number}/here", data={"read": "99999"})
    assert numbers(bob, "unread=yes") == []
    office.says(number, "Still nobody?")
    assert numbers(bob, "unread=yes") == [number]


def test_a_deed_is_done_to_every_ticked_ticket_and_refusals_say_why(office: Office) -> None:
    bob, _ = busy(office), office.browser("eve")
    assert bulk(bob, "assign", [1, 3, 4], assignee="me") == (
        "Done: 2 Not done: 1 #4 Ticket #4 is resolved: reopen it first."
    )
    assert numbers(bob, "assignee=me") == [1, 2, 3]
    assert bulk(bob, "assign", [3], assignee=str(office.colleagues["eve"].staff_id)) == "Done: 1"
    assert bulk(bob, "assign", [1], assignee="-") == "Done: 1"
    assert numbers(bob, "assignee=me") == [2]
    assert bulk(bob, "tag", [1, 2], tags="Urgent， later") == "Done: 2"
    assert numbers(bob, "tag=urgent") == [1, 2]
    assert numbers(bob, "tag=csv") == [1]
    assert bulk(bob, "priority", [2, 3], priority="P0") == "Done: 2"
    assert numbers(bob, "priority=P0") == [2, 3]
    assert bulk(bob, "team", [1], team="billing") == "Done: 1"
    assert "There is no such team." in bulk(bob, "team", [1, 2], team="moon")
    assert bulk(bob, "snooze", [1, 4], until="hour").startswith("Done: 1 Not done: 1 #4")
    assert numbers(bob, "waits_for=time") == [1]
    assert bulk(bob, "resolve", [2, 99]) == "Done: 1 Not done: 1 #99 There is no ticket #99."
    assert numbers(bob, "status=resolved") == [4, 2]
    assert "没有" in bulk(office.browser("mei", language="zh"), "resolve", [99])


def test_a_deed_on_nothing_or_with_nothing_is_refused(office: Office) -> None:
    bob = busy(office)
    for form, words in (
        ({"deed": "resolve"}, "Nothing is ticked."),
        ({"deed": "tag", "numbers": "1", "tags": " , "}, "A tag has 1 to 50 characters"),
        ({"deed": "snooze", "numbers": "1", "until": "never"}, "not in the time to come"),
        ({"deed": "assign", "numbers": "1", "assignee": "eve"}, "cannot have tickets"),
    ):
        page = bob.post("/console/bulk", data=form, headers=HTMX)
        assert page.status_code in (409, 422), form
        assert page.headers["hx-retarget"] == "#problem"
        assert words in page.text
    assert office.browser("vera", Role.VIEWER).post("/console/bulk", data={"deed": "resolve"}).status_code == 403


def test_without_javascript_the_way_leads_back_to_the_same_list(office: Office) -> None:
    bob = busy(office)
    page = bob.post(
        "/console/bulk", data={"deed": "assign", "numbers": ["1"], "assignee": "me", "back": "/console?tier=2"}
    )
    assert "Done: 1" in page.text
    assert 'href="/console?tier=2"' in page.text
    evil = bob.post("/console/bulk", data={"deed": "resolve", "numbers": ["1"], "back": "//evil.example"})
    assert "evil" not in evil.text


def test_the_bot_is_relieved_with_one_press(office: Office) -> None:
    conversation = office.ask("how can I export")
    office.answer(conversation, "Choose Export.")
    bob = office.browser("bob")
    assert f'action="/console/conversations/{conversation}/take-over"' in bob.get("/console?view=bot").text
    assert bob.post(f"/console/conversations/{conversation}/take-over").headers["location"] == "/console/tickets/1"
    with reading(office.database) as session:
        assert session.get_one(Conversation, conversation).owner.value == "human"


def test_a_live_update_brings_rows_and_leaves_the_forms_alone(office: Office) -> None:
    bob = busy(office)
    whole, part = bob.get("/console?tier=2").text, bob.get("/console?tier=2", headers=HTMX).text
    assert 'name="category"' in whole
    assert 'name="category"' not in part
    assert '<div id="filter-forms" class="filters" hx-morph-skip>' in part
    assert 'id="t1"' in part


def test_views_read_in_chinese(office: Office) -> None:
    busy(office)
    page = office.browser("mei", language="zh").get("/console?status=open&assignee=-").text
    assert "处理中" in page
    assert "客服: <bdi>无</bdi>" in page
