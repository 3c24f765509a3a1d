"""``firstline doctor``: everything that can be wrong with an installation, a line each."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.metadata import packages_distributions
from typing import TYPE_CHECKING, Annotated

import typer

from store.counting import counted

if TYPE_CHECKING:
    from api.settings import Settings
    from bot.learning.live_figures import LiveFigures
    from store import Database
    from store.backup import Standing as BackupStanding

ROOMS = ("api", "bot", "handoff", "kb_content", "retrieval", "store")
LITTLE_SPACE = 500 * 1024 * 1024


@dataclass(frozen=True)
class Finding:
    """One line: ``ok`` False is something to mend, ``note`` something to know."""

    what: str
    says: str
    ok: bool = True
    note: bool = False

    @property
    def mark(self) -> str:
        return "WRONG" if not self.ok else "note " if self.note else "ok   "


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Show every setting with its source, and check database, models, channels and disk. Exit code 1 if one fails."""
    from api.settings import Settings

    settings = Settings()
    checks = (_settings, _packages, _disk, _database, _backups, _models, _language_model, _channels)
    findings = [finding for check in checks for finding in check(settings)]
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False))
    else:
        for finding in findings:
            typer.echo(f"{finding.mark} {finding.what}: {finding.says}")
    raise typer.Exit(0 if all(finding.ok for finding in findings) else 1)


def _settings(settings: Settings) -> Iterator[Finding]:
    from api.configured import configured
    from api.settings import weakness_of_key

    for one in configured(settings):
        yield Finding(one.variable, f"{one.shown or 'not set'} ({one.source})")
    if weakness := weakness_of_key(settings):
        yield Finding("key", weakness, note=True)


def _packages(_settings: Settings) -> Iterator[Finding]:
    foreign = strangers()
    for room, others in foreign.items():
        yield Finding(f"package {room}", f"also belongs to {others}: uninstall that from this environment", ok=False)
    if not foreign:
        yield Finding("packages", ", ".join(ROOMS))


def strangers() -> dict[str, str]:
    """Which of our packages another distribution has too, and which one: an installation would overwrite ours."""
    owners = packages_distributions()
    found = {room: sorted(set(owners.get(room, [])) - {"firstline"}) for room in ROOMS}
    return {room: ", ".join(others) for room, others in found.items() if others}


def _disk(settings: Settings) -> Iterator[Finding]:
    folder = settings.data_dir.absolute()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    is_writable = os.access(folder, os.W_OK)
    says = f"{free // 2**20} MB free" + ("" if is_writable else f", but {folder} may not be written")
    yield Finding("disk", says, ok=free > LITTLE_SPACE and is_writable)


def _database(settings: Settings) -> Iterator[Finding]:
    from bot.learning.live_figures import live_figures
    from kb_content.catalogue import is_sample_live, live_release
    from store import open_database, reading
    from store.migrate import is_at_head

    database = None
    try:
        at_head = is_at_head(settings.url)
        database = open_database(settings.url)
        kind = "SQLite" if database.is_sqlite else "PostgreSQL"
        yield Finding("database", f"{kind}, {'up to date' if at_head else 'to be migrated at the next start'}")
        if at_head:
            with reading(database) as session:
                release = live_release(session)
                sample = " (the sample)" if release and is_sample_live(session) else ""
                figures = live_figures(session)
            yield Finding(
                "release", f"{release.id}{sample} is live" if release else "none yet: the first start makes one"
            )
            if figures:
                yield _answers(figures)
            yield from _belonging(settings, database)
    except Exception as error:
        yield Finding("database", str(error), ok=False)
    finally:
        if database is not None:
            database.close()


def _backups(settings: Settings) -> Iterator[Finding]:
    from api.cli.parts import now
    from store import backup, open_database, reading
    from store.migrate import is_at_head

    try:
        if not is_at_head(settings.url):
            return
        database = open_database(settings.url)
    except Exception:
        # Said already.
        return
    with reading(database) as session:
        found = backup.status(session)
    database.close()
    if found.problem:
        yield Finding("backup", f"the last attempt failed: {found.problem}", ok=False)
    is_off = settings.backup_days == 0
    off = "; none is made by itself (FIRSTLINE_BACKUP_DAYS=0)" if is_off else ""
    says = f"{_since(found, now())}; in {settings.backups_dir.absolute()}{off}"
    yield Finding("backup", says, note=is_off or found.made_at is None)


def _since(found: BackupStanding, now: datetime) -> str:
    """When the last one was made and verified."""

    def ago(moment: datetime | None) -> str:
        return "never" if moment is None else f"{counted(round((now - moment).total_seconds() / 3600), 'hour')} ago"

    return f"made {ago(found.made_at)}, verified {ago(found.verified_at)}"


def _belonging(settings: Settings, database: Database) -> Iterator[Finding]:
    """Whether this machine has the key, the files and the time that all machines of this database share."""
    from api.belonging import SKEW, AnotherKey, clock_ahead, files_missed, is_key_of
    from api.settings import secret_key

    has_key = settings.secret_key is not None or (settings.data_dir / "secret_key").is_file()
    if has_key and not is_key_of(database, secret_key(settings)):
        yield Finding("key", str(AnotherKey()), ok=False)
    trouble, _ = files_missed(database, settings.files_dir)
    yield Finding("files", trouble or str(settings.files_dir.absolute()), ok=not trouble)
    ahead = clock_ahead(database)
    if abs(ahead) > SKEW:
        says = f"{ahead.total_seconds():.0f} s ahead of the database's. Have all machines set theirs by NTP"
        yield Finding("clock", says, ok=False)


def _answers(figures: LiveFigures) -> Finding:
    """Whether the KB keeps the promise: a house whose bot only suggests is not broken, but somebody should know."""
    from bot.learning.live_figures import warning_of

    says, threshold = warning_of(figures), figures.threshold
    if says is not None or threshold is None:
        return Finding("answers", says or "", note=True)
    target = "" if figures.target is None else f", for a target precision of {figures.target:.0%}"
    return Finding("answers", f"by itself from a confidence of {threshold:.2f} on{target}")


def _models(settings: Settings) -> Iterator[Finding]:
    from api.cli.parts import report
    from retrieval.encoders import load_encoders

    try:
        encoders = load_encoders(settings.encoder, report)
        encoders.ready()
        yield Finding("models", ", ".join(encoders.names))
    except Exception as error:
        yield Finding("models", str(error), ok=False)
    if settings.reranker:
        yield _reranker(settings.reranker)


def _reranker(spec: str) -> Finding:
    from retrieval.reranker import load_reranker

    try:
        loaded = load_reranker(spec, lambda _sentence: None)
    except Exception as error:
        return Finding("reranker", str(error), ok=False)
    return Finding("reranker", loaded.name if loaded else "not set")


def _language_model(settings: Settings) -> Iterator[Finding]:
    from api.cli.parts import llm_of
    from bot.writer import MISSING, OpenAIWriter

    where = llm_of(settings)
    if where is None:
        is_begun = any((settings.llm_base_url, settings.llm_api_key, settings.llm_model))
        missing = "off: it needs both FIRSTLINE_LLM_BASE_URL and FIRSTLINE_LLM_MODEL"
        yield Finding("language model", missing if is_begun else "off; answers quote the articles", ok=not is_begun)
        return
    try:
        writer = OpenAIWriter(where)
    except ImportError:
        yield Finding("language model", MISSING, ok=False)
        return
    problem = writer.problem()
    writer.close()
    yield Finding("language model", problem or f"{where.model} answers; it rephrases passages", ok=problem is None)


def _channels(settings: Settings) -> Iterator[Finding]:
    from api.channels import check_channels

    yield Finding("channel web", "on")
    for name, findings in check_channels(settings).items():
        wrong = [found for found in findings if not found.ok]
        says = "; ".join(" ".join((found.text, found.do)).strip() for found in wrong)
        yield Finding(f"channel {name}", says or "set up; `firstline channels check` has the details", ok=not wrong)
