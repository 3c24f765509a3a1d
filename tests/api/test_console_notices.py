"""What somebody of the staff is told shows in their console, and nobody else's, until they have seen it."""

from __future__ import annotations

import pytest
from console_fixtures import HTMX, Office, an_office
from sqlmodel import col, select

from handoff.copies import use_mail
from handoff.customers import find_thread
from handoff.desk import reply
from handoff.models import Customer, Delivery, DeliveryState, Role, Staff
from handoff.rows import id_of
from handoff.sessions import start_session
from handoff.ticketing.models import NoticeKind
from handoff.ticketing.notices import tell
from handoff.tickets import ticket_by_number
from store import reading, transaction
from store.models import Timer

office = an_office
DUE = "2026-11-23T09:30:00+00:00"


def notify(office: Office, *names: str, number: int = 1, kind: NoticeKind = NoticeKind.WARNING) -> None:
    with transaction(office.database) as session:
        ids = [office.colleagues[name].staff_id for name in names]
        ticket = ticket_by_number(session, number)
        tell(session, ids, kind, ticket, office.now, clock="first_response", tier=1, percent=80, due_at=DUE)


def test_a_notice_is_counted_in_the_head_and_told_on_its_page(office: Office) -> None:
    bob, eve = office.browser("bob"), office.browser("eve")
    office.escalate("I cannot get in")
    notify(office, "bob")
    assert 'aria-label="New notices: 1"' in bob.get("/console").text
    page = bob.get("/console/notices").text
    assert "#1: the first answer is due soon" in page
    assert "I cannot get in" in page
    assert "2026-11-23 09:30 UTC" in page
    assert "New notices" not in eve.get("/console").text
    assert "I cannot get in" not in eve.get("/console/notices").text


def test_the_count_comes_with_every_piece_of_a_page_that_is_fetched(office: Office) -> None:
    bob = office.browser("bob")
    office.escalate()
    assert "New notices" not in bob.get("/console", headers=HTMX).text
    notify(office, "bob")
    fetched = bob.get("/console", headers=HTMX).text
    assert 'aria-label="New notices: 1"' in fetched
    assert 'hx-swap-oob="true"' in fetched


def test_opening_a_notice_leads_to_its_ticket_and_all_that_was_told_of_it_is_seen(office: Office) -> None:
    bob = office.browser("bob")
    office.escalate("one")
    office.escalate("another", "eva")
    for kind in (NoticeKind.WARNING, NoticeKind.BREACH):
        notify(office, "bob", kind=kind)
    notify(office, "bob", number=2)
    opened = bob.post("/console/notices/1/open")
    assert (opened.status_code, opened.headers["location"]) == (303, "/console/tickets/1")
    assert 'aria-label="New notices: 1"' in bob.get("/console").text


def test_all_can_be_seen_at_once(office: Office) -> None:
    bob = office.browser("bob")
    office.escalate()
    notify(office, "bob")
    assert bob.post("/console/notices/seen").status_code == 303
    page = bob.get("/console/notices").text
    assert "New notices" not in page
    assert "Mark all as seen" not in page
    assert "#1: the first answer is due soon" in page, "it stays to be read"


def test_nobody_opens_the_notices_of_others(office: Office) -> None:
    office.browser("bob")
    eve = office.browser("eve")
    office.escalate()
    notify(office, "bob")
    assert eve.post("/console/notices/1/open").status_code == 404
    assert 'aria-label="New notices: 1"' in _again(office, "bob")


def _again(office: Office, name: str) -> str:
    with transaction(office.database) as session:
        token = start_session(session, office.colleagues[name].staff_id or 0, office.now)
    client = office.stranger()
    client.cookies.set("firstline", token)
    return str(client.get("/console").text)


def test_without_notices_the_page_says_what_would_be_there(office: Office) -> None:
    assert "Tickets that become yours" in office.browser("bob").get("/console/notices").text


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_kind_is_worded_in_every_language(office: Office, language: str) -> None:
    bob = office.browser("bob", language=language)
    office.escalate()
    for kind in NoticeKind:
        notify(office, "bob", kind=kind)
    page = bob.get("/console/notices").text.split("notices-list")[1]
    assert page.count('/open"') == page.count("#1") == len(NoticeKind)
    assert not [kind for kind in NoticeKind if f"notice.{kind.value}" in page]


def test_who_was_switched_off_is_told_nothing_and_who_is_named_twice_is_told_once(office: Office) -> None:
    office.browser("bob")
    office.browser("eve")
    office.escalate()
    with transaction(office.database) as session:
        session.exec(select(Staff).where(Staff.name == "eve")).one().disabled_at = office.now
        ids = [office.colleagues[name].staff_id for name in ("bob", "eve", "bob")]
        told = tell(session, [*ids, None], NoticeKind.WOKEN, ticket_by_number(session, 1), office.now)
    assert [notice.staff_id for notice in told] == [office.colleagues["bob"].staff_id]


def test_that_a_customer_wrote_is_no_mail(office: Office) -> None:
    office.browser("bob")
    office.escalate()
    notify(office, "bob", kind=NoticeKind.CUSTOMER_WROTE)
    with reading(office.database) as session:
        assert not session.exec(select(Timer).where(Timer.kind == "notice")).all()


def test_a_reply_that_went_by_mail_too_says_so_and_can_be_mailed_again(office: Office) -> None:
    bob = office.browser("bob", Role.AGENT)
    office.escalate()
    with transaction(office.database) as session:
        use_mail(session, True)
        session.exec(select(Customer)).one().email = "ada@example.com"
        message = reply(session, 1, "Try it again", office.colleagues["bob"], office.now)
        mail = find_thread(session, "email", "ada@example.com", office.now)
        for delivery in session.exec(select(Delivery).where(Delivery.message_id == id_of(message))).all():
            is_mail = delivery.thread_id == mail.id
            delivery.state = DeliveryState.FAILED if is_mail else DeliveryState.SENT
            delivery.error = "The mail server refused ada@example.com: 550 no such user" if is_mail else None
    page = bob.get("/console/tickets/1").text
    assert "by mail:" in page
    assert "refused ada@example.com: 550 no such user" in page
    assert bob.post(f"/console/messages/{id_of(message)}/resend").status_code == 303
    with reading(office.database) as session:
        made = session.exec(select(Delivery).where(Delivery.message_id == id_of(message)).order_by(col(Delivery.id)))
        assert [delivery.state for delivery in made] == [DeliveryState.SENT, DeliveryState.READY]
