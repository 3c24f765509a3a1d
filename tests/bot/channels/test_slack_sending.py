"""What Slack is told, what it answers, and what becomes of a message when no answer comes."""

from __future__ import annotations

import hashlib
import io
import json
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from standins.slack.server import Limits, SlackWorld

from bot.channels.base import (
    DeliveryError,
    FileUnavailable,
    Inbound,
    Later,
    Link,
    Outgoing,
    OutgoingButton,
    OutgoingFile,
    Profile,
    RemoteFile,
    Uncertain,
)
from bot.channels.slack.channel import SlackChannel
from bot.channels.slack.clients import Clients
from bot.channels.slack.messages import file_ref
from bot.channels.slack.wire import is_slacks
from store.files import MAX_BYTES, keep, place

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(62)


@dataclass
class Scene:
    """One workspace with Ada in it, the channel under test, and a clock that moves when it is told to."""

    world: SlackWorld
    folder: Path
    now: datetime = START
    refused: list[str] = field(default_factory=list)
    sent: int = 0

    def __post_init__(self) -> None:
        self.team = self.world.add_team("T1", bot_token="xoxb-1")
        self.ada = self.team.add_person("ada", real_name="Ada Lee", email="ada@Acme.example", tz="Europe/Berlin")
        self.room = self.team.add_channel("general", members=[self.ada])
        tokens = {"T1": "xoxb-1"}
        self.clients = Clients(tokens.get, self.world.api_url)
        self.channel = SlackChannel(self.folder, self.clients, clock=lambda: self.now, on_refused=self.refused.append)

    def later(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def direct(self) -> str:
        return f"T1:@{self.ada.id}"

    def outgoing(self, text: str = "Try this", **fields: Any) -> Outgoing:
        self.sent += 1
        return Outgoing(**{"delivery_id": self.sent, "message_id": 1, "thread": self.direct(), "text": text, **fields})

    def stored(self, content: bytes, name: str = "guide.pdf") -> OutgoingFile:
        kept = keep(self.folder, io.BytesIO(content))
        return OutgoingFile(name, "application/pdf", kept.size, kept.sha256)

    def asks(self, **fields: Any) -> Inbound:
        return Inbound("slack", self.direct(), f"T1:{self.ada.id}", **fields)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with SlackWorld() as world:
        yield Scene(world, tmp_path / "files")
        assert world.complaints == []


def patiently(scene: Scene, outgoing: Outgoing) -> tuple[str, ...]:
    """Send as the delivery loop does: what is put off is tried again then, without what arrived already."""
    for _ in range(50):
        try:
            return scene.channel.send(outgoing)
        except Later as later:
            wait = (later.not_before or scene.now) - scene.now
            outgoing = replace(outgoing, sent=later.sent)
        scene.now += wait
        scene.world.clock.advance(wait.total_seconds())
    raise AssertionError("it never arrived")


def hurried(scene: Scene, timeout: float) -> SlackChannel:
    """The same channel with less patience, for answers that never come."""
    clients = Clients(lambda team: "xoxb-1", scene.world.api_url, timeout=timeout)
    return SlackChannel(scene.folder, clients, clock=lambda: scene.now)


# Where it arrives


def test_an_answer_stands_in_the_thread_of_the_question(scene: Scene) -> None:
    question = scene.ada.says("help", scene.ada.dm)
    buttons, links = (OutgoingButton("t-1", "Yes"),), (Link("Page", "https://x.example/a"),)
    spot = f"{scene.ada.dm.id}/{question.ts}"
    sent = scene.channel.send(scene.outgoing("Try <this> & that", buttons=buttons, links=links, spot=spot))
    (answer,) = scene.ada.dm.bot_messages
    assert sent == (answer.ts,)
    assert answer.thread_ts == question.ts
    assert "Try <this> & that" in answer.words.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert answer.buttons == ["Yes"]


def test_without_a_spot_the_direct_messages_are_opened_once(scene: Scene) -> None:
    for _ in range(2):
        scene.channel.send(scene.outgoing())
    assert [message.thread_ts for message in scene.ada.dm.bot_messages] == [None, None]
    assert len(scene.world.calls_of("conversations.open")) == 1


def test_in_a_channel_the_thread_is_answered(scene: Scene) -> None:
    root = scene.ada.says("hi", scene.room)
    scene.channel.send(scene.outgoing(thread=f"T1:{scene.room.id}:{root.ts}"))
    assert [message.thread_ts for message in scene.room.bot_messages] == [root.ts]


def test_a_call_to_the_whole_channel_that_a_person_typed_reaches_nobody(scene: Scene) -> None:
    root = scene.ada.says("hi", scene.room)
    text = f"<!channel> <@{scene.ada.id}> <https://evil.example|bank>"
    scene.channel.send(scene.outgoing(text, thread=f"T1:{scene.room.id}:{root.ts}", author="<!here>"))
    call = scene.world.calls_of("chat.postMessage")[-1]
    for words in (call.arguments["text"], json.dumps(call.arguments["blocks"])):
        assert "<!channel>" not in words
        assert f"<@{scene.ada.id}>" not in words
    assert "<!here>" not in call.arguments["text"]


def test_a_long_text_is_sent_in_order_and_what_was_sent_is_not_sent_again(scene: Scene) -> None:
    text = " ".join(f"word{number}" for number in range(1_500))
    outgoing = scene.outgoing(text, buttons=(OutgoingButton("t", "Yes"),))
    sent = patiently(scene, outgoing)
    arrived = scene.ada.dm.bot_messages
    assert sent == tuple(message.ts for message in arrived)
    assert len(arrived) > 3
    assert " ".join(message.text for message in arrived).split() == text.split()
    assert [bool(message.buttons) for message in arrived] == [False] * (len(arrived) - 1) + [True]


def test_our_own_pace_keeps_within_slacks(scene: Scene) -> None:
    scene.world.limits = Limits.real()
    for _ in range(6):
        patiently(scene, scene.outgoing())
    assert [call.status for call in scene.world.calls_of("chat.postMessage")] == [200] * 6
    assert scene.now - START == timedelta(seconds=3), "three at once, and one a second after that"


# What Slack refuses


def test_a_pause_that_slack_asks_for_closes_the_channel_for_everybody(scene: Scene) -> None:
    scene.world.fail_next("chat.postMessage", "ratelimited", retry_after=30)
    for _ in range(2):
        with pytest.raises(Later) as caught:
            scene.channel.send(scene.outgoing())
        assert caught.value.not_before == START + timedelta(seconds=30)
    assert len(scene.world.calls_of("chat.postMessage")) == 1, "nothing is sent before the time is over"
    root = scene.ada.says("hi", scene.room)
    scene.channel.send(scene.outgoing(thread=f"T1:{scene.room.id}:{root.ts}"))
    scene.later(30)
    assert scene.channel.send(scene.outgoing())


def test_a_revoked_token_makes_everything_wait_and_is_told(scene: Scene) -> None:
    scene.team.revokes_token()
    with pytest.raises(Later, match="refuses the bot's token"):
        scene.channel.send(scene.outgoing())
    assert scene.refused == ["T1"]


def test_a_workspace_without_the_app_waits(scene: Scene) -> None:
    with pytest.raises(Later, match="not installed in the Slack workspace T9"):
        scene.channel.send(scene.outgoing(thread="T9:@U1"))


def test_a_missing_scope_is_named_and_costs_no_attempt(scene: Scene) -> None:
    scene.channel.send(scene.outgoing())
    scene.team.missing("chat:write")
    with pytest.raises(Later, match="lacks chat:write"):
        scene.channel.send(scene.outgoing())
    assert scene.refused == []


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("channel_not_found", "channel is gone"),
        ("is_archived", "archived"),
        ("not_in_channel", "no longer in the Slack channel"),
        ("user_disabled", "deactivated"),
        ("cannot_dm_bot", "another bot"),
    ],
)
def test_a_place_that_cannot_be_written_to_is_final_and_said_in_words(scene: Scene, code: str, sentence: str) -> None:
    scene.world.fail_next("chat.postMessage", code)
    with pytest.raises(DeliveryError, match=sentence) as caught:
        scene.channel.send(scene.outgoing())
    assert (caught.value.permanent, caught.value.is_unreachable) == (True, True)


def test_a_customer_whose_account_is_gone_is_unreachable(scene: Scene) -> None:
    scene.ada.is_deleted = True
    with pytest.raises(DeliveryError, match="deactivated") as caught:
        scene.channel.send(scene.outgoing())
    assert caught.value.is_unreachable


def test_blocks_that_slack_refuses_are_sent_as_words(scene: Scene) -> None:
    scene.world.fail_next("chat.postMessage", "invalid_blocks")
    (ts,) = scene.channel.send(scene.outgoing("The words"))
    (message,) = scene.ada.dm.bot_messages
    assert (message.ts, message.text, message.blocks) == (ts, "The words", [])
    scene.world.fail_next("chat.postMessage", "msg_too_long", times=2)
    with pytest.raises(DeliveryError) as caught:
        scene.channel.send(scene.outgoing())
    assert caught.value.permanent


def test_an_answer_to_a_deleted_question_is_still_read_in_direct_messages(scene: Scene) -> None:
    question = scene.ada.says("help", scene.ada.dm)
    scene.ada.deletes(question)
    scene.channel.send(scene.outgoing(spot=f"{scene.ada.dm.id}/{question.ts}"))
    assert [message.thread_ts for message in scene.ada.dm.bot_messages] == [None]
    root = scene.ada.says("hi", scene.room)
    scene.ada.deletes(root)
    with pytest.raises(DeliveryError, match="was deleted") as caught:
        scene.channel.send(scene.outgoing(thread=f"T1:{scene.room.id}:{root.ts}"))
    assert caught.value.permanent


def test_a_refusal_that_nobody_knows_is_tried_again(scene: Scene) -> None:
    scene.world.fail_next("chat.postMessage", "of_next_year")
    with pytest.raises(DeliveryError, match="of_next_year") as caught:
        scene.channel.send(scene.outgoing())
    assert not caught.value.permanent
    assert not isinstance(caught.value, Later)


@pytest.mark.parametrize("thread", ["", "T1", "T1:@", "T1:@u1", "T1:C1", "T1:C1:now", "12345"])
def test_a_thread_that_is_none_of_slacks_is_final(scene: Scene, thread: str) -> None:
    with pytest.raises(DeliveryError) as caught:
        scene.channel.send(scene.outgoing(thread=thread))
    assert caught.value.permanent


# What is lost on the way


@pytest.mark.parametrize("where", ["direct", "thread"])
@pytest.mark.parametrize("trouble", ["drop_after", "hang_after"])
def test_an_answer_that_was_lost_is_looked_up_and_nothing_is_sent_twice(scene: Scene, trouble: str, where: str) -> None:
    root = scene.ada.says("hi", scene.room)
    thread = scene.direct() if where == "direct" else f"T1:{scene.room.id}:{root.ts}"
    scene.world.fail_next("chat.postMessage", trouble)
    sent = hurried(scene, 1).send(scene.outgoing(thread=thread))
    scene.world.release()
    arrived = scene.ada.dm.bot_messages if where == "direct" else scene.room.bot_messages
    assert sent == tuple(message.ts for message in arrived)
    assert len(arrived) == 1


@pytest.mark.parametrize("trouble", ["drop_before", "http_500", "fatal_error"])
def test_what_slack_surely_does_not_have_is_tried_again(scene: Scene, trouble: str) -> None:
    outgoing = scene.outgoing()
    scene.world.fail_next("chat.postMessage", trouble)
    with pytest.raises(DeliveryError, match="did not take") as caught:
        scene.channel.send(outgoing)
    assert not caught.value.permanent
    assert caught.value.not_before == START + timedelta(seconds=5)
    assert len(scene.channel.send(outgoing)) == len(scene.ada.dm.bot_messages) == 1


def test_what_shows_up_late_is_found_before_it_is_sent_again(scene: Scene) -> None:
    outgoing = scene.outgoing()
    scene.world.fail_next("chat.postMessage", "drop_before")
    with pytest.raises(DeliveryError):
        scene.channel.send(outgoing)
    # Slack had it after all.
    other = SlackChannel(scene.folder, scene.clients, clock=lambda: scene.now)
    late = other.send(outgoing)
    assert scene.channel.send(outgoing) == late
    assert len(scene.ada.dm.bot_messages) == 1


@pytest.mark.parametrize("trouble", ["missing_scope", "ratelimited", "drop_before", "http_500"])
def test_where_nobody_can_look_the_outcome_is_uncertain(scene: Scene, trouble: str) -> None:
    scene.channel.send(scene.outgoing())
    scene.world.fail_next("chat.postMessage", "drop_after")
    scene.world.fail_next("conversations.history", trouble, times=2)
    with pytest.raises(Uncertain):
        scene.channel.send(scene.outgoing())
    assert len(scene.ada.dm.bot_messages) == 2, "the message is there, and is not sent again"


def test_another_message_with_the_same_words_is_not_taken_for_it(scene: Scene) -> None:
    scene.channel.send(scene.outgoing("Same"))
    outgoing = scene.outgoing("Same")
    scene.world.fail_next("chat.postMessage", "drop_before")
    with pytest.raises(DeliveryError):
        scene.channel.send(outgoing)


def test_a_failure_in_the_middle_keeps_what_arrived(scene: Scene) -> None:
    scene.world.fail_next("chat.postMessage", "of_next_year", after=1)
    outgoing = scene.outgoing("word " * 1_000)
    with pytest.raises(DeliveryError) as caught:
        scene.channel.send(outgoing)
    assert caught.value.sent == tuple(message.ts for message in scene.ada.dm.bot_messages)
    assert len(caught.value.sent) == 1


def test_where_slack_cannot_be_reached_everything_waits(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}/api/"
        channel = SlackChannel(tmp_path, Clients(lambda team: "xoxb-1", nobody), clock=lambda: START)
        with pytest.raises(Later, match="cannot be reached"):
            channel.send(Outgoing(1, 1, "T1:@U1", "Hello", spot="D1/1700000000.000100"))


def test_no_proxy_stands_before_this_machine(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    clients = Clients(lambda team: "xoxb-1", scene.world.api_url)
    assert SlackChannel(scene.folder, clients, clock=lambda: START).send(scene.outgoing())


# Files


def test_files_follow_the_words_into_the_thread(scene: Scene) -> None:
    question = scene.ada.says("help", scene.ada.dm)
    file = scene.stored(b"%PDF-1.7 " + os.urandom(300_000))
    spot = f"{scene.ada.dm.id}/{question.ts}"
    sent = scene.channel.send(scene.outgoing("Here it is", files=(file,), spot=spot))
    words, shared = scene.ada.dm.bot_messages
    assert sent == (words.ts, shared.files[0].id)
    assert (shared.thread_ts, shared.files[0].name) == (question.ts, "guide.pdf")
    assert hashlib.sha256(shared.files[0].data).hexdigest() == file.sha256


def test_a_file_alone_needs_no_words(scene: Scene) -> None:
    assert len(scene.channel.send(scene.outgoing("", files=(scene.stored(PNG),)))) == 1


@pytest.mark.parametrize("method", ["files.getUploadURLExternal", "upload", "files.completeUploadExternal"])
def test_an_upload_that_failed_is_tried_again_without_the_words(scene: Scene, method: str) -> None:
    outgoing = scene.outgoing("Here", files=(scene.stored(PNG),))
    trouble = "http_500" if method == "upload" else "of_next_year"
    scene.world.fail_next(method, trouble)
    with pytest.raises(DeliveryError) as caught:
        scene.channel.send(outgoing)
    assert not caught.value.permanent
    assert len(caught.value.sent) == 1
    scene.later(10)
    scene.channel.send(replace(outgoing, sent=caught.value.sent))
    assert [len(message.files) for message in scene.ada.dm.bot_messages] == [0, 1]


def test_a_file_that_was_shared_without_an_answer_is_found(scene: Scene) -> None:
    scene.world.fail_next("files.completeUploadExternal", "drop_after")
    (file_id,) = scene.channel.send(scene.outgoing("", files=(scene.stored(PNG),)))
    assert [file.id for message in scene.ada.dm.bot_messages for file in message.files] == [file_id]


def test_a_file_that_may_be_shared_is_not_sent_again(scene: Scene) -> None:
    scene.world.fail_next("files.completeUploadExternal", "drop_before")
    with pytest.raises(Uncertain):
        scene.channel.send(scene.outgoing("", files=(scene.stored(PNG),)))


def test_a_file_that_is_not_in_the_folder_any_more_is_final(scene: Scene) -> None:
    file = scene.stored(PNG)
    place(scene.folder, file.sha256).unlink()
    with pytest.raises(DeliveryError, match="no longer in the data folder") as caught:
        scene.channel.send(scene.outgoing("", files=(file,)))
    assert caught.value.permanent


def received(scene: Scene, content: bytes = PNG, name: str = "error.png", kind: str = "image/png") -> RemoteFile:
    """A file of Ada's, as her message brings it."""
    message = scene.ada.says("look", scene.ada.dm, files=[(name, content, kind)])
    facts = message.files[0].facts(scene.world.url)
    ref = file_ref("T1", facts["id"], facts["url_private_download"])
    return RemoteFile(ref, facts["name"], facts["mimetype"], facts["size"])


def test_a_customers_file_is_brought_with_the_token(scene: Scene) -> None:
    kept = scene.channel.fetch(received(scene))
    assert place(scene.folder, kept.sha256).read_bytes() == PNG
    assert kept.size == len(PNG)


def test_a_file_without_an_address_is_asked_about(scene: Scene) -> None:
    file = received(scene)
    ref = json.loads(file.ref) | {"url": None}
    kept = scene.channel.fetch(RemoteFile(json.dumps(ref), file.name))
    assert kept.size == len(PNG)
    assert len(scene.world.calls_of("files.info")) == 1


def test_a_sign_in_page_is_not_taken_for_the_file(scene: Scene) -> None:
    file, page = received(scene), received(scene, b"<p>mine</p>", "mine.html", "text/html")
    assert scene.channel.fetch(page).size == len(b"<p>mine</p>")
    scene.team.missing("files:read")
    for each in (file, page):
        with pytest.raises(DeliveryError, match="give the app the scope files:read"):
            scene.channel.fetch(each)


@pytest.mark.parametrize("trouble", ["http_500", "drop_before", "hang", "ratelimited"])
def test_a_download_that_failed_is_tried_again(scene: Scene, trouble: str) -> None:
    file = received(scene)
    scene.world.fail_next("download", trouble)
    with pytest.raises(DeliveryError):
        hurried(scene, 0.2).fetch(file)
    scene.world.release()
    assert scene.channel.fetch(file).size == len(PNG)


def test_a_file_that_is_too_large_or_gone_cannot_be_had(scene: Scene) -> None:
    file = received(scene)
    with pytest.raises(FileUnavailable, match="20 MB"):
        scene.channel.fetch(RemoteFile(file.ref, file.name, file.media_type, MAX_BYTES + 1))
    with pytest.raises(FileUnavailable, match="20 MB"):
        scene.channel.fetch(RemoteFile(received(scene, bytes(MAX_BYTES + 1), "a.bin", "application/zip").ref, "a.bin"))
    with pytest.raises(FileUnavailable, match="deleted"):
        scene.channel.fetch(RemoteFile(file_ref("T1", "F404", None), "gone.txt"))
    with pytest.raises(FileUnavailable):
        scene.channel.fetch(RemoteFile("not a ref", "x"))


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/a",
        "https://slack.com.evil.example/a",
        "https://evilslack.com/a",
        "http://files.slack.com/a",
        "https://files.slack.com:8443/a",
        "https://slack.com@evil.example/a",
        "http://169.254.169.254/latest",
        "http://127.0.0.1:1/a",
        "file:///etc/passwd",
        "http://[::1",
    ],
)
def test_the_token_goes_to_slacks_own_hosts_only(scene: Scene, url: str) -> None:
    with pytest.raises(FileUnavailable, match="outside Slack"):
        scene.channel.fetch(RemoteFile(file_ref("T1", "F1", url), "x"))
    assert is_slacks("https://files.slack.com/files-pri/T1-F1/a.png", scene.world.api_url)
    assert is_slacks("https://acme.slack-files.com/a", "https://slack.com/api/")
    assert not is_slacks("http://slack.example/a", "http://slack.example/api/")


# Who asks, and what they see meanwhile


def test_a_profile_tells_little_and_is_asked_for_once_a_day(scene: Scene) -> None:
    expected = Profile("ada", "en-GB", "Europe/Berlin", "acme.example")
    assert scene.channel.profile(scene.asks()) == scene.channel.profile(scene.asks()) == expected
    assert len(scene.world.calls_of("users.info")) == 1
    scene.later(25 * 3600)
    scene.channel.profile(scene.asks())
    assert len(scene.world.calls_of("users.info")) == 2


def test_without_the_scope_for_addresses_there_is_no_domain(scene: Scene) -> None:
    scene.team.missing("users:read.email")
    profile = scene.channel.profile(scene.asks())
    assert profile is not None
    assert (profile.name, profile.email_domain) == ("ada", None)


def test_a_profile_that_slack_does_not_give_is_none_and_not_asked_for_at_once_again(scene: Scene) -> None:
    scene.team.missing("users:read")
    assert scene.channel.profile(scene.asks()) is None
    assert scene.channel.profile(scene.asks()) is None
    assert len(scene.world.calls_of("users.info")) == 1


def test_a_customer_who_asks_directly_sees_that_the_bot_is_at_it(scene: Scene) -> None:
    question = scene.ada.says("help", scene.ada.dm)
    scene.channel.hint(scene.asks(text="help", spot=f"{scene.ada.dm.id}/{question.ts}"))
    scene.channel.hints.drain()
    (call,) = scene.world.calls_of("assistant.threads.setStatus")
    assert call.error is None
    assert call.arguments["status"] == "is reading your message…"


def test_a_hint_that_is_not_allowed_is_given_up_for_the_workspace(scene: Scene) -> None:
    question = scene.ada.says("help", scene.ada.dm)
    spot = f"{scene.ada.dm.id}/{question.ts}"
    scene.world.fail_next("assistant.threads.setStatus", "missing_scope")
    for _ in range(3):
        scene.channel.hint(scene.asks(text="help", spot=spot))
        scene.channel.hints.drain()
    assert len(scene.world.calls_of("assistant.threads.setStatus")) == 1


def test_a_hint_without_a_place_or_with_trouble_harms_nobody(scene: Scene) -> None:
    scene.channel.hint(scene.asks(text="help"))
    scene.world.fail_next("assistant.threads.setStatus", "drop_before")
    scene.channel.hint(scene.asks(text="help", spot="D404/1700000000.000100"))
    scene.channel.hint(scene.asks(text="help", spot="nowhere"))
    scene.channel.hints.drain()
    assert scene.channel.send(scene.outgoing())


def test_a_channel_is_closed_until_its_connection_opens_it(scene: Scene) -> None:
    assert not scene.channel.is_open
    scene.channel.open(True)
    assert scene.channel.is_open
