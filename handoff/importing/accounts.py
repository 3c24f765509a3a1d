"""A file of accounts: name, plan, domains."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from handoff.accounts import account_by_id, account_named, add_account, add_domain, change_account, domains_of
from handoff.actors import Actor
from handoff.domains import company_domain
from handoff.errors import AccountNotFound, DomainTaken, UnknownPlan
from handoff.importing.lines import Kind, Look
from handoff.importing.reading import Column, Line
from handoff.models import Account, AccountDomain, Plan
from handoff.rows import id_of

COLUMNS = (
    Column("name", True, ("account", "company", "名称", "公司", "公司名称")),
    Column("plan", False, ("package", "套餐", "服务套餐")),
    Column("domains", False, ("domain", "email domains", "域名", "邮箱域名")),
)


def _look(session: Session, line: Line) -> Look:
    account, plan, domains = _found(session, line), _plan(line), _domains(line)
    for domain in domains:
        holder = session.get(AccountDomain, domain)
        if holder is not None and (account is None or holder.account_id != account.id):
            raise DomainTaken(f"{domain} belongs to {account_by_id(session, holder.account_id).name}.")
    claims = {f"account {_name(line).casefold()}", *(f"domain {domain}" for domain in domains)}
    if account is None:
        return Look(_name(line), True, ((plan or Plan.STANDARD).value, *domains), frozenset(claims))
    changes = [plan.value] if plan and plan is not account.plan else []
    changes += [domain for domain in domains if domain not in domains_of(session, id_of(account))]
    return Look(account.name, False, tuple(changes), frozenset(claims))


def _write(session: Session, line: Line, now: datetime, actor: Actor) -> None:
    account, plan = _found(session, line), _plan(line)
    if account is None:
        account = add_account(session, _name(line), now, plan or Plan.STANDARD, actor)
    elif plan and plan is not account.plan:
        change_account(session, id_of(account), account.name, plan, now, actor)
    for domain in _domains(line):
        if domain not in domains_of(session, id_of(account)):
            add_domain(session, id_of(account), domain, now, actor)


def _name(line: Line) -> str:
    return " ".join(line.values["name"].split())[:200]


def _found(session: Session, line: Line) -> Account | None:
    try:
        return account_named(session, _name(line))
    except AccountNotFound:
        return None


def _plan(line: Line) -> Plan | None:
    said = line.get("plan")
    if said is None:
        return None
    try:
        return Plan(_PLANS.get(said, said.casefold()))
    except ValueError:
        raise UnknownPlan from None


def _domains(line: Line) -> list[str]:
    # Domains hold no spaces, so a space is between two of them.
    said = [part for several in line.several("domains") for part in several.split()]
    return list(dict.fromkeys(company_domain(domain) for domain in said))


_PLANS = {"标准版": "standard", "企业版": "enterprise", "VIP 版": "vip", "VIP版": "vip"}
ACCOUNTS = Kind("accounts", COLUMNS, _look, _write)
