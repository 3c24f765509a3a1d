"""Tickets find their team and their agent: when they open, wake, move, and when somebody comes to work."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from floor import MONDAY, NIGHT, TOMORROW, Floor
from sqlmodel import col, select

from handoff import desk
from handoff.actors import OPERATOR
from handoff.conversations import history, open_conversation
from handoff.customers import find_customer, find_thread
from handoff.errors import KeepDefaultTeam, NameTaken, NotAllowed, NoTickets, TeamNotFound, WrongStatus
from handoff.models import Conversation, Priority, Reason, Role, TicketStatus
from handoff.rows import id_of
from handoff.sla.defaults import lay_out
from handoff.staffing import deeds, profiles, teams
from handoff.staffing.directory import on_call, team_members
from handoff.staffing.models import Team
from handoff.staffing.offering import BUSY
from handoff.staffing.rota import add_rota
from handoff.staffing.views import assignment_of
from handoff.ticketing.deeds import at_desk
from handoff.ticketing.levels import move_tier
from handoff.ticketing.models import Happened, Notice, NoticeKind, TicketEvent
from handoff.tickets import open_ticket, ticket_by_number
from handoff.views import ticket_list
from store import Database, reading, transaction
from store.models import Audit


@pytest.fixture
def floor(database: Database) -> Floor:
    with transaction(database) as session:
        lay_out(session, MONDAY)
    return Floor(database)


def test_a_desk_without_people_leaves_every_ticket_in_the_default_queue(floor: Floor) -> None:
    number = floor.opens(team="billing")
    assert (floor.ticket(number).team, floor.has(number), floor.offers()) == ("front line", None, [])
    with reading(floor.database) as session:
        assert [row.number for row in ticket_list(session, "new")] == [number]


def test_a_new_ticket_goes_to_whoever_is_at_work_and_they_are_told(floor: Floor) -> None:
    bob = floor.hire("bob", "front line")
    number = floor.opens()
    assert floor.has(number) == "bob"
    with reading(floor.database) as session:
        (notice,) = session.exec(select(Notice)).all()
        lines = [line.message.text for line in history(session, floor.ticket(number).conversation_id)]
    assert (notice.staff_id, notice.kind) == (bob.staff_id, NoticeKind.ASSIGNED)
    assert "Assigned" in lines


def test_topics_choose_the_team_before_the_name_that_the_intent_gives(floor: Floor) -> None:
    floor.add_team("billing", "refund")
    floor.add_team("support")
    assert floor.ticket(floor.opens("ada", "refund", team="support")).team == "billing"
    assert floor.ticket(floor.opens("ada", "exports", team="Support")).team == "support"
    assert floor.ticket(floor.opens("ada", "exports", team="engineering")).team == "front line"
    assert floor.ticket(floor.opens("ada", category="Refund")).team == "billing"


def test_what_was_asked_last_says_most_about_a_ticket(floor: Floor) -> None:
    floor.add_team("billing", "refund")
    floor.add_team("engineering", "outage")
    assert floor.ticket(floor.opens("ada", "refund", "outage", "asks-for-human")).team == "engineering"


def test_the_terms_are_kept_and_say_who_else_could_have_had_it(floor: Floor) -> None:
    floor.hire("bob", "front line", languages=["en"])
    floor.hire("wei", "front line", languages=["en", "zh"], skills=["Exports"])
    number = floor.opens("ada", "exports", language="zh")
    assert floor.has(number) == "wei"
    with reading(floor.database) as session:
        shown = assignment_of(session, ticket_by_number(session, number))
    assert dict(shown.terms) == {"language": 40, "skill": 25, "contact": 0, "load": 15}
    assert [(one.name, one.total, one.bar) for one in shown.compared] == [("bob", 15, None)]
    assert (shown.total, shown.assignee, shown.team) == (80, "wei", "front line")


def test_whoever_knows_the_customer_gets_them_again_also_from_another_channel(floor: Floor) -> None:
    from handoff.people import join

    floor.hire("bob", "front line")
    floor.hire("eve", "front line")
    first = floor.opens("ada")
    assert [floor.has(floor.opens("kim")), floor.has(first)] == ["eve", "bob"]
    with transaction(floor.database) as session:
        elsewhere = find_customer(session, "telegram", "4711", floor.now)
        ada = find_customer(session, "web", "ada", floor.now)
        join(session, id_of(ada), id_of(elsewhere), OPERATOR, floor.now)
        thread = find_thread(session, "telegram", "4711", floor.now)
        conversation = open_conversation(session, thread, elsewhere, "en", floor.now)
        again = open_ticket(session, conversation, Reason.ASKED_FOR_HUMAN, "Me again", floor.now).number
    assert floor.has(again) == "bob"


def test_equals_take_turns(floor: Floor) -> None:
    for name in ("bob", "eve", "kim"):
        floor.hire(name, "front line")
    assert [floor.has(floor.opens(f"c{one}")) for one in range(6)] == ["bob", "eve", "kim"] * 2


def test_a_full_agent_gets_nothing_until_they_have_room(floor: Floor, words: desk.ClosingWords) -> None:
    bob = floor.hire("bob", "front line", load_cap=1)
    first, second, third = floor.opens(), floor.opens("kim"), floor.opens("lou", priority=Priority.P1)
    assert [floor.has(first), floor.has(second), floor.has(third)] == ["bob", None, None]
    floor.does(desk.resolve, first, bob, floor.now, words)
    assert floor.offers() == [floor.now]
    # The next promise first: an urgent ticket was promised sooner than the older one.
    assert floor.offer("front line") == [third]
    assert (floor.has(third), floor.has(second)) == ("bob", None)


def test_at_night_a_ticket_waits_for_whoever_comes_first(floor: Floor) -> None:
    floor.hire("bob", "front line")
    floor.hire("wei", "front line", timezone="Asia/Shanghai")
    floor.now = NIGHT
    number = floor.opens()
    # Nine o'clock in Shanghai is one o'clock here.
    assert (floor.has(number), floor.offers()) == (None, [datetime(2026, 11, 24, 1, 0, tzinfo=UTC)])
    floor.now = floor.offers()[0]
    assert floor.offer("front line") == [number]
    assert floor.has(number) == "wei"


def test_an_emergency_at_night_goes_to_whoever_is_on_call_of_whatever_team(floor: Floor) -> None:
    floor.hire("bob", "front line")
    floor.add_team("engineering")
    eve = floor.hire("eve", "engineering")
    floor.does(add_rota, eve.staff_id, [(NIGHT, NIGHT + timedelta(hours=9))], MONDAY)
    floor.now = NIGHT
    assert floor.has(floor.opens(priority=Priority.P2)) is None
    urgent = floor.opens("kim", priority=Priority.P0)
    assert floor.has(urgent) == "eve"
    with reading(floor.database) as session:
        assert on_call(session, NIGHT) == [eve.staff_id]
        assert on_call(session, MONDAY) == []


def test_nothing_comes_to_somebody_who_is_away_and_what_waits_for_them_goes_to_others(floor: Floor) -> None:
    bob = floor.hire("bob", "front line")
    number = floor.opens()
    floor.does(profiles.add_absence, bob.staff_id, MONDAY + timedelta(hours=1), TOMORROW, MONDAY, actor=bob)
    eve = floor.hire("eve", "front line")
    assert floor.has(number) == "bob"
    floor.now = MONDAY + timedelta(hours=2)
    assert floor.has(floor.opens("kim")) == "eve"
    floor.writes(number)
    assert floor.has(number) == "eve"
    with reading(floor.database) as session:
        told = session.exec(select(Notice.staff_id).order_by(col(Notice.id).desc())).first()
    assert told == eve.staff_id


def test_a_ticket_of_somebody_at_home_but_not_away_stays_theirs(floor: Floor) -> None:
    floor.hire("bob", "front line")
    number = floor.opens()
    floor.hire("eve", "front line", timezone="America/Los_Angeles")
    floor.now = NIGHT
    floor.writes(number)
    assert floor.has(number) == "bob"


def test_somebody_who_comes_back_early_is_offered_what_waits(floor: Floor) -> None:
    bob = floor.hire("bob", "front line")
    absence = floor.does(profiles.add_absence, bob.staff_id, MONDAY - timedelta(hours=1), TOMORROW, MONDAY)
    number = floor.opens()
    assert (floor.has(number), floor.offers()) == (None, [TOMORROW])
    floor.now += timedelta(hours=1)
    floor.does(profiles.end_absence, bob.staff_id, id_of(absence), floor.now)
    assert floor.offers() == [floor.now, TOMORROW]
    floor.offer("front line")
    assert floor.has(number) == "bob"


def test_whoever_joins_a_team_is_offered_what_waits_there(floor: Floor) -> None:
    number = floor.opens()
    floor.hire("bob", "front line")
    assert floor.offers() == [MONDAY]
    floor.offer("front line")
    assert floor.has(number) == "bob"


def test_a_team_that_does_not_assign_lets_its_people_choose(floor: Floor) -> None:
    floor.add_team("billing", "refund", assigns=False)
    floor.hire("bob", "billing")
    number = floor.opens("ada", "refund")
    assert (floor.ticket(number).team, floor.has(number), floor.offers()) == ("billing", None, [])


def test_a_tier_takes_a_ticket_to_its_specialists_and_away_from_who_is_none(floor: Floor) -> None:
    bob = floor.hire("bob", "front line")
    number = floor.opens()
    floor.does(move_tier, number, 2, "Nothing helps", bob, floor.now)
    assert (floor.has(number), floor.ticket(number).team) == ("bob", "front line")
    floor.add_team("experts", "tier-3")
    floor.hire("eve", "experts")
    floor.does(move_tier, number, 3, "It is the database", bob, floor.now, diagnosis="A lock is held")
    assert (floor.has(number), floor.ticket(number).team) == ("eve", "experts")


def test_moving_a_ticket_to_a_team_offers_it_there_and_is_remembered(floor: Floor) -> None:
    bob = floor.hire("bob", "front line")
    floor.add_team("billing")
    floor.hire("eve", "billing")
    number = floor.opens()
    floor.does(deeds.move_to_team, number, "Billing", bob, floor.now)
    assert (floor.ticket(number).team, floor.has(number)) == ("billing", "eve")
    floor.writes(number)
    assert floor.ticket(number).team == "billing"
    with reading(floor.database) as session:
        kinds = session.exec(select(col(TicketEvent.kind)).order_by(col(TicketEvent.id))).all()
        actions = set(session.exec(select(Audit.action)))
    assert kinds.count(Happened.TEAM) == 2
    assert "ticket.team_changed" in actions
    with pytest.raises(TeamNotFound):
        floor.does(deeds.move_to_team, number, "sales", bob, floor.now)


def test_a_ticket_can_be_given_away_and_put_back_but_does_not_come_back_at_once(floor: Floor) -> None:
    bob = floor.hire("bob", "front line")
    eve = floor.hire("eve", "front line")
    vera = floor.hire("vera", role=Role.VIEWER)
    number = floor.opens()
    floor.does(deeds.give, number, eve.staff_id, bob, floor.now)
    assert floor.has(number) == "eve"
    with pytest.raises(NoTickets):
        floor.does(deeds.give, number, vera.staff_id, bob, floor.now)
    floor.does(deeds.put_back, number, eve, floor.now)
    assert floor.has(number) == "bob"
    floor.does(profiles.add_absence, eve.staff_id, floor.now, TOMORROW, floor.now)
    floor.does(deeds.put_back, number, bob, floor.now)
    assert floor.has(number) is None


def test_solved_tickets_are_nobodys_to_give(floor: Floor, words: desk.ClosingWords) -> None:
    bob = floor.hire("bob", "front line")
    number = floor.opens()
    floor.does(desk.resolve, number, bob, floor.now, words)
    with pytest.raises(WrongStatus, match="reopen it first"):
        floor.does(deeds.give, number, bob.staff_id, bob, floor.now)


def test_not_yet_brings_the_same_agent_unless_they_left(floor: Floor, words: desk.ClosingWords) -> None:
    bob = floor.hire("bob", "front line")
    floor.hire("eve", "front line", load_cap=1)
    numbers = [floor.opens("ada"), floor.opens("kim")]
    assert [floor.has(number) for number in numbers] == ["bob", "eve"]
    for _ in range(2):
        floor.does(desk.resolve, numbers[0], bob, floor.now, words)
        with transaction(floor.database) as session:
            conversation = session.get_one(Conversation, ticket_by_number(session, numbers[0]).conversation_id)
            desk.not_yet(session, conversation, floor.now)
        assert floor.has(numbers[0]) == "bob"
    floor.does(desk.resolve, numbers[0], bob, floor.now, words)
    floor.does(profiles.switch_off, bob.staff_id, floor.now)
    with transaction(floor.database) as session:
        conversation = session.get_one(Conversation, ticket_by_number(session, numbers[0]).conversation_id)
        desk.not_yet(session, conversation, floor.now)
    assert floor.has(numbers[0]) is None
    assert floor.ticket(numbers[0]).status is TicketStatus.OPEN


def test_whoever_is_switched_off_leaves_their_open_tickets_to_the_queue(floor: Floor) -> None:
    bob = floor.hire("bob", "front line")
    number = floor.opens()
    eve = floor.hire("eve", "front line")
    floor.does(profiles.switch_off, bob.staff_id, floor.now)
    assert floor.has(number) is None
    floor.offer("front line")
    assert floor.has(number) == "eve"
    with reading(floor.database) as session:
        assert team_members(session, "FRONT LINE") == [eve.staff_id]


def test_a_ticket_that_an_agent_took_without_a_team_finds_one_when_they_let_it_go(floor: Floor) -> None:
    bob = floor.hire("bob")
    with transaction(floor.database) as session:
        thread = find_thread(session, "web", "lou", floor.now)
        person = find_customer(session, "web", "lou", floor.now)
        conversation_id = id_of(open_conversation(session, thread, person, "en", floor.now))
    number = floor.does(desk.take_over, conversation_id, bob, floor.now).number
    assert floor.has(number) == "bob"
    floor.does(deeds.put_back, number, bob, floor.now)
    assert (floor.ticket(number).team, floor.has(number)) == ("front line", None)


def test_a_renamed_team_keeps_its_tickets_and_a_removed_one_leaves_them_to_the_default(floor: Floor) -> None:
    team_id = floor.add_team("billing", "refund")
    number = floor.opens("ada", "refund")
    floor.does(teams.change_team, team_id, "Money", ["refund"], floor.now, assigns=True)
    assert floor.ticket(number).team == "Money"
    with pytest.raises(NameTaken):
        floor.does(teams.add_team, "money", floor.now)
    floor.does(teams.remove_team, team_id, floor.now)
    assert floor.ticket(number).team == "front line"
    with reading(floor.database) as session:
        (front,) = session.exec(select(Team)).all()
    with pytest.raises(KeepDefaultTeam):
        floor.does(teams.remove_team, id_of(front), floor.now)


def test_exactly_one_team_is_the_default_one(floor: Floor) -> None:
    team_id = floor.add_team("billing")
    floor.does(teams.change_team, team_id, "billing", [], floor.now, assigns=True, is_default=True)
    with reading(floor.database) as session:
        assert [team.name for team in session.exec(select(Team)) if team.is_default] == ["billing"]
    assert floor.ticket(floor.opens()).team == "billing"


def test_agents_set_their_own_hours_and_nobody_elses(floor: Floor) -> None:
    bob, eve = floor.hire("bob", "front line"), floor.hire("eve", "front line")
    floor.does(profiles.set_profile, bob.staff_id, floor.now, languages=["de"], actor=bob)
    for deed in (profiles.set_profile, teams.remove_member):
        arguments = (eve.staff_id, floor.now) if deed is profiles.set_profile else (1, eve.staff_id, floor.now)
        with pytest.raises(NotAllowed):
            floor.does(deed, *arguments, actor=bob)
    with pytest.raises(NotAllowed):
        floor.does(add_rota, bob.staff_id, [(floor.now, TOMORROW)], floor.now, bob)


@pytest.mark.parametrize("zone", ["Europe/Nowhere", "../etc/passwd", "Mars"])
def test_a_time_zone_that_there_is_not_is_refused_with_an_example(floor: Floor, zone: str) -> None:
    from handoff.errors import BadProfile

    bob = floor.hire("bob")
    with pytest.raises(BadProfile, match="Europe/Madrid"):
        floor.does(profiles.set_profile, bob.staff_id, floor.now, timezone=zone)


def test_two_tickets_at_once_do_not_both_get_the_last_place(floor: Floor) -> None:
    floor.hire("bob", "front line", load_cap=1)
    together = Barrier(2)

    def opens(customer: str) -> int:
        together.wait(60)
        return Floor(floor.database).opens(customer)

    with ThreadPoolExecutor(2) as pool:
        numbers = list(pool.map(opens, ("ada", "kim")))
    assert sorted(floor.has(number) or "" for number in numbers) == ["", "bob"]


def test_an_offer_never_waits_for_whoever_works_on_a_ticket(postgresql_database: Database) -> None:
    """SQLite has one writer at a time."""
    with transaction(postgresql_database) as session:
        lay_out(session, MONDAY)
    floor = Floor(postgresql_database)
    first, second = floor.opens(), floor.opens("kim")
    floor.hire("bob", "front line")
    with ThreadPoolExecutor(1) as pool:
        with transaction(floor.database) as session:
            at_desk(session, first, OPERATOR)
            assert pool.submit(floor.offer, "front line").result(60) == [second]
        assert floor.offers() == [MONDAY + BUSY]
        floor.now = MONDAY + BUSY
        assert pool.submit(floor.offer, "front line").result(60) == [first]
