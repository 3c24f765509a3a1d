"""Collects what is wrong with blocks and views, in the words and pointers of Slack."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .registry import Json


class Check:
    """``base``: the pointer of the whole; paths are below it."""

    def __init__(self, base: str = "") -> None:
        self.base = base
        self.errors: list[str] = []

    def wrong(self, path: str, words: str) -> None:
        self.errors.append(f"[ERROR] {words} [json-pointer:{self.base}{path}]")

    def only(self, value: Json, path: str, allowed: Iterable[str]) -> None:
        """No other properties than these."""
        for name in sorted(set(value) - set(allowed)):
            self.wrong(path, f"invalid additional property: {name}")

    def present(self, value: Json, path: str, name: str) -> bool:
        if value.get(name) is None:
            self.wrong(path, f"missing required field: {name}")
            return False
        return True

    def string(
        self, value: Json, path: str, name: str, most: int, *, needed: bool = True, least: int = 0
    ) -> str | None:
        """A text of the right length, or a complaint."""
        if value.get(name) is None:
            if needed:
                self.present(value, path, name)
            return None
        text = value[name]
        if not isinstance(text, str):
            self.wrong(f"{path}/{name}", "must be a string")
            return None
        self.length(text, f"{path}/{name}", most, least)
        return text

    def length(self, text: str, path: str, most: int, least: int = 0) -> None:
        if len(text) > most:
            self.wrong(path, f"must be less than {most + 1} characters")
        if len(text) < least:
            self.wrong(path, f"must be more than {least - 1} characters")

    def text(
        self,
        value: Json,
        path: str,
        name: str,
        most: int,
        kinds: tuple[str, ...] = ("plain_text", "mrkdwn"),
        *,
        needed: bool = True,
    ) -> None:
        """A text object under ``name``."""
        if value.get(name) is None:
            if needed:
                self.present(value, path, name)
            return
        self.text_object(value[name], f"{path}/{name}", most, kinds)

    def text_object(self, text: Any, path: str, most: int, kinds: tuple[str, ...] = ("plain_text", "mrkdwn")) -> None:
        if not isinstance(text, dict):
            self.wrong(path, "must be an object")
            return
        if text.get("type") not in kinds:
            self.wrong(f"{path}/type", f"must be one of: {', '.join(kinds)}")
        own = ("verbatim",) if text.get("type") == "mrkdwn" else ("emoji",)
        self.only(text, path, ("type", "text", *own))
        self.string(text, path, "text", most, least=1)

    def items(self, value: Any, path: str, most: int, least: int = 1) -> list[Any]:
        """A list of the right size; empty when it is none."""
        if not isinstance(value, list):
            self.wrong(path, "must be an array")
            return []
        if len(value) > most:
            self.wrong(path, f"no more than {most} items allowed")
        if len(value) < least:
            self.wrong(path, f"no fewer than {least} items allowed")
        return value

    def unique(self, names: Iterable[str], path: str, what: str) -> None:
        seen: set[str] = set()
        for name in names:
            if name in seen:
                self.wrong(path, f"`{what}` must be unique: {name}")
            seen.add(name)

    def flag(self, value: Json, path: str, name: str) -> None:
        if name in value and not isinstance(value[name], bool):
            self.wrong(f"{path}/{name}", "must be a boolean")
