"""The accounts: everybody at the desk sees them, admins make and change them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Path, Request, Response
from sqlmodel import Session
from starlette.responses import RedirectResponse

from api.console.page import page, texts_for
from api.console.parts import Reader, actor_of, staff_with
from api.console.refusals import ConsoleRoute, sentence, status_for
from api.http.parts import Now, TheProduct
from api.links import telegram_link
from api.product import Product
from api.settings import secret_key
from handoff import accounts
from handoff.errors import BadDomain, DomainTaken, HandoffError, NameTaken
from handoff.models import Plan, Staff
from handoff.permissions import Permission
from store import reading, transaction

router = APIRouter(prefix="/console/accounts", route_class=ConsoleRoute, include_in_schema=False)

PEOPLE = 200
Manager = Annotated[Staff, Depends(staff_with(Permission.MANAGE_SYSTEM))]
AccountId = Annotated[int, Path(ge=1, lt=2**53)]
Text = Annotated[str, Form(max_length=300)]
Chosen = Annotated[Plan, Form()]


@dataclass(frozen=True)
class Typed:
    """What stood in a form that was refused: it stands there again."""

    name: str = ""
    plan: Plan = Plan.STANDARD
    domain: str = ""


@dataclass(frozen=True)
class NewLink:
    """A link that was just made: this page is the only one that shows it."""

    code: str
    address: str
    until: datetime


@router.get("")
def list_page(request: Request, product: TheProduct, staff: Reader) -> Response:
    return _list(request, product)


@router.post("")
def make(
    request: Request,
    product: TheProduct,
    now: Now,
    staff: Manager,
    name: Text = "",
    plan: Chosen = Plan.STANDARD,
) -> Response:
    try:
        with transaction(product.database) as session:
            account = accounts.add_account(session, name, now, plan, actor_of(staff))
    except NameTaken as error:
        return _list(request, product, error, Typed(name, plan))
    return _to(account.id)


@router.get("/{account_id}")
def account_page(request: Request, product: TheProduct, staff: Reader, account_id: AccountId) -> Response:
    return _page(request, product, account_id)


@router.post("/{account_id}")
def change(
    request: Request,
    product: TheProduct,
    now: Now,
    staff: Manager,
    account_id: AccountId,
    name: Text = "",
    plan: Chosen = Plan.STANDARD,
) -> Response:
    def deed(session: Session) -> None:
        accounts.change_account(session, account_id, name, plan, now, actor_of(staff))

    return _do(request, product, account_id, deed, Typed(name, plan))


@router.post("/{account_id}/domains")
def add_domain(
    request: Request, product: TheProduct, now: Now, staff: Manager, account_id: AccountId, domain: Text = ""
) -> Response:
    def deed(session: Session) -> None:
        accounts.add_domain(session, account_id, domain, now, actor_of(staff))

    return _do(request, product, account_id, deed, Typed(domain=domain))


@router.post("/{account_id}/domains/remove")
def remove_domain(
    request: Request, product: TheProduct, now: Now, staff: Manager, account_id: AccountId, domain: Text = ""
) -> Response:
    def deed(session: Session) -> None:
        accounts.remove_domain(session, account_id, domain, now, actor_of(staff))

    return _do(request, product, account_id, deed, Typed())


@router.post("/{account_id}/links")
def make_link(request: Request, product: TheProduct, now: Now, staff: Manager, account_id: AccountId) -> Response:
    """The page with a new link on it. Loading it again asks the browser's person first, and then makes another."""
    with transaction(product.database) as session:
        code = accounts.make_link(session, account_id, secret_key(product.settings), now, actor_of(staff))
    link = NewLink(code, telegram_link(code, product.connections), now + accounts.LINK_LASTS)
    return _page(request, product, account_id, link=link)


def _do(request: Request, product: Product, account_id: int, deed: Callable[[Session], None], typed: Typed) -> Response:
    """Do it and show the account; refused, its page says why and keeps what was typed."""
    try:
        with transaction(product.database) as session:
            deed(session)
    except (NameTaken, BadDomain, DomainTaken) as error:
        return _page(request, product, account_id, error=error, typed=typed)
    return _to(account_id)


def _list(
    request: Request, product: Product, error: HandoffError | None = None, typed: Typed | None = None
) -> Response:
    with reading(product.database) as session:
        rows = accounts.accounts_overview(session)
    status, words = _refusal(request, error)
    return page(
        request, "console/accounts.html", status=status, words=words, rows=rows, typed=typed or Typed(), plans=Plan
    )


def _page(
    request: Request,
    product: Product,
    account_id: int,
    *,
    error: HandoffError | None = None,
    typed: Typed | None = None,
    link: NewLink | None = None,
) -> Response:
    with reading(product.database) as session:
        account = accounts.account_by_id(session, account_id)
        domains = accounts.domains_of(session, account_id)
        customers = accounts.customers_of(session, account_id, PEOPLE)
    status, words = _refusal(request, error)
    return page(
        request,
        "console/account.html",
        status=status,
        words=words,
        account=account,
        domains=domains,
        customers=customers,
        typed=typed or Typed(account.name, account.plan),
        link=link,
        plans=Plan,
    )


def _refusal(request: Request, error: HandoffError | None) -> tuple[int, str]:
    """The status and the sentence for ``error``; 200 and nothing without one."""
    if error is None:
        return 200, ""
    status = status_for(error)
    return status, sentence(texts_for(request), error, status)


def _to(account_id: int | None) -> Response:
    return RedirectResponse(f"/console/accounts/{account_id}", 303)
