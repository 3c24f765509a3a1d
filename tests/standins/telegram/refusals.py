"""What the Bot API answers when it refuses, in its own words."""

from __future__ import annotations

from typing import Any


class Refusal(Exception):
    """A call is refused: the HTTP status and the error body are these."""

    def __init__(self, code: int, description: str, parameters: dict[str, Any] | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters

    @property
    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = {"ok": False, "error_code": self.code, "description": self.description}
        return body | ({"parameters": self.parameters} if self.parameters else {})


def bad_request(why: str) -> Refusal:
    return Refusal(400, f"Bad Request: {why}")


def forbidden(why: str) -> Refusal:
    return Refusal(403, f"Forbidden: {why}")


def conflict(why: str) -> Refusal:
    return Refusal(409, f"Conflict: {why}")


def too_many(retry_after: int) -> Refusal:
    return Refusal(429, f"Too Many Requests: retry after {retry_after}", {"retry_after": retry_after})


def migrated(chat_id: int) -> Refusal:
    why = "Bad Request: group chat was upgraded to a supergroup chat"
    return Refusal(400, why, {"migrate_to_chat_id": chat_id})


UNAUTHORIZED = Refusal(401, "Unauthorized")
NOT_FOUND = Refusal(404, "Not Found")
TOO_LARGE = Refusal(413, "Request Entity Too Large")
