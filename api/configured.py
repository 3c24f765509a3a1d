"""The settings as they are shown: each with its value, secrets as stars, and where the value comes from."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pydantic import SecretStr

from api.settings import Settings, source_of

_CREDENTIALS = re.compile(r"(?<=//)[^/@\s]+@")
"""A name and password in an address."""
_STARS = "**********"


@dataclass(frozen=True)
class Configured:
    """One setting. ``shown`` is empty where it is not set; ``source``: "environment", ".env" or "default"."""

    name: str
    shown: str
    source: str

    @property
    def variable(self) -> str:
        return f"FIRSTLINE_{self.name.upper()}"


def configured(settings: Settings) -> list[Configured]:
    """Every setting, in the order of ``Settings``."""
    names = type(settings).model_fields
    return [Configured(name, shown(getattr(settings, name)), source_of(name)) for name in names]


def shown(value: object) -> str:
    """A secret prints as stars, as do name and password in an address."""
    if value is None:
        return ""
    if isinstance(value, SecretStr):
        return _STARS if value.get_secret_value() else ""
    return _CREDENTIALS.sub(f"{_STARS}@", str(value))
