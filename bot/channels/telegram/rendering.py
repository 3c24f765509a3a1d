"""One outgoing message as the parts that Telegram takes: texts first, then files, each a message of its own there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.channels.base import Link, Outgoing, OutgoingButton, OutgoingFile
from bot.channels.telegram.formatting import MOST_UNITS, escape, link, split, units
from bot.inbound_text import shorten

Keyboard = tuple[tuple[OutgoingButton, ...], ...]

LONGEST_LABEL = 64
LONGEST_TITLE = 200
LONGEST_AUTHOR = 100
BIGGEST_PHOTO = 10 * 1024 * 1024
PHOTOS = frozenset({"image/jpeg", "image/png", "image/webp"})
_WIDE = 20
_NUMBERS_APART, _NUMBERS_IN_ROW = 2, 6


@dataclass(frozen=True)
class TextPart:
    html: str
    plain: str
    """The same without marks, should Telegram not take them."""
    keyboard: Keyboard = ()
    reply_to: int | None = None


@dataclass(frozen=True)
class FilePart:
    file: OutgoingFile
    is_photo: bool
    keyboard: Keyboard = ()
    reply_to: int | None = None


Part = TextPart | FilePart


def render(outgoing: Outgoing) -> tuple[Part, ...]:
    """The parts in their order; the same ones for every attempt. Empty for a message without anything to show."""
    texts = _texts(outgoing)
    files = [FilePart(file, _is_photo(file)) for file in outgoing.files]
    parts: list[Part] = [*texts, *files]
    if not parts:
        return ()
    last = len(texts) - 1 if texts else len(parts) - 1
    parts[last] = replace(parts[last], keyboard=keyboard_of(outgoing.buttons))
    if outgoing.spot and outgoing.spot.isdecimal():
        parts[0] = replace(parts[0], reply_to=int(outgoing.spot))
    return tuple(parts)


def keyboard_of(buttons: tuple[OutgoingButton, ...]) -> Keyboard:
    """Two buttons a row where all labels are short, else one: phones cut off what does not fit. Numbers stand six in a
    row, before the rest."""
    numbers = tuple(each for each in buttons if each.label.isdecimal())
    if len(numbers) > _NUMBERS_APART:
        rest = tuple(each for each in buttons if each not in numbers)
        return (*_rows(numbers, _NUMBERS_IN_ROW), *keyboard_of(rest))
    shown = [OutgoingButton(each.token, shorten(each.label, LONGEST_LABEL) or "…") for each in buttons]
    a_row = 1 if any(units(each.label) > _WIDE for each in shown) else 2
    return _rows(shown, a_row)


def _rows(buttons: Sequence[OutgoingButton], most: int) -> Keyboard:
    return tuple(tuple(buttons[start : start + most]) for start in range(0, len(buttons), most))


def _texts(outgoing: Outgoing) -> list[TextPart]:
    author = f"{shorten(outgoing.author, LONGEST_AUTHOR)}:" if outgoing.author else ""
    pieces = split(outgoing.text, first=MOST_UNITS - units(author + "\n") if author else None)
    texts = [TextPart(escape(piece), piece) for piece in pieces]
    if author and texts:
        texts[0] = _joined(TextPart(f"<b>{escape(author)}</b>", author), texts[0], "\n")
    for number, line in enumerate(map(_line, outgoing.links)):
        # Sources stand together below the last words, with a line between.
        gap = "\n" if number else "\n\n"
        if texts and units(texts[-1].plain) + len(gap) + units(line.plain) <= MOST_UNITS:
            texts[-1] = _joined(texts[-1], line, gap)
        else:
            texts.append(line)
    return texts


def _line(source: Link) -> TextPart:
    title = shorten(source.title, LONGEST_TITLE) or shorten(source.url, LONGEST_TITLE)
    if not source.url.startswith(("https://", "http://")):
        return TextPart(f"📄 {escape(title)}", f"📄 {title}")
    return TextPart(f"📄 {link(title, source.url)}", f"📄 {title}: {shorten(source.url, 1000)}")


def _joined(first: TextPart, second: TextPart, gap: str) -> TextPart:
    return TextPart(first.html + gap + second.html, first.plain + gap + second.plain)


def _is_photo(file: OutgoingFile) -> bool:
    return file.media_type in PHOTOS and file.size <= BIGGEST_PHOTO
