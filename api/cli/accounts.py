"""``firstline account …``: the companies of the customers, their domains, and links that tie people to them."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

import typer

from api.cli.parts import now, opened, report

app = typer.Typer(help="The companies of the customers.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The account's name.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]


@app.command("add")
def add(
    name: Name,
    plan: Annotated[Literal["standard", "enterprise", "vip"], typer.Option(help="The service package.")] = "standard",
) -> None:
    """Make an account. Customers come to it by a domain, by a link, or by an agent's hand in the console."""
    from api.settings import Settings
    from handoff.accounts import add_account
    from handoff.models import Plan
    from store import transaction

    with opened(Settings()) as database, transaction(database) as session:
        account = add_account(session, name, now(), Plan(plan))
    report(f"{account.name} is an account now, with the plan {plan}.")


@app.command("list")
def show(as_json: AsJson = False) -> None:
    """List the accounts with their plans, their domains and how many people belong to each."""
    from api.settings import Settings
    from handoff.accounts import accounts_overview
    from store import reading

    with opened(Settings()) as database, reading(database) as session:
        rows = accounts_overview(session)
    listed = [
        {"name": row.account.name, "plan": row.account.plan.value, "people": row.people, "domains": list(row.domains)}
        for row in rows
    ]
    if as_json:
        _print_json(listed)
    elif listed:
        _print_table(listed)
    else:
        report("There are no accounts yet. Make one: firstline account add NAME.")


@app.command("domain")
def domain(
    name: Name,
    deed: Annotated[Literal["add", "remove"], typer.Argument(help="What to do.")],
    domain: Annotated[str, typer.Argument(help="The part of an e-mail address after the @.")],
) -> None:
    """Let people with e-mail addresses at a domain belong to the account, or no more.

    Counts where a channel vouches for the address, which is Slack.
    """
    from api.settings import Settings
    from handoff.accounts import account_named, add_domain, remove_domain
    from handoff.rows import id_of
    from store import transaction

    change = add_domain if deed == "add" else remove_domain
    with opened(Settings()) as database, transaction(database) as session:
        account = account_named(session, name)
        kept = change(session, id_of(account), domain, now())
    if deed == "add":
        report(f"People at {kept} belong to {account.name} when Slack next tells of their address: at most once a day.")
    else:
        report(f"{kept} is no domain of {account.name} any more. Who belongs to it already stays.")


@app.command("link")
def link(name: Name, as_json: AsJson = False) -> None:
    """Make a link that ties whoever opens it to the account, and print it, this once."""
    from api.links import bot_of, telegram_link
    from api.settings import Settings, secret_key
    from handoff.accounts import LINK_LASTS, account_named, make_link
    from handoff.rows import id_of
    from store import transaction

    settings, moment = Settings(), now()
    with opened(settings) as database, transaction(database) as session:
        account = account_named(session, name)
        code = make_link(session, id_of(account), secret_key(settings), moment)
    address, until = telegram_link(code, bot=bot_of(settings)), moment + LINK_LASTS
    if as_json:
        _print_json({"account": account.name, "code": code, "telegram": address, "expires_at": until.isoformat()})
        return
    report(
        f"Send this to one person: who opens it in Telegram belongs to {account.name}, and so does who writes "
        f"/start and the code to the bot. It works once, until {until:%Y-%m-%d %H:%M} UTC, and is not shown again."
    )
    typer.echo(code)
    typer.echo(address)


def _print_table(listed: list[dict[str, Any]]) -> None:
    width = max(len(row["name"]) for row in listed)
    for row in listed:
        people = "1 person" if row["people"] == 1 else f"{row['people']} people"
        typer.echo(f"{row['name']:{width}}  {row['plan']:10}  {people:10}  {', '.join(row['domains'])}".rstrip())


def _print_json(value: object) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False))
