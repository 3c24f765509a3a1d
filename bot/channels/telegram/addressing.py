"""Who a text is meant for: commands and mentions of the bot, among people and other bots."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.channels.base import Command, CommandName
from bot.channels.telegram.updates import Bot, Entity
from bot.inbound_text import clean

LONGEST_ARGUMENT = 200
_TYPED = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@([A-Za-z0-9_]{1,64}))?(?:\s+(.*))?", re.DOTALL)
_NAMES = {name.value: name for name in CommandName}


@dataclass(frozen=True)
class Typed:
    """What looks like a command: ``/name@bot argument``. ``bot`` is None where no bot is named."""

    name: str
    bot: str | None
    argument: str

    def is_for_another(self, me: Bot) -> bool:
        return self.bot is not None and self.bot.lower() != me.username.lower()

    def command(self) -> Command | None:
        """The command that we know by this name. ``/help`` is what ``/start`` is without a payload."""
        if self.name == "help":
            return Command(CommandName.START)
        known = _NAMES.get(self.name)
        return Command(known, clean(self.argument).strip()[:LONGEST_ARGUMENT]) if known else None


def read_typed(text: str) -> Typed | None:
    found = _TYPED.fullmatch(text.strip())
    return Typed(found[1].lower(), found[2], found[3] or "") if found else None


def mentions(text: str, entities: tuple[Entity, ...], me: Bot) -> bool:
    """Whether the bot is mentioned, by its @name or by a link to it."""
    return bool(_mention_of(me).search(text)) or any(_is_link_to(entity, me) for entity in entities)


def without_mentions(text: str, entities: tuple[Entity, ...], me: Bot) -> str:
    """``text`` without the bot's name: "@firstline_bot: is it down?" asks "is it down?"."""
    for entity in sorted(entities, key=lambda each: each.offset, reverse=True):
        if _is_link_to(entity, me):
            text = _without_units(text, entity.offset, entity.length)
    return _mention_of(me).sub("", text).strip()


def _mention_of(me: Bot) -> re.Pattern[str]:
    # Not within an address ("ada@…") or a command ("/start@…").
    return re.compile(rf"(?<![\w@/])@{re.escape(me.username) or '(?!)'}(?!\w)[,:]?[ \t]*", re.IGNORECASE)


def _is_link_to(entity: Entity, me: Bot) -> bool:
    return entity.type == "text_mention" and entity.user is not None and entity.user.id == me.id


def _without_units(text: str, offset: int, length: int) -> str:
    units = text.encode("utf-16-le", "surrogatepass")
    return (units[: 2 * offset] + units[2 * (offset + length) :]).decode("utf-16-le", "surrogatepass")
