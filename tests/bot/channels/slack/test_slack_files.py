"""Files both ways, and what a customer sees and tells beside messages."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import replace

import pytest
from slack_scene import PNG, Scene, hurried

from bot.channels.base import (
    DeliveryError,
    FileUnavailable,
    Profile,
    RemoteFile,
    Uncertain,
)
from bot.channels.slack.messages import file_ref
from bot.channels.slack.wire import is_slacks
from store.files import MAX_BYTES, place

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
