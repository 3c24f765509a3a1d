"""Put the console on an app."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI
from starlette.exceptions import HTTPException

from api.console import (
    accounts,
    answers,
    articles,
    assigning,
    audit,
    bulk,
    calendars,
    card,
    channels,
    commands,
    confidence,
    conversations,
    customers,
    deliveries,
    drafts,
    files,
    health,
    imports,
    inbox,
    kb_import,
    live,
    macros,
    new_ticket,
    notices,
    picking,
    presence,
    promises,
    proposals,
    satisfaction,
    settings,
    sign_in,
    similar,
    site,
    staff,
    stale_rules,
    start,
    teams,
    ticket_deeds,
    tickets,
    tokens,
    topics,
    views,
    work,
    working,
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
        views,
        bulk,
        tickets,
        ticket_deeds,
        picking,
        similar,
        macros,
        new_ticket,
        stale_rules,
        presence,
        drafts,
        card,
        answers,
        deliveries,
        conversations,
        customers,
        accounts,
        promises,
        calendars,
        staff,
        working,
        teams,
        assigning,
        site,
        imports,
        kb_import,
        articles,
        proposals,
        confidence,
        topics,
        satisfaction,
        health,
        settings,
        channels,
        start,
        tokens,
        audit,
        files,
        notices,
        commands,
        work,
        live,
    ):
        app.include_router(module.router)
    app.include_router(lost)
