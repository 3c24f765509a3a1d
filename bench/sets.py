"""Public questions with known answers, as knowledge bases and what they are asked.

The data lies beside a checkout in ``../shared/data`` and is no part of the project. Each set has two halves that share
no question: ``dev`` for whoever works on the answers, ``report`` for what is published.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from kb_content.article_file import read_article
from kb_content.articles import Article, Contents, GoldQuestion, PublishedArticle
from kb_content.passages import split

DATA = Path(__file__).resolve().parent.parent / ".." / "shared" / "data"
QUESTIONS = Path(__file__).parent / "questions"
_TAKEN_OUT = 20


@dataclass(frozen=True)
class Set:
    """A knowledge base and the questions it is asked. ``language``: of the questions, "" for mixed."""

    name: str
    contents: Contents
    questions: tuple[GoldQuestion, ...]

    @property
    def answerable(self) -> int:
        return sum(bool(question.expect) for question in self.questions)


def banking(half: str, examples: int = 10, taken_out: int = 0, seed: int = 0) -> Set:
    """Banking77: each intent an article with ``examples`` of its training messages; ``taken_out`` intents left out."""
    random = Random(seed)
    train, asked = _banking("banking77_train.csv"), _banking("banking77_test.csv")
    gone = set(random.sample(sorted(train), taken_out))
    articles, rest = [], {}
    for intent in sorted(train):
        messages = list(train[intent])
        random.shuffle(messages)
        rest[intent] = messages[10:40]
        if intent not in gone:
            title = intent.replace("_", " ").strip("?").capitalize()
            articles.append(_article(intent.strip("?"), "en", title, "", tuple(messages[:examples])))
    pool = asked if half == "report" else rest
    questions = tuple(
        GoldQuestion(text, "en", () if intent in gone else (intent.strip("?"),))
        for intent in sorted(pool)
        for text in pool[intent]
    )
    return Set(f"Banking77, {examples} examples, {taken_out} intents out", Contents(tuple(articles)), questions)


def stackfaq(half: str, taken_out: bool = False) -> Set:
    """StackFAQ: each thread an article (title and answers), asked its rephrasings; no examples, nothing to train on.

    Half of the threads are asked in ``dev``, the others in ``report``; ``taken_out``: every third of them is not there.
    """
    threads = json.loads((DATA / "stackfaq.json").read_text("utf-8"))["root"]["qapair"]
    articles, questions = [], []
    for number, thread in enumerate(threads):
        is_asked = (number % 2 == 0) == (half == "dev")
        name = f"thread-{number}"
        is_gone = taken_out and number % 6 < 2
        if not is_gone:
            answers = "\n\n".join(_strings(thread["answer"]))
            articles.append(_article(name, "en", _strings(thread["question"])[0], answers))
        if is_asked:
            expect = () if is_gone else (name,)
            said = [text for text in _strings(thread["rephr"]) if text.strip() not in ("", "*")]
            questions += [GoldQuestion(text, "en", expect) for text in said]
    name = "StackFAQ, a third of the threads out" if taken_out else "StackFAQ"
    return Set(name, Contents(tuple(articles)), tuple(questions))


def atec(half: str, size: int = 1_500, taken_out: bool = False) -> Set:
    """ATEC: the first of each pair with the same meaning is an article's title, the second is asked."""
    lines = (DATA / "atec_pairs.tsv").read_text("utf-8-sig").splitlines()
    pairs = [line.split("\t") for line in lines]
    same = [(one, other) for one, other, label in pairs if label == "1"]
    middle = len(same) // 2
    mine = same[:middle] if half == "dev" else same[middle:]
    titles = dict.fromkeys(one for one, _ in mine)
    titles |= dict.fromkeys(one for one, *_ in pairs if one not in titles)
    names = {title: f"q{number}" for number, title in enumerate(list(titles)[:size])}
    articles, questions = [], []
    for title, name in names.items():
        if not (taken_out and int(name[1:]) % 3 == 0):
            articles.append(_article(name, "zh", title, ""))
    for one, other in mine:
        if one in names and one != other:
            is_gone = taken_out and int(names[one][1:]) % 3 == 0
            questions.append(GoldQuestion(other, "zh", () if is_gone else (names[one],)))
    name = "ATEC, a third of the titles out" if taken_out else "ATEC"
    return Set(f"{name} ({size:,} titles)", Contents(tuple(articles)), tuple(questions))


def documentation(name: str, folder: Path, questions: Path, language: str) -> Set:
    """Pages of documentation without any example question, asked in ``language``."""
    from bot.learning.rows import read_questions

    pages = (_page(path, folder) for path in sorted(folder.rglob("*.md")))
    articles = tuple(page for page in pages if page is not None)
    asked = tuple(question for question in read_questions(questions) if question.language == language)
    return Set(f"{name}, {language}", Contents(articles), asked)


def sample() -> Contents:
    """The knowledge base that comes with Firstline."""
    from bot.learning.scratch import contents_of
    from kb_content.catalogue import sample_folder
    from kb_content.folder import read_folder

    return contents_of(read_folder(sample_folder()))


def _page(path: Path, folder: Path) -> PublishedArticle | None:
    """The page as an import would take it, None for one without text of its own."""
    read = read_article(path.read_text("utf-8"), path.name).article
    if read is None:
        return None
    article_id = "-".join(path.relative_to(folder).with_suffix("").parts).lower()
    return _published(replace(read, id=article_id, language="en"))


def _article(name: str, language: str, title: str, body: str, questions: Sequence[str] = ()) -> PublishedArticle:
    return _published(Article(name, language, title, body, tuple(questions)))


def _published(article: Article) -> PublishedArticle:
    return PublishedArticle(article, 1, split(article, 1))


def _banking(name: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["category"], []).append(row["text"])
    return found


def _strings(value: str | Iterable[str]) -> list[str]:
    return [value] if isinstance(value, str) else [str(one) for one in value]
