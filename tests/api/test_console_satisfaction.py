"""The page about satisfaction and outcomes: what it counts, what it never adds up, and who may set what is asked."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from console_fixtures import SCRIPT, Office, an_office
from sqlmodel import select
from starlette.testclient import TestClient

from handoff.models import Conversation, Reason, Role, Source, Ticket
from handoff.surveys.asking import add_words, ask_in_general, score_survey, score_ticket
from handoff.surveys.models import Outcome, Result
from handoff.surveys.outcomes import settle
from handoff.surveys.settings import survey_settings
from handoff.tickets import ticket_by_number
from store import reading, transaction
from store.models import Audit, Timer

office = an_office
PAGE = "/console/satisfaction"


def words_of(client: TestClient, days: int = 30) -> str:
    """The page as it is read: without its tags, on one line."""
    found = client.get(PAGE, params={"days": days})
    assert found.status_code == 200
    return " ".join(re.sub(r"<[^>]*>", " ", found.text).split())


def rated(office: Office, score: int, words: str = "", customer: str = "ada") -> int:
    number = office.escalate(customer=customer)
    with transaction(office.database) as session:
        survey = score_ticket(session, ticket_by_number(session, number), score, office.now)
        if words:
            add_words(session, survey, words, office.now)
    return number


def ended(office: Office, result: Result, count: int, reason: Reason | None = None) -> None:
    for _ in range(count):
        conversation_id = office.ask()
        with transaction(office.database) as session:
            session.add(Outcome(conversation_id=conversation_id, result=result, reason=reason, at=office.now))


def test_an_empty_house_has_an_empty_page(office: Office) -> None:
    words = words_of(office.browser("bob", Role.VIEWER))
    assert "0 conversations ended" in words
    assert "no cases yet" in words
    assert "No words yet" in words


def test_confirmed_and_assumed_stand_apart_each_with_its_interval(office: Office) -> None:
    ended(office, Result.CONFIRMED, 3)
    ended(office, Result.ASSUMED, 5)
    ended(office, Result.WRONG, 2)
    office.later(hours=1)
    words = words_of(office.browser("bob"))
    assert "10 conversations ended" in words
    assert "30 % (11 % to 60 %)" in words
    assert "50 % (24 % to 76 %)" in words
    assert "80 %" not in words, "confirmed and assumed are never one number"


def test_why_the_bot_handed_over_is_counted(office: Office) -> None:
    for customer in ("ada", "bea", "cleo"):
        office.escalate(customer=customer, reason=Reason.NO_KNOWLEDGE)
    office.later(hours=1)
    words = words_of(office.browser("bob"))
    assert re.search(r"Not in the knowledge base 3 100 %", words)


def test_reopened_counts_only_what_has_had_its_week(office: Office) -> None:
    ended(office, Result.ASSUMED, 4)
    with transaction(office.database) as session:
        first = session.exec(select(Outcome)).first()
        assert first is not None
        first.reopened_at = office.now + timedelta(days=1)
    office.later(hours=1)
    assert "1 of 4" not in words_of(office.browser("bob"))
    office.later(days=8)
    assert "1 of 4" in words_of(office.browser("eve"))


def test_ratings_have_their_number_their_mean_and_their_words(office: Office) -> None:
    for customer, score in (("ada", 5), ("bea", 4), ("cleo", 2)):
        number = rated(office, score, f"From {customer} {SCRIPT}", customer)
    office.later(hours=1)
    browser = office.browser("bob")
    words = words_of(browser)
    assert "3 were asked, 3 answered" in words
    assert "All 3 3.7 (1.0 to 5.0) 67 %" in words
    assert "2 of 5" in words
    assert f'href="/console/tickets/{number}"' in browser.get(PAGE).text
    assert SCRIPT not in browser.get(PAGE).text


def test_ratings_of_people_alone_and_after_the_bot_stand_apart(office: Office) -> None:
    rated(office, 5)
    number = rated(office, 1, customer="bea")
    with reading(office.database) as session:
        conversation_id = ticket_by_number(session, number).conversation_id
    office.answer(conversation_id, "As the article says", article="reset-password")
    office.later(hours=1)
    words = words_of(office.browser("bob"))
    assert "Answered by people alone 1 5.0" in words
    assert "The bot had answered before 1 1.0" in words


def test_who_would_recommend_us(office: Office) -> None:
    for customer, score in (("ada", 10), ("bea", 9), ("cleo", 7), ("dora", 3)):
        conversation_id = office.ask(customer=customer)
        with transaction(office.database) as session:
            conversation = session.get_one(Conversation, conversation_id)
            survey = ask_in_general(session, conversation.customer_id, conversation, office.now)
            score_survey(session, survey, score, office.now)
    office.later(hours=1)
    words = words_of(office.browser("bob"))
    assert "9 and 10: 2; 7 and 8: 1; 0 to 6: 1" in words
    assert "n = 4" in words
    assert re.search(r"25 \(-\d+ to \d+\) · n = 4", words)


def test_a_period_leaves_out_what_was_before_it(office: Office) -> None:
    ended(office, Result.CONFIRMED, 2)
    office.later(days=20)
    browser = office.browser("bob")
    assert "0 conversations ended" in words_of(browser, 7)
    assert "2 conversations ended" in words_of(browser, 30)
    assert browser.get(PAGE, params={"days": 4000}).status_code == 422


def test_an_admin_says_who_is_asked_and_it_is_on_record(office: Office) -> None:
    admin = office.browser("eve", Role.ADMIN)
    form = {"csat_after_hours": "48", "nps": "true", "nps_every_days": "60"}
    assert admin.post(PAGE, data=form).status_code == 303
    with reading(office.database) as session:
        settings = survey_settings(session)
        assert (settings.csat, settings.csat_after_hours, settings.nps, settings.nps_every_days) == (
            False,
            48,
            True,
            60,
        )
        assert session.exec(select(Audit.actor).where(Audit.action == "surveys.changed")).all() == ["eve"]
        assert session.exec(select(Timer.kind).where(Timer.kind == "nps")).all() == ["nps"]
    assert admin.post(PAGE, data={**form, "csat_after_hours": "0"}).status_code == 422


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AGENT, Role.EDITOR])
def test_others_read_it_and_change_nothing(office: Office, role: Role) -> None:
    browser = office.browser("bob", role)
    assert "else after 24 hours" in words_of(browser)
    assert browser.post(PAGE, data={"csat_after_hours": "1", "nps_every_days": "30"}).status_code == 403


def test_it_is_there_in_chinese(office: Office) -> None:
    rated(office, 5, "很好")
    office.later(hours=1)
    words = words_of(office.browser("li", Role.ADMIN, "zh"))
    assert "满意度" in words
    assert "5 分（满分 5 分）" in words


def test_a_ticket_that_an_agent_wrote_down_is_no_outcome_of_the_bots(office: Office) -> None:
    number = office.escalate()
    with transaction(office.database) as session:
        ticket = session.exec(select(Ticket).where(Ticket.number == number)).one()
        ticket.source = Source.PHONE
        session.delete(session.get_one(Outcome, ticket.conversation_id))
        session.flush()
        assert settle(session, ticket.conversation_id, office.now) is None
