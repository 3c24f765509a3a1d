"""Who and where: the bot itself, chats, members, files to fetch."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from standins.telegram import access, groups, raw
from standins.telegram.arguments import Arguments
from standins.telegram.refusals import bad_request

if TYPE_CHECKING:
    from standins.telegram.world import TelegramWorld


def get_me(world: TelegramWorld, arguments: Arguments) -> dict[str, Any]:
    return raw.me(world)


def log_out(world: TelegramWorld, arguments: Arguments) -> bool:
    """Only for who moves to a local Bot API server: nobody here has a reason to."""
    raise bad_request("the stand-in serves no local Bot API: logOut and close are mistakes")


def get_chat(world: TelegramWorld, arguments: Arguments) -> dict[str, Any]:
    return raw.full_chat(access.readable(world, arguments))


def get_member(world: TelegramWorld, arguments: Arguments) -> dict[str, Any]:
    chat = access.readable(world, arguments)
    wanted = arguments.integer("user_id")
    if not wanted:
        raise bad_request("invalid user_id specified")
    if wanted == world.bot_id:
        return raw.membership(raw.bot(world), chat.bot_status, chat.bot_rights)
    who = world.people.get(wanted)
    if who is None:
        raise bad_request("user not found")
    is_owner = chat.is_group and chat.members[:1] == [who]
    status = "creator" if is_owner else "member" if who in chat.members else "left"
    return raw.membership(raw.person(who), status, set())


def get_member_count(world: TelegramWorld, arguments: Arguments) -> int:
    return len(access.readable(world, arguments).members) + 1


def get_administrators(world: TelegramWorld, arguments: Arguments) -> list[dict[str, Any]]:
    """The first member made the group. Other bots are left out, as Telegram does; this one is not."""
    chat = access.readable(world, arguments)
    if not chat.is_group:
        raise bad_request("there are no administrators in the private chat")
    found = [raw.membership(raw.person(who), "creator", set()) for who in chat.members[:1]]
    if chat.bot_status == "administrator":
        found.append(raw.membership(raw.bot(world), chat.bot_status, chat.bot_rights))
    return found


def leave_chat(world: TelegramWorld, arguments: Arguments) -> bool:
    chat = access.readable(world, arguments)
    if not chat.is_group:
        raise bad_request("chat member status can't be changed in private chats")
    chat.bot_status, chat.bot_rights = "left", set()
    return True


def get_file(world: TelegramWorld, arguments: Arguments) -> dict[str, Any]:
    if not arguments.has("file_id"):
        raise bad_request("file_id not specified")
    found = world.files.get(arguments.text("file_id"))
    if found is None:
        raise bad_request("invalid file_id")
    if found.size > world.sizes.download:
        raise bad_request("file is too big")
    path = groups.path_of(found)
    world.paths[path] = found
    return raw.file(found) | {"file_path": path}


HANDLERS: dict[str, Callable[[TelegramWorld, Arguments], Any]] = {
    "getMe": get_me,
    "logOut": log_out,
    "close": log_out,
    "getChat": get_chat,
    "getChatMember": get_member,
    "getChatMemberCount": get_member_count,
    "getChatAdministrators": get_administrators,
    "leaveChat": leave_chat,
    "getFile": get_file,
}
