"""What an export writes, file by file, and what it must leave alone: pure, by hashes and by what lies there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kb_content.agreement import ARTICLE, GOLD, INTENT, SENTENCE, Agreed, Named, Side
from kb_content.article_file import canonical, write_article
from kb_content.articles import Article, GoldQuestion, Intent, Sentence, Term
from kb_content.errors import ExportRefused
from kb_content.export_record import Record, text_hash
from kb_content.folder import GLOSSARY_FILES
from kb_content.glossary_file import term_values, write_glossary
from kb_content.gold_file import gold_values, write_gold
from kb_content.ids import ARTICLE_ID
from kb_content.intent_file import intent_values, write_intent
from kb_content.lying import Lying, named_gold, named_term
from kb_content.sentences_file import SENTENCES_FILE, write_sentences
from kb_content.versions import article_sha256, sha256_of


@dataclass(frozen=True)
class File:
    """A file as the KB would write it, and the hashes of what it says."""

    text: str
    things: Mapping[Named, str]


@dataclass(frozen=True)
class Plan:
    """What becomes of each file. ``newer``: changed in the folder alone; ``conflicts``: in both, or somebody else's."""

    write: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    newer: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    is_known: bool = field(default=False)
    """Whether the folder holds anything that the KB has agreed on with it."""


def files_of(
    articles: Iterable[Article],
    intents: Iterable[Intent],
    gold: Iterable[GoldQuestion],
    glossary: Sequence[Term],
    sentences: Sequence[Sentence],
    lying: Lying,
) -> dict[str, File]:
    """Every file by its path: where the folder has the thing already, else at its usual place."""
    files: dict[str, File] = {}
    taken = {place.casefold() for place in lying.places.values()}
    for article in articles:
        named = Named(ARTICLE, article.id, article.language)
        usual = f"articles/{article.language}/{_safe(article.id)}"
        name = lying.places.get(named) or _free(usual, ".md", taken)
        files[name] = File(write_article(article), {named: article_sha256(canonical(article))})
    for intent in intents:
        named = Named(INTENT, intent.name)
        name = lying.places.get(named) or _free(f"intents/{_safe(intent.name)}", ".yml", taken)
        files[name] = File(write_intent(intent), {named: sha256_of(intent_values(intent))})
    by_place: dict[str, list[GoldQuestion]] = {}
    for question in gold:
        by_place.setdefault(_gold_place(question, lying), []).append(question)
    for place, questions in sorted(by_place.items()):
        asked = {named_gold(one.text, one.language): sha256_of(gold_values(one)) for one in questions}
        files[place] = File(write_gold(questions), asked)
    if glossary:
        terms = {named_term(term.term, term.language): sha256_of(term_values(term)) for term in glossary}
        place = next((lying.places[named] for named in terms if named in lying.places), GLOSSARY_FILES[0])
        files[place] = File(write_glossary(glossary), terms)
    if sentences:
        said = {Named(SENTENCE, one.key, one.language): sha256_of({"text": one.text}) for one in sentences}
        files[SENTENCES_FILE] = File(write_sentences(sentences), said)
    return files


def _gold_place(question: GoldQuestion, lying: Lying) -> str:
    """A file with a line that could not be read is left to whoever wrote it."""
    place = lying.places.get(named_gold(question.text, question.language))
    return place if place and place not in lying.unread else f"gold/{question.language}.jsonl"


def plan_export(
    path: Path,
    files: Mapping[str, File],
    lying: Lying,
    before: Record,
    agreed: Agreed,
    held: Mapping[Named, str],
    prefer: Side | None = None,
) -> Plan:
    """What an export into ``path`` does. Reads the folder, writes nothing."""
    write: list[str] = []
    newer: list[str] = []
    conflicts: list[str] = []
    for name, file in files.items():
        fate = _fate(path, name, file, lying, before, agreed, held)
        if fate == "conflict" and prefer is Side.OURS:
            write.append(name)
        if fate != "same":
            {"write": write, "newer": newer, "conflict": conflicts}[fate].append(name)
    gone = [name for name in (*before.files, *lying.places.values()) if name not in files]
    remove = [name for name in dict.fromkeys(gone) if _may_go(path, name, files, lying, before, agreed)]
    is_known = any(agreed.get(named) == sha256 for named, sha256 in lying.things.items())
    return Plan(tuple(write), tuple(remove), tuple(newer), tuple(sorted(conflicts)), is_known)


def _fate(
    path: Path,
    name: str,
    file: File,
    lying: Lying,
    before: Record,
    agreed: Agreed,
    held: Mapping[Named, str],
) -> str:
    there, is_unchanged_here = text_at(path / name), _is_unchanged_here(name, file, before)
    if there is None:
        # Deleted in the folder since it was written there, or never written.
        return "newer" if is_unchanged_here else "write"
    if there == file.text or text_hash(there) == before.files.get(name):
        return "write"
    inside = lying.inside(name)
    if name not in lying.unread and inside and inside == dict(file.things):
        return "same"
    if is_unchanged_here:
        return "newer"
    if name in lying.unread or not inside:
        return "conflict"
    if all(sha256 in (agreed.get(named), file.things.get(named)) for named, sha256 in inside.items()):
        return "write"
    if all(held.get(named, sha256) == agreed.get(named) for named, sha256 in file.things.items()):
        return "newer"
    return "conflict"


def _is_unchanged_here(name: str, file: File, before: Record) -> bool:
    """Whether the KB says what it said when this file was last written or found to say the same."""
    if name not in before.files:
        return False
    if text_hash(file.text) == before.files[name]:
        return True
    known = {named: before.things[named].file for named in file.things if named in before.things}
    return len(file.things) == 1 and known == dict(file.things)


def _may_go(path: Path, name: str, files: Mapping[str, File], lying: Lying, before: Record, agreed: Agreed) -> bool:
    """Whether a file that the KB does not write any more holds nothing of somebody's own."""
    there = text_at(path / name)
    if there is None or name in lying.unread:
        return False
    if name in before.files:
        return text_hash(there) == before.files[name]
    written = {named: sha256 for file in files.values() for named, sha256 in file.things.items()}
    inside = lying.inside(name)
    is_gold = all(named.kind == GOLD for named in inside)
    return bool(inside) and all(
        agreed.get(named) == sha256 or (is_gold and written.get(named) == sha256) for named, sha256 in inside.items()
    )


def text_at(file: Path) -> str | None:
    try:
        return file.read_bytes().decode("utf-8", "replace")
    except OSError:
        return None


def _free(stem: str, ending: str, taken: set[str]) -> str:
    """A name that also a file system without case tells from the others."""
    name, count = f"{stem}{ending}", 1
    while name.casefold() in taken:
        count += 1
        name = f"{stem}-{count}{ending}"
    taken.add(name.casefold())
    return name


def _safe(name: str) -> str:
    if not ARTICLE_ID.match(name):
        raise ExportRefused(
            f"`{name}` cannot be a file name: rename it (letters, digits, dots and dashes), then export"
        )
    return name
