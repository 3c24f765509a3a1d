"""The request's values that need the same care everywhere: texts, languages and the ids that clients choose."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator, Field

LONGEST_TEXT = 100_000
LONGEST_REPLY = 10_000
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
# At least one character that is seen: the schema says so, so that clients know before they send.
SOME_WORDS = r"[^\s\x00-\x20\x7f-\xa0]"


def storable(text: object) -> object:
    """A NUL or half a surrogate pair can be written in JSON but not stored: it becomes the sign for "unreadable"."""
    return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text) if isinstance(text, str) else text


Words = Annotated[
    str,
    Field(
        min_length=1,
        max_length=LONGEST_TEXT,
        pattern=SOME_WORDS,
        description="Plain text with at least one visible character.",
    ),
    BeforeValidator(storable),
]
ReplyWords = Annotated[
    str,
    Field(min_length=1, max_length=LONGEST_REPLY, pattern=SOME_WORDS, description="Plain text for the ticket."),
    BeforeValidator(storable),
]
Language = Annotated[
    str,
    Field(
        max_length=16,
        pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})?$",
        examples=["en"],
        description="BCP 47, as in `en`, `zh` or `zh-Hant`.",
    ),
]
ClientId = Annotated[
    str,
    Field(
        min_length=1,
        max_length=100,
        description="The client's own id of this message: sending it again has no second effect.",
    ),
    BeforeValidator(storable),
]
