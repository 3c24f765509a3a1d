"""A customer's page, and what agents say of who somebody is: joined, parted, of which account."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Path, Query, Request, Response
from sqlmodel import select
from starlette.responses import RedirectResponse

from api.console.page import page
from api.console.parts import Reader, Worker, actor_of
from api.console.person import conversations_of, known, person_of
from api.console.refusals import ConsoleRoute
from api.console.sign_in import own_page
from api.http.parts import Now, TheProduct
from handoff import people
from handoff.models import Customer
from store import reading, transaction

router = APIRouter(prefix="/console/customers", route_class=ConsoleRoute, include_in_schema=False)

CONVERSATIONS = 100
CustomerId = Annotated[int, Path(ge=1, lt=2**53)]
OtherId = Annotated[int, Form(ge=1, lt=2**53)]
AccountId = Annotated[str, Form(pattern=r"^\d{0,15}$")]
Back = Annotated[str, Form(max_length=300)]
BackQuery = Annotated[str, Query(max_length=300)]


@router.get("/{customer_id}")
def customer_page(request: Request, product: TheProduct, now: Now, staff: Reader, customer_id: CustomerId) -> Response:
    """Who it is, and every conversation of the person in every channel."""
    with reading(product.database) as session:
        customer = people.customer_by_id(session, customer_id)
        shown = person_of(session, customer, now)
        everybody = session.exec(select(Customer).where(people.same_person(customer))).all()
        rows = conversations_of(session, everybody, CONVERSATIONS)
    return page(request, "console/customer.html", person=shown, conversations=rows, back=_page_of(customer_id))


@router.get("/{customer_id}/join")
def search_page(
    request: Request,
    product: TheProduct,
    now: Now,
    staff: Worker,
    customer_id: CustomerId,
    q: str = "",
    back: BackQuery = "",
) -> Response:
    """Whom to join with: found by name, by what the channel calls them, or by a ticket's number."""
    asked = q.strip()[:200]
    with reading(product.database) as session:
        customer = people.customer_by_id(session, customer_id)
        shown = person_of(session, customer, now)
        found = [known(session, one) for one in people.find_people(session, asked, customer)]
    return page(
        request,
        "console/customer_join.html",
        person=shown,
        asked=asked,
        found=found,
        other=None,
        back=_own(back, customer_id),
    )


@router.get("/{customer_id}/join/{other_id}")
def confirm_page(
    request: Request,
    product: TheProduct,
    now: Now,
    staff: Worker,
    customer_id: CustomerId,
    other_id: CustomerId,
    back: BackQuery = "",
) -> Response:
    """Both, side by side, before they are joined."""
    with reading(product.database) as session:
        shown, other = (person_of(session, people.customer_by_id(session, one), now) for one in (customer_id, other_id))
    return page(
        request,
        "console/customer_join.html",
        person=shown,
        asked="",
        found=[],
        other=other,
        back=_own(back, customer_id),
    )


@router.post("/{customer_id}/join")
def join(
    product: TheProduct, now: Now, staff: Worker, customer_id: CustomerId, other: OtherId, back: Back = ""
) -> Response:
    with transaction(product.database) as session:
        people.join(session, customer_id, other, actor_of(staff), now)
    return RedirectResponse(_own(back, customer_id), 303)


@router.post("/{customer_id}/part")
def part(product: TheProduct, now: Now, staff: Worker, customer_id: CustomerId, back: Back = "") -> Response:
    with transaction(product.database) as session:
        people.part(session, customer_id, actor_of(staff), now)
    return RedirectResponse(_own(back, customer_id), 303)


@router.post("/{customer_id}/account")
def set_account(
    product: TheProduct, now: Now, staff: Worker, customer_id: CustomerId, account: AccountId = "", back: Back = ""
) -> Response:
    """``account``: the account's id, empty for none."""
    chosen = int(account) if account else None
    with transaction(product.database) as session:
        people.set_account(session, customer_id, chosen, actor_of(staff), now)
    return RedirectResponse(_own(back, customer_id), 303)


def _own(back: str, customer_id: int) -> str:
    """Where the form came from, if that is a page of the console; else the customer's page."""
    return own_page(back) if back else _page_of(customer_id)


def _page_of(customer_id: int) -> str:
    return f"/console/customers/{customer_id}"
