"""Pages from anywhere as a KB folder: each gets an id that it keeps, a language and a category."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from bot.learning.importing.html_pages import Page
from bot.learning.importing.tables import Record, several
from kb_content.article_file import canonical, read_article
from kb_content.articles import Article
from kb_content.fields import one_line
from kb_content.folder import Folder
from kb_content.ids import ARTICLE_ID, id_of_file, slug
from kb_content.language import guess_language, normal_tag
from kb_content.problems import Problem

_OPENING = re.compile(r"#+ (.+)")
_PLACEHOLDER = re.compile(r"(?:untitled(?: document| page)?|document\d*|new page|index|home)\Z", re.IGNORECASE)
"""Titles that programs give."""
_CHAPTER = re.compile(r"^#{1,2} (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Choices:
    """What an editor says of a whole import. Empty: as each page says itself."""

    language: str = ""
    category: str = ""
    tags: tuple[str, ...] = ()
    in_chapters: bool = False
    """Whether each chapter of a document is an article of its own."""


@dataclass(frozen=True)
class Found:
    """A page with the place it came from: a file's path, or an address."""

    place: str
    page: Page


def folder_of(pages: Iterable[Found], choices: Choices, unread: Sequence[tuple[str, str]] = ()) -> Folder:
    """``pages`` as a KB folder. ``unread``: places that could not be read, with the reason: articles that came from
    them before stay as they are."""
    problems = [Problem(place, None, reason) for place, reason in unread]
    articles: list[tuple[str, Article]] = []
    for found in pages:
        parts = _chapters(found.page) if choices.in_chapters else [found.page]
        made = [(found.place, _article(found.place, part, choices, len(parts) > 1)) for part in parts]
        if not any(article.body for _, article in made):
            problems.append(Problem(found.place, None, "there is no text in it. It was left out", is_error=False))
        articles += [(place, article) for place, article in made if article.body]
    return _folder(articles, problems, frozenset(_id(place) for place, _ in unread))


def folder_of_records(records: Iterable[Record], choices: Choices, name: str) -> Folder:
    """The rows of a table as a KB folder; a row without a title or a text is left out and named."""
    problems: list[Problem] = []
    articles: list[tuple[str, Article]] = []
    for record in records:
        missing = next((field for field in ("title", "body") if not record.values.get(field, "").strip()), None)
        if missing:
            problems.append(Problem(name, record.line, f"the line has no {missing}. It was left out"))
        else:
            articles.append((f"{name}:{record.line}", _of_record(record, choices, name, problems)))
    return _folder(articles, problems, frozenset())


def _folder(articles: list[tuple[str, Article]], problems: list[Problem], unread: frozenset[str]) -> Folder:
    counts = Counter((article.id, article.language) for _, article in articles)
    kept: dict[tuple[str, str], Article] = {}
    places: dict[tuple[str, str], str] = {}
    for place, article in articles:
        key = (article.id, article.language)
        if counts[key] > 1 and key in kept:
            article = replace(article, id=f"{article.id[:80]}-{_hash(f'{place} {article.title}')}")
            key = (article.id, article.language)
        kept[key], places[key] = article, place
    return Folder(
        articles=tuple(kept[key] for key in sorted(kept)),
        problems=tuple(problems),
        places=places,
        unread_articles=unread,
        is_glossary_read=False,
        are_sentences_read=False,
    )


def _article(place: str, page: Page, choices: Choices, is_chapter: bool) -> Article:
    stated = one_line(page.title)
    title = stated if stated and not _PLACEHOLDER.match(stated) else _title_of(place, page.markdown)
    heading = _OPENING.match(page.markdown)
    body = page.markdown[heading.end() :].strip() if heading and one_line(heading[1]) == title else page.markdown
    language = choices.language or normal_tag(page.language.replace("_", "-")) or guess_language(page.markdown)
    made = Article(
        id=_slug(f"{_id(place)[:60]}-{title}") if is_chapter else _id(place),
        language=language,
        title=title,
        body=body or page.markdown,
        category=choices.category or None,
        tags=choices.tags,
    )
    return canonical(made)


def _of_record(record: Record, choices: Choices, name: str, problems: list[Problem]) -> Article:
    """By way of the file format: what stands in a cell is read as leniently as front matter is."""
    from kb_content.fields import write_yaml

    values = record.values
    title = one_line(values["title"])
    written = values.get("id", "").strip()
    front = {
        "id": written if ARTICLE_ID.match(written) else _slug(written or title),
        "title": title,
        "language": choices.language or values.get("language", "").strip().replace("_", "-"),
        "questions": list(several(values.get("questions", ""))),
        "category": choices.category or one_line(values.get("category", "")),
        "tags": list(choices.tags or several(values.get("tags", "").replace(",", "|"))),
        **{field: one_line(values.get(field, "")) for field in ("intent", "applies_to", "review_by")},
    }
    if not front["language"]:
        front["language"] = guess_language(f"{title}\n{values['body']}")
    text = f"---\n{write_yaml({key: value for key, value in front.items() if value})}---\n\n{values['body']}\n"
    read = read_article(text, f"{name}.md")
    problems += [Problem(name, record.line, one.message, one.is_error) for one in read.problems]
    plain = Article(str(front["id"]), str(front["language"]), title, values["body"])
    return canonical(read.article or plain)


def _chapters(page: Page) -> list[Page]:
    """The page cut at its headings of the first and second rank; what stands before them is under its own title."""
    marks = [*_CHAPTER.finditer(page.markdown)]
    ends = [mark.start() for mark in marks[1:]] + [len(page.markdown)]
    first = page.markdown[: marks[0].start()].strip() if marks else page.markdown
    parts = [Page(page.title, first, page.language)] if first else []
    parts += [
        Page(mark[1].strip(" #"), page.markdown[mark.end() : end].strip(), page.language)
        for mark, end in zip(marks, ends, strict=True)
    ]
    return [part for part in parts if part.markdown]


def _id(place: str) -> str:
    """The article id of a file or of an address, by its path; the start page of a site is called after the site."""
    if "://" not in place:
        return id_of_file(place).lower()
    parts = urlsplit(place)
    path = re.sub(r"\.(html?|php|aspx?|md|pdf|docx)$", "", unquote(parts.path).strip("/"), flags=re.IGNORECASE)
    path = re.sub(r"(^|/)index$", "", path)
    query = f"-{parts.query}" if parts.query else ""
    return _slug("-".join(PurePosixPath(path).parts[-3:]) + query) if path or query else _slug(parts.hostname or "page")


def _slug(text: str) -> str:
    """An id as editors write them: in small letters. Markdown keeps the name of its file: gold questions name it."""
    return slug(text).lower()


def _title_of(place: str, markdown: str) -> str:
    heading = _OPENING.match(markdown)
    stem = PurePosixPath(unquote(urlsplit(place).path)).stem
    return one_line(heading[1]) if heading else re.sub(r"[-_]+", " ", stem).strip().capitalize() or place


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
