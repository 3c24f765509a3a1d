"""What updates mean, in a table; and that whatever comes is an event or called unreadable."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.base import (
    Command,
    CommandName,
    Edited,
    Event,
    Inbound,
    Moved,
    Nothing,
    Reachability,
    RemoteFile,
    Unreadable,
)
from bot.channels.telegram.intake import row_of
from bot.channels.telegram.names import Me
from bot.channels.telegram.parsing import SERVICE, parse_update

ME = {"id": 7, "username": "firstline_bot"}
BOT = {"id": 7, "is_bot": True, "first_name": "Firstline", "username": "firstline_bot"}
ADA = {"id": 42, "is_bot": False, "first_name": "Ada", "last_name": "Lovelace", "language_code": "en-GB"}
PRIVATE = {"id": 42, "type": "private", "first_name": "Ada"}
GROUP = {"id": -100123, "type": "supergroup", "title": "Users", "is_forum": True}
STAFF = -100999


def message(text: str | None = "hello", **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"message_id": 5, "date": 1_700_000_000, "chat": PRIVATE, "from": ADA, **more}
    return made if text is None else {**made, "text": text}


def read(update: dict[str, Any]) -> Event:
    return parse_update({"update": {"update_id": 1, **update}, "me": ME}, frozenset({STAFF}))


def said(text: str | None = "hello", **more: Any) -> Inbound:
    event = read({"message": message(text, **more)})
    assert isinstance(event, Inbound), event
    return event


def in_group(text: str | None = "hello", **more: Any) -> Event:
    return read({"message": message(text, chat=GROUP, **more)})


def pressed(**more: Any) -> dict[str, Any]:
    query = {"id": "q1", "from": ADA, "chat_instance": "c", "data": "token", "message": message(**{"from": BOT})}
    return {"callback_query": {**query, **more}}


def became(status: str, chat: dict[str, Any] = PRIVATE, **more: Any) -> dict[str, Any]:
    old, new = {"user": BOT, "status": "member"}, {"user": BOT, "status": status, **more}
    return {"my_chat_member": {"chat": chat, "from": ADA, "date": 1, "old_chat_member": old, "new_chat_member": new}}


def test_a_private_message_says_who_and_where() -> None:
    assert said() == Inbound(
        channel="telegram",
        thread="42",
        customer="42",
        text="hello",
        external_id="5",
        name="Ada Lovelace",
        language="en-GB",
    )


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/start", Command(CommandName.START)),
        ("/start eyJhIjoxfQ", Command(CommandName.START, "eyJhIjoxfQ")),
        ("/help me", Command(CommandName.START)),
        ("/new", Command(CommandName.NEW)),
        ("/tickets", Command(CommandName.TICKETS)),
        ("/status 12", Command(CommandName.STATUS, "12")),
        ("/STATUS@Firstline_Bot  12 ", Command(CommandName.STATUS, "12")),
        ("/human my printer burns\nhelp", Command(CommandName.HUMAN, "my printer burns\nhelp")),
        ("/language zh", Command(CommandName.LANGUAGE, "zh")),
        ("/weather tomorrow", None),
        ("/status@other_bot 12", None),
        ("/etc/passwd is gone", None),
        ("what does /status do?", None),
    ],
)
def test_commands(text: str, command: Command | None) -> None:
    assert said(text).command == command


def test_an_unknown_command_is_a_question_like_any_other() -> None:
    assert said("/weather tomorrow").text == "/weather tomorrow"


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("@firstline_bot is it down?", "is it down?"),
        ("@Firstline_Bot: is it down?", "is it down?"),
        ("is it down, @firstline_bot", "is it down,"),
        ("hey @firstline_bot is it down?", "hey is it down?"),
        ("@firstline_bot2 is it down?", None),
        ("ada@firstline_bot is it down?", None),
        ("is it down?", None),
    ],
)
def test_in_a_group_the_bot_hears_what_mentions_it(text: str, asked: str | None) -> None:
    event = in_group(text)
    assert (event.text if isinstance(event, Inbound) else None) == asked


def test_a_group_message_to_the_bot_is_answered_as_a_reply() -> None:
    event = in_group("@firstline_bot is it down?")
    assert isinstance(event, Inbound)
    assert (event.thread, event.spot, event.is_shared, event.customer) == ("-100123", "5", True, "42")


def test_a_link_to_the_bot_is_a_mention_of_it_wherever_emoji_stand() -> None:
    mention = {"type": "text_mention", "offset": 3, "length": 9, "user": BOT}
    event = in_group("🙂 Firstline is it down?", entities=[mention])
    assert isinstance(event, Inbound)
    assert event.text == "🙂  is it down?"


def test_the_bots_name_alone_calls_for_it() -> None:
    event = in_group("@firstline_bot")
    assert isinstance(event, Inbound)
    assert event.command == Command(CommandName.START)


def test_a_reply_to_the_bot_in_a_group_is_heard() -> None:
    event = in_group("and now?", reply_to_message={"message_id": 3, "from": BOT})
    assert isinstance(event, Inbound)
    assert event.reply_to == "3"


def test_a_reply_to_somebody_else_in_a_group_is_not_for_the_bot() -> None:
    assert isinstance(in_group("and now?", reply_to_message={"message_id": 3, "from": ADA}), Nothing)


@pytest.mark.parametrize(
    ("text", "is_heard"),
    [
        ("/tickets", True),
        ("/weather", False),
        ("/weather@firstline_bot", True),
        ("/tickets@other_bot", False),
        ("/tickets@other_bot @firstline_bot", False),
    ],
)
def test_in_a_group_commands_for_other_bots_are_not_ours(text: str, is_heard: bool) -> None:
    assert isinstance(in_group(text), Inbound) is is_heard


def test_a_topic_is_a_thread_of_its_own() -> None:
    event = in_group("@firstline_bot hi", message_thread_id=9, is_topic_message=True)
    assert isinstance(event, Inbound)
    assert event.thread == "-100123:9"


def test_a_thread_number_without_the_topic_mark_is_only_a_reply() -> None:
    event = in_group("@firstline_bot hi", message_thread_id=9)
    assert isinstance(event, Inbound)
    assert event.thread == "-100123"


def test_writing_into_a_topic_that_the_bot_opened_is_no_reply_to_it() -> None:
    opened = {"message_id": 9, "from": BOT, "forum_topic_created": {"name": "x", "icon_color": 1}}
    assert isinstance(in_group(message_thread_id=9, is_topic_message=True, reply_to_message=opened), Nothing)


FILE = {"file_id": "F", "file_unique_id": "u", "file_size": 9}


@pytest.mark.parametrize(
    ("content", "file"),
    [
        (
            {"photo": [{**FILE, "file_id": "S", "width": 9, "height": 9}, {**FILE, "width": 90, "height": 90}]},
            RemoteFile("F", "photo.jpg", "image/jpeg", 9),
        ),
        (
            {"document": {**FILE, "file_name": "../a\u202egpj.exe", "mime_type": "Text/Plain"}},
            RemoteFile("F", "agpj.exe", "text/plain", 9),
        ),
        ({"document": {"file_id": "F"}}, RemoteFile("F", "document")),
        ({"voice": FILE}, RemoteFile("F", "voice.ogg", "audio/ogg", 9)),
        ({"audio": {**FILE, "file_name": "song.mp3"}}, RemoteFile("F", "song.mp3", "audio/mpeg", 9)),
        ({"video": FILE}, RemoteFile("F", "video.mp4", "video/mp4", 9)),
        ({"video_note": FILE}, RemoteFile("F", "video-note.mp4", "video/mp4", 9)),
        ({"animation": FILE, "document": FILE}, RemoteFile("F", "animation.mp4", "video/mp4", 9)),
    ],
)
def test_files_are_named_and_can_be_fetched(content: dict[str, Any], file: RemoteFile) -> None:
    inbound = said(None, caption="look", **content)
    assert (inbound.text, inbound.remote_files) == ("look", (file,))


def test_a_photo_without_words_has_no_words() -> None:
    assert said(None, photo=[FILE]).text == ""


PLACE = {"latitude": 48.1, "longitude": 11.5}


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ({"sticker": {**FILE, "emoji": "🙂"}}, "🙂"),
        ({"sticker": FILE}, "[sticker]"),
        ({"location": PLACE}, "[location 48.1, 11.5]"),
        (
            {"location": PLACE, "venue": {"location": PLACE, "title": "Shop", "address": "Way 1"}},
            "[venue Shop, Way 1, 48.1, 11.5]",
        ),
        ({"contact": {"first_name": "Eve", "phone_number": "+491"}}, "[contact Eve, +491]"),
        ({"poll": {"question": "Which?", "options": [{"text": "a"}, {"text": "b"}]}}, "[poll Which?: a / b]"),
        ({"checklist": {"title": "Steps", "tasks": [{"text": "a"}]}}, "[checklist Steps: a]"),
        ({"dice": {"emoji": "🎲", "value": 4}}, "[🎲 4]"),
        ({"game": {"title": "Chess"}}, "[game Chess]"),
        ({"something_of_next_year": {}}, "[a message of a kind that Firstline cannot show]"),
    ],
)
def test_what_is_neither_text_nor_file_is_said_in_words(content: dict[str, Any], text: str) -> None:
    assert said(None, **content).text == text


def test_the_parts_of_an_album_know_each_other() -> None:
    assert said(None, photo=[FILE], media_group_id="g1").album == "g1"


def test_forwarded_words_are_kept() -> None:
    assert said("the error says 42", forward_origin={"type": "hidden_user", "date": 1}).text == "the error says 42"


@pytest.mark.parametrize(
    "update",
    [
        {"message": message(**{"from": BOT})},
        {"message": message(sender_chat=GROUP)},
        {"message": {key: value for key, value in message().items() if key != "from"}},
        {"message": message(chat={"id": STAFF, "type": "supergroup"})},
        {"message": message(chat={"id": -5, "type": "channel"})},
        {"message": message(None, migrate_from_chat_id=-5)},
        *({"message": message(None, **{field: {}})} for field in sorted(SERVICE)),
        {"channel_post": message()},
        {"business_message": message()},
        {"deleted_business_messages": {}},
        {"something_of_next_year": {"a": 1}},
        {"chat_member": {}},
        {"callback_query": {"id": "1", "from": ADA, "chat_instance": "c", "data": "d", "inline_message_id": "i"}},
        pressed(data=None),
        {"edited_message": message(None, location={**PLACE, "live_period": 60})},
        {"edited_message": message(**{"from": BOT})},
        became("member", {"id": STAFF, "type": "supergroup"}),
    ],
)
def test_what_is_none_of_our_business_is_let_go(update: dict[str, Any]) -> None:
    assert isinstance(read(update), Nothing)


def test_an_edit_names_the_message_and_its_new_words() -> None:
    assert read({"edited_message": message("hello again")}) == Edited("telegram", "42", "5", "hello again")


def test_an_edited_caption_is_an_edit() -> None:
    edit = read({"edited_message": message(None, photo=[FILE], caption="now sharper")})
    assert edit == Edited("telegram", "42", "5", "now sharper")


def test_an_edit_in_a_group_is_read_as_the_message_was() -> None:
    edit = read({"edited_message": message("@firstline_bot is it up?", chat=GROUP)})
    assert edit == Edited("telegram", "-100123", "5", "is it up?")


def test_an_edit_that_changed_nothing_reads_the_same() -> None:
    raw = message(None, sticker={**FILE, "emoji": "🙂"})
    edit = read({"edited_message": raw})
    assert isinstance(edit, Edited)
    assert edit.text == said(None, sticker={**FILE, "emoji": "🙂"}).text


def test_a_press_carries_the_token_and_the_place() -> None:
    event = read(pressed())
    assert isinstance(event, Inbound)
    assert (event.press, event.thread, event.customer, event.spot, event.external_id) == (
        "token",
        "42",
        "42",
        None,
        None,
    )


def test_a_press_under_a_message_too_old_to_see_still_counts() -> None:
    event = read(pressed(message={"message_id": 5, "date": 0, "chat": GROUP}))
    assert isinstance(event, Inbound)
    assert (event.press, event.thread, event.is_shared, event.spot) == ("token", "-100123", True, "5")


@pytest.mark.parametrize(
    ("update", "reason"),
    [
        (became("kicked"), "The customer blocked the bot."),
        (became("member"), ""),
        (became("kicked", GROUP), "The bot was removed from the group."),
        (became("left", GROUP), "The bot was removed from the group."),
        (became("administrator", GROUP), ""),
        (became("restricted", GROUP, can_send_messages=True, is_member=True), ""),
        (
            became("restricted", GROUP, can_send_messages=False, is_member=True),
            "The bot may not write in the group any more.",
        ),
        (
            became("restricted", GROUP, can_send_messages=True, is_member=False),
            "The bot was removed from the group.",
        ),
    ],
)
def test_whether_a_place_can_be_written_to(update: dict[str, Any], reason: str) -> None:
    thread = str(update["my_chat_member"]["chat"]["id"])
    assert read(update) == Reachability("telegram", thread, not reason, reason)


def test_a_group_that_became_a_supergroup_moved() -> None:
    moved = read({"message": message(None, chat={"id": -5, "type": "group"}, migrate_to_chat_id=-1005)})
    assert moved == Moved("telegram", "-5", "-1005")


@pytest.mark.parametrize(
    ("code", "language"), [("zh-hans", "zh-hans"), ("pt-BR", "pt-BR"), ("", None), ("<b>", None), ("e" * 40, None)]
)
def test_only_a_language_is_taken_for_one(code: str, language: str | None) -> None:
    assert said(**{"from": {**ADA, "language_code": code}}).language == language


def test_a_name_is_one_line_of_bearable_length() -> None:
    name = said(**{"from": {**ADA, "first_name": "A\nd\x00a " * 100, "last_name": None}}).name
    assert name is not None
    assert len(name) <= 200
    assert "\n" not in name


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"update": {"update_id": 1}, "me": ME},
        {"update": {"update_id": 1, "message": None}, "me": ME},
        {"update": {"update_id": 1, "message": {"message_id": "x"}}, "me": ME},
        {"update": {"update_id": 1, "message": message(chat={"id": 1, "type": "spaceship"})}, "me": ME},
        {"update": {"update_id": 1, "message": message(chat={"id": True, "type": "private"})}, "me": ME},
        {"update": {"update_id": 1, "message": message(text=5)}, "me": ME},  # type: ignore[arg-type]
        {"update": {"update_id": 1, "message": message()}},
        {"update": [], "me": ME},
    ],
)
def test_what_telegram_never_sends_is_unreadable(payload: dict[str, Any]) -> None:
    with pytest.raises(Unreadable) as raised:
        parse_update(payload)
    assert "hello" not in str(raised.value)


# ---- whatever comes

REAL = [
    {
        "update_id": 1,
        "message": message("@firstline_bot hi", chat=GROUP, entities=[{"type": "mention", "offset": 0, "length": 14}]),
    },
    {
        "update_id": 2,
        "message": message(None, photo=[{**FILE, "width": 1, "height": 1}], caption="c", media_group_id="g"),
    },
    {"update_id": 3, "message": message("/status 12", reply_to_message={"message_id": 3, "from": BOT})},
    {"update_id": 4, "message": message(None, venue={"location": PLACE, "title": "a", "address": "b"}, location=PLACE)},
    {"update_id": 5, "message": message(None, poll={"question": "q", "options": [{"text": "a"}]})},
    {"update_id": 6, **pressed()},
    {"update_id": 7, **became("kicked")},
    {"update_id": 8, "edited_message": message("x", chat=GROUP, message_thread_id=9, is_topic_message=True)},
    {
        "update_id": 9,
        "message": message("x", chat=GROUP, entities=[{"type": "text_mention", "offset": 0, "length": 1, "user": BOT}]),
    },
]
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(alphabet=st.characters(), max_size=20),
    st.sampled_from(
        ["\ud83d", "@firstline_bot\ud83d", "/start\x00", "/" * 50, "𝔘" * 20, [], {}, [None], [[]], {"id": {}}]
    ),
    st.sampled_from([-1, 2**31, 2**63, 10**30]),
)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, each in inner for place in _places(each, (*path, key)))]


def _with(value: Any, path: tuple[Any, ...], odd: Any) -> Any:
    if not path:
        return odd
    changed = copy.copy(value)
    changed[path[0]] = _with(value[path[0]], path[1:], odd)
    return changed


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    update: Any = draw(st.sampled_from(REAL))
    for _ in range(draw(st.integers(1, 3))):
        update = _with(update, draw(st.sampled_from(_places(update))), draw(ODD))
    return update


@settings(max_examples=600, deadline=None)
@given(update=mutated())
def test_a_broken_update_is_an_event_or_unreadable_and_can_always_be_kept(update: Any) -> None:
    row = row_of(update, Me(7, "firstline_bot"))
    assert len(row.event_key) <= 200
    assert len(row.thread_key) <= 200
    row.thread_key.encode()
    try:
        event = parse_update(json.loads(json.dumps(row.payload)))
    except Unreadable:
        return
    assert isinstance(event, Event)
    if isinstance(event, Inbound):
        assert len(event.thread) <= 200
        assert len(event.customer) <= 120
        for text in (event.text, event.name or "", event.press or "", event.album or ""):
            text.encode()
        assert row.thread_key == event.thread
