"""Bring a customer's file from Telegram into the files' folder. Its address holds the bot's token and stays in here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
from telegram.error import BadRequest, TelegramError

from bot.channels.base import DeliveryError, FileTooBig, FileUnavailable, RemoteFile
from bot.channels.telegram.client import Client, Stopped
from store.errors import FileTooLarge, StoreError
from store.files import Kept, keep

LARGEST = 20 * 1024 * 1024
TOO_LARGE = "The file is larger than 20 MB, the most that Telegram gives to bots."
GONE = "Telegram does not have the file any more."
_LOST = "The file could not be brought from Telegram."


def fetch(client: Client, folder: Path, file: RemoteFile) -> Kept:
    """Raises FileUnavailable, or DeliveryError to try again; neither with its cause, which may hold the address."""
    if file.size is not None and file.size > LARGEST:
        raise FileTooBig(TOO_LARGE)
    path = _path_of(client, file.ref)
    try:
        with (
            httpx.Client(trust_env=client.trust_env, timeout=30.0) as line,
            line.stream("GET", client.file_url(path)) as answer,
        ):
            _check(answer.status_code)
            return keep(folder, _Body(answer.iter_bytes()))
    except FileTooLarge:
        raise FileTooBig(TOO_LARGE) from None
    except StoreError as error:
        raise DeliveryError(str(error)) from None
    except (httpx.HTTPError, httpx.InvalidURL):
        raise DeliveryError(_LOST) from None


def _path_of(client: Client, file_id: str) -> str:
    try:
        told = client.ask("getFile", file_id=file_id)
    except BadRequest as error:
        said = error.message.lower()
        if "too big" in said:
            raise FileTooBig(TOO_LARGE) from None
        if "temporarily" in said:
            raise DeliveryError(_LOST) from None
        raise FileUnavailable(GONE) from None
    except (TelegramError, TimeoutError, Stopped):
        raise DeliveryError(_LOST) from None
    path = told.get("file_path") if isinstance(told, dict) else None
    if not isinstance(path, str) or path.startswith("/"):
        # A Bot API server of one's own in its local mode names a file on its own disk.
        raise FileUnavailable("Telegram's server did not say where the file lies.")
    return path


def _check(status: int) -> None:
    if status in (404, 410):
        raise FileUnavailable(GONE)
    if status != 200:
        raise DeliveryError(_LOST)


class _Body:
    """What is downloaded, to read from; the size of a piece is the network's choice."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = (chunk for chunk in chunks if chunk)

    def read(self, size: int, /) -> bytes:
        return next(self._chunks, b"")
