"""Deliveries by signed HTTP requests to the app's own address."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import aiohttp

from .delivery import Attempt, Delivery, body_of
from .registry import Json

if TYPE_CHECKING:
    from .world import SlackWorld


def signature(secret: str, at: int, body: bytes) -> str:
    """``v0=`` and the HMAC-SHA256 of version, time and raw body."""
    digest = hmac.new(secret.encode(), f"v0:{at}:".encode() + body, hashlib.sha256)
    return f"v0={digest.hexdigest()}"


def encoded(kind: str, payload: Json) -> tuple[bytes, str]:
    """The body that Slack sends for this kind of payload, and its type."""
    if kind == "events_api":
        return json.dumps(payload).encode(), "application/json"
    form = payload if kind == "slash_commands" else {"payload": json.dumps(payload)}
    return urlencode(form).encode(), "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Http:
    """Signed requests to ``url``. ``session`` is opened with the world and closed with it."""

    url: str
    signing_secret: str

    async def carry(self, world: SlackWorld, delivery: Delivery, number: int, reason: str | None) -> Attempt:
        again = {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": str(reason)} if number else {}
        body, media_type = encoded(delivery.kind, delivery.payload)
        return await self.send(world, body, media_type, number, again)

    def headers(self, body: bytes, media_type: str) -> dict[str, str]:
        """The headers of a request that Slack made now. The time is the real one: the app's clock is not moved."""
        at = int(time.time())
        return {
            "Content-Type": media_type,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": str(at),
            "X-Slack-Signature": signature(self.signing_secret, at, body),
        }

    async def send(
        self, world: SlackWorld, body: bytes, media_type: str, number: int, extra: dict[str, str]
    ) -> Attempt:
        began = world.clock.now()
        headers = {**self.headers(body, media_type), **extra}
        asking = asyncio.ensure_future(self._ask(world.session, body, headers))
        patience = asyncio.ensure_future(world.clock.sleep(world.times.ack))
        try:
            await asyncio.wait({asking, patience}, return_when=asyncio.FIRST_COMPLETED)
            if not asking.done():
                return Attempt(number, began, None, "http_timeout", seconds=world.clock.now() - began)
            status, text, answered = asking.result()
        except (aiohttp.ClientError, OSError):
            return Attempt(number, began, None, "connection_failed", seconds=world.clock.now() - began)
        finally:
            asking.cancel()
            patience.cancel()
            await asyncio.gather(asking, patience, return_exceptions=True)
        trouble = None if 200 <= status < 300 else "http_error"
        stop = trouble is not None and answered.get("X-Slack-No-Retry") == "1"
        spent = world.clock.now() - began
        return Attempt(number, began, status, trouble, body_of(text), spent, answered, is_last=stop)

    async def _ask(
        self, session: aiohttp.ClientSession, body: bytes, headers: dict[str, str]
    ) -> tuple[int, str, dict[str, str]]:
        async with session.post(self.url, data=body, headers=headers, allow_redirects=False) as response:
            return response.status, await response.text(), dict(response.headers)

    async def verify(self, world: SlackWorld) -> bool:
        """url_verification: whether the app gives the challenge back."""
        payload = {"token": "verification", "challenge": world.new_id("3eZbrw1aB"), "type": "url_verification"}
        attempt = await self.send(world, json.dumps(payload).encode(), "application/json", 0, {})
        given = attempt.answer
        said = given.get("challenge") if isinstance(given, dict) else given
        return attempt.reason is None and said == payload["challenge"]
