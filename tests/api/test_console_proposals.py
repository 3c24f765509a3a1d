"""The page of proposed questions: grouped by article, decided many at once, published from there."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from answered import Archive
from console_fixtures import ARTICLES, SCRIPT, Office, an_office
from sqlmodel import select
from starlette.testclient import TestClient

from handoff.models import Role
from kb_content import proposals
from kb_content.articles import Article
from kb_content.catalogue import contents
from kb_content.models import ProposalState
from kb_content.proposals import Proposal
from kb_content.studio.models import Publication, PublicationState
from store import reading, transaction
from store.models import Audit

office = an_office
PAGE = "/console/proposals"


@pytest.fixture
def eve(office: Office) -> TestClient:
    office.publish()
    return office.browser("eve", Role.EDITOR)


def propose(
    office: Office, *texts: str, article: str = "reset-password", origin: str = "heading", source: str = ""
) -> None:
    with transaction(office.database) as session:
        proposals.propose(session, [Proposal(article, "en", text, origin, source) for text in texts], office.now)


def boxes(browser: TestClient, query: str = "") -> dict[str, str]:
    """The open questions on the page, with the value of each one's box."""
    page = browser.get(f"{PAGE}{query}").text.split('<details class="accepted">')[0]
    found = re.findall(r'name="ids" value="(\d+)"[^>]*> ([^<]*)</label>', page)
    return {text: value for value, text in found}


def state(office: Office, kind: ProposalState) -> set[str]:
    with reading(office.database) as session:
        return {row.text for one in proposals.proposed(session, kind) for row in one.proposed}


def test_what_is_proposed_stands_under_its_article_with_where_it_was_found(office: Office, eve: TestClient) -> None:
    propose(office, "How do I get back in?", source="steps-abc")
    propose(office, "lost it, what now", "a third one", article="export-data", origin="ticket", source="#1")
    page = eve.get(PAGE).text
    assert re.findall(r'<legend><a href="([^"]+)"', page) == [
        "/console/articles/export-data/en",
        "/console/articles/reset-password/en",
    ]
    assert 'href="/console/tickets/1">from a customer #1<' in page
    assert 'href="/console/articles/reset-password/en#steps-abc">from a heading<' in page
    assert "questions so far: 2" in page


def test_many_are_accepted_at_once_and_count_after_publishing(office: Office, eve: TestClient) -> None:
    propose(office, "One?", "Two?", "Three?")
    ids = boxes(eve)
    response = eve.post(PAGE, data={"do": "accept", "ids": [ids["One?"], ids["Two?"]]})
    assert response.status_code == 303
    page = eve.get(response.headers["location"]).text
    assert "Accepted: 2" in page
    assert "Decisions that wait for publishing: 2" in page
    assert set(boxes(eve)) == {"Three?"}
    office.publish()
    assert "wait for publishing" not in eve.get(PAGE).text
    with reading(office.database) as session:
        questions = {
            one.article.id: one.article.questions for one in contents(session).articles if one.article.language == "en"
        }
    assert questions["reset-password"][-2:] == ("One?", "Two?")
    assert "One?" in eve.get("/console/articles/reset-password/en").text


def test_what_is_declined_is_gone_and_audited(office: Office, eve: TestClient) -> None:
    propose(office, "One?", "Two?")
    response = eve.post(PAGE, data={"do": "decline", "ids": [boxes(eve)["One?"]]})
    assert "Declined: 1" in eve.get(response.headers["location"]).text
    assert state(office, ProposalState.DECLINED) == {"One?"}
    with reading(office.database) as session:
        entry = session.exec(select(Audit).where(Audit.action == "kb.question.declined")).one()
    assert entry.actor == "eve"


def test_an_accepted_one_can_be_taken_back(office: Office, eve: TestClient) -> None:
    propose(office, "One?")
    ids = boxes(eve)
    eve.post(PAGE, data={"do": "accept", "ids": [ids["One?"]]})
    assert "Take back what is ticked" in eve.get(PAGE).text
    eve.post(PAGE, data={"do": "take_back", "ids": [ids["One?"]]})
    assert state(office, ProposalState.DECLINED) == {"One?"}


def test_with_nothing_ticked_nothing_is_done_and_said(office: Office, eve: TestClient) -> None:
    propose(office, "One?")
    response = eve.post(PAGE, data={"do": "accept"})
    assert response.status_code == 422
    assert "Nothing is ticked" in response.text
    assert set(boxes(eve)) == {"One?"}


@pytest.mark.parametrize("data", [{"do": "delete", "ids": ["1"]}, {"do": "accept", "ids": ["x"]}, {"ids": ["1"]}])
def test_a_form_that_nobody_made_is_refused_in_words(eve: TestClient, data: dict[str, object]) -> None:
    response = eve.post(PAGE, data=data)
    assert response.status_code == 422
    assert "Go back and check it." in response.text


def test_two_editors_at_once_decide_once(office: Office, eve: TestClient) -> None:
    propose(office, "One?")
    ids = list(boxes(eve).values())
    eve.post(PAGE, data={"do": "accept", "ids": ids})
    late = office.browser("zoe", Role.EDITOR).post(PAGE, data={"do": "decline", "ids": ids})
    assert late.headers["location"].endswith("declined=0")
    assert state(office, ProposalState.ACCEPTED) == {"One?"}


def test_everything_can_be_ticked_without_javascript(office: Office, eve: TestClient) -> None:
    propose(office, "One?", "Two?")
    assert eve.get(PAGE).text.count("checked") == 0
    assert len(re.findall(r'name="ids"[^>]* checked', eve.get(f"{PAGE}?all=1").text)) == 2


def test_hundreds_fit_into_one_form_and_the_rest_comes_after_them(office: Office, eve: TestClient) -> None:
    propose(office, *(f"Question {number}?" for number in range(950)))
    first = boxes(eve, "?all=1")
    assert len(first) == 400
    assert "More questions come when these are decided: 550" in eve.get(PAGE).text
    assert eve.post(PAGE, data={"do": "accept", "ids": list(first.values())}).headers["location"].endswith("=400")
    assert len(boxes(eve)) == 400


def test_looking_for_questions_finds_those_of_headings_and_customers(office: Office, eve: TestClient) -> None:
    office.publish(
        (*ARTICLES, Article("guide", "en", "Changing your plan", "Open the page and choose another plan there."))
    )
    archive = Archive(office.database)
    archive.thumb(archive.answered(question="lost my pw, can't get in"), is_helpful=True)
    response = eve.post(f"{PAGE}/find")
    assert "New questions found:" in eve.get(response.headers["location"]).text
    assert {"How do I change my plan?", "lost my pw, can&#39;t get in"} <= set(boxes(eve))


def test_publishing_is_asked_for_and_said(office: Office, eve: TestClient) -> None:
    propose(office, "One?")
    eve.post(PAGE, data={"do": "accept", "ids": list(boxes(eve).values())})
    assert eve.post(f"{PAGE}/publish").status_code == 303
    with reading(office.database) as session:
        assert session.exec(select(Publication.state)).all() == [PublicationState.ASKED]
    assert "A release is being built." in eve.get(PAGE).text
    assert ">Publish now<" not in eve.get(PAGE).text


def test_a_publishing_that_failed_says_why(office: Office, eve: TestClient) -> None:
    with transaction(office.database) as session:
        failed = Publication(state=PublicationState.FAILED, asked_at=office.now, problem="The disk is full.")
        session.add(failed)
    page = eve.get(PAGE).text
    assert "The last publishing failed" in page
    assert "The disk is full." in page


def test_who_only_reads_sees_no_boxes(office: Office, eve: TestClient) -> None:
    propose(office, "One?")
    bob = office.browser("bob")
    page = bob.get(PAGE).text
    assert "One?" in page
    assert "<input" not in page.split("<main")[1].split("</main>")[0]
    assert "<form" not in page.split("<main")[1].split("</main>")[0]
    assert bob.post(PAGE, data={"do": "accept", "ids": ["1"]}).status_code == 403


def test_customers_words_are_inert(office: Office) -> None:
    office.publish((replace(ARTICLES[0], title=f"Title {SCRIPT}"),))
    propose(office, f"what {SCRIPT}", origin="ticket", source='#1"><script>')
    page = office.browser("eve", Role.EDITOR).get(PAGE).text
    assert SCRIPT not in page
    assert "&lt;script&gt;" in page


def test_the_page_is_there_in_chinese_and_when_nothing_is_proposed(office: Office) -> None:
    page = office.browser("li", Role.EDITOR, language="zh").get(PAGE).text
    assert "建议的问题" in page
    assert "目前没有建议。" in page
