"""The worklist in the console: a ranked list, an item with its questions, and what can be done about it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from console_fixtures import Office, an_office
from sqlmodel import col, select

from bot.learning.worklist.findings import Finding
from bot.learning.worklist.keeping import follow, keep
from bot.learning.worklist.looking import Look
from bot.learning.worklist.models import Cause, WorkItem, WorkKind
from bot.learning.worklist.refreshing import WORKLIST, is_due, write
from handoff.models import Role
from kb_content import catalogue
from kb_content.studio.models import Draft
from store import reading, transaction
from store.models import Audit

office = an_office
DARK = ("is there a dark mode", "dark mode please", "how do I switch on dark mode")


def question(text: str, number: int = 1) -> dict[str, Any]:
    return {"text": text, "message": number, "conversation": number, "at": "2026-11-20T09:00:00+00:00"}


def cluster(key: str = "q1", title: str = DARK[0], lost: int = 9) -> Finding:
    detail = {
        "questions": [question(text) for text in DARK],
        "messages": [1, 2, 3],
        "articles": [{"article": "export-data", "language": "en", "title": "Export your data", "share": 0.4}],
        "tickets": [],
        "reply": {"message": 9, "ticket": 4711, "text": "Choose **Dark** under Appearance."},
    }
    cause = Cause.MISSING_ARTICLE
    return Finding(WorkKind.UNANSWERED, key, "en", title, lost, earlier=2, lost=lost, cause=cause, detail=detail)


def stale() -> Finding:
    detail = {"article": "reset-password", "review_by": "2026-10-01", "version": 1}
    return Finding(WorkKind.STALE, "reset-password:en", "en", "Reset a forgotten password", 5, told=5, detail=detail)


def found(office: Office, *findings: Finding) -> list[int]:
    """The list holds these; their ids."""
    with transaction(office.database) as session:
        write(session, Look(list(findings), 100, 0.5), office.now)
        return [item or 0 for item in session.exec(select(WorkItem.id).order_by(col(WorkItem.id)))]


def audited(office: Office) -> list[str]:
    with reading(office.database) as session:
        return [row.action for row in session.exec(select(Audit).where(Audit.kind == "work").order_by(col(Audit.id)))]


def test_the_most_rewarding_item_comes_first(office: Office) -> None:
    office.publish()
    found(office, stale(), cluster("q2", "a small matter", lost=1), cluster())
    page = office.browser("eve", Role.EDITOR).get("/console/worklist").text
    assert page.index(DARK[0]) < page.index("a small matter") < page.index("Reset a forgotten password")
    assert "+4.5 %" in page
    assert "(2 before) ↑" in page


FILTERS: dict[str, set[str]] = {
    "": {"dark", "reset"},
    "?kind=stale": {"reset"},
    "?language=zh": set(),
    "?state=wont_do": set(),
    "?kind=nonsense&state=nonsense": {"dark", "reset"},
}


def test_the_list_can_be_filtered(office: Office) -> None:
    found(office, stale(), cluster())
    browser = office.browser("eve", Role.EDITOR)
    there = {"dark": DARK[0], "reset": "Reset a forgotten password"}
    for query, shown in FILTERS.items():
        page = browser.get(f"/console/worklist{query}").text
        assert {name for name, title in there.items() if title in page} == shown, query


def test_what_was_not_found_the_last_time_is_no_longer_in_the_list(office: Office) -> None:
    found(office, stale(), cluster())
    office.later(days=1)
    found(office, cluster())
    browser = office.browser("eve", Role.EDITOR)
    assert "Reset a forgotten password" not in browser.get("/console/worklist").text
    assert "Reset a forgotten password" in browser.get("/console/worklist?state=gone").text


def test_an_editor_has_the_list_brought_up_to_date(office: Office) -> None:
    browser = office.browser("eve", Role.EDITOR)
    assert "has not been made yet" in browser.get("/console/worklist").text
    assert browser.post("/console/worklist/refresh").headers["location"] == "/console/worklist"
    assert is_due(office.database, office.now)
    assert "is being brought up to date" in browser.get("/console/worklist").text


def test_an_item_shows_its_questions_its_nearest_article_and_the_best_reply(office: Office) -> None:
    (item,) = found(office, cluster())
    page = office.browser("eve", Role.EDITOR).get(f"/console/worklist/{item}").text
    assert all(text in page for text in DARK)
    assert 'href="/console/articles/export-data/en"' in page
    assert "Choose Dark under Appearance." in page
    assert 'href="/console/tickets/4711"' in page


def test_a_draft_is_begun_and_the_item_leads_to_it(office: Office) -> None:
    office.publish()
    (item,) = found(office, cluster())
    browser = office.browser("eve", Role.EDITOR)
    place = browser.post(f"/console/worklist/{item}/draft", data={"target": ""}).headers["location"]
    with reading(office.database) as session:
        draft = session.exec(select(Draft)).one()
    assert place == f"/console/drafts/{draft.id}"
    assert draft.content["title"] == "Is there a dark mode"
    assert f'href="{place}"' in browser.get(f"/console/worklist/{item}").text
    assert browser.post(f"/console/worklist/{item}/draft").status_code == 409
    assert audited(office) == ["work.drafted"]


def test_the_questions_can_go_to_the_nearest_article_instead(office: Office) -> None:
    office.publish()
    (item,) = found(office, cluster())
    browser = office.browser("eve", Role.EDITOR)
    browser.post(f"/console/worklist/{item}/draft", data={"target": "en/export-data"})
    with reading(office.database) as session:
        draft = session.exec(select(Draft)).one()
    assert draft.name == "export-data"
    assert draft.content["body"].endswith("Choose **Dark** under Appearance.")


def test_a_target_that_the_item_does_not_have_is_refused(office: Office) -> None:
    (item,) = found(office, cluster())
    answer = office.browser("eve", Role.EDITOR).post(f"/console/worklist/{item}/draft", data={"target": "en/passwd"})
    assert answer.status_code == 422


def test_what_will_not_be_done_says_why_and_can_be_opened_again(office: Office) -> None:
    (item,) = found(office, cluster())
    browser = office.browser("eve", Role.EDITOR)
    assert browser.post(f"/console/worklist/{item}/wont", data={"reason": " "}).status_code == 422
    browser.post(f"/console/worklist/{item}/wont", data={"reason": "Dark mode is <b>not</b> planned."})
    shown = browser.get(f"/console/worklist/{item}").text
    assert "Dark mode is &lt;b&gt;not&lt;/b&gt; planned." in shown
    assert "eve · " in shown
    assert "Dark mode is &lt;b&gt;not&lt;/b&gt; planned." in browser.get("/console/worklist?state=wont_do").text
    assert DARK[0] not in browser.get("/console/worklist").text
    browser.post(f"/console/worklist/{item}/open")
    assert DARK[0] in browser.get("/console/worklist").text
    assert audited(office) == ["work.wont_do", "work.opened"]


def test_what_was_refused_leads_back_to_where_it_was_tried(office: Office) -> None:
    (item,) = found(office, cluster())
    browser, place = office.browser("eve", Role.EDITOR), f"/console/worklist/{item}"
    for came, back in ((f"http://testserver{place}", place), ("https://evil.example/console/x", "/console")):
        refused = browser.post(f"{place}/wont", data={"reason": " "}, headers={"Referer": came})
        assert f'<p><a href="{back}">' in refused.text


def test_an_editor_says_what_the_cause_is(office: Office) -> None:
    (item,) = found(office, cluster())
    browser = office.browser("eve", Role.EDITOR)
    assert "(proposed)" in browser.get(f"/console/worklist/{item}").text
    browser.post(f"/console/worklist/{item}/cause", data={"cause": "product_defect"})
    assert "(proposed)" not in browser.get(f"/console/worklist/{item}").text
    assert browser.post(f"/console/worklist/{item}/cause", data={"cause": "bad luck"}).status_code == 422


def test_a_published_item_shows_how_its_questions_are_answered_now_and_before(office: Office) -> None:
    office.publish()
    (item,) = found(office, cluster())
    browser = office.browser("eve", Role.EDITOR)
    browser.post(f"/console/worklist/{item}/draft")
    with transaction(office.database) as session:
        draft = session.exec(select(Draft)).one()
        release = catalogue.start_release(session, office.now, drafts=(draft.id or 0,))
        catalogue.publish(session, release, None, 0.5, {}, office.now)
        follow(session, office.now)
    none = {"release": 1, "at": "", "asked": 2, "answered": 0, "offered": 0, "by": 0}
    after = {"all": {**none, "asked": 3, "answered": 3}, "held_out": {**none, "asked": 2, "answered": 1}}
    with transaction(office.database) as session:
        write(session, Look([], 100, 0.5, {"unanswered:q1": after}), office.now + timedelta(days=1))
    page = browser.get(f"/console/worklist/{item}").text
    assert "1 of 2 answered" in page
    assert "3 of 3 answered" in page
    assert "answers 1 of 2 questions" in browser.get("/console/worklist").text


def details() -> dict[WorkKind, dict[str, Any]]:
    """What each kind of item has to show."""
    side = {"article": "reset-password", "language": "en", "title": "Reset a forgotten password", "anchor": "steps"}
    both = [side, {**side, "article": "export-data", "title": "Export your data"}]
    clash = {"one": "30 days", "other": "20 days", "kind": "number"}
    own = {kind: {"article": "reset-password"} for kind in WorkKind}
    return own | {
        WorkKind.UNANSWERED: cluster().detail,
        WorkKind.DUPLICATE: {"near": 0.95, "articles": both, "passages": [["Choose Export.", "Press Export."]]},
        WorkKind.CONTRADICTION: {"near": 0.9, "articles": both, "clash": clash},
        WorkKind.TRANSLATION: {"article": "export-data", "source": "en", "why": "missing", "questions": []},
        WorkKind.SYNONYM: {"article": "export-data", "words": [{"word": "seat", "count": 3}], "questions": []},
        WorkKind.OUT_OF_RANGE: {"article": "export-data", "applies_to": ">=3", "is_unused": False, "versions": ["2.1"]},
    }


def test_every_kind_of_item_has_a_page_in_both_languages_and_leads_to_a_draft(office: Office) -> None:
    office.publish()
    several = [
        Finding(kind, "k", "es" if kind is WorkKind.TRANSLATION else "en", "What it is", 3, told=3, detail=detail)
        for kind, detail in details().items()
    ]
    items = found(office, *several)
    readers = [office.browser(name, Role.EDITOR, language) for name, language in (("eve", "en"), ("lin", "zh"))]
    for item in items:
        for browser in readers:
            assert browser.get(f"/console/worklist/{item}").status_code == 200
        assert readers[0].post(f"/console/worklist/{item}/draft").status_code == 303
    assert len(items) == len(WorkKind)


def test_an_item_that_is_gone_is_said_to_be(office: Office) -> None:
    assert office.browser("eve", Role.EDITOR).get("/console/worklist/77").status_code == 404


def test_agents_read_the_list_and_decide_nothing(office: Office) -> None:
    (item,) = found(office, cluster())
    browser = office.browser("bob")
    page = browser.get(f"/console/worklist/{item}").text
    assert DARK[1] in page
    assert f"/console/worklist/{item}/" not in page
    assert browser.post(f"/console/worklist/{item}/draft").status_code == 403


def test_a_look_that_failed_is_said_and_the_old_list_stays(office: Office) -> None:
    from store.models import Setting

    found(office, cluster())
    with transaction(office.database) as session:
        kept = session.get_one(Setting, WORKLIST).value
        session.merge(Setting(name=WORKLIST, value={**kept, "problem": "It failed."}))
    page = office.browser("eve", Role.EDITOR).get("/console/worklist").text
    assert "could not be brought up to date" in page
    assert DARK[0] in page


def test_finding_the_same_twice_makes_one_item(office: Office) -> None:
    with transaction(office.database) as session:
        assert keep(session, [cluster(), stale()], 100, 0.5, office.now) == 2
        assert keep(session, [cluster(lost=12)], 100, 0.5, office.now) == 0
        assert {item.count for item in session.exec(select(WorkItem))} == {12, 5}
