"""``firstline demo``: a desk that has been at work for two weeks, to look at and to try things on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.parts import now, opened, report

if TYPE_CHECKING:
    from api.settings import Settings


def demo(
    folder: Annotated[
        Path | None, typer.Option("--dir", help="Keep it in this folder; it goes on there the next time.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=60, help="How many days of talk.")] = 14,
    serve: Annotated[bool, typer.Option(help="Serve the desk when it is made.")] = True,
) -> None:
    """Make a desk with two weeks of talk in a scratch database, in about two minutes, and serve it.

    Nothing of yours is touched: no database, no channel, no mail. Without --dir all is gone when you stop it.
    """
    from api.settings import Settings

    with _folder(folder) as place:
        settings = apart(Settings(), place)
        _make(settings, days)
        if serve:
            from api.demo.stage import stand_ins
            from api.running import serve as run

            run(settings, has_pages=True, has_worker=True, stand_ins=stand_ins())


def _make(settings: Settings, days: int) -> None:
    from api.cli.refusals import Refused
    from api.demo.playing import is_made, make

    database_file = settings.data_dir / "firstline.db"
    is_new = not database_file.exists()
    with opened(settings) as database:
        if is_new:
            make(database, settings, now(), days, report)
        elif not is_made(database):
            raise Refused(f"{settings.data_dir} holds another database. Give an empty folder, or none.")
        for email, role in (("maya@loomplan.example", "admin"), ("ben@loomplan.example", "agent")):
            report(f"sign in as {role}: {settings.address}/console/welcome/{_link(database, email)}")


def _link(database: object, email: str) -> str:
    from sqlmodel import select

    from handoff.models import Staff
    from handoff.staff import sign_in_link
    from store import Database, transaction

    assert isinstance(database, Database)
    with transaction(database) as session:
        staff = session.exec(select(Staff).where(Staff.email == email)).one()
        return sign_in_link(session, staff.id, now())


def apart(settings: Settings, folder: Path) -> Settings:
    """The settings without anything of the real house: where it listens and what it logs stays."""
    kept = ("host", "port", "log_level", "encoder")
    blank = {name: field.get_default() for name, field in type(settings).model_fields.items() if name not in kept}
    return settings.model_copy(update={**blank, "data_dir": folder, "backup_days": 0})


@contextmanager
def _folder(chosen: Path | None) -> Iterator[Path]:
    """The folder that was asked for, or one that is gone at the end."""
    import tempfile

    if chosen is not None:
        chosen.mkdir(parents=True, exist_ok=True)
        yield chosen
        return
    with tempfile.TemporaryDirectory(prefix="firstline-demo-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)
