"""Where a call wants to write, and whether it may: the chat, the topic, the message that is answered."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from standins.telegram.arguments import Arguments
from standins.telegram.model import Chat, Message, Topic
from standins.telegram.refusals import bad_request, forbidden, migrated

if TYPE_CHECKING:
    from standins.telegram.world import TelegramWorld

_NUMBER = re.compile(r"-?[0-9]{1,20}")
_REPLY_FIELDS = {
    "message_id", "chat_id", "allow_sending_without_reply", "quote", "quote_parse_mode", "quote_entities",
    "quote_position", "checklist_task_id", "poll_option_id", "ephemeral_message_id",
}  # fmt: skip


def chat_of(world: TelegramWorld, arguments: Arguments, name: str = "chat_id") -> Chat:
    """The chat that the call names; 400 where there is none, or where it became a supergroup."""
    if arguments.has("business_connection_id"):
        raise bad_request("business connection not found")
    wanted = arguments.text(name).strip()
    if not wanted:
        raise bad_request(f"{name} is empty")
    if wanted.startswith("@"):
        found = next((chat for chat in world.chats.values() if chat.username == wanted[1:]), None)
    else:
        found = world.chats.get(int(wanted)) if _NUMBER.fullmatch(wanted) else None
    if found is None:
        raise bad_request("chat not found")
    if found.migrated_to is not None:
        raise migrated(found.migrated_to.id)
    return found


def readable(world: TelegramWorld, arguments: Arguments, name: str = "chat_id") -> Chat:
    """A chat that the bot is in, or was written to by."""
    chat = chat_of(world, arguments, name)
    if chat.is_group:
        _check_membership(chat)
    return chat


def writable(world: TelegramWorld, arguments: Arguments) -> Chat:
    """A chat that the bot may write to now; 403 with Telegram's reason where it may not."""
    chat = chat_of(world, arguments)
    if chat.is_group:
        _check_membership(chat)
        if chat.bot_status == "restricted":
            raise bad_request("not enough rights to send text messages to the chat")
        return chat
    if chat.members[0].is_deleted:
        raise forbidden("user is deactivated")
    if chat.bot_status == "kicked":
        raise forbidden("bot was blocked by the user")
    if not chat.is_started:
        raise forbidden("bot can't initiate conversation with a user")
    return chat


def _check_membership(chat: Chat) -> None:
    if chat.bot_status == "kicked":
        raise forbidden(f"bot was kicked from the {chat.kind} chat")
    if chat.bot_status == "left":
        raise forbidden(f"bot is not a member of the {chat.kind} chat")


def may(chat: Chat, right: str) -> bool:
    return chat.bot_status == "administrator" and right in chat.bot_rights


def topic_of(chat: Chat, arguments: Arguments) -> Topic | None:
    """The topic to write into; None for General and for chats without topics."""
    if not arguments.has("message_thread_id"):
        return None
    wanted = arguments.integer("message_thread_id")
    if not chat.is_forum:
        if chat.kind == "supergroup" and chat.find(wanted) is not None:
            return None
        raise bad_request("message thread not found")
    topic = chat.topics.get(wanted)
    if topic is None:
        raise bad_request("message thread not found")
    check_open(topic)
    return topic


def check_open(topic: Topic) -> None:
    if topic.is_deleted:
        raise bad_request(topic.refusal)
    if topic.is_closed and not may(topic.chat, "can_manage_topics"):
        raise bad_request("TOPIC_CLOSED")


def answered_of(chat: Chat, arguments: Arguments) -> Message | None:
    """The message that the new one answers."""
    given = arguments.mapping("reply_parameters", "ReplyParameters")
    if given is None:
        if not arguments.has("reply_to_message_id"):
            return None
        given = {
            "message_id": arguments.integer("reply_to_message_id"),
            "allow_sending_without_reply": arguments.flag("allow_sending_without_reply"),
        }
    return _answered(chat, {name: value for name, value in given.items() if value is not None})


def _answered(chat: Chat, given: dict[str, Any]) -> Message | None:
    if unknown := set(given) - _REPLY_FIELDS:
        raise bad_request(f"unknown field {min(unknown)} in reply parameters")
    wanted = given.get("message_id")
    if not isinstance(wanted, int) or isinstance(wanted, bool):
        raise bad_request("can't parse reply parameters: message_id must be a Number")
    if str(given.get("chat_id", chat.id)) != str(chat.id):
        raise bad_request("replies into other chats are not served here")
    found = chat.find(wanted)
    if found is None and not given.get("allow_sending_without_reply"):
        raise bad_request("message to be replied not found")
    return found


def own_message(world: TelegramWorld, arguments: Arguments, what: str) -> Message:
    """The bot's message that is to be edited; ``what`` completes "message to … not found"."""
    chat = writable(world, arguments)
    if not arguments.has("message_id"):
        raise bad_request("message identifier is not specified")
    found = chat.find(arguments.integer("message_id"))
    if found is None:
        raise bad_request(f"message to {what} not found")
    if not found.is_from_bot or found.is_service:
        raise bad_request("message can't be edited")
    return found
