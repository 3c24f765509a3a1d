"""Messages that are there already: edited, taken back, reacted to, pinned; and the answer to a press."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from standins.telegram import access
from standins.telegram.arguments import Arguments
from standins.telegram.formatting import caption_of, text_of
from standins.telegram.keyboards import inline_of
from standins.telegram.model import Message
from standins.telegram.refusals import bad_request
from standins.telegram.text import Formatted, units

if TYPE_CHECKING:
    from standins.telegram.world import TelegramWorld

_SAME = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current "
    "content and reply markup of the message"
)
_TOO_OLD = "query is too old and response timeout expired or query ID is invalid"
_DELETABLE = 48 * 3600
REACTIONS = set("👍👎❤🔥🥰👏😁🤔🤯😱🎉🙏👌👀😢🤝🫡💯⚡🏆✍")


def edit_text(world: TelegramWorld, arguments: Arguments) -> dict[str, Any]:
    message = _editable(world, arguments)
    if message.content:
        raise bad_request("there is no text in the message to edit")
    return _change(world, message, text_of(arguments), inline_of(arguments))


def edit_caption(world: TelegramWorld, arguments: Arguments) -> dict[str, Any]:
    message = _editable(world, arguments)
    if not message.files:
        raise bad_request("there is no caption in the message to edit")
    return _change(world, message, caption_of(arguments), inline_of(arguments))


def edit_markup(world: TelegramWorld, arguments: Arguments) -> dict[str, Any]:
    message = _editable(world, arguments)
    return _change(world, message, Formatted(message.text, message.entities), inline_of(arguments))


def _editable(world: TelegramWorld, arguments: Arguments) -> Message:
    if arguments.has("inline_message_id"):
        raise bad_request("MESSAGE_ID_INVALID")
    return access.own_message(world, arguments, "edit")


def _change(world: TelegramWorld, message: Message, said: Formatted, markup: dict[str, Any] | None) -> dict[str, Any]:
    """An edit without reply_markup takes the keyboard away. Edits count like messages."""
    if (message.text, message.entities, message.markup) == (said.text, said.entities, markup):
        raise bad_request(_SAME)
    world.throttle.count(message.chat.id, is_group=message.chat.is_group)
    if message.text != said.text:
        message.edits.append(message.text)
    if message.markup is not None:
        message.old_markups.append(message.markup)
    message.text, message.entities, message.markup = said.text, said.entities, markup
    message.edited_at = world.clock()
    return message.raw


def delete_message(world: TelegramWorld, arguments: Arguments) -> bool:
    chat = access.writable(world, arguments)
    if not arguments.has("message_id"):
        raise bad_request("message identifier is not specified")
    message = chat.find(arguments.integer("message_id"))
    if message is None:
        raise bad_request("message to delete not found")
    is_foreign = message.author is not None and chat.is_group and not access.may(chat, "can_delete_messages")
    if is_foreign or world.clock() - message.sent_at > _DELETABLE:
        raise bad_request("message can't be deleted")
    message.is_deleted = True
    return True


def delete_messages(world: TelegramWorld, arguments: Arguments) -> bool:
    """Those that cannot be found are skipped."""
    chat = access.writable(world, arguments)
    wanted = arguments.listing("message_ids", "message identifiers") or []
    if not 1 <= len(wanted) <= 100:
        raise bad_request("message identifiers are not specified" if not wanted else "too many messages to delete")
    if not all(isinstance(one, int) for one in wanted):
        raise bad_request("message identifier must be a Number")
    for message_id in wanted:
        if (message := chat.find(message_id)) is not None:
            message.is_deleted = True
    return True


def set_reaction(world: TelegramWorld, arguments: Arguments) -> bool:
    chat = access.writable(world, arguments)
    message = chat.find(arguments.integer("message_id"))
    if message is None:
        raise bad_request("message to react not found")
    wanted = arguments.listing("reaction", "ReactionType") or []
    if len(wanted) > 1:
        raise bad_request("REACTIONS_TOO_MANY")
    emoji = [str(one.get("emoji", "")).rstrip("\ufe0f") for one in wanted if isinstance(one, dict)]
    if len(emoji) != len(wanted) or not set(emoji) <= REACTIONS:
        raise bad_request("REACTION_INVALID")
    message.reactions = emoji
    return True


def pin(world: TelegramWorld, arguments: Arguments) -> bool:
    chat = access.writable(world, arguments)
    if chat.is_group and not access.may(chat, "can_pin_messages"):
        raise bad_request("not enough rights to manage pinned messages in the chat")
    if chat.find(arguments.integer("message_id")) is None:
        raise bad_request("message to pin not found")
    chat.pins.append(arguments.integer("message_id"))
    return True


def unpin(world: TelegramWorld, arguments: Arguments) -> bool:
    chat = access.writable(world, arguments)
    chat.pins = [pinned for pinned in chat.pins if pinned != arguments.integer("message_id", pinned)]
    return True


def answer_press(world: TelegramWorld, arguments: Arguments) -> bool:
    """Once, and in time."""
    press = world.presses.get(arguments.text("callback_query_id"))
    if units(arguments.text("text")) > 200:
        raise bad_request("MESSAGE_TOO_LONG")
    if press is None or press.is_answered or press.is_expired:
        raise bad_request(_TOO_OLD)
    if world.clock() - press.at > world.press_lifetime:
        raise bad_request(_TOO_OLD)
    if arguments.has("url"):
        raise bad_request("URL_INVALID")
    press.is_answered, press.text, press.is_alert = True, arguments.text("text"), arguments.flag("show_alert")
    return True


HANDLERS: dict[str, Callable[[TelegramWorld, Arguments], Any]] = {
    "editMessageText": edit_text,
    "editMessageCaption": edit_caption,
    "editMessageReplyMarkup": edit_markup,
    "deleteMessage": delete_message,
    "deleteMessages": delete_messages,
    "setMessageReaction": set_reaction,
    "pinChatMessage": pin,
    "unpinChatMessage": unpin,
    "answerCallbackQuery": answer_press,
}
