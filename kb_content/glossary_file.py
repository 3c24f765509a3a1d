"""The glossary: a YAML list of the product's terms with customers' other words for them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from kb_content.articles import Article, Term
from kb_content.fields import Fields, NotYaml, compose_list, write_yaml
from kb_content.language import guess_language, normal_tag
from kb_content.problems import Problem, Problems

_SHAPE = "write `- term: workspace` and below it `  also: [team space, work area]`"


@dataclass(frozen=True)
class GlossaryFile:
    """What the file gave, in its order. ``is_read``: False where it is no YAML list at all."""

    path: str
    terms: tuple[Term, ...] = ()
    problems: tuple[Problem, ...] = ()
    lines: tuple[int, ...] = ()
    is_read: bool = True


def read_glossary(text: str, path: str) -> GlossaryFile:
    """Read the file ``path`` (relative to the KB folder) with the content ``text``. Never raises."""
    problems = Problems(path)
    try:
        entries = compose_list(text)
    except NotYaml as error:
        message = f"the glossary is not a valid YAML list: {error}; {_SHAPE}. It was left out"
        problems.error(error.line, message)
        return GlossaryFile(path, problems=tuple(problems.found), is_read=False)
    found = [_term(Fields.of(entry, text, 1, problems), entry.start_mark.line + 1) for entry in entries]
    kept = _distinct([one for one in found if one], problems)
    _note_doubts(kept, problems)
    terms, lines = tuple(term for term, _ in kept), tuple(line for _, line in kept)
    return GlossaryFile(path, terms, tuple(problems.found), lines)


def write_glossary(terms: Iterable[Term]) -> str:
    return write_yaml([term_values(term) for term in terms])


def term_values(term: Term) -> dict[str, Any]:
    """``term`` as plain values, in the order of the documentation; ``term_from`` is the way back."""
    known: dict[str, Any] = {"term": term.term, "also": list(term.also), "language": term.language}
    return known | ({"meaning": term.meaning} if term.meaning else {}) | term.extra


def term_from(values: dict[str, Any]) -> Term:
    """The term that ``term_values`` made ``values`` from."""
    known = dict(values)
    return Term(
        known.pop("term"), tuple(known.pop("also")), known.pop("language"), known.pop("meaning", ""), extra=known
    )


def unused_terms(file: GlossaryFile, articles: Iterable[Article]) -> list[Problem]:
    """Warnings about terms that no article has: nothing is found by them."""
    texts: dict[str, list[str]] = {}
    for article in articles:
        words = same_word("\n".join((article.title, *article.questions, article.body)))
        texts.setdefault(article.language.split("-")[0], []).append(words)
    return [
        Problem(
            file.path,
            line,
            f"no article in `{term.language}` says `{term.term[:60]}`: write the term as the articles do",
            is_error=False,
        )
        for term, line in zip(file.terms, file.lines, strict=True)
        if (spoken := texts.get(term.language.split("-")[0]))
        and not any(same_word(term.term) in text for text in spoken)
    ]


def same_word(word: str) -> str:
    """``word`` as it is compared with others: width, case, hyphens and spaces mean nothing."""
    folded = unicodedata.normalize("NFKC", word).casefold()
    return "".join(character for character in folded if not character.isspace() and character not in "-_")


def _term(fields: Fields, line: int) -> tuple[Term, int] | None:
    written = fields.text("term")
    if written is None:
        fields.problems.error(line, f"an entry has no `term`: {_SHAPE}. The entry was left out")
        return None
    also = tuple(dict.fromkeys(fields.texts("also", commas=True)))
    if not also:
        fields.problems.warning(line, f"`{written[:60]}` has no other words in `also`: write how customers call it")
    language = _language(fields, " ".join((written, *also)))
    meaning = fields.text("meaning") or ""
    return Term(written, also, language, meaning, extra=_extra(fields)), line


def _language(fields: Fields, words: str) -> str:
    line, written = fields.line("language"), fields.text("language")
    tag = normal_tag(written) if written else None
    if tag:
        return tag
    guessed = guess_language(words)
    if written:
        message = f"`{written[:40]}` is no language: write en, zh, pt-BR …; `{guessed}` was assumed"
        fields.problems.error(line, message)
    return guessed


def _extra(fields: Fields) -> dict[str, Any]:
    lines = {key: fields.line(key) for key in fields.nodes}
    extra = fields.rest()
    for key in extra:
        fields.problems.warning(lines[key], f"`{key}` is not a key that Firstline knows: it is kept but has no effect")
    return extra


def _distinct(found: list[tuple[Term, int]], problems: Problems) -> list[tuple[Term, int]]:
    kept: dict[tuple[str, str], tuple[Term, int]] = {}
    for term, line in found:
        first = kept.setdefault((term.language, same_word(term.term)), (term, line))
        if first[0] is not term:
            problems.error(
                line,
                f"the term `{term.term[:60]}` is already on line {first[1]}: put all its other words there. "
                "This entry was left out",
            )
    return list(kept.values())


def _note_doubts(kept: list[tuple[Term, int]], problems: Problems) -> None:
    """Other words that cannot say which term they mean."""
    terms = {(term.language, same_word(term.term)): term for term, _ in kept}
    first: dict[tuple[str, str], Term] = {}
    for term, line in kept:
        for word in term.also:
            named = terms.get((term.language, same_word(word)))
            other = first.setdefault((term.language, same_word(word)), term)
            shown, rest = word[:60], "delete it here or make the two one entry"
            if named is not None:
                problems.warning(line, f"`{shown}` is a term itself, so it means that term: {rest}")
            elif other is not term:
                problems.warning(line, f"`{shown}` stands under `{other.term[:60]}` too, which counts: {rest}")
