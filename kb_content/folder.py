"""A KB folder as plain values: every file is read, every mistake named, and no mistake stops the others."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote

from kb_content.agreement import Recorded
from kb_content.article_file import ArticleFile, read_article
from kb_content.articles import Article, GoldQuestion, Intent, Sentence, Term
from kb_content.distinct import distinct_articles, named
from kb_content.export_record import read_record
from kb_content.file_names import FOLDER, names_in
from kb_content.folder_files import LARGEST_FILE, Unreadable, has_pages, text_of, texts
from kb_content.glossary_file import GlossaryFile, read_glossary, unused_terms
from kb_content.gold_file import read_gold
from kb_content.ids import id_of_file
from kb_content.intent_file import IntentFile, read_intent
from kb_content.problems import Problem
from kb_content.sentences_file import SENTENCES_FILE, SentencesFile, read_sentences

PAGES = (".md", ".markdown", ".mdx")
GLOSSARY_FILES = ("glossary.yml", "glossary.yaml")

_EXPECTED = (
    "a KB folder has Markdown files, in articles/ or as they are, and may have intents/*.yml, gold/*.jsonl, "
    "glossary.yml and sentences.yml"
)


@dataclass(frozen=True)
class Folder:
    """What a KB folder holds. Articles are sorted by id and language, intents by name, gold by language; the glossary
    is in the order of its file."""

    articles: tuple[Article, ...] = ()
    intents: tuple[Intent, ...] = ()
    gold: tuple[GoldQuestion, ...] = ()
    glossary: tuple[Term, ...] = ()
    sentences: tuple[Sentence, ...] = ()
    problems: tuple[Problem, ...] = ()
    places: dict[tuple[str, str], str] = field(default_factory=dict)
    """The file of each article, relative to the folder."""
    body_lines: dict[tuple[str, str], int] = field(default_factory=dict)
    """The line on which each article's body begins."""
    unread_articles: frozenset[str] = frozenset()
    """Probable ids of articles that are there but could not be read: an import must not take them for deleted."""
    unread_intents: frozenset[str] = frozenset()
    is_glossary_read: bool = True
    """False where there is one that could not be read: an import leaves the terms as they are."""
    are_sentences_read: bool = True
    """The same of the bot's own sentences."""
    recorded: Recorded = field(default_factory=dict)
    """What the last export wrote into it."""
    recorded_by: str = ""
    """The knowledge base that exported it."""

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.is_error)


def read_folder(path: Path) -> Folder:
    """Read the KB folder ``path``. Never raises for what is in it: see ``Folder.problems``."""
    refusal = _refusal(path)
    if refusal:
        return Folder(problems=(refusal,))
    problems: list[Problem] = []
    home = "articles" if (path / "articles").is_dir() else ""
    files = [read_article(text, name) for name, text in texts(path, home, PAGES, problems)]
    # Files that could not even be opened are known by their names alone.
    unread = {id_of_file(problem.path) for problem in problems}
    articles = distinct_articles(named(files), problems)
    intents = _distinct_intents(
        (read_intent(text, name) for name, text in texts(path, "intents", (".yml", ".yaml"), problems)), problems
    )
    unread |= {file.id for file in articles if file.article is None and not file.is_left_out}
    read = [file for file in articles if file.article]
    problems += [*_about_questions(read), *_about_intents(read, intents), *_about_files(path, read)]
    gold = _gold(path, {file.id for file in read}, unread, problems)
    glossary, sentences = _glossary(path), _sentences(path)
    problems += [*glossary.problems, *unused_terms(glossary, (file.article for file in read if file.article))]
    problems += sentences.problems
    if not read and not unread:
        problems.append(Problem("articles", None, f"there is no article in it: {_EXPECTED}"))
    return _folder(path, read, intents, gold, glossary, sentences, problems, unread)


def _folder(
    path: Path,
    read: list[ArticleFile],
    intents: list[IntentFile],
    gold: list[GoldQuestion],
    glossary: GlossaryFile,
    sentences: SentencesFile,
    problems: list[Problem],
    unread: set[str],
) -> Folder:
    keyed = {(file.article.id, file.article.language): file for file in read if file.article}
    record = read_record(path)
    return Folder(
        articles=tuple(article for key in sorted(keyed) if (article := keyed[key].article)),
        intents=tuple(sorted((file.intent for file in intents if file.intent), key=lambda intent: intent.name)),
        gold=tuple(sorted(gold, key=lambda question: question.language)),
        glossary=glossary.terms,
        sentences=sentences.sentences,
        problems=tuple(sorted(problems, key=lambda problem: (problem.path, problem.line or 0))),
        places={key: file.path for key, file in keyed.items()},
        body_lines={key: file.body_line for key, file in keyed.items()},
        unread_articles=frozenset(unread),
        unread_intents=frozenset(file.name for file in intents if not file.intent),
        is_glossary_read=glossary.is_read,
        are_sentences_read=sentences.is_read,
        recorded=record.things,
        recorded_by=record.kb,
    )


def _refusal(path: Path) -> Problem | None:
    """Why ``path`` cannot be a KB folder at all."""
    shown = os.fsencode(path).decode("utf-8", "replace")
    if not path.is_dir():
        what = "is a file, not a folder" if path.exists() else "does not exist"
        return Problem(shown, None, f"the KB folder {what}: give the path of a folder; {_EXPECTED}")
    if (path / "articles").is_dir():
        return None
    if has_pages(path, PAGES):
        return None  # a folder of documentation as it is
    return Problem("articles", None, f"there is neither a folder articles/ nor a Markdown file here: {_EXPECTED}")


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


def _about_files(root: Path, files: list[ArticleFile]) -> Iterator[Problem]:
    """Pictures and files that an article names and the folder does not hold: customers would get a broken picture."""
    for file in files:
        body = file.article.body if file.article else ""
        for name in sorted(names_in(body)):
            if not (root / FOLDER / name).is_file():
                places = (body.find(f"{FOLDER}/{each}") for each in (name, quote(name)))
                at = max(*places, 0)
                message = (
                    f"there is no {FOLDER}/{name} in this folder: put it there, or take it out of the article, unless "
                    "the knowledge base has it already"
                )
                yield Problem(file.path, file.body_line + body.count("\n", 0, at), message, is_error=False)


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
    for name, text in texts(path, "gold", (".jsonl",), problems):
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


def _glossary(path: Path) -> GlossaryFile:
    """The glossary of the folder, empty where there is none."""
    names = [name for name in GLOSSARY_FILES if os.path.lexists(path / name)]
    if not names:
        return GlossaryFile(GLOSSARY_FILES[0])
    try:
        file = read_glossary(text_of(path, path / names[0], LARGEST_FILE), names[0])
    except Unreadable as error:
        problem = Problem(names[0], error.line, f"{error}. The glossary was left out")
        return GlossaryFile(names[0], problems=(problem,), is_read=False)
    if len(names) == 1:
        return file
    twice = Problem(names[1], None, f"there is a {names[0]} too: put all terms there. This file was left out")
    return replace(file, problems=(*file.problems, twice))


def _sentences(path: Path) -> SentencesFile:
    """The house's own sentences of the folder, none where there is no such file."""
    if not os.path.lexists(path / SENTENCES_FILE):
        return SentencesFile(SENTENCES_FILE)
    try:
        return read_sentences(text_of(path, path / SENTENCES_FILE, LARGEST_FILE), SENTENCES_FILE)
    except Unreadable as error:
        problem = Problem(SENTENCES_FILE, error.line, f"{error}. The sentences were left out")
        return SentencesFile(SENTENCES_FILE, problems=(problem,), is_read=False)


def normal_question(text: str) -> str:
    """``text`` as it is compared with others: folded case and width, letters and digits only."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(character for character in folded if character.isalnum())


__all__ = ["LARGEST_FILE", "Folder", "Problem", "normal_question", "read_folder"]
