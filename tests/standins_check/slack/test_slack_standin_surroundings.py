"""The stand-in for Slack: people, files, reactions, limits, response_url, pages, and what goes wrong on order."""

from __future__ import annotations

import asyncio
import threading

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook import WebhookClient
from standins.slack.methods.assistant import status_in
from standins.slack.server import Channel, Limits, Person, SlackWorld, Team
from standins_check.slack_clients import BUTTON, raw, refusal, section

pytestmark = pytest.mark.long


def test_people_are_told_as_far_as_scopes_go(client: WebClient, team: Team, ann: Person) -> None:
    user = client.users_info(user=ann.id, include_locale=True)["user"]
    assert (user["profile"]["email"], user["tz"], user["locale"]) == ("ann@acme.example", "Europe/Berlin", "de-DE")
    assert client.users_lookupByEmail(email="ann@acme.example")["user"]["id"] == ann.id
    team.missing("users:read.email")
    assert "email" not in client.users_info(user=ann.id)["user"]["profile"]
    assert client.users_info(user=team.bot.user_id)["user"]["is_bot"] is True
    assert client.team_info()["team"]["id"] == "T1"
    assert client.bots_info(bot=team.bot.bot_id)["bot"]["user_id"] == team.bot.user_id


def test_direct_messages_are_opened_once(client: WebClient, ann: Person, world: SlackWorld, team: Team) -> None:
    opened = client.conversations_open(users=[ann.id])["channel"]["id"]
    assert opened == ann.dm.id == client.conversations_open(users=ann.id)["channel"]["id"]
    assert client.chat_postMessage(channel=ann.id, text="hello")["channel"] == ann.dm.id
    assert refusal(client.conversations_open, users=team.bot.user_id)["error"] == "cannot_dm_bot"
    world.app.messages_tab = False
    assert refusal(client.chat_postMessage, channel=ann.dm.id, text="x")["error"] == "messages_tab_disabled"
    world.app.messages_tab = True
    ann.leaves_company()
    assert refusal(client.conversations_open, users=ann.id)["error"] == "user_disabled"


def test_places_and_their_members_are_listed(client: WebClient, team: Team, room: Channel, ann: Person) -> None:
    team.add_channel("secret", kind="private", bot=False)
    listed = client.conversations_list(types="public_channel,private_channel")["channels"]
    assert [channel["name"] for channel in listed] == ["general"]
    assert client.conversations_members(channel=room.id)["members"] == [ann.id, team.bot.user_id]
    assert client.conversations_info(channel=room.id)["channel"]["is_member"] is True
    assert client.conversations_info(channel=ann.dm.id)["channel"]["user"] == ann.id


def test_a_file_goes_up_in_three_steps_and_comes_down_with_the_token(
    world: SlackWorld, client: WebClient, room: Channel
) -> None:
    client.files_upload_v2(channel=room.id, filename="a.txt", content="words", initial_comment="look")
    message = room.wait_for_bot("look")
    facts = client.files_info(file=message.files[0].id)["file"]
    assert facts["shares"]["public"][room.id][0]["ts"] == message.ts
    good = httpx.get(facts["url_private_download"], headers={"Authorization": "Bearer xoxb-one"})
    assert (good.text, good.headers["content-type"].partition(";")[0]) == ("words", "text/plain")
    for headers in ({}, {"Authorization": "Bearer xoxb-wrong"}):
        page = httpx.get(facts["url_private_download"], headers=headers)
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert "Sign in" in page.text


def test_an_upload_of_another_length_is_refused(client: WebClient) -> None:
    step = client.files_getUploadURLExternal(filename="a.txt", length=5)
    assert httpx.post(step["upload_url"], content=b"four").status_code == 400
    files = [{"id": step["file_id"]}]
    assert refusal(client.files_completeUploadExternal, files=files)["error"] == "file_not_found"
    assert httpx.post(step["upload_url"], content=b"fives").status_code == 200
    assert httpx.post(step["upload_url"], content=b"fives").status_code == 404
    assert client.files_completeUploadExternal(files=files)["files"][0]["shares"] == {}
    assert refusal(client.files_completeUploadExternal, files=files)["error"] == "file_already_completed"


def test_a_reaction_is_given_once(client: WebClient, room: Channel, ann: Person) -> None:
    ts = ann.says("help", room).ts
    client.reactions_add(channel=room.id, name="eyes", timestamp=ts)
    again = refusal(client.reactions_add, channel=room.id, name="eyes", timestamp=ts)
    assert again["error"] == "already_reacted"
    client.reactions_remove(channel=room.id, name="eyes", timestamp=ts)
    gone = refusal(client.reactions_remove, channel=room.id, name="eyes", timestamp=ts)
    assert gone["error"] == "no_reaction"


def test_a_status_goes_with_the_next_message_or_by_itself(client: WebClient, ann: Person, world: SlackWorld) -> None:
    ts = ann.says("help", ann.dm).ts
    place = {"channel_id": ann.dm.id, "thread_ts": ts}
    client.assistant_threads_setStatus(**place, status="is thinking")
    assert status_in(ann.dm, ts) == "is thinking"
    client.chat_postMessage(channel=ann.dm.id, text="there", thread_ts=ts)
    assert status_in(ann.dm, ts) == ""
    client.assistant_threads_setStatus(**place, status="is thinking")
    world.clock.advance(121)
    assert status_in(ann.dm, ts) == ""
    client.assistant_threads_setSuggestedPrompts(channel_id=ann.dm.id, prompts=[{"title": "a", "message": "b"}])
    client.assistant_threads_setTitle(**place, title="Password")
    many = refusal(client.assistant_threads_setStatus, **place, status="x", loading_messages=["y"] * 11)
    assert many["error"] == "invalid_arguments"


def test_a_stream_grows_and_ends(client: WebClient, ann: Person) -> None:
    root = ann.says("help", ann.dm)
    with_chunks = client.chat_stream(channel=ann.dm.id, thread_ts=root.ts, buffer_size=2)
    with_chunks.append(markdown_text="Hello ")
    with_chunks.append(markdown_text="Ann")
    with_chunks.stop()
    message = ann.dm.wait_for_bot("Hello Ann")
    ended = refusal(client.chat_appendStream, channel=ann.dm.id, ts=message.ts, markdown_text="x")
    assert ended["error"] == "message_not_in_streaming_state"


# Trouble


def test_limits_are_answered_with_429_and_when_to_come_back(
    world: SlackWorld, client: WebClient, room: Channel
) -> None:
    world.limits = Limits.real()
    for _ in range(3):
        client.chat_postMessage(channel=room.id, text="x")
    url, headers = f"{world.api_url}chat.postMessage", {"Authorization": "Bearer xoxb-one"}
    answer = httpx.post(url, json={"channel": room.id, "text": "x"}, headers=headers)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
    assert answer.json()["error"] == "ratelimited"
    world.clock.advance(1)
    assert client.chat_postMessage(channel=room.id, text="x")["ok"]
    for _ in range(20):
        client.users_list()
    assert refusal(client.users_list)["error"] == "ratelimited"


def test_reading_back_outside_the_marketplace_is_one_call_and_fifteen_messages(
    world: SlackWorld, client: WebClient, room: Channel, ann: Person
) -> None:
    for _ in range(20):
        ann.says("x", room)
    world.limits = Limits.real(outside_marketplace=True)
    assert len(client.conversations_history(channel=room.id)["messages"]) == 15
    assert refusal(client.conversations_history, channel=room.id)["error"] == "ratelimited"


def test_ordered_faults_hit_the_next_calls(world: SlackWorld, client: WebClient, room: Channel) -> None:
    client.retry_handlers = [RateLimitErrorRetryHandler(max_retry_count=1)]
    world.fail_next("chat.postMessage", "ratelimited", retry_after=0)
    assert client.chat_postMessage(channel=room.id, text="waited")["ok"]
    client.retry_handlers = []
    world.fail_next("chat.postMessage", "fatal_error")
    assert refusal(client.chat_postMessage, channel=room.id, text="x")["error"] == "fatal_error"
    world.fail_next("*", "http_500", after=1)
    assert client.auth_test()["ok"]
    assert httpx.post(f"{world.api_url}auth.test", data={"token": "xoxb-one"}).status_code == 500
    assert [call.error for call in world.calls_of("chat.postMessage")] == ["ratelimited", None, "fatal_error"]


def test_a_connection_dropped_after_storing_leaves_the_message(world: SlackWorld, room: Channel) -> None:
    url, headers = f"{world.api_url}chat.postMessage", {"Authorization": "Bearer xoxb-one"}
    for kind, kept in (("drop_before", 0), ("drop_after", 1)):
        world.fail_next("chat.postMessage", kind)
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.post(url, json={"channel": room.id, "text": "x"}, headers=headers)
        assert len(room.messages) == kept


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_the_sdk_sends_twice_when_the_answer_is_lost(world: SlackWorld, client: WebClient, room: Channel) -> None:
    """The default retry handler of the SDK does this, and the stand-in lets it be seen."""
    world.fail_next("chat.postMessage", "drop_after")
    client.chat_postMessage(channel=room.id, text="once?")
    assert len(room.messages) == 2


def test_a_hanging_call_waits_until_it_is_released(world: SlackWorld, room: Channel) -> None:
    world.fail_next("chat.postMessage", "hang_after")
    ends: list[str] = []

    def call() -> None:
        try:
            raw(world, "chat.postMessage", channel=room.id, text="x")
        except httpx.RemoteProtocolError as error:
            ends.append(type(error).__name__)

    caller = threading.Thread(target=call)
    caller.start()
    room.wait_for_bot("x")
    assert ends == []
    world.release()
    caller.join(60)
    assert ends == ["RemoteProtocolError"]


def test_the_asynchronous_client_is_served_alike(world: SlackWorld, room: Channel, ann: Person) -> None:
    async def run() -> None:
        client = AsyncWebClient("xoxb-one", base_url=world.api_url)
        await asyncio.gather(*(client.chat_postMessage(channel=room.id, text=f"{n}") for n in range(20)))
        # This client sends these in the query string, with booleans as 0 and 1.
        user = await client.users_info(user=ann.id, include_locale=True)
        assert user["user"]["locale"] == "de-DE"
        assert (await client.conversations_history(channel=room.id, limit=3, inclusive=False))["has_more"]

    asyncio.run(run())
    assert sorted(int(message.text) for message in room.messages) == list(range(20))
    assert len({message.ts for message in room.messages}) == 20


def test_a_response_url_is_good_five_times_for_half_an_hour(world: SlackWorld, ann: Person, room: Channel) -> None:
    def hook() -> WebhookClient:
        return WebhookClient(ann.runs("/support", "help", room, wait=False).payload["response_url"])

    private = hook()
    assert private.send(text="psst").body == "ok"
    assert [message.text for message in room.ephemerals(ann)] == ["psst"]
    assert private.send(text="louder", replace_original=True).status_code == 200
    assert [message.text for message in room.ephemerals(ann)] == ["louder"]
    assert private.send(response_type="in_channel", text="all").status_code == 200
    assert room.wait_for_bot("all").only_for is None
    assert private.send(delete_original=True).status_code == 200
    assert room.ephemerals(ann) == []
    private.send(text="fifth")
    used = private.send(text="sixth")
    assert (used.status_code, "used_url" in used.body) == (404, True)
    late = hook()
    world.clock.advance(1801)
    expired = late.send(text="x")
    assert (expired.status_code, "expired_url" in expired.body) == (404, True)
    assert httpx.post(f"{world.url}/actions/T1/R404", json={"text": "x"}).status_code == 404
    assert httpx.post(hook().url, json={"words": "x"}).status_code == 400


def test_the_pages_draw_what_people_see(world: SlackWorld, client: WebClient, ann: Person, room: Channel) -> None:
    ann.says("a < b & @firstline", room)
    client.chat_postMessage(
        channel=room.id,
        text="x",
        blocks=[section("*bold* <https://a.example|link>"), {"type": "actions", "elements": [BUTTON]}],
    )
    page = httpx.get(f"{world.url}/view/{room.id}").text
    for words in (
        "a &lt; b &amp;",
        "<b>bold</b>",
        '<a href="https://a.example">link</a>',
        "press:1",
        "drawn by the stand-in",
    ):
        assert words in page
    assert "no Home" in httpx.get(f"{world.url}/view/home/{ann.id}").text
    client.views_publish(user_id=ann.id, view={"type": "home", "blocks": [section("Your tickets")]})
    assert "Your tickets" in httpx.get(f"{world.url}/view/home/{ann.id}").text
    httpx.post(f"{world.url}/view/{room.id}", data={"as": ann.id, "text": "by hand"})
    assert room.messages[-1].text == "by hand"


def test_waiting_for_what_does_not_come_says_what_is_there(ann: Person) -> None:
    ann.says("hello", ann.dm)
    with pytest.raises(AssertionError, match=r"no bot message with 'bye' in directmessage: .*hello"):
        ann.dm.wait_for_bot("bye", timeout=0.05)


def test_an_app_that_does_not_wait_as_told_is_shut_out_for_good(
    world: SlackWorld, client: WebClient, room: Channel, ann: Person
) -> None:
    world.limits = Limits(ban_after=2, grace=0.5)
    world.fail_next("chat.postMessage", "ratelimited", retry_after=30, channel=room, after=1)
    assert client.chat_postMessage(channel=room.id, text="x")["ok"]
    for _ in range(2):
        assert refusal(client.chat_postMessage, channel=room.id, text="x")["error"] == "ratelimited"
    assert client.chat_postMessage(channel=ann.dm.id, text="elsewhere")["ok"]
    assert world.limits.strikes == 0, "the second one was under way"
    for _ in range(2):
        world.clock.advance(1)
        assert not world.limits.is_banned
        refusal(client.chat_postMessage, channel=room.id, text="x")
    world.clock.advance(3600)
    assert refusal(client.chat_postMessage, channel=ann.dm.id, text="x")["error"] == "ratelimited"
