"""conversations.*: places, who is in them, and what was said."""

from __future__ import annotations

from ..channels import SCOPES, Channel
from ..events import moved, stored
from ..model import Message
from ..posting import tell
from ..registry import Arguments, Caller, Json, Refused, method
from .places import channel_seen, message_at

PAGES: dict[str, type] = {"cursor": str, "limit": int}
SPAN: dict[str, type] = {"oldest": str, "latest": str, "inclusive": bool, "include_all_metadata": bool}


@method(
    "conversations.open",
    scopes=("im:write", "mpim:write", "groups:write", "channels:manage"),
    takes={"channel": str, "users": str, "return_im": bool, "prevent_creation": bool},
)
def open_(caller: Caller, arguments: Arguments) -> Json:
    if arguments["channel"]:
        return {"channel": {"id": channel_seen(caller, arguments["channel"]).id}, "already_open": True}
    ids = [one.strip() for one in (arguments["users"] or "").split(",") if one.strip()]
    if not ids:
        raise Refused("users_list_not_supplied")
    if caller.home.bot.user_id in ids:
        raise Refused("cannot_dm_bot")
    people = [next((one for one in caller.home.people if one.id == id), None) for id in ids]
    if None in people:
        raise Refused("user_not_found")
    known = [person for person in people if person is not None]
    if any(person.is_deleted for person in known):
        raise Refused("user_disabled")
    if len(known) == 1:
        caller.demand("im:write")
        channel = caller.home.dm(known[0])
    else:
        caller.demand("mpim:write")
        channel = _group(caller, [person.id for person in known])
    facts = channel.facts(caller.home) if arguments.flag("return_im") else {"id": channel.id}
    return {"channel": facts, "no_op": False, "already_open": bool(channel.log)}


def _group(caller: Caller, ids: list[str]) -> Channel:
    team = caller.home
    known = (c for c in team.channels if c.kind == "mpim" and sorted(c.members) == sorted(ids))
    found = next(known, None)
    if found is None:
        found = Channel(team, caller.world.new_id("G"), "mpdm", "mpim", ids, {team.id})
        team.channels.append(found)
    return found


@method(
    "conversations.info",
    needs={"channel": str},
    takes={"include_locale": bool, "include_num_members": bool},
)
def info(caller: Caller, arguments: Arguments) -> Json:
    channel = channel_seen(caller, arguments["channel"], "read")
    facts = channel.facts(caller.home)
    if arguments.flag("include_num_members"):
        facts["num_members"] = len(channel.members) + len(channel.bots)
    return {"channel": facts}


def _number(caller: Caller, arguments: Arguments, default: int) -> int:
    wanted = arguments["limit"] or default
    if not 0 < wanted <= 1000:
        raise Refused("invalid_limit")
    return min(int(wanted), caller.world.limits.page)


def _within(arguments: Arguments, message: Message) -> bool:
    oldest, latest = float(arguments["oldest"] or 0), float(arguments["latest"] or "inf")
    at = float(message.ts)
    if arguments.flag("inclusive"):
        return oldest <= at <= latest
    return oldest < at < latest


def _page(caller: Caller, arguments: Arguments, messages: list[Message], default: int) -> Json:
    """One page, and the cursor of the next."""
    start = _offset(arguments["cursor"])
    size = _number(caller, arguments, default)
    with_metadata = arguments.flag("include_all_metadata")
    rows = [stored(message, caller.home, with_metadata) for message in messages[start : start + size]]
    more = len(messages) > start + size
    answer: Json = {"messages": rows, "has_more": more}
    if more:
        answer["response_metadata"] = {"next_cursor": f"next:{start + size}"}
    return answer


def _offset(cursor: str | None) -> int:
    if not cursor:
        return 0
    head, _, number = cursor.partition(":")
    if head != "next" or not number.isdigit():
        raise Refused("invalid_cursor")
    return int(number)


def _readable(caller: Caller, id: str) -> Channel:
    channel = channel_seen(caller, id, "history")
    if caller.home.id not in channel.bots:
        raise Refused("not_in_channel")
    return channel


@method("conversations.history", needs={"channel": str}, takes={**PAGES, **SPAN})
def history(caller: Caller, arguments: Arguments) -> Json:
    """Roots only, newest first."""
    channel = _readable(caller, arguments["channel"])
    roots = [m for m in channel.messages if m.thread_ts in (None, m.ts) or m.broadcast]
    within = [message for message in reversed(roots) if _within(arguments, message)]
    return {**_page(caller, arguments, within, 100), "pin_count": 0}


@method("conversations.replies", needs={"channel": str, "ts": str}, takes={**PAGES, **SPAN})
def replies(caller: Caller, arguments: Arguments) -> Json:
    """The root, then its replies, oldest first."""
    channel = _readable(caller, arguments["channel"])
    named = message_at(channel, arguments["ts"], "thread_not_found")
    thread = channel.thread(named.ts) if not named.thread_ts else [named]
    within = [message for message in thread if message.ts == named.ts or _within(arguments, message)]
    return _page(caller, arguments, within, 1000)


@method(
    "conversations.list",
    scopes=("channels:read", "groups:read", "im:read", "mpim:read"),
    tier=2,
    takes={**PAGES, "exclude_archived": bool, "team_id": str, "types": str},
)
def list_(caller: Caller, arguments: Arguments) -> Json:
    words = {"public_channel": "public", "private_channel": "private", "im": "im", "mpim": "mpim"}
    wanted = [word.strip() for word in (arguments["types"] or "public_channel").split(",")]
    if set(wanted) - set(words):
        raise Refused("invalid_types")
    kinds = {words[word] for word in wanted}
    for kind in kinds:
        caller.demand(f"{SCOPES[kind]}:read")
    team = caller.home
    seen = [c for home in caller.world.teams for c in home.channels if team in c.teams and c.kind in kinds]
    seen = [c for c in seen if c.kind == "public" or team.id in c.bots]
    if arguments.flag("exclude_archived"):
        seen = [channel for channel in seen if not channel.is_archived]
    start, size = _offset(arguments["cursor"]), _number(caller, arguments, 100)
    cursor = f"next:{start + size}" if len(seen) > start + size else ""
    rows = [channel.facts(team) for channel in seen[start : start + size]]
    return {"channels": rows, "response_metadata": {"next_cursor": cursor}}


@method(
    "users.conversations",
    scopes=("channels:read", "groups:read", "im:read", "mpim:read"),
    takes={**PAGES, "exclude_archived": bool, "team_id": str, "types": str, "user": str},
)
def of_caller(caller: Caller, arguments: Arguments) -> Json:
    """As the list, of those that the bot is in."""
    team, listed = caller.home, list_(caller, arguments)
    inside = {channel.id for home in caller.world.teams for channel in home.channels if team.id in channel.bots}
    return {**listed, "channels": [row for row in listed["channels"] if row["id"] in inside]}


@method("conversations.members", tier=4, needs={"channel": str}, takes=PAGES)
def members(caller: Caller, arguments: Arguments) -> Json:
    channel = channel_seen(caller, arguments["channel"], "read")
    bots = [team.bot.user_id for team in channel.teams if team.id in channel.bots]
    everybody = [*channel.members, *bots]
    start, size = _offset(arguments["cursor"]), _number(caller, arguments, 100)
    cursor = f"next:{start + size}" if len(everybody) > start + size else ""
    return {"members": everybody[start : start + size], "response_metadata": {"next_cursor": cursor}}


@method("conversations.join", scopes=("channels:join",), needs={"channel": str})
def join(caller: Caller, arguments: Arguments) -> Json:
    channel = channel_seen(caller, arguments["channel"])
    team = caller.home
    if channel.kind != "public":
        raise Refused("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise Refused("is_archived")
    if team.id in channel.bots:
        return {"channel": channel.facts(team), "warning": "already_in_channel"}
    channel.bots.add(team.id)
    tell(channel, moved(team.bot.user_id, team, channel, True, caller.world.clock.stamp()), team)
    return {"channel": channel.facts(team)}
