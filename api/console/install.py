"""Put the console on an app."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI
from starlette.exceptions import HTTPException

from api.console import (
    accounts,
    answers,
    articles,
    confidence,
    conversations,
    customers,
    deliveries,
    files,
    health,
    inbox,
    live,
    proposals,
    sign_in,
    tickets,
    topics,
)
from api.console.parts import AnyStaff
from api.console.refusals import ConsoleRoute

lost = APIRouter(route_class=ConsoleRoute, include_in_schema=False)


@lost.get("/console/{path:path}")
def nothing_here(staff: AnyStaff, path: str) -> None:
    """An address under /console that is none: said as a page like every other."""
    raise HTTPException(404)


def install(app: FastAPI) -> None:
    """Everything under /console. What answers every address comes last."""
    for module in (
        sign_in,
        inbox,
        tickets,
        answers,
        deliveries,
        conversations,
        customers,
        accounts,
        articles,
        proposals,
        confidence,
        topics,
        health,
        files,
        live,
    ):
        app.include_router(module.router)
    app.include_router(lost)
