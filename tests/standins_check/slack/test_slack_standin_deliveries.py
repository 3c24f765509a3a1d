"""The stand-in for Slack delivers as Slack does: sockets, signed requests, repetitions, what acts bring back."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import parse_qs

import aiohttp
import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.signature import SignatureVerifier
from standins.slack.server import Channel, Http, Person, SlackWorld, Team, Times
from standins_check.slack_clients import BUTTON, MODAL, Listening, endpoint, loop_app, refusal, section, threads_app

pytestmark = pytest.mark.long

MakeApp = Callable[[SlackWorld], AbstractContextManager[Listening]]
BOTH = pytest.mark.parametrize("make_app", [threads_app, loop_app])


@pytest.fixture
def world() -> Iterator[SlackWorld]:
    with SlackWorld(times=Times(retries=(0.0, 0.01, 0.01))) as world:
        yield world
        assert world.complaints == []


@pytest.fixture
def client(world: SlackWorld, team: Team) -> WebClient:
    return WebClient("xoxb-one", base_url=world.api_url)


# Sockets


@BOTH
def test_what_people_write_arrives_and_is_acknowledged(
    make_app: MakeApp, world: SlackWorld, ann: Person, room: Channel, client: WebClient, team: Team
) -> None:
    with make_app(world) as app:
        direct = ann.says("hello & <bye>", ann.dm)
        ann.says(f"{team.bot.mention} help", room)
        world.wait_for(lambda: len(world.deliveries) == 3 and not world.unacknowledged())
        client.chat_postMessage(channel=room.id, text="at once")
        app.wait_for(4)
    told = sorted((request.payload for request in app.seen), key=lambda body: str(body["event"]["ts"]))
    first, *pair, own = (body["event"] for body in told)
    assert (first["text"], first["channel_type"]) == ("hello &amp; &lt;bye&gt;", "im")
    assert (first["ts"], first["channel"]) == (direct.ts, ann.dm.id)
    assert sorted(event["type"] for event in pair) == ["app_mention", "message"]
    assert pair[0]["ts"] == pair[1]["ts"]
    assert len({body["event_id"] for body in told}) == 4
    assert own["bot_id"] == team.bot.bot_id


@BOTH
def test_an_event_without_acknowledgement_comes_three_times_more(
    make_app: MakeApp, world: SlackWorld, ann: Person
) -> None:
    world.times.ack = 0.15
    with make_app(world) as app:
        app.answer = lambda request: False
        ann.says("hello", ann.dm)
        app.wait_for(4)
        world.wait_for(lambda: world.deliveries[0].is_done)
    assert [request.retry_attempt for request in app.seen] == [0, 1, 2, 3]
    assert [request.retry_reason for request in app.seen] == ["", "timeout", "timeout", "timeout"]
    assert len({request.payload["event_id"] for request in app.seen}) == 1
    assert [delivery.acknowledged for delivery in world.unacknowledged()] == [False]


@BOTH
def test_nothing_is_lost_when_the_socket_is_refreshed_or_cut(make_app: MakeApp, world: SlackWorld, ann: Person) -> None:
    with make_app(world) as app:
        for number, trouble in enumerate((world.sockets.refresh, world.sockets.abort), start=1):
            before = list(world.sockets.connections)
            trouble()
            ann.says(f"in the gap {number}", ann.dm)
            world.wait_for(lambda gone=before: world.sockets.connections and world.sockets.connections[0] not in gone)
            world.wait_for(lambda: not world.unacknowledged())
        texts = [request.payload["event"]["text"] for request in app.seen]
    assert set(texts) == {"in the gap 1", "in the gap 2"}


@BOTH
def test_a_black_hole_is_noticed_by_its_silence(make_app: MakeApp, world: SlackWorld, ann: Person) -> None:
    world.times.ack = 1000
    with make_app(world) as app:
        world.wait_for(lambda: world.sockets.connections and world.sockets.connections[0].is_answered)
        world.sockets.black_hole()
        ann.says("into the dark", ann.dm)
        world.wait_for(lambda: not world.unacknowledged(), timeout=150)
    assert [request.retry_attempt for request in app.seen] == [1]


def test_a_warning_comes_before_the_refresh(world: SlackWorld, ann: Person) -> None:
    world.times.warning = 0.3
    with loop_app(world) as app:
        first = world.sockets.connections[0]
        world.sockets.refresh(warning=True)
        world.wait_for(lambda: first not in world.sockets.connections and world.sockets.connections)
        ann.says("hello", ann.dm)
        app.wait_for(1)


def test_ten_connections_share_the_events_and_the_eleventh_is_turned_away(world: SlackWorld, ann: Person) -> None:
    opened = WebClient(base_url=world.api_url)
    addresses = [opened.apps_connections_open(app_token=world.app.app_token)["url"] for _ in range(11)]

    async def run() -> tuple[list[str], Any, int]:
        async with aiohttp.ClientSession() as session:
            sockets = [await session.ws_connect(address) for address in addresses]
            hellos = [(await socket.receive_json())["type"] for socket in sockets[:10]]
            refused = await sockets[10].receive_json()
            for _ in range(10):
                ann.says("hello", ann.dm)
            heard = [await socket.receive_json(timeout=60) for socket in sockets[:10]]
            for socket, envelope in zip(sockets, heard, strict=False):
                await socket.send_json({"envelope_id": envelope["envelope_id"]})
            events = {envelope["payload"]["event_id"] for envelope in heard}
            again = await session.get(addresses[0].replace("ws://", "http://"))
            return hellos, refused, len(events) if again.status == 401 else 0

    hellos, refused, events = asyncio.run(run())
    assert hellos == ["hello"] * 10
    assert refused["reason"] == "too_many_websockets"
    assert events == 10


def test_a_bad_app_token_gets_no_socket(world: SlackWorld, team: Team, client: WebClient) -> None:
    wrong = refusal(client.apps_connections_open, app_token="xapp-wrong")
    bot = refusal(client.apps_connections_open, app_token=team.bot_token)
    world.app.app_scopes.clear()
    scopeless = refusal(client.apps_connections_open, app_token=world.app.app_token)
    world.app.app_scopes.add("connections:write")
    world.sockets.refuse()
    down = refusal(client.apps_connections_open, app_token=world.app.app_token)
    errors = [told["error"] for told in (wrong, bot, scopeless, down)]
    assert errors == ["invalid_auth", "not_allowed_token_type", "missing_scope", "internal_error"]


def test_wrong_acknowledgements_are_complaints(world: SlackWorld, ann: Person) -> None:
    with loop_app(world) as app:
        app.answer = lambda request: {"text": "events take no payload"}
        ann.says("hello", ann.dm).channel.world.wait_for(lambda: world.complaints)
    assert world.complaints == ["a payload with the acknowledgement of an event"]
    world.complaints.clear()


# What Slack tells of


def test_edits_deletions_and_files_are_told_as_slack_does(world: SlackWorld, ann: Person, client: WebClient) -> None:
    with loop_app(world) as app:
        first = ann.says("frist", ann.dm)
        ann.edits(first, "first")
        world.unfurl(first)
        own = client.chat_postMessage(channel=ann.dm.id, text="draft")["ts"]
        client.chat_update(channel=ann.dm.id, ts=own, text="final")
        ann.deletes(first)
        ann.says("look", ann.dm, files=[("a.png", b"png", "image/png")])
        app.wait_for(8)
        world.wait_for(lambda: not world.unacknowledged())
    events = sorted((request.payload["event"] for request in app.seen), key=lambda event: str(event["event_ts"]))
    subtypes = [event.get("subtype", event["type"]) for event in events]
    changed = "message_changed"
    assert subtypes[:6] == ["message", changed, changed, "message", changed, "message_deleted"]
    assert sorted(subtypes[6:]) == ["file_share", "file_shared"]
    assert (events[1]["message"]["text"], events[1]["previous_message"]["text"]) == ("first", "frist")
    assert "edited" in events[1]["message"]
    assert events[2]["message"]["text"] == events[2]["previous_message"]["text"]
    assert events[4]["message"]["bot_id"] is not None
    assert events[5]["deleted_ts"] == first.ts
    shared = next(event for event in events if event.get("subtype") == "file_share")
    assert shared["files"][0]["mimetype"] == "image/png"


def test_a_deleted_root_with_replies_leaves_a_stone(world: SlackWorld, ann: Person, room: Channel) -> None:
    root = ann.says("root", room)
    ann.says("reply", room, thread_ts=root.ts)
    ann.deletes(root)
    event = world.deliveries[-1].payload["event"]
    assert (event["subtype"], event["message"]["subtype"]) == ("message_changed", "tombstone")


def test_only_what_is_subscribed_and_allowed_is_told(world: SlackWorld, team: Team, ann: Person, room: Channel) -> None:
    world.app.subscribed.discard("message.channels")
    ann.says("unheard", room)
    team.missing("im:history")
    ann.says("unheard", ann.dm)
    away = team.add_channel("away", members=[ann], bot=False)
    ann.says(f"{team.bot.mention} unheard", away)
    assert world.deliveries == []
    ann.says("@firstline heard", room)
    assert [delivery.name for delivery in world.deliveries] == ["app_mention"]
    ann.opens_home("messages")
    assert world.deliveries[-1].payload["event"]["tab"] == "messages"


def test_uninstalling_tells_twice_and_then_nothing(world: SlackWorld, team: Team, ann: Person) -> None:
    team.uninstalls()
    ann.says("unheard", ann.dm)
    assert [delivery.name for delivery in world.deliveries] == ["tokens_revoked", "app_uninstalled"]


def test_a_shared_channel_names_the_team_of_who_writes(world: SlackWorld, team: Team) -> None:
    other = world.add_team("T2", installed=False)
    bob = other.add_person("bob")
    shared = team.add_channel("partners", members=[bob], shared_with=[other])
    message = bob.says("help @firstline", shared, files=[("a.txt", b"words", "text/plain")])
    mention = next(delivery.payload for delivery in world.deliveries if delivery.name == "app_mention")
    assert (mention["team_id"], mention["authorizations"][0]["team_id"]) == ("T1", "T1")
    assert (mention["event"]["user_team"], mention["is_ext_shared_channel"]) == ("T2", True)
    assert mention["event"]["files"][0]["file_access"] == "check_file_info"
    client = WebClient("xoxb-one", base_url=world.api_url)
    assert client.files_info(file=message.files[0].id)["file"]["mimetype"] == "text/plain"
    assert client.users_info(user=bob.id)["user"]["is_stranger"] is True
    posted = client.chat_postMessage(channel=shared.id, text="x", blocks=[{"type": "actions", "elements": [BUTTON]}])
    press = bob.clicks(shared.wait_for_bot("Yes"), "Yes", wait=False).payload
    assert (press["team"]["id"], press["user"]["team_id"], press["message"]["ts"]) == ("T1", "T2", posted["ts"])


def test_what_slacks_own_client_prevents_is_an_error_of_the_test(ann: Person, room: Channel, team: Team) -> None:
    away = team.add_channel("away")
    message = ann.says("hello", room)
    for act in (
        lambda: ann.says("x", away),
        lambda: ann.says("x", room, thread_ts="1.1"),
        lambda: ann.runs("/other", "", room),
        lambda: ann.clicks(message, "Yes"),
        lambda: team.add_person("bob").edits(message, "x"),
    ):
        with pytest.raises(ValueError, match=r".+"):
            act()


# Acts and their answers


def test_a_press_opens_a_modal_and_its_errors_are_shown(
    world: SlackWorld, ann: Person, room: Channel, client: WebClient
) -> None:
    client.chat_postMessage(channel=room.id, text="x", blocks=[{"type": "actions", "elements": [BUTTON]}])
    said: dict[str, Any] = {}

    def answer(request: Any) -> dict[str, Any] | None:
        if request.payload["type"] == "block_actions":
            client.views_open(trigger_id=request.payload["trigger_id"], view=MODAL)
        return said

    with loop_app(world) as app:
        app.answer = answer
        press = ann.clicks(room.wait_for_bot("Yes"), "Yes")
        assert press.acknowledged
        assert press.payload["actions"][0]["value"] == "token"
        view = ann.wait_for_modal("New ticket")
        with pytest.raises(ValueError, match="'Subject' is required"):
            ann.submits(view)
        said = {"response_action": "errors", "errors": {"subject": "Too short."}}
        assert ann.submits(view, {"Subject": "?"}).errors == {"subject": "Too short."}
        said = {"response_action": "errors", "errors": {"nothing": "x"}}
        assert "invalid_errors" in ann.submits(view, {"Subject": "?"}).errors[""]
        said = {"response_action": "update", "view": {**MODAL, "title": {"type": "plain_text", "text": "x" * 25}}}
        assert "invalid_arguments" in ann.submits(view, {"Subject": "?"}).errors[""]
        said = {"response_action": "push", "view": {**MODAL, "title": {"type": "plain_text", "text": "More"}}}
        assert not ann.submits(view, {"Subject": "?"}).closed
        assert (ann.modal.title, len(ann.modals)) == ("More", 2)
        said = {}
        done = ann.submits(ann.modal, {"subject": "Login"})
        assert done.closed
        assert ann.modal is view
        typed = done.delivery.payload["view"]["state"]["values"] if done.delivery else {}
        assert typed == {"subject": {"typed": {"type": "plain_text_input", "value": "Login"}}}
        said = {"response_action": "clear"}
        assert ann.submits(view, {"subject": "Login"}).closed
        assert ann.modals == []


def test_a_trigger_lives_three_seconds_and_opens_once(
    world: SlackWorld, ann: Person, room: Channel, client: WebClient
) -> None:
    trigger = ann.shortcut("ask", ann.says("help", room), wait=False).payload["trigger_id"]
    view = client.views_open(trigger_id=trigger, view=MODAL)["view"]
    assert refusal(client.views_open, trigger_id=trigger, view=MODAL)["error"] == "exchanged_trigger_id"
    late = ann.global_shortcut("ask", wait=False).payload["trigger_id"]
    world.clock.advance(3.1)
    assert refusal(client.views_open, trigger_id=late, view=MODAL)["error"] == "expired_trigger_id"
    changed = client.views_update(view_id=view["id"], hash=view["hash"], view=MODAL)["view"]
    assert changed["hash"] != view["hash"]
    told = refusal(client.views_update, view_id=view["id"], hash=view["hash"], view=MODAL)
    assert told["error"] == "hash_conflict"
    outside = ann.global_shortcut("ask", wait=False).payload["trigger_id"]
    assert refusal(client.views_push, trigger_id=outside, view=MODAL)["error"] == "not_found"


def test_modals_pile_up_to_three(world: SlackWorld, ann: Person, client: WebClient) -> None:
    pressed = {**MODAL, "blocks": [{"type": "actions", "elements": [BUTTON]}]}
    del pressed["submit"]
    client.views_open(trigger_id=ann.global_shortcut("ask", wait=False).payload["trigger_id"], view=pressed)
    for _ in range(2):
        trigger = ann.clicks(ann.modal, "Yes", wait=False).payload["trigger_id"]
        client.views_push(trigger_id=trigger, view=pressed)
    trigger = ann.clicks(ann.modal, "Yes", wait=False).payload["trigger_id"]
    assert refusal(client.views_push, trigger_id=trigger, view=pressed)["error"] == "push_limit_reached"
    ann.closes(ann.modal)
    assert len(ann.modals) == 2


def test_a_command_is_answered_in_place(world: SlackWorld, ann: Person, room: Channel) -> None:
    with loop_app(world) as app:
        app.answer = lambda request: {"text": "only you", "blocks": [section("Only *you*")]}
        done = ann.runs("/support", " help ", room)
        loud = {"text": "everybody", "response_type": "in_channel"}
        app.answer = lambda request: loud if request.type == "slash_commands" else None
        ann.runs("/support", "help", room)
    assert (done.payload["text"], done.payload["is_enterprise_install"]) == ("help", "false")
    assert [message.words for message in room.ephemerals(ann)] == ["Only *you*"]
    assert room.bot_messages[0].text == "everybody"


def test_acts_are_not_repeated_and_fail_before_the_person(world: SlackWorld, ann: Person, room: Channel) -> None:
    world.times.ack = 0.1
    with loop_app(world) as app:
        app.answer = lambda request: False
        done = ann.runs("/support", "help", room)
        assert (len(done.attempts), done.acknowledged, len(app.wait_for(1))) == (1, False, 1)
        assert "operation_timeout" in room.ephemerals(ann)[0].text
        world.deliver_again(done)
        app.wait_for(2)
    assert app.seen[0].payload == app.seen[1].payload


# Signed requests


def test_requests_are_signed_over_the_raw_body(world: SlackWorld, ann: Person, room: Channel) -> None:
    verifier = SignatureVerifier(world.app.signing_secret)
    with endpoint() as end:
        world.deliver_by = Http(end.url, world.app.signing_secret)
        ann.says("hällo", ann.dm)
        world.wait_for(lambda: world.deliveries and not world.unacknowledged())
        ann.runs("/support", "a & b", room)
        ann.global_shortcut("ask")
        assert all(verifier.is_valid_request(one.body, one.headers) for one in end.received)
        event, command, shortcut = end.received
    assert json.loads(event.body)["event"]["text"] == "hällo"
    assert "X-Slack-Retry-Num" not in event.headers
    form = {name: values[0] for name, values in parse_qs(command.body.decode()).items()}
    assert (form["command"], form["text"]) == ("/support", "a & b")
    assert json.loads(parse_qs(shortcut.body.decode())["payload"][0])["type"] == "shortcut"


def test_failures_are_repeated_with_number_and_reason(world: SlackWorld, ann: Person) -> None:
    with endpoint() as end:
        world.deliver_by = Http(end.url, world.app.signing_secret)
        end.statuses = [500, 302, 404]
        ann.says("hello", ann.dm)
        world.wait_for(lambda: world.deliveries and world.deliveries[0].is_done)
        retries = [
            (one.headers.get("X-Slack-Retry-Num"), one.headers.get("X-Slack-Retry-Reason")) for one in end.received
        ]
    assert retries == [(None, None), ("1", "http_error"), ("2", "http_error"), ("3", "http_error")]
    assert world.unacknowledged() == []


def test_real_waits_between_repetitions_follow_the_clock(world: SlackWorld, ann: Person) -> None:
    world.times.retries = (0, 60, 300)
    with endpoint() as end:
        world.deliver_by = Http(end.url, world.app.signing_secret)
        end.statuses = [500, 500, 500, 500]
        ann.says("hello", ann.dm)
        delivery = world.deliveries[0]
        for count, wait in ((2, 60), (3, 300)):
            world.wait_for(lambda wanted=count: len(delivery.attempts) == wanted)
            assert not delivery.is_done
            world.wait_for(lambda: world.clock.is_waited_for)
            world.clock.advance(wait)
        world.wait_for(lambda: delivery.is_done)
    assert len(delivery.attempts) == 4


def test_an_app_can_ask_for_no_repetition(world: SlackWorld, ann: Person) -> None:
    with endpoint() as end:
        world.deliver_by = Http(end.url, world.app.signing_secret)
        end.statuses, end.headers = [503], {"X-Slack-No-Retry": "1"}
        ann.says("hello", ann.dm)
        world.wait_for(lambda: world.deliveries and world.deliveries[0].is_done)
    assert len(end.received) == 1
    assert len(world.unacknowledged()) == 1


def test_a_slow_answer_counts_as_none(world: SlackWorld, ann: Person) -> None:
    world.times.ack = 0.2
    with endpoint() as end:
        world.deliver_by = Http(end.url, world.app.signing_secret)
        end.slow = threading.Event()
        ann.says("hello", ann.dm)
        world.wait_for(lambda: world.deliveries and len(world.deliveries[0].attempts) == 1)
        end.slow.set()
        world.wait_for(lambda: world.deliveries[0].is_done)
    assert world.deliveries[0].attempts[0].reason == "http_timeout"
    assert end.received[1].headers["X-Slack-Retry-Reason"] == "http_timeout"


def test_nobody_there_is_a_failed_connection(world: SlackWorld, ann: Person) -> None:
    world.deliver_by = Http("http://127.0.0.1:9/slack/events", world.app.signing_secret)
    ann.says("hello", ann.dm)
    world.wait_for(lambda: world.deliveries and world.deliveries[0].is_done)
    assert [attempt.reason for attempt in world.deliveries[0].attempts] == ["connection_failed"] * 4
    assert httpx.get(f"{world.url}/nowhere").status_code == 404
