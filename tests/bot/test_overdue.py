"""When a message has waited too long, as a table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.models import InboxRow, InboxState
from bot.watchdog import Patience, is_overdue

CAME = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PATIENCE = Patience(timedelta(seconds=120), timedelta(seconds=30), timedelta(minutes=10))
NEW, WORKING = InboxState.NEW, InboxState.WORKING


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def row(
    state: InboxState = NEW,
    *,
    waits_since: float | None = None,
    leased_to: float | None = None,
    error: str | None = None,
) -> InboxRow:
    return InboxRow(
        channel="web",
        event_key="a",
        thread_key="ada",
        payload="{}",
        received_at=CAME,
        not_before=CAME,
        state=state,
        waits_since=None if waits_since is None else CAME + seconds(waits_since),
        lease_until=None if leased_to is None else CAME + seconds(leased_to),
        error=error,
    )


@pytest.mark.parametrize(
    ("one", "at", "began", "lasting", "is_moving", "expected"),
    [
        # Nobody has begun with it.
        (row(), 120, -900, None, False, False),
        (row(), 121, -900, None, False, True),
        (row(), 121, -900, None, True, False),
        (row(), 600, -900, None, True, False),
        (row(), 601, -900, None, True, True),
        # It counts from the start of the worker, the end of the hold, the replay.
        (row(), 300, 200, None, False, False),
        (row(), 321, 200, None, False, True),
        (row(waits_since=8), 125, -900, None, False, False),
        (row(waits_since=8), 129, -900, None, False, True),
        (row(waits_since=90_000), 90_100, -900, None, False, False),
        # A turn is under way here.
        (row(WORKING, leased_to=60), 121, -900, 121, False, True),
        (row(WORKING, leased_to=60), 121, -900, 121, True, True),
        (row(WORKING, leased_to=60), 119, -900, 119, False, False),
        (row(WORKING, leased_to=560), 500, -900, 5, True, False),
        (row(WORKING, leased_to=560), 531, -900, 30, True, True),
        # Another process has it, or had it.
        (row(WORKING, leased_to=200), 190, -900, None, False, False),
        (row(WORKING, leased_to=60), 121, -900, None, False, True),
        (row(WORKING, leased_to=60), 121, -900, None, True, False),
        # It came while it was looked, or by the clock of another machine that is ahead.
        (row(), -0.1, -900, None, True, False),
        (row(), -0.1, -900, None, False, False),
        (row(), -50, -900, None, True, False),
        (row(waits_since=8), 7, -900, None, False, False),
        # It was begun in vain, and is to be tried again.
        (row(error="busy"), 120, -900, None, True, False),
        (row(error="busy"), 121, -900, None, True, True),
        # The clock was set back: it came in what is the future now.
        (row(waits_since=8), -3_000, -3_100, None, False, False),
        (row(waits_since=8), -2_900, -3_100, None, False, True),
    ],
)
def test_a_message_is_overdue(
    one: InboxRow, at: float, began: float, lasting: float | None, is_moving: bool, expected: bool
) -> None:
    took = None if lasting is None else seconds(lasting)
    found = is_overdue(
        one, CAME + seconds(at), CAME + seconds(began), lasting=took, is_moving=is_moving, patience=PATIENCE
    )
    assert found is expected
