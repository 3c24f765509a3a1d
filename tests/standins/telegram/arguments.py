"""The arguments of one call, however they came: query, form, multipart or JSON; numbers and objects may be strings."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from standins.telegram.refusals import bad_request


@dataclass(frozen=True)
class Upload:
    """A file inside a multipart body."""

    name: str
    media_type: str
    data: bytes


@dataclass
class Arguments:
    values: dict[str, Any]
    uploads: dict[str, Upload] = field(default_factory=dict)

    def names(self) -> set[str]:
        """Uploads that a value points to by attach:// are no arguments of their own."""
        attached = {name for name in self.uploads if self._is_attached(name)}
        return {*self.values, *(name for name in self.uploads if name not in attached)}

    def _is_attached(self, name: str) -> bool:
        needle = f"attach://{name}"
        return any(needle in (v if isinstance(v, str) else json.dumps(v)) for v in self.values.values())

    def has(self, name: str) -> bool:
        return self.values.get(name) not in (None, "")

    def text(self, name: str) -> str:
        value = self.values.get(name)
        if value is None:
            return ""
        if isinstance(value, bool):
            return "true" if value else "false"
        if not isinstance(value, str | int | float):
            raise bad_request(f'field "{name}" must be of type String')
        return str(value)

    def integer(self, name: str, default: int = 0) -> int:
        raw = self.text(name).strip()
        if not raw:
            return default
        try:
            return int(raw)
        except ValueError:
            raise bad_request(f'field "{name}" must be a Number') from None

    def flag(self, name: str) -> bool:
        return self.text(name).strip().lower() in ("true", "yes", "1")

    def loaded(self, name: str, what: str) -> Any:
        """A JSON value: an object or a list, as itself or serialised. None where it is not given."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        if not value.strip():
            return None
        try:
            return json.loads(value)
        except json.JSONDecodeError:
            raise bad_request(f"can't parse {what} JSON object") from None

    def mapping(self, name: str, what: str) -> dict[str, Any] | None:
        value = self.loaded(name, what)
        if value is not None and not isinstance(value, dict):
            raise bad_request(f"object expected as {what}")
        return value

    def listing(self, name: str, what: str) -> list[Any] | None:
        value = self.loaded(name, what)
        if value is not None and not isinstance(value, list):
            raise bad_request(f"expected an Array of {what}")
        return value

    def shown(self) -> dict[str, Any]:
        """For the log of calls: JSON is loaded, digits are numbers, uploads are named."""
        seen = {name: _plain(name, value) for name, value in self.values.items()}
        return seen | {name: upload for name, upload in self.uploads.items() if name not in seen}


_WORDS = {"text", "caption", "description", "short_description", "name", "title", "secret_token", "url"}


def _plain(name: str, value: Any) -> Any:
    if not isinstance(value, str) or name in _WORDS:
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        return value
