"""A KB folder as plain values: every file is read, every mistake named, and no mistake stops the others."""

from __future__ import annotations

import hashlib
import os
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from kb_content.article_file import ArticleFile, read_article, slug
from kb_content.articles import Article, GoldQuestion, Intent
from kb_content.gold_file import read_gold
from kb_content.intent_file import IntentFile, read_intent
from kb_content.language import folder_language
from kb_content.problems import Problem

LARGEST_FILE = 1_000_000
LARGEST_GOLD_FILE = 20_000_000

_EXPECTED = "a KB folder has articles/ with Markdown files in it, and may have intents/*.yml and gold/*.jsonl"


@dataclass(frozen=True)
class Folder:
    """What a KB folder holds. Articles are sorted by id and language, intents by name, gold by language."""

    articles: tuple[Article, ...] = ()
    intents: tuple[Intent, ...] = ()
    gold: tuple[GoldQuestion, ...] = ()
    problems: tuple[Problem, ...] = ()
    places: dict[tuple[str, str], str] = field(default_factory=dict)
    """The file of each article, relative to the folder."""
    body_lines: dict[tuple[str, str], int] = field(default_factory=dict)
    """The line on which each article's body begins."""
    unread_articles: frozenset[str] = frozenset()
    """Probable ids of articles that are there but could not be read: an import must not take them for deleted."""
    unread_intents: frozenset[str] = frozenset()

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.is_error)


def read_folder(path: Path) -> Folder:
    """Read the KB folder ``path``. Never raises for what is in it: see ``Folder.problems``."""
    refusal = _refusal(path)
    if refusal:
        return Folder(problems=(refusal,))
    problems: list[Problem] = []
    files = [read_article(text, name) for name, text in _texts(path, "articles", (".md", ".markdown"), problems)]
    # Files that could not even be opened are known by their names alone.
    unread = {slug(PurePosixPath(problem.path).stem) for problem in problems}
    articles = _distinct_articles(_named(files), problems)
    intents = _distinct_intents(
        (read_intent(text, name) for name, text in _texts(path, "intents", (".yml", ".yaml"), problems)), problems
    )
    unread |= {file.id for file in articles if file.article is None}
    read = [file for file in articles if file.article]
    problems += _about_questions(read) + _about_intents(read, intents)
    gold = _gold(path, {file.id for file in read}, unread, problems)
    if not read and not unread:
        problems.append(Problem("articles", None, f"there is no article in it: {_EXPECTED}"))
    return _folder(read, intents, gold, problems, unread)


def _folder(
    read: list[ArticleFile],
    intents: list[IntentFile],
    gold: list[GoldQuestion],
    problems: list[Problem],
    unread: set[str],
) -> Folder:
    keyed = {(file.article.id, file.article.language): file for file in read if file.article}
    return Folder(
        articles=tuple(article for key in sorted(keyed) if (article := keyed[key].article)),
        intents=tuple(sorted((file.intent for file in intents if file.intent), key=lambda intent: intent.name)),
        gold=tuple(sorted(gold, key=lambda question: question.language)),
        problems=tuple(sorted(problems, key=lambda problem: (problem.path, problem.line or 0))),
        places={key: file.path for key, file in keyed.items()},
        body_lines={key: file.body_line for key, file in keyed.items()},
        unread_articles=frozenset(unread),
        unread_intents=frozenset(file.name for file in intents if not file.intent),
    )


def _refusal(path: Path) -> Problem | None:
    """Why ``path`` cannot be a KB folder at all."""
    shown = os.fsencode(path).decode("utf-8", "replace")
    if not path.is_dir():
        what = "is a file, not a folder" if path.exists() else "does not exist"
        return Problem(shown, None, f"the KB folder {what}: give the path of a folder; {_EXPECTED}")
    if (path / "articles").is_dir():
        return None
    if any(_files(path, (".md", ".markdown"))):
        return Problem(
            "articles", None, f"there is no folder articles/ here: move the Markdown files into one; {_EXPECTED}"
        )
    return Problem("articles", None, f"there is no folder articles/ here: {_EXPECTED}")


def _texts(root: Path, name: str, endings: tuple[str, ...], problems: list[Problem]) -> Iterator[tuple[str, str]]:
    """Path and text of each file under ``root/name`` that can be read as text."""
    largest = LARGEST_GOLD_FILE if name == "gold" else LARGEST_FILE
    for file in _files(root / name, endings):
        shown = os.fsencode(file.relative_to(root)).decode("utf-8", "replace").replace(os.sep, "/")
        try:
            yield shown, _text(root, file, largest)
        except _Unreadable as error:
            problems.append(Problem(shown, error.line, f"{error}. The file was left out"))


class _Unreadable(Exception):
    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


def _text(root: Path, file: Path, largest: int) -> str:
    try:
        if file.is_symlink() and root.resolve() not in file.resolve(strict=True).parents:
            raise _Unreadable("the file is a link to outside the KB folder: put the file itself there")
        if not file.is_file():
            raise _Unreadable("this is not a plain file: put a text file there or delete it")
        size = file.stat().st_size
        if size > largest:
            limit = largest // 1_000_000
            raise _Unreadable(f"the file has {size / 1e6:.1f} MB, but at most {limit} MB is read: split it")
        raw = file.read_bytes()
    except FileNotFoundError:
        raise _Unreadable("the file is a link that leads nowhere: mend or delete it") from None
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        raise _Unreadable(f"the file cannot be opened ({reason}): check its permissions") from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _Unreadable("the file is not UTF-8 text: save it as UTF-8", line) from None


def _files(folder: Path, endings: tuple[str, ...]) -> Iterator[Path]:
    """The files below ``folder`` by name; hidden ones and linked folders are passed over."""
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if name.lower().endswith(endings) and not name.startswith("."):
                yield Path(parent, name)


def _named(files: list[ArticleFile]) -> list[ArticleFile]:
    """Ids from file names made distinct by their folders: documentation is full of ``index.md``."""
    return _distinct_ids(_distinct_ids(files, _by_path), _by_hash)


def _distinct_ids(files: list[ArticleFile], rename: Callable[[ArticleFile], ArticleFile]) -> list[ArticleFile]:
    """``files`` with a new name for each whose id was made from its file name, as was that of another."""
    count = Counter((file.id, file.article.language) for file in files if file.article and not file.id_is_written)
    return [
        rename(file) if file.article and not file.id_is_written and count[file.id, file.article.language] > 1 else file
        for file in files
    ]


def _by_path(file: ArticleFile) -> ArticleFile:
    parts = list(PurePosixPath(file.path).with_suffix("").parts[1:])
    if len(parts) > 1 and folder_language(parts[0]):
        del parts[0]
    return _renamed(file, slug("-".join(parts)))


def _by_hash(file: ArticleFile) -> ArticleFile:
    return _renamed(file, f"{file.id[:80]}-{hashlib.sha256(file.path.encode()).hexdigest()[:8]}")


def _renamed(file: ArticleFile, article_id: str) -> ArticleFile:
    return replace(file, id=article_id, article=replace(file.article, id=article_id) if file.article else None)


def _distinct_articles(files: Iterable[ArticleFile], problems: list[Problem]) -> list[ArticleFile]:
    kept: dict[tuple[str, str], ArticleFile] = {}
    unread: list[ArticleFile] = []
    for file in files:
        problems += file.problems
        if file.article is None:
            unread.append(file)
            continue
        key = (file.article.id, file.article.language)
        first = kept.setdefault(key, file)
        if first is not file:
            problems.append(
                Problem(
                    file.path,
                    file.id_line,
                    f"the article `{key[0]}` in `{key[1]}` is already in {first.path}: give one of them another `id` "
                    "or `language`. This file was left out",
                )
            )
    return [*kept.values(), *unread]


def _distinct_intents(files: Iterable[IntentFile], problems: list[Problem]) -> list[IntentFile]:
    kept: dict[str, IntentFile] = {}
    unread: list[IntentFile] = []
    for file in files:
        problems += file.problems
        if file.intent is None:
            unread.append(file)
        elif kept.setdefault(file.name, file) is not file:
            message = (
                f"the intent `{file.name}` is already in {kept[file.name].path}: rename one. This one was left out"
            )
            problems.append(Problem(file.path, 1, message))
    return [*kept.values(), *unread]


def _about_questions(files: list[ArticleFile]) -> list[Problem]:
    """Warnings about questions that two articles claim: neither of them can be the right answer alone."""
    asked: dict[tuple[str, str], ArticleFile] = {}
    problems: list[Problem] = []
    for file in files:
        for question, line in zip(file.article.questions if file.article else (), file.question_lines, strict=False):
            language = file.article.language if file.article else ""
            first = asked.setdefault((language, normal_question(question)), file)
            if first.id != file.id:
                message = (
                    f"the question `{question[:60]}` is also in {first.path}: keep it in the article that answers it"
                )
                problems.append(Problem(file.path, line, message, is_error=False))
    return problems


def _about_intents(files: list[ArticleFile], intents: list[IntentFile]) -> list[Problem]:
    known = {file.name for file in intents}
    return [
        Problem(
            file.path,
            file.intent_line,
            f"the intent `{file.article.intent}` is in no file of intents/: create it or correct the name",
            is_error=False,
        )
        for file in files
        if known and file.article and file.article.intent and file.article.intent not in known
    ]


def _gold(path: Path, known: set[str], unread: set[str], problems: list[Problem]) -> list[GoldQuestion]:
    kept: dict[tuple[str, str], GoldQuestion] = {}
    for name, text in _texts(path, "gold", (".jsonl",), problems):
        questions, found = read_gold(text, name)
        problems += found
        for question, line in questions:
            missing = [article_id for article_id in question.expect if article_id not in known | unread]
            if missing:
                message = f"there is no article `{missing[0][:60]}`: correct the id. The line was left out"
                problems.append(Problem(name, line, message))
            elif kept.setdefault((question.language, question.text), question) is not question:
                problems.append(Problem(name, line, "the same question is above: delete one", is_error=False))
    return list(kept.values())


def normal_question(text: str) -> str:
    """``text`` as it is compared with others: folded case and width, letters and digits only."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(character for character in folded if character.isalnum())


__all__ = ["LARGEST_FILE", "Folder", "Problem", "normal_question", "read_folder"]
