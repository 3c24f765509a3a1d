"""Several messages that say one thing: a fragment waits a moment for what comes next, and all is answered once.

The waiting is done by the inbox, not by anybody: a held row is due at its time, or when more comes into its thread.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlmodel import Session

from bot import inbox
from bot.channels.base import Channel, Inbound, Unreadable
from bot.decisions import Answer, Clarify, Decision, Decline, Escalate, SmallTalk, Why
from bot.models import InboxRow
from handoff.models import Reason
from retrieval.sentences import says_little, stands_alone

PAUSE = timedelta(seconds=1.5)
"""How long a fragment waits for the next; each further one starts it again."""
LONGEST = timedelta(seconds=8)
MOST_ROWS = 50
_UNSURE = (Reason.LOW_CONFIDENCE, Reason.NO_KNOWLEDGE, Reason.REPEATED_QUESTION)


@dataclass(frozen=True)
class Burst:
    """Messages of one customer that belong together, in order; most are of one. ``row``: the first, which is ours."""

    row: InboxRow
    inbounds: tuple[Inbound, ...]
    newest: InboxRow
    """The row of the last of them."""
    with_rows: tuple[int, ...] = ()
    """The further rows that are dealt with together with ``row``."""
    heard_to: int = 0
    """The newest row of the thread that was looked at."""
    is_over: bool = False
    """What follows is something else."""

    @classmethod
    def of(cls, row: InboxRow, inbound: Inbound) -> Burst:
        # What was set aside before, and is looked at again, is no beginning of anything.
        return cls(row, (inbound,), row, heard_to=row.id or 0, is_over=row.message_id is not None)

    @property
    def text(self) -> str:
        return "\n".join(each.text for each in self.inbounds if each.text.strip())

    @property
    def last(self) -> str:
        """The last words, where there are several and they say something by themselves."""
        last = self.inbounds[-1].text
        return last if len(self.inbounds) > 1 and stands_alone(last) else ""

    @property
    def until(self) -> datetime:
        """When nothing is waited for any more."""
        return min(self.newest.received_at + PAUSE, self.row.received_at + LONGEST)

    @property
    def may_wait(self) -> bool:
        """Presses, commands and files are dealt with at once."""
        first, last = self.inbounds[0], self.inbounds[-1]
        return not (self.is_over or first.press or first.command or last.files or last.remote_files)


def grown(session: Session, channel: Channel, burst: Burst) -> Burst:
    """``burst`` with what its customer wrote since, up to anything else that concerns the thread's customers."""
    for row in inbox.following(session, burst.row, burst.heard_to, MOST_ROWS - len(burst.inbounds)):
        if burst.is_over:
            break
        burst = _with(burst, row, channel)
    return burst


def is_fragment(decision: Decision, burst: Burst, *, is_opening: bool) -> bool:
    """Whether more is to be expected before ``decision`` is carried out.

    What is understood is dealt with at once, and so is a whole sentence. A greeting opens what is yet to be said; a
    mere word may be the first of several ("lost", "my", "glove"), whatever it finds.
    """
    match decision:
        case Answer():
            return says_little(burst.inbounds[-1].text)
        case SmallTalk():
            return is_opening
        case Clarify() | Decline(Why.FOREIGN | Why.VAGUE):
            return not stands_alone(burst.inbounds[-1].text)
        case Escalate(reason, intent=None) if reason in _UNSURE:
            return not stands_alone(burst.inbounds[-1].text)
    return False


def _with(burst: Burst, row: InboxRow, channel: Channel) -> Burst:
    heard = replace(burst, heard_to=row.id or 0)
    try:
        event = channel.parse(json.loads(row.payload))
    except (Unreadable, ValueError):
        return replace(burst, is_over=True)
    if not isinstance(event, Inbound):
        # An edit, say: it has its own turn.
        return heard
    if not _goes_on(burst.inbounds[0], event):
        return replace(burst, is_over=True)
    with_rows = (*burst.with_rows, row.id or 0)
    if event.external_id is not None and any(each.external_id == event.external_id for each in burst.inbounds):
        # The same message, reported twice.
        return replace(heard, with_rows=with_rows)
    return replace(heard, inbounds=(*burst.inbounds, event), newest=row, with_rows=with_rows)


def _goes_on(first: Inbound, following: Inbound) -> bool:
    is_same = (first.customer, first.is_shared, first.reply_to, first.about) == (
        following.customer,
        following.is_shared,
        following.reply_to,
        following.about,
    )
    return is_same and not following.press and not following.command
