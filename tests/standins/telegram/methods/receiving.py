"""How updates leave: what a poll may fetch, and where the webhook is."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from standins.telegram.arguments import Arguments
from standins.telegram.refusals import Refusal, bad_request, conflict
from standins.telegram.updates import KINDS, Poll
from standins.telegram.webhook import Webhook

if TYPE_CHECKING:
    from standins.telegram.world import TelegramWorld

PORTS = {80, 88, 443, 8443}
LONGEST_POLL = 50
_ACTIVE = "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")


def begin_poll(world: TelegramWorld, arguments: Arguments, poll: Poll) -> tuple[int, int, int]:
    """Offset, limit and seconds to wait. What lies before the offset is confirmed now."""
    if world.webhook.url:
        raise conflict(_ACTIVE)
    offset = arguments.integer("offset")
    limit = min(max(arguments.integer("limit", 100), 1), 100)
    timeout = min(max(arguments.integer("timeout"), 0), LONGEST_POLL)
    world.updates.ask(_kinds(arguments))
    world.updates.begin(poll)
    world.updates.confirm_before(offset)
    return offset, limit, timeout


def _kinds(arguments: Arguments) -> list[Any] | None:
    kinds = arguments.listing("allowed_updates", "update types")
    if kinds is not None and (unknown := [kind for kind in kinds if str(kind) not in KINDS]):
        raise bad_request(f"unknown update type {unknown[0]}")
    return kinds


def set_webhook(world: TelegramWorld, arguments: Arguments) -> bool:
    url = arguments.text("url").strip()
    if not url:
        return delete_webhook(world, arguments)
    _check_url(url, is_http_allowed=world.allow_http_webhook)
    secret = arguments.text("secret_token")
    if secret and not _SECRET.fullmatch(secret):
        too_long = len(secret) > 256
        raise bad_request("secret token is too long" if too_long else "secret token contains unallowed characters")
    connections = arguments.integer("max_connections", 40)
    world.updates.ask(_kinds(arguments))
    if arguments.flag("drop_pending_updates"):
        world.updates.forget_pending()
    world.updates.interrupt()
    world.webhook = Webhook(url, secret, min(max(connections, 1), 100))
    return True


def _check_url(url: str, *, is_http_allowed: bool) -> None:
    try:
        parts = urlsplit(url)
        port = parts.port or 443
    except ValueError:
        raise _bad_webhook("invalid webhook URL specified") from None
    if parts.scheme != "https" and not (is_http_allowed and parts.scheme == "http"):
        raise _bad_webhook("An HTTPS URL must be provided for webhook")
    if not parts.hostname:
        raise _bad_webhook("URL host is empty")
    if is_http_allowed:
        return
    if port not in PORTS:
        raise _bad_webhook("Webhook can be set up only on ports 80, 88, 443 or 8443")
    if parts.hostname in ("localhost", "127.0.0.1", "::1"):
        raise _bad_webhook(f"IP address {parts.hostname} is reserved")


def _bad_webhook(why: str) -> Refusal:
    return bad_request(f"bad webhook: {why}")


def delete_webhook(world: TelegramWorld, arguments: Arguments) -> bool:
    if arguments.flag("drop_pending_updates"):
        world.updates.forget_pending()
    world.webhook = Webhook()
    return True


def get_webhook_info(world: TelegramWorld, arguments: Arguments) -> dict[str, Any]:
    hook = world.webhook
    info: dict[str, Any] = {"url": hook.url, "has_custom_certificate": False}
    info["pending_update_count"] = len(world.updates.pending)
    if hook.url:
        info["max_connections"] = hook.max_connections
    if world.updates.asked:
        info["allowed_updates"] = list(world.updates.asked)
    if hook.last_error:
        info |= {"last_error_date": int(hook.last_error_at), "last_error_message": hook.last_error}
    return info


HANDLERS: dict[str, Callable[[TelegramWorld, Arguments], Any]] = {
    "setWebhook": set_webhook,
    "deleteWebhook": delete_webhook,
    "getWebhookInfo": get_webhook_info,
}
