"""The page of a ticket: what was said, what the bot understood, and what agents do, with and without JavaScript."""

from __future__ import annotations

import re

import pytest
from console_fixtures import HTMX, READING, SCRIPT, Office, an_office
from sqlmodel import select
from starlette.testclient import TestClient

from handoff import deliveries, desk
from handoff.buttons import press
from handoff.conversations import rate
from handoff.models import Action, Button, Conversation, Message, Owner, Role
from handoff.tickets import ticket_by_number
from handoff.views import ticket_detail
from store import reading, transaction

office = an_office


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def lines(browser: TestClient, number: int) -> list[tuple[str, str]]:
    """The transcript as (kind, words)."""
    page = browser.get(f"/console/tickets/{number}").text
    found = re.findall(r'<li class="line (\w+)" id="m\d+">(.*?)(?=<li class="line|</ol>\s*</section>)', page, re.DOTALL)
    return [(kind, words(body)) for kind, body in found]


def seen(browser: TestClient, number: int) -> str:
    found = re.search(r'name="seen" value="(\d+)"', browser.get(f"/console/tickets/{number}").text)
    assert found
    return found[1]


def status(office: Office, number: int) -> tuple[str, str, str | None]:
    with reading(office.database) as session:
        ticket = ticket_by_number(session, number)
        conversation = session.get_one(Conversation, ticket.conversation_id)
        who = {actor.staff_id: name for name, actor in office.colleagues.items()}
        return ticket.status.value, conversation.owner.value, who.get(ticket.assignee_id)


def act(browser: TestClient, number: int, deed: str, **data: str) -> int:
    """Press a button without JavaScript; 303 back to the ticket when it worked."""
    response = browser.post(f"/console/tickets/{number}/{deed}", data=data)
    if response.status_code == 303:
        assert response.headers["location"] == f"/console/tickets/{number}"
    return response.status_code


def test_each_kind_of_line_is_told_apart(office: Office) -> None:
    number = office.escalate("I cannot get in")
    bob = office.browser("bob")
    act(bob, number, "claim")
    act(bob, number, "reply", text="Try this link", seen=seen(bob, number))
    act(bob, number, "note", text="she is a VIP")
    told = lines(bob, number)
    assert [kind for kind, _ in told] == ["customer", "activity", "activity", "agent", "note"]
    assert told[0][1].startswith("ada 2026-11-23 09:00 UTC I cannot get in")
    assert told[1][1].startswith("The bot handed over: Not in the knowledge base")
    assert told[2][1].startswith("bob claimed the ticket")
    assert told[3][1] == "bob 2026-11-23 09:00 UTC waiting to be sent Try this link"
    assert told[4][1] == "bob Internal note 2026-11-23 09:00 UTC she is a VIP"


def test_what_the_bot_understood_stands_with_each_question(office: Office) -> None:
    number = office.escalate()
    page = office.browser("bob").get(f"/console/tickets/{number}").text
    text = words(page)
    assert "What the bot understood account-access 91 % sure: 42 %" in text
    assert "Answers from 60 % Decision Handed over" in text
    assert "Reset a forgotten password › Steps 0.83" in text
    assert '<a href="/console/articles/reset-password/en?version=1#steps-abc">' in page


@pytest.mark.parametrize(
    "kept",
    [
        {},
        {"intent": None, "passages": []},
        {**READING, "passages": [{"article": "a/../b", "score": None}, "no dict"]},
        {**READING, "foreign": True, "confidence": 0.0, "intent": None},
    ],
)
def test_a_reading_that_an_older_version_kept_does_not_break_the_page(office: Office, kept: dict[str, object]) -> None:
    number = office.escalate(reading=kept)
    response = office.browser("bob").get(f"/console/tickets/{number}")
    assert response.status_code == 200
    assert "a/../b" not in response.text


def test_an_answer_shows_its_citations_buttons_and_thumb(office: Office) -> None:
    conversation_id = office.ask()
    citation = {
        "article": "reset-password",
        "version": 3,
        "title": "Reset it",
        "url": "/kb/en/x/v3#p",
        "quote": "Press.",
    }
    message_id = office.answer(conversation_id, "Press the link.", citations=[citation])
    with transaction(office.database) as session:
        button = session.exec(select(Button).where(Button.action == Action.PERSON)).one()
        press(session, button.token, office.now)
        rate(session, message_id, False, office.now)
    text = words(office.browser("bob").get(f"/console/conversations/{conversation_id}").text)
    assert "Bot Answer 2026-11-23 09:00 UTC waiting to be sent 👎 not helpful Press the link." in text
    assert "Reset it v3 Press." in text
    assert "Talk to a person (pressed)" in text


@pytest.mark.parametrize("url", ["javascript:alert(1)", "//evil.example", "data:text/html,x", ""])
def test_a_citation_links_to_web_pages_only(office: Office, url: str) -> None:
    conversation_id = office.ask()
    office.answer(conversation_id, "x", citations=[{"article": "a", "version": 1, "title": "Here", "url": url}])
    page = office.browser("bob").get(f"/console/conversations/{conversation_id}").text
    assert "Here" in page
    assert f'href="{url}"' not in page


def test_delivery_states_are_words(office: Office) -> None:
    number = office.escalate()
    bob = office.browser("bob")
    for text in ("one", "two", "three"):
        act(bob, number, "reply", text=text, seen="999")
        with transaction(office.database) as session:
            (claimed,) = deliveries.claim(session, office.now, "w", 1)
            delivery_id = claimed.delivery.id or 0
            match text:
                case "one":
                    deliveries.mark_sent(session, delivery_id, "w", "x1", office.now)
                case "two":
                    deliveries.mark_uncertain(session, delivery_id, "w", "timed out", office.now)
                case _:
                    deliveries.mark_failed(session, delivery_id, "w", "blocked by ada", office.now)
    told = [text for kind, text in lines(bob, number) if kind == "agent"]
    assert "✓ sent one" in told[0]
    assert "may not have arrived two" in told[1]
    assert "not delivered: blocked by ada three" in told[2]


def test_claim_take_over_hand_back_resolve_reopen(office: Office) -> None:
    number = office.escalate()
    bob, eve = office.browser("bob"), office.browser("eve")
    assert act(bob, number, "claim") == 303
    assert status(office, number) == ("open", "human", "bob")
    assert act(eve, number, "take-over") == 303
    assert status(office, number) == ("open", "human", "eve")
    assert act(eve, number, "hand-back") == 303
    assert status(office, number) == ("pending", "bot", "eve")
    assert act(eve, number, "resolve") == 303
    assert status(office, number)[0] == "resolved"
    assert act(bob, number, "reopen") == 303
    assert status(office, number) == ("open", "human", "eve")


def test_words_that_came_before_resolve_was_pressed_are_read_first(office: Office) -> None:
    number = office.escalate()
    bob = office.browser("bob")
    had_seen = seen(bob, number)
    office.says(number, "It came back!")
    refused = bob.post(f"/console/tickets/{number}/resolve", data={"seen": had_seen})
    assert refused.status_code == 409
    assert "Somebody wrote here a moment ago. Read it, then resolve the ticket." in words(refused.text)
    assert status(office, number)[0] == "open"
    assert act(bob, number, "resolve", seen=seen(bob, number)) == 303
    assert status(office, number)[0] == "resolved"


def test_resolving_asks_the_customer_in_their_language(office: Office) -> None:
    number = office.escalate("登不上去", language="zh")
    bob = office.browser("bob")
    act(bob, number, "resolve")
    kind, text = lines(bob, number)[-1]
    assert kind == "bot"
    assert f"工单 #{number}" in text
    assert "已解决" in text


@pytest.mark.parametrize(
    ("deeds", "offered"),
    [
        ((), ["claim", "resolve", "hand-back"]),
        (("claim",), ["resolve", "hand-back"]),
        (("claim", "hand-back"), ["take-over", "resolve"]),
        (("resolve",), ["reopen"]),
    ],
)
def test_only_what_can_be_done_now_is_offered(office: Office, deeds: tuple[str, ...], offered: list[str]) -> None:
    number = office.escalate()
    bob = office.browser("bob")
    for deed in deeds:
        act(bob, number, deed)
    page = bob.get(f"/console/tickets/{number}").text
    actions = page.partition('id="actions"')[2].partition("</div>")[0]
    assert re.findall(rf'<form method="post" action="/console/tickets/{number}/([a-z-]+)"', actions) == offered


def test_a_colleague_who_was_faster_is_said_in_a_sentence(office: Office) -> None:
    number = office.escalate()
    bob, eve = office.browser("bob"), office.browser("eve")
    act(eve, number, "claim")
    refused = bob.post(f"/console/tickets/{number}/claim")
    assert refused.status_code == 409
    assert "has ticket #1 already" in refused.text
    beside = bob.post(f"/console/tickets/{number}/claim", headers=HTMX)
    assert beside.headers["hx-retarget"] == "#problem"
    assert beside.text.startswith('<p role="alert"')
    mei = office.browser("mei", language="zh")
    assert "eve 已经接手了工单 #1" in mei.post(f"/console/tickets/{number}/claim").text


def test_htmx_gets_the_page_again_after_a_deed(office: Office) -> None:
    number = office.escalate()
    bob = office.browser("bob")
    bob.follow_redirects = True
    page = bob.post(f"/console/tickets/{number}/claim", headers=HTMX)
    assert page.status_code == 200
    assert "<html" not in page.text
    assert "bob claimed the ticket" in words(page.text)


def test_a_reply_reaches_the_delivery_and_takes_the_ticket(office: Office) -> None:
    number = office.escalate()
    bob = office.browser("bob")
    act(bob, number, "reply", text="Hello\r\nada", seen=seen(bob, number))
    assert status(office, number) == ("open", "human", "bob")
    with reading(office.database) as session:
        last = ticket_detail(session, number)["messages"][-1]
    assert (last["author"], last["text"], last["delivery"], last["private"]) == ("agent", "Hello\nada", "ready", False)


def test_a_note_is_never_delivered(office: Office) -> None:
    number = office.escalate()
    bob = office.browser("bob")
    act(bob, number, "note", text="careful")
    with transaction(office.database) as session:
        last = ticket_detail(session, number)["messages"][-1]
        assert (last["private"], last["delivery"]) == (True, None)
        assert deliveries.claim(session, office.now, "w", 10) == []


def test_a_stale_reply_shows_what_is_new_and_one_click_sends_it(office: Office) -> None:
    number = office.escalate()
    bob = office.browser("bob")
    had_seen = seen(bob, number)
    new_id = office.says(number, "Never mind, <b>solved</b>!")
    refused = bob.post(f"/console/tickets/{number}/reply", data={"text": "Try again", "seen": had_seen})
    assert refused.status_code == 409
    assert "Never mind, &lt;b&gt;solved&lt;/b&gt;!" in refused.text
    assert ">Try again</textarea>" in refused.text
    assert f'<button name="anyway" value="{new_id}">' in refused.text
    assert [kind for kind, _ in lines(bob, number)].count("agent") == 0
    assert act(bob, number, "reply", text="Try again", seen=had_seen, anyway=str(new_id)) == 303
    assert lines(bob, number)[-1][1].endswith("Try again")


def test_anyway_covers_only_what_was_shown(office: Office) -> None:
    number = office.escalate()
    bob = office.browser("bob")
    had_seen = seen(bob, number)
    shown = office.says(number, "first")
    office.says(number, "second")
    refused = bob.post(
        f"/console/tickets/{number}/reply", data={"text": "x", "seen": had_seen, "anyway": str(shown)}, headers=HTMX
    )
    assert refused.status_code == 409
    assert refused.headers["hx-retarget"] == "#stale"
    assert "second" in refused.text
    assert "first" not in refused.text


def test_a_form_that_says_nothing_about_what_was_seen_is_stale(office: Office) -> None:
    number = office.escalate()
    assert act(office.browser("bob"), number, "reply", text="x") == 409


@pytest.mark.parametrize("text", ["", "   \n", "\u200b"])
@pytest.mark.parametrize("deed", ["reply", "note"])
def test_nothing_is_not_sent(office: Office, deed: str, text: str) -> None:
    number = office.escalate()
    bob = office.browser("bob")
    refused = bob.post(f"/console/tickets/{number}/{deed}", data={"text": text, "seen": "99"})
    assert refused.status_code == 422
    assert "There is nothing to send" in refused.text


@pytest.mark.parametrize("deed", ["reply", "note"])
def test_what_was_too_long_stands_in_the_form_again(office: Office, deed: str) -> None:
    number = office.escalate()
    long = "word " * 2001
    refused = office.browser("bob").post(f"/console/tickets/{number}/{deed}", data={"text": long, "seen": "99"})
    assert refused.status_code == 422
    assert "too long" in refused.text
    assert f">{long}</textarea>" in refused.text


def test_a_closed_ticket_keeps_the_reply_and_says_to_reopen(office: Office) -> None:
    number = office.escalate()
    bob = office.browser("bob")
    act(bob, number, "resolve")
    with transaction(office.database) as session:
        conversation = session.get_one(Conversation, ticket_by_number(session, number).conversation_id)
        desk.confirm_solved(session, conversation, office.now)
    refused = bob.post(f"/console/tickets/{number}/reply", data={"text": "one more thing", "seen": "99"})
    assert refused.status_code == 409
    assert "Reopen it before replying" in refused.text
    assert ">one more thing</textarea>" in refused.text


def test_files_go_with_a_reply_and_come_back_as_downloads(office: Office) -> None:
    number = office.escalate()
    bob = office.browser("bob")
    page = f"<html>{SCRIPT}</html>".encode()
    sent = bob.post(
        f"/console/tickets/{number}/reply",
        data={"text": "", "seen": "99"},
        files=[("files", ("report <b>.html", page, "text/html")), ("files", ("b.svg", b"<svg/>", "image/svg+xml"))],
    )
    assert sent.status_code == 303
    shown = bob.get(f"/console/tickets/{number}").text
    assert "report &lt;b&gt;.html" in shown
    address = re.findall(r"/console/files/\d+", shown)[0]
    file = bob.get(address)
    assert file.content == page
    assert file.headers["content-type"] == "application/octet-stream"
    assert file.headers["content-disposition"].startswith("attachment")
    assert file.headers["x-content-type-options"] == "nosniff"
    assert file.headers["content-security-policy"].startswith("sandbox")


def test_a_customers_file_with_a_nasty_name_is_a_quiet_download(office: Office) -> None:
    number = office.escalate()
    file_id = office.file('"><img src=x onerror=alert(1)>\r\nSet-Cookie: a=b.html')
    office.says(number, "", file_ids=[file_id])
    bob = office.browser("bob")
    assert "<img src=x" not in bob.get(f"/console/tickets/{number}").text
    file = bob.get(f"/console/files/{file_id}")
    assert file.status_code == 200
    assert "set-cookie" not in file.headers


def test_a_file_of_no_message_is_nobodys_to_fetch(office: Office) -> None:
    file_id = office.file("lost.txt")
    bob = office.browser("bob")
    assert bob.get(f"/console/files/{file_id}").status_code == 404
    assert bob.get("/console/files/999").status_code == 404


def test_a_file_that_is_gone_from_the_disk_is_said_in_words(office: Office) -> None:
    number = office.escalate()
    file_id = office.file("a.txt")
    office.says(number, "", file_ids=[file_id])
    for path in office.product.files.rglob("*"):
        if path.is_file():
            path.unlink()
    response = office.browser("bob").get(f"/console/files/{file_id}")
    assert response.status_code >= 400
    assert "no longer in the data folder" in response.text


def test_a_file_that_is_too_large_costs_no_words(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("store.files.MAX_BYTES", 10)
    number = office.escalate()
    refused = office.browser("bob").post(
        f"/console/tickets/{number}/reply",
        data={"text": "see the file", "seen": "99"},
        files=[("files", ("a.txt", b"x" * 11, "text/plain"))],
    )
    assert refused.status_code == 413
    assert "larger than 20 MB" in refused.text
    assert ">see the file</textarea>" in refused.text


def test_reading_along_has_no_composer_and_taking_over_makes_a_ticket(office: Office) -> None:
    conversation_id = office.ask("how can I export")
    bob = office.browser("bob")
    page = bob.get(f"/console/conversations/{conversation_id}").text
    assert "<textarea" not in page
    assert "Take over" in page
    response = bob.post(f"/console/conversations/{conversation_id}/take-over")
    assert (response.status_code, response.headers["location"]) == (303, "/console/tickets/1")
    assert status(office, 1) == ("open", "human", "bob")


def test_a_conversation_with_a_ticket_is_read_there(office: Office) -> None:
    office.escalate()
    bob = office.browser("bob")
    assert bob.get("/console/conversations/1").headers["location"] == "/console/tickets/1"
    live = bob.get("/console/conversations/1", headers=HTMX)
    assert live.headers["hx-redirect"] == "/console/tickets/1"


def test_other_tickets_of_the_customer_are_beside(office: Office) -> None:
    first, second = office.escalate("old matter"), office.escalate("new matter")
    office.escalate("somebody else's", "grace")
    page = words(office.browser("bob").get(f"/console/tickets/{second}").text)
    assert f"Other tickets of this customer #{first} old matter Open" in page
    assert "somebody else's" not in page


def test_a_long_conversation_shows_its_end_first(office: Office) -> None:
    number = office.escalate("the very first words")
    for count in range(205):
        office.says(number, f"message {count}")
    bob = office.browser("bob")
    page = bob.get(f"/console/tickets/{number}").text
    assert "message 204" in page
    assert 'class="words" dir="auto">the very first words' not in page
    assert "Show 7 earlier lines" in page
    assert 'class="words" dir="auto">the very first words' in bob.get(f"/console/tickets/{number}?all=true").text


@pytest.mark.parametrize(
    "path", ["tickets/99", "tickets/0", "tickets/x", "conversations/99", "files/0", "nothing", "tickets/9" + "9" * 40]
)
def test_an_address_that_is_none_is_a_page_in_words(office: Office, path: str) -> None:
    response = office.browser("bob").get(f"/console/{path}")
    assert response.status_code in (404, 422)
    assert "Back to the inbox" in response.text
    assert "Traceback" not in response.text


def test_an_error_that_nobody_foresaw_is_a_sentence(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def burst(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("api.console.tickets.talk", burst)
    number = office.escalate()
    response = office.browser("bob").get(f"/console/tickets/{number}")
    assert response.status_code == 500
    assert "Something went wrong on our side." in response.text
    assert "secret" not in response.text
    assert "RuntimeError" not in response.text


@pytest.mark.parametrize(
    "payload", [SCRIPT, "{{ 7 * 7 }}", "<img src=x onerror=alert(1)>", "\u202eevil", "</textarea><b>"]
)
def test_what_people_write_is_only_ever_text(office: Office, payload: str) -> None:
    number = office.escalate(payload, customer=payload)
    bob = office.browser("bob")
    act(bob, number, "reply", text=payload, seen="99")
    act(bob, number, "note", text=payload)
    page = bob.get(f"/console/tickets/{number}").text
    if "<" in payload:
        assert payload not in page
    assert ">49<" not in page


def test_an_agent_cannot_write_in_another_agents_name(office: Office) -> None:
    number = office.escalate()
    office.browser("eve")
    act(office.browser("bob"), number, "reply", text="hi", seen="99", staff_id="1", author="eve")
    with reading(office.database) as session:
        last = session.exec(select(Message).order_by(Message.id.desc())).first()  # type: ignore[union-attr]
    assert last
    assert last.staff_id == office.colleagues["bob"].staff_id


def test_the_editor_may_read_but_not_work(office: Office) -> None:
    number = office.escalate()
    editor = office.browser("edda", Role.EDITOR)
    assert editor.get(f"/console/tickets/{number}").status_code == 200
    assert act(editor, number, "claim") == 403
    assert status(office, number) == ("open", Owner.HUMAN.value, None)
