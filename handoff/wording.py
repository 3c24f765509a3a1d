"""Texts before they are stored: what cannot be shown is taken out, what is too long is refused."""

from __future__ import annotations

import re
import unicodedata

from handoff.errors import BadEmail, EmptyText, TextTooLong
from store.columns import storable

LONGEST_TEXT = 10_000
LONGEST_SUBJECT = 120
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def clean(text: str) -> str:
    """``text`` with ``\\n`` line ends and without control characters. Right-to-left marks stay."""
    whole: str = storable(text).replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROLS.sub("", whole)


def sendable(text: str, *, has_files: bool = False) -> str:
    """What an agent typed, ready to be stored. Raises EmptyText or TextTooLong."""
    cleaned = clean(text).strip()
    # Zero-width and other format characters alone are nothing that a customer could read.
    if not has_files and not visible(cleaned):
        raise EmptyText
    if len(cleaned) > LONGEST_TEXT:
        raise TextTooLong
    return cleaned


def visible(text: str) -> str:
    """``text`` without control characters and space around it; "" where there is nothing to be seen."""
    cleaned = clean(text).strip()
    return "" if all(mark.isspace() or unicodedata.category(mark) == "Cf" for mark in cleaned) else cleaned


def subject_of(text: str) -> str:
    """One line of at most LONGEST_SUBJECT characters that names a matter; "…" where there are no words."""
    line = " ".join(clean(text).split())
    return line if 0 < len(line) <= LONGEST_SUBJECT else line[: LONGEST_SUBJECT - 1].rstrip() + "…"


def normal_email(email: str) -> str:
    """The one way in which an address is kept and looked up. Raises BadEmail."""
    address = unicodedata.normalize("NFKC", clean(email)).strip().casefold()
    name, _, domain = address.rpartition("@")
    if not name or not domain or "@" in name or len(address) > 254 or any(mark.isspace() for mark in address):
        raise BadEmail
    return address
