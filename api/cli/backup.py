"""``firstline backup``, ``restore`` and ``verify``."""

from __future__ import annotations

import json
import os
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.parts import now, place_of, report
from api.cli.refusals import FOUND, Refused
from store.counting import counted

if TYPE_CHECKING:
    from api.settings import Settings
    from bot.learning.backups import Verified
    from store.backup import Backup, Restored

NEWEST = "newest"
_CLOCKS_APART = timedelta(minutes=10)
"""What two machines' clocks may differ by without anybody being asked."""
_MODELS = (
    "store.models",
    "handoff.models",
    "handoff.ticketing.models",
    "handoff.sla.models",
    "handoff.staffing.models",
    "handoff.surveys.models",
    "handoff.workplace.models",
    "bot.learning.recall.models",
    "bot.learning.worklist.models",
    "kb_content.models",
    "kb_content.studio.models",
    "retrieval.models",
    "bot.models",
    "bot.channels.slack.tables",
)
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Which = Annotated[str, typer.Argument(metavar="BACKUP", help="Its folder or its name; the newest without one.")]


def backup(
    with_keys: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the secret key to FILE, to be kept apart.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Back up the database and the files, beside a running server. Superfluous daily backups go."""
    from api.settings import Settings
    from bot.learning.backups import make
    from store.backup import MAKE, sweep

    settings = Settings()
    place, begun = place_of(settings), time.monotonic()
    if with_keys is not None:
        _write_key(settings, with_keys)
    try:
        made = make(settings.url, place, now(), report)
    except Exception as error:
        _note(settings, MAKE, "", begun, str(error))
        raise
    gone = sweep(place.folder, now(), place.days) if place.days else []
    _note(settings, MAKE, made.path.name, begun, None)
    if as_json:
        typer.echo(json.dumps({**_values(made), "removed": [path.name for path in gone]}, ensure_ascii=False))
    else:
        typer.echo(str(made.path))
    report(_sizes(made))
    report(_about_key(settings, with_keys))


def restore(
    which: Annotated[str, typer.Argument(metavar="BACKUP", help="Its folder, its name, or 'newest'.")],
    force: Annotated[bool, typer.Option(help="Replace what the database holds.")] = False,
    skip_damaged_files: Annotated[
        bool, typer.Option(help="Leave out customers' files that are missing from the backup or damaged.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Bring a backup into the configured database, all or nothing. Stop the server before."""
    from api.belonging import MARKER
    from api.settings import Settings
    from bot.restored import settle
    from store import backup as store_backup

    settings, moment = Settings(), now()
    chosen = store_backup.open_backup(_folder_of(settings, which))
    done = store_backup.restore(
        settings.url,
        chosen,
        settings.files_dir,
        moment,
        ours=_tables(),
        settle=lambda session: settle(session, chosen.path.name, chosen.manifest.created_at, moment),
        is_forced=force,
        skip_damaged_files=skip_damaged_files,
        report=report,
    )
    # These are the files of this database now; the next start marks them as such.
    (settings.files_dir / MARKER).unlink(missing_ok=True)
    _tell_restored(settings, done, as_json)


def _tell_restored(settings: Settings, done: Restored, as_json: bool) -> None:
    if as_json:
        told = {
            "files_restored": done.files,
            "files_left_out": list(done.left_out),
            "settled": dict(done.settled),
            "replaced": str(done.replaced) if done.replaced else None,
        }
        typer.echo(json.dumps({**_values(done.backup), **told}, ensure_ascii=False))
    report(f"restored as it was at {done.backup.manifest.created_at:%Y-%m-%d %H:%M:%S} UTC: {_sizes(done.backup)}")
    report(
        f"{counted(done.settled['uncertain'], 'delivery is', 'deliveries are')} uncertain now, "
        f"{counted(done.settled['parked'], 'message')} parked: agents decide about them. Everybody signs in again."
    )
    if looked_up := done.settled["looked_up"]:
        them = counted(looked_up, "delivery to Slack is", "deliveries to Slack are")
        report(f"{them} looked for there before anything is sent again.")
    report(
        "What customers said between the backup and now is not looked up again on Slack or Telegram, since most of it "
        "was answered: look there yourself for what was not."
    )
    if done.left_out:
        files = counted(len(done.left_out), "file was", "files were")
        report(f"{files} missing from the backup or damaged, and left out")
    if done.replaced:
        report(f"what was there before lies in {done.replaced}: delete it when you are sure")
    if not settings.secret_key and not (settings.data_dir / "secret_key").exists():
        report("The secret key is not here: put it back before you start, or links that were sent stop working.")


def verify(which: Which = NEWEST, as_json: Json = False) -> None:
    """Restore a backup beside the database and compare every row, file and search. Exit code 1 if it is not good."""
    from api.settings import Settings
    from bot.learning.backups import verify as verify_backup
    from store.backup import VERIFY, BackupDamaged, BackupError, NoBackup, open_backup

    settings, begun = Settings(), time.monotonic()
    path = _folder_of(settings, which)
    is_newest = which == NEWEST
    try:
        found = verify_backup(settings.url, open_backup(path), place_of(settings), report)
    except NoBackup:
        raise
    except BackupError as error:
        if is_newest:
            _note(settings, VERIFY, path.name, begun, str(error))
        if isinstance(error, BackupDamaged):
            # So damaged that it cannot even be opened.
            raise Refused(str(error), FOUND) from error
        raise
    if is_newest or not found.differences:
        _note(settings, VERIFY, path.name, begun, " ".join(found.differences) or None)
    _tell(found, as_json)
    raise typer.Exit(1 if found.differences else 0)


def _tell(found: Verified, as_json: bool) -> None:
    if as_json:
        told = {**_values(found.backup), "ok": not found.differences, "differences": list(found.differences)}
        typer.echo(json.dumps({**told, "notes": list(found.notes), "restored_into": found.kind}, ensure_ascii=False))
        return
    for difference in found.differences:
        typer.echo(f"WRONG {difference}")
    for note in found.notes:
        typer.echo(f"note  {note}")
    if not found.differences:
        typer.echo(f"ok    {found.backup.path}: {_sizes(found.backup)}, all as they were written")


def _folder_of(settings: Settings, which: str) -> Path:
    """The folder that is meant. Raises NoBackup."""
    from store.backup import NoBackup, backups, moment_of

    folder = settings.backups_dir
    if which == NEWEST:
        made = backups(folder)
        if not made:
            raise NoBackup(f"There is no backup in {folder.absolute()} yet. Make one with `firstline backup`.")
        if moment_of(made[-1]) > now() + _CLOCKS_APART:
            raise NoBackup(
                f"The newest backup, {made[-1].name}, is named after a moment that is yet to come: this machine's "
                "clock is wrong, or was when it was made. Name the backup that you mean."
            )
        return made[-1]
    for path in (Path(which), folder / which):
        if path.is_dir():
            return path.absolute()
    raise NoBackup(f"There is no backup {which}, neither here nor in {folder.absolute()}.")


def _note(settings: Settings, deed: str, name: str, begun: float, problem: str | None) -> None:
    """Keep in the database what became of it; one that cannot be written now does not undo the deed."""
    from bot.learning.nightly import Done, note
    from store import open_database, transaction
    from store.migrate import current

    done = Done(deed, name, time.monotonic() - begun, problem)
    try:
        if current(settings.url) is None:
            return
        database = open_database(settings.url)
        try:
            with transaction(database) as session:
                note(session, done, now())
        finally:
            database.close()
    except Exception as error:
        report(f"The database could not be told of it: {type(error).__name__}.")


def _values(made: Backup) -> dict[str, Any]:
    manifest = made.manifest
    return {
        "backup": str(made.path),
        "created_at": manifest.created_at.isoformat(),
        "version": manifest.version,
        "migration": manifest.revision,
        "database": manifest.database,
        "tables": manifest.rows,
        "bytes": made.bytes,
        "files": {
            "count": manifest.files.count,
            "bytes": manifest.files.bytes,
            "missing": list(manifest.files.missing),
        },
    }


def _sizes(made: Backup) -> str:
    held = made.manifest
    rows, files = sum(held.rows.values()), held.files
    size = f"{made.bytes / 2**20:.1f} MB"
    tables, kept = counted(len(held.tables), "table"), counted(files.count, "file")
    return f"{counted(rows, 'row')} in {tables} ({size}), {kept} ({files.bytes / 2**20:.1f} MB)"


def _about_key(settings: Settings, written: Path | None) -> str:
    if written is not None:
        return f"the secret key is in {written}: keep it apart from the backup"
    where = "FIRSTLINE_SECRET_KEY" if settings.secret_key else str((settings.data_dir / "secret_key").absolute())
    return f"the secret key is not in it: keep {where} apart, and the tokens of your channels"


def _write_key(settings: Settings, file: Path) -> None:
    """Into a new file that its owner alone may read."""
    from api.cli.refusals import Refused
    from api.settings import secret_key

    if settings.backups_dir.absolute() in file.absolute().parents:
        raise Refused(f"{file} lies among the backups: keep the key apart from them.")
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Refused(f"{file} is there already: give the name of a new file.") from None
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(secret_key(settings))


def _tables() -> set[str]:
    """The names of all tables of this Firstline."""
    from importlib import import_module

    from sqlmodel import SQLModel

    for models in _MODELS:
        import_module(models)
    return set(SQLModel.metadata.tables)
