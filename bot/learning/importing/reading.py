"""Whatever somebody brings, read as a KB folder: Markdown as it is, other kinds by way of the sandbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bot.learning.importing.crawling import MOST_PAGES, crawl
from bot.learning.importing.errors import NoPages, NotReadable
from bot.learning.importing.fetching import Fetcher
from bot.learning.importing.html_pages import Page
from bot.learning.importing.sandbox import Document, Sandbox
from bot.learning.importing.shelving import Choices, Found, folder_of, folder_of_records
from bot.learning.importing.tables import Record, Table, guessed, is_html, mapped, read_table
from bot.learning.publish import read_usable
from handoff.errors import BadFile
from kb_content.folder import PAGES, Folder
from kb_content.problems import Problem

Report = Callable[[str], None]

KINDS = {
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".pdf": "pdf",
    ".docx": "docx",
    ".csv": "csv",
    ".tsv": "csv",
}
LARGEST = 20_000_000
"""Bytes of one file."""


@dataclass(frozen=True)
class Read:
    """What was read. ``table``: of a CSV file, for choosing what its columns mean; ``mapping``: what was taken."""

    folder: Folder
    table: Table | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    is_foreign: bool = False
    """Whether it was no Markdown, so that language and category may be chosen for all of it."""


def read_files(root: Path, choices: Choices, report: Report, mapping: Mapping[str, str] | None = None) -> Read:
    """The files in the folder ``root``: a KB folder where there is Markdown, else all that can be read.

    Raises NothingToRead, NoPages, NotReadable, BadFile, NoBodyColumn or NoSuchColumn.
    """
    files = list(_files(root))
    if any(file.suffix.lower() in PAGES for file in files) or (root / "articles").is_dir():
        return Read(read_usable(root, report))
    tables = [file for file in files if KINDS.get(file.suffix.lower()) == "csv"]
    if len(files) == 1 and tables:
        return _read_table(tables[0], choices, report, mapping)
    if not files:
        # What a KB folder should hold is said by its reader.
        return Read(read_usable(root, report))
    folder = _read_documents(root, files, choices, report)
    if not folder.articles:
        first = next(iter(folder.errors), None)
        raise NotReadable(first.path, first.message) if first else NoPages()
    return Read(folder, is_foreign=True)


def read_address(url: str, choices: Choices, fetcher: Fetcher, report: Report, most: int = MOST_PAGES) -> Read:
    """The page at ``url``, or those of the sitemap there. Raises what ``crawl`` raises, and NoPages."""
    with Sandbox() as sandbox:
        crawled = crawl(url, fetcher, sandbox, report, most)
    folder = folder_of(crawled.pages, choices, crawled.unread)
    if not folder.articles:
        raise NoPages
    return Read(folder, is_foreign=True)


def without(folder: Folder, left_out: Sequence[str]) -> Folder:
    """``folder`` without the articles of these names, "id (language)": in the KB they stay as they are."""
    names = set(left_out)
    dropped = [one for one in folder.articles if f"{one.id} ({one.language})" in names]
    if not dropped:
        return folder
    return replace(
        folder,
        articles=tuple(one for one in folder.articles if one not in dropped),
        unread_articles=folder.unread_articles | {one.id for one in dropped},
    )


def _files(root: Path) -> Iterator[Path]:
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(root).parts
        is_hidden = any(part.startswith((".", "__MACOSX")) for part in parts)
        is_known = path.suffix.lower() in (*PAGES, *KINDS)
        if is_known and path.is_file() and not path.is_symlink() and not is_hidden:
            yield path


def _read_documents(root: Path, files: Sequence[Path], choices: Choices, report: Report) -> Folder:
    pages: list[Found] = []
    unread: list[tuple[str, str]] = []
    left_out: list[Problem] = []
    with Sandbox() as sandbox:
        for number, file in enumerate(files, 1):
            place = file.relative_to(root).as_posix()
            kind = KINDS[file.suffix.lower()]
            try:
                if kind == "csv":
                    left_out.append(Problem(place, None, "import a CSV file alone: it was left out"))
                elif file.stat().st_size > LARGEST:
                    raise NotReadable(place, f"it has more than {LARGEST // 1_000_000} MB")
                else:
                    pages.append(Found(place, sandbox.read(Document(place, kind, file.read_bytes()))))
            except NotReadable as error:
                unread.append((place, f"{error.reason}. It was left out"))
            if len(files) > 1:
                report(f"reading {number:,} of {len(files):,} files")
    folder = folder_of(pages, choices, unread)
    return replace(folder, problems=(*folder.problems, *left_out))


def _read_table(file: Path, choices: Choices, report: Report, mapping: Mapping[str, str] | None) -> Read:
    if file.stat().st_size > LARGEST:
        raise BadFile(f"The file is larger than {LARGEST // 1_000_000} MB. Import it in parts.")
    table = read_table(file.read_bytes())
    taken = dict(guessed(table) if mapping is None else mapping)
    if mapping is None and not {"title", "body"} <= taken.keys():
        return Read(Folder(), table, taken, is_foreign=True)
    records = mapped(table, taken)
    if is_html(records):
        records = _converted(records, file.name, report)
    folder = folder_of_records(records, choices, file.name)
    if not folder.articles:
        raise NoPages
    return Read(folder, table, taken, is_foreign=True)


def _converted(records: Sequence[Record], name: str, report: Report) -> list[Record]:
    """Texts that are HTML as Markdown."""
    made = []
    with Sandbox() as sandbox:
        for number, record in enumerate(records, 1):
            body = record.values.get("body", "")
            page = sandbox.read(Document(f"{name}:{record.line}", "fragment", body.encode())) if body else Page("", "")
            made.append(Record(record.line, {**record.values, "body": page.markdown}))
            if number % 50 == 0:
                report(f"reading {number:,} of {len(records):,} lines")
    return made
