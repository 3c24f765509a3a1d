"""Accounts: the companies of the customers, their plans, their e-mail domains, and the links that tie a person to one.

Whoever opens a link in a channel belongs to its account. A link works once; its code is signed with the house's key,
so that what somebody made up is refused without looking anything up.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import func, or_, update
from sqlalchemy import select as rows_of
from sqlmodel import Session, col, select

from handoff.actors import OPERATOR, Actor, require
from handoff.domains import company_domain, normal_domain, with_parents
from handoff.errors import AccountLinkExpired, AccountNotFound, BadDomain, BadLink, DomainTaken, NameTaken
from handoff.models import Account, AccountDomain, AccountLink, Customer, Plan
from handoff.passwords import digest
from handoff.people import hold, tie
from handoff.permissions import Permission
from handoff.rows import id_of, rows_touched
from handoff.sla.again import look_at_account
from handoff.wording import clean
from store import audit
from store.changes import note_change
from store.inserts import insert

LINK_LASTS = timedelta(days=7)
_ID_BYTES, _SEAL_BYTES = 12, 16
_ID_LENGTH = 16
# A deep link of Telegram takes 64 of these characters; this takes 38.
_CODE = re.compile(r"[A-Za-z0-9_-]{38}")


@dataclass(frozen=True)
class AccountRow:
    """An account in a list, with its domains and how many people belong to it."""

    account: Account
    domains: tuple[str, ...]
    people: int


class AccountChoice(NamedTuple):
    """An account to choose from. Every page of a ticket offers all of them, so these are no whole rows."""

    id: int
    name: str
    plan: Plan


def add_account(
    session: Session, name: str, now: datetime, plan: Plan = Plan.STANDARD, actor: Actor = OPERATOR
) -> Account:
    """Make an account. Raises NameTaken, whatever the case of the letters."""
    require(session, actor, Permission.MANAGE_SYSTEM)
    name = _free_name(session, name)
    account = Account(name=name, plan=plan, created_at=now)
    session.add(account)
    session.flush()
    _leave_trace(session, account, actor, "account.added", now, name=name, plan=plan.value)
    return account


def change_account(
    session: Session, account_id: int, name: str, plan: Plan, now: datetime, actor: Actor = OPERATOR
) -> Account:
    """Rename the account and set its plan. Raises AccountNotFound, NameTaken."""
    require(session, actor, Permission.MANAGE_SYSTEM)
    account = account_by_id(session, account_id)
    account.name, account.plan = _free_name(session, name, account), plan
    session.flush()
    look_at_account(session, account_id, now)
    _leave_trace(session, account, actor, "account.changed", now, name=account.name, plan=plan.value)
    return account


def account_by_id(session: Session, account_id: int) -> Account:
    """The account. Raises AccountNotFound."""
    account = session.get(Account, account_id)
    if account is None:
        raise AccountNotFound
    return account


def account_named(session: Session, name: str) -> Account:
    """The account that people call so, whatever the case of the letters. Raises AccountNotFound."""
    account = _called(session, _one_line(name))
    if account is None:
        raise AccountNotFound(f"There is no account {_one_line(name)!r}. See them all: firstline account list.")
    return account


def all_accounts(session: Session) -> Sequence[Account]:
    """Every account, by name."""
    return session.exec(select(Account).order_by(func.lower(Account.name), col(Account.id))).all()


def account_choices(session: Session) -> list[AccountChoice]:
    """Every account to choose from, by name."""
    query = rows_of(col(Account.id), col(Account.name), col(Account.plan))
    ordered = query.order_by(func.lower(Account.name), col(Account.id))
    return [AccountChoice(*row) for row in session.execute(ordered)]


def accounts_overview(session: Session) -> list[AccountRow]:
    """Every account with its domains and its people, by name. A person in several channels counts once."""
    person = func.coalesce(Customer.joined_to_id, Customer.id)
    counted = select(Customer.account_id, func.count(person.distinct())).group_by(col(Customer.account_id))
    people = {account_id: number for account_id, number in session.exec(counted)}
    domains: dict[int, list[str]] = {}
    for row in session.exec(select(AccountDomain).order_by(col(AccountDomain.domain))):
        domains.setdefault(row.account_id, []).append(row.domain)
    return [
        AccountRow(account, tuple(domains.get(id_of(account), ())), people.get(account.id, 0))
        for account in all_accounts(session)
    ]


def domains_of(session: Session, account_id: int) -> Sequence[str]:
    """The domains of the account, in the order of the alphabet."""
    query = select(AccountDomain.domain).where(AccountDomain.account_id == account_id)
    return session.exec(query.order_by(col(AccountDomain.domain))).all()


def customers_of(session: Session, account_id: int, limit: int) -> Sequence[Customer]:
    """The people of the account in all their channels: who is one person stands together, the newest person first."""
    person = func.coalesce(Customer.joined_to_id, Customer.id)
    members = select(person).where(Customer.account_id == account_id)
    query = select(Customer).where(person.in_(members)).order_by(person.desc(), col(Customer.id))
    return session.exec(query.limit(limit)).all()


def add_domain(session: Session, account_id: int, domain: str, now: datetime, actor: Actor = OPERATOR) -> str:
    """People with addresses there belong to the account from the next time that a channel tells of one.

    Returns the domain as it is kept. Raises AccountNotFound, BadDomain, PublicDomain, DomainTaken.
    """
    require(session, actor, Permission.MANAGE_SYSTEM)
    account, domain = account_by_id(session, account_id), company_domain(domain)
    values = {"domain": domain, "account_id": account_id}
    session.execute(insert(session, AccountDomain).values(**values).on_conflict_do_nothing())
    holder = session.get_one(AccountDomain, domain, populate_existing=True).account_id
    if holder != account_id:
        raise DomainTaken(f"{domain} belongs to {account_by_id(session, holder).name}. Remove it there first.")
    _leave_trace(session, account, actor, "account.domain_added", now, domain=domain)
    return domain


def remove_domain(session: Session, account_id: int, domain: str, now: datetime, actor: Actor = OPERATOR) -> str:
    """Nobody new comes to the account by this domain; who is there stays. Raises AccountNotFound, BadDomain."""
    require(session, actor, Permission.MANAGE_SYSTEM)
    account, domain = account_by_id(session, account_id), normal_domain(domain)
    row = session.get(AccountDomain, domain)
    if row is None or row.account_id != account_id:
        raise BadDomain(f"{account.name} has no domain {domain}.")
    session.delete(row)
    session.flush()
    _leave_trace(session, account, actor, "account.domain_removed", now, domain=domain)
    return domain


def account_of_domain(session: Session, domain: str) -> Account | None:
    """Whose people have addresses at this domain: its own account, or that of the nearest domain above it."""
    try:
        candidates = with_parents(normal_domain(domain))
    except BadDomain:
        return None
    query = select(AccountDomain).where(col(AccountDomain.domain).in_(candidates))
    nearest = max(session.exec(query), key=lambda row: len(row.domain), default=None)
    return session.get_one(Account, nearest.account_id) if nearest else None


def make_link(session: Session, account_id: int, secret_key: bytes, now: datetime, actor: Actor = OPERATOR) -> str:
    """The code of a link that works once, within 7 days. Only its hash is kept. Raises AccountNotFound."""
    require(session, actor, Permission.MANAGE_SYSTEM)
    account = account_by_id(session, account_id)
    random_id = secrets.token_urlsafe(_ID_BYTES)
    code = random_id + _seal(random_id, secret_key)
    link = AccountLink(code_sha256=digest(code), account_id=account_id, created_at=now, expires_at=now + LINK_LASTS)
    session.add(link)
    session.flush()
    _leave_trace(session, account, actor, "account.link_made", now)
    return code


def use_link(session: Session, code: str, customer: Customer, secret_key: bytes, now: datetime) -> Account:
    """Tie the customer, and the person that they are, to the link's account, whatever it was before.

    Opening it again is no mistake for whoever used it. Raises BadLink for a code that we did not make,
    AccountLinkExpired (a LinkExpired) for one that somebody else used or that is too old, and Stale; whatever it
    raises, nothing was changed.
    """
    if not is_ours(code, secret_key):
        raise BadLink
    # Before the link is used up: what could still fail fails here.
    hold(session, customer)
    unused = update(AccountLink).where(
        col(AccountLink.code_sha256) == digest(code),
        col(AccountLink.used_at).is_(None),
        col(AccountLink.expires_at) > now,
    )
    is_first = rows_touched(session, unused.values(used_at=now, customer_id=id_of(customer))) == 1
    link = session.get(AccountLink, digest(code), populate_existing=True)
    if link is None or link.customer_id != customer.id:
        raise AccountLinkExpired
    if is_first:
        tie(session, customer, link.account_id, f"link of customer {customer.id}", now)
    return session.get_one(Account, link.account_id)


def is_ours(code: str, secret_key: bytes) -> bool:
    """Whether this code was made with the house's key: true of used and old ones, too."""
    if not _CODE.fullmatch(code):
        return False
    return hmac.compare_digest(code[_ID_LENGTH:], _seal(code[:_ID_LENGTH], secret_key))


def _seal(random_id: str, secret_key: bytes) -> str:
    # Named, so that what this key signs for other ends is no link.
    mac = hmac.digest(secret_key, b"account link:" + random_id.encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(mac[:_SEAL_BYTES]).decode().rstrip("=")


def _free_name(session: Session, name: str, own: Account | None = None) -> str:
    name = _one_line(name)[:200]
    if not name:
        raise NameTaken("An account needs a name.")
    other = _called(session, name)
    if other is not None and other is not own:
        raise NameTaken(f"There is an account {other.name!r} already. Choose another name.")
    return name


def _called(session: Session, name: str) -> Account | None:
    # Not lower() alone: on SQLite it knows only the letters of English.
    is_it = or_(col(Account.name) == name, func.lower(col(Account.name)) == name.lower())
    return session.exec(select(Account).where(is_it).order_by((col(Account.name) == name).desc())).first()


def _one_line(name: str) -> str:
    return " ".join(clean(name).split())


def _leave_trace(
    session: Session, account: Account, actor: Actor, deed: str, now: datetime, **detail: str | None
) -> None:
    note_change(session, "account", id_of(account), now)
    audit.record(session, actor.name, deed, "account", id_of(account), now, **detail)
