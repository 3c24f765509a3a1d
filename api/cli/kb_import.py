"""``firstline kb import``: articles from folders, files and web pages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.kb_standing import ACTOR, published, tell_standing
from api.cli.parts import now, opened, report
from store.counting import counted

if TYPE_CHECKING:
    from api.settings import Settings
    from bot.learning.importing.looking import Looked
    from bot.learning.importing.reading import Read
    from bot.learning.importing.shelving import Choices
    from kb_content.agreement import Side
    from kb_content.import_plan import ImportPlan
    from store import Database

_SHOWN = 20
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Draft = Annotated[bool, typer.Option("--draft", help="Change the KB without publishing it.")]


def import_any(
    what: Annotated[
        str,
        typer.Argument(
            metavar="WHAT",
            help="A KB folder (it holds articles/, or is documentation as it is), a zip of one, a Markdown, HTML, CSV, "
            "PDF or Word file, or the address of a page or sitemap.",
        ),
    ],
    replace: Annotated[bool, typer.Option(help="Drop all other articles, the sample too.")] = False,
    draft: Draft = False,
    dry_run: Annotated[bool, typer.Option(help="Only say what would change.")] = False,
    ours: Annotated[bool, typer.Option("--ours", help="Where both changed, keep what the KB says.")] = False,
    theirs: Annotated[bool, typer.Option("--theirs", help="Where both changed, take what WHAT says.")] = False,
    columns: Annotated[
        list[str] | None, typer.Option("--map", help="Of a CSV file: FIELD=COLUMN, such as title=Subject. Repeat it.")
    ] = None,
    language: Annotated[str, typer.Option(help="The language of all pages that are no Markdown.")] = "",
    category: Annotated[str, typer.Option(help="The category of all pages that are no Markdown.")] = "",
    chapters: Annotated[bool, typer.Option(help="Make each chapter of a document an article.")] = False,
    most: Annotated[int, typer.Option(help="The most pages to take from a sitemap.", min=1)] = 5_000,
    duplicates: Annotated[bool, typer.Option(help="Look for articles that say the same.")] = True,
    as_json: Json = False,
) -> None:
    """Make the KB equal to WHAT for the articles that came from it, and publish.

    What was changed both here and there is a conflict: it is shown and left as it is, unless --ours or --theirs
    decides. Exit code 1 if something was left out.
    """
    from api.settings import Settings
    from bot.learning import publish

    settings, started = Settings(), monotonic()
    prefer, choices = side_of(ours, theirs), _choices(language, category, chapters)
    with _read(settings, what, choices, _mapping(columns), most) as (source, root, read), opened(settings) as database:
        _refuse_unclear(read)
        _tell_errors(read)
        report(f"read in {monotonic() - started:.0f} s: {counted(len(read.folder.articles), 'article')}")
        planned = publish.plan(database, read.folder, source, replace=replace, prefer=prefer)
        looked = _looked(settings, database, planned, is_kept=not dry_run) if duplicates else None
        done = _Done(planned, looked)
        if not dry_run:
            tell_standing(database)
            if root is not None and not read.is_foreign:
                publish.take_files(database, settings.files_dir, root, ACTOR, now(), report)
            done.import_id = publish.carry_out(database, planned, ACTOR, now())
        if not (draft or dry_run):
            done.release = published(database, settings)
    report(f"done in {monotonic() - started:.0f} s")
    done.tell(as_json)
    _exit(read, planned)


@dataclass
class _Done:
    planned: ImportPlan
    looked: Looked | None
    release: int | None = None
    import_id: int | None = None

    def tell(self, as_json: bool) -> None:
        if as_json:
            typer.echo(json.dumps(self._values(), ensure_ascii=False))
        else:
            for change in self.planned.lines():
                typer.echo(change)
        for rate in self.looked.rates if self.looked else ():
            speed = f" at {rate.each_second:.0f} a second" if rate.each_second else ""
            report(
                f"{rate.language}: {counted(rate.articles, 'article')}, {counted(rate.passages, 'passage')}, "
                f"{rate.encoded:,} new{speed}"
            )
        self._tell_duplicates()
        if self.import_id is not None:
            report(f"import {self.import_id}; to take it back: firstline kb undo {self.import_id}")
        if self.release is not None:
            report(f"release {self.release} is live; a running server answers from it within 2 seconds")

    def _tell_duplicates(self) -> None:
        found = self.looked.duplicates if self.looked else ()
        for one in found[:_SHOWN]:
            report(
                f"note: {one.article} says what {one.other} says: {one.passages} of {counted(one.of, 'passage')} "
                f"({one.near:.2f})"
            )
        if len(found) > _SHOWN:
            report(f"note: and {len(found) - _SHOWN:,} more that say what others say (--json lists them)")

    def _values(self) -> dict[str, object]:
        looked = self.looked
        return {
            "changes": self.planned.lines(),
            "release": self.release,
            "import": self.import_id,
            "conflicts": [str(one.named) for one in self.planned.undecided],
            "kept": [str(named) for named in self.planned.ahead],
            "duplicates": [vars(one) for one in looked.duplicates] if looked else None,
            "rates": [vars(one) | {"each_second": one.each_second} for one in looked.rates] if looked else None,
        }


@contextmanager
def _read(
    settings: Settings, what: str, choices: Choices, mapping: dict[str, str] | None, most: int
) -> Iterator[tuple[str, Path | None, Read]]:
    """The source's name, the folder that it is (None for the web), and what was read of it."""
    from api.cli.refusals import Refused
    from api.uploads import UploadTooLarge, unpacked
    from bot.learning.importing.addresses import networks
    from bot.learning.importing.fetching import Fetcher
    from bot.learning.importing.reading import read_address, read_files
    from bot.learning.publish import source_of

    if what.lower().startswith(("http://", "https://")):
        fetcher = Fetcher(networks(settings.import_networks))
        yield what[:255], None, read_address(what, choices, fetcher, report, most)
        return
    path = Path(what)
    if path.is_dir():
        yield source_of(path), path, read_files(path, choices, report)
    elif path.is_file():
        try:
            with unpacked(path.name, path.read_bytes()) as folder:
                yield source_of(path), folder, read_files(folder, choices, report, mapping)
        except UploadTooLarge as error:
            words = "has more than 5,000 files or 50 MB in it. Unpack it, and import the folder."
            raise Refused(f"{path.name} {words}") from error
    else:
        raise Refused(
            f"{what} is not a folder, a file or a web address. Give the KB folder, or what is to be imported."
        )


def _looked(settings: Settings, database: Database, planned: ImportPlan, *, is_kept: bool) -> Looked:
    from bot.learning.importing.looking import look_closer
    from retrieval.vectors import VectorCache, save_vectors
    from store import transaction

    def keep(vectors: VectorCache) -> None:
        with transaction(database) as session:
            save_vectors(session, vectors)

    articles = [*planned.added, *planned.changed]
    return look_closer(database.url, settings.encoder, articles, report, keep if is_kept else None)


def side_of(ours: bool, theirs: bool) -> Side | None:
    """Who counts where both changed; None: nobody has decided. Raises Refused where both options are given."""
    from api.cli.refusals import Refused
    from kb_content.agreement import Side

    if ours and theirs:
        raise Refused("Give --ours or --theirs, not both.")
    return Side.OURS if ours else Side.THEIRS if theirs else None


def _choices(language: str, category: str, chapters: bool) -> Choices:
    from api.cli.refusals import Refused
    from bot.learning.importing.shelving import Choices
    from kb_content.language import normal_tag

    tag = normal_tag(language) if language else ""
    if tag is None:
        raise Refused(f"{language!r} is no language. Write en, zh, pt-BR and so on.")
    return Choices(language=tag, category=category, in_chapters=chapters)


def _mapping(columns: list[str] | None) -> dict[str, str] | None:
    from api.cli.refusals import Refused
    from bot.learning.importing.tables import FIELDS

    if not columns:
        return None
    pairs = [one.partition("=") for one in columns]
    if any(field not in FIELDS or not column for field, _, column in pairs):
        raise Refused(f"Write --map FIELD=COLUMN. The fields are: {', '.join(FIELDS)}.")
    return {field: column for field, _, column in pairs}


def _refuse_unclear(read: Read) -> None:
    """Raises Refused for a table of which nobody said what its columns are: as if it had no lines, all that came from
    it before would be archived."""
    from api.cli.refusals import Refused

    if read.table is not None and not read.folder.articles:
        raise Refused(
            "Say which column holds the titles and which one the texts: --map title=COLUMN --map body=COLUMN. The file "
            f"has: {', '.join(read.table.columns)}."
        )


def _tell_errors(read: Read) -> None:
    """Of a folder with Markdown its reader has told them."""
    if read.is_foreign:
        for problem in read.folder.errors:
            report(f"error: {problem}")


def _exit(read: Read, planned: ImportPlan) -> None:
    if read.folder.errors:
        errors = counted(len(read.folder.errors), "error")
        report(f"{errors}, listed above: what is concerned was left out, and stays as it was.")
    if planned.undecided:
        report(
            f"{counted(len(planned.undecided), 'conflict')}: changed both here and there, and left as it is here. "
            "Decide with --ours or --theirs, or export to a folder, merge there, and import again."
        )
    if read.folder.errors or planned.undecided:
        raise typer.Exit(1)
