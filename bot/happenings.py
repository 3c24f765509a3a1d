"""Events that are no message: edits, deletions, a customer who blocks the bot, a group that moves."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from bot.channels.base import Deleted, Edited, Moved, Nothing, Reachability
from handoff import revisions, threads

Happening = Edited | Deleted | Reachability | Moved | Nothing


def happen(session: Session, event: Happening, now: datetime) -> None:
    """Write down what happened. What concerns a thread that nobody wrote in from here changes nothing."""
    match event:
        case Nothing():
            return
        case Moved(channel, old, new):
            threads.rename(session, channel, old, new)
            return
        case Reachability():
            _reach(session, event, now)
            return
    thread = threads.thread_called(session, event.channel, event.thread)
    if thread is None:
        return
    match event:
        case Edited():
            revisions.revise(session, thread, event.external_id, event.text, now)
        case Deleted():
            revisions.take_back(session, thread, event.external_id, now)


def _reach(session: Session, event: Reachability, now: datetime) -> None:
    for thread in threads.places(session, event.channel, event.thread):
        if event.is_reachable:
            threads.mark_reachable(session, thread, now)
        else:
            threads.mark_unreachable(session, thread, event.reason, now)
