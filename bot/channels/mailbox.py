"""Channels whose customers fetch their messages from us: the web chat and the terminal.

To send is to let them be seen: the recorded delivery is what the customer's page or terminal reads.
"""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.channels.base import (
    Command,
    CommandName,
    FileUnavailable,
    Inbound,
    OnPart,
    Outgoing,
    Profile,
    RemoteFile,
    Resend,
    Unreadable,
    unrecorded,
)
from bot.inbound_text import clean
from store.counting import counted
from store.files import Kept

WEB = "web"
TERMINAL = "terminal"


_TYPED = re.compile(r"/([a-z]{2,16})(?:\s+(.*))?", re.IGNORECASE | re.DOTALL)
# A code that ties somebody to an account comes by a link of Telegram's, never typed.
_COMMANDS = {name.value: name for name in CommandName if name is not CommandName.START}
_LONGEST_ARGUMENT = 200


def read_command(text: str) -> Command | None:
    """The command that was typed: "/tickets", "/status 12"; None for anything else."""
    found = _TYPED.fullmatch(text.strip())
    if found and found[1].lower() == "help":
        return Command(CommandName.START)
    name = _COMMANDS.get(found[1].lower()) if found else None
    return Command(name, (found[2] or "").strip()[:_LONGEST_ARGUMENT]) if found and name else None


class Payload(BaseModel):
    """What the web chat and the terminal put into the inbox."""

    model_config = ConfigDict(extra="ignore")

    visitor: str = Field(min_length=1, max_length=120)
    text: str = ""
    files: list[int] = []
    press: str | None = None
    reply_to: int | None = None
    language: str | None = None
    client_id: str | None = None
    about: int | None = None


class Mailbox:
    """The Channel of the web chat (``web``) and of ``firstline chat`` (``terminal``)."""

    resend = Resend.SAFE
    is_open = True

    def __init__(self, name: str) -> None:
        self.name = name

    def parse(self, payload: dict[str, Any]) -> Inbound:
        try:
            read = Payload.model_validate(payload)
        except ValidationError as error:
            fields = counted(error.error_count(), "field is", "fields are")
            raise Unreadable(f"not a {self.name} message: {fields} wrong") from error
        return Inbound(
            channel=self.name,
            thread=clean(read.visitor),
            customer=clean(read.visitor),
            text=clean(read.text),
            external_id=f"in-{read.client_id}" if read.client_id and not read.press else None,
            language=read.language,
            files=tuple(read.files),
            press=clean(read.press) if read.press else None,
            reply_to=f"out-{read.reply_to}" if read.reply_to else None,
            command=None if read.press else read_command(clean(read.text)),
            about=read.about,
        )

    def fetch(self, file: RemoteFile) -> Kept:
        raise FileUnavailable("The page uploads its files before it sends the message.")

    def profile(self, inbound: Inbound) -> Profile | None:
        return None

    def hint(self, inbound: Inbound) -> None:
        """The page shows by itself that an answer is awaited."""

    def send(self, outgoing: Outgoing, on_part: OnPart = unrecorded) -> tuple[str, ...]:
        return (f"out-{outgoing.message_id}",)
