"""What Slack's refusals mean for a delivery, in sentences. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.client import HTTPException
from urllib.error import HTTPError, URLError

from slack_sdk.errors import SlackApiError

from bot.channels.base import DeliveryError, Later
from bot.channels.lines import NotConnected
from bot.channels.pacing import LONGEST_PAUSE

WAIT = timedelta(seconds=60)
"""After what an admin must mend."""
_PAUSE = 5

TOKEN = {
    "account_inactive",
    "app_uninstalled",
    "ekm_access_denied",
    "enterprise_is_restricted",
    "invalid_auth",
    "not_authed",
    "org_login_required",
    "team_access_not_granted",
    "team_disabled",
    "token_expired",
    "token_revoked",
}
"""The whole workspace says no: every delivery to it waits."""
BLOCKS = {
    "attachment_payload_limit_exceeded",
    "invalid_blocks",
    "invalid_blocks_format",
    "invalid_metadata_format",
    "invalid_metadata_schema",
    "metadata_too_large",
    "msg_blocks_too_long",
    "msg_too_long",
    "too_many_attachments",
}
"""Slack does not like the looks of it: the words alone may pass."""
THREAD_GONE = {"cannot_reply_to_message", "thread_not_found", "invalid_thread_ts"}
_LIMITS = {"ratelimited", "rate_limited", "message_limit_exceeded"}
_MAYBE_TAKEN = {"fatal_error", "internal_error", "service_unavailable", "team_added_to_org"}
_UNREACHABLE = {
    "cannot_dm_bot": "Slack does not let the bot write to another bot.",
    "channel_not_found": "The Slack channel is gone, or the bot is no longer in it. Invite the bot again.",
    "is_archived": "The Slack channel is archived. Unarchive it to write there.",
    "is_inactive": "The Slack channel is frozen.",
    "not_in_channel": "The bot is no longer in the Slack channel. Invite it again.",
    "restricted_action": "The Slack workspace does not let the bot write here. Its admins can change that.",
    "restricted_action_non_threadable_channel": "The Slack channel allows no threads.",
    "restricted_action_read_only_channel": "The Slack channel can only be read. Its admins can let the bot write.",
    "restricted_action_thread_locked": "The Slack thread is locked.",
    "thread_locked": "The Slack thread is locked.",
    "user_disabled": "The customer's Slack account is deactivated.",
    "user_not_found": "Slack no longer knows this customer.",
    "user_not_visible": "The Slack workspace does not let the bot write to this customer.",
    "users_not_found": "Slack no longer knows this customer.",
}


@dataclass(frozen=True)
class Answer:
    """What Slack said no with. ``code`` is empty where it was none of its codes."""

    code: str
    status: int
    retry_after: float
    needed: str = ""

    @property
    def is_limit(self) -> bool:
        return self.status == 429 or self.code in _LIMITS

    @property
    def is_unclear(self) -> bool:
        """Whether Slack may have done it all the same."""
        return self.status >= 500 or self.code in _MAYBE_TAKEN or (self.status == 200 and not self.code)


def answer_of(error: SlackApiError) -> Answer:
    """What the SDK's error carries, whatever stands before Slack made of it."""
    response = error.response
    data = response.data if isinstance(response.data, dict) else {}
    code, needed = data.get("error"), data.get("needed")
    headers = {str(name).lower(): value for name, value in (response.headers or {}).items()}
    return Answer(
        # The SDK puts a body that is no JSON in the place of the code.
        code=code if isinstance(code, str) and code.replace("_", "").isalnum() and len(code) <= 80 else "",
        status=int(response.status_code),
        retry_after=_seconds(headers.get("retry-after")),
        needed=needed if isinstance(needed, str) else "",
    )


class Refused(DeliveryError):
    """Slack surely did not do it. ``code`` is Slack's own."""

    def __init__(self, message: str, code: str, *, permanent: bool = False, is_unreachable: bool = False) -> None:
        super().__init__(message, permanent=permanent, is_unreachable=is_unreachable)
        self.code = code


class Unclear(Exception):
    """No answer came, or none that says whether it was done."""


def refusal(answer: Answer, now: datetime) -> DeliveryError:
    """What to raise for a request that was surely not carried out: Refused, or Later where that is not the message's
    fault."""
    code = answer.code
    if answer.is_limit:
        return Later("Slack asks for a pause.", now + timedelta(seconds=answer.retry_after))
    if sentence := _mending(answer):
        return Later(sentence, now + WAIT)
    if sentence := _UNREACHABLE.get(code):
        return Refused(sentence, code, permanent=True, is_unreachable=True)
    if code in THREAD_GONE:
        return Refused("The Slack message that this answers was deleted, with its thread.", code, permanent=True)
    if code in BLOCKS:
        return Refused(f"Slack does not take this message ({code}), not even as plain text.", code, permanent=True)
    return Refused(f"Slack refused the message ({code or answer.status}).", code)


def _mending(answer: Answer) -> str | None:
    """What an admin must do before anything can be sent; None where that is not it."""
    if answer.code == "missing_scope":
        scope = answer.needed or "a scope"
        return f"The Slack app lacks {scope}: add it under OAuth & Permissions and reinstall the app."
    if answer.code == "messages_tab_disabled":
        return "Nobody can write to the Slack app directly: switch on the Messages Tab under App Home."
    if answer.code in TOKEN:
        return f"Slack refuses the bot's token ({answer.code}): reinstall the app or set a new token."
    return None


def was_never_sent(error: Exception) -> bool:
    """Whether the request surely did not reach Slack, since no connection came about. Else nobody knows."""
    is_answer = isinstance(error, HTTPError)
    return isinstance(error, URLError) and not is_answer and isinstance(error.reason, NotConnected | str)


LOST = (OSError, HTTPException, ValueError, AttributeError)
"""What the SDK raises when no answer, or none that it understands, came. URLError is an OSError."""


def _seconds(value: object) -> float:
    told = value[0] if isinstance(value, list) and value else value
    try:
        seconds = float(str(told))
    except ValueError:
        return _PAUSE
    return min(max(seconds, 1.0), LONGEST_PAUSE) if math.isfinite(seconds) else _PAUSE
