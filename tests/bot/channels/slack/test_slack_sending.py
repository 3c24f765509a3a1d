"""What Slack is told, what it answers, and what becomes of a message when no answer comes."""

from __future__ import annotations

import json
import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Event

import pytest
from slack_scene import START, Scene, hurried, patiently
from standins.slack.server import Limits

from bot.channels.base import (
    DeliveryError,
    Later,
    Link,
    Outgoing,
    OutgoingButton,
    Uncertain,
)
from bot.channels.slack.channel import SlackChannel
from bot.channels.slack.clients import Clients
from bot.channels.slack.history import Enough, Look, Spoken
from bot.channels.slack.names import Direct

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


def test_a_place_that_is_a_channel_gets_a_message_of_its_own(scene: Scene) -> None:
    scene.ada.says("hi", scene.room)
    scene.channel.send(scene.outgoing("#1 is late", thread=f"T1:{scene.room.id}"))
    assert [(message.words, message.thread_ts) for message in scene.room.bot_messages] == [("#1 is late", None)]


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
    assert timedelta(seconds=3) <= scene.now - START < timedelta(seconds=3.5), "three at once, and one a second then"


# What Slack refuses


@pytest.mark.parametrize("seconds", [30, 7200])
def test_a_pause_that_slack_asks_for_closes_the_channel_for_everybody(scene: Scene, seconds: int) -> None:
    scene.world.fail_next("chat.postMessage", "ratelimited", retry_after=seconds)
    for _ in range(2):
        with pytest.raises(Later) as caught:
            scene.channel.send(scene.outgoing())
        assert caught.value.not_before == START + timedelta(seconds=seconds + 0.1)
    assert len(scene.world.calls_of("chat.postMessage")) == 1, "nothing is sent before the time is over"
    root = scene.ada.says("hi", scene.room)
    scene.channel.send(scene.outgoing(thread=f"T1:{scene.room.id}:{root.ts}"))
    scene.later(seconds + 0.1)
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
def test_what_slack_does_not_show_is_looked_for_once_more_before_it_is_sent_again(scene: Scene, trouble: str) -> None:
    outgoing = scene.outgoing()
    scene.world.fail_next("chat.postMessage", trouble)
    with pytest.raises(Uncertain, match="no answer came") as caught:
        scene.channel.send(outgoing)
    assert not caught.value.cannot_look
    assert caught.value.not_before == START + timedelta(seconds=5)
    looks = len(scene.world.calls_of("conversations.history"))
    assert len(scene.channel.send(replace(outgoing, doubts=1))) == len(scene.ada.dm.bot_messages) == 1
    assert len(scene.world.calls_of("conversations.history")) == looks + 1


@pytest.mark.parametrize("where", ["direct", "thread"])
def test_what_shows_up_late_is_found_though_we_were_started_anew(scene: Scene, where: str) -> None:
    root = scene.ada.says("hi", scene.room)
    outgoing = scene.outgoing(thread=scene.direct() if where == "direct" else f"T1:{scene.room.id}:{root.ts}")
    arrived = scene.channel.send(outgoing)
    anew = SlackChannel(scene.folder, scene.clients, clock=lambda: scene.now)
    assert anew.send(replace(outgoing, doubts=1)) == arrived
    assert len(scene.world.calls_of("chat.postMessage")) == 1


def test_only_the_part_that_was_under_way_is_looked_for(scene: Scene) -> None:
    outgoing = scene.outgoing("word " * 1_000, doubts=1)
    kept: list[str] = []
    with pytest.raises(StopIteration):
        scene.channel.send(outgoing, partial(_stop_at, kept))
    (first,) = scene.ada.dm.bot_messages
    assert kept == [first.ts]
    looks = len(scene.world.calls_of("conversations.history"))
    patiently(scene, replace(outgoing, sent=tuple(kept)))
    assert len(scene.world.calls_of("conversations.history")) <= looks + 2, "one look, and one more if it had to wait"
    assert len(scene.ada.dm.bot_messages) == len({message.text for message in scene.ada.dm.bot_messages})


def _stop_at(kept: list[str], part: str) -> None:
    kept.append(part)
    raise StopIteration


def test_what_a_former_installation_sent_is_not_taken_for_it(scene: Scene) -> None:
    outgoing = scene.outgoing("Of the former one")
    scene.channel.send(outgoing)
    scene.world.clock.advance(3_600)
    made_at = datetime.fromtimestamp(scene.world.clock.now(), UTC)
    scene.channel.send(replace(outgoing, text="Of this one", doubts=1, made_at=made_at))
    assert [message.text for message in scene.ada.dm.bot_messages] == ["Of the former one", "Of this one"]


def test_below_many_later_messages_it_is_still_found(scene: Scene) -> None:
    outgoing = scene.outgoing()
    arrived = scene.channel.send(outgoing)
    for number in range(250):
        scene.ada.says(f"and {number}", scene.ada.dm)
    assert scene.channel.send(replace(outgoing, doubts=1)) == arrived


@pytest.mark.parametrize("trouble", ["missing_scope", "ratelimited", "drop_before", "http_500"])
def test_an_answer_that_cannot_be_looked_up_leaves_a_doubt(scene: Scene, trouble: str) -> None:
    scene.channel.send(scene.outgoing())
    scene.world.fail_next("chat.postMessage", "drop_after")
    scene.world.fail_next("conversations.history", trouble)
    with pytest.raises(Uncertain) as caught:
        scene.channel.send(scene.outgoing())
    assert caught.value.cannot_look == (trouble == "missing_scope"), "else it can be looked for later"
    assert len(scene.ada.dm.bot_messages) == 2, "the message is there, and is not sent again"


@pytest.mark.parametrize("trouble", ["ratelimited", "drop_before", "http_500"])
def test_while_slack_cannot_be_asked_nothing_is_sent_a_second_time(scene: Scene, trouble: str) -> None:
    outgoing = scene.outgoing()
    scene.channel.send(outgoing)
    scene.world.fail_next("conversations.history", trouble, retry_after=30)
    with pytest.raises(Later, match="does not say yet") as caught:
        scene.channel.send(replace(outgoing, doubts=1))
    assert caught.value.not_before == START + timedelta(seconds=30 if trouble == "ratelimited" else 5)
    scene.later(31)
    scene.channel.send(replace(outgoing, doubts=1))
    assert len(scene.ada.dm.bot_messages) == 1


@pytest.mark.parametrize("is_looked_back", [False, True])
def test_a_pause_that_slack_asks_for_is_kept_by_all_who_look(scene: Scene, *, is_looked_back: bool) -> None:
    outgoing = scene.outgoing()
    scene.channel.send(outgoing)
    scene.world.fail_next("conversations.history", "ratelimited", retry_after=30)

    def looks_up() -> None:
        with pytest.raises(Later, match="does not say yet"):
            scene.channel.send(replace(outgoing, doubts=1))

    def looks_back() -> None:
        places = [Spoken(Direct("T1", scene.ada.id), scene.ada.dm.id, None)]
        look = Look(scene.clients, scene.channel.calls, Event(), 0.0, "1.0", lambda team: None, waiting=10)
        with pytest.raises(Enough, match="long pauses"):
            list(look.all_of(places))

    for look in (looks_back, looks_up) if is_looked_back else (looks_up, looks_back):
        look()
    assert len(scene.world.calls_of("conversations.history")) == 1, "the other one asks nothing"


def test_where_slack_does_not_let_us_look_it_is_repeated_only_if_it_may_be(scene: Scene) -> None:
    outgoing = scene.outgoing()
    scene.channel.send(outgoing)
    scene.team.missing("im:history")
    with pytest.raises(Uncertain, match="does not let us look") as caught:
        scene.channel.send(replace(outgoing, doubts=1))
    assert caught.value.cannot_look
    assert len(scene.ada.dm.bot_messages) == 1
    scene.channel.send(replace(outgoing, doubts=1, may_repeat=True))
    assert len(scene.ada.dm.bot_messages) == 2


def test_a_file_cannot_be_looked_for(scene: Scene) -> None:
    outgoing = scene.outgoing("Here it is", files=(scene.stored(b"%PDF-"),))
    words, _ = scene.channel.send(outgoing)
    with pytest.raises(Uncertain, match="no mark") as caught:
        scene.channel.send(replace(outgoing, sent=(words,), doubts=1))
    assert caught.value.cannot_look
    # Its words were under way, so the file was not.
    scene.channel.send(replace(outgoing, doubts=1))


def test_another_message_with_the_same_words_is_not_taken_for_it(scene: Scene) -> None:
    scene.channel.send(scene.outgoing("Same"))
    outgoing = scene.outgoing("Same")
    scene.world.fail_next("chat.postMessage", "drop_before")
    with pytest.raises(Uncertain):
        scene.channel.send(outgoing)
    scene.channel.send(replace(outgoing, doubts=1))
    assert len(scene.ada.dm.bot_messages) == 2


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
