"""Notices that leave the house: by mail to whom they concern, and what is urgent to where the staff reads as well."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files

import yaml
from sqlmodel import Session, col, select

from bot.live import House
from bot.promises import told
from bot.replies import spoken
from handoff.card import as_text, card_of
from handoff.conversations import lock_conversation
from handoff.copies import can_mail, say_to_staff, staff_mailbox, staff_place
from handoff.models import Conversation, Staff, Thread, Ticket
from handoff.sla.models import Calendar
from handoff.staffing.models import Profile
from handoff.ticketing.models import Notice, NoticeKind
from handoff.ticketing.notices import told_together
from store.models import Timer

URGENT = (NoticeKind.WARNING, NoticeKind.BREACH, NoticeKind.ON_CALL)
"""What concerns everybody, so that it goes to the staff's channels, too."""
_PLACE_LANGUAGE = "en"


def hold(session: Session, notice_id: int) -> None:
    """Keep the conversation that the notice is about from others."""
    notice = session.get(Notice, notice_id)
    ticket = session.get(Ticket, notice.ticket_id) if notice and notice.ticket_id else None
    if ticket is not None:
        lock_conversation(session, ticket.conversation_id)


def handle(session: Session, timer: Timer, now: datetime, house: House) -> None:
    """Word the notice for each reader, and have it sent. ``timer.subject_id``: the first of those told together."""
    notices = told_together(session, timer.subject_id)
    ticket = session.get(Ticket, notices[0].ticket_id) if notices and notices[0].ticket_id else None
    if ticket is None:
        return
    notice, readers = notices[0], _readers(session, [each.staff_id for each in notices])
    names = ", ".join(staff.name for staff, _ in readers)
    conversation = session.get_one(Conversation, ticket.conversation_id)
    for post in _posts(session, readers, notice.kind, house, now):
        text = _words(session, ticket, notice, post, names, now, house.address)
        beside = {"activity": "staff_told", "kind": notice.kind.value, "reason": names}
        say_to_staff(session, conversation, text, post.threads, now, **beside)


@dataclass(frozen=True)
class Post:
    """The same words for several places. ``is_place``: they are channels of the staff, not one person's mailbox."""

    language: str
    zone: str | None
    is_place: bool
    threads: list[Thread]


Reader = tuple[Staff, str | None]
"""Somebody who is told, and their time zone if they have one of their own."""


def _readers(session: Session, staff_ids: Sequence[int]) -> list[Reader]:
    query = (
        select(Staff, Profile.timezone)
        .join(Profile, col(Profile.staff_id) == Staff.id, isouter=True)
        .where(col(Staff.id).in_(staff_ids), col(Staff.disabled_at).is_(None))
    )
    return [(staff, zone) for staff, zone in session.exec(query.order_by(col(Staff.id)))]


def _posts(
    session: Session, readers: Sequence[Reader], kind: NoticeKind, house: House, now: datetime
) -> Iterator[Post]:
    """Where the notice goes: one post for all who read the same language in the same time zone."""
    own = session.exec(select(Calendar.timezone).where(col(Calendar.is_default))).first()
    mailboxes: dict[tuple[str, str | None], list[Thread]] = {}
    for staff, zone in readers if can_mail(session) else ():
        key = spoken(staff.language), zone or own
        mailboxes.setdefault(key, []).append(staff_mailbox(session, staff.email, now))
    for (language, zone), threads in mailboxes.items():
        yield Post(language, zone, False, threads)
    if kind in URGENT and house.staff_places:
        places = [staff_place(session, channel, place, now) for channel, place in house.staff_places]
        yield Post(_PLACE_LANGUAGE, own, True, places)


def _words(
    session: Session, ticket: Ticket, notice: Notice, post: Post, names: str, now: datetime, address: str
) -> str:
    words, detail = sentences()[post.language], notice.detail
    due = detail.get("due_at")
    head = words[f"{notice.kind.value}_place" if post.is_place else notice.kind.value].format(
        number=ticket.number,
        priority=ticket.priority.value,
        subject=ticket.subject,
        by=detail.get("by") or words["somebody"],
        clock=words.get(f"clock_{detail.get('clock')}", ""),
        due=told(datetime.fromisoformat(due), now, post.zone, post.language) if due else words["soon"],
    )
    card = as_text(card_of(session, ticket), post.language)
    foot = [words["told"].format(names=names)] if post.is_place else []
    return "\n".join([head, "", card, "", f"{address}/console/tickets/{ticket.number}", *foot])


@cache
def sentences() -> dict[str, dict[str, str]]:
    """What the staff reads of notices, by language and key."""
    text = files("bot.desk").joinpath("notices.yml").read_text("utf8")
    loaded: dict[str, dict[str, str]] = yaml.safe_load(text)
    return loaded
