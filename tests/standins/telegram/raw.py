"""The objects of the Bot API, drawn from the world."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from standins.telegram.model import Chat, Message, Press, SentFile
    from standins.telegram.people import Person
    from standins.telegram.world import TelegramWorld

Raw = dict[str, Any]
RIGHTS = (
    "can_manage_chat", "can_delete_messages", "can_manage_video_chats", "can_restrict_members", "can_promote_members",
    "can_change_info", "can_invite_users", "can_post_stories", "can_edit_stories", "can_delete_stories",
    "can_send_welcome_messages",
)  # fmt: skip
OPTIONAL_RIGHTS = ("can_pin_messages", "can_manage_topics")
_PERMISSIONS = (
    "can_send_messages", "can_send_audios", "can_send_documents", "can_send_photos", "can_send_videos",
    "can_send_video_notes", "can_send_voice_notes", "can_send_polls", "can_send_other_messages",
    "can_add_web_page_previews", "can_change_info", "can_invite_users", "can_pin_messages", "can_manage_topics",
    "can_react_to_messages", "can_edit_tag",
)  # fmt: skip


def bot(world: TelegramWorld) -> Raw:
    return {"id": world.bot_id, "is_bot": True, "first_name": world.name, "username": world.username}


def me(world: TelegramWorld) -> Raw:
    return bot(world) | {
        "can_join_groups": True,
        "can_read_all_group_messages": not world.privacy,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
        "has_topics_enabled": False,
        "allows_users_to_create_topics": False,
    }


def person(who: Person) -> Raw:
    raw: Raw = {"id": who.id, "is_bot": False, "first_name": who.first_name}
    optional = {"last_name": who.last_name, "username": who.username, "language_code": who.language}
    return raw | {name: value for name, value in optional.items() if value}


def chat(place: Chat) -> Raw:
    if place.kind == "private":
        raw = person(place.members[0])
        return {"id": place.id, "type": "private"} | {
            name: raw[name] for name in ("first_name", "last_name", "username") if name in raw
        }
    raw = {"id": place.id, "type": place.kind, "title": place.title}
    if place.username:
        raw["username"] = place.username
    return raw | ({"is_forum": True} if place.is_forum else {})


def full_chat(place: Chat) -> Raw:
    gifts = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
    return chat(place) | {
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(gifts, False),
        "permissions": permissions(can=True),
    }


def permissions(*, can: bool) -> Raw:
    return dict.fromkeys(_PERMISSIONS, can)


def message(what: Message, *, with_reply: bool = True) -> Raw:
    author = bot(what.chat.world) if what.author is None else person(what.author)
    raw: Raw = {"message_id": what.id, "from": author, "chat": chat(what.chat), "date": int(what.sent_at)}
    if what.edited_at is not None:
        raw["edit_date"] = int(what.edited_at)
    raw |= _thread(what)
    if with_reply and (answered := _answered(what)) is not None:
        raw["reply_to_message"] = message(answered, with_reply=False)
    if what.album:
        raw["media_group_id"] = what.album
    return raw | _words(what) | what.content | ({"reply_markup": what.markup} if what.keyboard else {})


def _words(what: Message) -> Raw:
    if not what.text:
        return {}
    words, entities = ("caption", "caption_entities") if what.content else ("text", "entities")
    return {words: what.text} | ({entities: what.entities} if what.entities else {})


def _thread(what: Message) -> Raw:
    """In a supergroup without topics a reply carries the root's id too, without is_topic_message."""
    if what.topic is not None:
        return {"message_thread_id": what.topic.id, "is_topic_message": True}
    if what.chat.kind != "supergroup" or what.chat.is_forum or what.reply_to is None:
        return {}
    root = what.reply_to
    while root.reply_to is not None:
        root = root.reply_to
    return {"message_thread_id": root.id}


def _answered(what: Message) -> Message | None:
    """In a topic, what answers nothing else answers the service message that opened the topic."""
    if what.reply_to is not None:
        return None if what.reply_to.is_deleted else what.reply_to
    if what.topic is not None and what.topic.opening is not what:
        return what.topic.opening
    return None


def file(sent: SentFile) -> Raw:
    return {"file_id": sent.file_id, "file_unique_id": f"u{sent.file_id}", "file_size": sent.size}


def media(sent: SentFile) -> Raw:
    """The message's field for this file."""
    raw = file(sent)
    if sent.kind == "photo":
        small = raw | {"file_id": f"{sent.file_id}-s", "file_unique_id": f"u{sent.file_id}s", "file_size": 1}
        sizes = [small | {"width": 90, "height": 67}, raw | {"width": 640, "height": 480}]
        return {"photo": sizes}
    described = raw | {"mime_type": sent.media_type}
    match sent.kind:
        case "voice":
            return {"voice": described | {"duration": 2}}
        case "video":
            return {"video": described | {"duration": 2, "width": 640, "height": 480, "file_name": sent.name}}
        case "audio":
            return {"audio": described | {"duration": 2, "file_name": sent.name}}
    return {"document": described | {"file_name": sent.name}}


def press(what: Press, by: Person) -> Raw:
    query: Raw = {"id": what.id, "from": person(by), "chat_instance": str(what.message.chat.id)}
    return {"callback_query": query | {"message": message(what.message), "data": what.data}}


def membership(user: Raw, status: str, rights: set[str]) -> Raw:
    """A ChatMember."""
    raw: Raw = {"user": user, "status": status}
    match status:
        case "administrator":
            named = {name: name in rights or name == "can_manage_chat" for name in RIGHTS}
            optional = {name: name in rights for name in OPTIONAL_RIGHTS}
            return raw | {"can_be_edited": False, "is_anonymous": False} | named | optional
        case "creator":
            return raw | {"is_anonymous": False}
        case "restricted":
            return raw | {"is_member": True, "until_date": 0} | permissions(can=False)
        case "kicked":
            return raw | {"until_date": 0}
    return raw
