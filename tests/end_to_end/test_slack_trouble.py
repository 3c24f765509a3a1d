"""Trouble with Slack that customers must not notice: limits, lost answers, requests that are forged or come again."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
from end_to_end.chat_house import AGENT, ANSWER, PERSON, QUESTION, House, asks_on_slack, number_in
from server import post
from standins.slack.server import Http, SlackWorld, Socket
from standins.slack.signed import signature
from standins.slack.teams import Team

pytest_plugins = ["end_to_end.chat_fixtures"]
EVENTS = "/channels/slack/events"


@contextmanager
def by_http(slack: SlackWorld, house: House) -> Iterator[None]:
    """Slack brings everything by signed HTTP meanwhile, as it does without Socket Mode."""
    slack.deliver_by = Http(f"{house.address}{EVENTS}", slack.app.signing_secret)
    try:
        yield
    finally:
        slack.deliver_by = Socket()


# -- what comes ------------------------------------------------------------------------------------------------------


def test_what_is_said_while_slack_renews_the_connection_is_answered(
    house: House, slack: SlackWorld, team: Team
) -> None:
    ann = team.add_person("ann")
    before = list(slack.sockets.connections)
    slack.sockets.refresh()
    ann.says(QUESTION, ann.dm)
    ann.dm.wait_for_bot(ANSWER)
    slack.wait_for(lambda: [one for one in slack.sockets.connections if one not in before])


def test_an_event_that_comes_again_is_answered_once(house: House, slack: SlackWorld, team: Team) -> None:
    ann = team.add_person("ann")
    room = team.add_channel("help", members=[ann])
    asked = ann.says(f"{team.bot.mention} {PERSON}", room)
    number = number_in(room.wait_for_bot("Your ticket is #").words)
    about = [each for each in slack.deliveries if each.payload.get("event", {}).get("ts") == asked.ts]
    assert sorted(each.name for each in about) == ["app_mention", "message"], "a mention is reported twice"
    for delivery in about:
        slack.deliver_again(delivery).wait()
    ann.says("Anybody?", room, thread_ts=asked.ts)
    house.shows(number, "Anybody?")
    assert house.texts(number) == [PERSON, "Anybody?"]
    assert len(room.bot_messages) == 1


def test_everything_works_by_http_too(house: House, slack: SlackWorld, team: Team) -> None:
    ann = team.add_person("ann")
    with by_http(slack, house):
        assert slack.verify_url()
        ann.says(QUESTION, ann.dm)
        answer = ann.dm.wait_for_bot(ANSWER)
        assert ann.clicks(answer, "👍 Helpful").acknowledged
        ann.dm.wait_for_bot("Thank you")
        ann.runs("/support", "", ann.dm)
        ann.submits(ann.wait_for_modal(), {"question": PERSON})
        ann.dm.wait_for_bot("Your ticket is #")


def test_a_request_that_slack_sends_again_is_answered_once(house: House, slack: SlackWorld, team: Team) -> None:
    ann = team.add_person("ann")
    asked, number = asks_on_slack(ann)
    body = json.dumps(_event_of(slack, asked.ts)).encode()
    for attempt in range(1, 4):
        again = {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": "http_timeout"}
        assert _post(house, slack, body, **again).status_code == 200
    ann.says("Anybody?", ann.dm, thread_ts=asked.ts)
    house.shows(number, "Anybody?")
    assert house.texts(number) == [PERSON, "Anybody?"]


def test_what_is_not_signed_by_slack_now_is_refused_whatever_it_is(house: House, slack: SlackWorld) -> None:
    body, now = b'{"type":"event_callback"}', int(time.time())
    good = signature(slack.app.signing_secret, now, body).encode()
    wrong = [
        (body, str(now), b"v0=" + b"0" * 64),
        (body, str(now - 3600), signature(slack.app.signing_secret, now - 3600, body).encode()),
        (body, str(now + 3600), signature(slack.app.signing_secret, now + 3600, body).encode()),
        (body, "abc", good),
        (body, "", b""),
        (body, str(now), "v0=ä".encode()),
        (b"\xff\xfe", str(now), signature(slack.app.signing_secret, now, b"\xff\xfe").encode()),
        (body + b" ", str(now), good),
    ]
    for content, stamp, sign in wrong:
        signed = {b"X-Slack-Request-Timestamp": stamp.encode(), b"X-Slack-Signature": sign}
        answer = post(f"{house.address}{EVENTS}", content=content, headers=signed)
        assert answer.status_code == 401, (content, stamp, sign)


# -- what goes out ---------------------------------------------------------------------------------------------------


def test_a_pause_that_slack_asks_for_is_kept_and_so_is_the_order(house: House, slack: SlackWorld, team: Team) -> None:
    ann = team.add_person("ann")
    _, number = asks_on_slack(ann)
    slack.fail_next("chat.postMessage", "ratelimited", retry_after=1, channel=ann.dm)
    for word in ("one", "two", "three"):
        house.replies(number, word)
    ann.dm.wait_for_bot("three")
    assert [message.words.splitlines()[-1] for message in ann.dm.bot_messages[1:]] == ["one", "two", "three"]
    posts = [call for call in slack.calls_of("chat.postMessage") if call.arguments["channel"] == ann.dm.id]
    refused = next(call for call in posts if call.status == 429)
    assert min(call.at for call in posts if call.at > refused.at) - refused.at >= 1


def test_a_post_whose_answer_was_lost_shows_exactly_once(house: House, slack: SlackWorld, team: Team) -> None:
    ann = team.add_person("ann")
    _, number = asks_on_slack(ann)
    slack.fail_next("chat.postMessage", "drop_after", channel=ann.dm)
    house.replies(number, "Once and only once.")
    house.when(lambda: house.ticket(number)["messages"][-1]["delivery"] == "sent")
    assert [message.words for message in ann.dm.bot_messages[1:]] == [f"From {AGENT}\nOnce and only once."]


def test_in_all_this_slack_had_nothing_to_complain_of(house: House, slack: SlackWorld) -> None:
    assert slack.complaints == []
    slack.wait_for(lambda: not slack.unacknowledged())


def test_what_is_said_after_the_connection_broke_is_answered(house: House, slack: SlackWorld, team: Team) -> None:
    ann = team.add_person("ann")
    slack.sockets.abort()
    ann.says(QUESTION, ann.dm)
    ann.dm.wait_for_bot(ANSWER)


def _event_of(slack: SlackWorld, ts: str) -> object:
    return next(each.payload for each in slack.deliveries if each.payload.get("event", {}).get("ts") == ts)


def _post(house: House, slack: SlackWorld, body: bytes, **more: str) -> httpx2.Response:
    """A request that Slack signed."""
    signed = Http("", slack.app.signing_secret).headers(body, "application/json")
    return post(f"{house.address}{EVENTS}", content=body, headers=signed | more)
