"""Whom a correction does not go to, and when it is not sent."""

from __future__ import annotations

from datetime import timedelta

import pytest
from recalling import (
    CORRECTED,
    QUESTION,
    REASON,
    all_of,
    corrected,
    customers,
    does,
    know,
    prepared,
    publish,
    send_all,
    states,
    told_passage,
)
from sqlmodel import select
from talk import AgentAtTheDesk, CustomerOnTheWeb, World, text_of

from bot.learning.recall.errors import NobodyWasTold, StillTold, WhyMissing
from bot.learning.recall.finding import Scope, tellings
from bot.learning.recall.models import RecipientState, Told
from bot.learning.recall.recalls import begin, prepare, set_texts
from bot.learning.recall.wording import day_of
from handoff.customers import find_customer, find_thread
from handoff.models import Delivery, DeliveryState
from handoff.rows import id_of
from handoff.surveys.asking import opt_out
from handoff.threads import mark_unreachable
from kb_content import catalogue
from store import Database, reading, transaction
from store.models import Audit


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    """What is claimed here does not depend on the kind of database."""
    return sqlite_database


@pytest.fixture
def world(world: World) -> World:
    """What the bot tells is in the database, too, and everything said before is known."""
    know(world)
    return world


def test_a_second_question_about_the_same_does_not_bring_a_second_correction(world: World) -> None:
    (ada,) = customers(world, "ada")
    ada.says("/new")
    ada.says(QUESTION)
    send_all(world, prepared(world))
    (said,) = corrected(ada)
    assert said["id"] == ada.transcript()[-1]["id"]


def test_who_does_not_want_to_be_written_to_unasked_is_not(world: World) -> None:
    ada, carl = customers(world, "ada", "carl")
    with transaction(world.database) as session:
        opt_out(session, id_of(find_customer(session, "web", "carl", world.now)), world.now)
    send_all(world, prepared(world))
    assert len(corrected(ada)) == 1
    assert not corrected(carl)
    assert states(world) == {"ada": RecipientState.SENT, "carl": RecipientState.OPTED_OUT}


def test_the_button_below_a_correction_keeps_the_next_one_away(world: World) -> None:
    (ada,) = customers(world, "ada")
    scope = Scope("reset-password", "en", (told_passage(world),))
    send_all(world, prepared(world, scope))
    assert "write to you" in text_of(ada.presses("no_surveys"))
    send_all(world, prepared(world, scope))
    assert len(corrected(ada)) == 1


@pytest.mark.parametrize(
    ("link", "is_told"),
    [
        ("See http://firstline.test/kb/en/reset-password.", True),
        ("See http://firstline.test/kb/en/reset-password/v1", True),
        ("See http://firstline.test/kb/en/reset-password/v2.", False),
        ("See http://firstline.test/kb/en/reset-password-for-somebody", False),
        ("See http://firstline.test/kb/zh/reset-password", False),
    ],
)
def test_an_agent_who_sent_the_link_of_the_page_told_it(
    world: World, ada: CustomerOnTheWeb, bob: AgentAtTheDesk, link: str, is_told: bool
) -> None:
    ada.says("I want to talk to a person")
    bob.replies(link)
    world.later(days=1)
    publish(world, CORRECTED)
    with reading(world.database) as session:
        assert len(tellings(session, Scope("reset-password", "en", versions=(1,)))) == is_told


def test_what_did_not_arrive_told_nobody_anything(world: World) -> None:
    customers(world, "ada", "carl")
    with transaction(world.database) as session:
        passage = session.exec(select(Told)).first()
        assert passage
        sent = session.exec(select(Delivery).where(Delivery.message_id == passage.message_id)).one()
        sent.state = DeliveryState.FAILED
    with reading(world.database) as session:
        assert len(tellings(session, Scope("reset-password", "en"))) == 1


def test_a_place_that_cannot_be_reached_is_shown_and_not_tried(world: World) -> None:
    (ada,) = customers(world, "ada")
    recall_id = prepared(world)
    with transaction(world.database) as session:
        mark_unreachable(session, find_thread(session, "web", "ada", world.now), "gone", world.now)
    send_all(world, recall_id)
    assert not corrected(ada)
    assert states(world) == {"ada": RecipientState.UNREACHABLE}


def test_while_customers_are_still_told_it_a_recall_waits_for_the_corrected_article(world: World) -> None:
    customers(world, "ada")
    recall_id = id_of(does(world, prepare, Scope("reset-password", "en", (told_passage(world),)), REASON))
    does(world, set_texts, recall_id, {"en": CORRECTED})
    with pytest.raises(StillTold):
        does(world, begin, recall_id)
    assert does(world, begin, recall_id, although_told=True) == 1


def test_a_recall_without_a_reason_or_without_anybody_to_tell_is_refused(world: World) -> None:
    customers(world, "ada")
    scope = Scope("export-data", "en")
    with pytest.raises(WhyMissing):
        does(world, prepare, scope, "  ")
    recall_id = id_of(does(world, prepare, scope, REASON))
    does(world, set_texts, recall_id, {"en": CORRECTED})
    with pytest.raises(NobodyWasTold):
        does(world, begin, recall_id, although_told=True)


def test_the_text_begins_with_what_the_corrected_passage_says_now(world: World) -> None:
    customers(world, "ada")
    scope = Scope("reset-password", "en", (told_passage(world),))
    with reading(world.database) as session:
        page = catalogue.article_page(session, "reset-password", "en")
        assert page
        wrong = next(passage for passage in page.passages if passage.key == scope.passages[0])
    publish(world, page.article.body.replace(wrong.text, wrong.text + "\n\nIt works for exactly 47 minutes."))
    recall = does(world, prepare, scope, REASON)
    assert "47 minutes" in recall.texts["en"]
    # The Chinese article was not made from the corrected one: it may still say what was wrong.
    assert set(recall.texts) == {"en"}


def test_while_the_article_is_not_corrected_nothing_is_proposed_as_right(world: World) -> None:
    customers(world, "ada")
    assert does(world, prepare, Scope("reset-password", "en", (told_passage(world),)), REASON).texts == {}


def test_every_deed_of_a_recall_is_in_the_audit_log(world: World) -> None:
    customers(world, "ada")
    send_all(world, prepared(world))
    deeds = [row.action for row in all_of(world, Audit) if row.action.startswith("recall.")]
    assert deeds == ["recall.prepared", "recall.worded", "recall.begun", "recall.sent", "recall.done"]


def test_a_correction_says_the_day_as_the_customer_had_it(world: World) -> None:
    late = world.now.replace(hour=20)
    assert day_of(late, late + timedelta(days=3), "Asia/Shanghai", "zh") == "11月24日"
    assert day_of(late, late.replace(year=2027), None, "en") == "23 November 2026"
