"""How much the bot may do alone follows what became of its answers."""

from __future__ import annotations

from dataclasses import replace

import pytest
from answered import ARTICLES, INTENTS, Archive
from sqlmodel import col, select

from bot.learning.autonomy import (
    Measured,
    NoSuchTopic,
    PeopleOnly,
    TopicLine,
    demote_refuted,
    set_mode,
    topic_lines,
    wilson,
)
from bot.models import TopicMode
from bot.topics import modes_of, topic_named, topics_of
from handoff.actors import Actor
from handoff.errors import NotAllowed, Stale
from handoff.models import Role
from handoff.rows import id_of
from handoff.staff import add_staff
from kb_content.articles import Mode
from store import Database, reading, transaction
from store.models import Audit, Change

TARGET = 0.95


@pytest.fixture
def archive(database: Database) -> Archive:
    archive = Archive(database)
    archive.publish()
    return archive


def lines(archive: Archive) -> dict[str, TopicLine]:
    with reading(archive.database) as session:
        return {line.state.topic: line for line in topic_lines(session, TARGET, archive.now)}


def sets(archive: Archive, topic: str, mode: Mode, seen: Mode | None = None) -> None:
    with transaction(archive.database) as session:
        set_mode(session, topic, mode, archive.bob, archive.now, seen=seen)


def changes(archive: Archive) -> list[tuple[str, str, str, str]]:
    with reading(archive.database) as session:
        rows = session.exec(select(Audit).where(Audit.action == "topic.mode").order_by(col(Audit.id)))
        return [(row.actor, row.detail["topic"], row.detail["before"], row.detail["mode"]) for row in rows]


@pytest.mark.parametrize(
    ("right", "judged", "is_demoted"),
    [
        (197, 200, False),
        (40, 60, True),
        (15, 19, False),
        (12, 20, True),
        (57, 60, False),
        (54, 60, False),
        (52, 60, True),
        (182, 200, True),
        (380, 400, False),
        (0, 0, False),
        (400, 400, False),
    ],
)
def test_a_target_is_refuted_only_by_plain_evidence(right: int, judged: int, is_demoted: bool) -> None:
    assert Measured(right, judged).refutes(TARGET) is is_demoted


@pytest.mark.parametrize(
    ("right", "judged", "is_proposed"),
    [
        (51, 51, False),
        (52, 52, True),
        (86, 87, True),
        (85, 86, False),
        (195, 200, False),
        (197, 200, True),
        (0, 0, False),
    ],
)
def test_trust_is_earned_by_a_lower_bound(right: int, judged: int, is_proposed: bool) -> None:
    assert Measured(right, judged).supports(TARGET) is is_proposed


def test_a_low_target_still_takes_thirty() -> None:
    assert not Measured(29, 29).supports(0.6)
    assert Measured(30, 30).supports(0.6)


def test_nothing_can_be_proposed_and_refuted_at_once() -> None:
    for judged in range(1, 400):
        for wrong in range(min(judged, 60) + 1):
            one = Measured(judged - wrong, judged)
            assert not (one.supports(TARGET) and one.refutes(TARGET))
            assert 0 <= one.lower <= (one.precision or 0) + 1e-12
            assert (one.precision or 0) - 1e-12 <= one.upper <= 1


def test_the_bounds_are_wilsons() -> None:
    assert wilson(8, 10, -1.96) == pytest.approx(0.4902, abs=1e-4)
    assert wilson(8, 10, 1.96) == pytest.approx(0.9433, abs=1e-4)
    assert (wilson(0, 0, -1.96), wilson(0, 0, 1.96)) == (0.0, 1.0)


def test_a_topic_is_the_intent_else_the_category_else_general() -> None:
    assert topic_named("account-access", "account") == "account-access"
    assert topic_named(None, "billing") == "billing"
    assert topic_named(None, None) == "general"


def test_what_was_chosen_wins_over_the_intent_and_people_only_over_all() -> None:
    intents = {intent.name: intent for intent in INTENTS}
    intents["account-access"] = replace(intents["account-access"], mode=Mode.SUGGEST)
    intents["outage"] = replace(intents["account-access"], name="outage", urgent=True)
    topics = ["account-access", "billing", "refunds", "outage"]
    assert modes_of(topics, intents, {}) == {
        "account-access": Mode.SUGGEST,
        "billing": Mode.AUTO,
        "refunds": Mode.SUGGEST,
        "outage": Mode.SUGGEST,
    }
    chosen = {"account-access": Mode.AUTO, "billing": Mode.OFF, "refunds": Mode.AUTO, "outage": Mode.AUTO}
    assert modes_of(topics, intents, chosen) == {
        "account-access": Mode.AUTO,
        "billing": Mode.OFF,
        "refunds": Mode.SUGGEST,
        "outage": Mode.SUGGEST,
    }


def test_topics_are_told_by_article_and_language(archive: Archive) -> None:
    from kb_content.catalogue import contents

    with reading(archive.database) as session:
        held = topics_of(contents(session).articles)
    assert held["reset-password", "zh"] == "account-access"
    assert held["other", "en"] == "general"
    assert len(held) == len(ARTICLES)


def test_every_topic_is_listed_with_its_articles_and_answers(archive: Archive) -> None:
    archive.judged(2, 1)
    archive.answered("invoices")
    found = lines(archive)
    assert {name: (line.articles, line.answered) for name, line in found.items()} == {
        "account-access": (1, 3),
        "billing": (1, 1),
        "general": (1, 0),
        "refunds": (1, 0),
    }
    assert found["account-access"].state.measured == Measured(2, 3)
    assert [line.state.mode for line in found.values()] == [Mode.AUTO, Mode.AUTO, Mode.AUTO, Mode.SUGGEST]
    assert [line.state.may_be_auto for line in found.values()] == [True, True, True, False]


def test_a_refuted_topic_goes_back_to_suggesting_with_a_reason(archive: Archive) -> None:
    archive.judged(12, 10)
    archive.judged(3, 1, "invoices")
    assert demote_refuted(archive.database, TARGET, archive.now) == ["account-access"]
    state = lines(archive)["account-access"].state
    assert state.mode is Mode.SUGGEST
    assert state.chosen
    assert state.chosen.by == "system"
    assert state.chosen.why == "12 of 22 judged answers were right: at most 77 % can be, and 95 % are promised."
    assert changes(archive) == [("system", "account-access", "auto", "suggest")]
    assert lines(archive)["billing"].state.mode is Mode.AUTO


def test_a_demotion_happens_once_and_does_not_flap(archive: Archive) -> None:
    archive.judged(12, 10)
    demote_refuted(archive.database, TARGET, archive.now)
    assert demote_refuted(archive.database, TARGET, archive.now) == []
    archive.later(hours=1)
    sets(archive, "account-access", Mode.AUTO)
    assert demote_refuted(archive.database, TARGET, archive.now) == [], "what went before is forgiven"
    archive.later(hours=1)
    archive.judged(12, 10)
    assert demote_refuted(archive.database, TARGET, archive.now) == ["account-access"], "what comes after is not"


def test_evidence_ages(archive: Archive) -> None:
    archive.judged(12, 10)
    archive.later(days=91)
    assert demote_refuted(archive.database, TARGET, archive.now) == []
    assert lines(archive)["account-access"].state.measured == Measured()


def test_approved_suggestions_earn_a_proposal_that_a_person_presses(sqlite_database: Database) -> None:
    archive = Archive(sqlite_database)
    archive.publish()
    sets(archive, "account-access", Mode.SUGGEST)
    archive.later(minutes=1)
    for number in range(52):
        assert not lines(archive)["account-access"].is_proposed
        archive.decides(archive.suggested(would_answer=number != 51), "send")
    assert not lines(archive)["account-access"].is_proposed, "one was below the threshold"
    archive.decides(archive.suggested(), "send")
    line = lines(archive)["account-access"]
    assert line.is_proposed
    assert line.state.mode is Mode.SUGGEST, "nothing happens by itself"
    sets(archive, "account-access", Mode.AUTO, seen=Mode.SUGGEST)
    line = lines(archive)["account-access"]
    assert (line.state.mode, line.is_proposed, line.state.measured) == (Mode.AUTO, False, Measured())
    assert changes(archive)[-1] == ("Bob", "account-access", "suggest", "auto")


def test_what_is_for_people_is_never_automatic(archive: Archive) -> None:
    with pytest.raises(PeopleOnly):
        sets(archive, "refunds", Mode.AUTO)
    assert changes(archive) == []


def test_a_topic_without_articles_has_no_mode(archive: Archive) -> None:
    with pytest.raises(NoSuchTopic):
        sets(archive, "moon", Mode.OFF)


def test_a_decision_about_what_changed_meanwhile_is_refused(archive: Archive) -> None:
    sets(archive, "billing", Mode.OFF, seen=Mode.AUTO)
    with pytest.raises(Stale):
        sets(archive, "billing", Mode.SUGGEST, seen=Mode.AUTO)
    assert lines(archive)["billing"].state.mode is Mode.OFF


def test_the_same_mode_again_changes_nothing(archive: Archive) -> None:
    sets(archive, "billing", Mode.AUTO)
    with reading(archive.database) as session:
        assert session.exec(select(TopicMode)).all() == []


def test_watchers_hear_of_a_change(archive: Archive) -> None:
    sets(archive, "billing", Mode.OFF)
    with reading(archive.database) as session:
        assert session.exec(select(Change.kind).order_by(col(Change.id).desc()).limit(1)).one() == "topic"


def test_an_agent_may_not_set_a_mode(archive: Archive) -> None:
    with transaction(archive.database) as session:
        eve = Actor(id_of(add_staff(session, "eve@example.com", "Eve", Role.AGENT, archive.now)), "Eve")
    with pytest.raises(NotAllowed), transaction(archive.database) as session:
        set_mode(session, "billing", Mode.OFF, eve, archive.now)
