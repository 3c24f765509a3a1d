"""``firstline kb releases|rollback|promote|stop|verify``: which release customers get, and whether it is whole."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.parts import now, opened, report
from store.counting import counted

if TYPE_CHECKING:
    from datetime import datetime

    from kb_content.studio.release_history import ReleaseLine

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ACTOR = "command line"
_SOON = "a running server answers from it within 2 seconds, and from nothing that it lacks at once"


def add_to(app: typer.Typer) -> None:
    """Put these commands beside the others of ``firstline kb``."""
    app.command("releases")(releases)
    app.command("rollback")(roll_back)
    app.command("promote")(promote)
    app.command("stop")(stop)
    app.command("verify")(verify)


def releases(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, the newest first.")] = 20,
    as_json: Json = False,
) -> None:
    """List the releases that customers got, with who put them live and why."""
    from api.cli.tables import table
    from api.settings import Settings
    from kb_content.rollouts import running
    from kb_content.studio.release_history import release_lines
    from store import reading

    with opened(Settings()) as database, reading(database) as session:
        lines, rollout = release_lines(session, limit), running(session)
    if as_json:
        typer.echo(json.dumps([_values(line) for line in lines], ensure_ascii=False))
        return
    columns = ("release", "state", "since", "until", "articles", "by", "why")
    typer.echo(table((_cells(line) for line in lines), columns))
    if rollout is not None:
        report(f"release {rollout.release_id} is rolled out to {rollout.percent} % of the conversations")


def roll_back(
    release: Annotated[int, typer.Argument(min=1, help="The release that customers should get again.")],
    reason: Annotated[str, typer.Option(help="Why, for the history.")] = "",
) -> None:
    """Make what a former release was live again, at once. Articles, intents, terms and sentences become as then."""
    from api.settings import Settings
    from kb_content import rollouts
    from store import transaction

    with opened(Settings()) as database, transaction(database) as session:
        again = rollouts.roll_back(session, release, None, now(), reason=reason, actor=ACTOR)
    report(f"release {again} is live, with all that release {release} had; {_SOON}")


def promote() -> None:
    """Give the release that is rolled out to everybody."""
    from api.settings import Settings
    from kb_content import rollouts
    from store import transaction

    with opened(Settings()) as database, transaction(database) as session:
        release = rollouts.promote(session, None, now(), actor=ACTOR)
    report(f"release {release} is live; {_SOON}")


def stop(reason: Annotated[str, typer.Option(help="Why, for the history.")] = "") -> None:
    """Stop the rollout: everybody gets what is live again. Drafts stay, and an import that was rolled out is undone."""
    from api.settings import Settings
    from kb_content import rollouts
    from store import transaction

    with opened(Settings()) as database, transaction(database) as session:
        stopped = rollouts.stop(session, None, now(), reason=reason, actor=ACTOR)
    report(f"release {stopped.release_id} is rolled out no more; everybody gets what is live")
    for import_id in stopped.taken_back:
        report(f"import {import_id}, which it was of, is undone")
    for import_id in stopped.left:
        report(
            f"import {import_id} could not be undone, as somebody changed since what it brought: the next publication "
            f"brings it to everybody; firstline kb undo {import_id} names what was changed"
        )


def verify(as_json: Json = False) -> None:
    """Compare ids, counts and digests of the index with the database, for what is live and what is rolled out.

    Exit code 1 if they differ. Every server does the same before it takes a release up.
    """
    from api.settings import Settings
    from bot.loading import compare_release
    from kb_content.answering import answering
    from store import reading

    settings = Settings()
    with opened(settings) as database:
        with reading(database) as session:
            standing = answering(session)
        found = [
            compare_release(database, one, settings.encoder, report).values()
            for one in (standing.live, standing.staged)
            if one is not None
        ]
    if as_json:
        typer.echo(json.dumps(found))
    else:
        for values in found:
            _tell(values)
    if not found:
        report("nothing is live: import a knowledge base with `firstline kb import DIR`")
    faults = sum(len(values["faults"]) for values in found)
    if faults:
        report("publish again (`firstline kb publish`), or roll back (`firstline kb rollback N`)")
    raise typer.Exit(1 if faults or not found else 0)


def _tell(values: dict[str, Any]) -> None:
    typer.echo(
        f"release {values['release']}: {counted(values['articles'], 'article')}, "
        f"{counted(values['passages'], 'passage')}, {counted(values['vectors'], 'vector')} in the index; "
        f"release {values['digest'][:12]}, vectors {values['vectors_digest'][:12]}"
    )
    for fault in values["faults"]:
        typer.echo(f"  {fault}")
    if not values["faults"]:
        typer.echo("  index and database agree")


def _cells(line: ReleaseLine) -> tuple[str, ...]:
    why = " ".join(filter(None, (f"as release {line.copy_of}:" if line.copy_of else "", line.reason)))
    return str(line.id), _state(line), _moment(line.since), _moment(line.until), str(line.articles), line.by, why


def _state(line: ReleaseLine) -> str:
    return line.state.value if line.live_at is not None or line.state.value == "staged" else "stopped"


def _moment(at: datetime | None) -> str:
    return at.strftime("%Y-%m-%d %H:%M") if at else ""


def _values(line: ReleaseLine) -> dict[str, Any]:
    return {
        "release": line.id,
        "state": _state(line),
        "since": line.since.isoformat(),
        "until": line.until.isoformat() if line.until else None,
        "articles": line.articles,
        "by": line.by,
        "copy_of": line.copy_of,
        "reason": line.reason,
        "can_return": line.may_return,
    }
