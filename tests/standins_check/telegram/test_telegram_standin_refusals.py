"""What the Telegram stand-in refuses, limits and breaks: as the Bot API does, or as it was told to."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from standins.telegram import PNG, Call, Limits, ManualClock, Person, Sizes, TelegramWorld, faults
from standins_check.telegram_clients import AIOGRAM, PTB, Client, Loop, ask, button, client_of, errors, refused

pytestmark = pytest.mark.long


def test_blocking_and_unblocking_is_told_and_refused(client: Client, world: TelegramWorld) -> None:
    ada = world.person("Ada")
    ada.says("hi")
    ada.blocks_bot()
    with refused("bot was blocked by the user"):
        client("send_message", chat_id=ada.id, text="are you there?")
    ada.unblocks_bot()
    client("send_message", chat_id=ada.id, text="there you are")
    statuses = [update.my_chat_member.new_chat_member.status for update in client("get_updates")[1:]]
    assert statuses == ["kicked", "member"]


REFUSED = [
    ("send_message", {"chat_id": 1, "text": "x"}, 400, "chat not found"),
    ("send_message", {"text": " "}, 400, "message text is empty"),
    ("send_message", {"text": "<b></b>", "parse_mode": "HTML"}, 400, "text must be non-empty"),
    ("send_message", {"text": "x" * 4097}, 400, "message is too long"),
    ("send_message", {"text": "😀" * 2049}, 400, "message is too long"),
    ("send_message", {"text": "<b>x", "parse_mode": "HTML"}, 400, "Can't find end tag corresponding to start tag b"),
    ("send_message", {"text": "a < b", "parse_mode": "HTML"}, 400, 'Unsupported start tag "" at byte offset 2'),
    ("send_message", {"text": "é<p>x</p>", "parse_mode": "HTML"}, 400, 'Unsupported start tag "p" at byte offset 2'),
    ("send_message", {"text": "<b><i>x</b></i>", "parse_mode": "HTML"}, 400, 'expected "</i>", found "</b>"'),
    ("send_message", {"text": "x</b>", "parse_mode": "HTML"}, 400, "Unexpected end tag at byte offset 1"),
    ("send_message", {"text": "<a href=x>y</a", "parse_mode": "HTML"}, 400, "Unclosed end tag"),
    ("send_message", {"text": "<b", "parse_mode": "HTML"}, 400, "Unclosed start tag"),
    ("send_message", {"text": "1. x", "parse_mode": "MarkdownV2"}, 400, "Character '.' is reserved"),
    ("send_message", {"text": "*x", "parse_mode": "MarkdownV2"}, 400, "Can't find end of Bold entity"),
    ("send_message", {"text": "x", "parse_mode": "BBCode"}, 400, "unsupported parse_mode"),
    (
        "send_message",
        {"text": "x", "reply_markup": button(text="a", callback_data="x" * 65)},
        400,
        "BUTTON_DATA_INVALID",
    ),
    (
        "send_message",
        {"text": "x", "reply_markup": button(text="a", callback_data="密" * 22)},
        400,
        "BUTTON_DATA_INVALID",
    ),
    ("send_message", {"text": "x", "reply_markup": button(text="a", url="http://localhost/x")}, 400, "Wrong HTTP URL"),
    ("send_message", {"text": "x", "message_thread_id": 77}, 400, "message thread not found"),
    ("send_message", {"text": "x", "reply_to_message_id": 77}, 400, "message to be replied not found"),
    ("edit_message_text", {"text": "same", "message_id": "own"}, 400, "message is not modified"),
    ("edit_message_text", {"text": "x", "message_id": "hers"}, 400, "message can't be edited"),
    ("edit_message_text", {"text": "x", "message_id": 77}, 400, "message to edit not found"),
    ("delete_message", {"message_id": 77}, 400, "message to delete not found"),
    ("copy_message", {"from_chat_id": "ada", "message_id": 77}, 400, "message to copy not found"),
    ("send_chat_action", {"action": "dancing"}, 400, "wrong parameter action in request"),
    ("get_file", {"file_id": "nonsense"}, 400, "invalid file_id"),
    ("create_forum_topic", {"name": "x"}, 400, "the chat is not a forum"),
    ("answer_callback_query", {"callback_query_id": "77"}, 400, "query is too old"),
    ("log_out", {}, 400, "logOut and close are mistakes"),
]


@pytest.mark.parametrize(("method", "arguments", "code", "words"), REFUSED)
def test_what_telegram_refuses_is_refused_in_its_words(
    client: Client, world: TelegramWorld, method: str, arguments: dict[str, Any], code: int, words: str
) -> None:
    ada = world.person("Ada")
    hers = ada.says("hi")
    own = client("send_message", chat_id=ada.id, text="same")
    known = {"own": own.message_id, "hers": hers.id, "ada": ada.id}
    given = {name: known.get(value, value) if isinstance(value, str) else value for name, value in arguments.items()}
    if method not in ("get_file", "answer_callback_query", "log_out"):
        given.setdefault("chat_id", ada.id)
    with pytest.raises(errors()) as refused:
        client(method, **given)
    assert words.lower() in str(refused.value).lower()
    assert world.calls[-1].status == code
    assert world.calls[-1].description.startswith("Bad Request: ")
    assert len(ada.private.from_bot) == 1


def test_the_limits_of_length_are_reached_exactly(client: Client, world: TelegramWorld) -> None:
    ada = world.person("Ada")
    ada.says("hi")
    client("send_message", chat_id=ada.id, text=f"<b>{'😀' * 2048}</b>", parse_mode="HTML")
    client("send_message", chat_id=ada.id, text="x", reply_markup=button(text="a", callback_data="x" * 64))
    client("send_photo", chat_id=ada.id, photo=client.file(PNG, "p.png"), caption="x" * 1024)
    with refused("message caption is too long"):
        client("send_photo", chat_id=ada.id, photo=client.file(PNG, "p.png"), caption="x" * 1025)


def test_only_a_hundred_entities_are_kept(client: Client, world: TelegramWorld) -> None:
    ada = world.person("Ada")
    ada.says("hi")
    client("send_message", chat_id=ada.id, text="<b>x</b> " * 130, parse_mode="HTML")
    assert len(ada.private.next_from_bot().entities) == 100
    client("send_message", chat_id=ada.id, text="/help " * 130)
    assert len(ada.private.next_from_bot().entities) == 100


def test_strangers_and_deleted_accounts_cannot_be_written_to(client: Client, world: TelegramWorld) -> None:
    stranger, gone = world.person("Sam"), world.person("Gus")
    gone.says("bye")
    gone.deletes_account()
    with refused("bot can't initiate conversation with a user"):
        client("send_message", chat_id=stranger.id, text="buy this")
    with refused("user is deactivated"):
        client("send_message", chat_id=gone.id, text="hello")


def test_a_bot_that_was_thrown_out_or_muted_is_refused(client: Client, world: TelegramWorld) -> None:
    ada = world.person("Ada")
    group, muted = world.supergroup("Friends", [ada]), world.supergroup("Quiet", [ada])
    ada.removes_bot(group)
    ada.restricts_bot(muted)
    with refused("bot was kicked from the supergroup chat"):
        client("send_message", chat_id=group.id, text="hello")
    with refused("not enough rights to send text messages"):
        client("send_message", chat_id=muted.id, text="hello")


def test_a_closed_topic_is_closed_to_a_plain_member(client: Client, world: TelegramWorld) -> None:
    ada = world.person("Ada")
    forum = world.forum("Community", [ada])
    topic = ada.opens_topic(forum, "Billing")
    asked = ada.says("@firstline_bot help", topic=topic)
    ada.closes_topic(topic)
    with refused("TOPIC_CLOSED"):
        client("send_message", chat_id=forum.id, message_thread_id=topic.id, text="x")
    with refused("TOPIC_CLOSED"):
        client("send_message", chat_id=forum.id, reply_to_message_id=asked.id, text="x")
    with refused("not enough rights to create a topic"):
        client("create_forum_topic", chat_id=forum.id, name="Mine")


@pytest.fixture
def small_world() -> Iterator[TelegramWorld]:
    with TelegramWorld(sizes=Sizes(photo=500, upload=900, download=700), clock=ManualClock()) as world:
        yield world


@pytest.mark.parametrize("name", [AIOGRAM, PTB])
def test_files_that_are_too_big_are_refused_each_in_its_way(
    small_world: TelegramWorld, shared: dict[str, Any], loop: Loop, name: str
) -> None:
    client = client_of(name, small_world, shared, loop)
    ada = small_world.person("Ada")
    big = ada.sends_document(b"x", size=701)
    with refused("file is too big"):
        client("get_file", file_id=big.files[0].file_id)
    with refused("too big for a photo"):
        client("send_photo", chat_id=ada.id, photo=client.file(PNG + bytes(300), "p.png"))
    with refused("image_process_failed"):
        client("send_photo", chat_id=ada.id, photo=client.file(b"no picture", "p.png"))
    with refused("request entity too large"):
        client("send_document", chat_id=ada.id, document=client.file(bytes(901), "a.bin"))
    with refused("file must be non-empty"):
        client("send_document", chat_id=ada.id, document=client.file(b"", "a.bin"))


def test_a_late_answer_to_a_press_is_too_old(small_world: TelegramWorld) -> None:
    ada = small_world.person("Ada")
    ada.says("hi")
    ask(small_world, "sendMessage", chat_id=ada.id, text="x", reply_markup=button(text="a", callback_data="t"))
    press = ada.presses(ada.private.next_from_bot(), 0)
    assert isinstance(small_world.clock, ManualClock)
    small_world.clock.advance(901)
    status, body = ask(small_world, "answerCallbackQuery", callback_query_id=press.id)
    assert (status, body["error_code"]) == (400, 400)
    assert body["description"] == "Bad Request: query is too old and response timeout expired or query ID is invalid"


def test_a_wrong_token_method_or_argument_is_refused(world: TelegramWorld) -> None:
    assert ask(world, "getMe", token="12:wrong") == (
        401,
        {"ok": False, "error_code": 401, "description": "Unauthorized"},
    )
    assert ask(world, "getMe", token="nonsense")[0] == 404
    assert ask(world, "sendLove") == (404, {"ok": False, "error_code": 404, "description": "Not Found"})
    status, body = ask(world, "getMe", colour="red")
    assert (status, body["description"]) == (400, "Bad Request: unknown parameter colour")
    world.revoke_token()
    assert ask(world, "getMe")[0] == 401


def test_arguments_are_read_from_query_form_and_json_alike(world: TelegramWorld) -> None:
    ada = world.person("Ada")
    ada.says("hi")
    address = f"{world.base_url}/bot{world.token}/sendmessage"
    urllib.request.urlopen(f"{address}?chat_id={ada.id}&text=query").close()
    ask(world, "sendMessage", chat_id=ada.id, text="form")
    body = json.dumps({"chat_id": ada.id, "text": "json", "reply_markup": button(text="a", callback_data="t")})
    request = urllib.request.Request(address, body.encode(), {"Content-Type": "application/json"})
    urllib.request.urlopen(request).close()
    assert [message.text for message in ada.private.from_bot] == ["query", "form", "json"]
    assert ada.private.from_bot[-1].buttons == ["a"]


@pytest.mark.parametrize(
    ("commands", "words"),
    [
        ([{"command": "New", "description": "x"}], "BOT_COMMAND_INVALID"),
        ([{"command": "x" * 33, "description": "x"}], "BOT_COMMAND_INVALID"),
        ([{"command": "new", "description": ""}], "BOT_COMMAND_DESCRIPTION_INVALID"),
        ([{"command": "new", "description": "x"}] * 101, "BOT_COMMANDS_TOO_MUCH"),
    ],
)
def test_commands_are_checked(world: TelegramWorld, commands: list[dict[str, str]], words: str) -> None:
    status, body = ask(world, "setMyCommands", commands=commands)
    assert (status, body["description"]) == (400, f"Bad Request: {words}")


def test_a_language_is_two_letters(world: TelegramWorld) -> None:
    assert ask(world, "setMyDescription", description="x", language_code="eng")[0] == 400


# -- limits and trouble -------------------------------------------------------------------------------------------


def test_too_much_is_refused_and_insisting_makes_it_worse(loop: Loop, shared: dict[str, Any]) -> None:
    clock = ManualClock()
    with TelegramWorld(limits=Limits(chat_burst=2), clock=clock) as world:
        ada = world.person("Ada")
        ada.says("hi")
        answers = [ask(world, "sendMessage", chat_id=ada.id, text="x") for _ in range(4)]
        assert [status for status, _ in answers] == [200, 200, 429, 429]
        assert [body["parameters"] for status, body in answers if status == 429] == [
            {"retry_after": 1},
            {"retry_after": 2},
        ]
        assert world.ban_strikes == 1
        with pytest.raises(errors()):
            client_of(AIOGRAM, world, shared, loop)("send_message", chat_id=ada.id, text="x")
        clock.advance(4)
        assert ask(world, "sendMessage", chat_id=ada.id, text="x")[0] == 200
        assert len(ada.private.from_bot) == 3


def test_a_group_takes_twenty_a_minute_edits_and_topics_included() -> None:
    clock = ManualClock()
    with TelegramWorld(limits=Limits(per_chat=0.0), clock=clock) as world:
        forum = world.forum("Desk", [world.person("Ada")], can_manage_topics=True)
        assert ask(world, "createForumTopic", chat_id=forum.id, name="one")[0] == 200
        first = ask(world, "sendMessage", chat_id=forum.id, text="x")[1]["result"]["message_id"]
        for n in range(18):
            assert ask(world, "editMessageText", chat_id=forum.id, message_id=first, text=f"x{n}")[0] == 200
        status, body = ask(world, "sendMessage", chat_id=forum.id, text="x")
        assert (status, body["parameters"]["retry_after"]) == (429, 60)


def test_thirty_a_second_are_the_most_for_all_chats_together() -> None:
    with TelegramWorld(limits=Limits(), clock=ManualClock()) as world:
        people = [world.person(f"P{n}") for n in range(31)]
        for who in people:
            who.says("hi")
        statuses = [ask(world, "sendMessage", chat_id=who.id, text="x")[0] for who in people]
        assert statuses == [200] * 30 + [429]


@pytest.mark.filterwarnings("ignore:.*retry_after.*:DeprecationWarning")
def test_trouble_comes_as_ordered(client: Client, world: TelegramWorld) -> None:
    ada = world.person("Ada")
    ada.says("hi")
    troubles: list[faults.Fault] = [
        faults.TooMany(7),
        faults.ServerError(502),
        faults.DropBefore(),
        faults.DropAfter(),
        faults.Garbage(),
        faults.Refuse(400, "Bad Request: PEER_FLOOD"),
    ]
    failed = []
    for n, trouble in enumerate(troubles):
        world.fault("sendMessage", trouble)
        with pytest.raises(Exception) as met:  # noqa: PT011 - aiogram raises an error of its own for what is not JSON
            client("send_message", chat_id=ada.id, text=str(n))
        failed.append(met.type.__name__)
    assert [message.text for message in ada.private.from_bot] == ["3"]
    assert "RetryAfter" in failed[0]
    assert [call.status for call in world.calls_of("sendMessage")] == [429, 502, 0, 0, 0, 400]


def test_a_slow_call_has_its_effect_all_the_same(client: Client, world: TelegramWorld) -> None:
    ada = world.person("Ada")
    ada.says("hi")
    world.fault("sendMessage", faults.Slow(0.01), when=lambda args: args["text"] == "slow")
    client("send_message", chat_id=ada.id, text="quick")
    client("send_message", chat_id=ada.id, text="slow")
    assert [message.text for message in ada.private.from_bot] == ["quick", "slow"]


def test_a_held_call_has_no_effect_until_it_is_let_go(client: Client, world: TelegramWorld) -> None:
    ada = world.person("Ada")
    ada.says("hi")
    with world.hold("sendMessage") as held:
        sending = client.begin("send_message", chat_id=ada.id, text="late")
        held.wait_for_arrival()
        assert ada.private.from_bot == []
    assert sending.result(60).text == "late"


def test_the_log_of_calls_has_arguments_as_values(client: Client, world: TelegramWorld) -> None:
    ada = world.person("Ada")
    ada.says("hi")
    client("send_message", chat_id=ada.id, text="42", disable_notification=True)
    (call,) = world.calls_of("sendMessage")
    assert isinstance(call, Call)
    assert call.args == {"chat_id": ada.id, "text": "42", "disable_notification": True}
    assert ada.private.from_bot[0].options == {"disable_notification": True}


def test_a_bot_that_does_not_listen_is_shut_out_for_good() -> None:
    clock = ManualClock()
    with TelegramWorld(limits=replace(Limits.none(), ban_after=2, grace=0.5), clock=clock) as world:
        ada, eve = world.person("Ada"), world.person("Eve")
        for who in (ada, eve):
            who.says("hi")
        world.fault("sendMessage", faults.TooMany(10, is_meant=True), after=1)

        def sends(who: Person) -> int:
            return ask(world, "sendMessage", chat_id=who.id, text="x")[0]

        assert [sends(ada) for _ in range(3)] == [200, 429, 429], "the last one was under way"
        assert (world.ban_strikes, sends(eve)) == (0, 200)
        for _ in range(2):
            clock.advance(1)
            assert not world.is_banned
            assert sends(ada) == 429
        assert world.is_banned
        clock.advance(3600)
        assert sends(eve) == 429
