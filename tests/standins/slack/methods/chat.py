"""chat.*: posting, changing and taking back messages."""

from __future__ import annotations

from typing import Any

from .. import posting
from ..channels import Channel
from ..events import stored
from ..layout import check_message_blocks
from ..model import Message
from ..registry import Arguments, Caller, Json, Refused, method
from .places import channel_seen, channel_to_write, message_at

TRUNCATED = 40_000
WHOLE = 4_040
PIECE = 4_000
MARKDOWN = 12_000
CONTENT: dict[str, type] = {
    "text": str,
    "blocks": list,
    "attachments": list,
    "markdown_text": str,
    "as_user": bool,
    "link_names": bool,
    "parse": str,
}
LOOK: dict[str, type] = {"icon_emoji": str, "icon_url": str, "username": str}


def content_of(arguments: Arguments) -> tuple[str, list[Json]]:
    """Text and blocks, checked.

    Raises:
        Refused: no_text, invalid_blocks, msg_blocks_too_long, msg_too_long, markdown_text_conflict.
    """
    text, blocks, markdown = arguments["text"] or "", arguments["blocks"] or [], arguments["markdown_text"]
    if markdown is not None:
        if text or blocks:
            raise Refused("markdown_text_conflict")
        if len(markdown) > MARKDOWN:
            raise Refused("msg_too_long")
        return markdown, check_message_blocks([{"type": "markdown", "text": markdown}] if markdown else [])
    if not text.strip() and not blocks and not arguments["attachments"]:
        raise Refused("no_text")
    return text[:TRUNCATED], check_message_blocks(blocks)


def thread_of(channel: Channel, arguments: Arguments) -> str | None:
    """The thread to write into: the root's ts, whichever of its messages was named.

    Raises:
        Refused: thread_not_found, invalid_thread_ts.
    """
    ts = arguments["thread_ts"]
    if ts is None:
        return None
    if ts.count(".") != 1 or not ts.replace(".", "").isdigit():
        raise Refused("invalid_thread_ts")
    named = next((message for message in channel.log if message.ts == ts and message.only_for is None), None)
    if named is None or (named.is_deleted and not channel.thread(ts)):
        raise Refused("thread_not_found")
    if named.thread_ts and named.thread_ts != ts:
        channel.world.complain(f"thread_ts {ts} is a reply's; use its root's, {named.thread_ts}")
        return named.thread_ts
    return str(ts)


def metadata_of(arguments: Arguments) -> Json | None:
    metadata = arguments["metadata"]
    if metadata is None:
        return None
    if not isinstance(metadata.get("event_type"), str) or not isinstance(metadata.get("event_payload"), dict):
        raise Refused("invalid_metadata_schema")
    return dict(metadata)


@method(
    "chat.postMessage",
    scopes=("chat:write",),
    tier=0,
    needs={"channel": str},
    takes={
        **CONTENT,
        **LOOK,
        "thread_ts": str,
        "reply_broadcast": bool,
        "unfurl_links": bool,
        "unfurl_media": bool,
        "mrkdwn": bool,
        "metadata": dict,
    },
)
def post_message(caller: Caller, arguments: Arguments) -> Json:
    channel = channel_to_write(caller, arguments["channel"])
    text, blocks = content_of(arguments)
    fields: dict[str, Any] = {"thread_ts": thread_of(channel, arguments), "metadata": metadata_of(arguments)}
    if any(arguments[name] for name in LOOK):
        caller.demand("chat:write.customize")
        fields |= {"username": arguments["username"], "subtype": "bot_message"}
    fields["attachments"] = arguments["attachments"] or []
    fields["broadcast"] = arguments.flag("reply_broadcast")
    pieces = (
        [text[at : at + PIECE] for at in range(0, len(text), PIECE)] if len(text) > WHOLE and not blocks else [text]
    )
    posted = [
        posting.post(channel, posting.by_bot(channel, caller.home, piece, blocks=blocks, **fields)) for piece in pieces
    ]
    return {"channel": channel.id, "ts": posted[0].ts, "message": stored(posted[0], caller.home)}


@method(
    "chat.postEphemeral",
    scopes=("chat:write",),
    tier=4,
    needs={"channel": str, "user": str},
    takes={**CONTENT, **LOOK, "thread_ts": str},
)
def post_ephemeral(caller: Caller, arguments: Arguments) -> Json:
    channel = channel_to_write(caller, arguments["channel"])
    if arguments["user"] not in channel.members:
        raise Refused("user_not_in_channel")
    text, blocks = content_of(arguments)
    thread = thread_of(channel, arguments)
    message = posting.by_bot(channel, caller.home, text, blocks=blocks, only_for=arguments["user"], thread_ts=thread)
    posting.post(channel, message)
    return {"message_ts": message.ts}


def own_message(caller: Caller, channel: Channel, ts: str, error: str) -> Message:
    """A message that the bot wrote; ``error`` for somebody else's and for ephemeral ones."""
    message = channel.find(ts)
    if message is None or message.only_for is not None:
        raise Refused("message_not_found")
    if message.bot_id != caller.home.bot.bot_id:
        raise Refused(error)
    return message


@method(
    "chat.update",
    scopes=("chat:write",),
    needs={"channel": str, "ts": str},
    takes={**CONTENT, "file_ids": str, "reply_broadcast": bool, "metadata": dict},
)
def update(caller: Caller, arguments: Arguments) -> Json:
    channel = channel_to_write(caller, arguments["channel"])
    message = own_message(caller, channel, arguments["ts"], "cant_update_message")
    if message.is_streaming:
        raise Refused("streaming_state_conflict")
    text, blocks = content_of(arguments)
    if len(text) > PIECE and not blocks:
        raise Refused("msg_too_long")
    if "blocks" not in arguments and "text" in arguments and message.blocks and not arguments["markdown_text"]:
        blocks = []
    fields: dict[str, Any] = {"text": text, "blocks": blocks}
    if "metadata" in arguments:
        fields["metadata"] = metadata_of(arguments)
    posting.change(message, caller.home.bot.user_id, **fields)
    return {"channel": channel.id, "ts": message.ts, "text": text, "message": stored(message, caller.home)}


@method("chat.delete", scopes=("chat:write",), needs={"channel": str, "ts": str}, takes={"as_user": bool})
def delete(caller: Caller, arguments: Arguments) -> Json:
    channel = channel_to_write(caller, arguments["channel"])
    message = own_message(caller, channel, arguments["ts"], "cant_delete_message")
    posting.remove(message)
    return {"channel": channel.id, "ts": message.ts}


@method("chat.getPermalink", tier=0, needs={"channel": str, "message_ts": str})
def get_permalink(caller: Caller, arguments: Arguments) -> Json:
    channel = channel_seen(caller, arguments["channel"])
    message = message_at(channel, arguments["message_ts"])
    link = f"https://{caller.home.domain}.slack.com/archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.thread_ts:
        link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}
