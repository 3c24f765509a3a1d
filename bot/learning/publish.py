"""From a KB folder to a live release: read, import, build, publish."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlmodel import Session

from bot.learning.building import BuildFailed, Order, build_in_child
from bot.learning.live_figures import figures_from, warning_of
from bot.learning.under_way import under_way
from kb_content import catalogue
from kb_content.agreement import Side
from kb_content.catalogue import ImportPlan
from kb_content.errors import ReleaseOutdated
from kb_content.folder import Folder, read_folder
from kb_content.problems import Problem
from kb_content.releases import locked_live
from kb_content.studio.file_folder import enter_files, gather_files
from store import Database, measures, reading, transaction

if TYPE_CHECKING:
    from retrieval.build import Built

Report = Callable[[str], None]


@dataclass(frozen=True)
class Fit:
    """The settings that a fit depends on, as plain values."""

    encoder: str | None = None
    target_precision: float = 0.95
    unanswerable_share: float = 0.3
    reranker: str | None = None


class NothingToRead(Exception):
    """Nothing in this folder could be read as a knowledge base."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        listed = "".join(f"\n  {problem}" for problem in problems)
        super().__init__(f"{(self.__doc__ or '').strip()}{listed}")


def read_usable(path: Path, report: Report) -> Folder:
    """The folder at ``path``; every error is reported with file and line, and what has one is left out.

    One bad article must not keep the others from customers. Raises NothingToRead when no article is left.
    """
    folder = read_folder(path)
    if not folder.articles:
        raise NothingToRead(folder.errors)
    for problem in folder.errors:
        report(f"error: {problem}")
    return folder


def plan(
    database: Database,
    folder: Folder,
    source: str,
    *,
    replace: bool = False,
    prefer: Side | None = None,
    decided: Mapping[str, Side] | None = None,
) -> ImportPlan:
    """What an import of ``folder`` would change. ``prefer`` and ``decided``: who counts where the KB and the folder
    both changed. Reads only."""
    with reading(database) as session:
        return catalogue.plan_import(session, folder, source, replace, prefer, decided)


def carry_out(
    database: Database, planned: ImportPlan, actor: str, now: datetime, import_id: int | None = None
) -> int | None:
    """Write what was planned. Nothing is live yet. Returns the id by which it can be undone, None if nothing changed.

    Raises ImportOutdated where the KB was changed after it was planned.
    """
    with transaction(database) as session:
        return catalogue.apply_import(session, planned, now, actor, import_id)


def take_files(database: Database, store_folder: Path, folder: Path, actor: str, now: datetime, report: Report) -> int:
    """Keep the pictures and files of a KB folder, those under ``files/``; how many are new or changed."""
    found, refused = gather_files(store_folder, folder)
    for name in refused:
        report(f"files/{name}: left out, articles show pictures, PDF, text, CSV, JSON and zip files of at most 20 MB")
    if not found:
        return 0
    with transaction(database) as session:
        return enter_files(session, found, now, actor)


def publish_newest(database: Database, fit: Fit, actor: str, now: datetime, report: Report) -> int:
    """Build a release of the newest versions and put it live. Returns its id.

    Building happens in a child process; until the last, short transaction customers get the old release. Vectors are
    kept as they come: after a build that was cut off, the next one makes only those that are missing. Raises
    ReleaseOutdated where drafts were published meanwhile, which this release does not have.
    """
    bases: list[int | None] = []

    def begin(session: Session) -> int:
        bases.append(catalogue.live_release_id(session))
        return catalogue.start_release(session, now)

    with under_way(database, begin) as release_id:
        assert release_id is not None
        return _build_and_publish(database, release_id, fit, actor, now, report, bases[0])


def build_release(database: Database, release_id: int, fit: Fit, report: Report) -> Built:
    """Build what was frozen as ``release_id`` in a child process; its vectors are kept as they come."""
    from retrieval.vectors import VectorCache, save_vectors

    def keep(vectors: VectorCache) -> None:
        with transaction(database) as session:
            save_vectors(session, vectors)

    order = Order(database.url, release_id, fit.encoder, fit.target_precision, fit.unanswerable_share, fit.reranker)
    with measures.build_seconds.time(), measures.build_failures_total.count_exceptions(BuildFailed):
        return build_in_child(order, report, keep)


def _build_and_publish(
    database: Database, release_id: int, fit: Fit, actor: str, now: datetime, report: Report, base: int | None
) -> int:
    built = build_release(database, release_id, fit, report)
    with transaction(database) as session:
        live = locked_live(session)
        if live is not None and live.id != base and live.changes:
            # What was taken out by it, say, would be said again.
            raise ReleaseOutdated
        catalogue.publish(session, release_id, built.parameters, built.threshold, built.figures, now, actor)
    if warning := warning_of(figures_from(release_id, built.threshold, built.figures)):
        report(warning)
    return release_id


def ensure_knowledge(database: Database, kb: Path | None, fit: Fit, now: datetime, report: Report) -> bool:
    """Give an empty database its first knowledge: ``kb``, else the sample. True if something was put live.

    A start that was cut off while building goes on from the articles that are there. A live release that another
    version or another encoder made is built once more, as it is: nothing else of the KB goes live with it.
    """
    with reading(database) as session:
        live = catalogue.live_release_id(session)
        is_empty = catalogue.is_empty(session)
    if live is not None:
        return _is_outdated(database, fit, report) and _build_again(database, fit, now, report)
    if is_empty:
        with sample_or(kb) as (path, source):
            report(f"loading the knowledge base from {path if kb else 'the sample'}")
            carry_out(database, plan(database, read_usable(path, report), source), "start", now)
    report("building the index (once; later starts reuse it)")
    publish_newest(database, fit, "start", now, report)
    return True


def _is_outdated(database: Database, fit: Fit, report: Report) -> bool:
    """Whether what is live lacks vectors or has parameters that cannot be read any more."""
    from retrieval.encoders import load_encoders
    from retrieval.errors import ParametersUnreadable
    from retrieval.needs import wanted
    from retrieval.parameters import Parameters
    from retrieval.vectors import load_vectors

    encoders = load_encoders(fit.encoder, report)
    with reading(database) as session:
        release = catalogue.live_release(session)
        needs = wanted(catalogue.contents(session), encoders)
        known = load_vectors(session, needs)
    try:
        Parameters.from_bytes((release.parameters if release else None) or b"")
    except ParametersUnreadable:
        return True
    return len(known) < len(needs)


def _build_again(database: Database, fit: Fit, now: datetime, report: Report) -> bool:
    report("building the index anew (once; the live one was made for other models or another version)")
    with reading(database) as session:
        base = catalogue.live_release_id(session)
    with under_way(database, lambda session: catalogue.repeat_release(session, now)) as release_id:
        if release_id is None:
            return False
        _build_and_publish(database, release_id, fit, "start", now, report, base)
    return True


@contextmanager
def sample_or(kb: Path | None) -> Iterator[tuple[Path, str]]:
    """The folder and source name of ``kb``, or of the sample KB that comes with the package."""
    if kb is not None:
        yield kb, source_of(kb)
        return
    yield catalogue.sample_folder(), catalogue.SAMPLE


def source_of(path: Path) -> str:
    """The name under which a folder's articles are known, so that a later import of it knows them again."""
    return str(path.resolve())[-255:]
