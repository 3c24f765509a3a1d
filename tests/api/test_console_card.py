"""The handoff card on a ticket's page, in the agent's language, and the word beside the composer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
from console_fixtures import HTMX, SCRIPT, Office, an_office
from sqlmodel import select
from suggested import CITATION, suggest
from talk import small_serving

from handoff.models import Reason, Role, Ticket
from kb_content.articles import Article
from store import reading
from store.models import Audit

office = an_office

TEXT = "The export fails with error E1042 since yesterday. We're on version 3.2.1. I already restarted the server."


def test_an_agent_sees_the_matter_and_what_was_given_before_the_transcript(office: Office) -> None:
    number = office.escalate(TEXT)
    html = office.browser("Bob").get(f"/console/tickets/{number}").text
    assert html.index('id="card"') < html.index('id="transcript"')
    card = html[html.index('id="card"') : html.index('id="transcript"')]
    for words in ("At a glance", "The export fails with error E1042 since yesterday.", "3.2.1", "E1042", "restarted"):
        assert words in card
    assert 'href="#m1"' in card, "every detail leads to where it was said"


def test_the_card_is_in_the_agents_language(office: Office) -> None:
    number = office.escalate("导出看板失败，提示“网络异常”，用的是3.2.1版本", language="zh")
    html = office.browser("Wang", language="zh").get(f"/console/tickets/{number}").text
    for words in ("概览", "诉求", "已提供的信息", "网络异常", "3.2.1"):
        assert words in html


def test_what_the_bot_answered_stands_on_it_with_confidence_and_passage(office: Office) -> None:
    conversation_id = office.ask(TEXT)
    office.answer(conversation_id, "Press Forgot?", question=TEXT, confidence=0.83, citations=[CITATION])
    bob = office.browser("Bob")
    bob.post(f"/console/conversations/{conversation_id}/take-over")
    html = bob.get("/console/tickets/1").text
    card = html[html.index('id="card"') : html.index('id="transcript"')]
    assert "Bot answered from" in card
    assert "83 %" in card
    assert "Press Forgot?" in card
    assert "/console/articles/reset-password/en?version=1" in card


def test_it_unfolds_until_a_person_has_answered(office: Office) -> None:
    number = office.escalate(TEXT)
    bob = office.browser("Bob")
    assert '<details class="card" id="card" open>' in bob.get(f"/console/tickets/{number}").text
    bob.post(f"/console/tickets/{number}/reply", data={"text": "We are looking into it.", "seen": 99})
    assert '<details class="card" id="card">' in bob.get(f"/console/tickets/{number}").text


def test_a_conversation_without_a_ticket_has_no_card(office: Office) -> None:
    conversation_id = office.ask(TEXT)
    html = office.browser("Bob").get(f"/console/conversations/{conversation_id}").text
    assert 'id="card"' not in html


def test_what_customers_write_stays_text(office: Office) -> None:
    number = office.escalate(f"The export fails {SCRIPT} with error E1042, see https://x.example/{SCRIPT}")
    html = office.browser("Bob").get(f"/console/tickets/{number}").text
    assert SCRIPT not in html


def test_a_reply_that_asks_for_what_was_given_is_told_so(office: Office) -> None:
    number = office.escalate(TEXT)
    bob = office.browser("Bob")
    found = bob.post(f"/console/tickets/{number}/asked", data={"text": "Which version are you on?"}, headers=HTMX)
    assert "has said this already" in found.text
    assert "3.2.1" in found.text
    for fine in ("Please update to 3.3.", "Which browser do you use?", ""):
        assert bob.post(f"/console/tickets/{number}/asked", data={"text": fine}, headers=HTMX).text.strip() == ""


def test_without_javascript_the_word_stands_beside_what_was_refused(office: Office) -> None:
    number = office.escalate(TEXT)
    bob = office.browser("Bob")
    seen = office.says(number, "Are you there?")
    office.says(number, "Hello?")
    reply = {"text": "Which version are you on?", "seen": seen}
    page = bob.post(f"/console/tickets/{number}/reply", data=reply)
    assert page.status_code == 409
    assert "has said this already" in page.text


def test_only_who_may_answer_has_a_reply_looked_at(office: Office) -> None:
    number = office.escalate(TEXT)
    viewer = office.browser("Vic", Role.VIEWER)
    assert viewer.post(f"/console/tickets/{number}/asked", data={"text": "Which version?"}).status_code == 403
    assert office.stranger().post(f"/console/tickets/{number}/asked", data={"text": "x"}).status_code in (303, 401)
    assert office.browser("Bob").post("/console/tickets/99/asked", data={"text": "x"}).status_code == 404


def test_the_suggestion_tells_what_agents_made_of_others_like_it(office: Office) -> None:
    bob = office.browser("Bob")
    for deed in ("send", "send", "skip"):
        number = office.escalate(TEXT, customer=f"somebody {office.now}")
        suggestion = suggest(office, number)
        bob.post(f"/console/tickets/{number}/suggestions/{suggestion}/{deed}", data={"seen": 99})
        office.later(minutes=1)
    number = office.escalate(TEXT)
    suggest(office, number)
    html = bob.get(f"/console/tickets/{number}").text
    assert "2 of 3 sent as they were, 0 edited, 1 skipped" in html
    assert "Press Forgot?</blockquote>" in html, "the passage that it rests on"


@dataclass
class Says:
    """A model that always writes the same."""

    text: str | None

    def summarise(self, said: object) -> str | None:
        return self.text

    def rephrase(self, question: str, passages: object) -> str | None:
        return None

    def draft_questions(self, article: Article) -> list[str]:
        return []


@pytest.fixture(scope="session")
def serving() -> Any:
    return small_serving()


def test_the_language_model_may_word_the_three_lines(office: Office, serving: Any) -> None:
    number = office.escalate(TEXT)
    bob = office.browser("Bob")
    assert f"{number}/summary" not in bob.get(f"/console/tickets/{number}").text, "there is no model"
    three = "The export fails with error E1042 since yesterday.\nThey already restarted the server.\nVersion 3.2.1."
    office.product.live.serving = replace(serving, writer=Says(three))
    assert f"{number}/summary" in bob.get(f"/console/tickets/{number}").text
    assert bob.post(f"/console/tickets/{number}/summary").status_code == 303
    assert three in bob.get(f"/console/tickets/{number}").text
    with reading(office.database) as session:
        assert "ticket.summarised" in [row.action for row in session.exec(select(Audit))]


def test_a_summary_that_cannot_be_believed_leaves_the_customers_own_words(office: Office, serving: Any) -> None:
    number = office.escalate(TEXT)
    bob = office.browser("Bob")
    office.product.live.serving = replace(serving, writer=Says("It is the database.\nFixed in 9.9.\nAll good."))
    refused = bob.post(f"/console/tickets/{number}/summary", headers=HTMX)
    assert refused.status_code >= 400
    assert "could not sum this up" in refused.text
    with reading(office.database) as session:
        assert session.exec(select(Ticket)).one().reason is Reason.NO_KNOWLEDGE
