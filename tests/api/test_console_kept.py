"""The page that adds up promises: shares with how many they rest on, and the tickets whose promise was missed."""

from __future__ import annotations

import re

import pytest
from console_fixtures import SCRIPT, Office, an_office
from starlette.testclient import TestClient

from handoff import desk
from handoff.models import Role
from handoff.sla.defaults import lay_out
from handoff.sla.keeping import take_steps
from handoff.tickets import ticket_by_number
from store import transaction

office = an_office
PAGE = "/console/kept"


def words_of(client: TestClient, days: int = 30) -> str:
    found = client.get(PAGE, params={"days": days})
    assert found.status_code == 200
    assert SCRIPT not in found.text
    return " ".join(re.sub(r"<[^>]*>", " ", found.text).split())


@pytest.fixture
def missed(office: Office) -> int:
    """One first answer came in time; another one is late and not there yet: its ticket's number."""
    with transaction(office.database) as session:
        lay_out(session, office.now)
    office.browser("bob")
    answered, owed = office.escalate(customer="ada"), office.escalate(SCRIPT, customer="ben")
    with transaction(office.database) as session:
        desk.reply(session, answered, "I am on it", office.colleagues["bob"], office.now)
    office.later(days=4)
    with transaction(office.database) as session:
        take_steps(session, ticket_by_number(session, owed), office.now)
    return owed


def test_a_house_that_promised_nothing_has_an_empty_page(office: Office) -> None:
    assert "No promise was kept or missed in this time." in words_of(office.browser("eve", Role.VIEWER))


def test_whoever_leads_a_desk_sees_what_was_kept_and_what_was_missed(office: Office, missed: int) -> None:
    lead = office.browser("eve", Role.VIEWER)
    words = words_of(lead)
    assert "First answer 50 % (9 % to 91 %) 1 of 2 1 – 1" in words
    assert "P2, normal 50 % (9 % to 91 %) 1 of 2" in words
    assert f"#{missed} P2" in words
    assert "not yet" in words
    assert "No promise was kept or missed in this time." in words_of(lead, days=1)
    assert f'href="{PAGE}"' in lead.get("/console/confidence").text


def test_the_page_is_there_in_chinese(office: Office, missed: int) -> None:
    words = words_of(office.browser("lin", Role.VIEWER, language="zh"))
    assert "承诺履行" in words
    assert "首次答复 50 % （9 % 至 91 %）" in words
