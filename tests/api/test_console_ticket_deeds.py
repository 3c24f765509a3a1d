"""What agents do on a ticket's page beside talking, and the pages that belong to it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from console_fixtures import HTMX, SCRIPT, Office, an_office
from starlette.testclient import TestClient

from api.console.moments import moment_of
from handoff.errors import BadMoment
from handoff.models import Priority, Role, Source, Ticket, TicketStatus, WaitsFor
from handoff.rows import id_of
from handoff.ticketing.links import links_of
from handoff.ticketing.sorting import tags_of
from handoff.ticketing.waiting import Rules, rules
from handoff.tickets import ticket_by_number
from store import reading

office = an_office


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def act(browser: TestClient, number: int, deed: str, **data: str) -> int:
    """Send one of the page's forms without JavaScript."""
    response = browser.post(f"/console/tickets/{number}/{deed}", data=data)
    return response.status_code


def ticket(office: Office, number: int) -> Ticket:
    with reading(office.database) as session:
        return ticket_by_number(session, number)


def answered(office: Office, browser: TestClient) -> int:
    number = office.escalate()
    assert act(browser, number, "reply", text="Which version?", seen="999") == 303
    return number


def test_a_reply_can_leave_the_ticket_waiting_for_the_customer(office: Office) -> None:
    bob, number = office.browser("bob"), office.escalate()
    assert act(bob, number, "reply", text="Which version?", seen="999", wait="1") == 303
    assert ticket(office, number).waits_for is WaitsFor.CUSTOMER
    page = words(bob.get(f"/console/tickets/{number}").text)
    assert "Waits for the customer" in page
    assert "Closes by itself 2026-11-30 09:00 UTC" in page
    assert "bob lets the ticket wait for the customer" in page


def test_whoever_has_not_answered_is_told_to_reply_before_waiting(office: Office) -> None:
    bob, number = office.browser("bob"), office.escalate()
    response = bob.post(f"/console/tickets/{number}/wait", headers=HTMX)
    assert response.status_code == 409
    assert "Reply first." in words(response.text)
    mei = office.browser("mei", language="zh")
    assert "请先回复" in mei.post(f"/console/tickets/{number}/wait", headers=HTMX).text


def test_a_ticket_is_snoozed_until_a_usual_time_and_brought_back(office: Office) -> None:
    bob, number = office.browser("bob"), office.escalate()
    assert act(bob, number, "snooze", until="tomorrow") == 303
    found = ticket(office, number)
    assert (found.waits_for, found.snoozed_until) == (WaitsFor.TIME, datetime(2026, 11, 24, 9, tzinfo=UTC))
    page = bob.get(f"/console/tickets/{number}").text
    assert "bob snoozed the ticket until 2026-11-24 09:00 UTC" in words(page)
    assert act(bob, number, "reopen") == 303
    assert ticket(office, number).status is TicketStatus.OPEN


NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("usual", "typed", "zone", "meant"),
    [
        ("hour", "", "UTC", NOW + timedelta(hours=1)),
        ("tomorrow", "", "Asia/Shanghai", datetime(2026, 11, 24, 1, tzinfo=UTC)),
        ("monday", "", "UTC", datetime(2026, 11, 30, 9, tzinfo=UTC)),
        ("week", "", "UTC", NOW + timedelta(days=7)),
        ("week", "2026-12-01T08:30", "Asia/Shanghai", datetime(2026, 12, 1, 0, 30, tzinfo=UTC)),
        ("hour", "2026-12-01T08:30+01:00", "Asia/Shanghai", datetime(2026, 12, 1, 7, 30, tzinfo=UTC)),
    ],
)
def test_a_time_is_meant_by_the_agents_own_clock(usual: str, typed: str, zone: str, meant: datetime) -> None:
    assert moment_of(usual, typed, NOW, zone) == meant


@pytest.mark.parametrize(("usual", "typed"), [("", ""), ("some day", ""), ("hour", "tomorrow")])
def test_no_time_is_refused_in_a_sentence(office: Office, usual: str, typed: str) -> None:
    with pytest.raises(BadMoment):
        moment_of(usual, typed, NOW, "UTC")
    bob, number = office.browser("bob"), office.escalate()
    response = bob.post(f"/console/tickets/{number}/snooze", data={"until": usual, "at": typed})
    assert response.status_code == 422
    assert "Choose a later one" in words(response.text)


def test_the_priority_is_a_proposal_until_somebody_confirms_it(office: Office) -> None:
    bob, number = office.browser("bob"), office.escalate()
    assert "P2 is the bot's proposal" in words(bob.get(f"/console/tickets/{number}").text).replace("&#39;", "'")
    assert act(bob, number, "priority", impact="all", urgency="high") == 303
    assert ticket(office, number).priority is Priority.P0
    assert "Confirmed by bob." in words(bob.get(f"/console/tickets/{number}").text)
    assert act(bob, number, "priority", impact="all", urgency="high", priority="P3") == 303
    assert ticket(office, number).priority is Priority.P3


def test_the_highest_tier_asks_for_a_diagnosis(office: Office) -> None:
    bob, number = office.browser("bob"), office.escalate()
    refused = bob.post(f"/console/tickets/{number}/tier", data={"tier": "3", "reason": "a bug"})
    assert (refused.status_code, "Write what was found so far." in refused.text) == (422, True)
    assert act(bob, number, "tier", tier="3", reason="a bug", diagnosis="The index is broken") == 303
    page = words(bob.get(f"/console/tickets/{number}").text)
    assert "bob moved the ticket from tier 1 to tier 3: a bug" in page
    assert "Internal note 2026-11-23 09:00 UTC Diagnosis The index is broken" in page


def test_a_note_and_a_reply_say_what_they_are_when_they_are_sent(office: Office) -> None:
    bob, number = office.browser("bob"), office.escalate()
    act(bob, number, "note", text="It is the cache", diagnosis="1")
    act(bob, number, "reply", text="Use a private window", seen="999", workaround="1")
    page = words(bob.get(f"/console/tickets/{number}").text)
    assert "bob wrote the diagnosis" in page
    assert "bob told the customer a workaround" in page


def test_words_can_be_marked_afterwards(office: Office) -> None:
    bob = office.browser("bob")
    number = answered(office, bob)
    page = bob.get(f"/console/tickets/{number}").text
    (message,) = re.findall(r'<option value="(\d+)">bob: Which version\?', page)
    assert act(bob, number, "mark", message=message, kind="workaround") == 303
    assert "bob told the customer a workaround" in words(bob.get(f"/console/tickets/{number}").text)
    assert act(bob, number, "mark", message="1", kind="diagnosis") == 422


def test_tags_category_and_the_page_elsewhere_are_saved_together(office: Office) -> None:
    bob, number = office.browser("bob"), office.escalate()
    page = "https://tracker.example/ABC-1"
    assert act(bob, number, "sort", tags="Billing, vip，退款", category="invoices", address=page) == 303
    with reading(office.database) as session:
        found = ticket_by_number(session, number)
        assert tags_of(session, id_of(found)) == ["billing", "vip", "退款"]
    text = bob.get(f"/console/tickets/{number}").text
    assert f'<a href="{page}" target="_blank" rel="noopener noreferrer">' in text
    assert 'value="billing, vip, 退款"' in text
    assert act(bob, number, "sort", address="javascript:alert(1)") == 422
    assert "javascript:" not in bob.get(f"/console/tickets/{number}").text


def test_what_an_agent_types_is_never_markup(office: Office) -> None:
    bob, number = office.browser("bob"), office.escalate()
    act(bob, number, "sort", tags=SCRIPT, category=SCRIPT)
    act(bob, number, "tier", tier="2", reason=SCRIPT)
    assert SCRIPT not in bob.get(f"/console/tickets/{number}").text


def test_tickets_are_linked_and_parted(office: Office) -> None:
    bob = office.browser("bob")
    one, other = office.escalate("Printer"), office.escalate("Printer, too", "grace")
    assert act(bob, one, "link", other=str(other), kind="duplicate") == 303
    assert f'<a href="/console/tickets/{one}">#{one} Printer</a>' in bob.get(f"/console/tickets/{other}").text
    assert act(bob, other, "unlink", other=str(one)) == 303
    with reading(office.database) as session:
        assert links_of(session, id_of(ticket_by_number(session, one))) == []


def test_a_merge_leads_to_the_ticket_that_goes_on(office: Office) -> None:
    bob = office.browser("bob")
    one, other = office.escalate("Printer"), office.escalate("Still the printer")
    page = bob.get(f"/console/tickets/{one}").text
    assert f'<option value="{other}">#{other} Still the printer</option>' in page
    response = bob.post(f"/console/tickets/{one}/merge", data={"into": str(other)})
    assert (response.status_code, response.headers["location"]) == (303, f"/console/tickets/{other}")
    assert f"#{one} Printer" in words(bob.get(f"/console/tickets/{other}").text)
    assert "goes on as #2" in bob.get(f"/console/tickets/{other}").text
    closed = bob.get(f"/console/tickets/{one}").text
    assert f'<a href="/console/tickets/{other}">#{other}</a>' in closed


def test_another_persons_ticket_is_not_offered_for_merging(office: Office) -> None:
    bob = office.browser("bob")
    one, theirs = office.escalate("Printer"), office.escalate("Mine", "grace")
    assert 'name="into"' not in bob.get(f"/console/tickets/{one}").text
    response = bob.post(f"/console/tickets/{one}/merge", data={"into": str(theirs)})
    assert (response.status_code, "Link them instead." in response.text) == (409, True)


def test_chosen_words_become_a_ticket_of_their_own(office: Office) -> None:
    bob, number = office.browser("bob"), office.escalate("Printer")
    second = office.says(number, "And the invoice is wrong")
    page = bob.get(f"/console/tickets/{number}/split").text
    assert f'<input type="checkbox" name="message" value="{second}">' in page
    response = bob.post(f"/console/tickets/{number}/split", data={"message": [str(second)], "subject": "Invoice"})
    assert response.headers["location"] == "/console/tickets/2"
    assert "bob moved a part of #1 here" in words(bob.get("/console/tickets/2").text)
    assert "And the invoice is wrong" not in bob.get(f"/console/tickets/{number}").text
    assert bob.post(f"/console/tickets/{number}/split", data={"subject": "x"}).status_code == 422


def test_a_caller_without_a_channel_gets_a_ticket(office: Office) -> None:
    bob = office.browser("bob")
    assert "/console/new-ticket" in bob.get("/console").text
    told = {"source": "phone", "subject": "Cannot print", "note": "It hums", "name": "Mr Grey", "priority": "P1"}
    response = bob.post("/console/new-ticket", data=told)
    assert response.headers["location"] == "/console/tickets/1"
    found = ticket(office, 1)
    assert (found.source, found.priority, found.status) == (Source.PHONE, Priority.P1, TicketStatus.OPEN)
    page = words(bob.get("/console/tickets/1").text)
    assert "bob opened the ticket (phone)" in page
    refused = bob.post("/console/tickets/1/reply", data={"text": "Hello", "seen": "999"})
    assert (refused.status_code, "only write a note" in refused.text) == (409, True)


def test_a_known_customer_is_found_and_written_to_where_they_write(office: Office) -> None:
    office.ask("Hello", "ada")
    bob = office.browser("bob")
    found = re.search(r"/console/new-ticket\?customer=(\d+)", bob.get("/console/new-ticket?q=ada").text)
    assert found
    page = bob.get(f"/console/new-ticket?customer={found[1]}").text
    (place,) = re.findall(r'<option value="(\d+)" selected>Web chat', page)
    told = {"customer": found[1], "place": place, "subject": "Invoice", "words": "As promised: it is paid."}
    assert bob.post("/console/new-ticket", data={**told, "source": "visit"}).status_code == 303
    assert "As promised: it is paid." in bob.get("/console/tickets/1").text


def test_what_was_typed_stays_when_a_new_ticket_is_refused(office: Office) -> None:
    bob = office.browser("bob")
    told = {"subject": "Cannot print", "email": "no address", "source": "email", "note": "It hums"}
    response = bob.post("/console/new-ticket", data=told)
    assert response.status_code == 422
    assert "This is not an e-mail address." in response.text
    assert 'value="Cannot print"' in response.text
    assert "It hums" in response.text


def test_admins_say_when_silent_tickets_close_and_others_read_it(office: Office) -> None:
    bob, chief = office.browser("bob"), office.browser("chief", Role.ADMIN)
    assert 'value="3" readonly' in bob.get("/console/waiting").text
    assert bob.post("/console/waiting", data={"close_after": "1"}).status_code == 403
    days = {"remind_after": "", "close_after": "5", "close_solved_after": "14"}
    assert chief.post("/console/waiting", data=days).status_code == 303
    with reading(office.database) as session:
        assert rules(session) == Rules(None, 5, 14)
    refused = chief.post("/console/waiting", data={"remind_after": "0", "close_after": "x"})
    assert (refused.status_code, "Choose 1 to 365" in refused.text) == (422, True)


def test_a_viewer_reads_the_sheet_and_changes_nothing(office: Office) -> None:
    number, vic = office.escalate(), office.browser("vic", Role.VIEWER)
    assert "<form" not in vic.get(f"/console/tickets/{number}").text.partition('id="side"')[2].partition("</aside>")[0]
    for deed in ("wait", "snooze", "priority", "tier", "sort", "link", "unlink", "merge", "mark", "split"):
        assert act(vic, number, deed) in (403, 422), deed
    assert vic.get("/console/new-ticket").status_code == 403
