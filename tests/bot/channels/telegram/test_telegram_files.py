"""Files of customers: fetched whole or refused in words, and never with the address that holds the token."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
from standins.telegram import MB, OGG, PNG, TelegramWorld, faults

from bot.channels.base import DeliveryError, FileUnavailable, Inbound, RemoteFile
from bot.channels.telegram.channel import TelegramChannel
from store.files import place

Parsed = Callable[[TelegramChannel], Inbound]


def test_what_a_customer_sends_is_fetched_whole(
    channel: TelegramChannel, world: TelegramWorld, folder: Path, parsed: Parsed
) -> None:
    data = bytes(range(256)) * 4096
    world.person("Ada").sends_document(data, name="log.bin", media_type="application/x-log")
    (file,) = parsed(channel).remote_files
    kept = channel.fetch(file)
    assert place(folder, kept.sha256).read_bytes() == data
    assert (file.name, file.media_type, file.size) == ("log.bin", "application/x-log", len(data))


def test_photos_and_voices_are_fetched(
    channel: TelegramChannel, world: TelegramWorld, folder: Path, parsed: Parsed
) -> None:
    ada = world.person("Ada")
    for send, data in ((ada.sends_photo, PNG), (ada.sends_voice, OGG)):
        send(data)
        kept = channel.fetch(parsed(channel).remote_files[0])
        assert place(folder, kept.sha256).read_bytes() == data


def test_the_photos_of_an_album_belong_together(channel: TelegramChannel, world: TelegramWorld, parsed: Parsed) -> None:
    world.person("Ada").sends_album([PNG, PNG], caption="both")
    assert parsed(channel).album is not None


def test_a_file_beyond_telegrams_limit_is_refused_in_words(
    channel: TelegramChannel, world: TelegramWorld, parsed: Parsed
) -> None:
    world.person("Ada").sends_document(b"x", size=21 * MB)
    (file,) = parsed(channel).remote_files
    with pytest.raises(FileUnavailable, match="20 MB"):
        channel.fetch(file)
    assert not world.calls_of("getFile"), "its size was known"


def test_a_file_that_only_telegram_knows_to_be_too_large_is_refused(
    channel: TelegramChannel, world: TelegramWorld, parsed: Parsed
) -> None:
    world.person("Ada").sends_document(b"x", size=21 * MB)
    (file,) = parsed(channel).remote_files
    with pytest.raises(FileUnavailable, match="20 MB"):
        channel.fetch(RemoteFile(file.ref, file.name))


def test_a_file_that_telegram_does_not_know_is_gone(channel: TelegramChannel) -> None:
    with pytest.raises(FileUnavailable):
        channel.fetch(RemoteFile("nothing-of-this-name", "x"))


@pytest.mark.parametrize("fault", [faults.DropBefore(), faults.ServerError(502), faults.TooMany(), faults.Garbage()])
def test_trouble_on_the_way_is_tried_again(
    channel: TelegramChannel, world: TelegramWorld, parsed: Parsed, fault: faults.Fault
) -> None:
    world.person("Ada").sends_document(b"words")
    (file,) = parsed(channel).remote_files
    world.fault("getFile", fault)
    with pytest.raises(DeliveryError) as raised:
        channel.fetch(file)
    assert not raised.value.permanent
    assert world.token not in "".join(traceback.format_exception(raised.value))
    channel.fetch(file)


def test_a_file_that_vanished_from_the_server_is_gone_without_its_address(
    channel: TelegramChannel, world: TelegramWorld, parsed: Parsed
) -> None:
    world.person("Ada").sends_document(b"words")
    (file,) = parsed(channel).remote_files
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(channel._client, "_files_url", channel._client._files_url + "/elsewhere")
        with pytest.raises(FileUnavailable) as raised:
            channel.fetch(file)
    assert world.token not in "".join(traceback.format_exception(raised.value))
