"""parse_mode=HTML as the Bot API's own parser reads it, with its error messages. Byte offsets count UTF-8 bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from standins.telegram.refusals import Refusal, bad_request
from standins.telegram.text import Entity, Formatted, units

_KINDS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "a": "text_link",
    "tg-emoji": "custom_emoji",
}
_REFERENCE = re.compile(r"&(?:#x([0-9a-fA-F]+)|#([0-9]+)|([A-Za-z]+));?")
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:(?!\d)", re.IGNORECASE)
_OTHER_LINKS = ("tg://", "ton://", "mailto:", "tel:")
_USER = re.compile(r"tg://user\?id=(\d+)$")


@dataclass
class _Open:
    tag: str
    argument: str
    offset: int
    began: int


@dataclass
class _Reader:
    source: str
    at: int = 0
    out: list[str] = field(default_factory=list)
    length: int = 0
    opened: list[_Open] = field(default_factory=list)
    entities: list[Entity] = field(default_factory=list)

    def error(self, why: str, at: int | None = None) -> Refusal:
        where = "" if at is None else f" at byte offset {len(self.source[:at].encode())}"
        return bad_request(f"can't parse entities: {why}{where}")

    def emit(self, text: str) -> None:
        self.out.append(text)
        self.length += units(text)

    def peek(self) -> str:
        return self.source[self.at] if self.at < len(self.source) else ""

    def skip_blanks(self) -> None:
        while self.peek().isspace():
            self.at += 1

    def until(self, stops: str) -> str:
        """What stands before the next blank or one of these characters, or the end."""
        begin = self.at
        while self.peek() and not self.peek().isspace() and self.peek() not in stops:
            self.at += 1
        return self.source[begin : self.at]


def parse(source: str) -> Formatted:
    """The plain text and its entities. Refuses with "can't parse entities: …" what the Bot API refuses."""
    reader = _Reader(source)
    while reader.at < len(source):
        if reader.peek() == "<":
            (_end_tag if source.startswith("</", reader.at) else _start_tag)(reader)
        elif reader.peek() == "&":
            text, reader.at = _reference(source, reader.at)
            reader.emit(text)
        else:
            reader.emit(reader.peek())
            reader.at += 1
    if reader.opened:
        raise reader.error(f"Can't find end tag corresponding to start tag {reader.opened[-1].tag}")
    for entity in reader.entities:
        if entity["type"] == "code":
            entity.pop("language", None)
    ordered = sorted(reader.entities, key=lambda entity: (entity["offset"], -entity["length"]))
    return Formatted("".join(reader.out), ordered)


def _reference(source: str, at: int) -> tuple[str, int]:
    """A character reference is replaced; an ampersand that begins none stands for itself, as in Telegram."""
    match = _REFERENCE.match(source, at)
    if match is None:
        return "&", at + 1
    hexadecimal, decimal, name = match.groups()
    if name is not None:
        return (_NAMED[name], match.end()) if name in _NAMED else ("&", at + 1)
    code = int(hexadecimal, 16) if hexadecimal else int(decimal)
    is_character = 0 < code < 0x10FFFF and not 0xD800 <= code <= 0xDFFF
    return (chr(code), match.end()) if is_character else ("&", at + 1)


def _start_tag(reader: _Reader) -> None:
    begin = reader.at
    reader.at += 1
    tag = reader.until(">").lower()
    if not reader.peek():
        raise reader.error("Unclosed start tag", begin)
    if tag not in _KINDS:
        raise reader.error(f'Unsupported start tag "{tag}"', begin)
    argument = ""
    reader.skip_blanks()
    while reader.peek() != ">":
        name, value = _attribute(reader, tag, begin)
        argument = _argument(tag, name, value) or argument
        reader.skip_blanks()
        if not reader.peek():
            raise reader.error("Unclosed start tag", begin)
    reader.at += 1
    if tag == "span" and argument != "spoiler":
        raise reader.error('Tag "span" must have class "tg-spoiler"', begin)
    reader.opened.append(_Open(tag, argument, reader.length, len(reader.out)))


def _attribute(reader: _Reader, tag: str, begin: int) -> tuple[str, str]:
    name = reader.until("=>/\"'")
    if not name:
        raise reader.error(f'Empty attribute name in the tag "{tag}"', begin)
    reader.skip_blanks()
    if reader.peek() != "=":
        if tag == "blockquote" and name == "expandable" and reader.peek():
            return name, "1"
        raise reader.error(f'Expected equal sign in declaration of an attribute of the tag "{tag}"', begin)
    reader.at += 1
    reader.skip_blanks()
    quote = reader.peek()
    if quote not in ("'", '"'):
        return name, _name_token(reader, tag, begin)
    return name, _quoted(reader, quote, begin)


def _name_token(reader: _Reader, tag: str, begin: int) -> str:
    if not reader.peek():
        raise reader.error(f'Unclosed start tag "{tag}"', begin)
    start = reader.at
    while reader.peek() and ((reader.peek().isascii() and reader.peek().isalnum()) or reader.peek() in ".-"):
        reader.at += 1
    if reader.peek() and not reader.peek().isspace() and reader.peek() != ">":
        raise reader.error("Unexpected end of name token", start)
    return reader.source[start : reader.at].lower()


def _quoted(reader: _Reader, quote: str, begin: int) -> str:
    reader.at += 1
    value: list[str] = []
    while reader.peek() and reader.peek() != quote:
        if reader.peek() == "&":
            text, reader.at = _reference(reader.source, reader.at)
        else:
            text, reader.at = reader.peek(), reader.at + 1
        value.append(text)
    reader.at += 1
    if not reader.peek():
        raise reader.error("Unclosed start tag", begin)
    return "".join(value)


def _argument(tag: str, name: str, value: str) -> str:
    match tag, name:
        case ("a", "href") | ("tg-emoji", "emoji-id") | ("blockquote", "expandable"):
            return value
        case "code", "class" if value.startswith("language-"):
            return value.removeprefix("language-")
        case "span", "class" if value.startswith("tg-"):
            return value.removeprefix("tg-")
    return ""


def _end_tag(reader: _Reader) -> None:
    begin = reader.at
    if not reader.opened:
        raise reader.error("Unexpected end tag", begin)
    reader.at += 2
    tag = reader.until(">").lower()
    reader.skip_blanks()
    if reader.peek() != ">":
        raise reader.error("Unclosed end tag", begin)
    reader.at += 1
    opened = reader.opened.pop()
    if tag and tag != opened.tag:
        at = len(reader.source[:begin].encode())
        why = f'Unmatched end tag at byte offset {at}, expected "</{opened.tag}>", found "</{tag}>"'
        raise reader.error(why)
    if reader.length > opened.offset:
        _close(reader, opened)


def _close(reader: _Reader, opened: _Open) -> None:
    kind = _KINDS[opened.tag]
    entity: Entity = {"type": kind, "offset": opened.offset, "length": reader.length - opened.offset}
    if kind == "text_link":
        target = linked(opened.argument or "".join(reader.out[opened.began :]))
        if target is None:
            return
        entity |= target
    elif kind == "custom_emoji":
        if not opened.argument.isdigit():
            raise reader.error("Invalid custom emoji identifier specified")
        entity["custom_emoji_id"] = opened.argument
    elif kind == "blockquote" and opened.argument:
        entity["type"] = "expandable_blockquote"
    elif kind == "pre":
        entity |= _language_inside(reader, entity)
    elif kind == "code" and opened.argument:
        entity["language"] = opened.argument
    reader.entities.append(entity)


def _language_inside(reader: _Reader, pre: Entity) -> Entity:
    """``<pre><code class="language-x">`` is one entity: the code gives its language and goes."""
    last = reader.entities[-1] if reader.entities else {}
    is_whole = last.get("type") == "code" and (last["offset"], last["length"]) == (pre["offset"], pre["length"])
    return {"language": reader.entities.pop()["language"]} if is_whole and "language" in last else {}


def linked(url: str) -> Entity | None:
    """What a link's target becomes; None where Telegram shows plain text because it is no link."""
    if user := _USER.match(url):
        return {"type": "text_mention", "user": {"id": int(user[1]), "is_bot": False, "first_name": "?"}}
    if not is_link(url):
        return None
    return {"url": url if _SCHEME.match(url) else f"http://{url}"}


def is_link(url: str) -> bool:
    """An address needs a host with a dot in it: http://localhost is none, at Telegram."""
    if not url or any(char.isspace() for char in url):
        return False
    if url.lower().startswith(_OTHER_LINKS):
        return True
    host = re.split(r"[/?#]", re.sub(r"^https?://", "", url, flags=re.IGNORECASE))[0].rsplit("@", 1)[-1]
    return "." in host.split(":")[0].strip(".") and "://" not in host
