"""Gold questions in the console: written, kept from confirmed answers, brought in by a file, listed and exported."""

from __future__ import annotations

import json
import re

import pytest
from answered import Archive
from console_fixtures import ARTICLES, SCRIPT, Office, an_office
from sqlmodel import select
from starlette.testclient import TestClient

from handoff.models import Role
from kb_content import catalogue
from kb_content.articles import Article, GoldQuestion
from kb_content.folder import Folder
from kb_content.gold import GoldLine, gold_lines
from store import reading, transaction
from store.models import Audit

office = an_office
PAGE = "/console/gold"


@pytest.fixture
def eve(office: Office) -> TestClient:
    office.publish()
    return office.browser("eve", Role.EDITOR)


@pytest.fixture
def archive(office: Office, eve: TestClient) -> Archive:
    return Archive(office.database)


def kept(office: Office) -> list[GoldLine]:
    with reading(office.database) as session:
        return gold_lines(session)


def texts(office: Office) -> set[str]:
    return {line.question.text for line in kept(office)}


def write(browser: TestClient, text: str, *expect: str, **more: str) -> int:
    return browser.post(f"{PAGE}/new", data={"text": text, "expect": list(expect), **more}).status_code


def test_a_question_written_by_hand_is_in_the_next_release(office: Office, eve: TestClient) -> None:
    assert write(eve, "lost my password", "Reset a forgotten password (reset-password)") == 303
    assert write(eve, "how do I fly to the moon", none="1") == 303
    page = eve.get(PAGE).text
    assert "lost my password" in page
    assert "no answer in the knowledge base" in page
    with transaction(office.database) as session:
        release = catalogue.start_release(session, office.now)
        frozen = catalogue.contents(session, release).gold
    assert [(one.text, one.language, one.expect) for one in frozen] == [
        ("lost my password", "en", ("reset-password",)),
        ("how do I fly to the moon", "en", ()),
    ]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("wo ist mein Ausweis", "de"),
        ("lost my password", "en"),
        ("忘记密码了怎么办", "zh"),
        ("¿dónde está mi tarjeta?", "en"),
    ],
    ids=["German", "English", "Chinese", "of no language of the articles"],
)
def test_a_question_without_a_language_gets_that_of_its_words_where_the_articles_speak_it(
    office: Office, eve: TestClient, text: str, language: str
) -> None:
    office.publish((Article("ausweis", "de", "Ausweis verlängern", "Ein Ausweis gilt ein Jahr."), *ARTICLES))
    assert write(eve, text, none="1") == 303
    assert [line.question.language for line in kept(office)] == [language]
    lines = json.dumps({"text": text, "expect": []})
    for name, content in (("questions.csv", f"question,article\n{text},\n"), ("questions.jsonl", lines)):
        page = eve.post(f"{PAGE}/files", files={"upload": (name, content.encode())}).text
        assert "0 new, 0 with another right article, 1 are there already" in page, "the same question in a file"


REFUSED: tuple[tuple[dict[str, object], str], ...] = (
    ({"text": " ", "expect": ["export-data"]}, "needs words"),
    ({"text": "?!", "expect": ["export-data"]}, "needs words"),
    ({"text": "no article named"}, "Say what the right answer is"),
    ({"text": "both", "expect": ["export-data"], "none": "1"}, "Say what the right answer is"),
    ({"text": "a typo", "expect": ["exprt-data"]}, "has no article “exprt-data”"),
)


def test_what_is_no_gold_question_is_refused_and_stays_in_the_form(office: Office, eve: TestClient) -> None:
    for data, words in REFUSED:
        response = eve.post(f"{PAGE}/new", data=data)
        assert response.status_code == 422
        assert words in response.text
        assert str(data["text"]).strip() in response.text
    assert kept(office) == []


def test_the_same_question_twice_is_refused_whatever_its_dots_and_case(office: Office, eve: TestClient) -> None:
    write(eve, "How do I export?", "export-data")
    assert write(eve, "how do i EXPORT", "reset-password") == 422
    assert write(eve, "how do i EXPORT", "reset-password", language="zh") == 303
    assert len(kept(office)) == 2


def test_a_question_is_changed_in_its_place_and_keeps_what_its_file_said(office: Office, eve: TestClient) -> None:
    question = GoldQuestion("old words", "en", ("export-data",), {"note": "from a customer"})
    with transaction(office.database) as session:
        plan = catalogue.plan_import(session, Folder(gold=(question,)), "folder")
        catalogue.apply_import(session, plan, office.now)
    (line,) = kept(office)
    form = eve.get(f"{PAGE}/{line.id}").text
    assert "old words" in form
    assert "Export your data (export-data)" in form
    eve.post(f"{PAGE}/{line.id}", data={"text": "new words", "language": "en", "expect": ["reset-password"]})
    (line,) = kept(office)
    assert (line.question.text, line.question.expect, line.source) == ("new words", ("reset-password",), "folder")
    assert line.question.extra == {"note": "from a customer"}


def test_what_is_deleted_is_gone_and_who_did_it_is_audited_without_the_words(office: Office, eve: TestClient) -> None:
    write(eve, "secret words of a customer", "export-data")
    write(eve, "another", "export-data")
    ids = {line.question.text: line.id for line in kept(office)}
    eve.post(f"{PAGE}/remove", data={"ids": [ids["secret words of a customer"]]})
    assert texts(office) == {"another"}
    assert eve.get(f"{PAGE}/{ids['secret words of a customer']}").status_code == 404
    with reading(office.database) as session:
        entries = session.exec(select(Audit).where(Audit.kind == "gold_question")).all()
    assert [(entry.action, entry.actor) for entry in entries] == [
        ("kb.gold.added", "eve"),
        ("kb.gold.added", "eve"),
        ("kb.gold.removed", "eve"),
    ]
    assert not any("secret" in json.dumps(entry.detail) for entry in entries)


def test_the_list_is_narrowed_by_language_article_origin_and_words(office: Office, eve: TestClient) -> None:
    write(eve, "export please", "export-data")
    write(eve, "忘记密码了怎么办", "reset-password")
    write(eve, "moon flights", none="1")
    for query, found in (
        ("language=zh", {"忘记密码了怎么办"}),
        ("article=export-data", {"export please"}),
        ("article=-", {"moon flights"}),
        ("words=MOON", {"moon flights"}),
        ("source=answers", set()),
        ("source=console", {"export please", "忘记密码了怎么办", "moon flights"}),
    ):
        page = eve.get(f"{PAGE}?{query}").text
        assert set(re.findall(r'<a class="row" href="[^"]+">([^<]+)</a>', page)) == found, query


def test_a_confirmed_answer_becomes_a_gold_question_with_one_click(office: Office, archive: Archive) -> None:
    said = archive.answered(question="Hi, my mail is ada@example.com and I forgot my password, what now?")
    archive.thumb(said, is_helpful=True)
    ivy = office.browser("ivy", Role.ADMIN)
    place = "/console/conversations/1"
    assert "Keep as a gold question" in ivy.get(place).text
    response = ivy.post(f"{PAGE}/from-answer/{said}")
    assert response.headers["location"] == f"{place}#m{said}"
    (line,) = kept(office)
    assert line.question.expect == ("reset-password",)
    assert "forgot my password" in line.question.text
    assert "ada@example.com" not in line.question.text
    page = ivy.get(place).text
    assert "Keep as a gold question" not in page
    assert f"{PAGE}/{line.id}" in page
    ivy.post(f"{PAGE}/from-answer/{said}")
    assert len(kept(office)) == 1


def test_of_a_wrong_answer_the_article_that_would_have_been_right_is_kept(office: Office, archive: Archive) -> None:
    ivy = office.browser("ivy", Role.ADMIN)
    wrong = archive.answered(question="how do I get my figures out of here")
    archive.found(wrong, False, "export-data")
    none = archive.answered(question="how do I fly to the moon with you")
    archive.found(none, False, "")
    for said in (wrong, none):
        assert ivy.post(f"{PAGE}/from-answer/{said}").status_code == 303
    assert {line.question.text: line.question.expect for line in kept(office)} == {
        "how do I get my figures out of here": ("export-data",),
        "how do I fly to the moon with you": (),
    }


def test_an_answer_that_nobody_confirmed_is_not_kept(office: Office, archive: Archive) -> None:
    ivy = office.browser("ivy", Role.ADMIN)
    archive.answered()
    archive.found(archive.answered(), False)
    for conversation in (1, 2):
        page = ivy.get(f"/console/conversations/{conversation}").text
        assert "Keep as a gold question" not in page
        (said,) = re.findall(r"/console/messages/(\d+)/audit\"", page)[:1]
        response = ivy.post(f"{PAGE}/from-answer/{said}")
        assert response.status_code in (409, 422)
        assert "Nobody has confirmed this answer yet" in response.text


def test_a_question_that_goes_on_from_another_or_says_nothing_alone_is_not_kept(
    office: Office, archive: Archive
) -> None:
    ivy = office.browser("ivy", Role.ADMIN)
    for said, words in (
        (archive.answered(question="and on a phone too?", before="reset"), "goes on from what was said"),
        (archive.answered(question="ada@example.com 4711 0815 4242"), "Too little is left"),
        (archive.answered(article="gone", question="what about the article that is gone"), "not in the knowledge base"),
    ):
        archive.thumb(said, is_helpful=True)
        assert words in ivy.post(f"{PAGE}/from-answer/{said}").text
    assert kept(office) == []


def test_confirmed_answers_are_suggested_until_they_are_kept(office: Office, eve: TestClient, archive: Archive) -> None:
    for question in ("I forgot my password again", "no way in since yesterday", "where is my csv file"):
        article = "export-data" if "csv" in question else "reset-password"
        archive.thumb(archive.answered(article, question), is_helpful=True)
    archive.answered(question="nobody said a word about this one")
    write(eve, "I forgot my password, again!", "reset-password")
    page = eve.get(PAGE).text
    found = re.findall(r'name="ids" value="(\d+)"> ([^<]+)</label>', page)
    assert [text for _, text in found] == ["where is my csv file", "no way in since yesterday"]
    response = eve.post(f"{PAGE}/collect", data={"ids": [value for value, _ in found]})
    assert "Kept: 2" in eve.get(response.headers["location"]).text
    assert {line.question.text for line in kept(office) if line.source == "answers"} == {text for _, text in found}


def test_a_file_is_looked_at_before_it_changes_anything(office: Office, eve: TestClient) -> None:
    write(eve, "already here", "export-data")
    write(eve, "right elsewhere", "export-data")
    lines = [
        {"text": "brand new", "language": "en", "expect": ["reset-password"]},
        {"text": "Already here!", "language": "en", "expect": ["export-data"]},
        {"text": "right elsewhere", "language": "en", "expect": ["reset-password"]},
        {"text": "of no article", "language": "en", "expect": ["nowhere"]},
    ]
    content = "\n".join(map(json.dumps, lines)) + "\nnot json\n"
    page = eve.post(f"{PAGE}/files", files={"upload": ("mine.jsonl", content.encode())}).text
    assert "1 new, 1 with another right article, 1 are there already, 1 left out" in page
    assert "mine.jsonl:5: the line is not JSON" in page
    assert texts(office) == {"already here", "right elsewhere"}
    upload = re.findall(r'name="upload_id" value="(\d+)"', page)[0]
    eve.post(f"{PAGE}/files/do", data={"upload_id": upload})
    assert {line.question.text: line.question.expect[0] for line in kept(office)} == {
        "already here": "export-data",
        "right elsewhere": "reset-password",
        "brand new": "reset-password",
    }


def test_a_table_is_read_by_the_names_of_its_columns(office: Office, eve: TestClient) -> None:
    rows = [["Lang", "Question", "Article"], ["en", "two of them", "reset-password export-data"], ["", "忘记密码", ""]]
    for delimiter in ",;\t":
        content = "\ufeff" + "\r\n".join(delimiter.join(row) for row in rows)
        page = eve.post(f"{PAGE}/files", files={"upload": ("table.csv", content.encode())}).text
        assert "2 new, 0 with another right article" in page
    upload = re.findall(r'name="upload_id" value="(\d+)"', page)[0]
    eve.post(f"{PAGE}/files/do", data={"upload_id": upload})
    assert {(one.question.language, one.question.text, one.question.expect) for one in kept(office)} == {
        ("en", "two of them", ("reset-password", "export-data")),
        ("zh", "忘记密码", ()),
    }


def test_a_table_without_names_is_refused_in_words(office: Office, eve: TestClient) -> None:
    page = eve.post(f"{PAGE}/files", files={"upload": ("table.csv", b"hello,en,reset-password\n")}).text
    assert "the first line must name the columns" in page
    assert "Take these over" not in page
    assert eve.post(f"{PAGE}/files", files={"upload": ("none.csv", b"")}).status_code == 422


def test_what_is_exported_can_be_imported_again_and_changes_nothing(office: Office, eve: TestClient) -> None:
    write(eve, f"words “and” {SCRIPT}", "export-data")
    write(eve, "忘记密码了", none="1")
    response = eve.get(f"{PAGE}/files/export")
    assert "attachment" in response.headers["content-disposition"]
    assert [json.loads(line)["text"] for line in response.text.splitlines()] == [f"words “and” {SCRIPT}", "忘记密码了"]
    page = eve.post(f"{PAGE}/files", files={"upload": ("again.jsonl", response.content)}).text
    assert "Nothing in it is new." in page
    assert SCRIPT not in eve.get(PAGE).text


def test_agents_read_gold_questions_and_do_not_write_them(office: Office, archive: Archive) -> None:
    said = archive.answered()
    archive.thumb(said, is_helpful=True)
    bob = office.browser("bob the agent", Role.AGENT)
    page = bob.get(PAGE)
    assert page.status_code == 200
    assert "Write a gold question" not in page.text
    assert "Keep as a gold question" not in bob.get("/console/conversations/1").text
    assert write(bob, "mine", "export-data") == 403
    assert bob.post(f"{PAGE}/from-answer/{said}").status_code == 403
    assert kept(office) == []


def test_of_a_ticket_the_way_back_leads_to_the_ticket(office: Office, archive: Archive) -> None:
    suggestion, number = archive.suggested(question="there is no way in for me"), 1
    archive.decides(suggestion, "send")
    ivy = office.browser("ivy", Role.ADMIN)
    page = ivy.get(f"/console/tickets/{number}").text
    (said,) = re.findall(r"/console/gold/from-answer/(\d+)", page)
    response = ivy.post(f"{PAGE}/from-answer/{said}")
    assert response.headers["location"] == f"/console/tickets/{number}#m{said}"
    assert texts(office) == {"there is no way in for me"}
