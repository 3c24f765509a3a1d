"""Reading a customer's text: its language, its intent, the articles that answer it, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from kb_content.articles import Contents
from retrieval.background import nearest, open_background
from retrieval.confidence import Ranking, probability, rank
from retrieval.encoders import Encoders
from retrieval.index import Floats
from retrieval.intents import IntentModel, open_intents
from retrieval.languages import language_of
from retrieval.parameters import Parameters, ViewParameters
from retrieval.questions import levels_of
from retrieval.texts import clean, plain_key, says_something
from retrieval.vectors import VectorCache
from retrieval.view import Evidence, View, base, open_view
from retrieval.words import words_of

ANY_LANGUAGE = "*"
"""The view for customers whose language the KB does not have."""

_HITS = 10
_CLOSE = 3
_CLOSE_SHARE = 0.05
"""An article competes for the answer when its share is at least this part of the best one's."""

_FOREIGN_CONFIDENCE = 0.4
"""What an article may well answer is not foreign."""

_VERBATIM = 0.995
"""Confidence in the article that has the very words of the question among its own."""

_FOREIGN_WORDS = 0.65
"""A text of which the KB knows this share of the words, by weight, is not foreign however far its vector lies."""


@dataclass(frozen=True)
class Hit:
    """The best passage of one article for a question. ``score``: the article's share among the candidates, 0 to 1."""

    article_id: str
    language: str
    version: int
    passage: str
    anchor: str
    title: str
    heading: str
    text: str
    score: float


@dataclass(frozen=True)
class Reading:
    """What was understood of one text, by the retrieval room alone.

    ``hits``: the best passage of each article, best article first, at most ten. ``confidence``: the probability that
    the first is the right article, 0.0 without hits. ``close``: ids of up to three articles that compete for the
    answer, best first. ``foreign``: nothing in this KB is about it.
    """

    text: str
    language: str
    intent: str | None
    intent_confidence: float
    hits: tuple[Hit, ...]
    confidence: float
    foreign: bool
    close: tuple[str, ...]
    why: dict[str, float]
    """What the confidence was computed from, for whoever asks why."""
    effects: dict[str, float] = field(default_factory=dict)
    """How far each of ``why`` moved the confidence, in log-odds."""


@dataclass(frozen=True)
class Reader:
    """A release, ready to be asked. Immutable: a new release is a new Reader. Safe to use from several threads."""

    encoders: Encoders
    views: dict[str, View]
    intents: dict[str, IntentModel]
    backgrounds: dict[str, Floats]
    """By encoder: everyday questions, which lie outside every KB."""
    parameters: Parameters
    main_language: str

    @classmethod
    def open(cls, contents: Contents, vectors: VectorCache, parameters: bytes, encoders: Encoders) -> Reader:
        """Build the indexes from ``vectors`` (see ``retrieval.needs.wanted``) and the release's ``parameters``.

        Raises VectorsMissing or ParametersUnreadable.
        """
        fitted = Parameters.from_bytes(parameters)
        languages = languages_of(contents)
        return cls(
            encoders=encoders,
            views={
                language: open_view(contents, language, encoders, vectors) for language in (*languages, ANY_LANGUAGE)
            },
            intents={
                encoder.name: open_intents(contents, encoder, encoders, vectors, fitted.intent(encoder.name))
                for encoder in encoders.distinct
            },
            backgrounds={encoder.name: open_background(encoder, encoders, vectors) for encoder in encoders.distinct},
            parameters=fitted,
            main_language=languages[0] if languages else "en",
        )

    def read(self, text: str, language: str | None = None) -> Reading:
        """Understand ``text``; ``language`` (BCP 47) where it is known, else it is guessed."""
        spoken = base(language) if language else language_of(text, self.main_language)
        if not says_something(text):
            return Reading(text, spoken, None, 0.0, (), 0.0, True, (), {})
        question = clean(text)
        view = self.view_of(spoken)
        return self.understand(text, spoken, view.encode(question))

    def view_of(self, language: str) -> View:
        """What is searched for a customer of ``language``."""
        return self.views.get(language) or self.views[ANY_LANGUAGE]

    def understand(self, text: str, language: str, vectors: Sequence[Floats]) -> Reading:
        """All of reading beside the encoders. ``vectors``: the text by the encoder of each space of its view."""
        view, question = self.view_of(language), clean(text)
        fitted = self.parameters.view(view.language, view.belief)
        guess = self.intents[view.spaces[0].encoder.name].guess(question, vectors[0])
        words = words_of(question)
        evidence = view.evidence(vectors, words)
        if not len(evidence.articles):
            return Reading(text, language, guess.name, guess.confidence, (), 0.0, True, (), {})
        ranking = rank(view, evidence, words, levels_of(view, vectors), fitted.ranker)
        confidence = float(probability(ranking.signs, fitted.confidence))
        verbatim = np.flatnonzero(evidence.articles == view.said.get(plain_key(question), -1))
        if len(verbatim):
            # What an editor wrote down as a question of an article is answered by it, whatever else lies near.
            ranking, confidence = ranking.led_by(int(verbatim[0])), max(confidence, _VERBATIM)
        return Reading(
            text=text,
            language=language,
            intent=guess.name,
            intent_confidence=guess.confidence,
            hits=_hits(view, evidence, ranking),
            confidence=confidence,
            foreign=confidence < _FOREIGN_CONFIDENCE
            and (_is_foreign(ranking, fitted) or self._is_everyday(view, evidence, ranking, vectors)),
            close=_close(view, evidence, ranking),
            why=ranking.why,
        )

    def _is_everyday(self, view: View, evidence: Evidence, ranking: Ranking, vectors: Sequence[Floats]) -> bool:
        """Whether an everyday question lies nearer than anything that the best article says."""
        first = int(ranking.order[0])
        space = int(view.space_of[evidence.articles[first]])
        background = self.backgrounds[view.spaces[space].encoder.name]
        return nearest(background, vectors[space]) > float(evidence.raw[first])


def languages_of(contents: Contents) -> tuple[str, ...]:
    """The base languages of the articles, commonest first, English before others that are as common."""
    counts: dict[str, int] = {}
    for published in contents.articles:
        language = base(published.article.language)
        counts[language] = counts.get(language, 0) + 1
    return tuple(sorted(counts, key=lambda language: (-counts[language], language != "en", language)))


def _hits(view: View, evidence: Evidence, ranking: Ranking) -> tuple[Hit, ...]:
    return tuple(
        _hit(view, int(evidence.articles[row]), int(evidence.passages[row]), float(share))
        for row, share in zip(ranking.order[:_HITS].tolist(), ranking.shares[:_HITS].tolist(), strict=True)
    )


def _hit(view: View, number: int, place: int, score: float) -> Hit:
    published = view.articles[number]
    passage = published.passages[place] if published.passages else None
    return Hit(
        article_id=published.article.id,
        language=published.article.language,
        version=published.version,
        passage=passage.key if passage else "",
        anchor=passage.anchor if passage else "",
        title=published.article.title,
        heading=passage.heading if passage else published.article.title,
        text=passage.text if passage else "",
        score=score,
    )


def _close(view: View, evidence: Evidence, ranking: Ranking) -> tuple[str, ...]:
    return tuple(
        view.articles[int(evidence.articles[row])].article.id
        for row, share in zip(ranking.order[:_CLOSE].tolist(), ranking.shares[:_CLOSE].tolist(), strict=True)
        if share >= _CLOSE_SHARE * ranking.shares[0]
    )


def _is_foreign(ranking: Ranking, fitted: ViewParameters) -> bool:
    return ranking.closeness < fitted.foreign_below and ranking.known_words < _FOREIGN_WORDS
