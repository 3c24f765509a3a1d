"""What each method of the Bot API does to the world. ``HANDLERS`` run inside ``world.changing()``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from standins.telegram.arguments import Arguments
from standins.telegram.methods import chats, editing, profile, receiving, sending, topics

if TYPE_CHECKING:
    from standins.telegram.world import TelegramWorld

Handler = Callable[["TelegramWorld", Arguments], Any]

HANDLERS: dict[str, Handler] = {
    **sending.HANDLERS,
    **editing.HANDLERS,
    **chats.HANDLERS,
    **topics.HANDLERS,
    **profile.HANDLERS,
    **receiving.HANDLERS,
}
