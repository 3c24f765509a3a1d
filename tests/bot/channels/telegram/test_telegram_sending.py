"""What leaves: parts, limits and what each refusal means. The stand-in refuses what Telegram refuses."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from channel_contract import ChannelContract
from slack_house import settled
from standins.telegram import PNG, Limits, ManualClock, Person, TelegramWorld, faults

from bot.channels.base import (
    Channel,
    DeliveryError,
    Inbound,
    Later,
    Link,
    Outgoing,
    OutgoingButton,
    OutgoingFile,
    Uncertain,
)
from bot.channels.pacing import LONGEST_PAUSE
from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.client import Client, Flood
from bot.channels.telegram.pacing import pacer_of
from store.files import keep

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
Channels = Callable[..., TelegramChannel]


def to(thread: object, text: str = "hello", **more: Any) -> Outgoing:
    return Outgoing(1, 1, str(thread), text, **more)


@pytest.fixture
def ada(world: TelegramWorld) -> Person:
    ada = world.person("Ada")
    ada.says("hello")
    return ada


class TestContract(ChannelContract):
    @pytest.fixture(autouse=True)
    def _against_the_stand_in(self, channels: Channels, ada: Person) -> None:
        self._channel, self._ada = channels(), ada

    def channel(self) -> Channel:
        return self._channel

    def payload(self, **said: Any) -> dict[str, Any]:
        who = {"id": self._ada.id, "is_bot": False, "first_name": "Ada"}
        chat = {"id": self._ada.id, "type": "private"}
        message = {"message_id": 5, "date": 1, "chat": chat, "from": who, "text": said.get("text", "")}
        me = {"id": 7, "username": "firstline_bot"}
        if "reply_to" in said:
            message["reply_to_message"] = {"message_id": int(said["reply_to"]), "from": {**me, "is_bot": True}}
        if "press" in said:
            query = {"id": "q", "from": who, "message": message, "chat_instance": "c", "data": said["press"]}
            return {"update": {"update_id": 1, "callback_query": query}, "me": me}
        return {"update": {"update_id": 1, "message": message}, "me": me}


def test_words_buttons_sources_and_author_arrive(channel: TelegramChannel, ada: Person) -> None:
    buttons = tuple(
        OutgoingButton(f"t{number}", label) for number, label in enumerate(("👍", "👎", "Talk to a person"))
    )
    links = (Link("Reset <it>", "https://kb.test/?a=1&b=2"),)
    (number,) = channel.send(to(ada.id, "a < b & c", buttons=buttons, links=links, author="Bob"))
    (message,) = ada.private.from_bot
    assert str(message.id) == number
    assert message.text == "Bob:\na < b & c\n\n📄 Reset <it>"
    assert (message.bold, message.links) == (["Bob:"], [("Reset <it>", "https://kb.test/?a=1&b=2")])
    assert message.buttons == ["👍", "👎", "Talk to a person"]
    assert message.options["link_preview_options"] == {"is_disabled": True}


def test_in_a_group_the_answer_is_a_reply_even_if_the_question_is_gone(
    channel: TelegramChannel, world: TelegramWorld, ada: Person
) -> None:
    group = world.supergroup("Users", [ada])
    asked = ada.says("@firstline_bot hi", chat=group)
    channel.send(to(group.id, spot=str(asked.id)))
    channel.send(to(group.id, spot="99999"))
    first, second = group.from_bot
    assert first.reply_to is asked
    assert second.reply_to is None


def test_a_topic_gets_its_answer_in_the_topic(channel: TelegramChannel, world: TelegramWorld, ada: Person) -> None:
    forum = world.forum("Users", [ada])
    topic = ada.opens_topic(forum, "Login")
    channel.send(to(f"{forum.id}:{topic.id}"))
    assert [message.text for message in topic.from_bot] == ["hello"]


def test_a_long_text_arrives_whole_and_in_order(channel: TelegramChannel, ada: Person) -> None:
    text = " ".join(f"word{number}🙂" for number in range(2000))
    ids = channel.send(to(ada.id, text))
    assert len(ids) > 2
    assert [str(message.id) for message in ada.private.from_bot] == list(ids)
    assert " ".join(message.text for message in ada.private.from_bot) == text


def test_files_arrive_as_photo_and_document(channel: TelegramChannel, ada: Person, folder: Path) -> None:
    picture, notes = keep(folder, BytesIO(PNG)), keep(folder, BytesIO(b"%PDF-"))
    files = (
        OutgoingFile("screen.png", "image/png", picture.size, picture.sha256),
        OutgoingFile("Übersicht 1.pdf", "application/pdf", notes.size, notes.sha256),
    )
    assert len(channel.send(to(ada.id, "Look", files=files))) == 3
    _, photo, document = ada.private.from_bot
    assert (photo.files[0].kind, photo.files[0].data) == ("photo", PNG)
    assert (document.files[0].name, document.files[0].data) == ("Übersicht 1.pdf", b"%PDF-")


def test_a_picture_that_telegram_does_not_show_goes_as_a_file(
    channel: TelegramChannel, world: TelegramWorld, ada: Person, folder: Path
) -> None:
    kept = keep(folder, BytesIO(PNG))
    world.fault("sendPhoto", faults.Refuse(400, "Bad Request: PHOTO_INVALID_DIMENSIONS"))
    channel.send(to(ada.id, "", files=(OutgoingFile("long.png", "image/png", kept.size, kept.sha256),)))
    assert ada.private.from_bot[0].files[0].kind == "document"


def test_a_file_that_is_gone_from_the_disk_fails_with_its_name(channel: TelegramChannel, ada: Person) -> None:
    with pytest.raises(DeliveryError, match=r"notes\.pdf") as raised:
        channel.send(to(ada.id, "Look", files=(OutgoingFile("notes.pdf", "application/pdf", 5, "0" * 64),)))
    assert raised.value.permanent
    assert len(raised.value.sent) == 1


def test_what_telegram_cannot_parse_goes_as_plain_words(
    channel: TelegramChannel, world: TelegramWorld, ada: Person
) -> None:
    world.fault("sendMessage", faults.Refuse(400, "Bad Request: can't parse entities: Unsupported start tag"))
    channel.send(to(ada.id, "a < b", author="Bob"))
    assert [(message.text, message.bold) for message in ada.private.from_bot] == [("Bob:\na < b", [])]


def test_what_was_sent_before_is_not_sent_again(channel: TelegramChannel, ada: Person) -> None:
    text = "word " * 2000
    first = channel.send(to(ada.id, text))
    again = channel.send(to(ada.id, text, sent=first[:1]))
    assert again[0] == first[0]
    assert len(ada.private.from_bot) == 2 * len(first) - 1
    assert channel.send(to(ada.id, text, sent=first)) == first


def test_pacing_makes_a_delivery_wait_with_what_it_has_sent(channels: Channels, ada: Person) -> None:
    channel = channels(pacer=pacer_of("1", seconds=lambda: 100.0), now=lambda: NOW)
    with pytest.raises(Later) as raised:
        channel.send(to(ada.id, "word " * 1000))
    assert raised.value.sent == (str(ada.private.from_bot[0].id),)
    assert raised.value.not_before is not None
    assert 1.0 <= (raised.value.not_before - NOW).total_seconds() < 1.2


def test_a_429_parks_the_chat_and_only_that(channels: Channels, world: TelegramWorld, ada: Person) -> None:
    eve = world.person("Eve")
    eve.says("hello")
    clock = [100.0]
    channel = channels(pacer=pacer_of("1", seconds=lambda: clock[0]), now=lambda: NOW)
    world.fault("sendMessage", faults.TooMany(retry_after=30))
    for _ in range(3):
        with pytest.raises(Later) as raised:
            channel.send(to(ada.id))
        assert raised.value.not_before is not None
        assert (raised.value.not_before - NOW).total_seconds() == 30.5
    assert len(world.calls_of("sendMessage")) == 1
    channel.send(to(eve.id))
    clock[0] += 30.5
    channel.send(to(ada.id))
    assert len(ada.private.from_bot) == 1


@pytest.mark.parametrize("told", [10**18, 10**400])
def test_a_pause_that_makes_no_sense_is_a_day(world: TelegramWorld, told: int) -> None:
    """Whoever is told of it: who polls would wait for ever, or end by it."""
    client = Client(world.token, world.base_url)
    client.start()
    world.fault("getUpdates", faults.TooMany(retry_after=told))
    try:
        with pytest.raises(Flood) as raised:
            client.ask("getUpdates")
    finally:
        client.close()
    assert raised.value.seconds == LONGEST_PAUSE


def test_a_busy_group_is_never_written_to_inside_a_penalty(channels: Channels) -> None:
    clock = ManualClock()
    with TelegramWorld(limits=Limits.telegram(), clock=clock) as world:
        ada = world.person("Ada")
        group = world.supergroup("Users", [ada])
        pacer = pacer_of("1", seconds=clock, sleep=clock.advance)
        channel = channels(base_url=world.base_url, token=world.token, pacer=pacer, now=lambda: NOW)
        for _ in range(50):
            while (wait := _sends(channel, group.id)) > 0:
                clock.advance(wait)
        assert len(group.from_bot) == 50
        assert world.ban_strikes == 0
        assert all(call.ok for call in world.calls_of("sendMessage"))


def _sends(channel: TelegramChannel, thread: int) -> float:
    """0.0 if it was sent, else how long to wait."""
    try:
        channel.send(to(thread))
    except Later as later:
        return ((later.not_before or NOW) - NOW).total_seconds()
    return 0.0


def refused(channel: TelegramChannel, thread: object) -> DeliveryError:
    with pytest.raises(DeliveryError) as raised:
        channel.send(to(thread))
    assert not isinstance(raised.value, Later)
    return raised.value


def test_a_customer_who_blocked_the_bot_is_unreachable(channel: TelegramChannel, ada: Person) -> None:
    ada.blocks_bot()
    error = refused(channel, ada.id)
    assert (error.permanent, error.is_unreachable, str(error)) == (True, True, "The customer blocked the bot.")


def test_a_customer_whose_account_is_gone_is_unreachable(channel: TelegramChannel, ada: Person) -> None:
    ada.deletes_account()
    error = refused(channel, ada.id)
    assert (error.permanent, error.is_unreachable) == (True, True)


def test_a_group_without_the_bot_is_unreachable(channel: TelegramChannel, world: TelegramWorld, ada: Person) -> None:
    group = world.supergroup("Users", [ada])
    ada.removes_bot(group)
    error = refused(channel, group.id)
    assert (error.permanent, error.is_unreachable) == (True, True)


def test_a_chat_that_nobody_knows_is_unreachable(channel: TelegramChannel) -> None:
    error = refused(channel, 987654321)
    assert (error.permanent, error.is_unreachable) == (True, True)


@pytest.mark.parametrize("refusal", ["message thread not found", "TOPIC_DELETED"])
def test_a_deleted_topic_is_said_to_be_deleted(
    channel: TelegramChannel, world: TelegramWorld, ada: Person, refusal: str
) -> None:
    forum = world.forum("Users", [ada])
    topic = ada.opens_topic(forum, "Login")
    ada.deletes_topic(topic, refusal=refusal)
    error = refused(channel, f"{forum.id}:{topic.id}")
    assert error.permanent
    assert "topic was deleted" in str(error)


def test_a_closed_topic_is_said_to_be_closed(channel: TelegramChannel, world: TelegramWorld, ada: Person) -> None:
    forum = world.forum("Users", [ada])
    topic = ada.opens_topic(forum, "Login")
    ada.closes_topic(topic)
    error = refused(channel, f"{forum.id}:{topic.id}")
    assert error.permanent
    assert "topic is closed" in str(error)


def test_a_group_that_moved_says_where_to(channel: TelegramChannel, world: TelegramWorld, ada: Person) -> None:
    group = world.group("Users", [ada])
    now = world.migrate(group)
    error = refused(channel, group.id)
    assert (error.moved_to, error.permanent) == (str(now.id), False)
    channel.send(to(error.moved_to))


def test_a_place_that_is_no_chat_is_refused_for_good(channel: TelegramChannel) -> None:
    assert refused(channel, "web-visitor").permanent


@pytest.mark.parametrize("fault", [faults.DropAfter(), faults.DropBefore(), faults.Garbage()])
def test_without_an_answer_nobody_knows(
    channel: TelegramChannel, world: TelegramWorld, ada: Person, fault: faults.Fault
) -> None:
    world.fault("sendMessage", fault)
    with pytest.raises(Uncertain):
        channel.send(to(ada.id))


@pytest.mark.parametrize("code", [500, 502, 503, 504])
def test_who_fails_with_a_message_in_hand_may_have_passed_it_on(
    channels: Channels, world: TelegramWorld, ada: Person, code: int
) -> None:
    world.fault("sendMessage", faults.ServerError(code))
    with pytest.raises(Uncertain) as raised:
        channels(now=lambda: NOW).send(to(ada.id))
    assert raised.value.not_before == NOW + timedelta(seconds=5)


def test_a_line_that_is_closed_in_the_middle_of_a_call_leaves_a_doubt(
    channel: TelegramChannel, world: TelegramWorld, ada: Person
) -> None:
    with ThreadPoolExecutor(1) as pool, world.hold("sendMessage") as held:
        sending = pool.submit(channel.send, to(ada.id))
        held.wait_for_arrival()
        channel._client.close(patience=0.1)
        with pytest.raises(Uncertain):
            sending.result(30)
    with pytest.raises(Later, match="line to Telegram is closed"):
        channel.send(to(ada.id))


def test_each_part_is_told_before_the_next_one_leaves(channel: TelegramChannel, ada: Person) -> None:
    there: list[tuple[str, int]] = []
    ids = channel.send(to(ada.id, "word " * 2000), lambda part: there.append((part, len(ada.private.from_bot))))
    assert there == [(part, number) for number, part in enumerate(ids[:-1], start=1)]


def test_an_outage_costs_no_attempt(channels: Channels) -> None:
    channel = channels(base_url="http://127.0.0.1:1", now=lambda: NOW)
    with pytest.raises(Later, match="ConnectError") as raised:
        channel.send(to(42))
    assert raised.value.not_before == NOW + timedelta(seconds=5)


def test_a_refused_token_loses_no_delivery(channels: Channels, world: TelegramWorld, ada: Person) -> None:
    refusals: list[None] = []
    channel = channels(on_refused=lambda: refusals.append(None))
    world.revoke_token()
    with pytest.raises(Later):
        channel.send(to(ada.id))
    assert len(refusals) == 1


@pytest.mark.parametrize("fault", [faults.DropAfter(), faults.Garbage(), faults.ServerError(502)])
def test_no_error_holds_the_token(
    channel: TelegramChannel, world: TelegramWorld, ada: Person, fault: faults.Fault
) -> None:
    world.fault("sendMessage", fault)
    with pytest.raises((DeliveryError, Uncertain)) as raised:
        channel.send(to(ada.id))
    assert world.token not in str(raised.value)
    assert raised.value.__suppress_context__


def test_the_token_is_in_no_log(
    channels: Channels, world: TelegramWorld, ada: Person, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    channel = channels()
    channel.send(to(ada.id, "a secret matter"))
    world.fault("sendMessage", faults.Garbage())
    with pytest.raises(Uncertain):
        channel.send(to(ada.id, "a secret matter"))
    assert world.token not in caplog.text
    assert "secret matter" not in caplog.text


def test_a_proxy_is_not_asked_for_what_is_on_this_machine(
    channels: Channels, world: TelegramWorld, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    channels().send(to(ada.id))
    assert len(ada.private.from_bot) == 1
    assert Client(world.token, None).trust_env


def test_where_a_proxy_stands_between_words_go_by_it(
    channels: Channels, world: TelegramWorld, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", world.base_url)
    channels(base_url="http://telegram.invalid").send(to(ada.id, "by way of the proxy"))
    assert [message.text for message in ada.private.from_bot] == ["by way of the proxy"]


# ---- typing


def test_typing_shows_in_the_chat_and_topic(channel: TelegramChannel, world: TelegramWorld, ada: Person) -> None:
    forum = world.forum("Users", [ada])
    topic = ada.opens_topic(forum, "Login")
    channel.hint(Inbound("telegram", f"{forum.id}:{topic.id}", str(ada.id)))
    world.wait_for(lambda: forum.actions, what="typing")
    assert forum.actions[0][:2] == ("typing", topic.id)


def test_typing_is_bounded_and_never_in_the_way_of_words(
    channel: TelegramChannel, world: TelegramWorld, ada: Person
) -> None:
    people = [world.person(f"P{number}") for number in range(150)]
    with world.hold("sendChatAction") as held:
        for person in people:
            channel.hint(Inbound("telegram", str(person.id), str(person.id)))
        held.wait_for_arrival()
        channel.send(to(ada.id))
        assert held.arrived <= 8
        channel._client.close()
    assert len(ada.private.from_bot) == 1
    assert not any(person.private.actions for person in people[100:])


def test_a_refused_hint_disturbs_nobody(channel: TelegramChannel, world: TelegramWorld) -> None:
    channel.hint(Inbound("telegram", "987654321", "987654321"))
    world.wait_for(lambda: world.calls_of("sendChatAction"), what="typing")
    assert not world.calls_of("sendChatAction")[0].ok


def test_typing_that_was_too_much_ends_typing_for_a_while_and_no_words(channels: Channels) -> None:
    clock = ManualClock()
    with TelegramWorld(limits=Limits(typing=1), clock=clock) as world:
        ada, eve = (world.person(name) for name in ("Ada", "Eve"))
        for person in (ada, eve):
            person.says("hello")
        pacer = pacer_of("1", seconds=clock, sleep=clock.advance)
        channel = channels(base_url=world.base_url, token=world.token, pacer=pacer, now=lambda: NOW)
        for _ in range(2):
            channel.hint(Inbound("telegram", str(ada.id), str(ada.id)))
        settled(lambda: not pacer.is_open_for_hints(str(eve.id)), lambda: "typing goes on")
        channel.hint(Inbound("telegram", str(eve.id), str(eve.id)))
        channel.send(to(ada.id))
        channel.send(to(eve.id))
        assert [call.status for call in world.calls_of("sendChatAction")] == [200, 429]
        assert world.ban_strikes == 0
