"""The first steps in a new house: from the one-time link to a cited answer, a channel, and one's own articles."""

from __future__ import annotations

import html
import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from console_fixtures import Office, an_office, open_office
from http_house import live
from standins.slack.server import SlackWorld
from standins.telegram import TelegramWorld
from starlette.testclient import TestClient

from api.settings import Settings
from api.uploads import MOST_FILES, BadUpload, UploadTooLarge, packed, unpacked
from bot.channels.telegram.commands import COMMANDS
from handoff.models import Role
from handoff.staff import sign_in_link
from kb_content.catalogue import articles_overview
from kb_content.studio.models import KbImport
from store import reading, transaction

office = an_office
ARTICLE = "---\nid: refunds\ntitle: Get a refund\n---\nWrite to billing within 30 days.\n"
BROKEN = "---\nid: [\n---\nNo.\n"


def newcomer(office: Office) -> TestClient:
    """The browser of the first admin, who has just come in by the link."""
    with transaction(office.database) as session:
        link = sign_in_link(session, None, office.now)
    browser = office.stranger()
    form = {"name": "Ann", "email": "ann@example.com", "password": "correct horse battery", "language": "en"}
    came = browser.post(f"/console/welcome/{link}", data=form)
    assert (came.status_code, came.headers["location"]) == (303, "/console/start")
    return browser


def zipped(**files: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as bundle:
        for name, text in files.items():
            bundle.writestr(name, text)
    return held.getvalue()


def uploaded(browser: TestClient, name: str, content: bytes, **form: str) -> tuple[str, str]:
    """The address of the import's page, and what it says once the files are read."""
    response = browser.post("/console/articles/import", files={"upload": (name, content)}, data=form)
    address = response.headers["location"]
    while "It is being read" in (page := html.unescape(browser.get(address).text)):
        continue
    return address, page


def test_the_link_leads_through_the_steps_and_each_can_be_skipped_and_come_back_to(office: Office) -> None:
    browser = newcomer(office)
    assert browser.get("/console/start").headers["location"] == "/console/start/try"
    skipped = browser.post("/console/start/try/skip")
    assert skipped.headers["location"] == "/console/channels"
    assert "step-skipped" in browser.get("/console/channels").text
    assert browser.get("/console/start").headers["location"] == "/console/channels"
    assert browser.post("/console/start/channels/skip").headers["location"] == "/console/articles/import"
    assert "2 left" not in browser.get("/console/settings").text
    assert "1 left" in browser.get("/console/settings").text
    assert browser.post("/console/start/articles/skip").headers["location"] == "/console/start/done"
    assert browser.get("/console/start").headers["location"] == "/console/start/done"
    assert 'class="steps"' not in browser.get("/console/channels").text
    assert "Ask it something" in browser.get("/console/start/try").text


def test_a_question_is_answered_with_its_source_and_the_step_is_done(office: Office) -> None:
    browser = newcomer(office)
    waiting = browser.get("/console/start/try").text
    assert "is being prepared" in waiting
    assert 'hx-trigger="every 2s"' in waiting
    office.product.live = live(office.database, "http://desk.example")
    asked = browser.post("/console/start/try", data={"text": "I forgot my password"}).text
    assert "Choose" not in asked or "Forgot password?" in asked
    assert re.search(r'<li><a href="[^"]*/kb/[^"]*reset-password[^"]*"[^>]*>Reset a forgotten password</a>', asked)
    assert "step-done" in asked
    unknown = browser.post("/console/start/try", data={"text": "What is the weather?"}).text
    assert "nothing is made up" in unknown
    assert browser.get("/console/start").headers["location"] == "/console/channels"


def test_somebody_invited_later_is_not_led_through_them(office: Office) -> None:
    browser = office.browser("bob", Role.ADMIN)
    assert 'class="steps"' not in browser.get("/console/channels").text
    assert "left" not in browser.get("/console/settings").text.split("First steps")[1][:200]
    assert office.browser("eve").get("/console/start").status_code == 403


def test_the_channels_say_what_to_do_and_are_checked(office: Office) -> None:
    browser = newcomer(office)
    page = html.unescape(browser.get("/console/channels").text)
    for words in ("FIRSTLINE_SLACK_BOT_TOKEN=xoxb-…", "FIRSTLINE_TELEGRAM_TOKEN=", "@BotFather", "FIRSTLINE_SMTP_URL="):
        assert words in page
    assert "No channel has a token yet" in browser.post("/console/channels/check").text
    manifest = browser.get("/console/channels/slack-manifest")
    assert "connections" in manifest.text or "bot_events" in manifest.text
    assert "attachment" in manifest.headers["content-disposition"]


def test_what_a_platform_lacks_is_said_with_what_to_do(sqlite_url: str, tmp_path: Path) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path, smtp_url="smtp://127.0.0.1:9")  # type: ignore[call-arg]
    for office in open_office(sqlite_url, settings):
        checked = html.unescape(newcomer(office).post("/console/channels/check").text)
        mail = checked.split('id="channel-email"')[1].split("</section>")[0]
        assert "to do" in mail
        assert "docs/howto/send-mail.md" in mail
        assert "to do" not in checked.split('id="channel-slack"')[1].split("</section>")[0]


@pytest.fixture
def platforms() -> Iterator[tuple[TelegramWorld, SlackWorld]]:
    """Telegram with a bot, and Slack with a workspace that has the app."""
    with TelegramWorld(name="Acme Support") as telegram, SlackWorld() as slack:
        slack.add_team("T1", name="Acme", bot_name="firstline")
        for language, commands in COMMANDS.items():
            # As the product does when it starts.
            offered = [{"command": name, "description": about} for name, about in commands.items()]
            asked = {"commands": offered, "language_code": language}
            httpx2.post(f"{telegram.base_url}/bot{telegram.token}/setMyCommands", json=asked).raise_for_status()
        yield telegram, slack


def with_tokens(telegram: TelegramWorld, slack: SlackWorld, **other: str) -> dict[str, Any]:
    tokens: dict[str, Any] = {
        "telegram_token": telegram.token,
        "telegram_base_url": telegram.base_url,
        "slack_bot_token": slack.teams[0].bot_token,
        "slack_app_token": slack.app.app_token,
        "slack_base_url": slack.api_url,
    }
    return tokens | other


def checked(url: str, folder: Path, tokens: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """The page after "Check the set-up", and of Slack and Telegram what was found."""
    for office in open_office(url, Settings(_env_file=None, data_dir=folder, **tokens)):  # type: ignore[call-arg]
        page = html.unescape(newcomer(office).post("/console/channels/check").text)
    return page, {name: page.split(f'id="channel-{name}"')[1].split("</section>")[0] for name in ("slack", "telegram")}


def test_slack_and_telegram_that_are_connected_are_found_so_and_the_step_is_done(
    sqlite_url: str, tmp_path: Path, platforms: tuple[TelegramWorld, SlackWorld]
) -> None:
    telegram, slack = platforms
    page, found = checked(sqlite_url, tmp_path, with_tokens(telegram, slack))
    assert "The bot is @" in found["telegram"]
    assert "Acme" in found["slack"]
    assert [("to do" in words, ">ok<" in words) for words in found.values()] == [(False, True)] * 2
    assert 'class="step-done"><a href="/console/channels"' in page


@pytest.mark.parametrize(
    ("wrong", "channel", "words"),
    [
        ({"telegram_token": "1:wrong"}, "telegram", "@BotFather"),
        ({"slack_bot_token": "xoxb-wrong"}, "slack", "Install the app to the workspace again"),
        ({"slack_app_token": "xapp-wrong"}, "slack", "connections:write"),
    ],
    ids=["telegram token", "slack bot token", "slack app token"],
)
def test_a_token_that_is_refused_is_named_with_where_to_get_another_and_the_step_is_left(
    sqlite_url: str,
    tmp_path: Path,
    platforms: tuple[TelegramWorld, SlackWorld],
    wrong: dict[str, str],
    channel: str,
    words: str,
) -> None:
    page, found = checked(sqlite_url, tmp_path, with_tokens(*platforms, **wrong))
    other = {"slack": "telegram", "telegram": "slack"}[channel]
    assert ("to do" in found[channel], "to do" in found[other]) == (True, False)
    assert words in found[channel].split("findings")[1].split("</ul>")[0]
    assert next(iter(wrong.values())) not in page, "a token is never shown"
    assert 'class="step-done"><a href="/console/channels"' not in page


def test_own_articles_are_looked_at_then_written_and_asked_to_be_published(office: Office) -> None:
    office.publish()
    browser = newcomer(office)
    content = zipped(**{"docs/articles/refunds.md": ARTICLE, "docs/articles/broken.md": BROKEN})
    address, looked = uploaded(browser, "docs.zip", content, replace="true")
    assert "Get a refund" in looked
    assert "1 new, 0 changed, 3 archived, 0 as they were" in looked
    assert "articles/broken.md" in looked
    with reading(office.database) as session:
        assert "refunds" not in {line.article_id for line in articles_overview(session)}
    assert browser.post(f"{address}/publish").status_code == 303
    assert "is being built" in browser.get("/console/articles/import").text
    with reading(office.database) as session:
        there = {line.article_id: line.archived_at is None for line in articles_overview(session)}
    assert there == {"refunds": True, "reset-password": False, "export-data": False}
    assert 'class="step-done"><a href="/console/articles/import"' in browser.get("/console/articles/import").text


def test_a_single_page_is_enough_and_a_second_upload_of_it_changes_it(office: Office) -> None:
    office.publish()
    browser = office.browser("edith", Role.EDITOR)
    address, looked = uploaded(browser, "refunds.md", ARTICLE.encode())
    assert "1 new, 0 changed, 0 archived" in looked
    browser.post(f"{address}/publish")
    _, again = uploaded(browser, "refunds.md", ARTICLE.replace("30", "60").encode())
    assert "0 new, 1 changed, 0 archived" in again


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("notes.txt", b"hello"),
        ("empty.zip", b"PK\x05\x06" + b"\0" * 18),
        ("cut.zip", b"PK\x03\x04 and no more"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_sentence(office: Office, name: str, content: bytes) -> None:
    browser = office.browser("edith", Role.EDITOR)
    response = browser.post("/console/articles/import", files={"upload": (name, content)})
    assert response.status_code == 422
    assert 'role="alert"' in response.text


def test_no_file_but_an_upload_is_read_as_articles(office: Office) -> None:
    customers_file = office.file("refunds.md", ARTICLE.encode(), "text/markdown")
    browser = office.browser("edith", Role.EDITOR)
    address, _ = uploaded(browser, "refunds.md", ARTICLE.encode())
    with transaction(office.database) as session:
        row = session.get_one(KbImport, int(address.rpartition("/")[2]))
        row.wish = {**row.wish, "file": customers_file}
    assert browser.post(f"{address}/publish").status_code == 404
    with reading(office.database) as session:
        assert not articles_overview(session)


def test_a_zip_cannot_write_beside_its_folder_nor_grow_without_end(tmp_path: Path) -> None:
    hostile = zipped(**{"../../outside.md": "x", "/etc/passwd.md": "x", "C:\\x.md": "x", "docs/in.md": ARTICLE})
    with unpacked("a.zip", hostile) as folder:
        assert [path.name for path in folder.rglob("*") if path.is_file()] == ["in.md"]
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("big.md", b"a" * 60_000_000)
    with pytest.raises(UploadTooLarge), unpacked("bomb.zip", held.getvalue()):
        pass
    with pytest.raises(UploadTooLarge), unpacked("many.zip", zipped(**{f"{n}.md": "" for n in range(MOST_FILES + 1)})):
        pass


def test_several_pages_become_one_upload_with_a_name_of_its_own() -> None:
    name, content = packed([("b.md", b"B"), ("a.md", b"A")])
    assert re.fullmatch(r"a\.md \+1 \([0-9a-f]{4}\)\.zip", name)
    assert packed([("a.md", b"A"), ("b.md", b"other words")])[0] == name, "the same files again"
    assert packed([("a.md", b"A"), ("c.md", b"C")])[0] != name, "others must not take their place"
    with unpacked(name, content) as folder:
        assert {path.name for path in folder.iterdir()} == {"a.md", "b.md"}
    with pytest.raises(BadUpload):
        packed([("a.md", b""), ("b.exe", b"")])
