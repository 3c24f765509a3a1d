"""What must be brought from the channel before a message can be recorded: its files, and who its sender is."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from bot.channels.base import Channel, DeliveryError, FileTooBig, FileUnavailable, Inbound, RemoteFile
from store.errors import FileTooLarge
from store.files import Kept

log = structlog.get_logger()
TRIES = 3
"""Attempts at a message after which it is recorded without a file that cannot be fetched."""


@dataclass(frozen=True)
class Arrived:
    """A file that was fetched, or why it could not be."""

    file: RemoteFile
    kept: Kept | None = None
    problem: str = ""
    """For agents: it may be theirs to mend."""
    is_too_big: bool = False
    """Whether the customer can help it."""


def fetch_all(channel: Channel, inbound: Inbound, attempt: int) -> tuple[Arrived, ...]:
    """The message's files. Raises DeliveryError while another attempt at the whole message is worth it."""
    return tuple(_fetch(channel, file, attempt) for file in inbound.remote_files)


def _fetch(channel: Channel, file: RemoteFile, attempt: int) -> Arrived:
    try:
        return Arrived(file, channel.fetch(file))
    except FileUnavailable as error:
        return Arrived(file, problem=str(error), is_too_big=isinstance(error, FileTooBig))
    except FileTooLarge:
        return Arrived(file, problem="The file is larger than 20 MB.", is_too_big=True)
    except DeliveryError as error:
        if attempt < TRIES and not error.permanent:
            raise
        log.warning("file not fetched", channel=channel.name, attempts=attempt, reason=str(error))
        return Arrived(file, problem=str(error))
