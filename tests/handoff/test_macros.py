"""Macros: their words and gaps, who has which, and what they do to a ticket."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, select

from handoff import desk, errors
from handoff.actors import Actor
from handoff.models import Priority, Role, TicketStatus, WaitsFor
from handoff.staffing.teams import add_member, add_team
from handoff.ticketing.sorting import tags_of
from handoff.tickets import ticket_by_number
from handoff.workplace.gaps import Filled, fill, is_edited, unknown_gaps, words_in
from handoff.workplace.macro_deeds import ME, Deeds, do
from handoff.workplace.macros import Written, change, count_use, macro_of, macros_for, macros_to_keep, make, remove
from handoff.workplace.models import Macro
from store import Database, reading, transaction

pytestmark = pytest.mark.any_database

REFUND = Written(
    "Refund", "Money back", {"en": "Dear {customer}, #{number} is on its way.", "zh": "{customer}，您好。"}
)


def test_gaps_are_filled_and_what_is_unknown_stays_to_be_seen() -> None:
    assert fill("Hello {customer}, {promise}.", {"customer": "Ada"}) == Filled("Hello Ada, {promise}.", ("promise",))


def test_what_goes_into_a_gap_is_not_looked_through_for_gaps() -> None:
    assert fill("{subject} {number}", {"subject": "{number}", "number": "7"}) == Filled("{number} 7")


def test_braces_that_are_no_gap_are_words() -> None:
    assert fill('{"a": 1} {Customer} {}', {}) == Filled('{"a": 1} {Customer} {}')
    assert unknown_gaps("{customer} {custommer} {a1}") == ("custommer",)


@pytest.mark.parametrize(
    ("language", "found"),
    [("zh", "zh"), ("zh-Hant", "zh"), ("pt", "pt-BR"), ("fr", "en"), (None, "en"), ("EN-gb", "en")],
)
def test_the_nearest_language_is_taken(language: str | None, found: str) -> None:
    texts = {"en": "Hi", "zh": "您好", "pt-BR": "Oi"}
    assert words_in(texts, language) == (found, texts[found])


def test_without_english_any_language_is_better_than_none() -> None:
    assert words_in({"zh": "您好"}, "fr") == ("zh", "您好")
    assert words_in({}, "fr") == ("", "")


@pytest.mark.parametrize(
    ("said", "edited"),
    [
        ("Dear Ada, #7 is on its way.", False),
        ("Dear Dr. Ada Lovelace, #7 is on its way. ", False),
        ("Dear Ada, #7 is on its way. Bye", True),
        ("Hello! Dear Ada, #7 is on its way.", True),
        ("Dear Ada, 7 is on its way.", True),
    ],
)
def test_filling_a_gap_by_hand_is_no_edit(said: str, edited: bool) -> None:
    assert is_edited("Dear {customer}, #{number} is on its way.", said) is edited


WORDS = st.text(st.characters(exclude_characters="{}"))


@given(WORDS, WORDS, WORDS, WORDS.filter(lambda words: words != "" and words == words.strip()))
def test_what_was_filled_is_never_called_edited(before: str, between: str, after: str, value: str) -> None:
    template = f"{before}{{customer}}{between}{{number}}{after}"
    assert not is_edited(template, fill(template, {"customer": value, "number": "7"}).text)


@pytest.fixture
def root(hire: Callable[..., Actor]) -> Actor:
    return hire("root", Role.ADMIN)


def made(database: Database, written: Written, actor: Actor, now: datetime) -> int:
    with transaction(database) as session:
        return make(session, written, actor, now).id or 0


def names(database: Database, actor: Actor) -> list[str]:
    with reading(database) as session:
        return [row.macro.name for row in macros_for(session, actor.staff_id or 0)]


def test_each_sees_the_houses_their_teams_and_their_own(
    database: Database, root: Actor, bob: Actor, eve: Actor, now: datetime
) -> None:
    with transaction(database) as session:
        billing = add_team(session, "billing", now)
        add_member(session, billing.id or 0, eve.staff_id or 0, now, is_lead=True)
        team_id = billing.id or 0
    made(database, REFUND, root, now)
    team_one = made(database, Written("owed", texts={"en": "You owe."}, team_id=team_id), eve, now)
    own = made(database, Written("mine", texts={"en": "Mine."}, is_own=True), bob, now)
    assert names(database, bob) == ["mine", "refund"]
    assert names(database, eve) == ["owed", "refund"]
    with reading(database) as session:
        assert [row.macro.name for row in macros_to_keep(session, root.staff_id or 0)] == ["owed", "refund"]
        assert macro_of(session, team_one, eve.staff_id).may_change
        assert not macro_of(session, made_id(session, "refund"), bob.staff_id).may_change
        for staff, hidden in ((bob, team_one), (eve, own), (root, own), (Actor(None, "token"), own)):
            with pytest.raises(errors.MacroNotFound):
                macro_of(session, hidden, staff.staff_id)


def made_id(session: Session, name: str) -> int:
    return session.exec(select(Macro.id).where(Macro.name == name)).one() or 0


def test_only_admins_and_leads_make_what_others_have(
    database: Database, bob: Actor, hire: Callable[..., Actor], root: Actor, now: datetime
) -> None:
    macro_id = made(database, REFUND, root, now)
    with transaction(database) as session:
        team_id = add_team(session, "billing", now).id
    for whose in (None, team_id):
        with pytest.raises(errors.NotAllowed), transaction(database) as session:
            make(session, Written("x", texts={"en": "x"}, team_id=whose), bob, now)
    with pytest.raises(errors.NotAllowed), transaction(database) as session:
        change(session, macro_id, Written("refund", texts={"en": "Mine now"}, is_own=True), bob, now)
    with pytest.raises(errors.NotAllowed), transaction(database) as session:
        remove(session, macro_id, bob, now)
    vera = hire("vera", Role.VIEWER)
    with pytest.raises(errors.NotAllowed), transaction(database) as session:
        make(session, Written("x", texts={"en": "x"}, is_own=True), vera, now)


@pytest.mark.parametrize(
    ("written", "error"),
    [
        (Written("two words", texts={"en": "x"}), errors.BadMacroName),
        (Written("", texts={"en": "x"}), errors.BadMacroName),
        (Written("x", texts={"en": "Dear {custommer}"}), errors.BadGap),
        (Written("x", texts={"english!": "x"}), errors.BadMacroLanguage),
        (Written("x", texts={"en": "\u200b"}), errors.EmptyMacro),
        (Written("x", texts={"en": "x" * 10_001}), errors.TextTooLong),
        (Written("/REFUND", texts={"en": "x"}), errors.NameTaken),
        (Written("x", deeds=Deeds(tier=4)), errors.BadTier),
        (Written("x", deeds=Deeds(status="closed")), errors.BadDeed),
        (Written("x", deeds=Deeds(priority="P9")), errors.BadDeed),
        (Written("x", deeds=Deeds(team="nobody's")), errors.TeamNotFound),
        (Written("x", deeds=Deeds(assignee="999")), errors.NoTickets),
        (Written("x", deeds=Deeds(tags=("a,b",))), errors.BadTag),
        (Written("x", texts={"en": "x"}, team_id=99), errors.TeamNotFound),
    ],
)
def test_what_would_not_work_is_refused_when_it_is_written(
    database: Database, root: Actor, now: datetime, written: Written, error: type[Exception]
) -> None:
    made(database, REFUND, root, now)
    with pytest.raises(error), transaction(database) as session:
        make(session, written, root, now)


def test_a_macro_does_it_all_at_once(
    database: Database, root: Actor, bob: Actor, escalate: Callable[..., int], words: desk.ClosingWords, now: datetime
) -> None:
    with transaction(database) as session:
        team = add_team(session, "Billing", now)
        add_member(session, team.id or 0, bob.staff_id or 0, now)
    number = escalate()
    deeds = Deeds(("Money", "refund"), "resolved", "P1", 2, "billing", ME)
    macro_id = made(database, Written("all", deeds=deeds), root, now)
    for _ in range(2):  # twice is as once
        with transaction(database) as session:
            row = macro_of(session, macro_id, bob.staff_id)
            do(session, number, row.deeds, "All of it", bob, now, lambda *_: words)
    with reading(database) as session:
        ticket = ticket_by_number(session, number)
        assert tags_of(session, ticket.id or 0) == ["money", "refund"]
        assert (ticket.status, ticket.priority, ticket.tier) == (TicketStatus.RESOLVED, Priority.P1, 2)
        assert (ticket.team, ticket.assignee_id) == ("Billing", bob.staff_id)


def test_what_is_not_possible_is_named_and_nothing_is_done(
    database: Database, root: Actor, bob: Actor, escalate: Callable[..., int], words: desk.ClosingWords, now: datetime
) -> None:
    number = escalate()
    with pytest.raises(errors.MacroRefused, match=r"tier 3: .*diagnosis"), transaction(database) as session:
        do(session, number, Deeds(tags=("x",), tier=3), "Up", bob, now, lambda *_: words)
    with reading(database) as session:
        assert tags_of(session, ticket_by_number(session, number).id or 0) == []


def test_words_and_then_wait(
    database: Database, bob: Actor, escalate: Callable[..., int], words: desk.ClosingWords, now: datetime
) -> None:
    number = escalate()
    with transaction(database) as session:
        desk.reply(session, number, "Which browser?", bob, now)
        do(session, number, Deeds(status="waiting"), "", bob, now, lambda *_: words)
    with reading(database) as session:
        assert ticket_by_number(session, number).waits_for is WaitsFor.CUSTOMER


def test_uses_are_counted_and_survive_a_change(database: Database, root: Actor, now: datetime) -> None:
    macro_id = made(database, REFUND, root, now)
    for edited in (True, False, False, False):
        with transaction(database) as session:
            count_use(session, macro_id, is_edited=edited)
    with transaction(database) as session:
        change(session, macro_id, Written("money-back", texts={"en": "Sent."}), root, now)
    with reading(database) as session:
        row = macro_of(session, macro_id, root.staff_id)
        assert (row.macro.uses, row.share_edited) == (4, 0.25)
    with transaction(database) as session:
        remove(session, macro_id, root, now)
    assert names(database, root) == []
