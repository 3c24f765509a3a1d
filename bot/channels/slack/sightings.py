"""Look whether something is there that no answer told of. Reading is not always allowed, and never fast."""

from __future__ import annotations

from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.channels.base import Uncertain
from bot.channels.slack.refusals import LOST, answer_of

_PAGES = 3
_PAGE = 200
_NEWEST = 30
_LOOKS = 2


def find_post(client: WebClient, channel: str, root: str | None, mark: dict[str, Any]) -> str | None:
    """The timestamp of the message that carries ``mark``, None if it is surely not there. Raises Uncertain."""
    for look in range(_LOOKS):
        try:
            return _in_thread(client, channel, root, mark) if root else _among_newest(client, channel, mark)
        except SlackApiError as error:
            raise Uncertain(f"no answer came, and Slack does not let us look ({_why(error)})") from error
        except LOST as error:
            if look == _LOOKS - 1:
                raise Uncertain(f"no answer came, and none when we looked ({type(error).__name__})") from error
    return None


def is_shared(client: WebClient, file_id: str) -> bool:
    """Whether the file is seen in some channel; False where Slack does not tell."""
    try:
        file = client.files_info(file=file_id).get("file")
    except (SlackApiError, *LOST):
        return False
    return isinstance(file, dict) and any(file.get(field) for field in ("shares", "channels", "groups", "ims"))


def _in_thread(client: WebClient, channel: str, root: str, mark: dict[str, Any]) -> str | None:
    cursor = None
    for _ in range(_PAGES):
        page = client.conversations_replies(
            channel=channel, ts=root, cursor=cursor, limit=_PAGE, include_all_metadata=True
        )
        if ts := _marked(page.get("messages"), mark):
            return ts
        cursor = (page.get("response_metadata") or {}).get("next_cursor")
        if not cursor:
            return None
    raise Uncertain("no answer came, and the thread is too long to look through")


def _among_newest(client: WebClient, channel: str, mark: dict[str, Any]) -> str | None:
    page = client.conversations_history(channel=channel, limit=_NEWEST, include_all_metadata=True)
    return _marked(page.get("messages"), mark)


def _marked(messages: Any, mark: dict[str, Any]) -> str | None:
    """Slack gives numbers of the mark back as it got them, so they are compared as text."""
    for message in messages or []:
        found = message.get("metadata") or {}
        is_ours = found.get("event_type") == mark["event_type"]
        if is_ours and _as_text(found.get("event_payload")) == _as_text(mark["event_payload"]):
            ts = message.get("ts")
            return ts if isinstance(ts, str) else None
    return None


def _as_text(payload: Any) -> dict[str, str]:
    return {key: str(value) for key, value in payload.items()} if isinstance(payload, dict) else {}


def _why(error: SlackApiError) -> str:
    answer = answer_of(error)
    return answer.code or str(answer.status)
