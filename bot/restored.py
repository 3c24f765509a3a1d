"""What a restore must not do by itself: say old words again, or answer what was answered long ago."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, or_, update
from sqlmodel import Session, col, select

from bot.channels.mailbox import TERMINAL, WEB
from bot.channels.slack.names import LOOKS_FROM, SLACK, UNSEEN
from bot.channels.slack.peers import SIGN
from bot.inbox import NOWHERE
from bot.models import InboxRow, InboxState
from handoff.models import Delivery, DeliveryState, SignInLink, StaffSession, Thread
from handoff.rows import rows_touched
from store import audit, settings
from store.backup import note_made
from store.models import Lease, Setting

FRESH = timedelta(hours=1)
"""What came to a mailbox so shortly before the restore, and is in the backup as not dealt with, is still worth an
answer of the bot's."""
MAILBOXES = (WEB, TERMINAL)
"""Here a message shows once however often it is sent."""
LOOKED_UP = (SLACK,)
"""Here it can be looked for before it is sent."""
_NEVER_BLINDLY = 2
"""So many doubts, and nobody's wish: where Slack does not let us look after all, a person decides."""
_UNFINISHED = (DeliveryState.READY, DeliveryState.SENDING)
_MAYBE_SENT = "restored from a backup: it may have been sent since that was made"
_MAYBE_ANSWERED = "restored from a backup: it may have been answered since that was made"


def settle(session: Session, backup: str, made_at: datetime, now: datetime) -> dict[str, int]:
    """Make the rows of the restored ``backup`` of ``made_at`` safe to go on with. Returns how many of what.

    ``uncertain``: deliveries that an agent must decide about; ``looked_up``: those that are looked for on Slack before
    they are sent; ``parked``: inbox rows that a person may replay; ``signed_out``: sessions that end, for they may have
    ended before. One-time sign-in links go as well.
    """
    found = {
        **_deliveries(session, now),
        "parked": _inbox(session, backup, now),
        "signed_out": rows_touched(session, delete(StaffSession)),
    }
    session.execute(delete(SignInLink))
    # Whoever held something then does not live any more.
    session.execute(delete(Lease))
    # What was said until now was heard, and most likely answered, by who ran before: nobody looks for it again.
    for names in (UNSEEN, SIGN):
        session.execute(delete(Setting).where(col(Setting.name).startswith(names, autoescape=True)))
    settings.keep(session, LOOKS_FROM, {"since": now.isoformat()})
    # The rows are older than the news of their own backup.
    note_made(session, backup, made_at)
    audit.record(session, "system", "backup.restored", "backup", None, now, backup=backup, **found)
    return found


def _deliveries(session: Session, now: datetime) -> dict[str, int]:
    """What was on its way is in doubt, but for mailboxes, where it goes on."""
    unfinished = update(Delivery).where(col(Delivery.state).in_(_UNFINISHED)).values(worker=None, lease_until=None)
    elsewhere = select(Thread.id).where(col(Thread.channel).not_in((*MAILBOXES, *LOOKED_UP)))
    doubtful = unfinished.where(col(Delivery.thread_id).in_(elsewhere))
    uncertain = rows_touched(session, doubtful.values(state=DeliveryState.UNCERTAIN, error=_MAYBE_SENT))
    there = select(Thread.id).where(col(Thread.channel).in_(LOOKED_UP))
    asked = unfinished.where(col(Delivery.thread_id).in_(there)).values(doubts=_NEVER_BLINDLY, attempts=1)
    looked_up = rows_touched(session, asked.values(state=DeliveryState.READY, not_before=now, error=_MAYBE_SENT))
    session.execute(unfinished.values(state=DeliveryState.READY))
    return {"uncertain": uncertain, "looked_up": looked_up}


def _inbox(session: Session, backup: str, now: datetime) -> int:
    """What was not dealt with is parked, however new it is: whoever ran when the backup was made was about to answer
    it. But for what came to a mailbox just now."""
    waiting = update(InboxRow).where(col(InboxRow.state).in_([InboxState.NEW, InboxState.WORKING]))
    waiting = waiting.values(worker=None, lease_until=None, heard_to=None)
    old = waiting.where(or_(col(InboxRow.received_at) < now - FRESH, col(InboxRow.channel).not_in(MAILBOXES)))
    parked = rows_touched(session, old.values(state=InboxState.PARKED, error=_MAYBE_ANSWERED))
    session.execute(waiting.values(state=InboxState.NEW, not_before=now))
    session.add_all(_heard(channel, backup, now) for channel in session.exec(select(InboxRow.channel).distinct()).all())
    return parked


def _heard(channel: str, backup: str, now: datetime) -> InboxRow:
    """A row that stands for all that came between backup and restore: it was dealt with then."""
    return InboxRow(
        channel=channel,
        event_key=f"restored:{backup}",
        thread_key=f"{NOWHERE}restored",
        payload="{}",
        received_at=now,
        not_before=now,
        state=InboxState.DONE,
    )
