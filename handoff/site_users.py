"""People whom the site around the web chat knows. Its server signs who they are, and a browser shows us the signature.

Whoever is signed for is one person in every browser, and belongs to the account that was signed with them.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from handoff.accounts import account_named, account_of_domain
from handoff.actors import Actor
from handoff.customers import find_customer
from handoff.errors import AccountNotFound, AnotherUser
from handoff.models import Account, Customer
from handoff.people import account_of, join, person, root_id, tie
from handoff.rows import id_of

CHANNEL = "web"
PREFIX = "user:"
"""What the id of a signed-in user begins with, so that no visitor's random key is ever one."""
LONGEST_ID = 100
SITE = Actor(None, "the site around the chat")


@dataclass(frozen=True)
class SiteUser:
    """Somebody who is signed in on the site: ``user`` is their id or e-mail address there."""

    user: str
    account: str | None = None
    """The name of their account here."""
    name: str | None = None
    """Shown to agents. It is not signed, so nothing else may depend on it."""


def site_key(secret_key: bytes) -> str:
    """The key that the site's server signs with: made from the house's own, which it does not tell."""
    return hmac.digest(secret_key, b"users of the site", hashlib.sha256).hex()


def signature(key: str, said: SiteUser) -> str:
    """HMAC-SHA256, as 64 hex digits, of the user's id; where an account is named, of both with a line end between."""
    words = said.user if said.account is None else f"{said.user}\n{said.account}"
    return hmac.digest(key.encode(), words.encode("utf-8", "replace"), hashlib.sha256).hex()


def is_signed(key: str, said: SiteUser, given: str) -> bool:
    """Whether ``given`` is the signature of what is ``said``. A line end in an id would let it be read as two."""
    if any(mark in part for part in (said.user, said.account or "") for mark in "\r\n"):
        return False
    return hmac.compare_digest(signature(key, said), given.strip().lower().encode("ascii", "replace").decode())


def identify(session: Session, visitor: str, said: SiteUser, now: datetime) -> Account | None:
    """The chat's ``visitor`` is this user, whose signature was checked: the same person as in their other browsers.

    Returns the account that they belong to now. The account that was signed counts, whatever it was before; else that
    of an e-mail address fills in where there was none. Raises AnotherUser for a visitor who was another user, Stale.
    """
    own = find_customer(session, CHANNEL, visitor, now, said.name)
    known = find_customer(session, CHANNEL, called(said.user), now, said.name)
    if any(_is_user(one) and one.id != known.id for one in person(session, own)):
        raise AnotherUser
    if root_id(own) != root_id(known):
        _make_one(session, own, known, now)
    account = _account(session, said)
    if account is not None and (said.account is not None or account_of(session, known) is None):
        tie(session, known, id_of(account), SITE.name, now)
    return account_of(session, known)


def called(user: str) -> str:
    """What the web channel calls a user of the site."""
    return PREFIX + user[:LONGEST_ID]


def _is_user(customer: Customer) -> bool:
    return customer.channel == CHANNEL and customer.external_id.startswith(PREFIX)


def _make_one(session: Session, own: Customer, known: Customer, now: datetime) -> None:
    """What is known of the user goes before what was said of a browser of theirs."""
    theirs = account_of(session, known)
    if theirs is not None:
        tie(session, own, id_of(theirs), SITE.name, now)
    join(session, id_of(own), id_of(known), SITE, now)


def _account(session: Session, said: SiteUser) -> Account | None:
    if said.account is None:
        return account_of_domain(session, said.user.rpartition("@")[2]) if "@" in said.user else None
    try:
        return account_named(session, said.account)
    except AccountNotFound:
        # The site may know companies that nobody here has heard of; that must not keep anybody from writing.
        return None
