"""``firstline agent add`` and ``firstline token add``: who may come in, people and programs."""

from __future__ import annotations

from typing import Annotated

import typer

from api.cli.parts import now, opened, report

agents = typer.Typer(help="The people who work at the desk.", no_args_is_help=True)
tokens = typer.Typer(help="Keys to the API.", no_args_is_help=True)


@tokens.callback()
def _tokens() -> None:
    """Keeps ``token add`` two words."""


@agents.command("add")
def add_agent(
    email: Annotated[str, typer.Argument(help="The address that they sign in with.")],
    name: Annotated[str, typer.Option(help="The name that customers see.")],
    role: Annotated[str, typer.Option(help="viewer, agent, editor or admin.")] = "agent",
) -> None:
    """Add somebody to the staff and print a one-time link with which they choose a password."""
    from api.settings import Settings
    from handoff.models import Role
    from handoff.staff import add_staff, sign_in_link
    from store import transaction

    settings = Settings()
    chosen = Role(_one_of("role", role, [each.value for each in Role]))
    with opened(settings) as database, transaction(database) as session:
        staff = add_staff(session, email, name, chosen, now())
        link = sign_in_link(session, staff.id, now())
    report(f"{name} may sign in as {chosen.value}. This link works once, for 72 hours:")
    typer.echo(f"{settings.address}/console/welcome/{link}")


@agents.command("list")
def list_agents(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")] = False,
) -> None:
    """List the people who work here: role, teams, open tickets, and who is away."""
    import json

    from api.settings import Settings
    from handoff.staffing.views import staff_overview
    from store import reading

    with opened(Settings()) as database, reading(database) as session:
        rows = staff_overview(session, now())
    listed = [
        {
            "email": row.staff.email,
            "name": row.staff.name,
            "role": row.staff.role.value,
            "teams": list(row.teams),
            "open": row.load,
            "away_until": row.away_until.isoformat() if row.away_until else None,
            "disabled": row.staff.disabled_at is not None,
        }
        for row in rows
    ]
    if as_json:
        typer.echo(json.dumps(listed, ensure_ascii=False))
        return
    for one in listed:
        state = "no access" if one["disabled"] else f"away until {one['away_until']}" if one["away_until"] else ""
        told = f"{one['name']}: {one['email']}, {one['role']}, {one['open']} open"
        typer.echo(f"{told}, {state}" if state else told)


@agents.command("disable")
def disable_agent(email: Annotated[str, typer.Argument(help="The address that they sign in with.")]) -> None:
    """Switch somebody's access off; their open tickets go back to the queues."""
    from api.settings import Settings
    from handoff.rows import id_of
    from handoff.staff import staff_by_email
    from handoff.staffing.profiles import switch_off
    from store import transaction

    with opened(Settings()) as database, transaction(database) as session:
        staff = switch_off(session, id_of(staff_by_email(session, email)), now())
    report(f"{staff.name} has no access any more. Let them in again in the console, on their page.")


@tokens.command("add")
def add_token(
    name: Annotated[str, typer.Argument(help="What will use it.")],
    scope: Annotated[str, typer.Option(help="read, agent, editor or admin.")] = "read",
) -> None:
    """Make a key to the API and print it, this once."""
    from api.settings import Settings
    from handoff.models import Scope
    from handoff.tokens import add_token as add
    from store import transaction

    chosen = Scope(_one_of("scope", scope, [each.value for each in Scope]))
    with opened(Settings()) as database, transaction(database) as session:
        secret = add(session, name, chosen, now())
    report("Keep this token: it is not shown again.")
    typer.echo(secret)


def _one_of(what: str, given: str, known: list[str]) -> str:
    from api.cli.refusals import Refused

    if given not in known:
        raise Refused(f"'{given}' is no {what}. Choose one of {', '.join(known)}.")
    return given
