"""``firstline kb test|publish``: an edit of a KB folder held against what it replaces, here or on a server."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.parts import fit_of, folder_at, house_of, now, opened, report
from store.counting import counted

if TYPE_CHECKING:
    from api.settings import Settings
    from bot.learning.studio.folders import Tools
    from bot.learning.studio.sides import Parts
    from store import Database

Dir = Annotated[Path, typer.Argument(metavar="DIR", help="The KB folder: it holds articles/, gold/ and intents/.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ACTOR = "command line"
SHOWN = 20


def try_folder(
    folder: Dir,
    base: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The KB folder that it replaces, of the main branch, say.")
    ] = None,
    live: Annotated[
        bool, typer.Option("--live", help="Hold it against the live KB; the default if there is one.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Ask the gold questions of DIR and list what gets worse. Exit code 1 if anything does, or could not be read."""
    from api.cli.refusals import Refused
    from api.settings import Settings
    from bot.learning.publish import read_usable
    from bot.learning.scratch import contents_of
    from bot.learning.studio.folders import Tools, try_contents

    if base is not None and live:
        raise Refused("Give --base or --live, not both: there is one thing to hold it against.")
    settings, read = Settings(), read_usable(folder_at(folder), report)
    new = contents_of(read)
    if not new.gold:
        raise Refused(f"{folder} has no gold questions. Write some: gold/en.jsonl, a line each.")
    tools = Tools.load(fit_of(settings), settings.address, report)
    replaced = contents_of(read_usable(folder_at(base), report)) if base else None
    held_against = tools.built(replaced, report) if replaced else _live(settings, tools, is_asked_for=live)
    tested = try_contents(new, held_against, tools, report)
    found = {**tested.values(), "errors": list(map(str, read.errors))}
    typer.echo(json.dumps(found, ensure_ascii=False) if as_json else "\n".join(_lines(found)))
    if held_against is None:
        report("there is nothing to hold it against: give --base DIR, or start Firstline once")
    if read.errors:
        errors = counted(len(read.errors), "error")
        report(f"{errors} in {folder}: what has one was not tested. Correct the files and test again.")
    raise typer.Exit(1 if tested.is_worse or read.errors else 0)


def _live(settings: Settings, tools: Tools, *, is_asked_for: bool) -> Parts | None:
    """The live release; None where there is no database, or nothing live in it. No database is made for it."""
    from api.cli.refusals import Refused
    from bot.learning.studio.sides import Parts
    from kb_content.catalogue import live_release_id
    from store import reading

    is_there = settings.database_url is not None or Path(settings.url.removeprefix("sqlite:///")).exists()
    if is_there:
        with opened(settings) as database:
            with reading(database) as session:
                release_id = live_release_id(session)
            if release_id is not None:
                return Parts.of(database, release_id, tools.encoders, report)
    if is_asked_for:
        raise Refused("No release is live here. Publish one first, or give --base DIR.")
    return None


def publish_kb(
    folder: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="Import this KB folder before; else what is there now.")
    ] = None,
    override: Annotated[
        str, typer.Option(metavar="REASON", help="Publish although answers get worse; the reason is kept.")
    ] = "",
    percent: Annotated[
        int | None, typer.Option(min=1, max=99, help="Give it to this share of the conversations first.")
    ] = None,
    server: Annotated[
        str, typer.Option(metavar="URL", help="On a running server; its token is in FIRSTLINE_TOKEN.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Build a release, check it against the live one, and put it live unless answers get worse.

    Exit code 1 if they do, or if something of DIR was left out for an error or a conflict.
    """
    from api.settings import Settings

    settings = Settings()
    if server:
        from api.cli.kb_server import publish_on

        found = publish_on(server, settings, folder_at(folder) if folder else None, override, percent)
    else:
        with opened(settings) as database:
            found = _publish_here(database, settings, folder, override, percent)
    typer.echo(json.dumps(found, ensure_ascii=False) if as_json else "\n".join(_lines(found)))
    report(_outcome(found))
    if found["left_out"]:
        left_out = counted(found["left_out"], "error or conflict", "errors and conflicts")
        report(f"{left_out}, listed above: what is concerned stays as it was.")
    is_done = found["state"] in ("published", "staged") and not found["left_out"]
    raise typer.Exit(0 if is_done else 1)


def _publish_here(
    database: Database, settings: Settings, folder: Path | None, override: str, percent: int | None
) -> dict[str, Any]:
    from api.cli.kb_standing import tell_standing
    from bot.learning import publish
    from bot.learning.studio.publications import ask, check_share
    from bot.learning.studio.telling import told
    from bot.learning.studio.waiting import carried_out
    from store import reading, transaction

    if percent is None:
        tell_standing(database)
    imports: list[int | None] = []
    left_out = 0
    with reading(database) as session:
        check_share(session, percent, ())
    if folder is not None:
        read = publish.read_usable(folder_at(folder), report)
        planned = publish.plan(database, read, publish.source_of(folder))
        imports.append(publish.carry_out(database, planned, ACTOR, now()))
        left_out = len(read.errors) + len(planned.undecided)
        for line in planned.lines():
            report(line)
    brought = [one for one in imports if one is not None]
    with transaction(database) as session:
        asked = ask(session, (), None, now(), override=override, percent=percent, actor=ACTOR, imports=brought)
    carried_out(database, asked, fit_of(settings), house_of(settings), now, report)
    with reading(database) as session:
        return told(session, asked) | {"left_out": left_out}


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    """What a check found, for people."""
    for one in found["content"]:
        what = f"{one['before']} -> {one['after']}" if one["after"] else f"{one['before']} is gone"
        yield f"{one['name']} ({one['language']}): {one['kind']}: {_short(what)}"
    yield from map(_question, found["changed"][:SHOWN])
    if len(found["changed"]) > SHOWN:
        more = counted(len(found["changed"]) - SHOWN, "more question that changes", "more questions that change")
        yield f"… and {more}"
    if "right" in found:
        sums = f"{found['right']} right, {found['offered']} offered, {found['wrong']} wrong"
        yield f"{counted(found['questions'], 'gold question')}: {sums}"
    if found["counts"]:
        effects = ((name.replace("_", " "), count) for name, count in found["counts"].items() if count)
        yield f"beside what it replaces: {', '.join(f'{count} {name}' for name, count in effects)}"


def _question(one: Mapping[str, Any]) -> str:
    mark = " (by the new fit alone)" if one["of_fit"] else " (by a hair)" if one["by_a_hair"] else ""
    asked = _short(one["text"] or "(a customer asked it)")
    return f"{one['effect'].replace('_', ' ')}: {asked}: {_said(one['before'])} -> {_said(one['after'])}{mark}"


def _said(side: Mapping[str, Any]) -> str:
    named = side["citations"] or side["options"]
    return f"{side['decision']} {', '.join(named)}".strip()


def _short(text: str, most: int = 160) -> str:
    words = " ".join(text.split())
    return words if len(words) <= most else f"{words[: most - 1]}…"


def _outcome(found: Mapping[str, Any]) -> str:
    match found["state"]:
        case "published":
            return f"release {found['release']} is live; a running server answers from it within 2 seconds"
        case "staged":
            return f"release {found['release']} is rolled out to some conversations: firstline kb promote, or kb stop"
        case "blocked":
            questions = counted(found["worse"], "question is", "questions are")
            worse = f"kept back: {questions} answered worse, and nothing was published"
            return f"{worse}; mend it, or say why: firstline kb publish --override REASON"
        case "cancelled":
            return "cancelled meanwhile; nothing was published"
    return f"not published: {found['problem']}"


def add_to(app: typer.Typer) -> None:
    """Both commands, under ``kb``."""
    app.command("test")(try_folder)
    app.command("publish")(publish_kb)
