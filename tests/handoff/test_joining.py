"""An agent says that two customers are the same person, and takes it back."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from itertools import combinations
from threading import Barrier

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import col, select

from handoff.accounts import add_account
from handoff.actors import Actor
from handoff.customers import find_customer
from handoff.errors import AccountsDiffer, AlreadyDone, CustomerNotFound, HandoffError, NotAllowed, NotJoined, Stale
from handoff.models import Customer, Role, Ticket
from handoff.people import account_of, find_people, join, part, person_ids, same_person, set_account
from handoff.rows import id_of
from handoff.tickets import ticket_by_number
from store import Database, reading, transaction
from store.models import Audit, Change


@pytest.fixture
def customers(database: Database, now: datetime) -> tuple[int, ...]:
    """Five customers, oldest first."""
    with transaction(database) as session:
        return tuple(id_of(find_customer(session, "telegram", str(number), now)) for number in range(1000, 1005))


@pytest.fixture
def accounts(database: Database, now: datetime) -> tuple[int, int]:
    with transaction(database) as session:
        return id_of(add_account(session, "Acme", now)), id_of(add_account(session, "Globex", now))


def people(database: Database, customers: tuple[int, ...]) -> set[tuple[int, ...]]:
    """The persons that these customers are; each is checked to have no chain and its oldest as root."""
    with reading(database) as session:
        rows = {
            id_of(row): row.joined_to_id
            for row in session.exec(select(Customer).where(col(Customer.id).in_(customers)))
        }
        found = {person_ids(session, customer_id) for customer_id in customers}
    for ids in found:
        assert [rows[one] for one in ids] == [None] + [ids[0]] * (len(ids) - 1)
    return found


def joined(database: Database, bob: Actor, now: datetime, *pairs: tuple[int, int]) -> None:
    for one, other in pairs:
        with transaction(database) as session:
            join(session, one, other, bob, now)


def account_name(database: Database, customer_id: int) -> str | None:
    with reading(database) as session:
        account = account_of(session, session.get_one(Customer, customer_id))
    return account.name if account else None


def test_the_older_one_stands_for_the_person(
    database: Database, customers: tuple[int, ...], bob: Actor, now: datetime
) -> None:
    a, b, *_ = customers
    with transaction(database) as session:
        assert join(session, b, a, bob, now).id == a
    assert people(database, (a, b)) == {(a, b)}


def test_people_who_are_joined_have_no_chains(
    database: Database, customers: tuple[int, ...], bob: Actor, now: datetime
) -> None:
    a, b, c, d, e = customers
    joined(database, bob, now, (d, e), (b, c), (e, c), (e, a))
    assert people(database, customers) == {(a, b, c, d, e)}


def test_the_same_person_is_not_joined_again(
    database: Database, customers: tuple[int, ...], bob: Actor, now: datetime
) -> None:
    a, b, c, *_ = customers
    joined(database, bob, now, (a, b), (b, c))
    for pair in ((a, a), (a, b), (c, a), (b, c)):
        with pytest.raises(AlreadyDone, match="the same person already"):
            joined(database, bob, now, pair)


def test_parting_takes_one_out_and_leaves_the_others_together(
    database: Database, customers: tuple[int, ...], bob: Actor, now: datetime
) -> None:
    a, b, c, d, e = customers
    joined(database, bob, now, (a, b), (b, c), (c, d))
    with transaction(database) as session:
        part(session, a, bob, now)
    assert people(database, customers) == {(a,), (b, c, d), (e,)}
    with transaction(database) as session:
        part(session, d, bob, now)
    assert people(database, customers) == {(a,), (b, c), (d,), (e,)}
    with transaction(database) as session, pytest.raises(NotJoined):
        part(session, d, bob, now)


def test_the_account_counts_for_the_whole_person_and_parting_gives_it_back(
    database: Database, customers: tuple[int, ...], accounts: tuple[int, int], bob: Actor, now: datetime
) -> None:
    a, b, *_ = customers
    with transaction(database) as session:
        set_account(session, b, accounts[0], bob, now)
    joined(database, bob, now, (a, b))
    assert account_name(database, a) == account_name(database, b) == "Acme"
    with transaction(database) as session:
        part(session, b, bob, now)
    assert (account_name(database, a), account_name(database, b)) == (None, "Acme")


def test_people_of_different_accounts_are_not_joined(
    database: Database, customers: tuple[int, ...], accounts: tuple[int, int], bob: Actor, now: datetime
) -> None:
    a, b, c, d, _ = customers
    with transaction(database) as session:
        for customer_id, account_id in ((a, accounts[0]), (c, accounts[1])):
            set_account(session, customer_id, account_id, bob, now)
    joined(database, bob, now, (a, b), (c, d))
    with pytest.raises(AccountsDiffer, match="different accounts: Globex and Acme"):
        joined(database, bob, now, (d, b))
    with transaction(database) as session:
        set_account(session, d, accounts[0], bob, now)
    joined(database, bob, now, (d, b))
    assert account_name(database, c) == "Acme"


def test_a_person_has_one_account_whichever_customer_it_is_set_at(
    database: Database, customers: tuple[int, ...], accounts: tuple[int, int], bob: Actor, now: datetime
) -> None:
    a, b, *_ = customers
    joined(database, bob, now, (a, b))
    for customer_id, account_id, name in ((a, accounts[0], "Acme"), (b, accounts[1], "Globex"), (a, None, None)):
        with transaction(database) as session:
            set_account(session, customer_id, account_id, bob, now)
        assert {account_name(database, a), account_name(database, b)} == {name}


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 4), st.integers(0, 4)), max_size=12))
def test_whatever_agents_do_people_are_disjoint_and_flat(
    sqlite_database: Database, now: datetime, deeds: list[tuple[bool, int, int]]
) -> None:
    bob = Actor(None, "bob")
    with transaction(sqlite_database) as session:
        customers = tuple(
            id_of(find_customer(session, "telegram", f"{len(deeds)}-{number}", now)) for number in range(5)
        )
        for customer_id in customers:
            session.get_one(Customer, customer_id).joined_to_id = None
    expected = [{customer_id} for customer_id in customers]
    for is_join, one, other in deeds:
        with transaction(sqlite_database) as session:
            try:
                if is_join:
                    join(session, customers[one], customers[other], bob, now)
                else:
                    part(session, customers[one], bob, now)
            except HandoffError:
                continue
        expected = _after(expected, customers[one], customers[other] if is_join else None)
    assert people(sqlite_database, customers) == {tuple(sorted(group)) for group in expected}


def _after(groups: list[set[int]], one: int, other: int | None) -> list[set[int]]:
    touched = [group for group in groups if one in group or other in group]
    rest = [group for group in groups if group not in touched]
    if other is not None:
        return [*rest, set().union(*touched)]
    return [*rest, touched[0] - {one}, {one}]


def test_colleagues_who_join_the_same_people_at_once_leave_no_chain(
    database: Database, customers: tuple[int, ...], bob: Actor, now: datetime
) -> None:
    pairs = list(combinations(customers, 2))
    together = Barrier(len(pairs))

    def try_it(pair: tuple[int, int]) -> None:
        together.wait(60)
        with suppress(Stale, AlreadyDone):
            joined(database, bob, now, pair)

    with ThreadPoolExecutor(len(pairs)) as pool:
        list(pool.map(try_it, pairs))
    groups = people(database, customers)
    assert sorted(one for group in groups for one in group) == list(customers)
    assert max(map(len, groups)) > 1


def test_only_those_who_work_tickets_join_part_and_set_accounts(
    database: Database, customers: tuple[int, ...], hire: Callable[..., Actor], now: datetime
) -> None:
    a, b, *_ = customers
    for role in (Role.VIEWER, Role.EDITOR):
        actor = hire(role.value, role)
        with transaction(database) as session:
            with pytest.raises(NotAllowed):
                join(session, a, b, actor, now)
            with pytest.raises(NotAllowed):
                part(session, a, actor, now)
            with pytest.raises(NotAllowed):
                set_account(session, a, None, actor, now)


def test_who_is_unknown_cannot_be_joined(
    database: Database, customers: tuple[int, ...], bob: Actor, now: datetime
) -> None:
    with transaction(database) as session:
        for deed in (lambda: join(session, customers[0], 10**9, bob, now), lambda: part(session, 10**9, bob, now)):
            with pytest.raises(CustomerNotFound):
                deed()


def test_joining_and_parting_are_audited_and_told(
    database: Database, customers: tuple[int, ...], bob: Actor, now: datetime
) -> None:
    a, b, *_ = customers
    joined(database, bob, now, (b, a))
    with transaction(database) as session:
        part(session, b, bob, now)
    with reading(database) as session:
        deeds = session.exec(select(Audit).where(Audit.kind == "customer").order_by(col(Audit.id))).all()
        told = session.exec(select(Change.subject_id).where(Change.kind == "customer")).all()
    assert [(deed.actor, deed.action, deed.subject_id, deed.detail) for deed in deeds] == [
        ("bob", "customer.joined", b, {"other": a, "person": [a, b]}),
        ("bob", "customer.parted", b, {"others": [a]}),
    ]
    assert sorted(told) == [a, a, b, b]


def test_rows_of_a_person_are_found_in_one_query(
    database: Database, escalate: Callable[..., int], bob: Actor, now: datetime
) -> None:
    one, other, strangers = escalate("first", "ada"), escalate("second", "ada-too"), escalate("third", "grace")
    with transaction(database) as session:
        a, b = (ticket_by_number(session, number).customer_id for number in (one, other))
        join(session, a, b, bob, now)
    with reading(database) as session:
        condition = same_person(session.get_one(Customer, b))
        query = select(Ticket.number).where(col(Ticket.customer_id).in_(select(Customer.id).where(condition)))
        assert set(session.exec(query)) == {one, other}
        assert strangers not in set(session.exec(query))


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("grace", ["grace"]),
        ("GRACE h", ["grace"]),
        ("T1:UGRACE", ["grace"]),
        ("ugrace", ["grace"]),
        ("#1", ["ada"]),
        ("1", ["ada"]),
        ("#999", []),
        ("50%", ["50% Ada"]),
        ("%", ["50% Ada"]),
        ("_", []),
        ("T1:", []),
        ("  ", []),
        ("it's nobody; --", []),
        ("9" * 40, []),
    ],
)
def test_people_are_found_by_name_id_or_ticket(
    database: Database, escalate: Callable[..., int], now: datetime, asked: str, found: list[str]
) -> None:
    escalate("first", "ada")
    with transaction(database) as session:
        known = {
            id_of(find_customer(session, "slack", "T1:UGRACE", now, name="Grace Hopper")): "grace",
            id_of(find_customer(session, "web", "ada", now)): "ada",
            id_of(find_customer(session, "web", "somebody", now, name="50% Ada")): "50% Ada",
        }
        me = find_customer(session, "telegram", "12345678", now, name="me")
        assert [known[id_of(one)] for one in find_people(session, asked, me)] == found


def test_who_is_the_same_person_is_not_offered(
    database: Database, customers: tuple[int, ...], bob: Actor, now: datetime
) -> None:
    a, b, c, *_ = customers
    joined(database, bob, now, (a, b))
    with reading(database) as session:
        found = find_people(session, "100", session.get_one(Customer, b))
        assert found == []
        found = find_people(session, "1002", session.get_one(Customer, b))
        assert [one.id for one in found] == [c]
        assert find_people(session, "1000", session.get_one(Customer, b)) == []
