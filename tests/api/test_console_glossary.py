"""The list of terms with customers' other words for them; how they are written, see test_console_entries."""

from __future__ import annotations

import re

from console_fixtures import SCRIPT, Office, an_office

from handoff.models import Role
from kb_content import catalogue
from kb_content.articles import Term
from kb_content.folder import Folder
from store import transaction

office = an_office
TERMS = (
    Term("workspace", ("team space", SCRIPT), "en", "Where a team works."),
    Term("工作区", ("团队空间",), "zh"),
    Term("Seat", (), "en"),
)


def bring(office: Office, *terms: Term) -> None:
    with transaction(office.database) as session:
        catalogue.apply_import(session, catalogue.plan_import(session, Folder(glossary=terms), "ours"), office.now)


def test_the_glossary_is_listed_by_language_and_term_with_where_it_came_from(office: Office) -> None:
    bring(office, *TERMS)
    page = office.browser("bob").get("/console/articles/glossary").text
    assert re.findall(r'<th scope="row" lang="[^"]+"><a class="row" href="[^"]+">([^<]*)</a>', page) == [
        "Seat",
        "workspace",
        "工作区",
    ]
    cells = re.findall(r'<td data-label="([^"]+)"[^>]*>([^<]*)</td>', page)
    assert cells[:4] == [("Other words", "–"), ("Language", "English"), ("Meaning", "–"), ("Source", "ours")]
    assert SCRIPT not in page
    assert "team space · &lt;script&gt;" in page


def test_the_list_of_articles_leads_to_it_in_the_readers_language(office: Office) -> None:
    bring(office, *TERMS)
    eve = office.browser("eve", Role.VIEWER, "zh")
    assert re.search(r'href="/console/articles/glossary" *>术语表<', eve.get("/console/articles").text)
    assert "其他叫法" in eve.get("/console/articles/glossary").text


def test_without_terms_it_says_how_to_begin(office: Office) -> None:
    assert "Write one above, or a glossary.yml" in office.browser("bob").get("/console/articles/glossary").text
