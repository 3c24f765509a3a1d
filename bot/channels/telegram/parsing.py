"""What a stored update means. Pure: nothing is asked of Telegram, and whatever comes is an Event or Unreadable."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from bot.channels.base import (
    Command,
    CommandName,
    Edited,
    Event,
    Inbound,
    Moved,
    Nothing,
    Reachability,
    Unreadable,
)
from bot.channels.telegram.addressing import Typed, mentions, read_typed, without_mentions
from bot.channels.telegram.contents import Contents, contents_of
from bot.channels.telegram.names import TELEGRAM
from bot.channels.telegram.updates import Bot, Chat, Membership, Message, Payload, Person, Press
from bot.inbound_text import clean, shorten
from store.counting import counted

LONGEST_NAME = 200
# Messages that nobody wrote: Telegram reports with them what happened in a chat.
_SERVICE = """
    boost_added channel_chat_created chat_background_set chat_owner_changed chat_owner_left chat_shared
    checklist_tasks_added checklist_tasks_done connected_website delete_chat_photo direct_message_price_changed
    forum_topic_closed forum_topic_created forum_topic_edited forum_topic_reopened general_forum_topic_hidden
    general_forum_topic_unhidden gift gift_upgrade_sent giveaway giveaway_completed giveaway_created giveaway_winners
    group_chat_created left_chat_member managed_bot_created message_auto_delete_timer_changed migrate_from_chat_id
    new_chat_members new_chat_photo new_chat_title paid_message_price_changed pinned_message poll_option_added
    poll_option_deleted proximity_alert_triggered refunded_payment successful_payment suggested_post_approval_failed
    suggested_post_approved suggested_post_declined suggested_post_paid suggested_post_refunded supergroup_chat_created
    unique_gift users_shared video_chat_ended video_chat_participants_invited video_chat_scheduled video_chat_started
    web_app_data write_access_allowed
"""
SERVICE = frozenset(_SERVICE.split())
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_KIND = re.compile(r"[a-z_]{1,40}")


def parse_update(payload: dict[str, Any], staff_chats: frozenset[int] = frozenset()) -> Event:
    """``payload``: {"update": as Telegram sent it, "me": {"id", "username"}}. Raises Unreadable."""
    try:
        read = Payload.model_validate(payload)
        return _event(read.update, read.me, staff_chats)
    except ValidationError as error:
        # Without the cause: it quotes what the customer wrote.
        fields = counted(error.error_count(), "field is", "fields are")
        raise Unreadable(f"not a Telegram update: {fields} wrong") from None


def _event(update: dict[str, Any], me: Bot, staff_chats: frozenset[int]) -> Event:
    for kind, read in _READERS.items():
        if kind in update:
            return read(update[kind], me, staff_chats)
    others = sorted(name for name in update if name != "update_id" and _KIND.fullmatch(name))
    if not others:
        raise Unreadable("not a Telegram update: it holds nothing")
    return Nothing(f"an update of the kind {others[0]}")


def _message(raw: Any, me: Bot, staff_chats: frozenset[int]) -> Event:
    message = Message.model_validate(raw)
    if why := _no_business(message.chat, staff_chats):
        return Nothing(why)
    if message.migrate_to_chat_id is not None:
        return Moved(TELEGRAM, str(message.chat.id), str(message.migrate_to_chat_id))
    if not SERVICE.isdisjoint(raw):
        return Nothing("a service message")
    sender = _customer(message)
    if sender is None:
        return Nothing("not written by a person")
    return _read(message, sender, me)


def _read(message: Message, sender: Person, me: Bot) -> Inbound | Nothing:
    contents, typed = contents_of(message), read_typed(message.text or "")
    is_group = message.chat.is_group
    if is_group and not _is_addressed(message, contents, typed, me):
        return Nothing("not addressed to the bot")
    command = typed.command() if typed and not typed.is_for_another(me) else None
    text = without_mentions(contents.text, contents.entities, me) if is_group else contents.text
    if is_group and not command and message.text is not None and not clean(text).strip():
        # The bot's name alone is a call for it.
        command = Command(CommandName.START)
    return Inbound(
        channel=TELEGRAM,
        thread=message.spot.thread,
        customer=str(sender.id),
        text=_typed_text(typed) if typed and command else contents.with_notes(text),
        external_id=str(message.message_id),
        name=_name(sender),
        language=_language(sender),
        remote_files=contents.files,
        reply_to=_reply_to(message, me),
        command=command,
        is_shared=is_group,
        spot=str(message.message_id) if is_group else None,
        album=clean(message.media_group_id) if message.media_group_id else None,
    )


def _is_addressed(message: Message, contents: Contents, typed: Typed | None, me: Bot) -> bool:
    if typed and typed.is_for_another(me):
        return False
    is_command = typed is not None and (typed.bot is not None or typed.command() is not None)
    return is_command or _reply_to(message, me) is not None or mentions(contents.text, contents.entities, me)


def _typed_text(typed: Typed) -> str:
    return clean(f"/{typed.name} {typed.argument}").strip()


def _reply_to(message: Message, me: Bot) -> str | None:
    """The message of the bot that this one answers."""
    replied = message.reply_to_message
    if replied is None or replied.from_ is None or replied.from_.id != me.id:
        return None
    # What is written into a topic "answers" the message that opened it, whoever opened it.
    opened_the_topic = replied.forum_topic_created is not None or replied.message_id == message.spot.topic
    return None if opened_the_topic else str(replied.message_id)


def _edited(raw: Any, me: Bot, staff_chats: frozenset[int]) -> Event:
    message = Message.model_validate(raw)
    if why := _no_business(message.chat, staff_chats):
        return Nothing(why)
    if _customer(message) is None:
        return Nothing("not written by a person")
    if message.location and message.location.live_period:
        return Nothing("a live location that moved")
    contents = contents_of(message)
    text = contents.text
    if message.chat.is_group:
        text = without_mentions(text, contents.entities, me)
    return Edited(TELEGRAM, message.spot.thread, str(message.message_id), contents.with_notes(text))


def _press(raw: Any, me: Bot, staff_chats: frozenset[int]) -> Event:
    press = Press.model_validate(raw)
    if press.message is None or press.data is None:
        return Nothing("a press of a button that is none of ours")
    if why := _no_business(press.message.chat, staff_chats):
        return Nothing(why)
    is_group = press.message.chat.is_group
    return Inbound(
        channel=TELEGRAM,
        thread=press.message.spot.thread,
        customer=str(press.from_.id),
        name=_name(press.from_),
        language=_language(press.from_),
        press=clean(press.data),
        is_shared=is_group,
        spot=str(press.message.message_id) if is_group else None,
    )


def _membership(raw: Any, me: Bot, staff_chats: frozenset[int]) -> Event:
    """The bot's own standing in a chat changed."""
    changed = Membership.model_validate(raw)
    if why := _no_business(changed.chat, staff_chats):
        return Nothing(why)
    reason = _why_silent(changed)
    return Reachability(TELEGRAM, str(changed.chat.id), is_reachable=not reason, reason=reason)


def _why_silent(changed: Membership) -> str:
    """Why the bot cannot write there; empty if it can."""
    member = changed.new_chat_member
    is_out = member.status in ("kicked", "left") or not member.is_member
    if changed.chat.is_private:
        return "The customer blocked the bot." if is_out else ""
    if is_out:
        return "The bot was removed from the group."
    return "" if member.can_send_messages else "The bot may not write in the group any more."


def _no_business(chat: Chat, staff_chats: frozenset[int]) -> str:
    """Why nothing that happens in this chat concerns a customer; empty if it may."""
    if chat.id in staff_chats:
        return "a chat of the staff"
    if chat.is_direct_messages or chat.type == "channel":
        return "a channel"
    if not chat.is_private and not chat.is_group:
        raise Unreadable("not a Telegram update: the chat is of an unknown kind")
    return ""


def _customer(message: Message) -> Person | None:
    """Who wrote it. Nobody for channels, admins who hide behind their group, and bots."""
    person = message.from_
    return person if person and not person.is_bot and not message.sender_chat else None


def _name(person: Person) -> str | None:
    return shorten(clean(f"{person.first_name} {person.last_name or ''}"), LONGEST_NAME) or None


def _language(person: Person) -> str | None:
    code = person.language_code or ""
    return code if len(code) <= 16 and _LANGUAGE.fullmatch(code) else None


_READERS: dict[str, Callable[[Any, Bot, frozenset[int]], Event]] = {
    "message": _message,
    "edited_message": _edited,
    "callback_query": _press,
    "my_chat_member": _membership,
}
