"""Messages that did not arrive, or may not have, in the transcript: said in words, and settled by an agent."""

from __future__ import annotations

import re

import pytest
from console_fixtures import HTMX, Office, an_office
from sqlmodel import select
from starlette.testclient import TestClient

from handoff import deliveries, desk
from handoff.actors import OPERATOR
from handoff.models import Delivery, DeliveryState, Role
from handoff.outcomes import Resend
from handoff.rows import id_of
from handoff.tickets import ticket_by_number
from store import reading, transaction

office = an_office
UNCERTAIN, FAILED = DeliveryState.UNCERTAIN, DeliveryState.FAILED


def lost(office: Office, state: DeliveryState, text: str = "Try this") -> tuple[int, int]:
    """(ticket, message) of an agent's words that ended so."""
    number = office.escalate()
    with transaction(office.database) as session:
        desk.reply(session, number, text, OPERATOR, office.now)
    with transaction(office.database) as session:
        (claimed,) = deliveries.claim(session, office.now, "w", 1)
        delivery_id = id_of(claimed.delivery)
        if state is FAILED:
            deliveries.mark_failed(session, delivery_id, "w", "blocked by ada", office.now)
        else:
            deliveries.mark_in_doubt(session, delivery_id, "w", Resend.ONCE, office.now, "no answer", office.now)
    return number, id_of(claimed.message)


def state_of(office: Office, message_id: int) -> DeliveryState:
    with reading(office.database) as session:
        return session.exec(select(Delivery.state).where(Delivery.message_id == message_id)).one()


def offered(browser: TestClient, address: str) -> tuple[str, list[str]]:
    """What stands under the message, and which deeds are offered there."""
    page = browser.get(address).text
    found = re.search(r'<div class="unsettled".*?</div>', page, re.DOTALL)
    words = " ".join(re.sub(r"<[^>]+>", " ", found[0]).split()) if found else ""
    return words, re.findall(r'action="(/console/messages/\d+/[a-z]+)"', found[0] if found else "")


def test_an_uncertain_message_asks_whether_to_send_it_again(office: Office) -> None:
    number, message_id = lost(office, UNCERTAIN)
    words, deeds = offered(office.browser("bob"), f"/console/tickets/{number}")
    assert words == "Uncertain whether it arrived. Send again It did arrive"
    assert deeds == [f"/console/messages/{message_id}/resend", f"/console/messages/{message_id}/arrived"]
    words, _ = offered(office.browser("mei", language="zh"), f"/console/tickets/{number}")
    assert words == "不确定是否已送达。 重新发送 已经送达"


def test_a_failed_message_can_only_be_sent_again(office: Office) -> None:
    number, message_id = lost(office, FAILED)
    words, deeds = offered(office.browser("bob"), f"/console/tickets/{number}")
    assert (words, deeds) == ("Send again", [f"/console/messages/{message_id}/resend"])


@pytest.mark.parametrize("state", [UNCERTAIN, FAILED])
def test_send_again_sends_it_again_and_says_who_did(office: Office, state: DeliveryState) -> None:
    number, message_id = lost(office, state)
    bob = office.browser("bob")
    pressed = bob.post(f"/console/messages/{message_id}/resend")
    assert (pressed.status_code, pressed.headers["location"]) == (303, f"/console/tickets/{number}")
    assert state_of(office, message_id) is DeliveryState.READY
    page = bob.get(f"/console/tickets/{number}").text
    assert "bob sent a message again" in page
    assert "unsettled" not in page


def test_it_did_arrive_settles_it(office: Office) -> None:
    _, message_id = lost(office, UNCERTAIN)
    bob = office.browser("bob", language="zh")
    bob.follow_redirects = True
    page = bob.post(f"/console/messages/{message_id}/arrived", headers=HTMX)
    assert page.status_code == 200
    assert "<html" not in page.text
    assert "bob 确认一条消息已送达" in page.text
    assert state_of(office, message_id) is DeliveryState.SENT


def test_what_a_colleague_settled_meanwhile_is_said_in_a_sentence(office: Office) -> None:
    _, message_id = lost(office, UNCERTAIN)
    bob, eve = office.browser("bob"), office.browser("eve", language="zh")
    bob.post(f"/console/messages/{message_id}/resend")
    late = bob.post(f"/console/messages/{message_id}/arrived", headers=HTMX)
    assert (late.status_code, late.headers["hx-retarget"]) == (409, "#problem")
    assert "settled by now" in late.text
    assert "内容已发生变化" in eve.post(f"/console/messages/{message_id}/arrived").text
    assert state_of(office, message_id) is DeliveryState.READY


@pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR])
def test_who_may_not_answer_customers_only_reads_that_it_is_uncertain(office: Office, role: Role) -> None:
    number, message_id = lost(office, UNCERTAIN)
    reader = office.browser("ann", role)
    assert offered(reader, f"/console/tickets/{number}") == ("Uncertain whether it arrived.", [])
    for deed in ("resend", "arrived"):
        assert reader.post(f"/console/messages/{message_id}/{deed}").status_code == 403
    assert state_of(office, message_id) is UNCERTAIN


def test_the_bots_words_are_settled_on_the_page_of_the_conversation(office: Office) -> None:
    conversation_id = office.ask()
    message_id = office.answer(conversation_id, "Press the link.")
    with transaction(office.database) as session:
        (claimed,) = deliveries.claim(session, office.now, "w", 1)
        deliveries.mark_failed(session, id_of(claimed.delivery), "w", "blocked by ada", office.now)
    pressed = office.browser("bob").post(f"/console/messages/{message_id}/resend")
    assert pressed.headers["location"] == f"/console/conversations/{conversation_id}"
    assert state_of(office, message_id) is DeliveryState.READY


def test_a_message_that_was_never_to_be_sent_is_not_found(office: Office) -> None:
    number = office.escalate()
    with transaction(office.database) as session:
        note = id_of(desk.note(session, number, "careful", OPERATOR, office.now))
        assert ticket_by_number(session, number)
    refused = office.browser("bob").post(f"/console/messages/{note}/resend")
    assert refused.status_code == 404
    assert "no such message to the customer" in refused.text
