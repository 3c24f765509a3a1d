"""Keep raw updates as they came. Only their ids are looked at: what else is in them is read later, one by one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlmodel import Session

from bot import inbox
from bot.channels.telegram.names import TELEGRAM, Me
from bot.channels.telegram.updates import Membership, Placed

_PLACED = ("message", "edited_message")
_BIGGEST = 2**63


@dataclass(frozen=True)
class Row:
    """One update as it goes into the inbox."""

    event_key: str
    thread_key: str
    payload: dict[str, Any]


def row_of(update: Any, me: Me) -> Row:
    """The same update always gives the same key; updates of one place the same thread key, so that they keep order."""
    name = update_name(update)
    payload = {"update": update, "me": asdict(me)}
    return Row(f"{me.id}:{name}", _thread(update) or f"{inbox.NOWHERE}{name}", payload)


def keep_all(session: Session, updates: Sequence[Any], me: Me, now: datetime) -> list[str]:
    """Put ``updates`` into the inbox, in their order. Returns the ids of the presses among those that are new."""
    presses = []
    for update in updates:
        row = row_of(update, me)
        is_new = inbox.accept(session, TELEGRAM, row.event_key, row.thread_key, row.payload, now)
        if is_new and (press := _press_id(update)):
            presses.append(press)
    return presses


def update_id(update: Any) -> int | None:
    """The number that confirms an update; None where it has none, or something else in its place."""
    number = update.get("update_id") if isinstance(update, dict) else None
    return number if type(number) is int and abs(number) < _BIGGEST else None


def update_name(update: Any) -> str:
    number = update_id(update)
    if number is not None:
        return str(number)
    return "sha-" + hashlib.sha256(json.dumps(update, sort_keys=True).encode()).hexdigest()[:32]


def _thread(update: Any) -> str | None:
    """The Thread's name where the update has a place that can be read."""
    if not isinstance(update, dict):
        return None
    try:
        for kind in _PLACED:
            if kind in update:
                return Placed.model_validate(update[kind]).spot.thread
        if "callback_query" in update:
            return Placed.model_validate(update["callback_query"]["message"]).spot.thread
        if "my_chat_member" in update:
            return str(Membership.model_validate(update["my_chat_member"]).chat.id)
    except (ValidationError, LookupError, TypeError):
        return None
    return None


def _press_id(update: Any) -> str | None:
    query = update.get("callback_query") if isinstance(update, dict) else None
    press = query.get("id") if isinstance(query, dict) else None
    return press if isinstance(press, str) else None
