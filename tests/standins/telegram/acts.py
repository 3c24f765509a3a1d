"""What people's acts change, and what the bot hears of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from standins.telegram import groups, raw
from standins.telegram.keyboards import Button, rows
from standins.telegram.model import Chat, Message, Press, SentFile, Topic
from standins.telegram.text import Formatted, trimmed, with_found

if TYPE_CHECKING:
    from standins.telegram.people import Person

STICKER = {
    "file_id": "CAAC-1",
    "file_unique_id": "uCAAC1",
    "type": "regular",
    "width": 512,
    "height": 512,
    "is_animated": False,
    "is_video": False,
    "emoji": "👋",
}
POLL = {
    "id": "51",
    "question": "Which?",
    "options": [{"persistent_id": str(n), "text": word, "voter_count": 0} for n, word in enumerate(("this", "that"))],
    "total_voter_count": 0,
    "is_closed": False,
    "is_anonymous": True,
    "type": "regular",
    "allows_multiple_answers": False,
    "allows_revoting": True,
    "members_only": False,
}


def send(
    who: Person,
    said: Formatted,
    content: dict[str, Any],
    files: Sequence[SentFile],
    chat: Chat | None,
    topic: Topic | None,
    reply_to: Message | None,
    album: str | None,
) -> Message:
    """Into the topic's chat, the answered message's chat, the given chat, or the private chat with the bot."""
    named = chat or (topic.chat if topic else None) or (reply_to.chat if reply_to else None) or who.private
    place = named.migrated_to or named
    _check_presence(who, place, topic)
    with who.world.changing():
        place.is_started = True
        message = groups.post(
            who.world,
            place,
            who,
            said,
            content=content,
            files=files,
            topic=topic,
            reply_to=reply_to,
            album=album,
        )
        groups.tell(who.world, message)
        return message


def _check_presence(who: Person, place: Chat, topic: Topic | None) -> None:
    assert who in place.members, f"{who} is not in {place}"
    assert not who.is_deleted, f"{who} deleted the account"
    if place.kind == "private":
        assert place.bot_status != "kicked", f"{who} blocked the bot: unblocks_bot() comes first"
    if topic is not None:
        assert not topic.is_deleted, f"{topic} is deleted"
        assert not topic.is_closed, f"{topic} is closed"


def press(who: Person, message: Message, button: str | int, *, is_stale: bool) -> Press:
    with who.world.changing():
        assert is_stale or not message.is_deleted, "the message is gone"
        assert who in message.chat.members, f"{who} is not in {message.chat}"
        tapped = _button(message, button, is_stale)
        assert tapped.data is not None, f"{tapped.label!r} opens {tapped.url}, the bot hears nothing of it"
        number = str(who.world.ids.next("press"))
        made = Press(number, message, tapped.data, who.world.clock(), who.world)
        who.world.presses[made.id] = made
        for kind, content in raw.press(made, who).items():
            made.update_id = who.world.updates.put(kind, content)
        return made


def _button(message: Message, wanted: str | int, is_stale: bool) -> Button:
    boards = [message.markup, *message.old_markups] if is_stale else [message.markup]
    buttons = [button for board in boards for row in rows(board) for button in row]
    labels = [button.label for button in buttons]
    if isinstance(wanted, int):
        assert wanted < len(buttons), f"there are {len(buttons)} buttons: {labels}"
        return buttons[wanted]
    found = [button for button in buttons if button.label == wanted]
    found = found or [button for button in buttons if wanted.casefold() in button.label.casefold()]
    assert found, f"no button {wanted!r} among {labels}"
    return found[0]


def edit(who: Person, message: Message, text: str | None) -> Message:
    """``text`` None: the bot gets an edited_message although nothing can be seen to have changed."""
    assert message.author is who, f"{who} cannot edit what another wrote"
    with who.world.changing():
        if text is not None:
            message.edits.append(message.text)
            said = with_found(trimmed(Formatted(text)))
            message.text, message.entities = said.text, said.entities
        message.edited_at = who.world.clock()
        before = message.update_id
        groups.tell(who.world, message, "edited_message")
        message.update_id = before
        return message


def react(who: Person, message: Message, emoji: str) -> None:
    """The bot hears of it only if it is admin there (or in private) and asked for message_reaction."""
    chat = message.chat
    with who.world.changing():
        old = [{"type": "emoji", "emoji": each} for each in message.reactions]
        message.reactions = [emoji] if emoji else []
        new = [{"type": "emoji", "emoji": each} for each in message.reactions]
        if chat.is_group and chat.bot_status != "administrator":
            return
        told = {"chat": raw.chat(chat), "message_id": message.id, "user": raw.person(who)}
        told |= {"date": int(who.world.clock()), "old_reaction": old, "new_reaction": new}
        who.world.updates.put("message_reaction", told)


def announce(who: Person, chat: Chat, content: dict[str, Any], topic: Topic | None = None) -> Message:
    """A service message, told to the bot."""
    with who.world.changing():
        message = groups.post(who.world, chat, who, content=content, topic=topic, is_service=True)
        groups.tell(who.world, message)
        return message


def join(who: Person, chat: Chat) -> None:
    with who.world.changing():
        chat.members.append(who)
        announce(who, chat, {"new_chat_members": [raw.person(who)]})
        _tell_member(who, chat, "left", "member")


def leave(who: Person, chat: Chat) -> None:
    with who.world.changing():
        chat.members.remove(who)
        announce(who, chat, {"left_chat_member": raw.person(who)})
        _tell_member(who, chat, "member", "left")


def _tell_member(who: Person, chat: Chat, old: str, new: str) -> None:
    if chat.bot_status != "administrator":
        return
    changed = {"chat": raw.chat(chat), "from": raw.person(who), "date": int(who.world.clock())}
    changed["old_chat_member"] = raw.membership(raw.person(who), old, set())
    changed["new_chat_member"] = raw.membership(raw.person(who), new, set())
    who.world.updates.put("chat_member", changed)


def open_topic(who: Person, forum: Chat, name: str) -> Topic:
    assert forum.is_forum, f"{forum} has no topics"
    with who.world.changing():
        topic = groups.open_topic(who.world, forum, name, who)
        groups.tell(who.world, topic.opening)
        return topic


def change_topic(who: Person, topic: Topic, content: dict[str, Any], **changes: Any) -> None:
    with who.world.changing():
        for name, value in changes.items():
            setattr(topic, name, value)
        announce(who, topic.chat, content, topic)


def delete_topic(topic: Topic, refusal: str) -> None:
    with topic.chat.world.changing():
        topic.is_deleted, topic.refusal = True, refusal
        for message in topic.chat.log:
            if message.topic is topic:
                message.is_deleted = True
