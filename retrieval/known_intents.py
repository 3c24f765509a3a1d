"""The intents that a knowledge base has: its own, and ours for what they leave unsaid."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from kb_content.articles import Contents, Intent, LeadsTo
from retrieval.encoders import Encoder, Encoders
from retrieval.own_files import own_yaml
from retrieval.pieces import Piece, Role
from retrieval.texts import clean, plain_key, says_something
from retrieval.vectors import VectorCache

ASKS_FOR_HUMAN, GREETING, THANKS = "asks-for-human", "greeting", "thanks"


@cache
def builtin_intents() -> tuple[Intent, ...]:
    """Asks for a human, greets, thanks: what a KB without intents/ has."""
    entries = own_yaml("builtin_intents.yml")
    return tuple(
        Intent(
            name=entry["name"],
            leads_to=LeadsTo(entry["leads_to"]),
            examples={language: tuple(map(str, texts)) for language, texts in entry["examples"].items()},
        )
        for entry in entries
    )


def intents_of(contents: Contents) -> tuple[Intent, ...]:
    """The KB's own intents, or the built-in ones where it has none. Whoever asks for a person is always understood: in
    languages that the KB's own intent for that does not speak, by the built-in examples."""
    return (*map(_in_more_languages, contents.intents), *builtin_for(contents))


def _in_more_languages(intent: Intent) -> Intent:
    if intent.name != ASKS_FOR_HUMAN:
        return intent
    return replace(intent, examples={**_person().examples, **intent.examples})


def lent_languages(contents: Contents) -> frozenset[str] | None:
    """Those in which nothing of the KB's own says what a request for a person is; None where all are."""
    own = next((intent for intent in contents.intents if intent.name == ASKS_FOR_HUMAN), None)
    if own is not None:
        return frozenset(_person().examples) - frozenset(own.examples)
    return None if builtin_for(contents) else frozenset()


def builtin_for(contents: Contents) -> tuple[Intent, ...]:
    """Those of the built-in intents that the KB leaves to us."""
    if not contents.intents:
        return builtin_intents()
    person = _person()
    # Under another name it has the same words among its examples.
    is_there = any(intent.name == person.name or _said_in(intent) & _said_in(person) for intent in contents.intents)
    return () if is_there else (person,)


def _person() -> Intent:
    return next(intent for intent in builtin_intents() if intent.name == ASKS_FOR_HUMAN)


def _said_in(intent: Intent) -> set[str]:
    return {plain_key(text) for examples in intent.examples.values() for text in examples} - {""}


def intent_pieces(intent: Intent, encoder: Encoder, encoders: Encoders) -> list[Piece]:
    """The examples that ``encoder`` reads: those of its languages, or all for the one that crosses languages."""
    texts = [
        clean(text)
        for language, examples in intent.examples.items()
        for text in examples
        if says_something(text) and (encoder is encoders.crossing or encoders.of(language) is encoder)
    ]
    return [Piece(Role.QUESTION, text, n) for n, text in enumerate(dict.fromkeys(texts))]


def pieces_there(
    intent: Intent, contents: Contents, encoder: Encoder, encoders: Encoders, vectors: VectorCache
) -> list[Piece]:
    """The same, without built-in examples that ``vectors`` lack: those of a release from before they were added."""
    pieces = intent_pieces(intent, encoder, encoders)
    if intent in contents.intents:
        return pieces
    return [piece for piece in pieces if piece.text not in _built_in_texts() or piece.key(encoder) in vectors]


@cache
def _built_in_texts() -> frozenset[str]:
    return frozenset(clean(text) for intent in builtin_intents() for said in intent.examples.values() for text in said)
