"""Articles are written in the console: kept as typed, merged, previewed, reviewed, brought back."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from typing import Any

import pytest
from console_fixtures import ARTICLES, SCRIPT, Office, an_office
from sqlmodel import select
from starlette.testclient import TestClient

from handoff.models import Role
from kb_content.studio.drafts import drafts
from kb_content.studio.models import Publication
from store import reading
from store.models import Audit

office = an_office
JSON = {"Accept": "application/json"}
EN = "/console/articles/reset-password/en"


@pytest.fixture
def ed(office: Office) -> TestClient:
    """An editor, with the usual articles live."""
    office.publish()
    return office.browser("ed", Role.EDITOR)


def begun(browser: TestClient, article: str = EN) -> str:
    """The address of the draft of this article."""
    return str(browser.post(f"{article}/edit").headers["location"])


def form_of(page: str) -> dict[str, str]:
    """The fields of the form on a draft's page, as a browser would send them."""
    inputs = re.findall(r'<input[^>]* name="([a-z_]+)"[^>]* value="([^"]*)"', page)
    texts = re.findall(r'<textarea[^>]* name="([a-z]+)"[^>]*>\n(.*?)</textarea>', page, re.DOTALL)
    chosen = re.search(r'<select name="intent">.*?<option selected>([^<]*)', page, re.DOTALL)
    fields = {name: html.unescape(text) for name, text in [*inputs, *texts] if name not in ("preview-as", "q")}
    return {**fields, "intent": chosen[1] if chosen else ""}


def opened(browser: TestClient, address: str) -> dict[str, str]:
    return form_of(browser.get(address).text)


def saved(browser: TestClient, address: str, **changes: str) -> Any:
    response = browser.post(address, data=opened(browser, address) | changes, headers=JSON)
    assert response.status_code == 200, response.text
    return response.json()


def test_an_article_is_edited_without_a_script_and_customers_see_nothing_yet(ed: TestClient) -> None:
    draft = begun(ed)
    assert begun(ed) == draft
    response = ed.post(draft, data=opened(ed, draft) | {"body": "Ask a colleague.\r\n\r\n## Why\r\n\r\nBecause."})
    assert response.headers["location"] == draft
    assert opened(ed, draft)["body"] == "Ask a colleague.\n\n## Why\n\nBecause."
    assert "Ask a colleague." not in ed.get(EN).text
    assert ">Draft<" in ed.get(EN).text


def test_every_field_comes_back_as_it_was_typed(ed: TestClient) -> None:
    typed = {
        "title": "Reset “it”",
        "questions": "lost it\nforgot <it>",
        "category": "access",
        "tags": "login, two words",
        "plans": "enterprise, vip",
        "roles": "admin",
        "applies_to": ">=3.2,<4",
        "review_by": "2027-04-05",
    }
    draft = begun(ed)
    saved(ed, draft, **typed)
    assert {name: text for name, text in opened(ed, draft).items() if name in typed} == typed


def test_a_save_by_the_script_says_what_must_be_mended(ed: TestClient) -> None:
    draft = begun(ed)
    said = saved(ed, draft, title="", applies_to="three")
    assert said["faults"] == {"title": "Write a title.", "applies_to": "Write product versions such as >=3.2,<4."}
    assert said["revision"] == 2
    assert said["state"] == "Draft"


def test_a_save_by_the_script_says_why_the_text_cannot_be_published_yet(ed: TestClient) -> None:
    draft = begun(ed)
    assert saved(ed, draft, body="")["why_not"]
    assert saved(ed, draft, body="Press **Save**.")["why_not"] == ""


def test_an_unchanged_form_is_no_new_revision(ed: TestClient) -> None:
    draft = begun(ed)
    assert saved(ed, draft)["revision"] == 1
    form = opened(ed, draft)
    saved(ed, draft, body="New words.")
    again = ed.post(draft, data=form | {"body": "New words."}, headers=JSON)
    assert again.json()["revision"] == 2


@pytest.mark.parametrize("deed", ["", "/submit", "/remove", "/publish"])
def test_a_form_without_the_texts_fields_leaves_the_text_as_it_is(ed: TestClient, deed: str) -> None:
    draft = begun(ed)
    before = opened(ed, draft)
    assert ed.post(f"{draft}{deed}", data={"revision": before["revision"]}).status_code == 303
    after = opened(ed, draft)
    assert {name: after[name] for name in ("title", "body", "questions")} == {
        name: before[name] for name in ("title", "body", "questions")
    }


def test_a_form_with_some_fields_changes_these_and_an_empty_one_is_emptied(ed: TestClient) -> None:
    draft = begun(ed)
    before = opened(ed, draft)
    ed.post(draft, data={"revision": before["revision"], "title": "Reset it", "questions": ""})
    after = opened(ed, draft)
    assert (after["title"], after["questions"], after["body"]) == ("Reset it", "", before["body"])


def test_a_form_with_some_fields_is_merged_with_what_another_saved_meanwhile(office: Office, ed: TestClient) -> None:
    draft, flo = begun(ed), office.browser("flo", Role.EDITOR)
    before = opened(ed, draft)
    flo.post(draft, data=before | {"body": "Words of flo."})
    merge = ed.post(draft, data={"revision": before["revision"], "title": "Reset it"})
    assert merge.status_code == 409
    assert form_of(merge.text)["body"] == "Words of flo."


def test_two_editors_get_both_texts_and_what_they_make_together(office: Office, ed: TestClient) -> None:
    draft, flo = begun(ed), office.browser("flo", Role.EDITOR)
    mine, hers = opened(ed, draft), opened(flo, draft)
    hers |= {"body": hers["body"].replace("Anyone can.", "Everybody can."), "title": "Reset it"}
    assert flo.post(draft, data=hers, headers=JSON).status_code == 200
    mine |= {"body": mine["body"].replace("Follow the link.", "Follow the link in the mail."), "title": "Reset yours"}
    refused = ed.post(draft, data=mine, headers=JSON)
    assert refused.status_code == 409
    assert refused.json()["words"] == "flo saved another text meanwhile. Yours is not lost."
    merge = ed.post(draft, data=mine)
    assert merge.status_code == 409
    assert "flo&#39;s" in merge.text
    assert merge.text.count("Both changed it") == 1
    merged = form_of(merge.text)
    assert "Everybody can." in merged["body"]
    assert "Follow the link in the mail." in merged["body"]
    assert merged["title"] == "Reset yours"
    assert ed.post(draft, data=merged).status_code == 303
    after = opened(flo, draft)
    assert (after["title"], after["body"]) == ("Reset yours", merged["body"])
    assert after["category"] == "account"


def test_the_preview_shows_all_four_ways_and_keeps_nothing(ed: TestClient) -> None:
    draft = begun(ed)
    form = opened(ed, draft) | {"body": "Press **Here** & see [data](export-data.md).\u200b\n\n![x](files/gone.png)"}
    preview = ed.post(f"{draft}/preview", data=form).text
    assert "<strong>Here</strong>" in preview
    assert 'href="/console/articles/export-data/en"' in preview
    assert [pane in preview for pane in ("pane page", "pane web", "pane slack", "pane telegram")] == [True] * 4
    assert "Talk to a person" in preview
    assert "U+200B" in preview
    assert "<code>gone.png</code>" in preview
    assert "<strong>Here</strong>" not in ed.get(draft).text
    ed.post(draft, data=form | {"clean": "1"})
    assert "\u200b" not in opened(ed, draft)["body"]


def test_a_preview_is_inert(ed: TestClient) -> None:
    draft = begun(ed)
    nasty = f"{SCRIPT} [x](javascript:alert(1)) <img src=x onerror=alert(1)> ![y](javascript:alert(1))"
    preview = ed.post(f"{draft}/preview", data=opened(ed, draft) | {"title": SCRIPT, "body": nasty}).text
    assert SCRIPT not in preview
    assert "javascript:" not in preview
    assert "<img" not in preview


def test_a_new_article_is_called_after_its_title(office: Office, ed: TestClient) -> None:
    place = ed.post("/console/articles/new", data={"title": "Change your plan", "language": "en"}).headers["location"]
    assert "change-your-plan" in ed.get(place).text
    assert "Change your plan" in ed.get("/console/articles").text
    assert "Change your plan" not in ed.get("/console/articles?state=published").text


def test_what_no_article_can_be_is_said_with_the_words_kept(ed: TestClient) -> None:
    for typed, words in (
        ({"title": "Again", "language": "en", "article_id": "reset-password"}, "There is an article of this id"),
        ({"title": "X", "language": "klingon!"}, "is no language"),
        ({"title": "X", "language": "en", "article_id": "../x"}, "This name cannot be used"),
        ({"title": " ", "language": "en"}, "Write a title."),
    ):
        refused = ed.post("/console/articles/new", data=typed)
        assert refused.status_code == 422
        assert words in html.unescape(refused.text)
        assert f'value="{typed["title"]}"' in refused.text


def test_a_draft_is_submitted_with_what_was_typed_last_and_approved_by_another(office: Office, ed: TestClient) -> None:
    draft = begun(ed)
    form = opened(ed, draft) | {"body": "Typed in the last moment.", "note": "please look at the steps"}
    assert ed.post(f"{draft}/submit", data=form).headers["location"] == draft
    page = ed.get(draft).text
    assert ">In review<" in page
    assert "Typed in the last moment." in page
    assert "please look at the steps" in page
    refused = ed.post(f"{draft}/approve", data=opened(ed, draft))
    assert "Somebody else must approve it" in refused.text
    flo = office.browser("flo", Role.EDITOR)
    assert flo.post(f"{draft}/approve", data=opened(flo, draft)).status_code == 303
    assert "approved by flo" in ed.get(draft).text
    saved(ed, draft, body="Changed after that.")
    assert ">Draft<" in ed.get(draft).text


def test_a_reviewer_approves_what_they_have_before_them_and_not_what_became_of_it_since(
    office: Office, ed: TestClient
) -> None:
    draft, flo = begun(ed), office.browser("flo", Role.EDITOR)
    ed.post(f"{draft}/submit", data=opened(ed, draft) | {"body": "Read by flo."})
    before_flo = opened(flo, draft)
    ed.post(f"{draft}/remove", data=opened(ed, draft))
    assert flo.post(f"{draft}/approve", data=before_flo).status_code == 409
    assert ">In review<" in ed.get(draft).text
    assert flo.post(f"{draft}/approve", data=opened(flo, draft)).status_code == 303
    assert ">Approved<" in ed.get(draft).text


def test_what_cannot_be_done_is_said_and_the_words_are_kept(ed: TestClient) -> None:
    draft = begun(ed)
    refused = ed.post(f"{draft}/submit", data=opened(ed, draft) | {"title": "", "body": "Kept all the same."})
    assert refused.status_code == 422
    assert "Write a title." in refused.text
    assert form_of(refused.text)["body"] == "Kept all the same."
    late = ed.post(f"{draft}/schedule", data=opened(ed, draft) | {"title": "T", "publish_at": "2020-01-01T08:00"})
    assert "That moment has passed" in late.text


def test_a_draft_waits_for_its_day(ed: TestClient) -> None:
    draft = begun(ed)
    form = opened(ed, draft) | {"body": "From tomorrow on.", "publish_at": "2026-12-01T08:00"}
    assert ed.post(f"{draft}/schedule", data=form).status_code == 303
    assert 'datetime="2026-12-01T08:00:00' in ed.get(draft).text
    assert ">Scheduled " in ed.get("/console/drafts").text
    ed.post(f"{draft}/unschedule", data=opened(ed, draft))
    assert ">Scheduled " not in ed.get("/console/drafts").text


def test_publishing_is_asked_for_at_once_or_for_some_first(office: Office, ed: TestClient) -> None:
    draft = begun(ed)
    form = opened(ed, draft) | {"body": "For some first.", "percent": "20"}
    assert ed.post(f"{draft}/publish-staged", data=form).headers["location"] == "/console/publications/1"
    with reading(office.database) as session:
        wish = session.get_one(Publication, 1)
        assert (wish.percent, wish.override, len(wish.drafts)) == (20, "", 1)
        assert drafts(session)[0].content["body"] == "For some first."
    again = ed.post(f"{draft}/publish", data=opened(ed, draft))
    assert again.status_code == 409
    assert "being published already" in again.text


def test_with_a_second_pair_of_eyes_nobody_publishes_alone(office: Office, ed: TestClient) -> None:
    admin = office.browser("ada", Role.ADMIN)
    assert "Off. Who writes may publish." in ed.get("/console/drafts").text
    assert ed.post("/console/drafts/four-eyes", data={"is_on": "true"}).status_code == 403
    admin.post("/console/drafts/four-eyes", data={"is_on": "true"})
    assert "On. What is published must be approved" in ed.get("/console/drafts").text
    draft = begun(ed)
    refused = ed.post(f"{draft}/publish", data=opened(ed, draft) | {"body": "Alone."})
    assert "Another editor must approve it first" in refused.text


def test_a_removal_is_a_draft_and_can_be_taken_back(ed: TestClient) -> None:
    draft = ed.post(f"{EN}/archive").headers["location"]
    assert ">Is taken out<" in ed.get("/console/drafts").text
    ed.post(f"{draft}/keep", data=opened(ed, draft))
    assert ">Is taken out<" not in ed.get("/console/drafts").text


def test_a_discarded_draft_leaves_the_article_as_it_is(ed: TestClient) -> None:
    draft = begun(ed)
    saved(ed, draft, body="Never to be seen.")
    assert ed.post(f"{draft}/discard").headers["location"] == EN
    assert ed.get(draft).status_code == 404
    assert "Never to be seen." not in ed.get(EN).text


def test_what_the_kb_was_given_meanwhile_is_taken_over(office: Office, ed: TestClient) -> None:
    draft = begun(ed)
    saved(ed, draft, title="Get a new password")
    office.publish((replace(ARTICLES[0], body=ARTICLES[0].body.replace("Anyone can.", "Only you can.")), *ARTICLES[1:]))
    assert "The knowledge base was changed after this draft was begun." in ed.get(draft).text
    merged = opened(ed, f"{draft}/take-over")
    assert merged["title"] == "Get a new password"
    assert "Only you can." in merged["body"]
    assert ed.post(f"{draft}/take-over", data=merged).status_code == 303
    page = ed.get(draft).text
    assert "was changed after this draft was begun" not in page
    assert "Begun from version 2" in page


def test_versions_tell_who_when_and_what_and_an_old_one_comes_back(office: Office, ed: TestClient) -> None:
    office.publish((replace(ARTICLES[0], body=ARTICLES[0].body.replace("Follow", "Open")), *ARTICLES[1:]))
    page = ed.get(f"{EN}/versions").text
    assert "<del>Follow</del><ins>Open</ins>" in page
    assert "imported" in page
    assert 'href="/console/releases/2"' in page
    draft = ed.post(f"{EN}/restore", data={"version": "1"}).headers["location"]
    assert "Follow the link." in opened(ed, draft)["body"]
    assert "brings back version 1" in ed.get(draft).text
    assert "<del>Open</del><ins>Follow</ins>" in ed.get(f"{EN}/versions?new=0").text
    assert ed.get(f"{EN}/versions?old=1&new=9").status_code == 404


def test_a_translation_is_written_beside_its_source_and_says_when_that_changed(office: Office, ed: TestClient) -> None:
    draft = ed.post("/console/articles/export-data/en/translate", data={"to": "zh"}).headers["location"]
    page = ed.get(draft).text
    assert "a translation from English" in page
    assert "Choose **Export**." in page
    saved(ed, draft, title="导出数据", body="选择“导出”。")
    assert "Changed since" not in ed.get(draft).text
    office.publish((*ARTICLES[:2], replace(ARTICLES[2], body="Choose **Export** and then **CSV**.")))
    assert "Changed since" in ed.get(draft).text
    ed.post(f"{draft}/translated", data=opened(ed, draft))
    assert "Changed since" not in ed.get(draft).text


def test_an_agent_reads_drafts_and_writes_none(office: Office, ed: TestClient) -> None:
    draft = begun(ed)
    agent = office.browser("bob")
    page = agent.get(draft).text
    assert '<fieldset class="all" disabled>' in page
    assert agent.post(draft, data=form_of(page)).status_code == 403
    assert agent.post(f"{draft}/publish", data=form_of(page)).status_code == 403
    assert agent.post(f"{EN}/edit").status_code == 403
    assert agent.post("/console/kb-files", files={"upload": ("a.txt", b"x", "text/plain")}).status_code == 403


def test_the_pages_are_in_chinese(office: Office, ed: TestClient) -> None:
    draft = begun(ed)
    saved(ed, draft, title="")
    mei = office.browser("mei", Role.EDITOR, language="zh")
    page = mei.get(draft).text
    assert "请写标题，最多 300 个字符。" in page
    assert "Write a title." not in page
    refused = mei.post(f"{draft}/submit", data=form_of(page))
    assert "草稿目前的状态不允许这样做" in refused.text


def test_every_deed_is_in_the_audit_log(office: Office, ed: TestClient) -> None:
    draft = begun(ed)
    saved(ed, draft, body="New.")
    ed.post(f"{draft}/submit", data=opened(ed, draft))
    ed.post(f"{draft}/discard")
    with reading(office.database) as session:
        rows = [(row.actor, row.action) for row in session.exec(select(Audit)) if row.action.startswith("kb.draft")]
    assert rows == [("ed", f"kb.draft.{deed}") for deed in ("begin", "save", "submit", "discard")]


def test_an_archived_article_is_edited_from_what_it_said_last(office: Office, ed: TestClient) -> None:
    office.publish(ARTICLES[1:])
    form = opened(ed, begun(ed))
    assert (form["title"], form["body"].startswith("Anyone can.")) == ("Reset a forgotten password", True)
