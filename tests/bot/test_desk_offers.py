"""The desk's loop gives what waited over night to whoever comes first in the morning."""

from __future__ import annotations

import pytest
from floor import MONDAY, NIGHT, TOMORROW, Floor

from bot.desk.loop import do_due
from bot.live import House
from handoff.sla.defaults import lay_out
from store import Database, transaction

HOUSE = House(address="http://firstline.test")


@pytest.fixture
def floor(database: Database) -> Floor:
    with transaction(database) as session:
        lay_out(session, MONDAY)
    return Floor(database)


def test_what_waited_over_night_has_somebody_in_the_morning(floor: Floor) -> None:
    floor.hire("bob", "front line")
    floor.now = NIGHT
    numbers = [floor.opens(), floor.opens("kim")]
    do_due(floor.database, HOUSE, NIGHT)
    assert [floor.has(number) for number in numbers] == [None, None]
    do_due(floor.database, HOUSE, TOMORROW)
    assert [floor.has(number) for number in numbers] == ["bob", "bob"]
    assert floor.offers() == []


def test_a_queue_that_nobody_can_take_is_not_offered_again_and_again(floor: Floor) -> None:
    floor.hire("bob", "front line", load_cap=1)
    first, second = floor.opens(), floor.opens("kim")
    for _ in range(3):
        do_due(floor.database, HOUSE, MONDAY)
    assert [floor.has(first), floor.has(second)] == ["bob", None]
    assert floor.offers() == []
