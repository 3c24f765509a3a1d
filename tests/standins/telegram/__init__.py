"""A strict stand-in for the Telegram Bot API, and the people on its other side. README.md is one page."""

from standins.telegram import faults
from standins.telegram.limits import Limits, ManualClock
from standins.telegram.model import MB, Chat, Message, Press, SentFile, Sizes, Topic
from standins.telegram.people import Person
from standins.telegram.samples import MP4, OGG, PDF, PNG
from standins.telegram.world import TOKEN, Call, TelegramWorld

__all__ = [
    "MB",
    "MP4",
    "OGG",
    "PDF",
    "PNG",
    "TOKEN",
    "Call",
    "Chat",
    "Limits",
    "ManualClock",
    "Message",
    "Person",
    "Press",
    "SentFile",
    "Sizes",
    "TelegramWorld",
    "Topic",
    "faults",
]
