"""``firstline kb imports|undo``: what was brought in, and back out again."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from api.cli.kb_import import Draft, Json
from api.cli.kb_standing import ACTOR, published
from api.cli.parts import now, opened, report


def list_imports(as_json: Json = False) -> None:
    """List the imports that were carried out, the newest first, with the ids that `kb undo` takes."""
    from api.settings import Settings
    from kb_content.import_record import imports
    from store import reading

    with opened(Settings()) as database, reading(database) as session:
        found = imports(session)
    if as_json:
        values = [{**vars(one), "at": one.at.isoformat(), "undone_at": _moment(one.undone_at)} for one in found]
        typer.echo(json.dumps(values, ensure_ascii=False))
        return
    for one in found:
        undone = "  (undone)" if one.undone_at else ""
        typer.echo(f"{one.id}  {one.at:%Y-%m-%d %H:%M} UTC  {one.actor}  {one.source}{undone}\n    {one.summary}")
    if not found:
        report("nothing was imported yet")


def undo_import(
    import_id: Annotated[int, typer.Argument(metavar="ID", help="The import's id, from `firstline kb imports`.")],
    draft: Draft = False,
) -> None:
    """Take an import back, and publish. Refused where what it brought was changed since."""
    from api.settings import Settings
    from kb_content.undoing import undo
    from store import transaction

    settings = Settings()
    with opened(settings) as database:
        with transaction(database) as session:
            source = undo(session, import_id, ACTOR, now()).source
        report(f"import {import_id} of {source} is undone")
        if not draft:
            release = published(database, settings)
            report(f"release {release} is live; a running server answers from it within 2 seconds")


def _moment(moment: object) -> str | None:
    return str(moment) if moment else None
