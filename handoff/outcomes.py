"""What becomes of a delivery when nobody knows whether it arrived. Pure."""

from __future__ import annotations

from enum import Enum

from handoff.models import Author, DeliveryState


class Resend(Enum):
    """What sending the same message again means in a channel."""

    SAFE = "safe"
    """The same message twice shows once."""
    LOOK_UP = "look_up"
    """The channel can be asked whether it has the message, and is asked before it is sent again."""
    ONCE = "once"
    """Nobody can ask: the customer may get it twice."""


def after_doubt(resend: Resend, author: Author, doubts: int) -> DeliveryState:
    """READY to be sent again, or UNCERTAIN, for a person to decide.

    ``doubts``: how many attempts ended so, this one included. Where nobody can look, the bot's own words may reach the
    customer twice, but never three times; an agent's are never repeated without the agent.
    """
    if resend is not Resend.ONCE:
        return DeliveryState.READY
    is_agents = author is Author.AGENT
    return DeliveryState.UNCERTAIN if is_agents or doubts > 1 else DeliveryState.READY


def after_giving_up(resend: Resend, doubts: int) -> DeliveryState:
    """What is not tried any more: FAILED, unless an attempt that nobody could ask about may have brought it."""
    return DeliveryState.UNCERTAIN if resend is Resend.ONCE and doubts else DeliveryState.FAILED
