"""What commands share: the settings, the opened database, the live knowledge, and words on standard error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from api.settings import Settings
    from bot.learning.backups import Place
    from bot.learning.publish import Fit
    from bot.live import House, Live
    from bot.writer import LlmSettings
    from store import Database


def report(sentence: str) -> None:
    """Progress and remarks go to standard error; standard output is for results."""
    typer.echo(sentence, err=True)


def now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def opened(settings: Settings) -> Iterator[Database]:
    """The database of the settings, migrated, closed at the end."""
    from store import open_database
    from store.migrate import upgrade

    upgrade(settings.url)
    database = open_database(settings.url)
    try:
        yield database
    finally:
        database.close()


def house_of(settings: Settings, address: str | None = None) -> House:
    """The settings that answers depend on."""
    from bot.live import House

    return House(
        address=address or settings.address,
        encoder=settings.encoder,
        reranker=settings.reranker,
        messages_per_minute=settings.messages_per_minute,
        open_tickets=settings.open_tickets_per_customer,
        promise_days=settings.promise_working_days,
        staff_places=settings.staff_places,
        llm=llm_of(settings),
    )


def llm_of(settings: Settings) -> LlmSettings | None:
    """Where the language model is; None unless both its address and its name are set: nothing is sent on a guess."""
    from bot.writer import LlmSettings

    if not settings.llm_base_url or not settings.llm_model:
        return None
    key = settings.llm_api_key.get_secret_value() if settings.llm_api_key else None
    return LlmSettings(settings.llm_base_url, settings.llm_model, key)


def fit_of(settings: Settings) -> Fit:
    """The settings that a release is fitted with."""
    from bot.learning.publish import Fit

    return Fit(settings.encoder, settings.target_precision, settings.unanswerable_share, settings.reranker)


def place_of(settings: Settings) -> Place:
    """Where backups lie, and what goes into them."""
    from bot.learning.backups import Place

    return Place(settings.backups_dir, settings.files_dir, settings.backup_days, settings.encoder)


def loaded(settings: Settings, database: Database) -> Live:
    """The live release, loaded; an empty database gets its first knowledge before."""
    from api.cli.refusals import FOUND, Refused
    from bot.learning.publish import ensure_knowledge
    from bot.live import Live

    ensure_knowledge(database, settings.kb, fit_of(settings), now(), report)
    live = Live(house_of(settings), report)
    live.refresh(database)
    if live.serving is None:
        raise Refused(live.problem or "There is no live release. Import a KB: firstline kb import DIR.", FOUND)
    return live


def folder_at(path: Path) -> Path:
    """``path`` if it is a folder; raises Refused with a sentence else."""
    from api.cli.refusals import Refused

    if not path.is_dir():
        raise Refused(f"{path} is not a folder. Give the KB folder, the one that holds articles/.")
    return path
