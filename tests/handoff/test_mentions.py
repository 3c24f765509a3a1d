"""Who is meant by "@…" in a note, and that they learn of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from sqlmodel import select

from handoff import desk
from handoff.actors import Actor
from handoff.models import Message, Role
from handoff.staffing.teams import add_member, add_team
from handoff.ticketing.models import Notice, NoticeKind
from handoff.workplace.mentions import Named, mentioned
from store import Database, reading, transaction

PEOPLE = (
    Named("Eve Adams", (1,)),
    Named("Eve Adamson", (2,)),
    Named("bob", (3,)),
    Named("王小明", (4,)),
    Named("billing", (1, 3), is_team=True),
)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@bob look", ["bob"]),
        ("look, @Bob!", ["bob"]),
        ("@eve adams, and @EVE ADAMSON", ["Eve Adams", "Eve Adamson"]),
        ("@EveAdams", ["Eve Adams"]),
        ("@eve", []),  # two of them
        ("请@王小明看一下", ["王小明"]),
        ("＠王小明", ["王小明"]),
        ("@billing @bob @bob", ["billing", "bob"]),
        ("ask@bob.example, bob@example.com, x@bob", []),
        ("@bobsled @bob_s", []),
        ("@", []),
        ("", []),
    ],
)
def test_who_is_meant(text: str, names: list[str]) -> None:
    assert [one.name for one in mentioned(text, PEOPLE)] == names


def test_the_named_are_told_once_and_the_writer_is_not(
    database: Database,
    bob: Actor,
    eve: Actor,
    hire: Callable[..., Actor],
    escalate: Callable[..., int],
    now: datetime,
) -> None:
    vera = hire("vera", Role.VIEWER)
    number = escalate()
    with transaction(database) as session:
        team = add_team(session, "billing", now)
        for one in (bob, eve):
            add_member(session, team.id or 0, one.staff_id or 0, now)
    with transaction(database) as session:
        note = desk.note(session, number, "@billing and @eve and @vera: see above. @nobody", bob, now)
        note_id = note.id
    with reading(database) as session:
        told = session.exec(select(Notice).where(Notice.kind == NoticeKind.MENTION)).all()
        assert {one.staff_id for one in told} == {eve.staff_id, vera.staff_id}
        assert len(told) == 2
        assert all(one.detail == {"by": "bob", "message": note_id} for one in told)
        kept = session.get_one(Message, note_id)
        assert kept.detail["mentions"] == ["billing", "eve", "vera"]
        assert kept.private


def test_words_to_the_customer_tell_nobody(
    database: Database, bob: Actor, eve: Actor, escalate: Callable[..., int], now: datetime
) -> None:
    number = escalate()
    with transaction(database) as session:
        desk.reply(session, number, "@eve will write to you", bob, now)
    with reading(database) as session:
        assert session.exec(select(Notice).where(Notice.kind == NoticeKind.MENTION)).all() == []
