"""chat.*Stream: a message that grows while it is written."""

from __future__ import annotations

from typing import Any

from .. import posting
from ..events import stored
from ..layout import check_message_blocks
from ..registry import Arguments, Caller, Json, Refused, method
from .chat import LOOK, MARKDOWN, metadata_of, own_message, thread_of
from .places import channel_to_write


def _added(arguments: Arguments) -> str:
    """The text of this call, from ``markdown_text`` or the text chunks.

    Raises:
        Refused: msg_too_long, invalid_chunks.
    """
    text = arguments["markdown_text"] or ""
    for chunk in arguments["chunks"] or []:
        if not isinstance(chunk, dict) or chunk.get("type") not in (
            "markdown_text",
            "task_update",
            "plan_update",
            "blocks",
        ):
            raise Refused("invalid_chunks")
        if chunk["type"] == "markdown_text":
            text += str(chunk.get("text", ""))
    if len(text) > MARKDOWN:
        raise Refused("msg_too_long")
    return text


@method(
    "chat.startStream",
    scopes=("chat:write",),
    tier=2,
    needs={"channel": str, "thread_ts": str},
    takes={
        **LOOK,
        "markdown_text": str,
        "chunks": list,
        "recipient_user_id": str,
        "recipient_team_id": str,
        "task_display_mode": str,
    },
)
def start(caller: Caller, arguments: Arguments) -> Json:
    channel = channel_to_write(caller, arguments["channel"])
    thread = thread_of(channel, arguments)
    if channel.kind != "im":
        for name in ("recipient_team_id", "recipient_user_id"):
            if not arguments[name]:
                raise Refused(f"missing_{name}")
    message = posting.by_bot(channel, caller.home, _added(arguments), thread_ts=thread, is_streaming=True)
    posting.post(channel, message)
    return {"channel": channel.id, "ts": message.ts}


def _open(caller: Caller, arguments: Arguments) -> Any:
    channel = channel_to_write(caller, arguments["channel"])
    message = own_message(caller, channel, arguments["ts"], "message_not_owned_by_app")
    if not message.is_streaming:
        raise Refused("message_not_in_streaming_state")
    return message


@method(
    "chat.appendStream",
    scopes=("chat:write",),
    tier=4,
    needs={"channel": str, "ts": str},
    takes={"markdown_text": str, "chunks": list},
)
def append(caller: Caller, arguments: Arguments) -> Json:
    message = _open(caller, arguments)
    message.text += _added(arguments)
    return {"channel": message.channel.id, "ts": message.ts}


@method(
    "chat.stopStream",
    scopes=("chat:write",),
    tier=2,
    needs={"channel": str, "ts": str},
    takes={"markdown_text": str, "chunks": list, "blocks": list, "metadata": dict, "session_status": str},
)
def stop(caller: Caller, arguments: Arguments) -> Json:
    message = _open(caller, arguments)
    message.is_streaming = False
    text = message.text + _added(arguments)
    shown = [{"type": "markdown", "text": text[:MARKDOWN]}] if text else []
    blocks = check_message_blocks([*shown, *(arguments["blocks"] or [])])
    metadata = metadata_of(arguments) or message.metadata
    posting.change(message, caller.home.bot.user_id, text=text, blocks=blocks, metadata=metadata)
    return {"channel": message.channel.id, "ts": message.ts, "message": stored(message, caller.home)}
