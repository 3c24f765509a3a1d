"""Signing in and out, and the one-time links by which people come in first."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from starlette.responses import RedirectResponse

from api.console.page import page, texts_for
from api.console.parts import AnyStaff, anyone, forget, remember, session_token
from api.console.refusals import ConsoleRoute, sentence, status_for
from api.first_run import begin
from api.http.limits import SharedSignIns
from api.http.parts import Now, TheProduct
from api.product import Product
from api.texts import LANGUAGES
from handoff.errors import BadEmail, BadPassword, BadSignIn, HandoffError, TooManySignIns
from handoff.models import Staff
from handoff.rows import id_of
from handoff.sessions import SignInPace, check_password, sign_out, start_session
from handoff.staff import check_link, first_admin, redeem, set_password
from store import audit, reading, transaction

router = APIRouter(prefix="/console", route_class=ConsoleRoute, include_in_schema=False)

Text = Annotated[str, Form(max_length=300)]
# An office often shares one address, so an address may try more often than an account may be tried.
TRIES_AN_ACCOUNT, TRIES_AN_ADDRESS = 5, 30
Pace = SignInPace | SharedSignIns


@router.get("/sign-in", dependencies=[Depends(anyone)])
def sign_in_page(request: Request, next: str = "/console") -> Response:
    return _sign_in_page(request, next, "")


@router.post("/sign-in", dependencies=[Depends(anyone)])
def sign_in(
    request: Request, product: TheProduct, now: Now, email: Text = "", password: Text = "", next: Text = "/console"
) -> Response:
    try:
        _pace(request, email, now)
        with reading(product.database) as session:
            staff_id = check_password(session, email, password)
        with transaction(product.database) as session:
            token = start_session(session, staff_id, now, replaces=session_token(request, product.settings))
    except (BadSignIn, TooManySignIns) as error:
        return _sign_in_page(request, next, email, error)
    response = RedirectResponse(own_page(next), 303)
    remember(response, product.settings, token)
    return response


@router.post("/sign-out", dependencies=[Depends(anyone)])
def leave(request: Request, product: TheProduct) -> Response:
    token = session_token(request, product.settings)
    if token is not None:
        with transaction(product.database) as session:
            sign_out(session, token)
    response = RedirectResponse("/console/sign-in", 303)
    forget(response, product.settings)
    return response


@router.get("/welcome/{token}", dependencies=[Depends(anyone)])
def welcome_page(request: Request, product: TheProduct, now: Now, token: str) -> Response:
    """The page of a one-time link. Looking at it does not use the link up: mail scanners look at links too."""
    return _welcome_page(request, token, _invited(product, token, now))


@router.post("/welcome/{token}", dependencies=[Depends(anyone)])
def welcome(
    request: Request,
    product: TheProduct,
    now: Now,
    token: str,
    password: Text = "",
    name: Text = "",
    email: Text = "",
    language: Text = "en",
) -> Response:
    invited = _invited(product, token, now)
    try:
        with transaction(product.database) as session:
            if invited is None:
                staff = first_admin(session, token, name, email, password, now)
                begin(session)
            else:
                staff = redeem(session, token, now)
                set_password(session, id_of(staff), password, now)
            staff.language = language if language in LANGUAGES else "en"
            key = start_session(session, id_of(staff), now, replaces=session_token(request, product.settings))
    except (BadPassword, BadEmail) as error:
        return _welcome_page(request, token, invited, error, name, email)
    response = RedirectResponse("/console/start" if invited is None else "/console", 303)
    remember(response, product.settings, key)
    return response


@router.post("/language")
def change_language(
    product: TheProduct, now: Now, staff: AnyStaff, language: Text = "en", back: Text = "/console"
) -> Response:
    if language in LANGUAGES:
        with transaction(product.database) as session:
            session.get_one(Staff, staff.id).language = language
            audit.record(session, staff.name, "staff.language_set", "staff", staff.id, now, language=language)
    return RedirectResponse(own_page(back), 303)


def own_page(address: str) -> str:
    """``address`` if it is a page of the console, else the inbox: nobody is led elsewhere by a link to the sign-in."""
    is_ours = address == "/console" or address.startswith(("/console/", "/console?"))
    return address if is_ours and address.isprintable() and "\\" not in address else "/console"


def _sign_in_page(request: Request, next: str, email: str, error: HandoffError | None = None) -> Response:
    status = 200 if error is None else 429 if isinstance(error, TooManySignIns) else 401
    words = sentence(texts_for(request), error, status) if error else ""
    return page(request, "console/sign_in.html", status=status, words=words, next=own_page(next), email=email)


def _invited(product: Product, token: str, now: datetime) -> Staff | None:
    """Whom the link lets in; None: the first admin, who is not on the staff yet. Raises LinkExpired."""
    with reading(product.database) as session:
        link = check_link(session, token, now)
        return session.get(Staff, link.staff_id) if link.staff_id is not None else None


def _welcome_page(
    request: Request,
    token: str,
    invited: Staff | None,
    error: HandoffError | None = None,
    name: str = "",
    email: str = "",
) -> Response:
    status = status_for(error) if error else 200
    return page(
        request,
        "console/welcome.html",
        status=status,
        words=sentence(texts_for(request), error, status) if error else "",
        token=token,
        is_first=invited is None,
        name=invited.name if invited else name,
        email=invited.email if invited else email,
    )


def _pace(request: Request, email: str, now: datetime) -> None:
    """Count one try for the account and one for the address it came from. Raises TooManySignIns."""
    accounts, addresses = _paces(request)
    addresses.check(request.client.host if request.client else "", now)
    accounts.check(email, now)


def _paces(request: Request) -> tuple[Pace, Pace]:
    state = request.app.state
    if not hasattr(state, "sign_in_paces"):
        database = state.product.database
        state.sign_in_paces = (
            (SignInPace(TRIES_AN_ACCOUNT), SignInPace(TRIES_AN_ADDRESS))
            if database.is_sqlite
            else (
                SharedSignIns(database, "account", TRIES_AN_ACCOUNT),
                SharedSignIns(database, "address", TRIES_AN_ADDRESS),
            )
        )
    paces: tuple[Pace, Pace] = state.sign_in_paces
    return paces
