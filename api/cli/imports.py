"""``firstline import accounts|customers|agents FILE``: many at once, from a spreadsheet."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from api.cli.parts import now, opened, report

if TYPE_CHECKING:
    from handoff.importing.lines import Row, Tally


def import_file(
    kind: Annotated[Literal["accounts", "customers", "agents"], typer.Argument(help="What the lines are.")],
    file: Annotated[Path, typer.Argument(help="A CSV file whose first line names its columns.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what each line would do.")] = False,
    skip_refused: Annotated[
        bool, typer.Option("--skip-refused", help="Import the others although some lines are refused.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")] = False,
) -> None:
    """Import accounts, customers or agents from a CSV file.

    accounts: name, plan, domains. customers: channel, id, name, email, account, language, timezone. agents: email,
    name, role, teams, languages, skills. Known ones are changed, an empty cell leaves what is known. When a line is
    refused nothing is written, and the exit code is 1.
    """
    from api.cli.refusals import FOUND
    from api.importing import carry_out, looked
    from api.settings import Settings
    from handoff.actors import OPERATOR
    from handoff.importing.kinds import KINDS

    settings, content = Settings(), _content(file)
    with opened(settings) as database:
        tally = looked(database, KINDS[kind], content)
        is_written = not dry_run and (skip_refused or not tally.refused)
        if is_written:
            tally = carry_out(database, KINDS[kind], tally.rows, now(), OPERATOR)
    _show(tally, settings.address, is_written, as_json)
    if tally.refused:
        raise typer.Exit(FOUND)


def _content(file: Path) -> bytes:
    from api.cli.refusals import Refused

    if not file.is_file():
        raise Refused(f"There is no file {file}. Give the path of a CSV file.")
    return file.read_bytes()


def _show(tally: Tally, address: str, is_written: bool, as_json: bool) -> None:
    if as_json:
        shown = {"written": is_written, **_counts(tally), "lines": [_plain(row, address) for row in tally.rows]}
        typer.echo(json.dumps(shown, ensure_ascii=False))
        return
    for row in tally.refused:
        report(f"Line {row.line.number}, {row.what}: {row.error}")
    changes = [row for row in tally.rows if row.verdict.value in ("new", "changed")]
    if changes:
        _print_table(changes, address)
    counted = ", ".join(f"{number} {verdict}" for verdict, number in _counts(tally).items())
    report(f"{'Written' if is_written else 'Nothing was written'}: {counted}.{_advice(tally, is_written)}")


def _advice(tally: Tally, is_written: bool) -> str:
    if tally.refused and not is_written:
        return " Mend the lines above, or leave them out with --skip-refused."
    if not is_written:
        return " Import it without --dry-run."
    return " Each link works once, for 72 hours." if any(row.secret for row in tally.rows) else ""


def _print_table(rows: list[Row], address: str) -> None:
    from api.cli.tables import table

    links = any(row.secret for row in rows)
    columns = ["line", "", "name", "what is new", *(["one-time link"] if links else [])]
    lines = [
        [str(row.line.number), row.verdict.value, row.what, ", ".join(row.changes), *([_link(row, address)] * links)]
        for row in rows
    ]
    typer.echo(table(lines, columns))


def _plain(row: Row, address: str) -> dict[str, Any]:
    link = {"link": _link(row, address)} if row.secret else {}
    why = {"error": str(row.error)} if row.error else {}
    return {
        "line": row.line.number,
        "name": row.what,
        "verdict": row.verdict.value,
        "changes": list(row.changes),
        **why,
        **link,
    }


def _link(row: Row, address: str) -> str:
    return f"{address}/console/welcome/{row.secret}" if row.secret else ""


def _counts(tally: Tally) -> dict[str, int]:
    from handoff.importing.lines import Verdict

    return {verdict.value: tally.count(verdict) for verdict in Verdict}
