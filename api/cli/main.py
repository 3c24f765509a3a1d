"""The command line. Every command imports what it needs when it runs, so that ``--help`` is quick."""

from __future__ import annotations

import sys

import typer

from api.cli import (
    accounts,
    ask,
    backup,
    channels,
    chat,
    demo,
    doctor,
    evaluate,
    imports,
    kb,
    kb_gate,
    people,
    releases,
    serve,
    teams,
)

app = typer.Typer(
    name="firstline",
    help="A support bot that answers what it knows, says where it got it, and hands the rest to a person.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("run")(serve.run)
app.command("api")(serve.api)
app.command("worker")(serve.worker)
app.command("ask")(ask.ask)
app.command("chat")(chat.chat)
app.command("demo")(demo.demo)
app.command("eval")(evaluate.evaluate)
app.command("doctor")(doctor.doctor)
app.command("import")(imports.import_file)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.command("verify")(backup.verify)
kb_gate.add_to(kb.app)
releases.add_to(kb.app)
app.add_typer(kb.app, name="kb")
app.add_typer(channels.app, name="channels")
app.add_typer(people.agents, name="agent")
app.add_typer(teams.app, name="team")
app.add_typer(people.tokens, name="token")
app.add_typer(accounts.app, name="account")


def main() -> None:
    """Run the command; whatever fails is one sentence on standard error, never a traceback."""
    from api.cli.refusals import sentence_of

    try:
        sys.exit(app(prog_name="firstline", standalone_mode=False))
    except KeyboardInterrupt:
        sys.exit(130)
    except typer.Abort:
        sys.exit(1)
    except BrokenPipeError:
        # Whoever read our output has enough: `firstline ask - | head` is no mistake.
        sys.stderr.close()
        sys.exit(0)
    except Exception as error:
        sentence, code = sentence_of(error)
        if sentence:
            typer.echo(sentence, err=True)
        sys.exit(code)
