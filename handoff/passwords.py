"""Passwords and opaque tokens: hashed before they are kept, compared without telling anything by their time."""

from __future__ import annotations

import hashlib
import secrets
import threading
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

from handoff.errors import BadPassword

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST, LONGEST = 12, 200
# The hash of a password that nobody has: checking it takes as long as checking a real one.
NOBODYS_HASH = "$argon2id$v=19$m=19456,t=2,p=1$Fggpe8/pAvbNyiK9nT1rSw$R6T2G9ZIkLolE11T2wFivtsOjuyZQsGp767qAaAFTII"
# A hash takes 19 MiB and some 90 ms of a core: more at once would starve everything else.
_AT_ONCE = threading.BoundedSemaphore(4)


def new_token() -> str:
    """An opaque token of 256 random bits."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """What is kept of a token: its SHA-256 in hex. Such a token needs no slow hash, it cannot be guessed."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def hash_password(password: str) -> str:
    """The argon2id hash of ``password``. Raises BadPassword when it is too short or too long."""
    password = _same_everywhere(password)
    if not SHORTEST <= len(password) <= LONGEST:
        raise BadPassword
    with _AT_ONCE:
        return hasher().hash(password)


def is_password(password: str, password_hash: str | None) -> bool:
    """Whether ``password`` has this hash. None (nobody, or no password yet) is False after the same time."""
    from argon2.exceptions import InvalidHashError, VerificationError

    # No password is longer; a megabyte of "password" would only cost time.
    password = _same_everywhere(password[: LONGEST + 1])
    with _AT_ONCE:
        try:
            hasher().verify(password_hash or NOBODYS_HASH, password)
        except (VerificationError, InvalidHashError):
            return False
    return password_hash is not None


@cache
def hasher() -> PasswordHasher:
    """argon2id with 19 MiB, two passes and one lane, as OWASP advises."""
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


def _same_everywhere(password: str) -> str:
    """The same characters from every keyboard: é is one code point on one and two on another."""
    return unicodedata.normalize("NFKC", password.encode("utf-8", "replace").decode())
