"""What Slack's payloads mean."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_payloads import (
    ROOT,
    TS,
    Json,
    changed,
    commanded,
    deleted,
    event,
    mentioned,
    message,
    pressed,
    said,
    said_in_channel,
    stored,
    submitted,
    uploaded,
)

from bot.channels.base import Command, CommandName, Deleted, Edited, Event, Inbound, Moved, Nothing, Unreadable
from bot.channels.slack.names import Direct, InChannel, Person, Spot, parse_person, parse_place, parse_spot
from bot.channels.slack.parsing import parse

# Where things are said


def read(payload: Json) -> Inbound:
    found = parse(payload)
    assert isinstance(found, Inbound), found
    return found


def test_a_direct_message_is_in_one_thread_wherever_it_is_answered() -> None:
    first, second = read(said("one")), read(said("two", thread_ts=ROOT))
    assert first.thread == second.thread == "T1:@U1"
    assert first.customer == "T1:U1"
    assert first.spot == f"D1/{TS}"
    assert second.spot == f"D1/{ROOT}"
    assert first.external_id == TS


def test_a_mention_in_a_channel_begins_a_thread() -> None:
    inbound = read(said_in_channel("<@UBOT> my printer burns"))
    assert (inbound.thread, inbound.text, inbound.is_addressed) == (f"T1:C1:{TS}", "my printer burns", True)
    assert inbound.spot is None


def test_both_reports_of_a_mention_are_equal() -> None:
    for text in ("<@UBOT> help", "please <@UBOT|firstline>, help &amp; soon", "help <@UBOT>"):
        assert read(mentioned(text)) == read(said_in_channel(text))
    files = [uploaded()]
    shared = {"channel_type": "channel", "subtype": "file_share", "files": files}
    assert read(mentioned("<@UBOT> look", files=files)) == read(said("<@UBOT> look", channel="C1", **shared))


def test_a_reply_without_a_mention_is_overheard() -> None:
    inbound = read(said_in_channel("and now?", thread_ts=ROOT))
    assert (inbound.thread, inbound.is_addressed) == (f"T1:C1:{ROOT}", False)


@pytest.mark.parametrize("kind", ["channel", "group", "mpim"])
def test_what_people_say_among_themselves_is_nothing(kind: str) -> None:
    assert isinstance(parse(said("lunch?", channel="C1", channel_type=kind)), Nothing)


def test_a_group_of_people_is_a_channel_and_not_direct() -> None:
    inbound = read(said("<@UBOT> help", channel="G1", channel_type="mpim"))
    assert inbound.thread == f"T1:G1:{TS}"


@pytest.mark.parametrize("subtype", ["file_share", "thread_broadcast", "me_message"])
def test_some_subtypes_are_said_by_people(subtype: str) -> None:
    assert read(said("hello", subtype=subtype)).text == "hello"


@pytest.mark.parametrize(
    "fields",
    [
        {"bot_id": "B7"},
        {"subtype": "bot_message"},
        {"user": "UBOT"},
        {"user": "USLACKBOT"},
        {"subtype": "channel_join"},
        {"subtype": "channel_topic"},
        {"subtype": "message_replied"},
        {"subtype": "from_next_year"},
    ],
)
def test_bots_and_news_of_the_channel_are_nothing(fields: Json) -> None:
    assert isinstance(parse(said("<@UBOT> hello", **fields)), Nothing)


@pytest.mark.parametrize(
    "inner",
    [
        {"type": "app_home_opened", "user": "U1", "channel": "D1", "tab": "messages"},
        {"type": "assistant_thread_started", "assistant_thread": {"user_id": "U1"}},
        {"type": "app_context_changed"},
        {"type": "app_uninstalled"},
        {"type": "tokens_revoked", "tokens": {"bot": ["UBOT"]}},
        {"type": "member_joined_channel", "user": "U1", "channel": "C1"},
        {"type": "user_change", "user": {"id": "U1"}},
        {"type": "reaction_added", "user": "U1", "item": {}},
        {"type": "of_next_year"},
    ],
)
def test_other_events_are_nothing(inner: Json) -> None:
    assert isinstance(parse(event(inner)), Nothing)


def test_an_author_of_another_workspace_keeps_their_own_team() -> None:
    guest = said_in_channel("<@UBOT> help", user="U9", user_team="T9", source_team="T9", team="T9")
    assert (read(guest).thread, read(guest).customer) == (f"T1:C1:{TS}", "T9:U9")
    assert read(mentioned("<@UBOT> help", user="U9", user_team="E9", team="T9")).customer == "T9:U9"


def test_the_bots_own_workspace_names_the_thread_even_where_the_event_is_anothers() -> None:
    grant = {"team_id": "T1", "user_id": "UBOT"}
    inbound = read(event(said_in_channel("<@UBOT> a")["body"]["event"], team_id="T9", authorizations=[grant]))
    assert inbound.thread == f"T1:C1:{TS}"
    body = event(said("a")["body"]["event"], team_id="T9", authorizations=[grant])
    assert parse_place(read({**body, "me": {}}).thread).team == "T1"


def test_a_channel_that_gets_another_id_moves() -> None:
    moved = event({"type": "channel_id_changed", "old_channel_id": "G1", "new_channel_id": "C2"})
    assert parse(moved) == Moved("slack", "T1:G1", "T1:C2")


# What is said


@pytest.mark.parametrize(
    ("sent", "read_as"),
    [
        ("a &lt;b&gt; &amp; c", "a <b> & c"),
        ("&amp;lt; stays", "&lt; stays"),
        ("see <https://x.example/a?b=1&amp;c=2|the page>", "see the page (https://x.example/a?b=1&c=2)"),
        ("<https://x.example>", "https://x.example"),
        ("<http://x.example|x.example>", "http://x.example"),
        ("ask <@U2> in <#C1|general> or <#C2>", "ask @U2 in #general or #C2"),
        ("<@U2|bob> and <!subteam^S1|@team>", "@bob and @team"),
        ("<!here> <!channel|channel>", "@here channel"),
        ("<mailto:a@b.example|a@b.example> <tel:+491|+49 1>", "a@b.example +49 1"),
        ("<!date^1392734382^{date}|18 Feb>", "18 Feb"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("1 <2 and 3> 2", "1 <2 and 3> 2"),
        ("<@UBOT>: hello <@UBOT>, are you there?", "hello, are you there?"),
        ("<@UBOT>", ""),
        ("line\n<@UBOT>\nline", "line\n\nline"),
    ],
)
def test_markup_is_read_as_words(sent: str, read_as: str) -> None:
    assert read(said(sent)).text == read_as


@pytest.mark.timeout(60)
@pytest.mark.parametrize("text", [" " * 90_000, "<" * 90_000, "<@UBOT" * 15_000, "&" * 90_000, "\n " * 45_000])
def test_a_long_text_of_nothing_but_marks_is_read(text: str) -> None:
    """In a moment; a pattern that goes back and forth in it would take minutes."""
    assert read(said(f"a{text}b")).text.endswith("b")


def test_files_come_with_what_it_takes_to_fetch_them() -> None:
    (file,) = read(said("", subtype="file_share", files=[uploaded()])).remote_files
    assert (file.name, file.media_type, file.size) == ("error.png", "image/png", 70)
    url = "https://files.slack.com/files-pri/T1-F1/error.png?download"
    assert json.loads(file.ref) == {"team": "T1", "id": "F1", "url": url}


@pytest.mark.parametrize("fields", [{"file_access": "check_file_info"}, {"mode": "tombstone"}])
def test_a_file_that_must_be_asked_about_comes_without_an_address(fields: Json) -> None:
    (file,) = read(said("", subtype="file_share", files=[uploaded(**fields)])).remote_files
    assert json.loads(file.ref)["url"] is None


def test_words_that_are_only_in_blocks_or_attachments_are_found() -> None:
    sections = [{"type": "section", "text": {"type": "mrkdwn", "text": "one"}}, {"type": "divider"}]
    parts = [{"type": "text", "text": "see "}, {"type": "link", "url": "https://x.example"}]
    rich = [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": parts}]}]
    assert read(said("", blocks=[*sections, *rich])).text == "one\nsee https://x.example"
    assert read(said("", attachments=[{"fallback": "shared words"}, "odd"])).text == "shared words"


def test_a_mention_that_is_only_in_blocks_counts() -> None:
    parts = [{"type": "user", "user_id": "UBOT"}, {"type": "text", "text": " help"}]
    rich = [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": parts}]}]
    assert read(said_in_channel("", blocks=rich)).text == "help"


# What is changed and taken back


def test_an_edit_names_the_message_and_its_new_words() -> None:
    payload = changed(message("new &amp; better", edited={"user": "U1", "ts": "1.2"}), message("old"))
    assert parse(payload) == Edited("slack", "T1:@U1", TS, "new & better")


def test_an_edit_in_a_channel_is_in_the_thread_of_the_message() -> None:
    payload = changed(message("b", thread_ts=ROOT), message("a"), channel="C1", channel_type="channel")
    assert parse(payload) == Edited("slack", f"T1:C1:{ROOT}", TS, "b")


@pytest.mark.parametrize(
    ("now", "before"),
    [
        (message("same", attachments=[{"title": "preview"}]), message("same")),
        (message("same"), None),
        (message("b", bot_id="BBOT"), message("a", bot_id="BBOT")),
        (message("b", user="UBOT"), message("a", user="UBOT")),
        (message("b", subtype="channel_topic"), message("a")),
    ],
)
def test_previews_and_the_bots_own_edits_are_nothing(now: Json, before: Json | None) -> None:
    assert isinstance(parse(changed(now, before)), Nothing)


def test_a_deletion_names_the_message() -> None:
    assert parse(deleted(message("oops"))) == Deleted("slack", "T1:@U1", TS)
    in_thread = deleted(message("oops", thread_ts=ROOT), channel="C1", channel_type="channel")
    assert parse(in_thread) == Deleted("slack", f"T1:C1:{ROOT}", TS)


def test_a_deleted_root_leaves_a_stone_and_is_deleted() -> None:
    stone = message("This message was deleted.", subtype="tombstone", user="USLACKBOT")
    assert isinstance(parse(changed(stone, message("oops", bot_id="BBOT"))), Nothing)
    stone = message("This message was deleted.", subtype="tombstone", user="USLACKBOT", hidden=True)
    assert parse(changed(stone, message("oops"))) == Deleted("slack", "T1:@U1", TS)


def test_the_bots_own_deletion_is_nothing_and_one_of_an_unknown_message_is_unreadable() -> None:
    assert isinstance(parse(deleted(message("x", user="UBOT"))), Nothing)
    with pytest.raises(Unreadable):
        parse(deleted(None))


# What is pressed, typed as a command, or sent in


def test_a_press_in_direct_messages_answers_where_the_button_is() -> None:
    inbound = read(pressed("token-1"))
    assert (inbound.press, inbound.thread, inbound.spot) == ("token-1", "T1:@U1", f"D1/{ROOT}")
    assert (inbound.text, inbound.external_id) == ("", None)


def test_a_press_in_a_channel_is_in_the_thread_of_the_message() -> None:
    place = {"id": "C1", "name": "general"}
    assert read(pressed("t", channel=place)).thread == f"T1:C1:{ROOT}"
    assert read(pressed("t", channel=place, message={"ts": TS})).thread == f"T1:C1:{TS}"
    container = {"type": "message", "message_ts": TS, "channel_id": "C1", "thread_ts": ROOT}
    alone = pressed("t", container=container)
    del alone["body"]["channel"], alone["body"]["message"]
    assert read(alone).thread == f"T1:C1:{ROOT}"


def test_a_press_by_a_stranger_in_a_shared_channel_is_theirs() -> None:
    stranger = {"id": "U9", "team_id": "T9"}
    inbound = read(pressed("t", channel={"id": "C1"}, user=stranger, team={"id": "T9"}))
    assert (inbound.customer, inbound.thread) == ("T9:U9", f"T1:C1:{ROOT}")


def test_a_button_that_is_not_under_a_message_of_ours_is_nothing() -> None:
    other = pressed("t", actions=[{"type": "button", "action_id": "ask_support", "value": "x"}])
    assert isinstance(parse(other), Nothing)


@pytest.mark.parametrize(
    ("typed", "command"),
    [
        ("new", Command(CommandName.NEW)),
        ("  Tickets ", Command(CommandName.TICKETS)),
        ("status 12", Command(CommandName.STATUS, "12")),
        ("status #12", Command(CommandName.STATUS, "12")),
        ("status", Command(CommandName.STATUS)),
        ("human", Command(CommandName.HUMAN)),
        ("language de", Command(CommandName.LANGUAGE, "de")),
        ("language zh-Hans", Command(CommandName.LANGUAGE, "zh-hans")),
        ("close 12", Command(CommandName.CLOSE, "12")),
        ("reopen #12", Command(CommandName.REOPEN, "12")),
        ("rate 12 5", Command(CommandName.RATE, "12 5")),
        ("surveys off", Command(CommandName.SURVEYS, "off")),
    ],
)
def test_a_command_is_read_from_its_first_word(typed: str, command: Command) -> None:
    inbound = read(commanded(typed))
    assert (inbound.command, inbound.text, inbound.thread, inbound.spot) == (command, "", "T1:@U1", None)


def test_what_is_added_to_a_ticket_keeps_its_words() -> None:
    inbound = read(commanded("add 12 It fails in Safari, too"))
    assert inbound.command == Command(CommandName.ADD, "12 It fails in Safari, too")
    assert inbound.text == "add 12 It fails in Safari, too"


@pytest.mark.parametrize(
    "typed",
    [
        "new laptops cannot sign in",
        "human resources export?",
        "status of my order",
        "language settings are lost",
        "close the project",
        "add users to a team",
        "surveys are empty",
    ],
)
def test_a_question_that_begins_like_a_command_is_a_question(typed: str) -> None:
    inbound = read(commanded(typed))
    assert (inbound.command, inbound.text) == (None, typed)


@pytest.mark.parametrize("typed", ["", "  ", "help", "Help"])
def test_help_is_answered_on_the_spot(typed: str) -> None:
    assert isinstance(parse(commanded(typed)), Nothing)


def test_a_form_asks_a_question() -> None:
    inbound = read(submitted("How do I <export>?"))
    assert (inbound.text, inbound.thread, inbound.command) == ("How do I <export>?", "T1:@U1", None)


def test_a_form_can_ask_for_a_person_and_carry_what_it_is_about() -> None:
    about = json.dumps({"about": "https://acme.slack.com/archives/C1/p1"})
    inbound = read(submitted("Help", wants_person=True, about=about))
    assert inbound.command == Command(CommandName.HUMAN)
    assert inbound.text == "Help\n\nhttps://acme.slack.com/archives/C1/p1"


def test_other_forms_and_shortcuts_are_nothing() -> None:
    assert isinstance(parse(submitted("x", callback_id="other")), Nothing)
    assert isinstance(parse(stored("shortcut", {"type": "message_action", "callback_id": "ask_support"})), Nothing)


def test_metadata_that_is_no_json_is_left_alone() -> None:
    for about in ("{", "[" * 3_000, '{"about": 7}', '"x"'):
        assert read(submitted("Help", about=about)).text == "Help"


# What is not Slack's


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"kind": "event"},
        {"kind": "gossip", "body": {}},
        stored("event", {}),
        stored("event", {"event": {}}),
        said("x", channel="C1/../C2", channel_type="channel", thread_ts=ROOT),
        said("x", user="U1:U2"),
        said("x", user=None),
        said("x", ts="now"),
        event({"type": "message", "user": "U1", "text": 7, "ts": TS, "channel": "D1"}),
        said_in_channel("x", thread_ts="1700"),
        changed(message("b", ts="?"), message("a")),
        pressed(""),
        pressed("t", channel={"id": "C1:C2"}),
        commanded("hello", user_id="@U1"),
        submitted(""),
    ],
)
def test_what_slack_does_not_send_is_unreadable(payload: Json) -> None:
    with pytest.raises(Unreadable):
        parse(payload)


def test_a_wrong_id_of_ours_is_unreadable_too() -> None:
    with pytest.raises(Unreadable):
        parse({**said("x"), "me": {"team_id": "T1:@U7"}})


REAL = [
    said("hello"),
    said_in_channel("<@UBOT> hello", thread_ts=ROOT, files=[uploaded()], blocks=[{"type": "section"}]),
    mentioned("<@UBOT> hello"),
    changed(message("b"), message("a")),
    deleted(message("a")),
    event({"type": "channel_id_changed", "old_channel_id": "G1", "new_channel_id": "C2"}),
    pressed("token"),
    commanded("status 3"),
    submitted("Help", wants_person=True, about='{"about": "x"}'),
]
ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.sampled_from(["\ud83d", "\x00", "T1", "D1", "message", "<@UBOT", "press:", "1700000000.000100", "[" * 2_000]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def spots(part: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to each value within ``part``."""
    inner: list[tuple[Any, Any]] = []
    if isinstance(part, dict):
        inner = list(part.items())
    elif isinstance(part, list):
        inner = list(enumerate(part))
    return [path, *(way for key, value in inner for way in spots(value, (*path, key)))]


@st.composite
def damaged(draw: st.DrawFn) -> Json:
    """A real payload with one or two values that are something else, or missing."""
    payload: Json = copy.deepcopy(draw(st.sampled_from(REAL)))
    for _ in range(draw(st.integers(1, 2))):
        way = draw(st.sampled_from(spots(payload)[1:]))
        place: Any = payload
        for key in way[:-1]:
            place = place[key]
        if draw(st.booleans()) and isinstance(place, dict):
            del place[way[-1]]
        else:
            place[way[-1]] = draw(ODD)
    return payload


@settings(max_examples=600, deadline=None)
@given(damaged())
def test_a_damaged_payload_is_read_or_called_unreadable(payload: Json) -> None:
    try:
        found = parse(payload)
    except Unreadable:
        return
    assert isinstance(found, Event)
    if isinstance(found, Inbound):
        found.text.encode("utf-8")
        assert len(found.thread) <= 200
        assert len(found.customer) <= 120
        assert parse_place(found.thread)
        assert parse_person(found.customer)


IDS = st.from_regex(r"[A-Z0-9]{1,30}", fullmatch=True)
TIMES = st.from_regex(r"[0-9]{10}\.[0-9]{6}", fullmatch=True)


@given(IDS, IDS, TIMES)
def test_names_are_read_back_as_they_were_written(team: str, other: str, ts: str) -> None:
    for place in (Direct(team, other), InChannel(team, other, ts)):
        assert parse_place(str(place)) == place
    assert parse_person(str(Person(team, other))) == Person(team, other)
    assert parse_spot(str(Spot(team, ts))) == Spot(team, ts)
