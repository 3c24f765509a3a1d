"""Writing a KB folder from the database, so that reading it gives the same contents back."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from sqlmodel import Session, col, select

from kb_content.agreed_rows import agreed, identity
from kb_content.agreement import ARTICLE, Agreed, Named, Side
from kb_content.agreement import Exported as Written
from kb_content.articles import Article, GoldQuestion, Intent, Sentence, Term
from kb_content.errors import ExportRefused
from kb_content.export_plan import File, Plan, files_of, plan_export, text_at
from kb_content.export_record import RECORD, Record, is_inside, read_record, text_hash, written_record
from kb_content.glossary_file import term_from
from kb_content.gold_file import gold_from
from kb_content.intent_file import intent_from
from kb_content.lying import lying_in
from kb_content.models import ArticleVersion, GlossaryRow, GoldRow, KbArticle, KbIntent
from kb_content.proposals import accepted_from, accepted_values, with_questions
from kb_content.studio.sources import Version, made_from, source_among
from kb_content.studio.working import sentences_now
from kb_content.versions import article_from

_SHOWN = 5


@dataclass(frozen=True)
class Exported:
    """How many files an export wrote, left as they were, and removed because their article is gone.

    ``newer``: files that were changed in the folder and not here; they stay, and an import brings them in.
    """

    written: int
    unchanged: int
    removed: int
    newer: tuple[str, ...] = ()


def export_folder(session: Session, path: Path, force: bool = False, prefer: Side | None = None) -> Exported:
    """Write the newest unarchived articles, with the questions that were accepted for them, intents, gold questions,
    glossary and the house's own sentences to the folder ``path``: where it has them already, else at their usual place.

    A file that was changed in the folder alone stays. Raises ExportRefused, before anything is written, where one was
    changed in both, or is somebody else's: ``prefer`` decides, and ``force`` writes over it all the same.
    """
    intents = [intent_from(row.data) for row in session.exec(select(KbIntent).order_by(KbIntent.name))]
    gold = [gold_from(row.data) for row in session.exec(select(GoldRow).order_by(col(GoldRow.id)))]
    glossary = [term_from(row.data) for row in session.exec(select(GlossaryRow).order_by(col(GlossaryRow.id)))]
    accepted = accepted_from(accepted_values(session))
    found = _articles(session)
    articles = [with_questions(article, accepted) for article, _ in found]
    held = {Named(ARTICLE, article.id, article.language): sha256 for article, sha256 in found}
    sentences = [Sentence(**values) for values in sentences_now(session)]
    return write_folder(
        path,
        articles,
        intents,
        gold,
        force,
        glossary,
        sentences,
        agreed=agreed(session),
        held=held,
        prefer=prefer,
        kb=identity(session),
    )


def write_folder(
    path: Path,
    articles: Iterable[Article],
    intents: Iterable[Intent] = (),
    gold: Iterable[GoldQuestion] = (),
    force: bool = False,
    glossary: Iterable[Term] = (),
    sentences: Iterable[Sentence] = (),
    *,
    agreed: Agreed | None = None,
    held: Mapping[Named, str] | None = None,
    prefer: Side | None = None,
    kb: str = "",
) -> Exported:
    """Write a KB folder; see ``export_folder``. A file that would not change is not touched.

    ``agreed``: what the KB and its folders last said alike; ``held``: the hashes of what the KB holds, where that
    differs from what is written; ``kb``: what tells the KB from others.
    """
    _refuse_place(path)
    lying, before = lying_in(path), read_record(path)
    if before.kb and before.kb != kb:
        before = Record()
    files = files_of(articles, intents, gold, list(glossary), list(sentences), lying)
    prefer = Side.OURS if force else prefer
    plan = plan_export(path, files, lying, before, agreed or {}, held or {}, prefer)
    _refuse_conflicts(path, plan, before, prefer)
    path.mkdir(parents=True, exist_ok=True)
    written = [name for name in plan.write if _write(path, name, files[name].text)]
    for name in plan.remove:
        if is_inside(path, name):
            (path / name).unlink()
    # What is left as the folder has it was not exported: the next export compares with what this one wrote.
    kept = {*plan.newer, *(plan.conflicts if prefer is Side.THEIRS else ())}
    now = {name: text_hash(text_at(path / name) or "") for name in files if name not in kept}
    things = {named: one for name, file in files.items() if name not in kept for named, one in _things(file, held)}
    old = {name: sha256 for name, sha256 in before.files.items() if name in kept}
    old_things = {named: one for named, one in before.things.items() if lying.places.get(named) in kept}
    _write(path, RECORD, written_record(Record(old | now, old_things | things, kb)))
    return Exported(len(written), len(files) - len(written) - len(kept), len(plan.remove), tuple(sorted(kept)))


def _things(file: File, held: Mapping[Named, str] | None) -> Iterator[tuple[Named, Written]]:
    return ((named, Written(sha256, (held or {}).get(named, sha256))) for named, sha256 in file.things.items())


def _refuse_place(path: Path) -> None:
    if path.exists() and not path.is_dir():
        raise ExportRefused(f"{path} is a file: give a folder to export to")


def _refuse_conflicts(path: Path, plan: Plan, before: Record, prefer: Side | None) -> None:
    if prefer is not None:
        return
    is_strange = not before.files and not plan.is_known
    if is_strange and path.is_dir() and any(not entry.name.startswith(".") for entry in path.iterdir()):
        raise ExportRefused(
            f"{path} is not empty and was not exported to before: give an empty folder, "
            "or --force to write over the files in it"
        )
    if not plan.conflicts:
        return
    more = f" and {len(plan.conflicts) - _SHOWN} more" if len(plan.conflicts) > _SHOWN else ""
    raise ExportRefused(
        f"{path} has files that were changed there and here since both last agreed: "
        f"{', '.join(plan.conflicts[:_SHOWN])}{more}. Import the folder first, export elsewhere, or decide: --ours "
        "writes over them, --theirs leaves them"
    )


def _articles(session: Session) -> list[tuple[Article, str]]:
    """Every article to export, with the hash of its version."""
    found = session.exec(
        select(KbArticle, ArticleVersion)
        .where(KbArticle.id == ArticleVersion.kb_article_id)
        .where(KbArticle.current == ArticleVersion.number)
        .where(col(KbArticle.archived_at).is_(None))
        .order_by(col(KbArticle.article_id), col(KbArticle.language))
    ).all()
    held: dict[str, dict[str, Version]] = {}
    for row, version in found:
        held.setdefault(row.article_id, {})[row.language] = (row, version)
    return [(_with_source(session, (row, version), held[row.article_id]), version.sha256) for row, version in found]


def _with_source(session: Session, one: Version, held: Mapping[str, Version]) -> Article:
    """The article, naming the source text that it was translated from, whichever language that is in. ``held``: the
    article in all of its languages."""
    row, version = one
    article, source = article_from(row, version), source_among(held)
    if source is None or source == row.language or article.translated_from:
        return article
    return replace(article, translated_from=made_from(session, one, held[source]))


def _write(root: Path, name: str, content: str) -> bool:
    """Write the file whole or not at all; False if it already had this content."""
    file = root / name
    if not is_inside(root, name):
        raise ExportRefused(f"{file} leads outside the folder by a link: remove the link, then export again")
    file.parent.mkdir(parents=True, exist_ok=True)
    if text_at(file) == content:
        return False
    half = file.with_name(f".{file.name}.part")
    half.write_bytes(content.encode())
    os.replace(half, file)
    return True


__all__ = ["RECORD", "Exported", "export_folder", "write_folder"]
