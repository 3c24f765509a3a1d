"""The Telegram stand-in, tried with two clients that it was not written for: aiogram and python-telegram-bot."""

from __future__ import annotations

from standins.telegram import PDF, PNG, TelegramWorld
from standins_check.telegram_clients import PTB, Client, refused

YES = {"text": "Yes", "callback_data": "y"}
NO = {"text": "No", "callback_data": "n"}


# -- a conversation -----------------------------------------------------------------------------------------------


def test_a_question_is_polled_and_its_answer_read_with_bold_link_and_buttons(
    client: Client, world: TelegramWorld
) -> None:
    ada = world.person("Ada", username="ada_l", language="en")
    asked = ada.says("see https://example.com and /help, @ada_l")
    (update,) = client("get_updates", timeout=5)
    assert update.message.text == asked.text
    assert (update.message.from_user.id, update.message.from_user.language_code) == (ada.id, "en")
    kinds = [
        (entity.type, asked.text[entity.offset : entity.offset + entity.length]) for entity in update.message.entities
    ]
    assert kinds == [("url", "https://example.com"), ("bot_command", "/help"), ("mention", "@ada_l")]
    client(
        "send_message",
        chat_id=ada.id,
        text='😀 <b>Reset</b> &lt;it&gt; <a href="https://x.example/a?b=1&amp;c=2">here</a>',
        parse_mode="HTML",
        reply_to_message_id=asked.id,
        reply_markup={"inline_keyboard": [[YES, NO]]},
    )
    answer = ada.private.next_from_bot()
    assert (answer.text, answer.bold, answer.buttons) == ("😀 Reset <it> here", ["Reset"], ["Yes", "No"])
    assert answer.links == [("here", "https://x.example/a?b=1&c=2")]
    assert answer.reply_to is asked


def test_a_press_reaches_the_bot_and_its_answer_the_person(client: Client, world: TelegramWorld) -> None:
    ada = world.person("Ada")
    ada.starts("ref_1")
    keyboard = {"inline_keyboard": [[{"text": "Solved", "callback_data": "tok"}]]}
    client("send_message", chat_id=ada.id, text="Well?", reply_markup=keyboard)
    press = ada.presses(ada.private.next_from_bot(), "solved")
    query = client("get_updates", offset=press.update_id, allowed_updates=["message", "callback_query"])[
        0
    ].callback_query
    assert (query.data, query.message.text, query.from_user.id) == ("tok", "Well?", ada.id)
    client("answer_callback_query", callback_query_id=query.id, text="Thanks")
    assert press.wait().text == "Thanks"
    client("edit_message_reply_markup", chat_id=ada.id, message_id=query.message.message_id, reply_markup=None)
    assert ada.private.from_bot[0].buttons == []
    with refused("query is too old"):
        client("answer_callback_query", callback_query_id=query.id)


def test_files_go_up_and_come_down(client: Client, world: TelegramWorld) -> None:
    ada = world.person("Ada")
    ada.sends_photo(PNG, caption="look")
    ada.sends_voice()
    ada.sends_document(PDF, "bill.pdf")
    photo, voice, document = (update.message for update in client("get_updates"))
    assert photo.caption == "look"
    assert client.download(photo.photo[-1].file_id) == PNG
    assert client.download(document.document.file_id) == PDF
    assert (voice.voice.mime_type, document.document.file_name) == ("audio/ogg", "bill.pdf")
    client(
        "send_document", chat_id=ada.id, document=client.file(b"hello", "a.txt"), caption="<i>it</i>", parse_mode="HTML"
    )
    client("send_photo", chat_id=ada.id, photo=client.file(PNG, "p.png"))
    client("send_voice", chat_id=ada.id, voice=voice.voice.file_id)
    sent = [message.files[0] for message in ada.private.from_bot]
    assert [(file.kind, file.data) for file in sent] == [
        ("document", b"hello"),
        ("photo", PNG),
        ("voice", world.files[voice.voice.file_id].data),
    ]
    assert ada.private.from_bot[0].text == "it"


def test_an_album_is_several_messages_of_one_group(client: Client, world: TelegramWorld) -> None:
    ada = world.person("Ada")
    ada.sends_album([PNG, PNG], caption="both")
    first, second = (update.message for update in client("get_updates"))
    assert first.media_group_id == second.media_group_id
    assert (first.caption, second.caption) == ("both", None)
    media = [{"type": "photo", "media": photo.photo[-1].file_id} for photo in (first, second)]
    if client.name == PTB:
        import telegram

        media = [telegram.InputMediaPhoto(one["media"]) for one in media]  # type: ignore[misc]
    client("send_media_group", chat_id=ada.id, media=media)
    assert len({message.album for message in ada.private.from_bot}) == 1
    assert len(ada.private.from_bot) == 2


def test_editing_typing_reacting_copying_and_deleting_are_seen(client: Client, world: TelegramWorld) -> None:
    ada = world.person("Ada")
    asked = ada.says("hi")
    sent = client("send_message", chat_id=ada.id, text="one")
    client("edit_message_text", chat_id=ada.id, message_id=sent.message_id, text="two")
    client("send_chat_action", chat_id=ada.id, action="typing")
    client("set_message_reaction", chat_id=ada.id, message_id=asked.id, reaction=client.reaction("👍"))
    copied = client("copy_message", chat_id=ada.id, from_chat_id=ada.id, message_id=asked.id)
    message = ada.private.from_bot[0]
    assert (message.text, message.edits, asked.reactions) == ("two", ["one"], ["👍"])
    assert [action for action, _, _ in ada.private.actions] == ["typing"]
    client("delete_message", chat_id=ada.id, message_id=sent.message_id)
    assert [(each.id, each.text) for each in ada.private.from_bot] == [(copied.message_id, "hi")]


def test_the_bot_introduces_itself_and_sets_its_commands(client: Client, world: TelegramWorld) -> None:
    me = client("get_me")
    assert (me.id, me.username, me.can_read_all_group_messages) == (world.bot_id, "firstline_bot", False)
    commands = [{"command": "new", "description": "Start over"}]
    if client.name == PTB:
        commands = [("new", "Start over")]  # type: ignore[list-item]
    client("set_my_commands", commands=commands, language_code="en")
    client("set_my_description", description="I help", language_code="en")
    assert world.commands == {("default", "en"): [("new", "Start over")]}
    assert [command.command for command in client("get_my_commands", language_code="en")] == ["new"]
    assert client("get_my_description", language_code="en").description == "I help"


def test_chats_and_members_are_told_as_the_libraries_expect_them(client: Client, world: TelegramWorld) -> None:
    ada = world.person("Ada")
    group = world.supergroup("Friends", [ada], admin=True)
    ada.says("hi")
    assert client("get_chat", chat_id=group.id).title == "Friends"
    assert client("get_chat", chat_id=ada.id).first_name == "Ada"
    assert client("get_chat_member", chat_id=group.id, user_id=world.bot_id).status == "administrator"
    assert client("get_chat_member", chat_id=group.id, user_id=ada.id).status == "creator"
    assert len(client("get_chat_administrators", chat_id=group.id)) == 2
    client("leave_chat", chat_id=group.id)
    with refused("bot is not a member of the supergroup chat"):
        client("send_message", chat_id=group.id, text="hello?")


# -- topics and groups --------------------------------------------------------------------------------------------


def test_topics_are_made_written_to_closed_and_found_deleted(client: Client, world: TelegramWorld) -> None:
    ada = world.person("Ada")
    forum = world.forum("Desk", [ada], can_manage_topics=True)
    made = client("create_forum_topic", chat_id=forum.id, name="#1 Ada")
    client("send_message", chat_id=forum.id, message_thread_id=made.message_thread_id, text="new ticket")
    topic = forum.topics[made.message_thread_id]
    assert [message.text for message in topic.from_bot] == ["new ticket"]
    ada.says("I have it", topic=topic)
    (update,) = client("get_updates")
    assert (update.message.is_topic_message, update.message.message_thread_id) == (True, topic.id)
    assert update.message.reply_to_message.forum_topic_created.name == "#1 Ada"
    client("close_forum_topic", chat_id=forum.id, message_thread_id=topic.id)
    with refused("TOPIC_NOT_MODIFIED"):
        client("close_forum_topic", chat_id=forum.id, message_thread_id=topic.id)
    ada.deletes_topic(topic)
    with refused("message thread not found"):
        client("send_message", chat_id=forum.id, message_thread_id=topic.id, text="still there?")


def test_privacy_mode_shows_only_what_is_meant_for_the_bot(client: Client, world: TelegramWorld) -> None:
    ada, bob = world.person("Ada"), world.person("Bob")
    group = world.supergroup("Friends", [ada, bob])
    client("send_message", chat_id=group.id, text="hello all")
    hidden = ada.says("who ordered pizza?", chat=group)
    hidden_too = ada.says("/roll@other_bot", chat=group)
    seen = [
        ada.says("/help", chat=group),
        ada.says("/help@firstline_bot", chat=group),
        bob.says("what does @Firstline_bot say?", chat=group),
        bob.says("thanks", reply_to=group.from_bot[0]),
    ]
    assert [update.message.message_id for update in client("get_updates")] == [message.id for message in seen]
    assert hidden.update_id is None
    assert hidden_too.update_id is None
    ada.promotes_bot(group)
    assert ada.says("now you hear all", chat=group).update_id is not None


def test_a_migrated_group_is_refused_with_its_new_id(client: Client, world: TelegramWorld) -> None:
    ada = world.person("Ada")
    group = world.group("Friends", [ada])
    new = world.migrate(group)
    told = [
        (update.message.migrate_to_chat_id, update.message.migrate_from_chat_id) for update in client("get_updates")
    ]
    assert told == [(new.id, None), (None, group.id)]
    with refused(str(new.id)):
        client("send_message", chat_id=group.id, text="hello")


def test_supergroups_count_their_messages_apart(world: TelegramWorld) -> None:
    ada = world.person("Ada")
    one, two = world.supergroup("One", [ada]), world.supergroup("Two", [ada])
    assert ada.says("/a", chat=one).id == ada.says("/b", chat=two).id
