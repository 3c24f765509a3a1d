"""What is promised when a matter is handed over, who hears of it in time, and what is said when it was missed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from mail_house import MailHouse, mail_house
from sqlmodel import col, select
from talk import HOUSE, AgentAtTheDesk, CustomerOnTheWeb, World, text_of

from bot.channels.email.channel import EmailChannel
from bot.channels.email.server import parse_smtp_url
from bot.channels.mailbox import Mailbox
from bot.desk import sla
from bot.desk.loop import DeskLoop
from bot.desk.notifying import sentences
from bot.live import House, Live, Serving
from bot.promises import next_promise
from handoff import desk
from handoff.actors import Actor
from handoff.conversations import history
from handoff.copies import use_mail
from handoff.models import Account, Customer, Delivery, DeliveryState, Message, Plan, Priority, Role, Staff, Thread
from handoff.people import tie
from handoff.rows import id_of
from handoff.sla.defaults import lay_out
from handoff.sla.models import Calendar, Clock, ClockState
from handoff.staff import add_staff
from handoff.staffing.models import Duty, Team, TeamMember
from handoff.ticketing.levels import move_tier, set_priority
from handoff.ticketing.models import Notice, NoticeKind
from handoff.ticketing.notices import LEAVES
from store import Database, reading, transaction
from store.models import Timer, TimerState

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
FRIDAY_NIGHT = datetime(2026, 11, 27, 22, 0, tzinfo=UTC)
PLACE = ("telegram", "-1001")
"""Where the staff reads."""


@pytest.fixture(scope="module")
def a_server() -> Iterator[MailHouse]:
    with mail_house() as house:
        yield house


@pytest.fixture
def server(a_server: MailHouse) -> MailHouse:
    a_server.mails, a_server.people, a_server.senders = [], [], []
    return a_server


@pytest.fixture
def world(sqlite_database: Database, serving: Serving) -> World:
    """On one database: nothing here depends on the kind, but where a test says so."""
    return on(sqlite_database, serving)


def on(database: Database, serving: Serving) -> World:
    live = Live(HOUSE)
    live.serving = serving
    return World(database, live)


@pytest.fixture
def house(world: World) -> World:
    """A house with the promises of a new desk and an admin, carla."""
    with transaction(world.database) as session:
        lay_out(session, world.now)
        add_staff(session, "carla@firstline.test", "Carla", Role.ADMIN, world.now)
    return world


@pytest.fixture
def enterprise(house: World, ada: CustomerOnTheWeb) -> CustomerOnTheWeb:
    """ada, whose company pays for answers within half an hour, and who is in Shanghai."""
    ada.says("hi")
    with transaction(house.database) as session:
        account = Account(name="Acme", plan=Plan.ENTERPRISE, created_at=house.now)
        session.add(account)
        session.flush()
        customer = session.exec(select(Customer)).one()
        customer.timezone = "Asia/Shanghai"
        tie(session, customer, id_of(account), "carla", house.now)
    return ada


def on_the_front_line(world: World, agent: AgentAtTheDesk) -> None:
    """Has ``agent`` join the team that everything goes to; nothing is assigned by itself."""
    staff_id = agent.actor.staff_id
    with transaction(world.database) as session:
        team = session.exec(select(Team).where(col(Team.is_default))).one()
        team.assigns = False
        session.add(TeamMember(team_id=id_of(team), staff_id=staff_id))


def notices(world: World) -> list[tuple[str, NoticeKind]]:
    """Who was told what, in the order of the events."""
    with reading(world.database) as session:
        query = select(Staff.name, Notice.kind).join(Notice, col(Notice.staff_id) == Staff.id)
        return list(session.exec(query.order_by(col(Notice.at), col(Staff.name))).all())


def activities(world: World) -> list[str]:
    with reading(world.database) as session:
        lines = history(session, world.ticket().conversation_id)
        return [line.message.detail["activity"] for line in lines if "activity" in line.message.detail]


def test_without_promises_the_old_sentence_is_said(ada: CustomerOnTheWeb) -> None:
    assert "within one working day" in text_of(ada.says("let me talk to a human"))


def test_the_moment_of_the_first_answer_is_told_in_the_customers_time(enterprise: CustomerOnTheWeb) -> None:
    (reply,) = enterprise.says("let me talk to a human")
    assert "by 17:31 today (Shanghai time)" in reply["text"], "half an hour, and seconds are rounded up"


def test_a_chinese_customer_reads_the_promise_in_chinese(house: World, ada: CustomerOnTheWeb) -> None:
    with transaction(house.database) as session:
        for calendar in session.exec(select(Calendar)):
            calendar.timezone = "Asia/Shanghai"
    house.later(hours=-8)
    (reply,) = ada.says("人工")
    assert "在11月25日星期三 09:01（北京时间）前" in reply["text"], "the time zone is the house's, for want of a better"


def test_before_the_promise_runs_out_the_team_is_warned_once_and_the_customer_hears_nothing(
    enterprise: CustomerOnTheWeb, house: World, bob: AgentAtTheDesk
) -> None:
    on_the_front_line(house, bob)
    enterprise.says("let me talk to a human")
    assert enterprise.waits(24 * 60 + 5) == []
    assert enterprise.waits(60) == []
    assert notices(house) == [("Bob", NoticeKind.WARNING)]


def test_a_missed_promise_brings_an_apology_with_a_new_one_once(
    enterprise: CustomerOnTheWeb, house: World, bob: AgentAtTheDesk
) -> None:
    on_the_front_line(house, bob)
    enterprise.says("let me talk to a human")
    enterprise.waits(25 * 60)
    (apology,) = enterprise.waits(6 * 60)
    assert "We're sorry: you should have had an answer by 17:31 today (Shanghai time)" in apology["text"]
    assert "will answer you by 18:05 today (Shanghai time)" in apology["text"]
    assert enterprise.waits(60) == []
    assert enterprise.waits(20 * 60) == []
    assert notices(house) == [
        ("Bob", NoticeKind.WARNING),
        ("Bob", NoticeKind.BREACH),
        ("Carla", NoticeKind.BREACH),
    ]
    assert activities(house).count("missed_first_response") == 1


def test_who_misses_the_new_promise_too_says_so_and_in_the_end_is_silent(
    enterprise: CustomerOnTheWeb, house: World
) -> None:
    enterprise.says("let me talk to a human")
    heard = [text_of(enterprise.waits(10 * 60)) for _ in range(24)]
    apologies = [text for text in heard if text]
    assert ["waiting again" in text for text in apologies] == [False, True, True]
    assert len({text.split("#")[0] for text in apologies}) == 3, "each has its own promise"
    assert len([kind for _, kind in notices(house) if kind is NoticeKind.BREACH]) > 3, "the desk hears of every miss"


def test_an_answer_in_time_means_no_apology(enterprise: CustomerOnTheWeb, house: World, bob: AgentAtTheDesk) -> None:
    enterprise.says("let me talk to a human")
    bob.replies("Tell me more, please")
    enterprise.hears()
    assert enterprise.waits(3600) == []
    assert notices(house) == []


def test_an_answer_that_came_late_but_came_needs_no_apology(
    enterprise: CustomerOnTheWeb, house: World, bob: AgentAtTheDesk
) -> None:
    enterprise.says("let me talk to a human")
    house.later(minutes=40)
    # Nobody looked at the clock until now: the server was down.
    actor = bob.actor
    with transaction(house.database) as session:
        desk.reply(session, 1, "Here I am", actor, house.now)
    house.work()
    assert "sorry" not in text_of(enterprise.hears())
    with reading(house.database) as session:
        assert session.exec(select(Clock.state)).one() is ClockState.BREACHED, "it is late all the same"


def test_a_solution_that_is_late_is_apologised_for_but_not_a_step_on_the_way_to_it(
    enterprise: CustomerOnTheWeb, house: World, bob: AgentAtTheDesk
) -> None:
    enterprise.says("let me talk to a human")
    bob.replies("I am asking a specialist")
    actor = bob.actor
    with transaction(house.database) as session:
        move_tier(session, 1, 2, "it needs the database", actor, house.now)
    enterprise.hears()
    assert enterprise.waits(8 * 3600) == [], "the diagnosis is late, which is ours to know"
    assert "missed_diagnosis" in activities(house)
    assert "we meant to have this solved" in text_of(enterprise.waits(3 * 24 * 3600))


def test_after_a_miss_the_next_promise_that_is_told_is_the_new_one(enterprise: CustomerOnTheWeb, house: World) -> None:
    enterprise.says("let me talk to a human")
    enterprise.waits(31 * 60)
    with transaction(house.database) as session:
        ticket = house.ticket()
        assert next_promise(session, ticket, house.now, "en") == "by 18:05 today (Shanghai time)"


def carla_sets(house: World, priority: Priority) -> None:
    with transaction(house.database) as session:
        carla = session.exec(select(Staff).where(Staff.name == "Carla")).one()
        set_priority(session, 1, Actor(id_of(carla), "Carla"), house.now, priority=priority)
    house.work()


def test_who_was_told_a_moment_reads_once_when_it_comes_sooner(house: World, ada: CustomerOnTheWeb) -> None:
    assert "by 09:01 on Wednesday" in text_of(ada.says("let me talk to a human"))
    ada.waits(600)
    carla_sets(house, Priority.P1)
    (news,) = ada.waits(150)
    assert "more urgent to us now" in news["text"]
    assert "will answer you by 13:01 today (UTC)" in news["text"]
    assert ada.waits(3600) == []


def test_who_was_told_a_moment_reads_honestly_when_it_comes_later(house: World, ada: CustomerOnTheWeb) -> None:
    ada.says("let me talk to a human")
    carla_sets(house, Priority.P1)
    ada.waits(150)
    carla_sets(house, Priority.P3)
    (news,) = ada.waits(150)
    assert "by 09:01 on Wednesday, 25 November (UTC), and not by 13:01 today (UTC) as we told you" in news["text"]
    assert "sorry" not in text_of(ada.waits(5 * 3600)), "the moment that does not count any more is no miss"


def test_a_priority_that_somebody_thinks_better_of_is_no_news(house: World, ada: CustomerOnTheWeb) -> None:
    ada.says("let me talk to a human")
    carla_sets(house, Priority.P1)
    ada.waits(30)
    carla_sets(house, Priority.P2)
    assert ada.waits(3600) == []


def test_another_priority_after_the_answer_is_no_news_to_the_customer(
    house: World, ada: CustomerOnTheWeb, bob: AgentAtTheDesk
) -> None:
    ada.says("let me talk to a human")
    bob.replies("I am at it")
    ada.hears()
    carla_sets(house, Priority.P1)
    assert ada.waits(300) == []


def test_a_ticket_that_is_late_as_it_becomes_urgent_breaks_no_promise_that_its_customer_knows_of(
    house: World, ada: CustomerOnTheWeb
) -> None:
    ada.says("let me talk to a human")
    ada.waits(3 * 3600)
    carla_sets(house, Priority.P0)
    assert ada.waits(600) == [], "on Wednesday, they were told"
    assert ("Carla", NoticeKind.BREACH) in notices(house), "the desk knows that it is late"
    house.now = MONDAY + timedelta(days=2, minutes=2)
    house.work()
    assert "you should have had an answer by 09:01 today" in text_of(ada.hears())


def urgent_on(house: World, ada: CustomerOnTheWeb, moment: datetime) -> None:
    house.now = moment
    ada.says("let me talk to a human")
    carla_sets(house, Priority.P0)


def test_on_a_friday_night_whoever_is_on_call_hears_of_an_urgent_ticket_at_once(
    house: World, ada: CustomerOnTheWeb, bob: AgentAtTheDesk
) -> None:
    bob_id = bob.actor.staff_id
    with transaction(house.database) as session:
        since, until = FRIDAY_NIGHT - timedelta(hours=4), FRIDAY_NIGHT + timedelta(days=2)
        session.add(Duty(staff_id=bob_id, since=since, until=until))
    urgent_on(house, ada, FRIDAY_NIGHT)
    assert ("Bob", NoticeKind.ON_CALL) in notices(house)


def test_with_nobody_on_call_the_admins_hear_of_it(house: World, ada: CustomerOnTheWeb) -> None:
    urgent_on(house, ada, FRIDAY_NIGHT)
    assert ("Carla", NoticeKind.ON_CALL) in notices(house)


def test_in_working_hours_nobody_is_called(house: World, ada: CustomerOnTheWeb) -> None:
    urgent_on(house, ada, MONDAY + timedelta(hours=1))
    assert NoticeKind.ON_CALL not in [kind for _, kind in notices(house)]


def test_notices_reach_mailboxes_and_the_channel_of_the_staff_and_nobody_else(
    enterprise: CustomerOnTheWeb, house: World, server: MailHouse
) -> None:
    channel = EmailChannel(parse_smtp_url(server.url), HOUSE.address, Path("none"), now=lambda: house.now)
    house.channels |= {"email": channel, PLACE[0]: Mailbox(PLACE[0])}  # type: ignore[dict-item]
    house.desk.house = House(address=HOUSE.address, staff_places=(PLACE,))
    with transaction(house.database) as session:
        use_mail(session, True)
        session.exec(select(Customer)).one().email = "ada@example.com"
    enterprise.says("let me talk to a human")
    enterprise.waits(31 * 60)
    by_person = dict(zip(server.people, server.mails, strict=True))
    assert sorted(by_person) == ["ada@example.com", "carla@firstline.test"]
    assert by_person["carla@firstline.test"]["Subject"].startswith(
        "#1 P2: the first answer was due by 09:31 today (UTC)"
    )
    assert "/console/tickets/1" in server.text(server.people.index("carla@firstline.test"))
    assert "We're sorry" in server.text(server.people.index("ada@example.com"))
    with reading(house.database) as session:
        query = select(Message.text, Delivery.state).join(Delivery, col(Delivery.message_id) == Message.id)
        query = query.join(Thread, col(Thread.id) == Delivery.thread_id).where(Thread.channel == PLACE[0])
        ((text, state),) = session.exec(query).all()
    assert state is DeliveryState.SENT
    assert "is late" in text.split("\n")[0]
    assert "Told: Carla" in text
    assert not [one for one in enterprise.transcript() if "is late" in one["text"]]


def test_a_deed_that_fails_is_tried_again_later_and_holds_up_no_other(
    house: World, enterprise: CustomerOnTheWeb, monkeypatch: pytest.MonkeyPatch
) -> None:
    enterprise.says("let me talk to a human")
    calls: list[int] = []

    def stumble(*arguments: object) -> list[object]:
        calls.append(1)
        raise RuntimeError("broken")

    with monkeypatch.context() as patch:
        patch.setattr(sla, "take_steps", stumble)
        enterprise.waits(31 * 60)
        assert calls, "it was tried"
        with reading(house.database) as session:
            timer = session.exec(select(Timer).where(Timer.kind == "sla")).one()
        assert (timer.state, timer.due_at > house.now) == (TimerState.WAITING, True)
    house.later(minutes=1)
    house.work()
    assert "We're sorry" in text_of(enterprise.hears())


def test_two_servers_that_see_the_same_timer_do_it_once(database: Database, serving: Serving) -> None:
    world = on(database, serving)
    ada = CustomerOnTheWeb(world)
    with transaction(database) as session:
        lay_out(session, world.now)
    ada.says("let me talk to a human")
    world.later(days=9)
    one, other = DeskLoop(database, HOUSE), DeskLoop(database, HOUSE)
    seen = one._next(world.now)
    assert seen is not None
    while other.step(world.now):
        pass
    with transaction(database) as session:
        one._do(session, seen, world.now)
    world.work()
    assert text_of(ada.hears()).count("We're sorry") == 1


def test_every_notice_that_leaves_the_console_exists_in_every_language() -> None:
    assert sentences()["en"].keys() == sentences()["zh"].keys()
    for kind in LEAVES:
        assert kind.value in sentences()["en"]
