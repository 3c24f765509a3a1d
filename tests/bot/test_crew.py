"""A crew works at once, and a job that hangs costs it nothing but a thread."""

from __future__ import annotations

import threading

import pytest

from bot.crew import Crew

LONG = 30.0
"""Seconds after which a test gives up waiting; none takes as long."""


@pytest.fixture
def room() -> threading.Event:
    """Set whenever the crew says that it has room again."""
    return threading.Event()


def hang(crew: Crew, key: str) -> threading.Event:
    """Give the crew a job that is under way until the event is set."""
    begun, end = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        end.wait(LONG)

    crew.do(work, key)
    assert begun.wait(LONG)
    return end


def works(crew: Crew) -> bool:
    done = threading.Event()
    crew.do(done.set)
    return done.wait(LONG)


def test_a_job_that_is_given_up_makes_room_for_another(room: threading.Event) -> None:
    crew = Crew("test", 1, room.set)
    end = hang(crew, "stuck")
    assert crew.free == 0
    assert crew.give_up("stuck")
    assert room.is_set()
    assert (crew.free, crew.lost) == (1, 1)
    assert works(crew)
    end.set()
    crew.stop(LONG)


def test_a_thread_that_comes_back_from_a_job_that_was_given_up_ends(room: threading.Event) -> None:
    crew = Crew("come back", 1, room.set)
    end = hang(crew, "stuck")
    [thread] = [each for each in threading.enumerate() if each.name.startswith("come back-")]
    crew.give_up("stuck")
    end.set()
    thread.join(LONG)
    assert not thread.is_alive()
    assert (crew.free, crew.lost) == (1, 0)
    assert works(crew)


def test_only_so_many_threads_may_be_lost(room: threading.Event) -> None:
    crew = Crew("test", 1, room.set, most_lost=1)
    ends = [hang(crew, "first")]
    assert crew.give_up("first")
    ends.append(hang(crew, "second"))
    assert not crew.give_up("second")
    assert crew.free == 0
    for end in ends:
        end.set()
    crew.stop(LONG)
    assert crew.free == 1


def test_what_is_not_under_way_cannot_be_given_up(room: threading.Event) -> None:
    crew = Crew("test", 1, room.set)
    assert works(crew)
    assert not crew.give_up("never given")


def test_stopping_waits_for_what_is_under_way_and_not_for_what_was_given_up(room: threading.Event) -> None:
    crew = Crew("test", 2, room.set)
    lost = hang(crew, "lost")
    crew.give_up("lost")
    under_way = hang(crew, "under way")
    threading.Timer(0.05, under_way.set).start()
    crew.stop(LONG)
    assert crew.lasting() == {}
    assert not lost.is_set()
    lost.set()


def test_a_job_that_raises_costs_no_thread(room: threading.Event) -> None:
    crew = Crew("test", 1, room.set)
    crew.do(lambda: 1 / 0)  # type: ignore[arg-type,return-value]
    crew.stop(LONG)
    assert crew.free == 1
