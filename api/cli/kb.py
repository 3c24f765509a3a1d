"""``firstline kb check|import|export|propose``: the knowledge base as a folder of files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli import kb_import, kb_imports
from api.cli.kb_import import side_of
from api.cli.parts import folder_at, llm_of, now, opened, report
from store.counting import counted

if TYPE_CHECKING:
    from kb_content.problems import Problem
    from kb_content.proposals import Proposal

app = typer.Typer(
    help="The knowledge base: check, import and export its folder, propose questions, publish.", no_args_is_help=True
)
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
app.command("import")(kb_import.import_any)
app.command("imports")(kb_imports.list_imports)
app.command("undo")(kb_imports.undo_import)


@app.command("check")
def check_folder(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="The KB folder: it holds articles/, or is documentation as it is.")
    ],
    as_json: Json = False,
) -> None:
    """Read a KB folder and name everything that should be mended. Exit code 1 if there is an error."""
    from bot.own_sentences import problems_of, unspoken
    from kb_content.check import check
    from kb_content.folder import read_folder
    from kb_content.sentences_file import SENTENCES_FILE

    read = read_folder(folder_at(folder))
    problems = [*check(read, today=now().date()), *problems_of(read.sentences, SENTENCES_FILE)]
    problems += unspoken((article.language for article in read.articles), read.sentences, SENTENCES_FILE)
    if as_json:
        typer.echo(json.dumps([_values(problem) for problem in problems], ensure_ascii=False))
    else:
        for problem in problems:
            typer.echo(f"{'error' if problem.is_error else 'note'}: {problem}")
    errors = sum(problem.is_error for problem in problems)
    report(f"{counted(errors, 'error')}, {counted(len(problems) - errors, 'note')}")
    raise typer.Exit(1 if errors else 0)


@app.command("export")
def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="An empty folder, or one imported or exported before.")],
    force: Annotated[bool, typer.Option(help="Overwrite whatever is there.")] = False,
    ours: Annotated[bool, typer.Option("--ours", help="Where both changed, write what the KB says.")] = False,
    theirs: Annotated[bool, typer.Option("--theirs", help="Where both changed, leave the file.")] = False,
) -> None:
    """Write the KB as a folder of Markdown files; importing it again loses nothing.

    Files that were changed in DIR alone stay. What was changed in both is a conflict: nothing is written then, unless
    --ours or --theirs decides.
    """
    from api.settings import Settings
    from kb_content.export import export_folder
    from kb_content.file_names import FOLDER
    from kb_content.studio.file_folder import export_files
    from store import reading

    settings, prefer = Settings(), side_of(ours, theirs)
    with opened(settings) as database, reading(database) as session:
        done = export_folder(session, folder, force=force, prefer=prefer)
        pictures = export_files(session, settings.files_dir, folder)
    report(f"{folder}: {counted(done.written, 'file')} written, {done.unchanged} unchanged, {done.removed} removed")
    for name in done.newer:
        report(f"{folder / name}: left as it is, it was changed there; import the folder to bring it in")
    if pictures:
        report(f"{folder / FOLDER}: {counted(pictures, 'picture or file', 'pictures and files')} written")


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
    report(f"{counted(len(new), 'new question')}: accept or decline at {settings.address}/console/proposals")


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
