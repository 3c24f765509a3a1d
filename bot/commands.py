"""Decide what a command means (``/tickets``, ``/human``, …). Pure, like ``bot.policy``."""

from __future__ import annotations

import re

from bot.channels.base import Command, CommandName
from bot.decisions import (
    BeginAdding,
    ChooseLanguage,
    CloseTicket,
    Decision,
    Decline,
    Rate,
    ReopenTicket,
    ShowTickets,
    StartOver,
    Surveys,
    Welcome,
    Why,
)
from bot.policy import Policy, Standing, escalate, is_over_the_limit
from handoff.models import Owner, Reason

# What people call the two languages that the bot's own sentences come in; any other is named by its code.
NAMES = {
    "english": "en",
    "英文": "en",
    "英语": "en",
    "chinese": "zh",
    "中文": "zh",
    "汉语": "zh",
    "简体中文": "zh",
    "繁體中文": "zh-Hant",
}
_CODE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*", re.IGNORECASE)
_NUMBER = re.compile(r"#?(\d{1,12})")
_NUMBER_AND_MORE = re.compile(r"#?(\d{1,12})(?:[\s,，:：]+(.*))?", re.DOTALL)
_OWN = (
    CommandName.TICKETS,
    CommandName.STATUS,
    CommandName.ADD,
    CommandName.CLOSE,
    CommandName.REOPEN,
    CommandName.RATE,
)
"""What concerns the customer's own tickets, which is nobody else's business."""
_ON = ("on", "yes", "开", "开启", "打开")


def decide_command(command: Command, standing: Standing, policy: Policy, *, is_shared: bool) -> Decision:
    """What to do about a command. ``is_shared``: others read along, so nothing about the customer's matters is said."""
    if is_shared and command.name in _OWN:
        return Decline(Why.PRIVATE_ONLY)
    match command.name:
        case CommandName.START:
            return Welcome("" if is_shared else command.argument)
        case CommandName.NEW:
            return StartOver()
        case CommandName.HUMAN:
            return _person(standing, policy)
        case CommandName.LANGUAGE:
            return ChooseLanguage(language_called(command.argument))
        case CommandName.SURVEYS:
            return Surveys(command.argument.strip().casefold() in _ON)
        case CommandName.TICKETS | CommandName.STATUS:
            return ShowTickets(_number(command))
    return _about_own(command)


def _about_own(command: Command) -> Decision:
    """Without a number that can be read, the customer's tickets are shown: each has its buttons."""
    number, more = number_and_more(command.argument)
    if number is None:
        return ShowTickets()
    match command.name:
        case CommandName.CLOSE:
            return CloseTicket(number)
        case CommandName.REOPEN:
            return ReopenTicket(number)
        case CommandName.RATE if more.isdecimal() and more.isascii() and len(more) < 3:
            return Rate(int(more), number=number)
        case CommandName.ADD:
            return BeginAdding(number)
    return ShowTickets(number)


def number_and_more(argument: str) -> tuple[int | None, str]:
    """The number of a ticket at the beginning of what followed a command, and the words after it."""
    found = _NUMBER_AND_MORE.fullmatch(argument.strip())
    return (int(found[1]), (found[2] or "").strip()) if found else (None, "")


def language_called(name: str) -> str | None:
    """The BCP 47 code of what somebody called a language: "zh", "Chinese", "中文"; None for anything else."""
    plain = name.strip().casefold()
    if plain in NAMES:
        return NAMES[plain]
    return name.strip()[:16] if _CODE.fullmatch(plain) else None


def _person(standing: Standing, policy: Policy) -> Decision:
    if standing.owner is Owner.HUMAN:
        # A person has it already: say which ticket it is rather than nothing.
        return ShowTickets(standing.ticket)
    if is_over_the_limit(standing, policy) and not standing.has_ticket:
        return Decline(Why.TOO_MANY_TICKETS)
    return escalate(Reason.ASKED_FOR_HUMAN)


def _number(command: Command) -> int | None:
    found = _NUMBER.fullmatch(command.argument.strip())
    return int(found[1]) if found else None
