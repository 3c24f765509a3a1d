"""``firstline channels``: whether Slack and Telegram are set up, and what to paste there."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

app = typer.Typer(help="Check the set-up of Slack and Telegram, and print the Slack manifest.", no_args_is_help=True)


@app.command()
def check(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Ask each platform what is missing: scopes, rights, settings, each with what to do. Exits with 1 if so."""
    from api.channels import check_channels
    from api.settings import Settings

    settings = Settings()
    found = check_channels(settings)
    if as_json:
        plain = {name: [asdict(finding) for finding in findings] for name, findings in found.items()}
        typer.echo(json.dumps(plain, ensure_ascii=False))
    else:
        for name, findings in found.items():
            for finding in findings:
                typer.echo(f"{'ok   ' if finding.ok else 'WRONG'} {name}: {finding.text}")
                if finding.do:
                    typer.echo(f"      → {finding.do}")
        if not found:
            typer.echo(
                "No channel has a token. Set FIRSTLINE_TELEGRAM_TOKEN or FIRSTLINE_SLACK_BOT_TOKEN: "
                "docs/howto/connect-telegram.md and docs/howto/connect-slack.md say where to get one."
            )
    raise typer.Exit(0 if all(finding.ok for findings in found.values() for finding in findings) else 1)


@app.command()
def manifest(
    http: Annotated[bool, typer.Option("--http", help="For events by HTTP instead of Socket Mode.")] = False,
) -> None:
    """Print the manifest of the Slack app, to paste at api.slack.com/apps → Create New App → From a manifest."""
    from api.settings import Settings
    from bot.channels.slack.manifest import Mode, render

    typer.echo(render(Mode.HTTP if http else Mode.SOCKET, Settings().address), nl=False)
