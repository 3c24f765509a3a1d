"""``firstline kb check|import|export|propose|publish``: the knowledge base as a folder of files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.parts import fit_of, folder_at, llm_of, now, opened, report

if TYPE_CHECKING:
    from kb_content.problems import Problem
    from kb_content.proposals import Proposal

app = typer.Typer(
    help="The knowledge base: check, import and export its folder, propose questions, publish.", no_args_is_help=True
)
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("check")
def check_folder(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="The KB folder: it holds articles/, or is documentation as it is.")
    ],
    as_json: Json = False,
) -> None:
    """Read a KB folder and name everything that should be mended. Exit code 1 if there is an error."""
    from kb_content.check import check
    from kb_content.folder import read_folder

    problems = check(read_folder(folder_at(folder)), today=now().date())
    if as_json:
        typer.echo(json.dumps([_values(problem) for problem in problems], ensure_ascii=False))
    else:
        for problem in problems:
            typer.echo(f"{'error' if problem.is_error else 'note'}: {problem}")
    errors = sum(problem.is_error for problem in problems)
    report(f"{errors} errors, {len(problems) - errors} notes")
    raise typer.Exit(1 if errors else 0)


@app.command("import")
def import_folder(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="The KB folder: it holds articles/, or is documentation as it is.")
    ],
    replace: Annotated[bool, typer.Option(help="Drop all other articles, the sample too.")] = False,
    draft: Annotated[bool, typer.Option(help="Keep the new versions without publishing them.")] = False,
    dry_run: Annotated[bool, typer.Option(help="Only say what would change.")] = False,
    as_json: Json = False,
) -> None:
    """Make the KB equal to DIR for the articles that came from it, and publish."""
    from api.settings import Settings
    from bot.learning import publish

    settings = Settings()
    read = publish.read_usable(folder_at(folder), report)
    with opened(settings) as database:
        planned = publish.plan(database, read, publish.source_of(folder), replace=replace)
        release = None
        if not dry_run:
            publish.carry_out(database, planned, "command line", now())
        if not (draft or dry_run):
            release = publish.publish_newest(database, fit_of(settings), "command line", now(), report)
    _tell(planned.lines(), release, as_json)
    if read.errors:
        report(f"{len(read.errors)} errors, listed above: what they concern was left out, and stays as it was.")
        raise typer.Exit(1)


def _tell(changes: list[str], release: int | None, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"changes": changes, "release": release}, ensure_ascii=False))
        return
    for change in changes:
        typer.echo(change)
    if release is not None:
        report(f"release {release} is live; a running server answers from it within 2 seconds")


@app.command("export")
def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="An empty folder, or one exported before.")],
    force: Annotated[bool, typer.Option(help="Overwrite files that were changed since the last export.")] = False,
) -> None:
    """Write the KB as a folder of Markdown files; importing it again loses nothing."""
    from api.settings import Settings
    from kb_content.export import export_folder
    from store import reading

    with opened(Settings()) as database, reading(database) as session:
        done = export_folder(session, folder, force=force)
    report(f"{folder}: {done.written} files written, {done.unchanged} unchanged, {done.removed} removed")


@app.command("propose")
def propose(
    drafts: Annotated[bool, typer.Option(help="Ask the language model too, if one is set.")] = True,
    as_json: Json = False,
) -> None:
    """Look for example questions in headings and in what customers asked, for an editor to accept."""
    from api.settings import Settings
    from bot.learning.proposals import find_proposals
    from bot.writer import open_writer

    settings = Settings()
    with opened(settings) as database:
        writer = open_writer(llm_of(settings), report) if drafts else None
        new = find_proposals(database, now(), writer, report)
    if as_json:
        typer.echo(json.dumps([_proposed(one) for one in new], ensure_ascii=False))
    else:
        for one in new:
            typer.echo(f"{one.article_id} ({one.language}): {one.text}")
    report(f"{len(new)} new questions; accept or decline them at {settings.address}/console/proposals")


@app.command("publish")
def publish_kb() -> None:
    """Build a release of what is there now, with the questions accepted since, and put it live."""
    from api.settings import Settings
    from bot.learning.publish import publish_newest

    settings = Settings()
    with opened(settings) as database:
        release = publish_newest(database, fit_of(settings), "command line", now(), report)
    report(f"release {release} is live; a running server answers from it within 2 seconds")


def _proposed(one: Proposal) -> dict[str, str]:
    return {
        "article": one.article_id,
        "language": one.language,
        "text": one.text,
        "origin": one.origin,
        "source": one.source,
    }


def _values(problem: Problem) -> dict[str, object]:
    return {"path": problem.path, "line": problem.line, "message": problem.message, "error": problem.is_error}
