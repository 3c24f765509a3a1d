"""files.*: uploads in three steps, and what is known of a file."""

from __future__ import annotations

import mimetypes
import secrets

from .. import posting
from ..layout import check_message_blocks
from ..model import File
from ..registry import Arguments, Caller, Json, Refused, method
from .chat import thread_of
from .places import channel_to_write


@method(
    "files.getUploadURLExternal",
    scopes=("files:write",),
    tier=4,
    needs={"filename": str, "length": int},
    takes={"alt_txt": str, "snippet_type": str},
)
def get_upload_url(caller: Caller, arguments: Arguments) -> Json:
    if arguments["length"] < 1:
        raise Refused("invalid_arguments", "[ERROR] must be greater than 0 [json-pointer:/length]")
    team = caller.home
    kind = mimetypes.guess_type(arguments["filename"])[0] or "application/octet-stream"
    announced = bytes(arguments["length"])
    file = posting.new_file(team, arguments["filename"], announced, kind, team.bot.user_id, is_complete=False)
    key = secrets.token_urlsafe(12)
    caller.world.uploads[key] = file
    return {"upload_url": f"{caller.world.url}/upload/v1/{key}", "file_id": file.id}


def _uploaded(caller: Caller, entry: object) -> File:
    if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
        raise Refused("invalid_arguments", "[ERROR] missing required field: id [json-pointer:/files/0]")
    file = caller.world.files.get(entry["id"])
    if file is None or file.user != caller.home.bot.user_id:
        raise Refused("file_not_found")
    if file in caller.world.uploads.values():
        raise Refused("file_upload_size_restricted" if not file.data else "file_not_found")
    if file.is_complete:
        raise Refused("file_already_completed")
    file.title = str(entry.get("title") or file.name)
    return file


@method(
    "files.completeUploadExternal",
    scopes=("files:write",),
    tier=4,
    needs={"files": list},
    takes={"channel_id": str, "channels": str, "initial_comment": str, "thread_ts": str, "blocks": list},
)
def complete_upload(caller: Caller, arguments: Arguments) -> Json:
    files = [_uploaded(caller, entry) for entry in arguments["files"]]
    if arguments["blocks"] and arguments["initial_comment"]:
        raise Refused("invalid_arguments", "[ERROR] blocks and initial_comment exclude each other")
    blocks = check_message_blocks(arguments["blocks"] or [])
    ids = [arguments["channel_id"]] if arguments["channel_id"] else (arguments["channels"] or "").split(",")
    channels = [channel_to_write(caller, id) for id in ids if id]
    threads = [thread_of(channel, arguments) for channel in channels]
    for file in files:
        file.is_complete = True
    # The answer is given before the files are shared: shares show up in files.info and in the event.
    answer = {"files": [{**file.facts(caller.world.url), "shares": {}} for file in files]}
    for channel, thread in zip(channels, threads, strict=True):
        text = arguments["initial_comment"] or ""
        message = posting.by_bot(
            channel, caller.home, text, blocks=blocks, files=files, thread_ts=thread, subtype="file_share"
        )
        posting.post(channel, message)
    return answer


@method(
    "files.info",
    scopes=("files:read",),
    tier=4,
    needs={"file": str},
    takes={"count": int, "cursor": str, "limit": int, "page": int},
)
def info(caller: Caller, arguments: Arguments) -> Json:
    file = caller.world.files.get(arguments["file"])
    if file is None or not file.is_complete:
        raise Refused("file_not_found")
    team = caller.home
    seen = [(channel, ts) for channel, ts in file.shares if team.id in channel.bots]
    if not seen and file.user != team.bot.user_id:
        raise Refused("file_not_found")
    shares: Json = {}
    for channel, ts in seen:
        kind = "public" if channel.kind == "public" else "private"
        shares.setdefault(kind, {}).setdefault(channel.id, []).append({"ts": ts, "channel_name": channel.name})
    facts = {**file.facts(caller.world.url), "shares": shares, "channels": [channel.id for channel, _ in seen]}
    return {"file": facts, "comments": [], "response_metadata": {"next_cursor": ""}}
