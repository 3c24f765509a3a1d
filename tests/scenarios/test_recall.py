"""Something that customers were told was wrong: who was told it is found, and corrected once, where they read it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from recalling import CORRECTED, OTHER, QUESTION, REASON, all_of, corrected, customers, does, know, prepared, send_all
from sqlalchemy import delete
from sqlmodel import Session, col, select
from talk import HOUSE, AgentAtTheDesk, CustomerOnTheWeb, World

from bot import suggestions
from bot.desk.loop import DeskLoop
from bot.learning.recall import earlier
from bot.learning.recall.errors import NotLookedThrough, RecallIsOver
from bot.learning.recall.finding import Scope, tellings
from bot.learning.recall.models import Recall, RecallRecipient, RecallState, Told
from bot.learning.recall.recalls import begin, prepare, set_texts, stop
from bot.learning.recall.sending import PACE
from handoff.actors import OPERATOR, Actor
from handoff.customers import find_customer
from handoff.models import Direction, Message, Suggestion
from handoff.people import join
from handoff.rows import id_of
from handoff.ticketing.models import Notice, NoticeKind
from kb_content.articles import Mode
from store import reading, transaction
from store.models import Setting


@pytest.fixture
def world(world: World) -> World:
    """What the bot tells is in the database, too, and everything said before is known."""
    know(world)
    return world


def test_an_answer_keeps_which_passages_of_which_version_it_told(world: World, ada: CustomerOnTheWeb) -> None:
    answer = ada.says(QUESTION)[-1]
    told = all_of(world, Told)
    assert [(one.article_id, one.version, one.passage) for one in told] == [
        (cited["article"], cited["version"], cited["passage"]) for cited in answer["citations"]
    ]
    assert {(one.language, one.message_id) for one in told} == {("en", answer["id"])}


def test_everybody_who_was_told_is_corrected_once_where_they_read_it_and_nobody_else(world: World) -> None:
    ada, carl = customers(world, "ada", "carl")
    dora = CustomerOnTheWeb(world, "dora")
    dora.says(OTHER)
    send_all(world, prepared(world))
    for customer in (ada, carl):
        (said,) = corrected(customer)
        assert "“Reset a forgotten password”" in said["text"]
        assert "23 November" in said["text"]
        assert "/kb/en/reset-password" in said["text"]
    assert not corrected(dora)
    with reading(world.database) as session:
        assert [recall.state for recall in session.exec(select(Recall))] == [RecallState.DONE]
        for recipient in session.exec(select(RecallRecipient)):
            sent = session.get_one(Message, recipient.sent_message_id)
            assert sent.conversation_id == recipient.conversation_id


def test_it_goes_out_a_few_a_minute_and_stops_when_told_to(world: World) -> None:
    people = customers(world, "ada", "carl", "dora")
    recall_id = prepared(world)
    does(world, begin, recall_id)
    world.work()
    assert sum(len(corrected(one)) for one in people) == 1
    world.later(seconds=PACE.total_seconds())
    world.work()
    assert sum(len(corrected(one)) for one in people) == 2
    does(world, stop, recall_id)
    world.later(hours=1)
    world.work()
    assert sum(len(corrected(one)) for one in people) == 2
    with pytest.raises(RecallIsOver):
        does(world, stop, recall_id)
    send_all(world, recall_id)
    assert [len(corrected(one)) for one in people] == [1, 1, 1]


def test_where_a_person_has_the_conversation_the_words_go_out_and_the_agent_is_told(
    world: World, bob: AgentAtTheDesk
) -> None:
    (ada,) = customers(world, "ada")
    with reading(world.database) as session:
        (conversation_id,) = set(session.exec(select(Message.conversation_id)))
    bob.takes_over(conversation_id)
    send_all(world, prepared(world))
    assert len(corrected(ada)) == 1
    with reading(world.database) as session:
        lines = session.exec(select(Message).where(Message.direction == Direction.ACTIVITY))
        assert "corrected" in {line.detail["activity"] for line in lines}
        notices = session.exec(select(Notice).where(Notice.kind == NoticeKind.CORRECTED)).all()
        assert [notice.staff_id for notice in notices] == [bob.actor.staff_id]


def test_a_suggestion_that_an_agent_sent_told_it_and_one_they_rewrote_did_not(
    world: World, bob: AgentAtTheDesk
) -> None:
    serving = world.live.serving
    assert serving
    modes = {**serving.policy.modes, "account-access": Mode.SUGGEST}
    world.live.serving = replace(serving, policy=replace(serving.policy, modes=modes))
    for number, name in enumerate(("ada", "carl"), 1):
        CustomerOnTheWeb(world, name).says(QUESTION)
        with reading(world.database) as session:
            offered = suggestions.pending(session, world.ticket(number).conversation_id)
        assert offered

        def answer(session: Session, actor: Actor, now: Any, number: int = number, which: int = id_of(offered)) -> None:
            if number == 1:
                suggestions.send(session, number, which, actor, now)
            else:
                suggestions.edit(session, number, which, "Please ring us, we will see.", actor, now)

        bob.does(answer)
    with reading(world.database) as session:
        (told,) = tellings(session, Scope("reset-password", "en"))
        sent = session.get_one(Message, told.message_id).detail["suggestion"]
        assert sent == session.exec(select(Suggestion.id).order_by(col(Suggestion.id))).first()


def test_somebody_known_in_two_channels_is_corrected_where_they_read_it_last(world: World, bob: AgentAtTheDesk) -> None:
    ada, again = customers(world, "ada", "ada-at-work")
    with transaction(world.database) as session:
        ids = [id_of(find_customer(session, "web", name, world.now)) for name in ("ada", "ada-at-work")]
        join(session, ids[0], ids[1], OPERATOR, world.now)
    send_all(world, prepared(world))
    assert [len(corrected(one)) for one in (ada, again)] == [0, 1]


def test_what_was_said_before_anybody_kept_note_is_found_by_looking_through_it(world: World) -> None:
    customers(world, "ada", "carl")
    before = [one.model_dump() for one in all_of(world, Told)]
    with transaction(world.database) as session:
        session.execute(delete(Told))
        session.execute(delete(Setting).where(col(Setting.name) == earlier.EARLIER))
        recall_id = id_of(prepare(session, Scope("reset-password", "en"), REASON, OPERATOR, world.now))
        set_texts(session, recall_id, {"en": CORRECTED}, OPERATOR, world.now)
    with pytest.raises(NotLookedThrough):
        does(world, begin, recall_id)
    with transaction(world.database) as session:
        earlier.begin(session, world.now)
    world.work()
    assert [one.model_dump() for one in all_of(world, Told)] == before
    with reading(world.database) as session:
        assert earlier.is_complete(session)


def test_of_several_servers_each_correction_is_sent_by_one(world: World) -> None:
    people = customers(world, "ada", "carl", "dora")
    does(world, begin, prepared(world))
    loops = [DeskLoop(world.database, HOUSE) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        for _ in range(8):
            list(pool.map(lambda loop: loop.step(world.now), loops))
            world.later(seconds=PACE.total_seconds())
    world.work()
    assert [len(corrected(one)) for one in people] == [1, 1, 1]
