"""What no turn comes to an end with: a person reads it in the customer's own words, and it can be dealt with again."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select
from talk import AgentAtTheDesk, CustomerOnTheWeb, World, conversations

from bot import inbox, replay, turns
from bot.channels.base import FileTooBig, FileUnavailable, Inbound, RemoteFile
from bot.channels.mailbox import WEB, Mailbox
from bot.models import InboxRow, InboxState
from bot.placing import Place
from bot.replies import say
from handoff import desk
from handoff.actors import Actor
from handoff.conversations import say as say_in
from handoff.errors import NotAllowed, Stale
from handoff.models import Author, Conversation, Reason, Role
from handoff.staff import add_staff
from handoff.transcript import Line, history
from store import files, reading, transaction
from store.files import Kept
from store.models import Audit

QUESTION = "I forgot my password, can't get in"
Breaks = Callable[[], None]


@pytest.fixture
def breaks(monkeypatch: pytest.MonkeyPatch) -> Breaks:
    """From now on every turn fails by a mistake of ours; ``monkeypatch.undo`` mends it."""

    def fail(*_: Any, **__: Any) -> Place:
        raise ValueError("a bug of ours")

    return lambda: monkeypatch.setattr(turns, "look", fail)


@dataclass
class Shelf(Mailbox):
    """A channel with which a picture lies beside each message."""

    folder: Path
    name: str = WEB
    is_broken: bool = False
    gives: FileUnavailable | None = None
    """What it says instead of giving the file."""
    names: tuple[str, ...] = ("screen.png",)

    def parse(self, payload: dict[str, Any]) -> Inbound:
        beside = tuple(RemoteFile("ref", name, "image/png") for name in self.names)
        return replace(super().parse(payload), remote_files=beside)

    def fetch(self, file: RemoteFile) -> Kept:
        if self.is_broken:
            raise RuntimeError("a bug of theirs")
        if self.gives is not None:
            raise self.gives
        return files.keep(self.folder, io.BytesIO(b"picture"))


def rows(world: World) -> list[InboxRow]:
    with reading(world.database) as session:
        return list(session.exec(select(InboxRow).order_by(col(InboxRow.id))).all())


def read_by_the_desk(world: World, conversation_id: int = 1) -> list[Line]:
    with reading(world.database) as session:
        return history(session, conversation_id)


def said(world: World, conversation_id: int = 1) -> list[str]:
    """What the customer said, as the desk reads it."""
    lines = read_by_the_desk(world, conversation_id)
    return [line.message.text for line in lines if line.message.direction.value == "incoming"]


def fails(world: World, visitor: str, text: str, **payload: Any) -> None:
    """Say it, and let every try at it fail."""
    world.accept(visitor, text=text, **payload)
    for _ in range(inbox.ATTEMPTS):
        world.work()
        world.later(minutes=1)


def admin(world: World) -> Actor:
    with transaction(world.database) as session:
        return Actor(add_staff(session, "root@firstline.test", "Root", Role.ADMIN, world.now).id, "Root")


def replayed(world: World, staff: Actor, row_id: int = 1) -> None:
    with transaction(world.database) as session:
        replay.replay(session, row_id, staff, world.now)
    world.work()


@pytest.mark.parametrize(("text", "language"), [(QUESTION, "en"), ("忘记密码了登不上去", "zh")])
def test_a_turn_that_fails_five_times_hands_over_the_customers_own_words(
    ada: CustomerOnTheWeb, world: World, breaks: Breaks, text: str, language: str
) -> None:
    breaks()
    fails(world, "ada", text)
    (told,) = ada.hears()
    assert say("who", language) in told["text"]
    assert "#1" in told["text"]
    assert world.ticket().subject == text
    assert world.ticket().reason is Reason.BOT_STUCK
    assert said(world) == [text]
    assert not any("{" in line.message.text for line in read_by_the_desk(world)), "nobody has to read JSON"


def test_what_is_no_json_of_the_channel_is_shown_as_it_came_but_readable(world: World) -> None:
    with transaction(world.database) as session:
        inbox.accept(session, WEB, "broken", "ada", {"words": "忘记密码"}, world.now)
    world.work()
    (note,) = [line.message for line in read_by_the_desk(world) if line.message.private and not line.message.detail]
    assert "忘记密码" in note.text
    assert world.ticket().reason is Reason.BOT_STUCK


def test_files_come_along_where_they_can_be_had(
    ada: CustomerOnTheWeb, world: World, breaks: Breaks, tmp_path: Path
) -> None:
    world.channels[WEB] = Shelf(tmp_path)
    breaks()
    fails(world, "ada", "look at this")
    (line,) = [line for line in read_by_the_desk(world) if line.attachments]
    assert [file.name for file in line.attachments] == ["screen.png"]
    assert ada.hears()


def test_a_file_that_cannot_be_had_is_named(world: World, breaks: Breaks, tmp_path: Path) -> None:
    world.channels[WEB] = Shelf(tmp_path, is_broken=True)
    fails(world, "ada", "look at this")
    (lost,) = [found for line in read_by_the_desk(world) if (found := line.message.detail.get("lost_files"))]
    assert lost[0]["name"] == "screen.png"


@pytest.mark.parametrize("question", [QUESTION, "The password page is broken"], ids=["answered", "asked back"])
def test_after_a_file_that_was_lost_the_talk_goes_on(
    ada: CustomerOnTheWeb, world: World, tmp_path: Path, question: str
) -> None:
    mailbox = world.channels[WEB]
    world.channels[WEB] = Shelf(tmp_path, gives=FileUnavailable("It is gone."))
    lost, told = ada.says(question)
    assert "screen.png" in lost["text"], "that first, so that what is typed next is about what was asked"
    world.channels[WEB] = mailbox
    if told["decision"] == "clarify":
        (told,) = ada.says("the first one")
    assert told["decision"] == "answer"
    (after,) = ada.says("How do I export my data to Excel?")
    assert after["decision"] in ("answer", "clarify")
    assert world.tickets() == []


@pytest.mark.parametrize(
    ("why", "told"),
    [
        (FileUnavailable("Give the app the scope files:read."), "文件“screen.png”没能保存。请"),
        (FileTooBig("The file is larger than 20 MB."), "文件“screen.png”超过 20 MB"),
    ],
)
def test_a_customer_reads_of_a_lost_file_in_their_language_and_what_they_can_do(
    ada: CustomerOnTheWeb, world: World, tmp_path: Path, why: FileUnavailable, told: str
) -> None:
    world.channels[WEB] = Shelf(tmp_path, gives=why)
    lost = ada.says("忘记密码了登不上去")[0]["text"]
    assert told in lost
    assert str(why) not in lost, "that is for agents"
    kept = [found for line in read_by_the_desk(world) if (found := line.message.detail.get("lost_files"))]
    assert kept[0][0]["why"] == str(why)


@pytest.mark.parametrize(
    ("question", "why", "told"),
    [
        (QUESTION, FileUnavailable("Gone."), "I couldn't keep 3 of your files: a.png; b.png; c.png. Please send"),
        ("忘记密码了登不上去", FileTooBig("Too large."), "每个都超过 20 MB：a.png、b.png、c.png。请"),
    ],
)
def test_several_lost_files_are_told_in_one_sentence(
    ada: CustomerOnTheWeb, world: World, tmp_path: Path, question: str, why: FileUnavailable, told: str
) -> None:
    world.channels[WEB] = Shelf(tmp_path, gives=why, names=("a.png", "b.png", "c.png"))
    lost, answer = ada.says(question)
    assert told in lost["text"]
    assert answer["decision"] == "answer"


def test_words_that_an_earlier_version_marked_as_an_answer_without_an_article_do_not_end_the_talk(
    ada: CustomerOnTheWeb, world: World
) -> None:
    ada.says(QUESTION)
    with transaction(world.database) as session:
        (talk,) = session.exec(select(Conversation))
        say_in(session, talk, "I couldn't keep your file.", Author.BOT, world.now, decision="answer")
    world.work()
    ada.hears()
    (after,) = ada.says("How do I export my data to Excel?")
    assert after["decision"] in ("answer", "clarify")


def test_what_follows_a_message_that_was_set_aside_is_read_by_the_same_person(
    ada: CustomerOnTheWeb, world: World, breaks: Breaks, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaks()
    fails(world, "ada", QUESTION)
    ada.hears()
    fails(world, "ada", "hello?")
    assert ada.hears() == [], "she knows already that a person has it"
    monkeypatch.undo()
    ada.says("anybody?")
    assert said(world) == [QUESTION, "hello?", "anybody?"]
    assert len(world.tickets()) == 1


@dataclass
class Room(Mailbox):
    """A place among people: nothing that is said there is said to the bot."""

    name: str = WEB

    def parse(self, payload: dict[str, Any]) -> Inbound:
        return replace(super().parse(payload), is_addressed=False)


def test_what_was_only_overheard_bothers_nobody_and_is_not_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("a bug of ours")

    world.channels[WEB] = Room()
    monkeypatch.setattr(turns, "acquaintance", fail)
    fails(world, "ada", "shall we have lunch?")
    assert not world.tickets()
    assert not conversations(world.database)
    assert [(row.state, row.payload) for row in rows(world)] == [(InboxState.DONE, "{}")]


def test_a_replayed_message_whose_bot_is_well_again_is_answered_where_the_bot_has_the_conversation(
    ada: CustomerOnTheWeb, bob: AgentAtTheDesk, world: World, breaks: Breaks, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaks()
    fails(world, "ada", QUESTION)
    monkeypatch.undo()
    bob.hands_back()
    ada.hears()
    replayed(world, admin(world))
    (answer,) = ada.hears()
    assert answer["decision"] == "answer"
    assert said(world) == [QUESTION], "her words are there once"
    assert [row.state for row in rows(world)] == [InboxState.DONE]


def test_a_replayed_message_is_only_there_to_read_where_a_person_has_the_conversation(
    ada: CustomerOnTheWeb, world: World, breaks: Breaks, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaks()
    fails(world, "ada", QUESTION)
    monkeypatch.undo()
    ada.hears()
    replayed(world, admin(world))
    assert ada.hears() == []
    assert said(world) == [QUESTION]
    activities = [line.message.detail.get("activity") for line in read_by_the_desk(world)]
    assert activities.count("replayed") == 1


def test_a_payload_that_can_be_read_by_now_is_the_customers_message(
    ada: CustomerOnTheWeb, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_self: Mailbox, _payload: dict[str, Any]) -> Inbound:
        raise RuntimeError("a shape that we do not know yet")

    monkeypatch.setattr(Mailbox, "parse", fail)
    fails(world, "ada", QUESTION)
    assert said(world) == []
    monkeypatch.undo()
    replayed(world, admin(world))
    assert said(world) == [QUESTION]


def test_a_replay_after_the_ticket_was_resolved_is_answered_in_a_new_conversation(
    ada: CustomerOnTheWeb, bob: AgentAtTheDesk, world: World, breaks: Breaks, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaks()
    fails(world, "ada", QUESTION)
    monkeypatch.undo()
    bob.resolves()
    ada.hears()
    replayed(world, admin(world))
    (answer,) = ada.hears()
    assert answer["decision"] == "answer"
    assert said(world, 2) == [QUESTION]


def test_a_replayed_fragment_is_not_waited_with_for_more(
    ada: CustomerOnTheWeb, bob: AgentAtTheDesk, world: World, breaks: Breaks, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaks()
    fails(world, "ada", "I have a problem")
    monkeypatch.undo()
    bob.hands_back()
    ada.hears()
    world.accept("ada", text=QUESTION)
    replayed(world, admin(world))
    about_the_fragment, answer = ada.hears()
    assert about_the_fragment["decision"] == "decline"
    assert answer["decision"] == "answer"
    assert said(world) == ["I have a problem", QUESTION]


def test_replaying_twice_does_it_once(world: World, breaks: Breaks) -> None:
    breaks()
    fails(world, "ada", QUESTION)
    staff = admin(world)
    with transaction(world.database) as session:
        replay.replay(session, 1, staff, world.now)
    with pytest.raises(Stale, match="not set aside"), transaction(world.database) as session:
        replay.replay(session, 1, staff, world.now)
    with reading(world.database) as session:
        audited = session.exec(select(Audit).where(Audit.action == "inbox.replayed")).all()
    assert [(each.actor, each.subject_id) for each in audited] == [("Root", 1)]
    (row,) = rows(world)
    assert (row.state, row.attempts) == (InboxState.NEW, 0)


def test_an_agent_may_not_replay(bob: AgentAtTheDesk, world: World, breaks: Breaks) -> None:
    breaks()
    fails(world, "ada", QUESTION)
    actor = bob.actor
    with pytest.raises(NotAllowed), transaction(world.database) as session:
        replay.replay(session, 1, actor, world.now)


def test_parked_messages_are_listed_with_their_tickets(world: World, breaks: Breaks) -> None:
    breaks()
    fails(world, "ada", QUESTION)
    with reading(world.database) as session:
        (blind,) = replay.parked(session, 10)
        (seen,) = replay.parked(session, 10, with_preview=True)
        figures = inbox.figures(session, world.now)
    assert (blind.channel, blind.error, blind.ticket, blind.preview) == (WEB, "ValueError", 1, None)
    assert seen.preview == QUESTION
    assert (figures.new, figures.working, figures.parked, figures.oldest_seconds) == (0, 0, 1, 0.0)


def test_an_agent_who_took_over_meanwhile_keeps_the_conversation(
    ada: CustomerOnTheWeb, bob: AgentAtTheDesk, world: World, breaks: Breaks
) -> None:
    ada.says("hi")
    actor = bob.actor
    breaks()
    world.accept("ada", text=QUESTION)
    world.work()
    with transaction(world.database) as session:
        desk.take_over(session, 1, actor, world.now)
    for _ in range(inbox.ATTEMPTS):
        world.later(minutes=1)
        world.work()
    assert ada.hears() == []
    assert said(world) == ["hi", QUESTION]
    assert world.ticket().reason is None, "it was not the bot that handed over"
