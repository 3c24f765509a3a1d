"""New messages: words, files, albums, copies, typing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from standins.telegram import access, groups, samples
from standins.telegram.arguments import Arguments, Upload
from standins.telegram.formatting import caption, caption_of, text_of
from standins.telegram.keyboards import markup_of
from standins.telegram.model import Chat, Message, SentFile
from standins.telegram.refusals import TOO_LARGE, bad_request
from standins.telegram.text import Formatted

if TYPE_CHECKING:
    from standins.telegram.world import TelegramWorld

ACTIONS = {
    "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice", "upload_document",
    "choose_sticker", "find_location", "record_video_note", "upload_video_note",
}  # fmt: skip
_MEDIA_TYPES = {"photo": "image/jpeg", "voice": "audio/ogg", "audio": "audio/mpeg", "video": "video/mp4"}
_OPTIONS = ("disable_notification", "protect_content", "link_preview_options")
_MIXABLE = ({"photo", "video"}, {"document"}, {"audio"})


def send_message(world: TelegramWorld, arguments: Arguments) -> dict[str, Any]:
    chat = access.writable(world, arguments)
    formatted = text_of(arguments)
    arguments.mapping("link_preview_options", "link preview options")
    return _post(world, chat, arguments, formatted, []).raw


def sender(kind: str) -> Callable[[TelegramWorld, Arguments], dict[str, Any]]:
    """The method for files of this kind."""

    def send(world: TelegramWorld, arguments: Arguments) -> dict[str, Any]:
        chat = access.writable(world, arguments)
        formatted = caption_of(arguments)
        source = arguments.uploads.get(kind) or arguments.text(kind)
        sent = _file(world, kind, source, arguments)
        return _post(world, chat, arguments, formatted, [sent]).raw

    return send


def send_media_group(world: TelegramWorld, arguments: Arguments) -> list[dict[str, Any]]:
    chat = access.writable(world, arguments)
    items = arguments.listing("media", "InputMedia") or []
    if not 2 <= len(items) <= 10:
        raise bad_request("there must be 2-10 media in an album" if items else "media must be non-empty")
    kinds = {str(item.get("type")) if isinstance(item, dict) else "" for item in items}
    if not any(kinds <= together for together in _MIXABLE):
        raise bad_request("these types of media can't be mixed in one album")
    parts = [_album_part(world, item, arguments) for item in items]
    topic, reply_to = access.topic_of(chat, arguments), access.answered_of(chat, arguments)
    world.throttle.count(chat.id, is_group=chat.is_group, weight=len(parts))
    album = str(world.ids.next("album"))
    return [
        groups.post(
            world, chat, None, formatted, files=[sent], topic=topic, reply_to=reply_to, album=album
        ).raw
        for formatted, sent in parts
    ]  # fmt: skip


def _album_part(world: TelegramWorld, item: dict[str, Any], arguments: Arguments) -> tuple[Formatted, SentFile]:
    formatted = caption(str(item.get("caption") or ""), str(item.get("parse_mode") or ""), item.get("caption_entities"))
    return formatted, _file(world, item["type"], str(item.get("media") or ""), arguments)


def send_chat_action(world: TelegramWorld, arguments: Arguments) -> bool:
    chat = access.writable(world, arguments)
    topic = access.topic_of(chat, arguments)
    if arguments.text("action") not in ACTIONS:
        raise bad_request("wrong parameter action in request")
    world.throttle.count_typing(chat.id)
    chat.actions.append((arguments.text("action"), topic.id if topic else None, world.clock()))
    return True


def copy_message(world: TelegramWorld, arguments: Arguments) -> dict[str, Any]:
    chat = access.writable(world, arguments)
    origin = access.readable(world, arguments, "from_chat_id")
    original = origin.find(arguments.integer("message_id"))
    if original is None:
        raise bad_request("message to copy not found")
    if original.is_service or "poll" in original.content:
        raise bad_request("message can't be copied")
    said = Formatted(original.text, original.entities)
    if original.files and "caption" in arguments.values:
        said = caption_of(arguments)
    content = {} if original.files else original.content
    return {"message_id": _post(world, chat, arguments, said, original.files, content).id}


def _post(
    world: TelegramWorld,
    chat: Chat,
    arguments: Arguments,
    formatted: Formatted,
    files: list[SentFile],
    content: dict[str, Any] | None = None,
) -> Message:
    """The last checks, then the limits, then the message: what is refused counts for nothing."""
    topic = access.topic_of(chat, arguments)
    reply_to = access.answered_of(chat, arguments)
    if topic is None and reply_to is not None and reply_to.topic is not None:
        access.check_open(reply_to.topic)
    markup = markup_of(arguments)
    world.throttle.count(chat.id, is_group=chat.is_group)
    return groups.post(
        world,
        chat,
        None,
        formatted,
        content=content,
        files=files,
        topic=topic,
        reply_to=reply_to,
        markup=markup,
        options={name: arguments.shown()[name] for name in _OPTIONS if arguments.has(name)},
    )


def _file(world: TelegramWorld, kind: str, source: Upload | str, arguments: Arguments) -> SentFile:
    """An upload, an attach:// reference to one, or the file_id of a file that Telegram knows."""
    if isinstance(source, str) and source.startswith("attach://"):
        name = source.removeprefix("attach://")
        if name not in arguments.uploads:
            raise bad_request(f'file "{name}" is not in the request')
        source = arguments.uploads[name]
    if isinstance(source, Upload):
        return _uploaded(world, kind, source)
    if not source:
        raise bad_request(f"there is no {kind} in the request")
    if source.startswith(("http://", "https://")):
        raise bad_request("failed to get HTTP URL content")
    known = world.files.get(source)
    if known is None or (known.kind != kind and kind != "document"):
        raise bad_request("wrong remote file identifier specified: Wrong string length")
    return known


def _uploaded(world: TelegramWorld, kind: str, upload: Upload) -> SentFile:
    size = len(upload.data)
    if not size:
        raise bad_request("file must be non-empty")
    if size > world.sizes.upload:
        raise TOO_LARGE
    if kind == "photo":
        if size > world.sizes.photo:
            limit = world.sizes.photo
            raise bad_request(f"file of size {size} bytes is too big for a photo; the maximum size is {limit} bytes")
        if not samples.is_image(upload.data):
            raise bad_request("IMAGE_PROCESS_FAILED")
    return groups.keep_file(world, kind, upload.name, _MEDIA_TYPES.get(kind, upload.media_type), upload.data)


HANDLERS: dict[str, Callable[[TelegramWorld, Arguments], Any]] = {
    "sendMessage": send_message,
    "sendPhoto": sender("photo"),
    "sendDocument": sender("document"),
    "sendVoice": sender("voice"),
    "sendAudio": sender("audio"),
    "sendVideo": sender("video"),
    "sendMediaGroup": send_media_group,
    "sendChatAction": send_chat_action,
    "copyMessage": copy_message,
}
