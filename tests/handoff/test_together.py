"""Who is at a ticket, what they typed there, and what calls them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from handoff import desk
from handoff.actors import Actor
from handoff.conversations import add_incoming
from handoff.models import Conversation
from handoff.rows import id_of
from handoff.staff import disable_staff
from handoff.staffing.teams import add_member, add_team
from handoff.ticketing.models import NoticeKind
from handoff.ticketing.notices import mark_seen, tell
from handoff.tickets import customer_wrote, ticket_by_number
from handoff.workplace.drafts import KINDS, LONGEST, drafts_of, drop_draft, save_draft
from handoff.workplace.models import TicketLook
from handoff.workplace.presence import TYPING, VIEWING, leave, look, present
from handoff.workplace.unread import mark_read
from handoff.workplace.work import MOST, Call, calls, wanted
from store import Database, reading, transaction
from store.changes import changes_after, latest_change, note_change

SOON = timedelta(seconds=1)


def at(
    database: Database, number: int, actor: Actor, now: datetime, *, types: bool = False, arrives: bool = False
) -> bool:
    """The actor's browser says that they are at the ticket. Whether that was news to others."""
    with reading(database) as session:
        before = latest_change(session)
    with transaction(database) as session:
        ticket_id = id_of(ticket_by_number(session, number))
        look(session, ticket_id, actor.staff_id or 0, now, types=types, arrives=arrives)
    with reading(database) as session:
        return [change.kind for change in changes_after(session, before)] == ["look"]


def seen(database: Database, number: int, now: datetime, but: Actor | None = None) -> list[tuple[str, bool]]:
    with reading(database) as session:
        found = present(session, [number, 99], now, but=but.staff_id if but else None)
    assert 99 not in found
    return [(one.name, one.is_typing) for one in found.get(number, [])]


def says(database: Database, number: int, text: str, now: datetime) -> int:
    with transaction(database) as session:
        conversation = session.get_one(Conversation, ticket_by_number(session, number).conversation_id)
        message = add_incoming(session, conversation, text, None, now, {})
        customer_wrote(session, conversation, now)
        return id_of(message)


def test_who_looks_and_who_types_is_known_until_their_browser_falls_silent(
    database: Database, escalate: Callable[..., int], bob: Actor, eve: Actor, now: datetime
) -> None:
    number = escalate()
    at(database, number, bob, now)
    at(database, number, eve, now, types=True)
    assert seen(database, number, now) == [(eve.name, True), (bob.name, False)]
    assert seen(database, number, now, but=eve) == [(bob.name, False)]
    assert seen(database, number, now + TYPING) == [(bob.name, False), (eve.name, False)]
    assert seen(database, number, now + VIEWING) == []


def test_others_hear_of_coming_typing_and_going_but_not_of_staying(
    database: Database, escalate: Callable[..., int], bob: Actor, now: datetime
) -> None:
    number = escalate()
    assert at(database, number, bob, now)
    assert not at(database, number, bob, now + SOON)
    assert at(database, number, bob, now + SOON, types=True)
    assert not at(database, number, bob, now + 2 * SOON, types=True)
    assert at(database, number, bob, now + 3 * SOON)
    assert at(database, number, bob, now + 3 * SOON, arrives=True)
    assert at(database, number, bob, now + VIEWING + 4 * SOON)


def test_who_leaves_is_gone_at_once_and_keeps_what_they_read(
    database: Database, escalate: Callable[..., int], bob: Actor, eve: Actor, now: datetime
) -> None:
    number = escalate()
    me = bob.staff_id or 0
    with transaction(database) as session:
        ticket_id = id_of(ticket_by_number(session, number))
        mark_read(session, ticket_id, me, 7, now)
        look(session, ticket_id, me, now, types=True)
        leave(session, ticket_id, eve.staff_id or 0, now)
    with transaction(database) as session:
        leave(session, ticket_id, me, now)
        leave(session, ticket_id, me, now)
    assert seen(database, number, now) == []
    with reading(database) as session:
        assert session.get_one(TicketLook, (ticket_id, me)).read_to == 7


def test_who_was_switched_off_is_nowhere(
    database: Database, escalate: Callable[..., int], bob: Actor, now: datetime
) -> None:
    number = escalate()
    at(database, number, bob, now)
    with transaction(database) as session:
        disable_staff(session, bob.staff_id or 0, now)
    assert seen(database, number, now) == []


def test_a_draft_is_its_writers_alone_and_gone_when_it_is_empty(
    database: Database, escalate: Callable[..., int], bob: Actor, eve: Actor, now: datetime
) -> None:
    number, me, she = escalate(), bob.staff_id or 0, eve.staff_id or 0
    with transaction(database) as session:
        ticket_id = id_of(ticket_by_number(session, number))
        for kind in KINDS:
            save_draft(session, ticket_id, me, kind, f"half a {kind}", now)
        save_draft(session, ticket_id, she, "reply", "hers", now)
        save_draft(session, ticket_id, me, "reply", "more\r\n of a\x00 reply ", now + SOON)
        assert drafts_of(session, ticket_id, me) == {"reply": "more\n of a\ufffd reply ", "note": "half a note"}
        save_draft(session, ticket_id, me, "reply", " \u200b\n", now)
        drop_draft(session, ticket_id, me, "note")
    with reading(database) as session:
        assert drafts_of(session, ticket_id, me) == {}
        assert drafts_of(session, ticket_id, she) == {"reply": "hers"}


def test_more_than_can_be_sent_is_kept_too(
    database: Database, escalate: Callable[..., int], bob: Actor, now: datetime
) -> None:
    number = escalate()
    with transaction(database) as session:
        ticket_id = id_of(ticket_by_number(session, number))
        save_draft(session, ticket_id, bob.staff_id or 0, "reply", "长" * 60_000, now)
        assert drafts_of(session, ticket_id, bob.staff_id or 0) == {"reply": "长" * LONGEST}


def count(database: Database, actor: Actor) -> int:
    with reading(database) as session:
        return wanted(session, actor.staff_id or 0)


def heard(database: Database, actor: Actor, after: int) -> list[tuple[int, str]]:
    """What calls the actor: the ticket, and new, wrote or the notice's kind."""
    with reading(database) as session:
        found, newest = calls(session, actor.staff_id or 0, after)
        assert newest == latest_change(session)
        return sorted((call.ticket.number, reason(call)) for call in found)


def reason(call: Call) -> str:
    if call.notice:
        return call.notice.kind.value
    return "new" if call.is_new else "wrote"


def newest(database: Database) -> int:
    with reading(database) as session:
        return latest_change(session)


def test_what_wants_somebody_is_counted_once_for_each_ticket(
    database: Database, escalate: Callable[..., int], bob: Actor, eve: Actor, now: datetime
) -> None:
    mine, _new = escalate("mine", thread="ada"), escalate("new", thread="grace")
    assert (count(database, bob), count(database, eve)) == (2, 2)
    with transaction(database) as session:
        ticket = desk.claim(session, mine, bob, now)
        mark_read(session, id_of(ticket), bob.staff_id or 0, 10_000, now)
        tell(session, [eve.staff_id], NoticeKind.MENTION, ticket, now, by="bob")
        tell(session, [eve.staff_id], NoticeKind.MENTION, ticket, now, by="bob")
    assert (count(database, bob), count(database, eve)) == (1, 2)
    with transaction(database) as session:
        mark_seen(session, eve.staff_id or 0, now)
    assert count(database, eve) == 1


def test_only_what_has_just_come_calls_and_only_whom_it_concerns(
    database: Database, escalate: Callable[..., int], bob: Actor, eve: Actor, now: datetime
) -> None:
    before = newest(database)
    mine, new = escalate("mine", thread="ada"), escalate("new", thread="grace")
    assert heard(database, bob, before) == [(mine, "new"), (new, "new")]
    assert heard(database, bob, 0) == []
    with transaction(database) as session:
        desk.claim(session, mine, bob, now + SOON)
    before = newest(database)
    says(database, mine, "are you there?", now + 2 * SOON)
    says(database, new, "hello?", now + 2 * SOON)
    assert heard(database, bob, before) == [(mine, "wrote")]
    assert heard(database, eve, before) == []
    before = newest(database)
    with transaction(database) as session:
        desk.reply(session, mine, "Here I am.", bob, now + 3 * SOON)
        tell(session, [eve.staff_id], NoticeKind.MENTION, ticket_by_number(session, mine), now + 3 * SOON, by="bob")
    assert heard(database, bob, before) == []
    assert heard(database, eve, before) == [(mine, "mention")]


def test_what_one_does_oneself_calls_nobody_back_to_it(
    database: Database, escalate: Callable[..., int], bob: Actor, now: datetime
) -> None:
    number = escalate()
    with transaction(database) as session:
        desk.claim(session, number, bob, now)
        desk.hand_back(session, number, bob, now)
    before = newest(database)
    with transaction(database) as session:
        desk.reopen(session, number, bob, now + SOON)
    assert heard(database, bob, before) == []


def test_the_new_tickets_of_other_teams_call_nobody(
    database: Database, escalate: Callable[..., int], bob: Actor, eve: Actor, now: datetime
) -> None:
    with transaction(database) as session:
        for actor, name in ((bob, "billing"), (eve, "vault")):
            team = add_team(session, name, now)
            team.assigns = False
            add_member(session, id_of(team), actor.staff_id or 0, now)
    before = newest(database)
    number = escalate("my invoice")
    with transaction(database) as session:
        ticket_by_number(session, number).team = "billing"
    assert (count(database, bob), count(database, eve)) == (1, 0)
    assert heard(database, bob, before) == [(number, "new")]
    assert heard(database, eve, before) == []


def test_after_a_long_absence_only_the_count_tells(
    database: Database, escalate: Callable[..., int], bob: Actor, now: datetime
) -> None:
    before = newest(database)
    escalate()
    with transaction(database) as session:
        for number in range(MOST):
            note_change(session, "account", number, now)
    assert heard(database, bob, before) == []
    assert count(database, bob) == 1
