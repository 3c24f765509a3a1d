"""The text or caption of a call: parse_mode or given entities, the limits of length, and what Telegram finds itself."""

from __future__ import annotations

from typing import Any

from standins.telegram import html, markdown
from standins.telegram.arguments import Arguments
from standins.telegram.refusals import bad_request
from standins.telegram.text import MAX_ENTITIES, Entity, Formatted, trimmed, units, with_found

MAX_TEXT = 4096
MAX_CAPTION = 1024
_GIVEN = {
    "mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number", "bold", "italic", "underline",
    "strikethrough", "spoiler", "blockquote", "expandable_blockquote", "code", "pre", "text_link", "text_mention",
    "custom_emoji", "date_time",
}  # fmt: skip


def text_of(arguments: Arguments) -> Formatted:
    """The text of a message; refused if it is empty or longer than 4096 units after parsing."""
    source = arguments.text("text")
    if not source.strip():
        raise bad_request("message text is empty")
    formatted = formatted_of(source, arguments.text("parse_mode"), arguments.listing("entities", "MessageEntity"))
    if not formatted.text:
        raise bad_request("text must be non-empty")
    if units(formatted.text) > MAX_TEXT:
        raise bad_request("message is too long")
    return formatted


def caption_of(arguments: Arguments) -> Formatted:
    entities = arguments.listing("caption_entities", "MessageEntity")
    return caption(arguments.text("caption"), arguments.text("parse_mode"), entities)


def caption(source: str, parse_mode: str, entities: list[Any] | None) -> Formatted:
    formatted = formatted_of(source, parse_mode, entities)
    if units(formatted.text) > MAX_CAPTION:
        raise bad_request("message caption is too long")
    return formatted


def formatted_of(source: str, parse_mode: str, entities: list[Any] | None) -> Formatted:
    if "\x00" in source or any(0xD800 <= ord(char) <= 0xDFFF for char in source):
        raise bad_request("strings must be encoded in UTF-8")
    return with_found(trimmed(_parsed(source, parse_mode, entities)))


def _parsed(source: str, parse_mode: str, entities: list[Any] | None) -> Formatted:
    match parse_mode.lower():
        case "":
            return Formatted(source, [_checked(entity, source) for entity in (entities or [])[:MAX_ENTITIES]])
        case "html":
            return _limited(html.parse(source))
        case "markdownv2":
            return _limited(markdown.parse(source))
        case "markdown":
            raise bad_request("legacy Markdown is not spoken here: use HTML or MarkdownV2")
    raise bad_request("unsupported parse_mode")


def _limited(formatted: Formatted) -> Formatted:
    """What is beyond a hundred entities is shown plain."""
    return Formatted(formatted.text, formatted.entities[:MAX_ENTITIES])


def _checked(entity: Any, source: str) -> Entity:
    if not isinstance(entity, dict):
        raise bad_request("can't parse MessageEntity: expected an Object")
    kind, offset, length = entity.get("type"), entity.get("offset"), entity.get("length")
    if not isinstance(kind, str) or kind not in _GIVEN:
        raise bad_request("can't parse MessageEntity: unsupported type specified")
    if not isinstance(offset, int) or not isinstance(length, int) or offset < 0 or length <= 0:
        raise bad_request("can't parse MessageEntity: wrong offset or length")
    if offset + length > units(source):
        raise bad_request(f"entity beginning at UTF-16 offset {offset} ends after the end of the text")
    return {name: value for name, value in entity.items() if value is not None}
