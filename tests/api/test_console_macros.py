"""Macros at the console: written, used in a reply, counted; what stands beside a ticket; who is named in a note."""

from __future__ import annotations

from html import unescape

from console_fixtures import HTMX, SCRIPT, Office, an_office
from sqlmodel import select
from starlette.testclient import TestClient

from handoff import desk
from handoff.models import Message, Role, TicketStatus
from handoff.rows import id_of
from handoff.ticketing.sorting import tags_of
from handoff.tickets import ticket_by_number
from handoff.workplace.models import Macro
from store import reading, transaction

office = an_office
WORDS = {
    "name": "refund",
    "title": "Money back",
    "language": ["en", "zh"],
    "text": ["Dear {customer},\r\n#{number} is on its way. {agent}", "{customer}，您好。{promise}"],
}
DOES = {"tags": "Money, refund", "priority": "P1", "status": "waiting", "assignee": "me"}


def macro_id(office: Office, name: str = "refund") -> int:
    with reading(office.database) as session:
        return session.exec(select(Macro.id).where(Macro.name == name)).one() or 0


def uses(office: Office) -> tuple[int, int]:
    with reading(office.database) as session:
        macro = session.exec(select(Macro)).one()
        return macro.uses, macro.edited_uses


def written(office: Office, **more: object) -> tuple[TestClient, int]:
    """An admin's browser, and the macro that they wrote."""
    root = office.browser("root", Role.ADMIN)
    assert root.post("/console/macros", data={**WORDS, **DOES, **more}).status_code == 303
    return root, macro_id(office)


def test_a_macro_is_written_listed_changed_and_removed(office: Office) -> None:
    root, one = written(office)
    page = root.get("/console/macros").text
    assert "/refund" in page
    assert "#money, #refund, priority P1, assign to me, wait for the customer" in page
    form = root.get(f"/console/macros/{one}").text
    assert "Dear {customer},\n#{number} is on its way. {agent}" in unescape(form)
    assert root.post(f"/console/macros/{one}", data={**WORDS, "name": "money"}).status_code == 303
    assert "/money" in root.get("/console/macros").text
    assert root.post(f"/console/macros/{one}/remove").status_code == 303
    assert "There are no macros yet" in root.get("/console/macros").text


def test_what_is_refused_keeps_what_was_typed(office: Office) -> None:
    root = office.browser("root", Role.ADMIN, language="zh")
    sent = {**WORDS, "text": [f"Dear {{custommer}} {SCRIPT}", ""], "tags": "x"}
    page = root.post("/console/macros", data=sent)
    assert page.status_code == 422
    assert "{customer}" in page.text
    assert "花括号" in page.text
    assert "Dear {custommer}" in page.text
    assert SCRIPT not in page.text
    unknown = root.post("/console/macros", data={**WORDS, "article": "no such"})
    assert unknown.status_code == 422


def test_an_agent_keeps_their_own_and_changes_nobody_elses(office: Office) -> None:
    _, one = written(office)
    bob = office.browser("bob")
    assert bob.post("/console/macros", data={**WORDS, "name": "x"}).status_code == 403
    assert bob.post("/console/macros", data={**WORDS, "name": "mine", "whose": "own"}).status_code == 303
    assert bob.post(f"/console/macros/{one}/remove").status_code == 403
    assert "disabled" in bob.get(f"/console/macros/{one}").text
    eve = office.browser("eve")
    assert "/mine" not in eve.get("/console/macros").text
    assert eve.get(f"/console/macros/{macro_id(office, 'mine')}").status_code == 404


def test_a_reply_with_a_macro_says_its_words_and_does_its_deeds(office: Office) -> None:
    _, one = written(office)
    number = office.escalate()
    bob = office.browser("bob")
    choices = bob.get(f"/console/tickets/{number}/macros").text
    assert f"#{number} is on its way. bob" in choices
    page = bob.get(f"/console/tickets/{number}?macro={one}").text
    assert f"Dear ada,\n#{number} is on its way. bob" in page
    assert f'name="macro" value="{one}"' in page
    text = f"Dear ada,\r\n#{number} is on its way. bob"
    sent = {"text": text, "seen": 10**6, "macro": one, "deeds": "1"}
    assert bob.post(f"/console/tickets/{number}/reply", data=sent).status_code == 303
    with reading(office.database) as session:
        ticket = ticket_by_number(session, number)
        assert (ticket.status, ticket.priority.value) == (TicketStatus.PENDING, "P1")
        assert tags_of(session, id_of(ticket)) == ["money", "refund"]
        said = session.exec(select(Message).where(Message.staff_id == ticket.assignee_id, Message.text != "")).all()
        assert [one.detail.get("macro") for one in said if not one.private and one.text.startswith("Dear")] == [
            "refund"
        ]
    assert uses(office) == (1, 0)


def test_changed_words_count_as_edited_and_deeds_are_a_tick(office: Office) -> None:
    _, one = written(office)
    number = office.escalate()
    bob = office.browser("bob")
    sent = {"text": "Dear ada, something else", "seen": 10**6, "macro": one}
    assert bob.post(f"/console/tickets/{number}/reply", data=sent).status_code == 303
    assert uses(office) == (1, 1)
    with reading(office.database) as session:
        assert ticket_by_number(session, number).status is TicketStatus.OPEN


def test_a_gap_that_nobody_filled_sends_nothing_and_is_named(office: Office) -> None:
    root, one = written(office)
    number = office.escalate()
    sent = {"text": "Dear {customer}, see {article}", "seen": 10**6, "macro": one}
    refused = root.post(f"/console/tickets/{number}/reply", data=sent)
    assert refused.status_code == 422
    assert "gaps of the macro in it ({customer}, {article})" in refused.text
    assert "Dear {customer}, see {article}" in refused.text
    assert uses(office) == (0, 0)
    sent["text"] = "Dear Ada, write {name} in braces"
    assert root.post(f"/console/tickets/{number}/reply", data=sent).status_code == 303


def test_a_deed_that_is_not_possible_sends_nothing_and_loses_no_word(office: Office) -> None:
    root, one = written(office, tier="3")
    number = office.escalate()
    sent = {"text": "My own words", "seen": 10**6, "macro": one, "deeds": "1"}
    refused = root.post(f"/console/tickets/{number}/reply", data=sent)
    assert refused.status_code >= 400
    assert "My own words" in refused.text
    assert "diagnosis" in refused.text
    assert f'name="macro" value="{one}"' in refused.text
    with reading(office.database) as session:
        assert session.exec(select(Message).where(Message.text == "My own words")).first() is None
    assert uses(office) == (0, 0)


def test_a_macro_without_words_is_done_at_once(office: Office) -> None:
    root, one = written(office, text=["", ""], status="")
    number = office.escalate()
    lines = root.get(f"/console/tickets/{number}/macros.json").json()
    assert lines == [{"id": one, "name": "refund", "about": "Money back", "says": False}]
    assert root.post(f"/console/tickets/{number}/macros/{one}").status_code == 303
    with reading(office.database) as session:
        assert ticket_by_number(session, number).priority.value == "P1"
    assert uses(office) == (1, 0)


def test_the_words_are_in_the_customers_language_with_promise_and_article(office: Office) -> None:
    office.publish()
    root, one = written(office, article="reset-password", status="")
    number = office.escalate("我忘记密码了", language="zh")
    bar = unescape(root.get(f"/console/tickets/{number}/macros/{one}", headers=HTMX).text)
    assert "ada，您好。" in bar
    assert "{promise}" not in bar
    assert f"{office.product.settings.address}/kb/zh/reset-password" in bar


def test_a_gap_that_nothing_is_known_for_is_named(office: Office) -> None:
    root, one = written(office, text=["Hello {account}", ""])
    number = office.escalate()
    bar = unescape(root.get(f"/console/tickets/{number}/macros/{one}", headers=HTMX).text)
    assert 'data-left="account"' in bar
    assert "Still to fill in:" in bar


def test_a_viewer_sees_macros_and_uses_none(office: Office) -> None:
    _, one = written(office)
    number = office.escalate()
    vera = office.browser("vera", Role.VIEWER)
    assert "/refund" in vera.get("/console/macros").text
    assert vera.get("/console/macros/new").status_code == 403
    assert vera.post(f"/console/tickets/{number}/macros/{one}").status_code == 403


def test_who_is_named_in_a_note_is_told_and_stands_below_it(office: Office) -> None:
    number = office.escalate()
    eve, bob = office.browser("Eve Adams"), office.browser("bob")
    names = [line["name"] for line in bob.get(f"/console/tickets/{number}/names.json").json()]
    assert {"Eve Adams", "bob"} <= set(names)
    bob.post(f"/console/tickets/{number}/note", data={"text": f"@eve adams please look {SCRIPT}"})
    page = bob.get(f"/console/tickets/{number}").text
    assert "Told: @Eve Adams" in page
    assert SCRIPT not in page
    assert f"bob mentions you in #{number}" in eve.get("/console/notices").text


def test_beside_a_ticket_stand_similar_ones_and_the_past(office: Office) -> None:
    old = office.escalate("Blank pages out of my printer", "carl")
    bob = office.browser("bob")
    bob.post(f"/console/tickets/{old}/reply", data={"text": f"Install driver 4.2 {SCRIPT}", "seen": 10**6})
    with transaction(office.database) as session:
        words = desk.ClosingWords("Solved?", "Yes", "No")
        desk.resolve(session, old, office.colleagues["bob"], office.now, words)
    number = office.escalate("printer: blank pages", "ada")
    assert "/beside" in bob.get(f"/console/tickets/{number}").text
    plain: dict[str, str] = {}
    for headers in (plain, HTMX):
        page = bob.get(f"/console/tickets/{number}/beside", headers=headers).text
        assert f"/console/tickets/{old}" in page
        assert "Install driver 4.2" in page
        assert SCRIPT not in page
        assert "1, of which 1 unsolved" in page
    assert "No solved ticket" in bob.get(f"/console/tickets/{old}/beside").text


def test_files_go_to_the_customer_and_come_from_them(office: Office) -> None:
    number = office.escalate()
    office.says(number, "here", file_ids=[office.file("screen <b>.png", b"theirs")])
    bob = office.browser("bob")
    sent = {"files": ("guide.pdf", b"ours", "application/pdf")}
    assert bob.post(f"/console/tickets/{number}/reply", data={"seen": 10**6}, files=sent).status_code == 303
    page = bob.get(f"/console/tickets/{number}").text
    assert "screen &lt;b&gt;.png" in page
    assert "guide.pdf" in page
    found = sorted(set(part.split('"')[0] for part in page.split("/console/files/")[1:]))
    assert [bob.get(f"/console/files/{one}").content for one in found] == [b"theirs", b"ours"]
