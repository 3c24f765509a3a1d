"""Editors bring articles in at the console: files of many kinds and web pages, looked at first, and back out again."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from console_fixtures import ARTICLES, Office, an_office
from http_house import live
from sqlmodel import col, select
from starlette.testclient import TestClient

from bot.learning.importing import jobs
from bot.learning.importing.wishes import Wish
from handoff.models import Role
from kb_content.articles import Article
from kb_content.catalogue import SAMPLE, apply_import, articles_overview, plan_import, start_release
from kb_content.folder import Folder
from kb_content.models import ArticleVersion, KbArticle
from kb_content.passages import split
from kb_content.releases import keep_fit
from kb_content.rollouts import stage
from kb_content.studio.four_eyes import set_four_eyes
from kb_content.studio.models import ImportState, KbImport
from kb_content.versions import article_from, new_version
from store import reading, transaction
from store.leases import acquire
from store.models import Audit

office = an_office
HERE = "/console/articles/import"
ARTICLE = "---\nid: refunds\ntitle: Get a refund\n---\nWrite to billing within {days} days.\n"
FAQ = "Nr;Was;Wie\n1;Kennwort;Seite öffnen\n2;Sprache;Einstellungen öffnen\n"


@pytest.fixture
def editor(office: Office) -> TestClient:
    office.publish()
    return office.browser("edith", Role.EDITOR)


def brought(browser: TestClient, name: str, content: str | bytes, **form: str) -> tuple[str, str]:
    """The address of the import's page, and what it says once it is read."""
    body = content.encode() if isinstance(content, str) else content
    response = browser.post(HERE, files={"upload": (name, body)}, data=form)
    assert response.status_code == 303, html.unescape(response.text)
    return response.headers["location"], seen(browser, response.headers["location"])


def seen(browser: TestClient, address: str) -> str:
    while "It is being read" in (page := html.unescape(browser.get(address).text)):
        continue
    return page


def open_titles(office: Office) -> dict[str, str]:
    with reading(office.database) as session:
        return {line.article_id: line.title for line in articles_overview(session) if line.archived_at is None}


def edit_here(office: Office, article_id: str, title: str) -> None:
    """What publishing a draft leaves."""
    with transaction(office.database) as session:
        query = select(KbArticle, ArticleVersion).where(KbArticle.id == ArticleVersion.kb_article_id)
        row, version = session.exec(
            query.where(KbArticle.article_id == article_id, KbArticle.current == ArticleVersion.number)
        ).one()
        article: Article = replace(article_from(row, version), title=title)
        session.add(new_version(row, article, split(article, 0), office.now))
        row.current = row.newest


def test_the_columns_of_a_table_are_named_on_its_page(office: Office, editor: TestClient) -> None:
    address, page = brought(editor, "faq.csv", FAQ)
    assert "Say which column holds what, then look again." in page
    assert "Was – Kennwort" in page
    assert "Take over and publish" not in page
    chosen = {"column_title": "Was", "column_body": "Wie", "column_id": "Nr", "language": "de", "category": "konto"}
    assert editor.post(f"{address}/read", data=chosen).headers["location"] == address
    page = seen(editor, address)
    assert "2 new, 0 changed, 0 archived" in page
    assert '<option value="Was" selected>' in page
    assert editor.post(f"{address}/publish").status_code == 303
    assert {"Kennwort", "Sprache"} <= set(open_titles(office).values())
    with reading(office.database) as session:
        line = next(line for line in articles_overview(session) if line.title == "Kennwort")
    assert (line.language, line.category, line.source) == ("de", "konto", "upload: faq.csv")


def offered(browser: TestClient) -> list[str]:
    """The ways that the page has to let other articles go, as the browser shows them at first."""
    return re.findall(r'<input type="(?:checkbox|radio)" name="replace"[^>]*>', browser.get(HERE).text)


def test_nothing_says_that_the_sample_goes_before_somebody_does(office: Office) -> None:
    office.publish(source=SAMPLE)
    page = office.browser("edith", Role.EDITOR)
    ways = offered(page)
    assert [re.findall('value="([a-z]+)"', way) for way in ways] == [["true"], ["false"]] * 2, "for files and the web"
    assert all("required" in way and "checked" not in way for way in ways), "it is asked"
    assert "Leave them: customers are answered from them, too" in page.get(HERE).text
    _, looked = brought(page, "refunds.md", ARTICLE.format(days=30), replace="false")
    assert "1 new, 0 changed, 0 archived" in looked
    _, looked = brought(page, "refunds.md", ARTICLE.format(days=30), replace="true")
    assert "1 new, 0 changed, 3 archived" in looked


def test_beside_own_articles_it_is_not_said_that_only_the_sample_goes(office: Office) -> None:
    office.publish(source=SAMPLE)
    office.publish((Article("own", "en", "Our own", "Our own words of it."),), source="ours")
    page = office.browser("edith", Role.EDITOR)
    assert "Archive all other articles, those of the sample, too" in page.get(HERE).text
    assert "It is the sample" not in page.get(HERE).text
    assert not any("checked" in way or "radio" in way for way in offered(page))


def test_what_both_changed_is_ticked_one_by_one(office: Office, editor: TestClient) -> None:
    address, _ = brought(editor, "refunds.md", ARTICLE.format(days=30))
    editor.post(f"{address}/publish")
    edit_here(office, "refunds", "Money back")
    address, page = brought(editor, "refunds.md", ARTICLE.format(days=60))
    assert "1 changed both here and in the files" in page
    assert '<input type="checkbox" form="take-over" name="theirs" value="refunds (en)">' in page
    editor.post(f"{address}/publish")
    assert open_titles(office)["refunds"] == "Money back", "nothing was ticked"
    address, _ = brought(editor, "refunds.md", ARTICLE.format(days=60))
    editor.post(f"{address}/publish", data={"theirs": "refunds (en)"})
    assert open_titles(office)["refunds"] == "Get a refund"


def test_what_was_changed_here_alone_stays_and_is_named(office: Office, editor: TestClient) -> None:
    address, _ = brought(editor, "refunds.md", ARTICLE.format(days=30))
    editor.post(f"{address}/publish")
    edit_here(office, "refunds", "Money back")
    _, page = brought(editor, "refunds.md", ARTICLE.format(days=30))
    assert "1 changed here and not in the files, and left as here" in page


@pytest.mark.long
def test_an_article_that_is_there_under_another_name_can_be_left_out(office: Office, editor: TestClient) -> None:
    text = "---\nid: log-in\ntitle: Sign in\nlanguage: en\n---\nOpen the page and type your address.\n"
    more = "---\nid: printer\ntitle: Connect a printer\nlanguage: en\n---\nPlug the cable in.\n"
    office.product.live = live(office.database, "http://desk.example")
    uploads = [("upload", ("log-in.md", text.encode())), ("upload", ("printer.md", more.encode()))]
    response = editor.post(HERE, files=uploads)
    address = response.headers["location"]
    while "Looking for articles that say the same" in (page := seen(editor, address)):
        continue
    assert "1 article says what another article says" in page
    assert "1 of 1 passage says what sign-in (en) says" in page
    assert "English: 2 articles, 2 passages" in page
    editor.post(f"{address}/publish", data={"left_out": "log-in (en)"})
    assert "printer" in open_titles(office)
    assert "log-in" not in open_titles(office)


def test_an_import_is_taken_back_with_one_button(office: Office, editor: TestClient) -> None:
    before = open_titles(office)
    address, _ = brought(editor, "refunds.md", ARTICLE.format(days=30), replace="true")
    editor.post(f"{address}/publish")
    assert open_titles(office) == {"refunds": "Get a refund"}
    page = html.unescape(editor.get(HERE).text)
    assert "Undo the import of refunds.md" in page
    assert "It was taken over." in html.unescape(editor.get(address).text)
    assert editor.post(f"{address}/undo").status_code == 303
    assert open_titles(office) == before
    page = html.unescape(editor.get(HERE).text)
    assert "is being built" in page
    assert re.search(r"undone</span> <span[^>]*>edith", page)
    again = editor.post(f"{address}/undo")
    assert again.status_code == 422
    assert "undone already" in html.unescape(again.text)
    with reading(office.database) as session:
        assert session.exec(select(Audit).where(Audit.action == "kb.import.undone")).one().actor == "edith"


def test_what_was_built_on_is_not_taken_back_and_is_named(office: Office, editor: TestClient) -> None:
    address, _ = brought(editor, "refunds.md", ARTICLE.format(days=30))
    editor.post(f"{address}/publish")
    edit_here(office, "refunds", "Money back")
    refused = editor.post(f"{address}/undo")
    assert refused.status_code == 422
    page = html.unescape(refused.text)
    assert "refunds (en) changed since" in page
    assert '<a href="/console/articles/refunds/en" dir="auto">refunds</a>' in page
    assert f'action="{address}/undo"' in page, "once it is changed back, the button is there"
    assert open_titles(office)["refunds"] == "Money back"


def test_an_import_from_the_command_line_has_a_page_and_an_undo(office: Office, editor: TestClient) -> None:
    page = html.unescape(editor.get(HERE).text)
    address = re.search(rf'href="({HERE}/\d+)" dir="auto">tests</a>', page)
    assert address is not None
    assert "3 new, 0 changed, 0 archived" in page
    edit_here(office, "export-data", "Get a CSV")
    assert "It was taken over." in html.unescape(editor.get(address[1]).text)
    assert "/console/articles/export-data/en" in html.unescape(editor.post(f"{address[1]}/undo").text)


def test_what_an_import_says_is_read_beside_what_is_there_before_it_is_taken_over(
    office: Office, editor: TestClient
) -> None:
    address, _ = brought(editor, "refunds.md", ARTICLE.format(days=30))
    editor.post(f"{address}/publish")
    address, page = brought(editor, "refunds.md", ARTICLE.format(days=60))
    assert f'href="{address}/articles/refunds/en"' in page
    page = html.unescape(editor.get(f"{address}/articles/refunds/en").text)
    assert "<del>30</del><ins>60</ins>" in page
    assert editor.get(f"{address}/articles/other/en").status_code == 404


@pytest.fixture
def four_eyes(office: Office) -> None:
    with transaction(office.database) as session:
        set_four_eyes(session, True, None, office.now)


@pytest.mark.usefixtures("four_eyes")
def test_with_a_second_pair_of_eyes_nobody_takes_over_what_they_brought_in(office: Office, editor: TestClient) -> None:
    address, page = brought(editor, "refunds.md", ARTICLE.format(days=30))
    assert "Submit for review" in page
    assert "Take over and publish" not in page
    refused = editor.post(f"{address}/publish")
    assert refused.status_code == 422
    assert "Another editor must approve it first" in html.unescape(refused.text)
    editor.post(f"{address}/submit")
    assert "Somebody else must approve it" in html.unescape(editor.get(address).text)
    assert editor.post(f"{address}/publish").status_code == 422
    assert "refunds" not in open_titles(office)
    other = office.browser("otto", Role.EDITOR)
    assert f'href="{address}"' in other.get("/console/drafts").text
    assert "edith submitted it" in html.unescape(other.get(address).text)
    assert other.post(f"{address}/publish").status_code == 303
    assert open_titles(office)["refunds"] == "Get a refund"
    with reading(office.database) as session:
        entries = session.exec(select(Audit).where(col(Audit.action).startswith("kb.import."))).all()
    assert [(one.action, one.actor) for one in entries] == [
        ("kb.import.submit", "edith"),
        ("kb.import.approve", "otto"),
    ]


@pytest.mark.usefixtures("four_eyes")
def test_what_is_approved_is_what_was_submitted(office: Office, editor: TestClient) -> None:
    address, _ = brought(editor, "refunds.md", ARTICLE.format(days=30))
    editor.post(f"{address}/submit", data={"left_out": "refunds (en)"})
    other = office.browser("otto", Role.EDITOR)
    other.post(f"{address}/publish", data={"left_out": ""})
    assert "refunds" not in open_titles(office)


@pytest.mark.usefixtures("four_eyes")
def test_who_reads_it_anew_must_not_approve_it_either(office: Office, editor: TestClient) -> None:
    address, _ = brought(editor, "faq.csv", FAQ)
    chosen = {"column_title": "Was", "column_body": "Wie", "language": "de"}
    other = office.browser("otto", Role.EDITOR)
    other.post(f"{address}/read", data=chosen)
    seen(other, address)
    editor.post(f"{address}/submit")
    assert "Somebody else must approve it" in html.unescape(other.get(address).text)
    assert other.post(f"{address}/publish").status_code == 422
    other.post(f"{address}/read", data=chosen)
    assert "Submit for review" in seen(editor, address), "what is read anew is submitted anew"


@pytest.mark.usefixtures("four_eyes")
def test_an_import_is_sent_back_with_a_note_and_taken_back_by_its_own(office: Office, editor: TestClient) -> None:
    address, _ = brought(editor, "refunds.md", ARTICLE.format(days=30))
    editor.post(f"{address}/submit")
    other = office.browser("otto", Role.EDITOR)
    other.post(f"{address}/send-back", data={"note": "It is 60 days."})
    page = html.unescape(editor.get(address).text)
    assert "otto sent it back" in page
    assert "It is 60 days." in page
    assert address not in other.get("/console/drafts").text
    editor.post(f"{address}/submit")
    editor.post(f"{address}/send-back")
    assert "sent it back" not in html.unescape(editor.get(address).text)
    assert "It waits for nobody" in html.unescape(other.post(f"{address}/send-back").text)


def test_an_import_beside_a_rollout_says_that_it_ends_it(office: Office, editor: TestClient) -> None:
    address, page = brought(editor, "refunds.md", ARTICLE.format(days=30))
    assert "is being rolled out" not in page
    with transaction(office.database) as session:
        staged = start_release(session, office.now)
        keep_fit(session, staged, b"", 0.5, {})
        stage(session, staged, 10, (), None, office.now)
    page = html.unescape(editor.get(address).text)
    assert (
        f"Release {staged} is being rolled out. What you publish here goes to everybody and ends that rollout" in page
    )


def test_sums_and_doers_are_said_in_the_editors_language(office: Office) -> None:
    with transaction(office.database) as session:
        apply_import(session, plan_import(session, Folder(articles=ARTICLES), "sample"), office.now, "start")
    page = html.unescape(office.browser("mei", Role.EDITOR, language="zh").get(HERE).text)
    assert "新增 3，修改 0，归档 0，不变 0" in page
    assert "首次启动时" in page
    assert "articles: 3 added" not in page


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://169.254.169.254/latest/meta-data/", "169.254.169.254 leads into an internal network"),
        ("http://127.0.0.1:9/", "FIRSTLINE_IMPORT_NETWORKS"),
        ("file:///etc/passwd", "This is no web address"),
    ],
)
def test_addresses_of_inner_networks_are_refused_in_a_sentence(editor: TestClient, url: str, words: str) -> None:
    refused = editor.post(HERE, data={"url": url})
    assert refused.status_code == 422
    assert words in html.unescape(refused.text)


def test_what_is_wrong_is_said_in_the_editors_language(office: Office) -> None:
    office.publish()
    page = office.browser("mei", Role.EDITOR, language="zh").post(HERE, data={"url": "file:///etc/passwd"})
    assert "这不是网址" in page.text


def test_a_table_whose_columns_are_gone_says_so_on_its_page(editor: TestClient) -> None:
    address, _ = brought(editor, "faq.csv", FAQ)
    editor.post(f"{address}/read", data={"column_title": "Wo", "column_body": "Wie"})
    page = seen(editor, address)
    assert "There is no column 'Wo' in the file" in page


def test_reading_that_was_cut_off_can_be_begun_again(office: Office, editor: TestClient) -> None:
    with transaction(office.database) as session:
        import_id = jobs.ask(session, Wish("x", url="http://127.0.0.1/"), "edith", office.now)
        session.get_one(KbImport, import_id).state = ImportState.READING
    page = html.unescape(editor.get(f"{HERE}/{import_id}").text)
    assert "Reading was cut off" in page
    assert editor.post(f"{HERE}/{import_id}/publish").status_code == 422
    editor.post(f"{HERE}/{import_id}/read")
    assert "leads into an internal network" in seen(editor, f"{HERE}/{import_id}")


def test_what_another_server_is_reading_is_not_begun_twice(office: Office, editor: TestClient) -> None:
    from datetime import UTC, datetime

    with transaction(office.database) as session:
        import_id = jobs.ask(session, Wish("x", url="http://127.0.0.1/"), "edith", office.now)
        acquire(session, jobs.lease_of(import_id), "elsewhere", datetime.now(UTC), timedelta(hours=1))
    editor.post(f"{HERE}/{import_id}/read")
    assert "It is being read" in html.unescape(editor.get(f"{HERE}/{import_id}").text)


def test_agents_bring_nothing_in(office: Office) -> None:
    agent = office.browser("ann", Role.AGENT)
    assert agent.get(HERE).status_code == 403
    assert agent.post(f"{HERE}/1/publish").status_code == 403
    assert agent.post(f"{HERE}/1/undo").status_code == 403
