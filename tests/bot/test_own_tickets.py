"""What a ticket shows its customer, what a number or a word after a rating means, when somebody is asked: all pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.awaiting import is_comment
from bot.channels.base import Command, CommandName
from bot.channels.mailbox import read_command
from bot.commands import decide_command
from bot.decisions import (
    Answer,
    BeginAdding,
    Clarify,
    CloseTicket,
    Decision,
    Decline,
    Escalate,
    Option,
    Rate,
    ReopenTicket,
    ShowTickets,
    Silence,
    SmallTalk,
    Surveys,
    Why,
)
from bot.desk.surveys import FROM, TO, good_moment
from bot.own_tickets import Promised, next_of
from bot.placing import Place
from bot.policy import Policy, Standing
from bot.presses import decide_press
from handoff.models import Action, Button, Reason, TicketStatus
from handoff.own_tickets import choices
from handoff.sla.models import Clock, ClockKind, ClockState

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ADD, CLOSE, REOPEN, RATE = Action.ADD_TO_TICKET, Action.CLOSE_TICKET, Action.REOPEN_TICKET, Action.CSAT


@pytest.mark.parametrize(
    ("status", "is_rated", "deeds"),
    [
        (TicketStatus.OPEN, False, (ADD, CLOSE)),
        (TicketStatus.PENDING, True, (ADD, CLOSE)),
        (TicketStatus.RESOLVED, False, (CLOSE, REOPEN, RATE)),
        (TicketStatus.RESOLVED, True, (CLOSE, REOPEN)),
        (TicketStatus.CLOSED, False, (REOPEN, RATE)),
        (TicketStatus.CLOSED, True, (REOPEN,)),
    ],
)
def test_a_ticket_offers_what_fits_its_status(status: TicketStatus, is_rated: bool, deeds: tuple[Action, ...]) -> None:
    assert choices(status, is_rated=is_rated) == deeds


def clock(
    kind: ClockKind = ClockKind.RESOLUTION,
    due: timedelta | None = HOUR,
    promised: timedelta | None = None,
    state: ClockState = ClockState.RUNNING,
) -> Clock:
    return Clock(
        ticket_id=1,
        kind=kind,
        tier=1,
        policy="",
        minutes=60,
        state=state,
        started_at=NOW,
        due_at=NOW + due if due is not None else None,
        promised_at=NOW + promised if promised is not None else None,
    )


LATE = {"due": -HOUR, "state": ClockState.BREACHED}


@pytest.mark.parametrize(
    ("clocks", "promised"),
    [
        ([], Promised()),
        ([clock()], Promised(NOW + HOUR)),
        ([clock(due=None)], Promised()),
        ([clock(), clock(ClockKind.FIRST_RESPONSE, 2 * HOUR)], Promised(NOW + 2 * HOUR)),
        ([clock(due=3 * HOUR), clock(ClockKind.DIAGNOSIS, 2 * HOUR)], Promised(NOW + 2 * HOUR)),
        ([clock(**LATE)], Promised(None, is_late=True)),  # type: ignore[arg-type]
        ([clock(**LATE, promised=HOUR)], Promised(NOW + HOUR, is_late=True)),  # type: ignore[arg-type]
        ([clock(**LATE, promised=-HOUR), clock()], Promised(NOW + HOUR, is_late=True)),  # type: ignore[arg-type]
        ([clock(due=-HOUR, promised=-HOUR)], Promised(None, is_late=True)),
    ],
)
def test_a_persons_first_words_are_promised_first_and_a_missed_moment_never(
    clocks: list[Clock], promised: Promised
) -> None:
    assert next_of(clocks, NOW) == promised


@pytest.mark.parametrize(
    ("decision", "text", "is_about_us"),
    [
        (Clarify((Option("a", "A"),)), "it took too long", True),
        (Decline(Why.FOREIGN), "Bob was great", True),
        (SmallTalk("greeting"), "hm", True),
        (Escalate(Reason.NO_KNOWLEDGE), "you never called back", True),
        (Escalate(Reason.NO_KNOWLEDGE), "why did nobody call?", False),
        (Decline(Why.FOREIGN), "为什么没人回复？", False),
        (Escalate(Reason.ASKED_FOR_HUMAN, "asks-for-human"), "a person, please", False),
        (Escalate(Reason.URGENT, "outage"), "everything is down", False),
        (Answer("reset"), "I forgot my password", False),
        (Silence("a person owns this conversation"), "hm", False),
    ],
)
def test_words_after_a_rating_are_about_us_unless_they_need_something(
    decision: Decision, text: str, is_about_us: bool
) -> None:
    assert is_comment(decision, text) is is_about_us


@pytest.mark.parametrize(
    ("command", "decision"),
    [
        (Command(CommandName.CLOSE, "12"), CloseTicket(12)),
        (Command(CommandName.CLOSE, "it"), ShowTickets()),
        (Command(CommandName.REOPEN, "#12"), ReopenTicket(12)),
        (Command(CommandName.ADD, "12"), BeginAdding(12)),
        (Command(CommandName.ADD), ShowTickets()),
        (Command(CommandName.RATE, "12 5"), Rate(5, number=12)),
        (Command(CommandName.RATE, "12"), ShowTickets(12)),
        (Command(CommandName.RATE, "12 five"), ShowTickets(12)),
        (Command(CommandName.SURVEYS, "off"), Surveys(are_wanted=False)),
        (Command(CommandName.SURVEYS, "On"), Surveys(are_wanted=True)),
    ],
)
def test_what_the_commands_about_own_tickets_lead_to(command: Command, decision: Decision) -> None:
    assert decide_command(command, Standing(), Policy(threshold=0.9), is_shared=False) == decision


@pytest.mark.parametrize("name", ["add", "close", "reopen", "rate"])
def test_nothing_is_done_to_own_tickets_before_others(name: str) -> None:
    command = Command(CommandName(name), "12 5")
    assert decide_command(command, Standing(), Policy(threshold=0.9), is_shared=True) == Decline(Why.PRIVATE_ONLY)


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/tickets", Command(CommandName.TICKETS)),
        (" /Status 12 ", Command(CommandName.STATUS, "12")),
        ("/add 12 two\nlines", Command(CommandName.ADD, "12 two\nlines")),
        ("/help", Command(CommandName.START)),
        ("/help code", Command(CommandName.START)),
        ("/start code", None),
        ("/etc/passwd is gone", None),
        ("tickets", None),
        ("/unknown", None),
    ],
)
def test_a_typed_command_is_known_where_there_is_no_menu(text: str, command: Command | None) -> None:
    assert read_command(text) == command


@pytest.mark.parametrize(
    ("action", "argument", "decision"),
    [
        (Action.TICKET, "12", ShowTickets(12)),
        (Action.ADD_TO_TICKET, "12", BeginAdding(12)),
        (Action.CLOSE_TICKET, "12", CloseTicket(12)),
        (Action.REOPEN_TICKET, "12", ReopenTicket(12)),
        (Action.CSAT, "4", Rate(4, message_id=1)),
        (Action.NPS, "0", Rate(0, message_id=1)),
        (Action.NO_SURVEYS, None, Surveys(are_wanted=False)),
    ],
)
def test_what_the_buttons_about_own_tickets_mean(action: Action, argument: str | None, decision: Decision) -> None:
    button = Button(token="t", message_id=1, action=action, label="x", argument=argument)
    assert decide_press(Place(1, button=button), Policy(threshold=0.9)) == decision


@pytest.mark.parametrize(
    ("timezone", "zone"),
    [
        ("Asia/Shanghai", "Asia/Shanghai"),
        ("America/Los_Angeles", "America/Los_Angeles"),
        (None, "UTC"),
        ("Nowhere/At_All", "UTC"),
    ],
)
def test_everybody_is_asked_on_a_working_day_of_their_own(timezone: str | None, zone: str) -> None:
    for hours in range(0, 24 * 8, 5):
        for spread in (0, 1, 9, 1_000_003):
            now = NOW + timedelta(hours=hours)
            asked = good_moment(now, timezone, spread)
            there = asked.astimezone(ZoneInfo(zone))
            assert asked > now
            assert there.weekday() < 5
            assert FROM <= there.hour < TO
