"""parse_mode=MarkdownV2, as far as a support bot may write it: nested styles, code, links, quotes and the eighteen
characters that must be escaped."""

from __future__ import annotations

from dataclasses import dataclass, field

from standins.telegram.html import linked
from standins.telegram.refusals import Refusal, bad_request
from standins.telegram.text import Entity, Formatted, units

_RESERVED = set("_*[]()~`>#+-=|{}.!")
_MARKS = (
    ("```", "pre"),
    ("||", "spoiler"),
    ("__", "underline"),
    ("*", "bold"),
    ("_", "italic"),
    ("~", "strikethrough"),
)
_NAMES = {"pre": "pre", "code": "code", "text_link": "text url"}


@dataclass
class _Reader:
    source: str
    at: int = 0
    out: list[str] = field(default_factory=list)
    length: int = 0
    opened: list[tuple[str, int, int]] = field(default_factory=list)
    entities: list[Entity] = field(default_factory=list)

    def emit(self, text: str) -> None:
        self.out.append(text)
        self.length += units(text)

    def offset(self, at: int) -> int:
        return len(self.source[:at].encode())

    def error(self, why: str) -> Refusal:
        return bad_request(f"can't parse entities: {why}")

    def close(self, kind: str, offset: int, extra: Entity | None = None) -> None:
        if self.length > offset:
            self.entities.append({"type": kind, "offset": offset, "length": self.length - offset} | (extra or {}))


def parse(source: str) -> Formatted:
    reader = _Reader(source)
    while reader.at < len(source):
        _step(reader)
    if reader.opened:
        kind, _, began = reader.opened[-1]
        name = _NAMES.get(kind, kind).capitalize()
        raise reader.error(f"Can't find end of {name} entity at byte offset {reader.offset(began)}")
    ordered = sorted(reader.entities, key=lambda entity: (entity["offset"], -entity["length"]))
    return Formatted("".join(reader.out), ordered)


def _step(reader: _Reader) -> None:
    source, at = reader.source, reader.at
    char = source[at]
    if char == "\\" and at + 1 < len(source) and ord(source[at + 1]) < 127:
        reader.emit(source[at + 1])
        reader.at += 2
    elif source.startswith("```", at):
        _literal(reader, "```", "pre")
    elif char == "`":
        _literal(reader, "`", "code")
    elif mark := next((pair for pair in _MARKS if source.startswith(pair[0], at)), None):
        _mark(reader, *mark)
    elif char == "[":
        reader.opened.append(("text_link", reader.length, at))
        reader.at += 1
    elif char == "]" and reader.opened and reader.opened[-1][0] == "text_link":
        _link(reader)
    elif char == ">" and (at == 0 or source[at - 1] == "\n"):
        reader.at += 1
    elif char in _RESERVED:
        raise reader.error(f"Character '{char}' is reserved and must be escaped with the preceding '\\'")
    else:
        reader.emit(char)
        reader.at += 1


def _mark(reader: _Reader, mark: str, kind: str) -> None:
    if reader.opened and reader.opened[-1][0] == kind:
        _, offset, _ = reader.opened.pop()
        reader.close(kind, offset)
    else:
        reader.opened.append((kind, reader.length, reader.at))
    reader.at += len(mark)


def _literal(reader: _Reader, mark: str, kind: str) -> None:
    begin, at = reader.at, reader.at + len(mark)
    offset = reader.length
    while at < len(reader.source) and not reader.source.startswith(mark, at):
        if reader.source[at] == "\\" and at + 1 < len(reader.source):
            at += 1
        reader.emit(reader.source[at])
        at += 1
    if at >= len(reader.source):
        raise reader.error(
            f"Can't find end of {_NAMES[kind].capitalize()} entity at byte offset {reader.offset(begin)}"
        )
    reader.at = at + len(mark)
    reader.close(kind, offset)


def _link(reader: _Reader) -> None:
    _, offset, began = reader.opened.pop()
    reader.at += 1
    if not reader.source.startswith("(", reader.at):
        raise reader.error(f"Can't find end of a URL at byte offset {reader.offset(began)}")
    url: list[str] = []
    at = reader.at + 1
    while at < len(reader.source) and reader.source[at] != ")":
        at += reader.source[at] == "\\"
        url.append(reader.source[at : at + 1])
        at += 1
    if at >= len(reader.source):
        raise reader.error(f"Can't find end of a URL at byte offset {reader.offset(began)}")
    reader.at = at + 1
    if target := linked("".join(url)):
        reader.close("text_mention" if "user" in target else "text_link", offset, target)
