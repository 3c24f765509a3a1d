"""What lies in a KB folder, thing by thing: where each is written, and the hash of what it says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kb_content.agreement import ARTICLE, GOLD, INTENT, SENTENCE, TERM, Named
from kb_content.article_file import canonical
from kb_content.folder import GLOSSARY_FILES, read_folder
from kb_content.glossary_file import same_word, term_values
from kb_content.gold_file import gold_values, read_gold
from kb_content.intent_file import intent_values, read_intent
from kb_content.sentences_file import SENTENCES_FILE
from kb_content.versions import article_sha256, sha256_of

_LONGEST_NAME = 200


@dataclass(frozen=True)
class Lying:
    """``things``: of each the hash; ``places``: the file that it is in; ``unread``: files that could not be read."""

    things: Mapping[Named, str] = field(default_factory=dict)
    places: Mapping[Named, str] = field(default_factory=dict)
    unread: frozenset[str] = frozenset()

    def inside(self, path: str) -> dict[Named, str]:
        """The things in one file."""
        return {named: self.things[named] for named, place in self.places.items() if place == path}


def lying_in(path: Path) -> Lying:
    """What lies in the folder ``path``; nothing where there is none."""
    if not path.is_dir():
        return Lying()
    folder = read_folder(path)
    things: dict[Named, str] = {}
    places: dict[Named, str] = {}
    for article in folder.articles:
        named = Named(ARTICLE, article.id, article.language)
        things[named], places[named] = article_sha256(canonical(article)), folder.places[article.id, article.language]
    for named, sha256, place in (*_intents(path), *_gold(path)):
        things.setdefault(named, sha256)
        places.setdefault(named, place)
    glossary = next((name for name in GLOSSARY_FILES if (path / name).is_file()), GLOSSARY_FILES[0])
    for term in folder.glossary:
        named = named_term(term.term, term.language)
        things[named], places[named] = sha256_of(term_values(term)), glossary
    for sentence in folder.sentences:
        named = Named(SENTENCE, sentence.key, sentence.language)
        things[named], places[named] = sha256_of({"text": sentence.text}), SENTENCES_FILE
    return Lying(things, places, frozenset(problem.path for problem in folder.errors))


def named_term(term: str, language: str) -> Named:
    return Named(TERM, same_word(term)[:_LONGEST_NAME], language)


def named_gold(text: str, language: str) -> Named:
    return Named(GOLD, sha256_of(text), language)


def _intents(path: Path) -> Iterator[tuple[Named, str, str]]:
    for file, text in _texts(path, "intents", (".yml", ".yaml")):
        intent = read_intent(text, file).intent
        if intent is not None:
            yield Named(INTENT, intent.name), sha256_of(intent_values(intent)), file


def _gold(path: Path) -> Iterator[tuple[Named, str, str]]:
    for file, text in _texts(path, "gold", (".jsonl",)):
        for question, _ in read_gold(text, file)[0]:
            yield named_gold(question.text, question.language), sha256_of(gold_values(question)), file


def _texts(root: Path, folder: str, endings: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for file in sorted((root / folder).rglob("*")):
        if file.suffix.lower() in endings and file.is_file() and not file.is_symlink():
            yield file.relative_to(root).as_posix(), file.read_bytes().decode("utf-8-sig", "replace")
