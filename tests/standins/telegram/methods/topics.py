"""Forum topics: only a bot that may manage them can; each change is a message and counts like one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from standins.telegram import access, groups
from standins.telegram.arguments import Arguments
from standins.telegram.model import Chat, Topic
from standins.telegram.refusals import bad_request

if TYPE_CHECKING:
    from standins.telegram.world import TelegramWorld

COLORS = {7322096, 16766590, 13338331, 9367192, 16749490, 16478047}
MAX_NAME = 128


def create(world: TelegramWorld, arguments: Arguments) -> dict[str, Any]:
    chat = _forum(world, arguments, "create a topic")
    name = _name(arguments)
    color = arguments.integer("icon_color", 7322096)
    if color not in COLORS:
        raise bad_request("TOPIC_ICON_COLOR_INVALID")
    world.throttle.count(chat.id, is_group=True)
    topic = groups.open_topic(world, chat, name, None)
    return {"message_thread_id": topic.id, "name": topic.name, "icon_color": color}


def edit(world: TelegramWorld, arguments: Arguments) -> bool:
    topic = _topic(world, arguments, "edit the topic")
    if "name" not in arguments.values and not arguments.has("icon_custom_emoji_id"):
        raise bad_request("TOPIC_NOT_MODIFIED")
    name = _name(arguments) if arguments.has("name") else topic.name
    if name == topic.name and not arguments.has("icon_custom_emoji_id"):
        raise bad_request("TOPIC_NOT_MODIFIED")
    topic.name = name
    return _changed(world, topic, {"forum_topic_edited": {"name": name}})


def close(world: TelegramWorld, arguments: Arguments) -> bool:
    return _switch(world, arguments, is_closed=True)


def reopen(world: TelegramWorld, arguments: Arguments) -> bool:
    return _switch(world, arguments, is_closed=False)


def _switch(world: TelegramWorld, arguments: Arguments, *, is_closed: bool) -> bool:
    topic = _topic(world, arguments, "edit the topic")
    if topic.is_closed == is_closed:
        raise bad_request("TOPIC_NOT_MODIFIED")
    topic.is_closed = is_closed
    return _changed(world, topic, {"forum_topic_closed" if is_closed else "forum_topic_reopened": {}})


def delete(world: TelegramWorld, arguments: Arguments) -> bool:
    topic = _topic(world, arguments, "delete the topic")
    world.throttle.count(topic.chat.id, is_group=True)
    topic.is_deleted = True
    for message in topic.chat.log:
        if message.topic is topic:
            message.is_deleted = True
    return True


def _changed(world: TelegramWorld, topic: Topic, content: dict[str, Any]) -> bool:
    world.throttle.count(topic.chat.id, is_group=True)
    groups.post(world, topic.chat, None, content=content, topic=topic, is_service=True)
    return True


def _forum(world: TelegramWorld, arguments: Arguments, what: str) -> Chat:
    chat = access.writable(world, arguments)
    if not chat.is_forum:
        raise bad_request("the chat is not a forum")
    if not access.may(chat, "can_manage_topics"):
        raise bad_request(f"not enough rights to {what}")
    return chat


def _topic(world: TelegramWorld, arguments: Arguments, what: str) -> Topic:
    chat = _forum(world, arguments, what)
    topic = chat.topics.get(arguments.integer("message_thread_id"))
    if topic is None or topic.is_deleted:
        raise bad_request("TOPIC_ID_INVALID" if topic is None else "TOPIC_DELETED")
    return topic


def _name(arguments: Arguments) -> str:
    """1 to 128 characters. (The real server cuts what is longer; here it is refused, so that nobody relies on it.)"""
    name = arguments.text("name").strip()
    if not name:
        raise bad_request("title must be non-empty")
    if len(name) > MAX_NAME:
        raise bad_request("TOPIC_TITLE_TOO_LONG")
    return name


HANDLERS: dict[str, Callable[[TelegramWorld, Arguments], Any]] = {
    "createForumTopic": create,
    "editForumTopic": edit,
    "closeForumTopic": close,
    "reopenForumTopic": reopen,
    "deleteForumTopic": delete,
}
