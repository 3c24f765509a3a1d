"""Send one outgoing message: its parts one after the other, each within the limits, and say what became of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from telegram import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputFile,
    LinkPreviewOptions,
    Message,
    ReplyParameters,
)
from telegram.constants import ParseMode

from bot.channels.base import DeliveryError, Later, OnPart, Outgoing, Uncertain
from bot.channels.booking import TooSoon
from bot.channels.pacing import Pacer
from bot.channels.telegram.client import Client, Flood, Refused
from bot.channels.telegram.errors import is_no_photo, is_unparsed, meaning
from bot.channels.telegram.names import Spot, spot_of
from bot.channels.telegram.rendering import FilePart, Keyboard, Part, TextPart, render
from store.files import place

_UPLOAD_SECONDS = 60.0
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


@dataclass(frozen=True)
class Sender:
    """Sends for one bot. ``now`` is the time of day, for what must wait."""

    client: Client
    pacer: Pacer
    folder: Path
    now: Callable[[], datetime]
    on_refused: Callable[[], None]

    def send(self, outgoing: Outgoing, on_part: OnPart) -> tuple[str, ...]:
        """The ids of all parts. Raises DeliveryError, Later or Uncertain, which say what parts were sent."""
        spot, parts = _address(outgoing), render(outgoing)
        if not parts:
            raise DeliveryError("The message has neither words nor files.", permanent=True)
        sent = list(outgoing.sent)
        try:
            for part in parts[len(sent) :]:
                self._wait_for_room(spot)
                outgoing.before_it_leaves()
                sent.append(str(self._send_part(spot, part)))
                if len(sent) < len(parts):
                    on_part(sent[-1])
        except (DeliveryError, Uncertain) as error:
            error.sent = tuple(sent)
            raise
        return tuple(sent)

    def _wait_for_room(self, spot: Spot) -> None:
        try:
            self.pacer.take(str(spot.chat))
        except TooSoon as soon:
            raise Later("Telegram's limits ask to wait.", self.now() + timedelta(seconds=soon.seconds)) from None

    def _send_part(self, spot: Spot, part: Part) -> int:
        try:
            return self._try(spot, part).message_id
        except DeliveryError:
            raise
        except Flood as error:
            quiet = self.pacer.close(str(spot.chat), error.seconds)
            raise Later("Telegram asks to wait.", self.now() + timedelta(seconds=quiet)) from None
        except Exception as error:
            if isinstance(error, Refused):
                self.on_refused()
            raise meaning(error, spot, self.now()) from None

    def _try(self, spot: Spot, part: Part) -> Message:
        """Send ``part``; once more in a plainer form if Telegram does not take the first."""
        try:
            return self._ask(spot, part, is_plain=False)
        except Exception as error:
            if not (is_unparsed(error) or is_no_photo(error)):
                raise
        return self._ask(spot, part, is_plain=True)

    def _ask(self, spot: Spot, part: Part, *, is_plain: bool) -> Message:
        where: dict[str, Any] = {
            "chat_id": spot.chat,
            "message_thread_id": spot.topic,
            "reply_markup": _markup(part.keyboard),
            "reply_parameters": _reply_to(part.reply_to),
        }
        if isinstance(part, TextPart):
            text, mode = (part.plain, None) if is_plain else (part.html, ParseMode.HTML)
            words: dict[str, Any] = {"text": text, "parse_mode": mode, "link_preview_options": _NO_PREVIEW}
            return self.client.say(lambda bot: bot.send_message(**words, **where))
        bot, upload = self.client.bot, self._upload(part)
        if part.is_photo and not is_plain:
            return self.client.call(bot.send_photo(photo=upload, read_timeout=_UPLOAD_SECONDS, **where))
        return self.client.call(bot.send_document(document=upload, read_timeout=_UPLOAD_SECONDS, **where))

    def _upload(self, part: FilePart) -> InputFile:
        try:
            with place(self.folder, part.file.sha256).open("rb") as file:
                return InputFile(file, filename=part.file.name)
        except FileNotFoundError:
            raise DeliveryError(
                f"The file {part.file.name} is no longer in the data folder. Restore it from a backup.", permanent=True
            ) from None


def _address(outgoing: Outgoing) -> Spot:
    try:
        return spot_of(outgoing.thread)
    except ValueError as error:
        raise DeliveryError(str(error), permanent=True, sent=outgoing.sent) from None


def _markup(keyboard: Keyboard) -> InlineKeyboardMarkup | None:
    if not keyboard:
        return None
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(each.label, callback_data=each.token) for each in row] for row in keyboard]
    )


def _reply_to(message_id: int | None) -> ReplyParameters | None:
    return ReplyParameters(message_id, allow_sending_without_reply=True) if message_id else None
