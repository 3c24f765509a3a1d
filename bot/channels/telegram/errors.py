"""What an error of a send means for its delivery. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

import httpx
from telegram.error import BadRequest, ChatMigrated, Forbidden, NetworkError, TelegramError

from bot.channels.base import DeliveryError, Later, Uncertain
from bot.channels.telegram.client import CutOff, Flood, Garbled, Refused, ServerTrouble, Stopped
from bot.channels.telegram.names import Spot

SOON = timedelta(seconds=5)
UNTIL_MENDED = timedelta(minutes=1)
_NO_ANSWER = "The connection to Telegram was lost before it answered: the message may have arrived or not."
_FAILED = "Telegram failed while it had the message: it may have arrived or not."
# Nothing of the message had left when these were raised.
_NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
)
# Parts of what Telegram says, in lower case, and the sentence for agents.
_FORBIDDEN = {
    "blocked by the user": "The customer blocked the bot.",
    "user is deactivated": "The customer's Telegram account is gone.",
    "kicked from": "The bot was removed from the group.",
    "not a member": "The bot is not in the group.",
    "can't initiate conversation": "The customer has not started the bot.",
}
_GONE = {
    "chat not found": "Telegram does not know this chat any more.",
    "message thread not found": "The topic was deleted, so nothing can be written there.",
    "topic_deleted": "The topic was deleted, so nothing can be written there.",
    "topic_closed": "The topic is closed, so nothing can be written there. Reopen it in Telegram.",
    "not enough rights to send text": "The bot may not write in this group.",
    "need administrator rights": "The bot may not write in this chat.",
    "have no rights to send a message": "The bot may not write in this group.",
    "chat_write_forbidden": "The bot may not write in this group.",
}
_UNPARSED = ("can't parse entities", "can't find end of the entity", "unsupported start tag")
_NO_PHOTO = ("photo_invalid_dimensions", "image_process_failed", "photo_ext_invalid", "wrong type of the web page")


def is_unparsed(error: Exception) -> bool:
    """Whether Telegram did not take our marks: the words alone may pass."""
    return isinstance(error, BadRequest) and _has_any(error, _UNPARSED)


def is_no_photo(error: Exception) -> bool:
    """Whether Telegram does not show this picture as one: as a file it may pass."""
    return isinstance(error, BadRequest) and _has_any(error, _NO_PHOTO)


def meaning(error: Exception, spot: Spot, now: datetime) -> DeliveryError | Uncertain:
    """``error``, raised by a send to ``spot``, in the words of the contract."""
    match error:
        case Flood():
            return Later("Telegram asks to wait.", now + timedelta(seconds=error.seconds))
        case Refused():
            return Later("Telegram refused the bot's token.", now + UNTIL_MENDED)
        case CutOff():
            return Uncertain(_NO_ANSWER)
        case Stopped():
            return Later("The line to Telegram is closed.", now + SOON)
        case ChatMigrated():
            return DeliveryError("The group has another id now.", moved_to=Spot(error.new_chat_id, spot.topic).thread)
        case Forbidden():
            words = _sentence(error, _FORBIDDEN) or f"Telegram does not let the bot write here: {error.message}"
            return DeliveryError(words, permanent=True, is_unreachable=True)
        case BadRequest():
            return _refusal(error)
        case ServerTrouble():
            # Whoever failed, Telegram or what stands before it, may have passed the message on before.
            return Uncertain(_FAILED, not_before=now + SOON)
        case Garbled():
            return Uncertain(_NO_ANSWER)
        case NetworkError():
            return _network_trouble(error, now)
        case TelegramError():
            # 404 and the like: an answer, and not that it was taken.
            return DeliveryError(f"Telegram did not take the message: {type(error).__name__}.")
        case _:
            return Uncertain(_NO_ANSWER)


def _refusal(error: BadRequest) -> DeliveryError:
    if words := _sentence(error, _GONE):
        return DeliveryError(words, permanent=True, is_unreachable=True)
    return DeliveryError(f"Telegram refused the message: {error.message}", permanent=True)


def _network_trouble(error: NetworkError, now: datetime) -> DeliveryError | Uncertain:
    cause = error.__cause__
    if isinstance(cause, _NEVER_SENT):
        # An outage, however long, is no fault of this message.
        return Later(f"Telegram cannot be reached ({type(cause).__name__}).", now + SOON)
    if cause is None:
        # A status that is neither yes nor one of Telegram's no: a proxy's page, say.
        return DeliveryError("Something on the way to Telegram refused the message.")
    return Uncertain(_NO_ANSWER)


def _sentence(error: TelegramError, meanings: dict[str, str]) -> str | None:
    said = error.message.lower()
    return next((words for part, words in meanings.items() if part in said), None)


def _has_any(error: TelegramError, parts: tuple[str, ...]) -> bool:
    return any(part in error.message.lower() for part in parts)
