"""What ``firstline channels check`` says of a bot: each missing thing in words, and what to do."""

from __future__ import annotations

from typing import Any

from standins.telegram import TelegramWorld

from bot.channels.findings import Finding
from bot.channels.telegram.check import check_telegram


def check(world: TelegramWorld, **more: Any) -> list[Finding]:
    arguments = {"mode": "polling", "address": "https://help.test", "staff_chats": (), **more}
    return check_telegram(arguments.pop("token", world.token), arguments.pop("base", world.base_url), **arguments)


def missing(findings: list[Finding]) -> str:
    assert all(finding.do for finding in findings if not finding.ok)
    return "\n".join(finding.text for finding in findings if not finding.ok)


def test_a_refused_token_is_named_and_not_shown(world: TelegramWorld) -> None:
    (finding,) = check(world, token="1:wrong")
    assert "refused the token" in finding.text
    assert "@BotFather" in finding.do
    assert "wrong" not in finding.text + finding.do


def test_a_server_that_is_not_there_is_named(world: TelegramWorld) -> None:
    (finding,) = check(world, base="http://127.0.0.1:1")
    assert "http://127.0.0.1:1 did not answer" in finding.text
    assert not finding.ok


def test_the_bot_and_its_privacy_are_explained(world: TelegramWorld) -> None:
    texts = " ".join(finding.text for finding in check(world))
    assert "@firstline_bot" in texts
    assert "Privacy mode is on" in texts


def test_commands_that_were_never_registered_are_named(world: TelegramWorld) -> None:
    assert "/tickets" in missing(check(world))


def test_a_webhook_that_is_not_ours_is_named(world: TelegramWorld) -> None:
    assert "The webhook is not set" in missing(check(world, mode="webhook"))


def test_a_staff_chat_without_the_bot_is_named(world: TelegramWorld) -> None:
    assert "not in the staff chat -1001" in missing(check(world, staff_chats=[-1001]))


def test_a_staff_chat_lacks_topics_and_an_administrator(world: TelegramWorld) -> None:
    group = world.supergroup("Agents", [world.person("Bob")])
    said = missing(check(world, staff_chats=[group.id]))
    assert "Topics are off" in said
    assert "no administrator" in said


def test_a_staff_chat_lacks_the_right_to_manage_topics(world: TelegramWorld) -> None:
    forum = world.forum("Agents", [world.person("Bob")], admin=True)
    assert "may not manage topics" in missing(check(world, staff_chats=[forum.id]))


def test_a_staff_chat_that_is_set_up_well_is_said_to_be(world: TelegramWorld) -> None:
    forum = world.forum("Agents", [world.person("Bob")], admin=True, can_manage_topics=True)
    findings = check(world, staff_chats=[forum.id])
    assert findings[-1].ok
    assert str(forum.id) in findings[-1].text
