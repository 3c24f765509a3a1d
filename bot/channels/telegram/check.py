"""Ask Telegram whether the bot is set up as Firstline needs it, and say what is missing in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from telegram.error import BadRequest, Forbidden, InvalidToken, TelegramError

from bot.channels.findings import Finding
from bot.channels.telegram.client import Client, Refused, Stopped
from bot.channels.telegram.commands import COMMANDS
from bot.channels.telegram.connection import WEBHOOK
from bot.channels.telegram.webhook import PATH

_FATHER = "In Telegram, write to @BotFather:"


def check_telegram(
    token: str, base_url: str | None, *, mode: str, address: str, staff_chats: Iterable[int]
) -> list[Finding]:
    """What was found, best read in this order. Changes nothing; raises nothing."""
    client = Client(token, base_url)
    client.start()
    try:
        return list(_findings(client, mode, address, sorted(staff_chats)))
    finally:
        client.close()


def name_of_bot(token: str, base_url: str | None) -> str | None:
    """The bot's username; None when Telegram does not say it within a few seconds."""
    client = Client(token, base_url)
    client.start()
    try:
        name = _object(client.ask("getMe", read_timeout=5.0)).get("username")
    except (TelegramError, TimeoutError, Stopped):
        return None
    finally:
        client.close()
    return name if isinstance(name, str) else None


def _findings(client: Client, mode: str, address: str, staff_chats: list[int]) -> Iterator[Finding]:
    try:
        me = _object(client.ask("getMe"))
        yield Finding(True, f"The bot is @{me.get('username')} ({me.get('id')}).")
        yield from _groups(me)
        yield from _webhook(_object(client.ask("getWebhookInfo")), mode, address.rstrip("/") + PATH)
        yield from _commands(client)
        for chat in staff_chats:
            yield from _staff_chat(client, chat, me.get("id"))
    except (Refused, InvalidToken):
        do = f"{_FATHER} /mybots → your bot → API Token. Set it as FIRSTLINE_TELEGRAM_TOKEN."
        yield Finding(False, "Telegram refused the token.", do)
    except (TelegramError, TimeoutError, Stopped) as error:
        name = type(error.__cause__ or error).__name__
        do = "Check that this machine reaches it (a firewall, a proxy), and FIRSTLINE_TELEGRAM_BASE_URL."
        yield Finding(False, f"{client.base_url} did not answer as Telegram does ({name}).", do)


def _groups(me: dict[str, Any]) -> Iterator[Finding]:
    if me.get("can_join_groups"):
        yield Finding(True, "The bot may be added to groups.")
    else:
        do = f"{_FATHER} /setjoingroups → Enable. Private chats work without."
        yield Finding(False, "The bot may not be added to groups.", do)
    if me.get("can_read_all_group_messages"):
        text = (
            "Privacy mode is off: the bot sees all that is said in its groups. It only keeps what is addressed to it."
        )
        yield Finding(True, text, f"{_FATHER} /setprivacy → Enable, if customers' groups are not to be read.")
    else:
        text = "Privacy mode is on: in groups the bot sees commands, mentions of it and replies to it. That is enough."
        yield Finding(True, text)


def _webhook(info: dict[str, Any], mode: str, wanted: str) -> Iterator[Finding]:
    url = info.get("url") or ""
    if mode != WEBHOOK:
        if not url:
            yield Finding(True, "No webhook is set: messages are fetched by polling.")
        else:
            do = "Nothing if it is an old one: Firstline takes it down when it starts. Else give each program its bot."
            yield Finding(False, f"A webhook is set ({url}), but the mode is polling.", do)
        return
    if url == wanted:
        yield Finding(True, f"The webhook is {url}.")
    else:
        do = "Start Firstline: it sets the webhook. FIRSTLINE_PUBLIC_URL must begin with https:// and be reachable."
        yield Finding(False, f"The webhook is {url or 'not set'}; it should be {wanted}.", do)
    if problem := info.get("last_error_message"):
        do = "Open the address from outside: certificate, port (443, 80, 88 or 8443) and the way to Firstline."
        yield Finding(False, f"Telegram's last delivery failed: {problem}.", do)


def _commands(client: Client) -> Iterator[Finding]:
    for language, commands in COMMANDS.items():
        arguments: dict[str, Any] = {"language_code": language} if language else {}
        offered = client.ask("getMyCommands", **arguments)
        names = {_object(each).get("command") for each in offered} if isinstance(offered, list) else set()
        missing = [f"/{name}" for name in commands if name not in names]
        where = f"in the language {language}" if language else "in English"
        if missing:
            do = "Start Firstline: it registers them."
            yield Finding(False, f"Telegram does not offer {', '.join(missing)} {where}.", do)
        else:
            yield Finding(True, f"Telegram offers the commands {where}.")


def _staff_chat(client: Client, chat: int, me: Any) -> Iterator[Finding]:
    try:
        found = _object(client.ask("getChat", chat_id=chat))
        member = _object(client.ask("getChatMember", chat_id=chat, user_id=me))
    except (BadRequest, Forbidden):
        do = "Add the bot to the group as an administrator, and check the number in FIRSTLINE_TELEGRAM_STAFF_CHATS."
        yield Finding(False, f"The bot is not in the staff chat {chat}.", do)
        return
    problems = list(_staff_problems(found, member))
    yield from problems
    if not problems:
        yield Finding(True, f"The staff chat {chat} has topics, and the bot may manage them.")


def _staff_problems(chat: dict[str, Any], member: dict[str, Any]) -> Iterator[Finding]:
    name = f"the staff chat {chat.get('id')}"
    status = member.get("status")
    if status in ("left", "kicked"):
        yield Finding(False, f"The bot is not in {name}.", "Add it to the group as an administrator.")
        return
    if not chat.get("is_forum"):
        yield Finding(False, f"Topics are off in {name}.", "In Telegram: the group → Edit → Topics → on.")
    if status not in ("administrator", "creator"):
        do = "In Telegram: the group → Administrators → add the bot, with the right to manage topics."
        yield Finding(False, f"The bot is no administrator of {name}.", do)
    elif status == "administrator" and not member.get("can_manage_topics"):
        do = "In Telegram: the group → Administrators → the bot → Manage Topics → on."
        yield Finding(False, f"The bot may not manage topics in {name}.", do)


def _object(told: Any) -> dict[str, Any]:
    return told if isinstance(told, dict) else {}
