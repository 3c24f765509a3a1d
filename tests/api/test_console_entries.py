"""Intents, the bot's own sentences and terms in the console: written as drafts, reviewed, published, brought back."""

from __future__ import annotations

import re
from typing import Any

import pytest
from console_fixtures import SCRIPT, Office, an_office
from sqlmodel import select
from starlette.testclient import TestClient

from handoff.models import Role
from handoff.rows import id_of
from kb_content import catalogue
from kb_content.articles import Intent, LeadsTo, Term
from kb_content.folder import Folder
from kb_content.models import GlossaryRow, KbIntent, KbSentence
from kb_content.studio.drafts import drafts
from kb_content.studio.four_eyes import set_four_eyes
from kb_content.studio.models import Draft, DraftKind, Publication
from store import reading, transaction

office = an_office
CANCEL = Intent("cancellation", LeadsTo.ESCALATE, {"en": ("cancel my plan",)}, extra={"color": "red"})
INTENT, SENTENCE = "/console/intents/cancellation", "/console/sentences/thanks/en"
TERM = "/console/articles/glossary/term"
SEAT = {"term": "Seat", "language": "en"}


@pytest.fixture
def eve(office: Office) -> TestClient:
    with transaction(office.database) as session:
        folder = Folder(intents=(CANCEL,), glossary=(Term("Seat", ("licence",), "en"),))
        catalogue.apply_import(session, catalogue.plan_import(session, folder, "ours"), office.now)
    office.publish()
    return office.browser("eve", Role.EDITOR)


def written(office: Office, kind: DraftKind) -> list[Draft]:
    with reading(office.database) as session:
        return drafts(session, kind)


def publish(office: Office) -> None:
    """Everything that is drafted goes live."""
    with transaction(office.database) as session:
        ids = [id_of(draft) for draft in drafts(session)]
        release = catalogue.start_release(session, office.now, drafts=ids)
        catalogue.publish(session, release, None, 0.5, {}, office.now)


def form(browser: TestClient, path: str) -> dict[str, Any]:
    """What a browser would send back of the page's form, unchanged."""
    page = browser.get(path).text
    fields: dict[str, Any] = {}
    for name, value in re.findall(r'<input [^>]*name="(revision|spoken|term|language)" value="([^"]*)"', page):
        fields.setdefault(name, []).append(value)
    for name, value in re.findall(r'<textarea name="(\w+)"[^>]*>\n([^<]*)</textarea>', page):
        fields.setdefault(name, []).append(value)
    return fields


def test_an_intent_is_drafted_published_and_keeps_what_its_file_said(office: Office, eve: TestClient) -> None:
    sent = form(eve, INTENT) | {"leads_to": "escalate", "team": "billing", "priority": "P1", "urgent": "1"}
    sent["examples"] = ["cancel my plan\nstop it all", "我要退订", ""]
    assert eve.post(INTENT, data=sent).headers["location"] == INTENT
    (draft,) = written(office, DraftKind.INTENT)
    assert draft.content["examples"] == {"en": ["cancel my plan", "stop it all"], "zh": ["我要退订"]}
    assert "Draft" in eve.get("/console/intents").text
    publish(office)
    with reading(office.database) as session:
        data = session.exec(select(KbIntent.data).where(KbIntent.name == "cancellation")).one()
    assert (data["team"], data["priority"], data["urgent"], data["color"]) == ("billing", "P1", True, "red")
    assert written(office, DraftKind.INTENT) == []


def test_a_form_that_was_only_looked_at_makes_no_draft(office: Office, eve: TestClient) -> None:
    eve.post(INTENT, data=form(eve, INTENT) | {"leads_to": "escalate"})
    eve.post(TERM, data=SEAT | {"also": "licence", "revision": "0"})
    assert written(office, DraftKind.INTENT) == []
    assert written(office, DraftKind.TERM) == []


def test_a_new_intent_begins_with_its_name_and_a_bad_name_is_refused(office: Office, eve: TestClient) -> None:
    assert eve.post("/console/intents", data={"name": "refunds"}).headers["location"] == "/console/intents/refunds"
    assert "New" in eve.get("/console/intents/refunds").text
    refused = eve.post("/console/intents", data={"name": f"no {SCRIPT}"})
    assert refused.status_code == 422
    assert "This name cannot be used" in refused.text
    assert SCRIPT not in refused.text
    assert eve.get("/console/intents/nothing").status_code == 404


def test_who_saves_an_older_draft_sees_what_the_other_wrote_and_loses_nothing(office: Office, eve: TestClient) -> None:
    first = eve.post(TERM, data=SEAT | {"also": "place", "revision": "0"})
    assert first.status_code == 303
    zoe = office.browser("zoe", Role.EDITOR)
    late = zoe.post(TERM, data=SEAT | {"also": "chair", "revision": "0"})
    assert late.status_code == 409
    assert "place" in late.text
    assert "chair" in late.text
    (revision,) = re.findall(r'name="revision" value="(\d+)"', late.text)
    assert zoe.post(TERM, data=SEAT | {"also": "place\nchair", "revision": revision}).status_code == 303
    assert written(office, DraftKind.TERM)[0].content["also"] == ["place", "chair"]


def test_a_sentence_is_said_as_the_house_says_it_once_it_is_published(office: Office, eve: TestClient) -> None:
    assert "You&#39;re welcome" in eve.get(SENTENCE).text
    eve.post(SENTENCE, data={"text": "Any time!", "revision": "0"})
    publish(office)
    with reading(office.database) as session:
        row = session.exec(select(KbSentence)).one()
    assert (row.key, row.language, row.text) == ("thanks", "en", "Any time!")
    page = eve.get("/console/sentences?own=1&language=en").text
    assert re.findall(r'<a class="row" href="([^"]+)">thanks</a>', page) == [SENTENCE]
    assert "Any time!" in page


def test_a_sentence_is_shown_in_its_words_and_not_as_a_file_has_it(office: Office, eve: TestClient) -> None:
    eve.post(SENTENCE, data={"text": "Any time!", "revision": "0"})
    publish(office)
    eve.post(SENTENCE, data={"text": "You are welcome, any time!", "revision": "0"})
    page = eve.get(SENTENCE).text
    assert '<pre class="pre" tabindex="0" dir="auto">Any time!</pre>' in page
    assert "<ins>You are welcome, any time!</ins>" in page
    assert "text:" not in page


def test_the_languages_of_the_sentences_are_named(eve: TestClient) -> None:
    page = eve.get("/console/sentences").text
    assert '<option value="en" selected>English</option>' in page
    assert '<option value="zh" >Chinese</option>' in page
    other = eve.get("/console/sentences?language=pt-BR").text
    assert '<option value="pt-BR" selected>pt-BR</option>' in other
    assert "/console/sentences/thanks/pt-BR" in other


def test_a_language_is_shown_and_typed_by_its_name_or_its_code(office: Office, eve: TestClient) -> None:
    assert 'value="English"' in eve.get("/console/articles/glossary").text
    assert 'name="language" value="English"' in eve.get("/console/articles/new").text
    eve.post("/console/articles/glossary", data={"term": "工单", "language": "chinese"})
    eve.post("/console/articles/glossary", data={"term": "fila", "language": "pt-BR"})
    assert [(one.name, one.language) for one in written(office, DraftKind.TERM)] == [("fila", "pt-BR"), ("工单", "zh")]
    eve.post("/console/articles/new", data={"title": "导入", "language": "Chinese", "article_id": "import"})
    eve.post("/console/articles/export-data/en/translate", data={"to": "Chinese"})
    assert {(one.name, one.language) for one in written(office, DraftKind.ARTICLE)} == {
        ("import", "zh"),
        ("export-data", "zh"),
    }


UNUSABLE = (
    ("confirmed", "Ticket {nummer} is closed.", "{nummer} cannot be filled in"),
    ("confirmed", "Ticket {number is closed.", "A brace"),
    ("helpful", "Yes, this was of very great help to me indeed, thank you so much for all of it!", "button"),
    ("thanks", " ", "Write the sentence"),
)


def test_a_sentence_that_could_not_be_said_is_refused_with_what_was_typed(office: Office, eve: TestClient) -> None:
    for key, text, words in UNUSABLE:
        response = eve.post(f"/console/sentences/{key}/en", data={"text": text, "revision": "0"})
        assert response.status_code == 422
        assert words in response.text
        assert text.strip() in response.text
    assert written(office, DraftKind.SENTENCE) == []


def test_there_are_no_pages_of_sentences_that_the_bot_never_says(eve: TestClient) -> None:
    assert eve.get("/console/sentences/nothing/en").status_code == 404
    assert eve.get("/console/sentences/thanks/not a language").status_code == 404
    assert eve.get("/console/sentences/thanks/fr").status_code == 200


def test_with_four_eyes_the_writer_cannot_approve_and_a_save_after_approval_needs_a_new_one(
    office: Office, eve: TestClient
) -> None:
    with transaction(office.database) as session:
        set_four_eyes(session, True, None, office.now)
    eve.post(SENTENCE, data={"text": "Any time!", "revision": "0"})
    sent = {"text": "Any time!", "revision": "1"}
    revision = re.findall(r'name="revision" value="(\d+)"', eve.get(SENTENCE).text)[0]
    sent["revision"] = revision
    assert "Another editor must approve it first" in eve.post(f"{SENTENCE}/publish", data=sent).text
    eve.post(f"{SENTENCE}/submit", data=sent | {"note": "shorter"})
    assert "Somebody else must approve it" in eve.post(f"{SENTENCE}/approve", data=sent).text
    zoe = office.browser("zoe", Role.EDITOR)
    assert "shorter" in zoe.get(SENTENCE).text
    assert zoe.post(f"{SENTENCE}/approve", data=sent).status_code == 303
    assert "Approved" in zoe.get(SENTENCE).text
    eve.post(SENTENCE, data=sent | {"text": "Whenever!"})
    assert written(office, DraftKind.SENTENCE)[0].approved_by is None


def test_what_is_typed_is_kept_by_whichever_button_is_pressed(office: Office, eve: TestClient) -> None:
    place = eve.post(f"{SENTENCE}/publish", data={"text": "Typed and published", "revision": "0"}).headers["location"]
    assert re.fullmatch(r"/console/publications/\d+", place)
    (draft,) = written(office, DraftKind.SENTENCE)
    assert draft.content == {"text": "Typed and published"}
    with reading(office.database) as session:
        assert session.exec(select(Publication)).one().drafts == [draft.id]


@pytest.mark.parametrize("deed", ["", "/submit"])
def test_a_form_with_nothing_but_its_revision_leaves_the_draft_as_it_is(
    office: Office, eve: TestClient, deed: str
) -> None:
    eve.post(INTENT, data=form(eve, INTENT) | {"leads_to": "escalate", "team": "billing", "urgent": "1"})
    eve.post(TERM, data=SEAT | {"also": "place", "revision": "0"})
    eve.post(SENTENCE, data={"text": "Any time!", "revision": "0"})
    kinds = {INTENT: DraftKind.INTENT, TERM: DraftKind.TERM, SENTENCE: DraftKind.SENTENCE}
    for address, kind in kinds.items():
        (before,) = written(office, kind)
        alone = {"revision": str(before.revision)} | (SEAT if kind is DraftKind.TERM else {})
        assert eve.post(f"{address}{deed}", data=alone).status_code == 303
        (after,) = written(office, kind)
        assert after.content == before.content


def test_what_is_taken_out_is_gone_after_publishing_and_can_be_brought_back(office: Office, eve: TestClient) -> None:
    eve.post(f"{INTENT}/remove", data={"revision": "0"})
    assert "Is taken out" in eve.get(INTENT).text
    publish(office)
    with reading(office.database) as session:
        assert session.exec(select(KbIntent)).first() is None
    page = eve.get(INTENT).text
    releases = re.findall(r'name="release" value="(\d+)"', page)
    assert eve.post(f"{INTENT}/restore", data={"release": releases[-1]}).headers["location"] == INTENT
    (draft,) = written(office, DraftKind.INTENT)
    assert draft.content["examples"] == {"en": ["cancel my plan"]}
    assert draft.origin.startswith("release:")


def test_the_history_of_a_term_shows_each_release_that_changed_it(office: Office, eve: TestClient) -> None:
    for also in ("licence\nplace", "licence\nplace\nchair"):
        revision = form(eve, f"{TERM}?term=Seat&language=en")["revision"][0]
        eve.post(TERM, data=SEAT | {"also": also, "revision": revision})
        publish(office)
        publish(office)
    page = eve.get(f"{TERM}?term=seat&language=en").text
    assert len(re.findall(r"<summary>Release \d+", page)) == 3
    (first, *_) = [int(one) for one in re.findall(r'name="release" value="(\d+)"', page)][::-1]
    eve.post(f"{TERM}/restore", data=SEAT | {"release": first})
    assert written(office, DraftKind.TERM)[0].content["also"] == ["licence"]
    assert "What the draft changes" in eve.get(f"{TERM}?term=Seat&language=en").text
    with reading(office.database) as session:
        assert session.exec(select(GlossaryRow)).one().data["also"] == ["licence", "place", "chair"]


def test_a_term_may_hold_any_characters(office: Office, eve: TestClient) -> None:
    odd = {"term": f"a/b ? & “{SCRIPT}”", "language": "en"}
    place = eve.post("/console/articles/glossary", data=odd).headers["location"]
    page = eve.get(place)
    assert page.status_code == 200
    assert SCRIPT not in page.text
    assert eve.post(TERM, data=odd | {"also": "x", "revision": "1"}).status_code == 303
    assert "x" in written(office, DraftKind.TERM)[0].content["also"]
    assert SCRIPT not in eve.get("/console/articles/glossary").text


def test_what_the_kb_changed_meanwhile_is_said_and_ones_own_can_count(office: Office, eve: TestClient) -> None:
    eve.post(TERM, data=SEAT | {"also": "place", "revision": "0"})
    with transaction(office.database) as session:
        folder = Folder(intents=(CANCEL,), glossary=(Term("Seat", ("desk",), "en"),))
        catalogue.apply_import(session, catalogue.plan_import(session, folder, "ours"), office.now)
    page = eve.get(f"{TERM}?term=Seat&language=en").text
    assert "The knowledge base was changed after this draft was begun" in page
    assert "desk" in page
    revision = re.findall(r'name="revision" value="(\d+)"', page)[0]
    eve.post(f"{TERM}/take-over", data=SEAT | {"also": "place\ndesk", "revision": revision})
    publish(office)
    with reading(office.database) as session:
        assert session.exec(select(GlossaryRow)).one().data["also"] == ["place", "desk"]


def test_viewers_read_and_do_not_write_in_either_language(office: Office, eve: TestClient) -> None:
    vic = office.browser("vic", Role.VIEWER, "zh")
    for path in (INTENT, SENTENCE, f"{TERM}?term=Seat&language=en", "/console/intents"):
        page = vic.get(path)
        assert page.status_code == 200
        assert "formaction" not in page.text
        assert vic.post(path, data={"text": "x", "name": "x", "revision": "0", **SEAT}).status_code == 403


def test_the_list_of_drafts_leads_to_where_each_kind_is_written(office: Office, eve: TestClient) -> None:
    eve.post(SENTENCE, data={"text": "Any time!", "revision": "0"})
    eve.post(TERM, data=SEAT | {"also": "place", "revision": "0"})
    eve.post(f"{INTENT}/remove", data={"revision": "0"})
    for kind, place in (
        (DraftKind.SENTENCE, SENTENCE),
        (DraftKind.TERM, f"{TERM}?term=Seat&language=en"),
        (DraftKind.INTENT, INTENT),
    ):
        (draft,) = written(office, kind)
        reached = eve.get(f"/console/drafts/{draft.id}", follow_redirects=True)
        assert str(reached.url).removeprefix("http://testserver") == place
