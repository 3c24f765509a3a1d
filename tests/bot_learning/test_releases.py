"""Two releases side by side, compared by what became of the questions that each decided about."""

from __future__ import annotations

import pytest
from answered import Archive

from bot.learning.publish import Fit
from bot.learning.refit import ENOUGH, refit
from bot.learning.releases import BAD, LINES, Comparison, Line, compare_rollout, courses, difference
from handoff.conversations import say
from handoff.models import Author, Conversation, Message
from handoff.surveys.intervals import share
from kb_content import catalogue, rollouts
from kb_content.releases import keep_fit
from kb_content.studio.models import Rollout
from store import Database, reading, transaction


@pytest.fixture
def archive(database: Database) -> Archive:
    archive = Archive(database)
    archive.publish()
    archive.later(minutes=1)
    return archive


@pytest.fixture
def rollout(archive: Archive) -> Rollout:
    with transaction(archive.database) as session:
        release_id = catalogue.start_release(session, archive.now)
        keep_fit(session, release_id, b"fit", 0.5, {})
        return rollouts.stage(session, release_id, 50, (), archive.bob.staff_id, archive.now)


def asked(archive: Archive, release: int, decision: str = "answer") -> int:
    """A question that this release decided about; returns the bot's message."""
    conversation_id = archive.asked("I forgot my password")
    archive.later(seconds=1)
    with transaction(archive.database) as session:
        conversation = session.get_one(Conversation, conversation_id)
        detail = {"release": release, "article": "reset-password", "question": "I forgot my password"}
        message = say(session, conversation, "So.", Author.BOT, archive.now, decision=decision, detail=detail)
        return message.id or 0


def compared(archive: Archive, rollout: Rollout) -> tuple[Comparison, dict[str, Line]]:
    with reading(archive.database) as session:
        found = compare_rollout(session, session.get_one(Rollout, rollout.id))
    return found, {line.name: line for line in found.lines}


def test_each_release_is_judged_by_its_own_questions_since_the_rollout_began(
    archive: Archive, rollout: Rollout
) -> None:
    for decision in ("answer", "answer", "escalate", "clarify"):
        asked(archive, rollout.base_id, decision)
    for decision in ("answer", "decline"):
        asked(archive, rollout.release_id, decision)
    asked(archive, 99)
    found, lines = compared(archive, rollout)
    assert (found.before.questions, found.after.questions) == (4, 2)
    assert (lines["answered"].before.count, lines["answered"].before.n) == (2, 4)
    assert (lines["answered"].after.count, lines["answered"].after.n) == (1, 2)
    assert lines["declined"].after.value == 0.5
    assert lines["handed_over"].before.value == 0.25
    assert not any(line.is_telling for line in found.lines), "six questions tell nothing"


def test_what_was_asked_before_the_rollout_does_not_count(archive: Archive) -> None:
    old = asked(archive, 1)
    archive.thumb(old, is_helpful=False)
    archive.later(hours=1)
    with reading(archive.database) as session:
        course = courses(session, (1,), archive.now)[1]
    assert (course.questions, course.helpful.n) == (0, 0)
    assert course.answered.value is None


def test_thumbs_and_what_customers_say_at_the_end_are_counted_where_they_said_something(
    archive: Archive, rollout: Rollout
) -> None:
    good, bad = asked(archive, rollout.release_id), asked(archive, rollout.release_id)
    asked(archive, rollout.release_id)
    archive.thumb(good, is_helpful=True)
    archive.thumb(bad, is_helpful=False)
    for message_id, is_solved in ((good, True), (bad, False)):
        with transaction(archive.database) as session:
            message = session.get_one(Message, message_id)
            session.get_one(Conversation, message.conversation_id).confirmed = is_solved
    _, lines = compared(archive, rollout)
    assert (lines["helpful"].after.count, lines["helpful"].after.n) == (1, 2)
    assert (lines["confirmed"].after.count, lines["confirmed"].after.n) == (1, 2)
    assert lines["not_yet"].after.value == 0.5
    assert lines["helpful"].before.n == 0
    assert lines["helpful"].gain is None, "nothing to compare with"


def test_only_a_difference_that_chance_would_not_make_is_called_one() -> None:
    gain, lower, upper = difference(share(50, 100), share(80, 100))
    assert gain == pytest.approx(0.3)
    # Newcombe (1998), method 10: 0.3 - √(0.0888² + 0.0962²) and 0.3 + √(0.0666² + 0.0962²).
    assert lower == pytest.approx(0.1691, abs=0.0005)
    assert upper == pytest.approx(0.4170, abs=0.0005)
    assert difference(share(0, 0), share(8, 10)) == (None, None, None)
    few = Line("answered", share(5, 10), share(8, 10), *difference(share(5, 10), share(8, 10)))
    assert not few.is_telling


@pytest.mark.parametrize("name", LINES)
def test_more_of_what_is_bad_is_worse_and_asking_back_is_neither(name: str) -> None:
    one, other = share(50, 1000), share(200, 1000)
    more, less = (Line(name, *pair, *difference(*pair)) for pair in ((one, other), (other, one)))
    assert more.is_telling
    assert more.is_worse is (name in BAD)
    assert less.is_worse is (name not in BAD and name != "clarified")


@pytest.mark.usefixtures("quiet")
def test_the_nightly_refit_waits_for_the_end_of_a_rollout(archive: Archive, rollout: Rollout) -> None:
    for _ in range(ENOUGH):
        archive.thumb(archive.answered(), is_helpful=True)
    said: list[str] = []
    assert refit(archive.database, Fit(), archive.now, said.append) is None
    assert not said, "nothing is built"
    with reading(archive.database) as session:
        running = rollouts.running(session)
    assert running
    assert running.id == rollout.id
