"""The inbox: what waits, whose it is, what the bot is talking about, and what can be found."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from console_fixtures import HTMX, SCRIPT, Office, an_office, open_office
from pydantic import SecretStr
from refused import Refused
from starlette.testclient import TestClient

from api.console.search import EXCERPT, excerpt
from api.settings import Settings
from handoff import desk
from handoff.models import Priority, Reason
from kb_content.catalogue import SAMPLE
from store import transaction

office = an_office


def rows(browser: TestClient, query: str = "") -> list[str]:
    """The rows of a list as a person reads them: one line of words each."""
    page = browser.get(f"/console{query}").text
    found = re.findall(r'<a class="row".*?</a>', page, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in found]


def title(browser: TestClient, query: str = "") -> str:
    found = re.search("<title>(.*?)</title>", browser.get(f"/console{query}").text)
    assert found
    return found[1]


def test_a_new_ticket_is_a_row_in_words(office: Office) -> None:
    office.escalate("The link is dead", reason=Reason.NEGATIVE_FEEDBACK, priority=Priority.P1)
    (row,) = rows(office.browser("bob"))
    assert row.startswith("#1 The link is dead P1 Answer did not help · ada · Web chat · English")
    assert "waiting 2026-11-23 09:00 UTC nobody yet" in row


def test_urgent_ones_come_first_then_the_oldest(office: Office) -> None:
    office.escalate("first")
    office.escalate("second", "grace")
    office.escalate("third", "linus", priority=Priority.P0)
    assert [row.split()[0] for row in rows(office.browser("bob"))] == ["#3", "#1", "#2"]


def test_a_claimed_ticket_moves_from_new_to_mine(office: Office) -> None:
    number = office.escalate()
    bob, eve = office.browser("bob"), office.browser("eve")
    bob.post(f"/console/tickets/{number}/claim")
    assert rows(eve) == []
    assert rows(eve, "?view=mine") == []
    assert len(rows(bob, "?view=mine")) == 1
    assert rows(eve, "?view=open")[0].endswith("bob")


@pytest.mark.parametrize(
    ("deed", "view"), [("claim", "open"), ("hand-back", "pending"), ("resolve", "resolved"), (None, "new")]
)
def test_every_status_has_its_view(office: Office, deed: str | None, view: str) -> None:
    number = office.escalate()
    bob = office.browser("bob")
    if deed:
        bob.post(f"/console/tickets/{number}/{deed}")
    views = ("new", "pending", "resolved", "closed") if view == "new" else ("open", "pending", "resolved", "closed")
    assert [one for one in views if rows(bob, f"?view={one}")] == [view]


def test_the_title_counts_what_nobody_has_taken(office: Office) -> None:
    bob = office.browser("bob")
    assert title(bob) == "New · Firstline"
    office.escalate()
    office.escalate("another", "grace")
    assert title(bob, "?view=mine") == "(2) Mine · Firstline"


def test_the_bot_is_talking_until_half_an_hour_after_the_last_word(office: Office) -> None:
    conversation = office.ask("how can I export")
    office.answer(conversation, "Choose Export.")
    bob = office.browser("bob")
    (row,) = rows(bob, "?view=bot")
    assert row.startswith("Choose Export. Answer · ada · Web chat")
    assert f"/console/conversations/{conversation}" in bob.get("/console?view=bot").text
    office.later(minutes=31)
    assert rows(bob, "?view=bot") == []


def test_what_a_human_has_is_not_the_bots(office: Office) -> None:
    office.escalate()
    assert rows(office.browser("bob"), "?view=bot") == []


def test_a_message_is_found_by_its_words_in_both_scripts(office: Office) -> None:
    office.escalate("The quarterly report is empty since Tuesday")
    office.escalate("我忘记密码了登不上去", "王芳", language="zh")
    office.ask("quarterly numbers?", "grace")
    bob = office.browser("bob")
    assert rows(bob, "?q=quarterly report")[0].startswith("#1")
    assert rows(bob, "?q=密码")[0].startswith("#2")
    assert len(rows(bob, "?q=QUARTERLY")) == 2
    assert rows(bob, "?q=nonsense") == []
    assert "Nothing found for “nonsense”." in bob.get("/console?q=nonsense").text


@pytest.mark.parametrize("asked", ["%231", "1", "%23 1"])
def test_a_ticket_is_found_by_its_number(office: Office, asked: str) -> None:
    office.escalate("I have 1 problem")
    assert [row.split()[0] for row in rows(office.browser("bob"), f"?q={asked}")] == ["#1"]


@pytest.mark.parametrize("asked", ["'", '"', "AND OR NOT", "*", "a" * 5000, "%00", "😀", "#99999999999999999999", "-1"])
def test_any_text_is_a_search(office: Office, asked: str) -> None:
    office.escalate()
    assert office.browser("bob").get("/console", params={"q": asked}).status_code == 200


def test_an_excerpt_begins_near_the_word_and_not_inside_one() -> None:
    text = "The beginning is long and tells nothing at all, but then the report comes " + "and goes on " * 40
    found = excerpt(text, "Report")
    assert found.startswith("…")
    assert found.endswith("…")
    assert " report " in found[:45]
    assert text.split(found[1:6])[0].endswith(" ")
    assert len(found) <= EXCERPT + 2
    assert excerpt("short", "absent") == "short"


def test_htmx_gets_the_middle_of_the_page_only(office: Office) -> None:
    office.escalate()
    bob = office.browser("bob")
    part = bob.get("/console", headers=HTMX)
    assert part.text.startswith("<title>(1) New")
    assert "<html" not in part.text
    assert "#1" in part.text
    assert part.headers["cache-control"] == "no-store"
    assert "HX-Request" in part.headers["vary"]


def test_an_unknown_view_is_the_first_one(office: Office) -> None:
    office.escalate()
    assert len(rows(office.browser("bob"), "?view=moon")) == 1


def test_long_lists_are_cut_and_go_on(office: Office) -> None:
    for number in range(4):
        office.escalate(f"matter {number}", f"customer {number}")
    bob = office.browser("bob")
    assert len(rows(bob, "?limit=3")) == 3
    assert "limit=53" in bob.get("/console?limit=3").text
    assert "Show more" not in bob.get("/console").text


def test_a_web_visitor_without_a_name_is_told_apart_by_a_few_characters(office: Office) -> None:
    office.escalate(customer="k3JxQpLw92mZbV71TtYc")
    assert "Visitor k3Jx" in rows(office.browser("bob"))[0]


def test_names_and_subjects_are_only_ever_text(office: Office) -> None:
    office.escalate(SCRIPT, customer=SCRIPT)
    page = office.browser("bob").get("/console").text
    assert SCRIPT not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 2


def test_everything_reads_in_chinese(office: Office) -> None:
    office.escalate(reason=Reason.URGENT, language="zh")
    mei = office.browser("mei", language="zh")
    (row,) = rows(mei)
    assert "紧急 · ada · 网页聊天 · 中文" in row
    assert "暂无负责人" in row


def test_the_sample_with_a_real_channel_warns_on_every_page(sqlite_url: str, tmp_path: Path) -> None:
    settings = Settings(
        _env_file=None, data_dir=tmp_path, telegram_token=SecretStr("1:x"), slack_bot_token=SecretStr("y")
    )
    for office in open_office(sqlite_url, settings):
        office.publish(source=SAMPLE)
        number = office.escalate()
        bob = office.browser("bob")
        for path in ("/console", f"/console/tickets/{number}", "/console/articles", "/console/nothing"):
            page = bob.get(path).text
            assert "Telegram, Slack is connected" in page, path
            assert "firstline kb import DIR --replace" in page, path
        assert "connected" not in office.stranger().get("/console/sign-in").text


def test_without_a_channel_or_without_the_sample_nothing_warns(office: Office) -> None:
    office.publish(source=SAMPLE)
    assert "--replace" not in office.browser("bob").get("/console").text


def test_the_foot_says_what_does_not_work(office: Office) -> None:
    office.product.connections["slack"] = Refused("the token was refused")
    page = office.browser("bob").get("/console").text
    assert "The knowledge base is still being prepared." in page
    assert "Slack: the token was refused" in page


def test_a_handed_back_ticket_is_among_what_the_bot_talks_about(office: Office) -> None:
    number = office.escalate()
    bob = office.browser("bob")
    with transaction(office.database) as session:
        desk.hand_back(session, number, office.colleagues["bob"], office.now)
    assert rows(bob, "?view=bot")[0].startswith("#1")
