"""The check of a draft, the box to ask it, and publications: what an editor sees and may do there."""

from __future__ import annotations

import re
from typing import Any

import pytest
from console_fixtures import HTMX, SCRIPT, Office, an_office
from starlette.testclient import TestClient
from studio_kb import drafted, publish_small

from handoff.models import Role
from kb_content.studio import drafts
from kb_content.studio.four_eyes import set_four_eyes
from kb_content.studio.models import DraftKind, DraftState, Publication, PublicationState
from store import reading, transaction

office = an_office


@pytest.fixture
def eve(office: Office) -> TestClient:
    """An editor."""
    office.publish()
    return office.browser("eve", Role.EDITOR)


def drafted_here(office: Office, **content: Any) -> int:
    return drafted(office.database, "export-data", **content)


def made(office: Office, **values: Any) -> int:
    """A publication with these values; its id."""
    with transaction(office.database) as session:
        row = Publication(**{"asked_at": office.now, "check": {"drafts": [], "by": "eve"}, **values})
        session.add(row)
        session.flush()
        return row.id or 0


CHANGED = {
    "text": "where is the CSV?",
    "language": "en",
    "expect": ["export-data"],
    "origin": "gold",
    "message": None,
    "gold": 1,
    "effect": "worse",
    "loss": True,
    "of_fit": False,
    "by_a_hair": False,
    "before": {
        "decision": "answer",
        "reason": None,
        "confidence": 0.93,
        "top": ["export-data"],
        "citations": ["export-data"],
        "options": [],
    },
    "after": {
        "decision": "escalate",
        "reason": "no_knowledge",
        "confidence": 0.1,
        "top": [],
        "citations": [],
        "options": [],
    },
}


def checked(*changed: dict[str, Any], about: tuple[int, str] | None = None, unticked: int = 0) -> dict[str, Any]:
    content = {"kind": "number", "before": "1", "after": "2", "where": "", "key": "k", "ticked": False}
    named = [{"id": about[0], "name": about[1]}] if about else []
    effects = ("worse", "newly_unanswered", "newly_answered", "better", "changed", "same")
    return {
        "drafts": [{"kind": "article", "language": "en", "removal": False, **one} for one in named],
        "by": "eve",
        "content": [content] * unticked,
        "live": 1,
        "questions": 9,
        "counts": {name: sum(one["effect"] == name for one in changed) for name in effects},
        "blocking": sum(one["loss"] for one in changed),
        "changed": list(changed),
    }


def test_each_change_of_the_content_is_ticked_on_the_check_page(office: Office, eve: TestClient) -> None:
    draft_id = drafted_here(office, body=f"Choose **Import** within 5 days.{SCRIPT}")
    shown = eve.get(f"/console/drafts/{draft_id}/check").text
    assert "Export</del>" in shown
    assert SCRIPT not in shown
    keys = re.findall(r'name="keys" value="(\w+)"', shown)
    assert keys
    assert " checked" not in shown
    sent = eve.post(f"/console/drafts/{draft_id}/check", data={"keys": keys})
    assert sent.headers["location"] == f"/console/drafts/{draft_id}/check"
    assert eve.get(sent.headers["location"]).text.count(" checked") == len(keys)
    with reading(office.database) as session:
        assert drafts.get(session, draft_id).ticked == sorted(keys)


def test_what_is_scheduled_with_a_change_that_nobody_ticked_leads_to_the_check(office: Office, eve: TestClient) -> None:
    draft_id = drafted_here(office, body="Choose **Export** within 5 days.")
    place, at = f"/console/drafts/{draft_id}", {"publish_at": "2026-11-24T09:00"}
    assert eve.post(f"{place}/schedule", data=at).headers["location"] == f"{place}/check"
    keys = re.findall(r'name="keys" value="(\w+)"', eve.get(f"{place}/check").text)
    eve.post(f"{place}/check", data={"keys": keys})
    assert eve.post(f"{place}/schedule", data=at).headers["location"] == place


def test_with_four_eyes_the_check_leads_to_the_review(office: Office, eve: TestClient) -> None:
    draft_id = drafted_here(office, body="Choose **Export** within 5 days.")
    with transaction(office.database) as session:
        set_four_eyes(session, True, None, office.now)
    place = f"/console/drafts/{draft_id}"
    shown = eve.get(f"{place}/check").text
    assert 'value="publish"' not in shown
    keys = re.findall(r'name="keys" value="(\w+)"', shown)
    sent = eve.post(f"{place}/check", data={"keys": keys, "do": "submit"})
    assert sent.headers["location"] == place
    with reading(office.database) as session:
        kept = drafts.get(session, draft_id)
    assert (kept.state, kept.ticked) == (DraftState.IN_REVIEW, sorted(keys))
    # Who gave it away does not approve it; a colleague is offered just that.
    assert f"{place}/approve" not in eve.get(place).text
    flo = office.browser("flo", Role.EDITOR)
    assert f"{place}/approve" in flo.get(place).text
    assert "it is in review" in flo.get(place).text


def test_an_intent_is_checked_and_asked_as_an_article_is(office: Office, eve: TestClient) -> None:
    with transaction(office.database) as session:
        begun = drafts.begin(session, DraftKind.INTENT, "refunds", "", None, office.now)
        changed = {"name": "refunds", "leads_to": "escalate", "examples": {"en": ["I want my money back"]}}
        draft_id = drafts.save(session, begun.id or 0, begun.revision, changed, None, office.now).id
    for page in ("check", "ask"):
        shown = eve.get(f"/console/drafts/{draft_id}/{page}").text
        assert "refunds" in shown
        assert 'href="/console/intents/refunds"' in shown
    assert "Nothing that needs a look changes" in eve.get(f"/console/drafts/{draft_id}/check").text


def test_publishing_from_the_check_keeps_the_ticks_and_leads_to_its_progress(office: Office, eve: TestClient) -> None:
    draft_id = drafted_here(office, body="Choose **Import**.")
    sent = eve.post(f"/console/drafts/{draft_id}/check", data={"keys": ["abc"], "do": "publish"})
    assert sent.headers["location"] == "/console/publications/1"
    shown = eve.get("/console/publications/1").text
    assert "Waiting" in shown
    assert 'hx-trigger="every 2s"' in shown
    assert f'href="/console/drafts/{draft_id}"' in shown
    with reading(office.database) as session:
        assert session.get_one(Publication, 1).drafts == [draft_id]
        assert drafts.get(session, draft_id).ticked == ["abc"]
    again = eve.post(f"/console/drafts/{draft_id}/check", data={"do": "publish"})
    assert again.status_code == 409
    assert "being published already" in again.text


def test_a_waiting_publication_is_cancelled_and_then_over(office: Office, eve: TestClient) -> None:
    asked = made(office)
    assert eve.post(f"/console/publications/{asked}/cancel").status_code == 303
    assert "Nothing was published" in eve.get(f"/console/publications/{asked}").text
    refused = eve.post(f"/console/publications/{asked}/cancel")
    assert refused.status_code == 409
    assert "over already" in refused.text


def test_progress_is_shown_until_it_is_over(office: Office, eve: TestClient) -> None:
    asked = made(office, state=PublicationState.BUILDING, progress="fitting the confidence for en (1 of 2)")
    shown = eve.get(f"/console/publications/{asked}", headers=HTMX).text
    assert "Fitting the confidence for English (1 of 2)" in shown
    assert "<progress" in shown
    with transaction(office.database) as session:
        session.get_one(Publication, asked).state = PublicationState.PUBLISHED
    over = eve.get(f"/console/publications/{asked}").text
    assert "<progress" not in over
    assert "every 2s" not in over


def test_what_was_kept_back_shows_both_answers_and_is_published_only_with_a_reason(
    office: Office, eve: TestClient
) -> None:
    draft_id = drafted_here(office, body="Choose **Import**.")
    check = checked(CHANGED, about=(draft_id, "export-data"))
    asked = made(office, state=PublicationState.BLOCKED, drafts=[draft_id], check=check, percent=10)
    shown = eve.get(f"/console/publications/{asked}").text
    assert "where is the CSV?" in shown
    assert "1 of 9 questions are answered worse than by release 1" in shown
    assert "where is the CSV?" not in eve.get(f"/console/publications/{asked}?effect=better").text
    refused = eve.post(f"/console/publications/{asked}/override", data={"reason": " "})
    assert refused.status_code == 422
    assert "needs a reason" in refused.text
    sent = eve.post(f"/console/publications/{asked}/override", data={"reason": "the button is renamed"})
    assert sent.headers["location"] == f"/console/publications/{asked + 1}"
    with reading(office.database) as session:
        again = session.get_one(Publication, asked + 1)
    assert (again.override, again.drafts, again.percent) == ("the button is renamed", [draft_id], 10)
    assert "the button is renamed" in eve.get(sent.headers["location"]).text


def test_articles_are_named_by_their_titles_in_the_language_of_the_question(office: Office, eve: TestClient) -> None:
    draft_id = drafted_here(office, body="Choose **Import**.")
    chinese = {**CHANGED, "text": "忘记密码了", "language": "zh", "expect": ["reset-password"]}
    gone = {**CHANGED, "text": "an older one", "expect": ["never-written"]}
    check = checked(CHANGED, chinese, gone, about=(draft_id, "export-data"))
    asked = made(office, state=PublicationState.BLOCKED, drafts=[draft_id], check=check)
    shown = eve.get(f"/console/publications/{asked}").text
    assert (
        f'<a href="/console/drafts/{draft_id}" dir="auto">Export your data</a> <code class="id">export-data</code>'
        in shown
    )
    assert 'Right: <a href="/console/articles/export-data/en" lang="en" dir="auto">Export your data</a>' in shown
    assert '<a href="/console/articles/reset-password/zh" lang="zh" dir="auto">重置忘记的密码</a>' in shown
    assert '<span dir="auto">never-written</span>' in shown
    assert "Export your data" in eve.get("/console/publications").text


def test_what_only_a_draft_has_leads_to_the_draft_and_other_languages_to_where_there_is_a_text(
    office: Office, eve: TestClient
) -> None:
    with transaction(office.database) as session:
        begun = drafts.begin(session, DraftKind.ARTICLE, "themes", "en", None, office.now, content={"title": "Themes"})
        draft_id = begun.id
    new = {**CHANGED, "expect": ["themes"]}
    foreign = {**CHANGED, "text": "导出数据", "language": "zh", "expect": []}
    asked = made(office, state=PublicationState.BLOCKED, check=checked(new, foreign))
    shown = eve.get(f"/console/publications/{asked}").text
    assert (
        f'<a href="/console/drafts/{draft_id}" lang="en" dir="auto">Themes</a> <code class="id">themes</code>' in shown
    )
    assert "/console/articles/export-data/zh" not in shown
    assert shown.count('<a href="/console/articles/export-data/en"') == 2


def test_progress_is_told_in_the_readers_language(office: Office, eve: TestClient) -> None:
    lin = office.browser("lin", Role.EDITOR, language="zh")
    for said, english, chinese in (
        (
            "fitting the confidence for zh (2 of 2)",
            "Fitting the confidence for Chinese (2 of 2)",
            "正在拟合中文的置信度（2/2）",
        ),
        ("asking the questions: 500 of 1,824", "Asking the questions: 500 of 1,824", "1,824 个问题中的 500 个"),
    ):
        asked = made(office, state=PublicationState.BUILDING, progress=said)
        assert english in eve.get(f"/console/publications/{asked}").text
        assert chinese in lin.get(f"/console/publications/{asked}").text
        eve.post(f"/console/publications/{asked}/cancel")


def test_what_nobody_loses_by_is_folded_below_what_somebody_does(office: Office, eve: TestClient) -> None:
    changed = {**CHANGED, "text": "a change", "effect": "changed", "loss": False, "expect": None}
    better = {**CHANGED, "text": "a gain", "effect": "better", "loss": False}
    lost = {**CHANGED, "text": "a loss", "effect": "newly_unanswered"}
    asked = made(office, state=PublicationState.BLOCKED, check=checked(lost, better, changed, changed))
    shown = eve.get(f"/console/publications/{asked}").text
    folded = re.findall(r'<details class="harmless">(.*?)</details>', shown, re.DOTALL)
    assert [one.count('class="question"') for one in folded] == [2, 1]
    assert re.match(r'<summary>Changed <span class="count">2</span>', folded[0])
    assert "a loss" not in "".join(folded)
    assert shown.index("a loss") < shown.index("a change")
    chosen = eve.get(f"/console/publications/{asked}?effect=changed").text
    assert "a change" in chosen
    assert '<details class="harmless">' not in chosen


def test_what_was_not_ticked_is_named_with_the_way_there(office: Office, eve: TestClient) -> None:
    draft_id = drafted_here(office, body="Choose **Import**.")
    check = checked(about=(draft_id, "export-data"), unticked=2)
    asked = made(office, state=PublicationState.BLOCKED, drafts=[draft_id], check=check)
    shown = eve.get(f"/console/publications/{asked}").text
    assert "2 changes of the text have not been ticked" in shown
    assert f'href="/console/drafts/{draft_id}/check"' in shown
    assert eve.post(f"/console/publications/{asked}/again").headers["location"] == f"/console/publications/{asked + 1}"


def test_a_customers_question_is_shown_from_its_message_and_gone_with_it(office: Office, eve: TestClient) -> None:
    office.ask("where is the green button, ada@example.com?")
    real = {**CHANGED, "text": "", "origin": "real", "message": 1, "expect": None, "loss": False, "effect": "changed"}
    asked = made(office, state=PublicationState.PUBLISHED, check=checked(real))
    shown = eve.get(f"/console/publications/{asked}").text
    assert "where is the green button, …?" in shown
    with transaction(office.database) as session:
        row = session.get_one(Publication, asked)
        row.check = checked({**real, "message": 4711})
    assert "no longer there" in eve.get(f"/console/publications/{asked}").text


def test_the_list_of_publications_says_who_asked_for_what(office: Office, eve: TestClient) -> None:
    draft_id = drafted_here(office, body="Choose **Import**.")
    made(office, state=PublicationState.FAILED, check=checked(about=(draft_id, "export-data")))
    made(office)
    shown = eve.get("/console/publications").text
    assert shown.index("Publication 2") < shown.index("Publication 1")
    assert "Export your data" in shown
    assert "eve" in shown
    assert eve.get("/console/publications/77").status_code == 404


def test_an_agent_reads_the_check_and_decides_nothing(office: Office, eve: TestClient) -> None:
    draft_id = drafted_here(office, body="Choose **Import**.")
    check = checked(CHANGED, about=(draft_id, "export-data"))
    asked = made(office, state=PublicationState.BLOCKED, drafts=[draft_id], check=check)
    bob = office.browser("bob")
    shown = bob.get(f"/console/drafts/{draft_id}/check").text
    assert "disabled" in shown
    assert "Keep the ticks" not in shown
    assert "all the same" not in bob.get(f"/console/publications/{asked}").text.split("</nav>")[-1]
    for deed in (f"/console/drafts/{draft_id}/check", f"/console/publications/{asked}/override"):
        assert bob.post(deed, data={"reason": "x"}).status_code == 403


def test_without_a_live_release_the_check_says_so_in_the_readers_language(office: Office) -> None:
    office.publish()
    draft_id = drafted_here(office, body="Choose **Import**.")
    chen = office.browser("chen", Role.EDITOR, language="zh")
    assert "还没有上线的发布" in chen.get(f"/console/drafts/{draft_id}/check/questions", headers=HTMX).text
    assert "还没有上线的发布" in chen.post(f"/console/drafts/{draft_id}/ask", data={"text": "CSV?"}).text


def test_questions_and_answers_of_a_draft_stand_beside_what_is_live(office: Office) -> None:
    publish_small(office.database)
    office.product.live.refresh(office.database)
    eve = office.browser("eve", Role.EDITOR)
    draft_id = drafted(office.database, body="Press **Forgot password**.\n\nThe link is valid for 90 minutes.\n")
    same = eve.get(f"/console/drafts/{draft_id}/check?compare=true").text
    assert "None of 7 questions is answered worse" in same
    asked = eve.post(f"/console/drafts/{draft_id}/ask", data={"text": "I forgot my password"}).text
    assert "90 minutes" in asked
    assert "60 minutes" in asked
    assert "The customer reads other words than now" in asked
    assert asked.count("What the confidence was computed from") == 2

    lost = {"title": "Change your picture", "body": "Press **Picture**.", "questions": ["change my avatar"]}
    draft_id = drafted(office.database, **lost)
    found = eve.get(f"/console/drafts/{draft_id}/check/questions", headers=HTMX).text
    assert "2 of 7 questions are answered worse" in found
    assert "I do not remember my password" in found
    assert "I do not remember my password" not in eve.get(f"/console/drafts/{draft_id}/check?effect=better").text


def test_an_import_that_was_kept_back_says_so_where_it_was_asked_for(office: Office, eve: TestClient) -> None:
    asked = made(office, state=PublicationState.BLOCKED, check=checked(CHANGED))
    for page in ("/console/articles/import", "/console/proposals"):
        assert f'href="/console/publications/{asked}"' in eve.get(page).text
