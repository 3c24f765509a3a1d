"""assistant.threads.*: what an agent shows beside its messages."""

from __future__ import annotations

from ..channels import Channel
from ..registry import Arguments, Caller, Json, Refused, method
from .chat import LOOK
from .places import channel_seen


def _thread(caller: Caller, arguments: Arguments) -> Json:
    """What is shown in this thread, to be changed."""
    channel = channel_seen(caller, arguments["channel_id"])
    thread = arguments["thread_ts"]
    if thread is not None and channel.find(thread) is None:
        raise Refused("invalid_thread_ts")
    return channel.statuses.setdefault(thread or "", {})


def status_in(channel: Channel, thread_ts: str) -> str:
    """The status that people see now: it goes with the next message, or after a while."""
    kept = channel.statuses.get(thread_ts, {})
    age = channel.world.clock.now() - float(kept.get("at", 0))
    return str(kept.get("status", "")) if age < channel.world.times.status else ""


@method(
    "assistant.threads.setStatus",
    scopes=("chat:write", "assistant:write"),
    tier=0,
    needs={"channel_id": str, "thread_ts": str},
    takes={**LOOK, "status": str, "loading_messages": list},
)
def set_status(caller: Caller, arguments: Arguments) -> Json:
    if arguments["status"] is None:
        raise Refused("invalid_arguments", "[ERROR] missing required field: status")
    if len(arguments["loading_messages"] or ()) > 10:
        raise Refused("invalid_arguments", "[ERROR] no more than 10 items allowed [json-pointer:/loading_messages]")
    _thread(caller, arguments).update(status=arguments["status"], at=caller.world.clock.now())
    return {}


@method(
    "assistant.threads.setSuggestedPrompts",
    scopes=("assistant:write",),
    needs={"channel_id": str, "prompts": list},
    takes={"thread_ts": str, "title": str},
)
def set_suggested_prompts(caller: Caller, arguments: Arguments) -> Json:
    prompts = arguments["prompts"]
    if not 1 <= len(prompts) <= 4:
        raise Refused("invalid_arguments", "[ERROR] no more than 4 items allowed [json-pointer:/prompts]")
    for prompt in prompts:
        if not isinstance(prompt, dict) or not prompt.get("title") or not prompt.get("message"):
            raise Refused("invalid_arguments", "[ERROR] missing required field: title or message")
    _thread(caller, arguments)["prompts"] = prompts
    return {}


@method(
    "assistant.threads.setTitle",
    scopes=("assistant:write",),
    needs={"channel_id": str, "thread_ts": str, "title": str},
)
def set_title(caller: Caller, arguments: Arguments) -> Json:
    _thread(caller, arguments)["title"] = arguments["title"]
    return {}
