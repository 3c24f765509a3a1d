"""Who is at the console: the signed-in browser, and what its person may do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Depends, Request, Response

from api.http.parts import Now, TheProduct
from api.settings import Settings
from handoff.actors import Actor
from handoff.errors import NotAllowed
from handoff.models import Staff
from handoff.permissions import Permission, allowed
from handoff.rows import id_of
from handoff.sessions import ABSOLUTE, session_staff, touch_is_due, touch_session
from store import reading, transaction


class SignInNeeded(Exception):
    """Nobody is signed in in this browser, or not any more."""


def current_staff(request: Request, product: TheProduct, now: Now) -> Staff:
    """Who is signed in. Raises SignInNeeded, which ``ConsoleRoute`` answers with the way to the sign-in page."""
    token = session_token(request, product.settings)
    if token is None:
        raise SignInNeeded
    with reading(product.database) as session:
        staff, is_touch_due = session_staff(session, token, now), touch_is_due(session, token, now)
    if staff is None:
        raise SignInNeeded
    if is_touch_due:
        with transaction(product.database) as session:
            touch_session(session, token, now)
    request.state.staff = staff
    return staff


def staff_with(permission: Permission) -> Callable[..., Staff]:
    """A dependency that lets in staff whose role has ``permission``; a test that walks all routes reads it off it."""

    def check(staff: Annotated[Staff, Depends(current_staff)]) -> Staff:
        if not allowed(staff.role, permission):
            raise NotAllowed
        return staff

    marked: Any = check
    marked.permission = permission
    return check


def anyone() -> None:
    """Marks a route that people must reach before they are signed in."""


def anyone_signed_in(staff: Annotated[Staff, Depends(current_staff)]) -> Staff:
    """Lets in everybody who works here: for what concerns only themselves."""
    return staff


Reader = Annotated[Staff, Depends(staff_with(Permission.READ_TICKETS))]
Worker = Annotated[Staff, Depends(staff_with(Permission.WORK_TICKETS))]
ArticleReader = Annotated[Staff, Depends(staff_with(Permission.READ_ARTICLES))]
AnyStaff = Annotated[Staff, Depends(anyone_signed_in)]


def actor_of(staff: Staff) -> Actor:
    return Actor(id_of(staff), staff.name)


def cookie_name(settings: Settings) -> str:
    """Browsers take a ``__Host-`` cookie from nobody but this very host over https, so no neighbour can plant one."""
    return "__Host-firstline" if is_https(settings) else "firstline"


def is_https(settings: Settings) -> bool:
    return settings.address.startswith("https://")


def session_token(request: Request, settings: Settings) -> str | None:
    return request.cookies.get(cookie_name(settings))


def remember(response: Response, settings: Settings, token: str) -> None:
    """Put the session's token into the browser. It is a random key: everything about the session is in the database."""
    response.set_cookie(
        cookie_name(settings),
        token,
        max_age=int(ABSOLUTE.total_seconds()),
        path="/",
        secure=is_https(settings),
        httponly=True,
        samesite="lax",
    )


def forget(response: Response, settings: Settings) -> None:
    response.delete_cookie(cookie_name(settings), path="/", secure=is_https(settings), httponly=True, samesite="lax")
