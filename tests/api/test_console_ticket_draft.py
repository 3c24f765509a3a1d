"""A resolved ticket becomes an article: similar ones first, then a draft in which nothing is somebody's own."""

from __future__ import annotations

import pytest
from console_fixtures import Office, an_office
from sqlmodel import col, select
from starlette.testclient import TestClient
from studio_kb import publish_small

from bot.replies import closing_words
from handoff import desk
from handoff.models import Action, Button, Message, Role
from handoff.tickets import ticket_by_number
from kb_content.studio import drafts
from kb_content.studio.models import Draft, DraftKind
from store import reading, transaction
from store.models import Audit

office = an_office
ASKED = "Hi, how do I export my tasks to a spreadsheet? My mail is ada@example.com"
REPLIES = (
    "Hello Ada! Let me check this.",
    "Please do this:\n1) Open Settings > Data.\n2) Press **Export** and choose CSV.\nBest regards,\nBob",
)


@pytest.fixture
def editor(office: Office) -> TestClient:
    office.publish()
    return office.browser("mia", Role.EDITOR)


@pytest.fixture
def number(office: Office, editor: TestClient) -> int:
    """A ticket that bob solved."""
    office.browser("Bob")
    number = office.escalate(ASKED, "Ada")
    with transaction(office.database) as session:
        for reply in REPLIES:
            desk.reply(session, number, reply, office.colleagues["Bob"], office.now)
        desk.note(session, number, "Internal: their contract ends soon.", office.colleagues["Bob"], office.now)
        desk.resolve(session, number, office.colleagues["Bob"], office.now, closing_words("en", number))
    return number


def all_drafts(office: Office) -> list[Draft]:
    with reading(office.database) as session:
        return drafts.drafts(session)


def form_of(page: str) -> dict[str, str]:
    """What a browser would send of the page's form."""
    from html import unescape
    from re import DOTALL, findall

    fields = dict(findall(r'<input id="title" name="(title)" value="([^"]*)"', page))
    fields |= dict(findall(r'<textarea id="\w+" name="(questions|body)"[^>]*>(.*?)</textarea>', page, DOTALL))
    return {name: unescape(value) for name, value in fields.items()}


def test_a_solved_ticket_becomes_a_draft_in_the_words_of_customer_and_agent(
    office: Office, editor: TestClient, number: int
) -> None:
    assert f"/console/tickets/{number}/article" in editor.get(f"/console/tickets/{number}").text
    page = editor.get(f"/console/tickets/{number}/article").text
    sent = form_of(page)
    assert sent["title"].startswith("How do I export my tasks to a spreadsheet")
    assert sent["body"] == "Please do this:\n\n1. Open Settings > Data.\n2. Press **Export** and choose CSV."
    assert "<del>ada@example.com</del>" in page
    answer = editor.post(f"/console/tickets/{number}/article", data=sent)
    (draft,) = all_drafts(office)
    assert answer.headers["location"] == f"/console/drafts/{draft.id}"
    assert draft.origin == f"ticket:{number}"
    assert draft.content["body"] == sent["body"]
    assert "ada" not in str(draft.content).lower()
    assert "contract" not in str(draft.content)


def test_the_ticket_says_that_it_became_an_article_and_the_audit_log_who_did_it(
    office: Office, editor: TestClient, number: int
) -> None:
    page = editor.get(f"/console/tickets/{number}/article").text
    editor.post(f"/console/tickets/{number}/article", data=form_of(page))
    (draft,) = all_drafts(office)
    assert f"mia drafted the article {draft.name} from it" in editor.get(f"/console/tickets/{number}").text
    with reading(office.database) as session:
        assert "ticket.drafted" in set(session.exec(select(Audit.action)))


def test_doing_it_twice_leads_to_the_same_draft(office: Office, editor: TestClient, number: int) -> None:
    page = editor.get(f"/console/tickets/{number}/article").text
    first, second = (editor.post(f"/console/tickets/{number}/article", data=form_of(page)) for _ in range(2))
    assert first.headers["location"] == second.headers["location"]
    assert len(all_drafts(office)) == 1
    assert "was begun from this ticket before" in editor.get(f"/console/tickets/{number}/article").text


def test_it_can_be_added_to_an_article_that_is_there_already_and_only_once(
    office: Office, editor: TestClient, number: int
) -> None:
    sent = form_of(editor.get(f"/console/tickets/{number}/article").text)
    for _ in range(2):
        answer = editor.post(f"/console/tickets/{number}/article/add?to=export-data+en", data=sent)
        assert answer.status_code == 303
    (draft,) = all_drafts(office)
    assert (draft.kind, draft.name, draft.language) == (DraftKind.ARTICLE, "export-data", "en")
    assert draft.content["body"].startswith("Choose **Export**.")
    assert draft.content["body"].count("Open Settings > Data") == 1
    assert any("spreadsheet" in question for question in draft.content["questions"])
    assert editor.post(f"/console/tickets/{number}/article/add?to=no-such+en", data=sent).status_code == 404


def test_similar_articles_are_shown_in_plain_words(office: Office, number: int) -> None:
    publish_small(office.database)
    office.product.live.refresh(office.database)
    zoe = office.browser("zoe", Role.EDITOR)
    shown = zoe.get(f"/console/tickets/{number}/article").text.partition('id="new-title"')[0]
    assert "Choose Export in the project&#39;s menu." in shown
    assert "**" not in shown


def test_an_open_ticket_gives_no_article_yet(office: Office, editor: TestClient) -> None:
    number = office.escalate("I cannot get in", "carl")
    assert f"/console/tickets/{number}/article" not in editor.get(f"/console/tickets/{number}").text
    refused = editor.get(f"/console/tickets/{number}/article")
    assert refused.status_code == 409
    assert "not solved yet" in refused.text


def test_two_tickets_about_the_same_do_not_share_an_article_id(office: Office, editor: TestClient, number: int) -> None:
    other = office.escalate(ASKED, "carl")
    with transaction(office.database) as session:
        desk.resolve(session, other, office.colleagues["Bob"], office.now, closing_words("en", other))
    for one in (number, other):
        editor.post(f"/console/tickets/{one}/article", data=form_of(editor.get(f"/console/tickets/{one}/article").text))
    assert len({draft.name for draft in all_drafts(office)}) == 2


def test_what_the_customer_only_pressed_or_said_of_our_work_is_no_question(
    office: Office, editor: TestClient, number: int
) -> None:
    with transaction(office.database) as session:
        conversation_id = ticket_by_number(session, number).conversation_id
    office.answer(conversation_id, "Is it this?")
    office.says(number, "Talk to a person")
    office.says(number, "It took far too long until somebody answered.")
    with transaction(office.database) as session:
        (button,) = session.exec(select(Button).where(Button.action == Action.PERSON))
        button.pressed_at = office.now
        (said,) = session.exec(select(Message).where(col(Message.text).startswith("It took far")))
        said.detail = {"reading": {"decision": "surveywords", "ground": "request", "rule": True}}
    questions = form_of(editor.get(f"/console/tickets/{number}/article").text)["questions"]
    assert "spreadsheet" in questions
    assert "Talk to a person" not in questions
    assert "far too long" not in questions


@pytest.mark.parametrize(
    ("later", "title"),
    [("My card reader shows error E42", "My card reader shows error E42"), ("", "I want to talk to a person")],
)
def test_who_only_asked_for_a_person_said_what_it_is_about_later(
    office: Office, editor: TestClient, later: str, title: str
) -> None:
    office.browser("Bob")
    read = {"intent": "asks-for-human", "ground": "rule", "rule": True, "decision": "escalate"}
    number = office.escalate("I want to talk to a person", "Ada", reading=read)
    if later:
        office.says(number, later)
    with transaction(office.database) as session:
        desk.reply(session, number, "Press the button for ten seconds.", office.colleagues["Bob"], office.now)
        desk.resolve(session, number, office.colleagues["Bob"], office.now, closing_words("en", number))
    sent = form_of(editor.get(f"/console/tickets/{number}/article").text)
    assert (sent["title"], sent["questions"].strip()) == (title, title)


def test_what_the_customer_took_back_is_in_no_draft(office: Office, editor: TestClient, number: int) -> None:
    with transaction(office.database) as session:
        for message in session.exec(select(Message).where(Message.text == ASKED)):
            message.deleted_at = office.now
    page = editor.get(f"/console/tickets/{number}/article").text
    assert "spreadsheet" not in str(form_of(page))


def test_agents_who_do_not_edit_articles_are_not_offered_it(office: Office, number: int) -> None:
    agent = office.browser("eve")
    assert f"/{number}/article" not in agent.get(f"/console/tickets/{number}").text
    assert agent.get(f"/console/tickets/{number}/article").status_code == 403
