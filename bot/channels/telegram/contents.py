"""What a message holds, as text that an agent can read and files that can be fetched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.channels.base import RemoteFile
from bot.channels.telegram.updates import Choice, Entity, File, Location, Message
from bot.inbound_text import clean
from store.files import clean_media_type, clean_name

UNKNOWN = "[a message of a kind that Firstline cannot show]"
_UNKNOWN_TYPE = "application/octet-stream"


@dataclass(frozen=True)
class Contents:
    """``text`` is as it came, for ``entities`` count in it; ``notes`` say what is neither text nor file."""

    text: str
    entities: tuple[Entity, ...]
    files: tuple[RemoteFile, ...]
    notes: tuple[str, ...]

    def with_notes(self, text: str) -> str:
        """``text``, cleaned, and below it what else the message held."""
        said = clean(text).strip()
        if not said and not self.files and not self.notes:
            return UNKNOWN
        return "\n".join(part for part in (said, *self.notes) if part)


def contents_of(message: Message) -> Contents:
    if message.text is not None:
        return Contents(message.text, tuple(message.entities), (), ())
    notes = tuple(clean(note) for note in _notes(message))
    return Contents(message.caption or "", tuple(message.caption_entities), tuple(_files(message)), notes)


def _files(message: Message) -> Iterator[RemoteFile]:
    if message.photo:
        # The same picture in several sizes.
        yield _remote(max(message.photo, key=lambda size: size.width * size.height), "photo.jpg", "image/jpeg")
    if message.animation:
        # Telegram adds it a second time as a document, for clients that know no animations.
        yield _remote(message.animation, "animation.mp4", "video/mp4")
    elif message.document:
        yield _remote(message.document, "document", _UNKNOWN_TYPE)
    for file, name, media_type in (
        (message.voice, "voice.ogg", "audio/ogg"),
        (message.audio, "audio.mp3", "audio/mpeg"),
        (message.video, "video.mp4", "video/mp4"),
        (message.video_note, "video-note.mp4", "video/mp4"),
    ):
        if file:
            yield _remote(file, name, media_type)


def _remote(file: File, name: str, media_type: str) -> RemoteFile:
    return RemoteFile(
        ref=file.file_id,
        name=clean_name(file.file_name or name),
        media_type=clean_media_type(file.mime_type or media_type),
        size=file.file_size,
    )


def _notes(message: Message) -> Iterator[str]:
    if message.sticker:
        yield message.sticker.emoji or "[sticker]"
    if message.venue:
        # Telegram gives the venue's location a second time on its own.
        yield f"[venue {message.venue.title}, {message.venue.address}, {_point(message.venue.location)}]"
    elif message.location:
        yield f"[location {_point(message.location)}]"
    if contact := message.contact:
        yield f"[contact {' '.join(filter(None, (contact.first_name, contact.last_name)))}, {contact.phone_number}]"
    if message.poll:
        yield f"[poll {message.poll.question}{_choices(message.poll.options)}]"
    if message.checklist:
        yield f"[checklist {message.checklist.title}{_choices(message.checklist.tasks)}]"
    if message.dice:
        yield f"[{message.dice.emoji} {message.dice.value}]"
    if message.game:
        yield f"[game {message.game.title}]"


def _point(location: Location) -> str:
    return f"{location.latitude:.6g}, {location.longitude:.6g}"


def _choices(choices: list[Choice]) -> str:
    return "".join(f"{': ' if number == 0 else ' / '}{choice.text}" for number, choice in enumerate(choices))
