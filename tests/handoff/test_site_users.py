"""Whom the site around the chat signs for: the same person in every browser, with the account that was signed."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime

import pytest
from sqlmodel import select

from handoff.accounts import add_account, add_domain
from handoff.actors import Actor
from handoff.customers import find_customer
from handoff.errors import AnotherUser
from handoff.models import Customer
from handoff.people import account_of, person_ids, set_account
from handoff.rows import id_of
from handoff.site_users import SiteUser, called, identify, is_signed, signature, site_key
from store import Database, reading, transaction

KEY = site_key(b"the house's own key")


def known(database: Database, visitor: str, said: SiteUser, now: datetime) -> str | None:
    with transaction(database) as session:
        account = identify(session, visitor, said, now)
    return account.name if account else None


def account_name(database: Database, visitor: str, now: datetime) -> str | None:
    with transaction(database) as session:
        account = account_of(session, find_customer(session, "web", visitor, now))
    return account.name if account else None


def test_the_signature_is_what_any_server_can_make() -> None:
    plain = hmac.new(KEY.encode(), b"u-1\nAcme Ltd", hashlib.sha256).hexdigest()
    assert is_signed(KEY, SiteUser("u-1", "Acme Ltd"), plain)
    assert is_signed(KEY, SiteUser("u-1", "Acme Ltd"), f" {plain.upper()}\n")
    assert is_signed(KEY, SiteUser("张三"), hmac.new(KEY.encode(), "张三".encode(), hashlib.sha256).hexdigest())


@pytest.mark.parametrize(
    "said",
    [
        SiteUser("u-2", "Acme Ltd"),
        SiteUser("u-1"),
        SiteUser("u-1", "Globex"),
        SiteUser("u-1\nAcme Ltd"),
        SiteUser("u-1", ""),
    ],
)
def test_a_signature_says_nothing_of_another_user_or_account(said: SiteUser) -> None:
    assert not is_signed(KEY, said, signature(KEY, SiteUser("u-1", "Acme Ltd")))


@pytest.mark.parametrize("given", ["", "00", "密码", "x" * 64])
def test_what_is_no_signature_is_refused(given: str) -> None:
    assert not is_signed(KEY, SiteUser("u-1"), given)


def test_the_key_that_is_shown_does_not_tell_the_houses_own() -> None:
    assert site_key(b"one") != site_key(b"two")
    assert "one" not in site_key(b"one")


def test_a_user_is_one_person_in_every_browser(database: Database, now: datetime) -> None:
    for visitor in ("laptop", "phone", "laptop"):
        assert known(database, visitor, SiteUser("u-1", name="Ada"), now) is None
    with reading(database) as session:
        everybody = {(one.external_id, one.name) for one in session.exec(select(Customer))}
        assert everybody == {("laptop", "Ada"), ("phone", "Ada"), (called("u-1"), "Ada")}
        assert len(person_ids(session, 1)) == 3


def test_a_browser_that_was_one_user_is_never_another(database: Database, now: datetime) -> None:
    known(database, "laptop", SiteUser("u-1"), now)
    with pytest.raises(AnotherUser):
        known(database, "laptop", SiteUser("u-2"), now)
    with reading(database) as session:
        assert len(person_ids(session, 1)) == 2


def test_the_signed_account_counts_for_the_whole_person_whatever_it_was(
    database: Database, bob: Actor, now: datetime
) -> None:
    with transaction(database) as session:
        add_account(session, "Acme", now)
        other = add_account(session, "Globex", now)
        set_account(session, id_of(find_customer(session, "web", "laptop", now)), other.id, bob, now)
    assert known(database, "phone", SiteUser("u-1", "acme"), now) == "Acme"
    assert known(database, "laptop", SiteUser("u-1"), now) == "Acme"
    assert account_name(database, "laptop", now) == account_name(database, "phone", now) == "Acme"


def test_an_account_that_nobody_here_knows_keeps_nobody_out(database: Database, now: datetime) -> None:
    assert known(database, "laptop", SiteUser("u-1", "Unheard of"), now) is None


def test_a_signed_address_finds_the_account_of_its_domain_where_there_was_none(
    database: Database, bob: Actor, now: datetime
) -> None:
    with transaction(database) as session:
        acme, globex = add_account(session, "Acme", now), add_account(session, "Globex", now)
        add_domain(session, id_of(acme), "acme.example", now)
    assert known(database, "laptop", SiteUser("ada@acme.example"), now) == "Acme"
    with transaction(database) as session:
        set_account(session, id_of(find_customer(session, "web", "laptop", now)), globex.id, bob, now)
    assert known(database, "laptop", SiteUser("ada@acme.example"), now) == "Globex"
