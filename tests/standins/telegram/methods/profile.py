"""What the bot shows of itself: its commands per scope and language, its name and descriptions."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from standins.telegram.arguments import Arguments
from standins.telegram.refusals import bad_request

if TYPE_CHECKING:
    from standins.telegram.world import TelegramWorld

MAX_COMMANDS = 100
_COMMAND = re.compile(r"/?([a-z0-9_]{1,32})")
_LANGUAGE = re.compile(r"[a-z]{2}")
_SCOPES = {
    "default": (),
    "all_private_chats": (),
    "all_group_chats": (),
    "all_chat_administrators": (),
    "chat": ("chat_id",),
    "chat_administrators": ("chat_id",),
    "chat_member": ("chat_id", "user_id"),
}
_LONGEST = {"name": 64, "description": 512, "short_description": 120}


def set_commands(world: TelegramWorld, arguments: Arguments) -> bool:
    given = arguments.listing("commands", "BotCommand")
    if given is None:
        raise bad_request("can't parse commands JSON object")
    if len(given) > MAX_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    world.commands[_key(arguments)] = [_command(one) for one in given]
    return True


def _command(given: Any) -> tuple[str, str]:
    if not isinstance(given, dict) or set(given) - {"command", "description"}:
        raise bad_request("can't parse BotCommand: expected an Object with command and description")
    name = _COMMAND.fullmatch(str(given.get("command") or ""))
    if name is None:
        raise bad_request("BOT_COMMAND_INVALID")
    description = str(given.get("description") or "").strip()
    if not 1 <= len(description) <= 256:
        raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    return name[1], description


def get_commands(world: TelegramWorld, arguments: Arguments) -> list[dict[str, str]]:
    found = world.commands.get(_key(arguments), [])
    return [{"command": name, "description": description} for name, description in found]


def delete_commands(world: TelegramWorld, arguments: Arguments) -> bool:
    world.commands.pop(_key(arguments), None)
    return True


def _key(arguments: Arguments) -> tuple[str, str]:
    """The scope, with the chat or member it is about, and the language."""
    scope = arguments.mapping("scope", "BotCommandScope") or {"type": "default"}
    fields = _SCOPES.get(str(scope.get("type")))
    if fields is None:
        raise bad_request("can't parse BotCommandScope: unsupported type specified")
    missing = [name for name in fields if not scope.get(name)]
    if missing or set(scope) - {"type", *fields}:
        raise bad_request(f"can't parse BotCommandScope: wrong fields {sorted({*missing, *scope} - {'type'})}")
    return ":".join([scope["type"], *(str(scope[name]) for name in fields)]), _language(arguments)


def _language(arguments: Arguments) -> str:
    code = arguments.text("language_code")
    if code and not _LANGUAGE.fullmatch(code):
        raise bad_request("invalid language code specified")
    return code


def _setter(field: str, shelf: Callable[[TelegramWorld], dict[str, str]]) -> Callable[[TelegramWorld, Arguments], bool]:
    def put(world: TelegramWorld, arguments: Arguments) -> bool:
        text, language = arguments.text(field).strip(), _language(arguments)
        if len(text) > _LONGEST[field]:
            raise bad_request(f"bot {field.replace('_', ' ')} is too long")
        shelf(world)[language] = text
        return True

    return put


def _getter(
    field: str, shelf: Callable[[TelegramWorld], dict[str, str]]
) -> Callable[[TelegramWorld, Arguments], dict[str, str]]:
    def get(world: TelegramWorld, arguments: Arguments) -> dict[str, str]:
        found = shelf(world)
        default = world.name if field == "name" else ""
        return {field: found.get(_language(arguments)) or found.get("") or default}

    return get


def set_menu(world: TelegramWorld, arguments: Arguments) -> bool:
    arguments.mapping("menu_button", "MenuButton")
    return True


def get_menu(world: TelegramWorld, arguments: Arguments) -> dict[str, str]:
    return {"type": "commands" if world.commands else "default"}


HANDLERS: dict[str, Callable[[TelegramWorld, Arguments], Any]] = {
    "setMyCommands": set_commands,
    "getMyCommands": get_commands,
    "deleteMyCommands": delete_commands,
    "setMyName": _setter("name", lambda world: world.names),
    "getMyName": _getter("name", lambda world: world.names),
    "setMyDescription": _setter("description", lambda world: world.descriptions),
    "getMyDescription": _getter("description", lambda world: world.descriptions),
    "setMyShortDescription": _setter("short_description", lambda world: world.short_descriptions),
    "getMyShortDescription": _getter("short_description", lambda world: world.short_descriptions),
    "setChatMenuButton": set_menu,
    "getChatMenuButton": get_menu,
}
