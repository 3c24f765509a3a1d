"""What a customer wants, by example: each intent against the articles' questions, so that a better article wins."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from kb_content.articles import Contents, LeadsTo
from retrieval.article_words import plain_words
from retrieval.background import background_texts, usual_texts
from retrieval.confidence import probability
from retrieval.discriminant import Discriminant
from retrieval.encoders import Encoder, Encoders
from retrieval.index import Floats, Ints, best_of_each
from retrieval.known_intents import ASKS_FOR_HUMAN, builtin_for, intents_of, lent_languages, pieces_there
from retrieval.pieces import Piece, Role, pieces_of, stacked
from retrieval.prior import Doubles
from retrieval.sharing import OfArticle
from retrieval.texts import plain_key
from retrieval.vectors import VectorCache
from retrieval.words import stem, words_of

RANKER = np.array([0.5, 0.6, 0.3])
"""Prior weights: log-probability by the discriminant, nearest example, three nearest (both standardised)."""

CONFIDENCE = np.array([-0.8, 1.2, 1.2, 0.6, 0.3, 0.8])
"""Prior: intercept, then log-odds of the intent's share, closeness of its nearest example, margin, its agreement, and
the share of the question's words that occur in its examples: "where is the agent setting" is not "agent"."""

_UNSPACED = re.compile(r"[\u3041-\u30ff\u3400-\u9fff]")
_EXACT = 0.995
_LIKELY = 0.5


@dataclass(frozen=True)
class IntentGuess:
    """The likeliest intent of the KB, and the probability that the customer means it."""

    name: str | None
    confidence: float


@dataclass(frozen=True)
class IntentParameters:
    ranker: Doubles
    confidence: Doubles


PRIOR = IntentParameters(RANKER, CONFIDENCE)


@dataclass(frozen=True)
class IntentModel:
    """The examples of all intents and the questions of all articles as one encoder sees them. Immutable."""

    names: tuple[str | None, ...]
    """The intent of each group; articles are groups too, None where theirs names no intent of the KB."""
    rows: Floats
    group: Ints
    starts: Ints
    mean: Floats
    covariance: Floats
    discriminant: Discriminant | None
    exact: dict[str, str]
    words: tuple[dict[str, int], ...]
    """Of each group, how many of its texts have each word."""
    texts: tuple[str, ...]
    parameters: IntentParameters
    lent: str | None = None
    """The built-in intent beside those of the KB, if any."""
    for_people: frozenset[str] = frozenset()
    """The intents that lead to a person."""
    urgent: frozenset[str] = frozenset()
    """Those that do whatever an article says."""

    def guess(self, text: str, vector: Floats) -> IntentGuess:
        """The intent of a question whose vector is ``vector``; the same words as an example are that example."""
        known = self.exact.get(plain_key(text))
        if known is not None:
            return IntentGuess(known, _EXACT)
        if not len(self.rows):
            return IntentGuess(None, 0.0)
        features, similar = self.features(vector[None])
        names, signs = self.signs(features, similar, vector[None], self.parameters.ranker, [words_of(text)])
        if not names:
            return IntentGuess(None, 0.0)
        confidence = float(probability(signs[0], self.parameters.confidence))
        return IntentGuess(None, 0.0) if self._is_faint(names[0], confidence) else IntentGuess(names[0], confidence)

    def is_for_people(self, guess: IntentGuess, answered: float) -> bool:
        """Whether a person is likely to deal with it anyhow, as what it is; an article is right by ``answered``."""
        if guess.confidence < _LIKELY:
            return False
        return guess.name in self.urgent or (guess.name in self.for_people and guess.confidence >= answered)

    def has(self, text: str) -> bool:
        """Whether ``text`` is, word for word, an example of some intent."""
        return plain_key(text) in self.exact

    @cached_property
    def _asking(self) -> list[str]:
        """The texts of all groups that ask for a person."""
        return [
            text
            for text, group in zip(self.texts, self.group.tolist(), strict=True)
            if self.names[group] == ASKS_FOR_HUMAN
        ]

    @property
    def requests(self) -> Mapping[str, int]:
        """How many of the texts that ask for a person have each word."""
        return self._said.get(ASKS_FOR_HUMAN, {})

    @cached_property
    def _said(self) -> dict[str, Counter[str]]:
        """By intent: how many of its texts have each word."""
        said: dict[str, Counter[str]] = {}
        for name, counts in zip(self.names, self.words, strict=True):
            if name is not None:
                said.setdefault(name, Counter()).update(counts)
        return said

    @cached_property
    def is_of(self) -> NDArray[np.bool_]:
        """Whether each group is of each intent, in the order of ``_said``: shape (groups, intents)."""
        return np.array([[name == intent for intent in self._said] for name in self.names], np.bool_)

    def ends_as_request(self, text: str) -> bool:
        """Whether ``text`` ends with what requests for a person of several words mostly have at their end: "can I"
        somebody is cut off half-way where verbs come last."""
        return _ending(text) in self._endings

    @cached_property
    def _endings(self) -> frozenset[str]:
        several = [text.casefold() for text in self._asking if len(words_of(text)) > 1]
        ends = Counter(map(_ending, several))
        return frozenset(end for end, count in ends.items() if 2 * count > sum(end in text for text in several))

    def _is_faint(self, name: str, confidence: float) -> bool:
        """Whether it names an intent that the KB does not have, and not even that is likely."""
        return name == self.lent and confidence < _LIKELY

    def features(
        self, vectors: Floats, discriminant: Floats | None = None, own: Ints | None = None
    ) -> tuple[Floats, Floats]:
        """Of each question and group: log-probability, nearest and three nearest (standardised); and the raw nearest.

        ``discriminant``: its scores, where they are known; ``own``: of each question the row that it is, not to be
        seen.
        """
        similarities = vectors @ self.rows.T
        if own is not None:
            similarities[np.arange(len(own)), own] = -np.inf
        counts = np.diff(self.starts)
        best = best_of_each(similarities.ravel(), np.tile(counts, len(vectors)), -1.0, top=3)
        nearest, near = (each.reshape(len(vectors), len(counts)) for each in best[:2])
        level = (vectors @ self.mean)[:, None]
        spread = np.sqrt(np.maximum(np.einsum("nd,nd->n", vectors @ self.covariance, vectors), 1e-6))[:, None]
        logs = np.zeros_like(nearest)
        scores = discriminant
        if scores is None and self.discriminant is not None:
            scores = self.discriminant.scores(vectors)
        if scores is not None:
            scores = scores - scores.max(1, keepdims=True)
            logs = np.maximum(scores - np.log(np.exp(scores).sum(1, keepdims=True)), -12.0)
        return np.stack([logs, (nearest - level) / spread, (near - level) / spread], 2).astype(np.float32), nearest

    def signs(
        self,
        features: Floats,
        similar: Floats,
        vectors: Floats,
        ranker: Doubles,
        words: Sequence[Sequence[str]],
        own: Ints | None = None,
    ) -> tuple[list[str], Doubles]:
        """Of each question the best intent, and what its confidence is computed from; nothing without intents.

        ``own``: of each question the group that has its ``words`` itself.
        """
        if not self._said:
            return [], np.zeros((0, len(CONFIDENCE) - 1))
        each = np.arange(len(features))
        scores = features @ ranker
        shares = np.exp(scores - scores.max(1, keepdims=True))
        shares /= shares.sum(1, keepdims=True)
        totals = shares @ self.is_of.astype(np.float64)
        best = totals.argmax(1)
        mine = self.is_of.T[best]
        level = vectors @ self.mean
        closest = np.where(mine, similar, -np.inf).max(1)
        other = np.where(mine, -np.inf, similar).max(1)
        other = np.where(np.isfinite(other), other, level)
        share = np.clip(totals[each, best], 1e-3, 1 - 1e-3)
        scale = np.maximum(1e-6, 1 - level)
        named = list(self._said)
        names = [named[number] for number in best.tolist()]
        is_own = np.zeros(len(features), np.bool_) if own is None else mine[each, own]
        values = (
            np.log(share / (1 - share)) / 2,
            ((closest - level) / scale - 0.5) / 0.15,
            (closest - other) / scale / 0.15,
            2.0 * mine[each, scores.argmax(1)] - 1.0,
            2.0 * np.array(list(map(self._covered, words, names, is_own.tolist()))) - 1.0,
        )
        return names, np.clip(np.stack(values, 1), -4, 4)

    def _covered(self, words: Sequence[str], name: str, is_own: bool) -> float:
        """The share of ``words`` that texts of an intent have, beside the one that they are of."""
        said = self._said[name]
        return sum(said[word] > is_own for word in words) / len(words) if words else 0.0


def open_intents(
    contents: Contents, encoder: Encoder, encoders: Encoders, vectors: VectorCache, parameters: IntentParameters
) -> IntentModel:
    """The intent model for questions that ``encoder`` reads. Raises VectorsMissing."""
    intents, built_in = intents_of(contents), builtin_for(contents)
    groups, exact = _Groups(encoder, vectors), dict[str, str]()
    for intent in intents:
        groups.add(intent.name, pieces_there(intent, contents, encoder, encoders, vectors))
        for examples in intent.examples.values():
            exact |= {plain_key(text): intent.name for text in examples if plain_key(text)}
    known = {intent.name for intent in intents}
    for published in contents.articles:
        crossing = encoders.of(published.article.language) is not encoder
        if crossing and encoder is not encoders.crossing:
            continue
        pieces = [piece for piece in pieces_of(published, crossing) if piece.role is not Role.PASSAGE]
        intent_name = published.article.intent if published.article.intent in known else None
        groups.add(intent_name, pieces, _article_counts(published))
        for question in plain_words(published)[1:]:
            exact.pop(question, None)
    for beside in (background_texts, usual_texts):
        if pieces := _there(beside(encoder, encoders, lent_languages(contents)), encoder, vectors):
            groups.add(None, pieces)
    rows, count = np.concatenate(groups.parts), len(groups.parts)
    group = np.repeat(np.arange(count), [len(part) for part in groups.parts])
    mean = rows.mean(0) if len(rows) else np.zeros(encoder.dimension, np.float32)
    covariance = ((rows - mean).T @ (rows - mean) / max(1, len(rows))).astype(np.float32)
    return IntentModel(
        names=tuple(groups.names),
        rows=rows,
        group=group,
        starts=np.searchsorted(group, np.arange(count + 1)),
        mean=mean,
        covariance=covariance,
        discriminant=Discriminant.fit(rows, group, count) if len(rows) >= 2 * count else None,
        exact=exact,
        words=tuple(groups.words),
        texts=tuple(groups.texts),
        parameters=parameters,
        lent=built_in[0].name if built_in and contents.intents else None,
        for_people=frozenset(intent.name for intent in intents if intent.leads_to is LeadsTo.ESCALATE),
        urgent=frozenset(intent.name for intent in intents if intent.urgent),
    )


@dataclass
class _Groups:
    """The groups of a model that is being opened, one after the other."""

    encoder: Encoder
    vectors: VectorCache
    names: list[str | None] = field(default_factory=list)
    parts: list[Floats] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    words: list[dict[str, int]] = field(default_factory=list)

    def add(self, name: str | None, pieces: Sequence[Piece], words: dict[str, int] | None = None) -> None:
        """``words``: how many of its texts have each word, where that is known. Raises VectorsMissing."""
        self.names.append(name)
        self.parts.append(stacked(self.vectors, self.encoder, pieces))
        self.texts += [piece.text for piece in pieces]
        self.words.append(_counts(piece.text for piece in pieces) if words is None else words)


def _there(texts: Sequence[str], encoder: Encoder, vectors: VectorCache) -> list[Piece]:
    """What no KB is about, or every one: with built-in intents, and above all without articles in the customer's
    language, one has too little else to hold against its three. Without what ``vectors`` of an older release lack."""
    pieces = [Piece(Role.QUESTION, text, n) for n, text in enumerate(texts)]
    return [piece for piece in pieces if piece.key(encoder) in vectors]


def _ending(text: str) -> str:
    """Its last word, or its last two characters where no spaces are written: what it comes down to."""
    word = next(reversed(re.findall(r"[^\W_]+", text.casefold())), "")
    return stem(word) if word.isascii() else word[-2:] if _UNSPACED.match(word[-1]) else word


def _counts(texts: Iterable[str]) -> dict[str, int]:
    """How many of ``texts`` have each word."""
    return dict(Counter(word for text in texts for word in dict.fromkeys(words_of(text))))


_article_counts = OfArticle(
    lambda published: _counts(piece.text for piece in pieces_of(published) if piece.role is not Role.PASSAGE)
)
