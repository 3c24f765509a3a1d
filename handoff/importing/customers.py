"""A file of customers: their channel and what it calls them, and whatever is known of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from handoff.accounts import account_named
from handoff.actors import Actor, require
from handoff.customers import customer_called, find_customer, is_timezone
from handoff.errors import AccountNotFound, BadChannelId, UnknownChannel, UnknownLanguage, UnknownTimezone
from handoff.importing.lines import Kind, Look
from handoff.importing.reading import Column, Line
from handoff.models import Account, Customer
from handoff.people import account_of, tie
from handoff.permissions import Permission
from handoff.rows import id_of
from handoff.site_users import LONGEST_ID, called
from handoff.wording import normal_email
from store import audit
from store.changes import note_change

COLUMNS = (
    Column("channel", True, ("渠道",)),
    Column("id", True, ("user", "user id", "customer id", "编号", "用户编号")),
    Column("name", False, ("姓名", "名字")),
    Column("email", False, ("e-mail", "mail", "邮箱")),
    Column("account", False, ("company", "公司", "公司名称")),
    Column("language", False, ("语言",)),
    Column("timezone", False, ("time zone", "时区")),
)
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})?")
_IDS = {"slack": re.compile(r"[A-Z0-9]{2,20}:[A-Z0-9]{2,20}"), "telegram": re.compile(r"\d{1,19}")}


@dataclass(frozen=True)
class Said:
    """What a line says, as it is kept."""

    channel: str
    external_id: str
    name: str | None
    email: str | None
    account: Account | None
    language: str | None
    timezone: str | None


def _look(session: Session, line: Line) -> Look:
    said = _said(session, line)
    shown = said.name or line.values["id"]
    claims = frozenset({f"{said.channel} {said.external_id}"})
    customer = customer_called(session, said.channel, said.external_id)
    if customer is None:
        told = (said.channel, said.email, said.account.name if said.account else None)
        return Look(shown, True, tuple(one for one in told if one), claims)
    return Look(shown, False, _changes(session, customer, said), claims)


def _changes(session: Session, customer: Customer, said: Said) -> tuple[str, ...]:
    pairs = [(getattr(said, name), getattr(customer, name)) for name in ("name", "email", "language", "timezone")]
    found = [str(new) for new, old in pairs if new and new != old]
    account = account_of(session, customer)
    if said.account and (account is None or account.id != said.account.id):
        found.append(said.account.name)
    return tuple(found)


def _write(session: Session, line: Line, now: datetime, actor: Actor) -> None:
    require(session, actor, Permission.MANAGE_SYSTEM)
    said = _said(session, line)
    customer = find_customer(session, said.channel, said.external_id, now, said.name, said.language)
    customer.email = said.email or customer.email
    customer.timezone = said.timezone or customer.timezone
    session.flush()
    if said.account is not None:
        tie(session, customer, id_of(said.account), actor.name, now)
    note_change(session, "customer", id_of(customer), now)
    audit.record(session, actor.name, "customer.imported", "customer", id_of(customer), now)


def _said(session: Session, line: Line) -> Said:
    channel = _CHANNELS.get(line.values["channel"], line.values["channel"].casefold())
    return Said(
        channel,
        _external_id(channel, line.values["id"]),
        line.get("name"),
        normal_email(line.values["email"]) if line.get("email") else None,
        _account(session, line.get("account")),
        _language(line.get("language")),
        _timezone(line.get("timezone")),
    )


def _external_id(channel: str, said: str) -> str:
    """What the channel calls them. Of the web chat it is the id of the site's user: see ``handoff.site_users``."""
    if channel == "web" and len(said) <= LONGEST_ID:
        return called(said)
    pattern = _IDS.get(channel)
    if pattern is None and channel != "web":
        raise UnknownChannel
    if pattern is None or not pattern.fullmatch(said):
        raise BadChannelId
    return said


def _account(session: Session, name: str | None) -> Account | None:
    if name is None:
        return None
    try:
        return account_named(session, name)
    except AccountNotFound:
        raise AccountNotFound(f"There is no account {name!r}. Import it first, or leave the cell empty.") from None


def _language(said: str | None) -> str | None:
    if said is not None and not LANGUAGE.fullmatch(said):
        raise UnknownLanguage
    return said


def _timezone(said: str | None) -> str | None:
    if said is not None and not is_timezone(said):
        raise UnknownTimezone
    return said


_CHANNELS = {"网页": "web", "website": "web", "Website": "web"}
CUSTOMERS = Kind("customers", COLUMNS, _look, _write)
