"""``firstline team …``: who shares a queue, and what comes to it. Hours and limits of people are set in the console."""

from __future__ import annotations

import json
from typing import Annotated, Literal

import typer

from api.cli.parts import now, opened, report

app = typer.Typer(help="The teams that tickets are assigned to.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The team's name, as intents call it.")]
Topics = Annotated[list[str] | None, typer.Option("--topic", help="An intent or category whose tickets come here.")]


@app.command("add")
def add(
    name: Name,
    topic: Topics = None,
    by_hand: Annotated[bool, typer.Option("--by-hand", help="Its people choose their tickets.")] = False,
) -> None:
    """Make a team. The first one gets everything that no other is named for."""
    from api.settings import Settings
    from handoff.rows import id_of
    from handoff.staffing import teams
    from store import transaction

    with opened(Settings()) as database, transaction(database) as session:
        team_id = id_of(teams.add_team(session, name, now()))
        team = teams.change_team(session, team_id, name, topic or (), now(), assigns=not by_hand)
    report(f"{team.name} is a team now. Put somebody in it: firstline team member '{team.name}' add EMAIL.")


@app.command("list")
def show(as_json: Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")] = False) -> None:
    """List the teams with their people, their topics and what waits."""
    from api.settings import Settings
    from handoff.staffing.teams import teams_overview
    from store import reading

    with opened(Settings()) as database, reading(database) as session:
        rows = teams_overview(session)
    listed = [
        {
            "name": row.team.name,
            "default": row.team.is_default,
            "assigns": row.team.assigns,
            "topics": row.team.topics,
            "people": list(row.people),
            "open": row.open,
            "waiting": row.waiting,
        }
        for row in rows
    ]
    if as_json:
        typer.echo(json.dumps(listed, ensure_ascii=False))
        return
    for row in rows:
        people = ", ".join(row.people) or "nobody"
        typer.echo(f"{row.team.name}: {people}; {row.open} open, {row.waiting} waiting")
    if not rows:
        report("There are no teams yet. Make one: firstline team add NAME.")


@app.command("member")
def member(
    name: Name,
    deed: Annotated[Literal["add", "remove"], typer.Argument(help="What to do.")],
    email: Annotated[str, typer.Argument(help="The address that they sign in with.")],
) -> None:
    """Put somebody into a team, or take them out."""
    from api.settings import Settings
    from handoff.errors import TeamNotFound
    from handoff.rows import id_of
    from handoff.staff import staff_by_email
    from handoff.staffing import teams
    from handoff.staffing.directory import team_named
    from store import transaction

    change = teams.add_member if deed == "add" else teams.remove_member
    with opened(Settings()) as database, transaction(database) as session:
        team = team_named(session, name)
        if team is None:
            raise TeamNotFound(f"There is no team {name!r}. See them all: firstline team list.")
        staff = staff_by_email(session, email)
        change(session, id_of(team), id_of(staff), now())
    report(f"{staff.name} is {'now' if deed == 'add' else 'no more'} in the team {team.name}.")
