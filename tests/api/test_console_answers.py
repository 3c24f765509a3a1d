"""A suggested answer on the page of a ticket, and what people find about the bot's answers."""

from __future__ import annotations

import re

import pytest
from console_fixtures import HTMX, SCRIPT, Office, an_office
from sqlmodel import col, select
from starlette.testclient import TestClient
from suggested import CITATION, TEXT, state_of, suggest

from handoff.models import AnswerAudit, Direction, Message, Role, SuggestionState
from handoff.views import ticket_detail
from store import reading
from store.models import Audit

office = an_office


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def box(browser: TestClient, number: int) -> str:
    """The suggestion on the ticket's page; "" where there is none."""
    found = re.search(
        r'<section class="suggestion".*?</section>', browser.get(f"/console/tickets/{number}").text, re.DOTALL
    )
    return found[0] if found else ""


def said(office: Office, number: int) -> list[tuple[str, str]]:
    """What customers read: (author, text)."""
    with reading(office.database) as session:
        lines = ticket_detail(session, number)["messages"]
    return [(line["author"], line["text"]) for line in lines if line["direction"] == "outgoing" and not line["private"]]


def seen(page: str) -> str:
    found = re.search(r'name="seen" value="(\d+)"', page)
    assert found
    return found[1]


def press(browser: TestClient, number: int, suggestion_id: int, deed: str, **data: str) -> int:
    data = data or {"seen": seen(box(browser, number))}
    return browser.post(f"/console/tickets/{number}/suggestions/{suggestion_id}/{deed}", data=data).status_code


def test_the_box_shows_the_words_their_source_and_how_sure_the_bot_is(office: Office) -> None:
    number = office.escalate()
    suggest(office, number)
    shown = box(office.browser("bob"), number)
    assert "Suggested answer sure: 83 % account-access" in words(shown)
    assert "2. Follow the link in the e-mail." in shown
    assert f'href="{CITATION["url"]}"' in shown
    assert re.findall(r"<(?:button|a)[^>]*>([^<]*)</(?:button|a)>", shown)[-3:] == ["Send", "Edit", "Skip"]


def test_without_a_suggestion_there_is_no_box(office: Office) -> None:
    assert box(office.browser("bob"), office.escalate()) == ""


def test_send_says_it_and_takes_the_ticket(office: Office) -> None:
    number = office.escalate()
    suggestion_id = suggest(office, number)
    bob = office.browser("bob")
    assert press(bob, number, suggestion_id, "send") == 303
    assert said(office, number) == [("agent", TEXT)]
    assert box(bob, number) == ""
    page = words(bob.get(f"/console/tickets/{number}").text)
    assert "Suggested by the bot" in page
    assert "Agent bob" in page


def test_skip_puts_it_away(office: Office) -> None:
    number = office.escalate()
    suggestion_id = suggest(office, number)
    bob = office.browser("bob")
    assert press(bob, number, suggestion_id, "skip") == 303
    assert (box(bob, number), said(office, number)) == ("", [])


def test_the_second_agent_reads_who_was_first(office: Office) -> None:
    number = office.escalate()
    suggestion_id = suggest(office, number)
    bob, eve = office.browser("bob"), office.browser("eve")
    press(bob, number, suggestion_id, "send")
    refused = eve.post(f"/console/tickets/{number}/suggestions/{suggestion_id}/send", data={"seen": "99"}, headers=HTMX)
    assert refused.status_code == 409
    assert refused.headers["hx-retarget"] == "#problem"
    assert "bob has answered with this suggestion already." in refused.text
    assert len(said(office, number)) == 1


def test_it_does_not_go_past_what_the_customer_wrote_since(office: Office) -> None:
    number = office.escalate()
    suggestion_id = suggest(office, number)
    bob = office.browser("bob")
    had_seen = seen(box(bob, number))
    office.says(number, "Never mind!")
    assert press(bob, number, suggestion_id, "send", seen=had_seen) == 409
    assert said(office, number) == []
    assert "The customer has written again since this was suggested." in box(bob, number)
    assert press(bob, number, suggestion_id, "send") == 303


def test_edit_without_javascript_puts_the_words_into_the_reply_box(office: Office) -> None:
    number = office.escalate()
    suggestion_id = suggest(office, number)
    bob = office.browser("bob")
    (link,) = re.findall(rf'href="([^"]*edit={suggestion_id}[^"]*)"', box(bob, number))
    page = bob.get(link).text
    assert f">{TEXT}</textarea>" in page
    assert f'name="suggestion" value="{suggestion_id}"' in page
    data = {"text": f"Hi!\n\n{TEXT}", "seen": seen(page), "suggestion": str(suggestion_id)}
    assert bob.post(f"/console/tickets/{number}/reply", data=data).status_code == 303
    assert said(office, number) == [("agent", f"Hi!\n\n{TEXT}")]
    assert state_of(office, suggestion_id) is SuggestionState.EDITED
    page = bob.get(f"/console/tickets/{number}").text
    assert "Suggested by the bot, edited" in page
    assert 'name="suggestion" value="0"' in page


def test_a_reply_of_ones_own_leaves_the_suggestion_open(office: Office) -> None:
    number = office.escalate()
    suggestion_id = suggest(office, number)
    bob = office.browser("bob")
    data = {"text": "One moment, please.", "seen": "99", "suggestion": "0"}
    assert bob.post(f"/console/tickets/{number}/reply", data=data).status_code == 303
    assert state_of(office, suggestion_id) is SuggestionState.OFFERED
    assert box(bob, number)


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_an_edit_after_a_colleagues_answer_shows_it_and_one_click_sends_all_the_same(
    office: Office, headers: dict[str, str]
) -> None:
    number = office.escalate()
    suggestion_id = suggest(office, number)
    bob, eve = office.browser("bob"), office.browser("eve")
    had_seen = seen(box(eve, number))
    press(bob, number, suggestion_id, "send")
    data = {"text": "Press Forgot.", "seen": had_seen, "suggestion": str(suggestion_id)}
    refused = eve.post(f"/console/tickets/{number}/reply", data=data, headers=headers)
    assert refused.status_code == 409
    assert "a colleague has answered with this suggestion already" in refused.text
    anyway = re.search(r'<button name="anyway" value="(\d+)">', refused.text)
    assert anyway
    assert len(said(office, number)) == 1
    assert eve.post(f"/console/tickets/{number}/reply", data={**data, "anyway": anyway[1]}).status_code == 303
    assert said(office, number)[-1] == ("agent", "Press Forgot.")


def test_who_may_only_read_sees_the_words_and_no_buttons(office: Office) -> None:
    number = office.escalate()
    suggestion_id = suggest(office, number)
    viewer = office.browser("vera", Role.VIEWER)
    shown = box(viewer, number)
    assert "Follow the link" in shown
    assert "<button" not in shown
    assert press(viewer, number, suggestion_id, "send", seen="99") == 403


def test_what_is_suggested_is_only_ever_text(office: Office) -> None:
    number = office.escalate()
    suggest(office, number, SCRIPT, citations=[{**CITATION, "title": SCRIPT, "url": "javascript:alert(1)"}])
    shown = box(office.browser("bob"), number)
    assert SCRIPT not in shown
    assert "javascript:" not in shown


def test_the_box_speaks_chinese(office: Office) -> None:
    number = office.escalate()
    suggest(office, number)
    shown = words(box(office.browser("bob", language="zh"), number))
    assert "建议的回答 把握：83 %" in shown
    assert "发送 修改 跳过" in shown


def findings(office: Office) -> list[tuple[bool, str | None]]:
    with reading(office.database) as session:
        return [(row.is_right, row.right_article) for row in session.exec(select(AnswerAudit))]


@pytest.fixture
def answer(office: Office) -> int:
    """An answer of the bot's in a conversation that it still has; the message's id."""
    office.publish()
    return office.answer(office.ask("no way in"), "Press Forgot?", article="reset-password", citations=[CITATION])


@pytest.mark.parametrize(
    ("data", "found", "shown"),
    [
        ({"verdict": "right"}, (True, None), "✓ right (bob)"),
        ({"verdict": "right", "article": "export-data"}, (True, None), "✓ right (bob)"),
        ({"verdict": "wrong"}, (False, None), "✗ wrong (bob)"),
        ({"verdict": "none"}, (False, ""), "✗ wrong, no article has it (bob)"),
        (
            {"verdict": "wrong", "article": "Export your data (export-data)"},
            (False, "export-data"),
            "✗ wrong, right would be export-data (bob)",
        ),
        ({"verdict": "wrong", "article": "export your data"}, (False, "export-data"), "right would be export-data"),
        ({"verdict": "wrong", "article": " export-data "}, (False, "export-data"), "right would be export-data"),
    ],
    ids=["right", "right after all", "wrong", "none has it", "from the list", "by title", "by id"],
)
def test_an_agent_says_what_an_answer_was(
    office: Office, answer: int, data: dict[str, str], found: tuple[bool, str | None], shown: str
) -> None:
    bob = office.browser("bob")
    response = bob.post(f"/console/messages/{answer}/audit", data=data)
    assert (response.status_code, response.headers["location"]) == (303, "/console/conversations/1")
    assert findings(office) == [found]
    assert shown in words(bob.get("/console/conversations/1").text)
    with reading(office.database) as session:
        noted = session.exec(select(Audit).where(Audit.action == "answer.audited")).one()
    assert (noted.actor, noted.subject_id, noted.detail["right"]) == ("bob", answer, found[0])


def test_the_newest_finding_stands(office: Office, answer: int) -> None:
    bob, edda = office.browser("bob"), office.browser("edda", Role.EDITOR)
    bob.post(f"/console/messages/{answer}/audit", data={"verdict": "none"})
    edda.post(f"/console/messages/{answer}/audit", data={"verdict": "right"})
    assert findings(office) == [(True, None)]
    assert "✓ right (edda)" in words(bob.get("/console/conversations/1").text)


@pytest.mark.parametrize(
    ("article", "sentence"),
    [("nonsense", "There is no live article of that name."), ("reset-password", "That is the article that was cited.")],
)
def test_an_article_that_cannot_be_meant_is_refused_in_a_sentence(
    office: Office, answer: int, article: str, sentence: str
) -> None:
    refused = office.browser("bob").post(
        f"/console/messages/{answer}/audit", data={"verdict": "wrong", "article": article}, headers=HTMX
    )
    assert refused.status_code == 422
    assert sentence in refused.text
    assert findings(office) == []


def test_only_answers_can_be_judged(office: Office) -> None:
    number = office.escalate()
    bob = office.browser("bob")
    with reading(office.database) as session:
        asked = session.exec(select(Message.id).where(col(Message.direction) == Direction.INCOMING)).one()
    assert bob.post(f"/console/messages/{asked}/audit", data={"verdict": "right"}).status_code == 409
    assert bob.post("/console/messages/999/audit", data={"verdict": "right"}).status_code == 409
    assert "Was this right?" not in bob.get(f"/console/tickets/{number}").text


def test_the_articles_to_choose_from_come_once_and_in_the_customers_language(office: Office, answer: int) -> None:
    bob = office.browser("bob")
    page = bob.get("/console/conversations/1").text
    assert re.findall(r'<option value="([^"]+)">', page.split('<datalist id="titles">')[1]) == [
        "Export your data (export-data)",
        "Reset a forgotten password (reset-password)",
    ]
    assert "datalist" not in bob.get("/console/conversations/1", headers=HTMX).text
    assert "datalist" not in office.browser("vera", Role.VIEWER).get("/console/conversations/1").text


def test_a_sent_suggestion_can_be_judged_too(office: Office) -> None:
    number = office.escalate()
    suggestion_id = suggest(office, number)
    bob = office.browser("bob")
    press(bob, number, suggestion_id, "send")
    page = bob.get(f"/console/tickets/{number}").text
    (address,) = re.findall(r'action="(/console/messages/\d+/audit)"', page)
    response = bob.post(address, data={"verdict": "none"})
    assert response.headers["location"] == f"/console/tickets/{number}"
    assert findings(office) == [(False, "")]
