"""Killed at each place that has a name, on either database, and begun again: the promises hold.

A life of the product dies at the place by SIGKILL while three customers, one on each channel, wait for it; the next one
finds what it left. ``store.crashpoints`` lists the places.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from chaos import publishing
from chaos.lives import Nursery
from chaos.stage import Stage, a_stage, ask
from chaos.storm import POSTGRESQL, SQLITE
from chaos.verdict import Verdict
from postgres import new_database
from sqlmodel import col, select

from bot.learning.upkeep import TOPICS
from bot.models import InboxRow, InboxState
from handoff.models import Delivery, DeliveryState, Message
from store import crashpoints, reading, transaction
from store.models import Timer, TimerState
from store.timers import set_timer

ON_THE_WAY_IN = ("inbox.before_commit", "inbox.after_commit")
IN_A_TURN = ("turn.claimed", "turn.before_record", "turn.in_record", "turn.after_record")
IN_A_SEND = ("send.after_claim", "send.after_call", "send.before_record")
ELSEWHERE = {"turn.held", "turn.in_park", "send.between_parts", "timer.in_deed", "release.swap"}
# Each place on either database; all ways to get there where a life costs least.
SENDS_OF_THE_BOT = [
    *((SQLITE, place, channel) for place in IN_A_SEND for channel in ("telegram", "slack")),
    (POSTGRESQL, "send.after_claim", "telegram"),
    (POSTGRESQL, "send.after_call", "slack"),
    (POSTGRESQL, "send.before_record", "telegram"),
]
SENDS_OF_AGENTS = [
    *((SQLITE, place, channel) for place in IN_A_SEND for channel in ("telegram", "slack")),
    (POSTGRESQL, "send.after_call", "telegram"),
]


@pytest.fixture(scope="module", params=[SQLITE, POSTGRESQL])
def stage(request: pytest.FixtureRequest, lives: Nursery, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder: Path = tmp_path_factory.mktemp("stage")
    with ExitStack() as stack:
        url = ""
        if request.param == POSTGRESQL:
            server, template = request.getfixturevalue("postgres_server"), request.getfixturevalue("postgres_template")
            url = stack.enter_context(new_database(server, template))
        yield stack.enter_context(a_stage(lives, folder, url))


def holds(verdict: Verdict) -> None:
    assert not verdict.faults, verdict
    assert verdict.lost == verdict.stuck == verdict.out_of_order == 0, verdict


def test_every_place_is_tried() -> None:
    """Those of a publication in test_killed_publishing."""
    assert {*ON_THE_WAY_IN, *IN_A_TURN, *IN_A_SEND, *ELSEWHERE, *publishing.PLACES} == set(crashpoints.POINTS)


@pytest.mark.parametrize("place", [*ON_THE_WAY_IN, *IN_A_TURN])
def test_killed_with_questions_under_way_each_is_answered_once(stage: Stage, place: str) -> None:
    dying = stage.begin(place)
    customers = stage.customers()
    ask(customers)
    stage.dies(dying)
    holds(stage.recovers(customers))


@pytest.mark.parametrize(("stage", "place", "channel"), SENDS_OF_THE_BOT, indirect=["stage"])
def test_killed_while_the_bots_words_leave_they_are_there(stage: Stage, place: str, channel: str) -> None:
    dying = stage.begin(place)
    customers = [each for each in stage.customers() if each.place.channel == channel]
    ask(customers)
    stage.dies(dying)
    verdict = stage.recovers(customers)
    holds(verdict)
    copies = len(customers[0].place.hears())
    assert verdict.uncertain == 0, "the bot's own words are sent again"
    assert copies == 1 or (channel, copies) == ("telegram", 2), "Slack is asked, Telegram cannot be"


@pytest.mark.parametrize(("stage", "place", "channel"), SENDS_OF_AGENTS, indirect=["stage"])
def test_killed_while_an_agents_words_leave_they_are_never_there_twice(stage: Stage, place: str, channel: str) -> None:
    customer, number = stage.with_a_person(channel)
    text = f"Words of an agent, {place}."
    delivery_id = stage.replies(number, text)
    stage.dies(stage.begin(place))
    holds(stage.recovers([customer]))
    copies = sum(text in each.text for each in customer.place.hears())
    with reading(stage.database) as session:
        state = session.get_one(Delivery, delivery_id).state
    assert copies <= 1
    if channel == "slack":
        assert (copies, state) == (1, DeliveryState.SENT)
    else:
        assert state is DeliveryState.UNCERTAIN, "an agent sees it, and decides"


def test_killed_between_two_parts_the_first_is_not_repeated(stage: Stage) -> None:
    customer, number = stage.with_a_person("slack")
    stage.replies(number, "".join(f"Line {line} of a long explanation.\n" for line in range(160)))
    stage.dies(stage.begin("send.between_parts"))
    stage.works()
    parts = [each.text for each in customer.place.hears() if "of a long explanation" in each.text]
    assert len(parts) > 1
    assert [sum(f"Line {line} of" in part for part in parts) for line in range(160)] == [1] * 160


def test_killed_while_a_fragment_waits_for_more_it_still_waits(stage: Stage) -> None:
    dying = stage.begin("turn.held")
    customers = stage.customers()
    for customer in customers:
        customer.says("hello there")
    stage.dies(dying)
    ask(customers)
    holds(stage.recovers(customers))


def test_killed_while_what_cannot_be_read_is_set_aside_it_is_shown_once(stage: Stage) -> None:
    customer, _ = stage.with_a_person("telegram")
    chat = {"id": int(customer.place.thread), "type": "private"}
    stage.telegram.inject_update({"message": {"message_id": 4711, "date": "yesterday", "chat": chat, "text": ["x"]}})
    stage.dies(stage.begin("turn.in_park"))
    stage.works()
    with reading(stage.database) as session:
        rows = session.exec(select(InboxRow).where(InboxRow.state == InboxState.PARKED)).all()
        shown = session.exec(select(Message).where(Message.id == rows[0].message_id)).all()
        assert len(rows) == 1
        assert len(shown) == 1
    with transaction(stage.database) as session:
        for row in session.exec(select(InboxRow).where(InboxRow.state == InboxState.PARKED)):
            row.state = InboxState.DONE


def test_killed_in_what_a_timer_began_the_timer_is_there_for_the_next_time(stage: Stage) -> None:
    with transaction(stage.database) as session:
        set_timer(session, TOPICS, 0, datetime.now(UTC))
    stage.dies(stage.begin("timer.in_deed", has_upkeep=True))
    with reading(stage.database) as session:
        timer = session.exec(select(Timer).where(Timer.kind == TOPICS)).one()
    assert timer.state is TimerState.WAITING


def test_killed_while_a_release_is_taken_up_the_next_life_answers_from_it(stage: Stage) -> None:
    stage.nursery.publish(stage.settings["database_url"])
    stage.dies(stage.begin("release.swap", knows_nothing=True))
    customers = stage.customers()
    ask(customers)
    holds(stage.recovers(customers, knows_nothing=True))
    with reading(stage.database) as session:
        answers = session.exec(select(Message).where(Message.decision == "answer").order_by(col(Message.id).desc()))
        assert answers.first().detail["release"] == 1  # type: ignore[union-attr]
