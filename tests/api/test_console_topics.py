"""The topics page: what the bot may do alone, how that went, and who said so."""

from __future__ import annotations

import re

import pytest
from answered import ARTICLES, INTENTS
from console_fixtures import Office, an_office
from sqlmodel import col, select
from starlette.testclient import TestClient

from bot.audits import Judgement, judge
from bot.learning.autonomy import demote_refuted
from handoff.models import Role
from kb_content import catalogue
from kb_content.folder import Folder
from store import reading, transaction
from store.models import Audit

office = an_office


@pytest.fixture(autouse=True)
def published(office: Office) -> None:
    with transaction(office.database) as session:
        plan = catalogue.plan_import(session, Folder(articles=ARTICLES, intents=INTENTS), "tests")
        catalogue.apply_import(session, plan, office.now)
        catalogue.publish(session, catalogue.start_release(session, office.now), None, 0.5, {}, office.now)


def rows(browser: TestClient) -> dict[str, str]:
    """Each topic's line in words."""
    page = browser.get("/console/topics").text
    found = re.findall(r'<tr id="topic-\d+">(.*?)</tr>', page, re.DOTALL)
    texts = [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in found]
    return {text.split()[0]: text for text in texts}


def mode(browser: TestClient, topic: str) -> str:
    page = browser.get("/console/topics").text
    row = page.split(f'name="topic" value="{topic}"')[1].split("</form>")[0]
    (found,) = re.findall(r'value="(\w+)" aria-pressed="true"', row)
    return found


def choose(browser: TestClient, topic: str, mode: str, seen: str) -> int:
    return browser.post("/console/topics", data={"topic": topic, "mode": mode, "seen": seen}).status_code


def judged(office: Office, right: int, wrong: int, article: str = "reset-password") -> None:
    office.browser("ann")
    for number in range(right + wrong):
        detail = {"question": "I cannot get in", "article": article, "citations": []}
        answer = office.answer(office.ask(reading={"confidence": 0.9, "threshold": 0.5}), "Press.", **detail)
        with transaction(office.database) as session:
            judge(session, answer, Judgement(number < right), office.colleagues["ann"], office.now)


def test_each_topic_says_how_it_went(office: Office) -> None:
    judged(office, 3, 1)
    found = rows(office.browser("edda", Role.EDITOR))
    assert list(found) == ["account-access", "billing", "general", "refunds"]
    assert found["account-access"] == "account-access is off suggests answers 1 4 4 75 % (36 % to 94 %)"
    assert found["billing"] == "billing is off suggests answers 1 0 0 –"
    assert found["refunds"] == "refunds is off suggests For people only, says the knowledge base. 1 0 0 –"


def test_an_editor_changes_a_mode_and_everybody_reads_who_did(office: Office) -> None:
    edda = office.browser("edda", Role.EDITOR)
    assert mode(edda, "billing") == "auto"
    assert choose(edda, "billing", "suggest", "auto") == 303
    assert mode(edda, "billing") == "suggest"
    assert "Set by edda" in rows(edda)["billing"]
    with reading(office.database) as session:
        noted = session.exec(select(Audit).order_by(col(Audit.id).desc()).limit(1)).one()
    assert (noted.actor, noted.action, noted.detail["topic"]) == ("edda", "topic.mode", "billing")
    assert (noted.detail["before"], noted.detail["mode"]) == ("auto", "suggest")


def test_of_two_editors_the_second_sees_what_the_first_did(office: Office) -> None:
    edda, otto = office.browser("edda", Role.EDITOR), office.browser("otto", Role.ADMIN)
    choose(edda, "billing", "off", "auto")
    refused = otto.post("/console/topics", data={"topic": "billing", "mode": "suggest", "seen": "auto"})
    assert refused.status_code == 409
    assert "This changed meanwhile." in refused.text
    assert mode(otto, "billing") == "off"


@pytest.mark.parametrize(
    ("topic", "status", "sentence"),
    [("refunds", 409, "this topic is for people"), ("moon", 409, "No live article belongs to this topic")],
)
def test_what_cannot_be_is_refused_in_a_sentence(office: Office, topic: str, status: int, sentence: str) -> None:
    refused = office.browser("edda", Role.EDITOR).post("/console/topics", data={"topic": topic, "mode": "auto"})
    assert refused.status_code == status
    assert sentence in refused.text


def test_a_demotion_is_explained_in_the_readers_language(office: Office) -> None:
    judged(office, 12, 10)
    demote_refuted(office.database, 0.95, office.now)
    edda, lin = office.browser("edda", Role.EDITOR), office.browser("lin", Role.EDITOR, language="zh")
    assert mode(edda, "account-access") == "suggest"
    assert "Only 12 of 22 were right: at most 77 % can be, 95 % are promised." in rows(edda)["account-access"]
    assert "22 个里只有 12 个正确：最多可能 77 %，承诺的是 95 %。" in rows(lin)["account-access"]


def test_earned_trust_is_proposed_and_one_press_away(office: Office) -> None:
    edda = office.browser("edda", Role.EDITOR)
    choose(edda, "account-access", "suggest", "auto")
    office.later(minutes=1)
    judged(office, 52, 0)
    assert "52 of 52 were right: the bot may answer here." in rows(edda)["account-access"]
    assert choose(edda, "account-access", "auto", "suggest") == 303
    assert mode(edda, "account-access") == "auto"


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AGENT])
def test_who_does_not_edit_reads_the_modes_and_cannot_set_them(office: Office, role: Role) -> None:
    browser = office.browser("bob", role)
    page = browser.get("/console/topics").text
    assert 'class="badge">answers<' in page
    assert '<button name="mode"' not in page
    assert choose(browser, "billing", "off", "auto") == 403


def test_the_page_is_found_among_the_settings(office: Office) -> None:
    page = office.browser("bob").get("/console/settings").text
    assert '<a href="/console/topics" aria-describedby="about-topics">Topics</a>' in page


def test_a_house_without_articles_says_so(office: Office) -> None:
    with transaction(office.database) as session:
        plan = catalogue.plan_import(session, Folder(), "tests")
        catalogue.apply_import(session, plan, office.now)
        catalogue.publish(session, catalogue.start_release(session, office.now), None, None, {}, office.now)
    assert "No article is live yet" in office.browser("bob").get("/console/topics").text
