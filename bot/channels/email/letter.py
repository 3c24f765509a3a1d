"""One message as a mail: plain text, with what it takes to go on where the conversation is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cache
from importlib.resources import files
from pathlib import Path

import yaml

from bot.channels.base import About, DeliveryError, Outgoing, OutgoingFile
from bot.channels.mailbox import WEB
from bot.inbound_text import shorten
from bot.replies import spoken
from handoff.copies import EMAIL, STAFF
from store.files import place

MOST_ATTACHED = 10 * 1024 * 1024
"""Bytes of files in one mail; many servers take no more than 25 MB, and a mail is a third larger than its files."""
_LONGEST_SUBJECT = 150
_Say = Callable[..., str]


def letter(outgoing: Outgoing, sender: Address, address: str, folder: Path) -> EmailMessage:
    """The mail. ``address``: this Firstline's own; ``folder``: that of the stored files.

    Raises DeliveryError where it cannot go to such a place, ever.
    """
    about = outgoing.about or About(None, "", "en", EMAIL)
    say = _speaker(about.language)
    attached, left = _attached(outgoing.files)
    mail = EmailMessage(policy=SMTP)
    mail["From"] = sender
    mail["To"] = recipient(outgoing.thread)
    mail["Subject"] = _subject(outgoing, about, say)
    # The same for every attempt, so that a mail that came twice is known as one.
    mail["Message-ID"] = f"<firstline.{outgoing.delivery_id}.{outgoing.message_id}@{sender.domain}>"
    if outgoing.made_at is not None:
        mail["Date"] = format_datetime(outgoing.made_at)
    if about.number is not None:
        mail["References"] = f"<firstline.ticket.{about.number}@{sender.domain}>"
    # Machines that answer by themselves leave this one alone.
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content(_body(outgoing, about, say, address, attached, left))
    for file in attached:
        _attach(mail, file, folder)
    return mail


def recipient(thread: str) -> Address:
    """The address that a thread names. Raises DeliveryError for what is none."""
    spec = thread.removeprefix(STAFF)
    name, _, domain = spec.rpartition("@")
    try:
        return Address(addr_spec=f"{name}@{domain.encode('idna').decode('ascii')}")
    except Exception:
        # The parser raises whatever it stumbles over.
        raise DeliveryError(f"{spec} is no e-mail address.", permanent=True) from None


def _subject(outgoing: Outgoing, about: About, say: _Say) -> str:
    if about.is_for_staff:
        return shorten(" ".join(outgoing.text.split("\n", 1)[0].split()), _LONGEST_SUBJECT)
    if about.number is None:
        return say("subject_bare")
    return shorten(" ".join(say("subject", number=about.number, subject=about.subject).split()), _LONGEST_SUBJECT)


def _body(
    outgoing: Outgoing,
    about: About,
    say: _Say,
    address: str,
    attached: Sequence[OutgoingFile],
    left: Sequence[OutgoingFile],
) -> str:
    if about.is_for_staff:
        return f"{outgoing.text}\n\n-- \n{say('staff_foot')}\n"
    author = say("from_person", name=outgoing.author) if outgoing.author else say("from_team")
    beside = []
    if outgoing.links:
        beside.append("\n".join([say("sources"), *(f"{link.title}: {link.url}" for link in outgoing.links)]))
    for key, some in (("files", attached), ("files_left", left)):
        if some:
            beside.append(say(key, names=", ".join(file.name for file in some)))
    return "\n\n".join([author, outgoing.text, *beside, f"-- \n{_foot(about, say, address)}"]) + "\n"


def _foot(about: About, say: _Say, address: str) -> str:
    if about.channel == WEB:
        return f"{say('go_on_web', address=address)}\n{say('unread')}"
    if about.channel == EMAIL:
        return say("go_on_mail", number=about.number) if about.number is not None else say("unread")
    return f"{say('go_on_there', channel=about.channel.capitalize())}\n{say('unread')}"


def _attached(given: Sequence[OutgoingFile]) -> tuple[list[OutgoingFile], list[OutgoingFile]]:
    """Those that fit into one mail, and the others."""
    attached, left, room = list[OutgoingFile](), list[OutgoingFile](), MOST_ATTACHED
    for file in given:
        (attached if file.size <= room else left).append(file)
        room -= file.size if file.size <= room else 0
    return attached, left


def _attach(mail: EmailMessage, file: OutgoingFile, folder: Path) -> None:
    main, _, sub = file.media_type.partition("/")
    is_plain_kind = main not in ("multipart", "message", "") and sub.isascii() and sub != ""
    kind = (main, sub) if is_plain_kind else ("application", "octet-stream")
    try:
        content = place(folder, file.sha256).read_bytes()
    except FileNotFoundError:
        raise DeliveryError(
            f"The file {file.name} is no longer in the data folder. Restore it from a backup.", permanent=True
        ) from None
    mail.add_attachment(content, maintype=kind[0], subtype=kind[1], filename=file.name)


def _speaker(language: str) -> _Say:
    sentences = words()[spoken(language)]
    return lambda key, **values: sentences[key].format(**values)


@cache
def words() -> dict[str, dict[str, str]]:
    """What stands around the words of a mail, by language and key."""
    text = files("bot.channels.email").joinpath("words.yml").read_text("utf8")
    loaded: dict[str, dict[str, str]] = yaml.safe_load(text)
    return loaded
