"""Corrections in the console: from a wrong passage to those who were told it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from console_fixtures import ARTICLES, HTMX, Office, an_office
from sqlmodel import select
from starlette.testclient import TestClient

from bot.desk.loop import do_due
from bot.learning.recall import earlier
from bot.learning.recall.models import RecallRecipient, RecipientState
from bot.learning.recall.told import tell
from handoff.models import Message, Role
from kb_content.catalogue import article_page
from store import reading, transaction

office = an_office
WHY = "The link is in the second mail."
RIGHT = "Wait for the second mail. The link is in that one."


@pytest.fixture
def editor(office: Office) -> TestClient:
    """Of a house in which three people were told how to reset a password, in two languages."""
    office.publish()
    for customer, language in (("ada", "en"), ("carl", "en"), ("小林", "zh")):
        told(office, customer, language)
    with transaction(office.database) as session:
        earlier.look_through(session, 1_000)
    return office.browser("mia", Role.EDITOR)


def told(office: Office, customer: str, language: str = "en") -> None:
    """The bot tells the customer the steps of the English article."""
    with reading(office.database) as session:
        page = article_page(session, "reset-password", "en")
    assert page
    steps = page.passages[-1]
    citation = {
        "article": "reset-password",
        "version": page.version,
        "passage": steps.key,
        "title": page.article.title,
        "url": f"http://firstline.test/kb/en/reset-password/v{page.version}#{steps.anchor}",
        "quote": "Press Forgot?",
    }
    conversation_id = office.ask("I forgot my password", customer, language=language)
    message_id = office.answer(conversation_id, "Press Forgot?", article="reset-password", citations=[citation])
    with transaction(office.database) as session:
        tell(session, session.get_one(Message, message_id))


def wrong_passage(office: Office) -> str:
    with reading(office.database) as session:
        page = article_page(session, "reset-password", "en")
    assert page
    return page.passages[-1].key


def begun(office: Office, editor: TestClient, **form: str) -> str:
    """The address of a new recall of the steps."""
    values = {"article": "reset-password", "language": "en", "version": "1", "reason": WHY}
    answer = editor.post("/console/recalls", data={**values, "passages": wrong_passage(office), **form})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def correct_the_article(office: Office) -> None:
    office.publish(tuple(one for one in ARTICLES if one.id == "export-data"))


def work(office: Office, minutes: int = 2) -> None:
    for _ in range(minutes * 6):
        do_due(office.database, office.product.live.house, office.now)
        office.later(seconds=10)


def test_an_editor_corrects_a_passage_with_everybody_who_was_told_it(office: Office, editor: TestClient) -> None:
    choice = editor.get("/console/recalls/new?article=reset-password&language=en&version=1").text
    assert "times told: 3" in choice
    address = begun(office, editor)
    page = editor.get(address).text
    assert [name in page for name in ("ada", "carl", "小林")] == [True] * 3
    correct_the_article(office)
    editor.post(f"{address}/texts", data={"languages": ["en", "zh"], "texts": [RIGHT, "请等第二封邮件。"]})
    preview = editor.get(address).text
    assert preview.count(RIGHT) == 3  # the form, and what two people would read
    assert "我们需要更正" in preview
    assert editor.post(f"{address}/begin").status_code == 303
    work(office)
    done = editor.get(address).text
    assert re.sub(r"\s+", " ", done).count("corrected</span>") == 3
    with reading(office.database) as session:
        assert {one.state for one in session.exec(select(RecallRecipient))} == {RecipientState.SENT}
    assert "3 of 3" in editor.get("/console/recalls").text


def proposal(editor: TestClient, address: str, code: str) -> str:
    """What stands in the form as the correction of that language."""
    found = re.search(rf'<textarea id="text-{code}"[^>]*>([^<]*)</textarea>', editor.get(address).text)
    assert found
    return found[1]


def test_the_correction_begins_with_what_was_wrong_and_goes_on_with_what_is_right(
    office: Office, editor: TestClient
) -> None:
    address = begun(office, editor)
    assert proposal(editor, address, "en") == WHY
    assert proposal(editor, address, "zh") == ""
    steps = replace(ARTICLES[0], body="Anyone can.\n\n## Steps\n\n1. Press **Forgot?**\n2. Wait for the second mail.\n")
    office.publish((steps, *ARTICLES[1:]))
    text = proposal(editor, address, "en")
    assert text.startswith(f"{WHY}\n\nThis is right:\n\n")
    assert text.endswith("1. Press Forgot?\n2. Wait for the second mail.")
    editor.post(f"{address}/texts", data={"languages": ["en"], "texts": [text]})
    (read,) = {
        one
        for one in re.findall(r'<p class="pre" dir="auto">([^<]*)</p>', editor.get(address).text)
        if "We have" in one
    }
    assert re.search(
        r"“Reset a forgotten password” was not right\.\n\nThe link is in the second mail\.\n\nThis is right:", read
    )


def test_several_passages_are_corrected_below_their_headings(office: Office, editor: TestClient) -> None:
    address = begun(office, editor, whole="true")
    long = " ".join(f"Sentence {number} says what to do now." for number in range(15))
    right = replace(ARTICLES[0], body=f"{long}\n\n## Steps\n\n{long}\n\n## Afterwards\n\n{long}\n")
    office.publish((right, *ARTICLES[1:]))
    assert proposal(editor, address, "en").endswith(f"right:\n\n{long}\n\nSteps\n{long}\n\nAfterwards\n{long}")


def test_what_was_wrong_goes_to_customers_of_the_language_that_it_is_written_in(
    office: Office, editor: TestClient
) -> None:
    address = begun(office, editor, reason="链接在第二封邮件里。")
    assert proposal(editor, address, "zh") == "链接在第二封邮件里。"
    assert proposal(editor, address, "en") == ""


def test_while_the_passage_is_live_the_page_warns_and_sends_only_when_told_to(
    office: Office, editor: TestClient
) -> None:
    address = begun(office, editor)
    editor.post(f"{address}/texts", data={"languages": ["en"], "texts": [RIGHT]})
    assert "still told this" in editor.get(address).text
    assert editor.post(f"{address}/begin").status_code == 409
    assert editor.post(f"{address}/begin", data={"although_told": "true"}).status_code == 303


def test_a_form_that_misses_something_comes_back_with_what_was_ticked(office: Office, editor: TestClient) -> None:
    key = wrong_passage(office)
    values = {"article": "reset-password", "language": "en", "version": "1"}
    answer = editor.post("/console/recalls", data={**values, "passages": key, "reason": " "})
    assert answer.status_code == 422
    assert "Say in one sentence what was wrong" in answer.text
    assert re.search(rf'value="{key}" checked', answer.text)
    answer = editor.post("/console/recalls", data={**values, "reason": WHY})
    assert answer.status_code == 422
    assert WHY in answer.text


def test_all_of_a_version_can_be_recalled_at_once(office: Office, editor: TestClient) -> None:
    page = editor.get(begun(office, editor, whole="true")).text
    assert "All that version 1 says" in page
    assert "ada" in page


def test_who_may_not_edit_articles_reads_and_sends_nothing(office: Office, editor: TestClient) -> None:
    address = begun(office, editor)
    viewer = office.browser("vera", Role.AGENT)
    page = viewer.get(address)
    assert page.status_code == 200
    assert "/begin" not in page.text
    assert viewer.post(f"{address}/begin").status_code == 403
    assert viewer.get("/console/recalls/new").status_code == 403


def test_a_recall_that_is_given_up_can_be_gone_on_with_and_its_progress_is_live(
    office: Office, editor: TestClient
) -> None:
    address = begun(office, editor)
    editor.post(f"{address}/texts", data={"languages": ["en"], "texts": [RIGHT]})
    correct_the_article(office)
    editor.post(f"{address}/begin")
    assert 'hx-trigger="every 5s"' in editor.get(address).text
    do_due(office.database, office.product.live.house, office.now)
    assert editor.post(f"{address}/stop").status_code == 303
    stopped = editor.get(address, headers=HTMX).text
    assert "Go on: 2 are left" in stopped
    editor.post(f"{address}/begin")
    work(office)
    assert "done" in editor.get("/console/recalls").text


def test_in_chinese_the_pages_speak_chinese(office: Office, editor: TestClient) -> None:
    address = begun(office, editor)
    chinese = office.browser("wei", Role.EDITOR, "zh")
    assert "发送给 3 位客户" in chinese.get(address).text
    assert "曾经告诉客户的内容有误" in chinese.get("/console/recalls").text
    assert chinese.get("/console/recalls/999").status_code == 404
