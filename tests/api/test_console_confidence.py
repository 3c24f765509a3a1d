"""The page that says how sure the bot must be and whether it can be believed, and the warning where it cannot."""

from __future__ import annotations

import re
from typing import Any

import pytest
from browsing import BUT_COLOURS, in_each_look, serious
from console_fixtures import ARTICLES, Office, an_office, served, signed_in
from playwright.sync_api import Page

from api.console.charts import coverage_chart, reliability_chart, thinned
from bot.learning.live_figures import LiveFigures, figures_from
from handoff.models import Role
from kb_content import catalogue
from kb_content.folder import Folder
from store import transaction

office = an_office

SLICE: dict[str, Any] = {
    "questions": 400,
    "answerable": 280,
    "precision": 0.964,
    "coverage": 0.62,
    "hit@1": 0.88,
    "ece": 0.031,
    "reliability": [[n / 10 + 0.05, min(1.0, n / 9), 40] for n in range(10)],
    "curve": [[1 - n / 100, 1 - n * n / 30_000, n / 110] for n in range(1, 100)],
}
KEPT: dict[str, Any] = {
    **SLICE,
    "target": 0.95,
    "assumed_unanswerable": 0.3,
    "languages": {"en": {**SLICE, "questions": 300}, "zh": {**SLICE, "questions": 100, "precision": None}},
    "gold": {"questions": 60, "precision": 0.9, "coverage": 0.5},
    "topics": {"billing": {"questions": 40, "precision": 0.9, "coverage": 0.5, "hit@1": 0.7}, "<b>": {"questions": 3}},
}


def publish(office: Office, threshold: float | None, kept: dict[str, Any]) -> None:
    with transaction(office.database) as session:
        plan = catalogue.plan_import(session, Folder(articles=ARTICLES), "tests")
        catalogue.apply_import(session, plan, office.now)
        catalogue.publish(session, catalogue.start_release(session, office.now), None, threshold, kept, office.now)


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AGENT, Role.EDITOR, Role.ADMIN])
def test_everybody_who_reads_articles_may_see_what_the_threshold_buys(office: Office, role: Role) -> None:
    publish(office, 0.812, KEPT)
    text = words(office.browser("bob", role).get("/console/confidence").text)
    assert "From 81 % confidence on the bot answers by itself. Of these answers 96.4 % were right, and 62 %" in text
    assert "Target precision 95 % Assumed share of questions without an answer 30 % Answers from 81.2 %" in text
    assert "English 300 88 % 96.4 % 62 % Chinese 100 88 % – 62 %" in text
    assert "Gold questions and outcomes 60 – 90.0 % 50 %" in text
    assert "billing 40 70 % 90.0 % 50 %" in text
    assert "&lt;b&gt;" in text


def test_the_pictures_have_words_for_who_cannot_see_them_and_their_numbers_as_tables(office: Office) -> None:
    publish(office, 0.812, KEPT)
    page = office.browser("bob").get("/console/confidence").text
    assert page.count('role="img"') == 2
    for named in re.findall(r'aria-labelledby="([^"]+)"', page):
        for one in named.split():
            assert f'id="{one}"' in page
    text = words(page)
    assert "The numbers of both pictures" in text
    assert "5.0 % 0.0 % 40 15.0 % 11.1 % 40" in text
    assert "style=" not in page
    assert "<script>" not in page


@pytest.mark.parametrize(
    ("language", "said", "to_do"),
    [
        ("en", "The bot suggests instead of answering", "Add example questions to the articles"),
        ("zh", "机器人只建议，不自己回答", "给文章添加例句"),
    ],
)
def test_a_kb_that_cannot_support_the_target_says_so_and_what_to_do(
    office: Office, language: str, said: str, to_do: str
) -> None:
    publish(office, None, KEPT)
    page = office.browser("eve", Role.ADMIN, language=language).get("/console/confidence").text
    assert said in page
    assert "95 %" in page
    assert to_do in page
    assert "81 %" not in page


@pytest.mark.parametrize(
    ("role", "sees"), [(Role.ADMIN, True), (Role.EDITOR, True), (Role.AGENT, False), (Role.VIEWER, False)]
)
def test_whoever_can_mend_it_is_told_on_the_first_page(office: Office, role: Role, sees: bool) -> None:
    browser = office.browser("eve", role)
    assert 'href="/console/confidence">What to do' not in browser.get("/console").text, "nothing is live yet"
    publish(office, None, KEPT)
    assert ('href="/console/confidence">What to do' in browser.get("/console").text) is sees
    publish(office, 0.9, KEPT)
    assert 'href="/console/confidence">What to do' not in browser.get("/console").text


def test_the_page_is_one_link_away_from_everywhere(office: Office) -> None:
    page = office.browser("bob").get("/console").text
    assert '<a href="/console/confidence" >Figures</a>' in page
    assert 'aria-current="page">Confidence' in office.browser("eve").get("/console/confidence").text


def test_without_a_release_the_page_says_what_comes_first(office: Office) -> None:
    assert "No release is live yet." in office.browser("bob").get("/console/confidence").text


def test_a_release_of_an_older_firstline_kept_fewer_figures(office: Office) -> None:
    publish(office, 0.5, {})
    text = words(office.browser("bob").get("/console/confidence").text)
    assert "No figures were kept with this release." in text
    assert "Answers from 50.0 %" in text
    assert "<svg viewBox" not in text


def test_a_warning_of_the_build_stands_above_the_figures(office: Office) -> None:
    publish(office, 0.9, {**KEPT, "warning": "Only 12 questions were measured."})
    assert "Only 12 questions were measured." in office.browser("bob").get("/console/confidence").text


def figures(**kept: Any) -> LiveFigures:
    return figures_from(1, 0.8, {**KEPT, **kept})


def test_the_charts_put_numbers_where_they_belong() -> None:
    drawn = reliability_chart(figures(reliability=[[0.0, 0.0, 10], [0.5, 1.0, 10], [1.0, 0.5, 10]], languages={}))
    assert drawn is not None
    middle = (drawn.left + drawn.right) / 2
    assert drawn.lines[0].marks == (
        (drawn.left, drawn.bottom),
        (middle, drawn.top),
        (drawn.right, (drawn.top + drawn.bottom) / 2),
    )
    assert drawn.diagonal == f"{drawn.left},{drawn.bottom} {drawn.right},{drawn.top}"


def test_the_point_of_the_threshold_lies_at_what_it_buys() -> None:
    drawn = coverage_chart(figures(precision=0.75, coverage=0.5, target=1.0, languages={}))
    assert drawn is not None
    assert drawn.point == ((drawn.left + drawn.right) / 2, (drawn.top + drawn.bottom) / 2)
    assert drawn.level == drawn.top
    assert (drawn.up[0].words, drawn.up[-1].words) == ("50 %", "100 %")
    silent = coverage_chart(figures_from(1, None, KEPT))
    assert silent is not None
    assert silent.point is None


def test_languages_have_lines_of_their_own_where_there_are_several() -> None:
    both, one = reliability_chart(figures()), reliability_chart(figures(languages={"en": SLICE}))
    assert both is not None
    assert one is not None
    assert [line.name for line in both.lines] == ["all", "en", "zh"]
    assert [line.name for line in one.lines] == ["all"]
    many = reliability_chart(figures(languages={str(n): SLICE for n in range(9)}))
    assert many is not None
    assert len(many.lines) == 4


def test_low_precision_is_not_cut_off() -> None:
    drawn = coverage_chart(figures(curve=[[0.9, 0.31, 0.1], [0.5, 0.22, 0.2]], languages={}))
    assert drawn is not None
    assert drawn.up[0].words == "20 %"


def test_without_figures_there_is_no_chart() -> None:
    assert reliability_chart(figures_from(1, 0.5, {})) is None
    assert coverage_chart(figures_from(1, 0.5, {})) is None


@pytest.mark.parametrize("count", [0, 1, 11, 12, 13, 100])
def test_a_long_curve_is_thinned_to_its_ends_and_what_lies_between(count: int) -> None:
    curve = [(n / 100, 0.5, 0.5) for n in range(count)]
    shown = thinned(curve)
    assert len(shown) == min(count, 12)
    assert shown[:1] == curve[:1]
    assert shown[-1:] == curve[-1:]
    assert shown == sorted(set(shown))


LOOKS: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 900}},
    "phone": {"viewport": {"width": 320, "height": 640}},
    "dark": {"viewport": {"width": 800, "height": 900}, "color_scheme": "dark"},
}


@pytest.mark.long
@pytest.mark.browser
@pytest.mark.parametrize("threshold", [0.812, None], ids=["answers", "silent"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_is_accessible_and_fits_every_screen(
    office: Office, tab: Page, language: str, threshold: float | None
) -> None:
    publish(office, threshold, KEPT)
    with served(office) as address, signed_in(office, tab, address, "eve", Role.ADMIN, language) as page:
        page.set_viewport_size(LOOKS["desktop"]["viewport"])
        page.goto(f"{address}/console/confidence", wait_until="load")
        page.locator(".numbers summary").click()
        for look, axe in in_each_look(page, LOOKS):
            asked = axe if language == "en" else BUT_COLOURS
            assert serious(page, **asked) == [], look
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), look
            drawn = page.locator("svg[role=img]").first.bounding_box()
            assert drawn, look
            assert drawn["width"] > 200, look
