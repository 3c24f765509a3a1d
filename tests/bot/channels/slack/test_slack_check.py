"""``channels check`` names what Slack lacks; the manifest has what the code needs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from standins.slack.events import SCOPE_OF
from standins.slack.registry import METHODS
from standins.slack.server import BOT_SCOPES, SlackWorld

from bot.channels.findings import Finding
from bot.channels.slack import manifest as manifests
from bot.channels.slack.check import check_slack
from bot.channels.slack.manifest import EVENTS, FILES, OPTIONAL_SCOPES, REQUIRED_SCOPES, Mode, manifest, render
from bot.channels.slack.modals import ASK

ROOT = Path(__file__).parents[4]
DEPLOY = ROOT / "deploy"


@pytest.fixture
def world() -> Iterator[SlackWorld]:
    with SlackWorld() as world:
        world.add_team("T1", name="Acme", scopes=manifests.BOT_SCOPES)
        yield world


def checked(world: SlackWorld, **given: Any) -> list[Finding]:
    settings: dict[str, Any] = {
        "bot_token": world.teams[0].bot_token,
        "app_token": world.app.app_token,
        "signing_secret": None,
        "base_url": world.api_url,
        "staff_channel": None,
        "address": "http://127.0.0.1:8000",
        **given,
    }
    return check_slack(**settings)


def wrong(findings: list[Finding]) -> list[str]:
    return [finding.text for finding in findings if not finding.ok]


def test_with_all_that_the_manifest_asks_for_nothing_is_wrong(world: SlackWorld) -> None:
    findings = checked(world)
    assert wrong(findings) == []
    assert "Acme" in findings[0].text


def test_a_refused_token_is_named_and_nothing_more_is_asked_of_it(world: SlackWorld) -> None:
    [said] = wrong(checked(world, bot_token="xoxb-wrong"))
    assert "FIRSTLINE_SLACK_BOT_TOKEN" in said
    [said] = wrong(checked(world, bot_token=world.app.app_token))
    assert "FIRSTLINE_SLACK_BOT_TOKEN" in said


@pytest.mark.parametrize("scope", sorted(REQUIRED_SCOPES))
def test_each_missing_scope_is_named_with_what_it_is_for(world: SlackWorld, scope: str) -> None:
    world.teams[0].missing(scope)
    [said] = wrong(checked(world))
    assert scope in said
    assert REQUIRED_SCOPES[scope] in said


@pytest.mark.parametrize("scope", sorted(OPTIONAL_SCOPES))
def test_a_missing_scope_that_only_brings_comfort_is_told_and_is_not_wrong(world: SlackWorld, scope: str) -> None:
    world.teams[0].missing(scope)
    findings = checked(world)
    assert wrong(findings) == []
    assert any(scope in finding.text for finding in findings)


def test_a_refused_app_token_is_named(world: SlackWorld) -> None:
    [said] = wrong(checked(world, app_token="xapp-wrong"))
    assert "FIRSTLINE_SLACK_APP_TOKEN" in said


def test_an_app_token_without_its_scope_is_named(world: SlackWorld) -> None:
    world.app.app_scopes.clear()
    [said] = wrong(checked(world))
    assert "connections:write" in said


def test_socket_mode_that_is_switched_off_is_named(world: SlackWorld) -> None:
    world.app.socket_mode = False
    [finding] = [finding for finding in checked(world) if not finding.ok]
    assert "Socket Mode" in finding.do


def test_http_needs_a_public_https_address(world: SlackWorld) -> None:
    http: dict[str, Any] = {"app_token": None, "signing_secret": "s"}
    assert wrong(checked(world, **http, address="https://support.example.com")) == []
    [said] = wrong(checked(world, **http))
    assert "https" in said


def test_no_way_in_is_named(world: SlackWorld) -> None:
    [said] = wrong(checked(world, app_token=None))
    assert "FIRSTLINE_SLACK_SIGNING_SECRET" in said


def test_the_agents_channel_must_be_there_with_the_bot_in_it(world: SlackWorld) -> None:
    team = world.teams[0]
    inside, outside = team.add_channel("agents"), team.add_channel("others", bot=False)
    assert wrong(checked(world, staff_channel=inside.id)) == []
    assert "not in" in wrong(checked(world, staff_channel=outside.id))[0]
    assert "does not know" in wrong(checked(world, staff_channel="C0NOWHERE"))[0]


def test_a_slack_that_does_not_answer_is_said_in_a_sentence() -> None:
    findings = check_slack("xoxb-1", "xapp-1", None, "http://127.0.0.1:9/api/", "C1", "http://127.0.0.1:8000")
    assert len(wrong(findings)) == 2
    assert "cannot be reached" in wrong(findings)[0]


def test_what_slack_does_not_tell_is_left_to_a_comparison_with_the_manifest(world: SlackWorld) -> None:
    last = checked(world)[-1]
    assert last.ok
    assert "deploy/slack-manifest.yaml" in last.text
    assert "message.channels" in last.text


@pytest.mark.parametrize("mode", Mode)
def test_the_files_in_deploy_are_what_the_code_says(mode: Mode) -> None:
    text = (DEPLOY / FILES[mode]).read_text("utf8")
    assert text == render(mode)
    assert yaml.safe_load(text) == manifest(mode)


@pytest.mark.parametrize("mode", Mode)
def test_the_manifest_has_what_the_code_needs(mode: Mode) -> None:
    found = manifest(mode, "https://help.acme.example")
    assert set(found["oauth_config"]["scopes"]["bot"]) == set(REQUIRED_SCOPES) | set(OPTIONAL_SCOPES)
    assert set(found["settings"]["event_subscriptions"]["bot_events"]) == set(EVENTS)
    assert [command["command"] for command in found["features"]["slash_commands"]] == ["/support"]
    assert [shortcut["callback_id"] for shortcut in found["features"]["shortcuts"]] == [ASK]
    assert found["settings"]["interactivity"]["is_enabled"]
    assert found["features"]["app_home"]["messages_tab_enabled"]
    assert found["settings"]["socket_mode_enabled"] == (mode is Mode.SOCKET)
    assert ("https://help.acme.example/channels/slack/events" in render(mode, "https://help.acme.example")) == (
        mode is Mode.HTTP
    )


def test_the_manifest_asks_for_the_scope_of_every_method_and_event_that_the_code_uses() -> None:
    source = "".join(file.read_text("utf8") for file in (ROOT / "bot/channels/slack").glob("*.py"))
    called = set(re.findall(r"client\.([a-zA-Z]+_[a-zA-Z_]+)\(", source))
    used = [method for name, method in METHODS.items() if name.replace(".", "_") in called]
    assert {"chat.postMessage", "views.open", "users.info"} <= {method.name for method in used}
    for method in used:
        assert not method.scopes or set(method.scopes) & set(manifests.BOT_SCOPES), method.name
    for event in EVENTS:
        assert SCOPE_OF[event] in (None, *manifests.BOT_SCOPES), event


def test_the_manifest_keeps_to_slacks_own_limits() -> None:
    found = manifest(Mode.SOCKET)
    assert len(found["display_information"]["name"]) <= 35
    assert len(found["display_information"]["description"]) <= 140
    assert len(found["features"]["shortcuts"][0]["name"]) <= 24
    assert len(found["features"]["shortcuts"][0]["description"]) <= 150
    assert set(found["oauth_config"]["scopes"]["bot"]) <= BOT_SCOPES
