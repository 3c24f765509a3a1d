"""What a customer of one language can be answered from, and the evidence for each article.

Each article is seen once: in the customer's language, else in English, else in the first language it has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kb_content.articles import PublishedArticle
from kb_content.headings import is_question
from retrieval.article_words import KbWords
from retrieval.audience import Asker, may_see
from retrieval.encoders import Encoder
from retrieval.index import Floats, Ints, Without
from retrieval.prior import Belief, belief_for
from retrieval.spaces import NEARNESS, Space
from retrieval.texts import plain_key
from retrieval.vectors import Kind, VectorCache, key_of
from retrieval.wording import Wording
from retrieval.words import Rarity

_NOTHING: VectorCache = MappingProxyType({})
FEATURES = (
    "nearest",
    "near",
    "title",
    "passage",
    "passages",
    "passage words",
    "question words",
    "discriminant",
    "words covered",
    "words returned",
    "stretch",
    "second nearest",
    "second passage",
    "second discriminant",
)
"""Columns of ``Evidence.features``. Similarities are standardised by the question's similarity to the whole KB; what
the second encoder says is 0 for all while it was not asked."""

FIRST_LOOK = 11
"""Columns that need no second encoder."""

_STRETCH = FEATURES.index("stretch")
_BY_WORDS = 8
_LEAST_LOG_PROBABILITY = -12.0
EXAMPLES_PER_ARTICLE = 2.5
"""Title and questions that articles must have on average before a discriminant over them says anything."""


class Asked(NamedTuple):
    """A question as a view reads it. ``vectors``: by the encoder of each space; ``second``: by the second encoder."""

    vectors: tuple[Floats, ...]
    words: list[str]
    second: Floats | None = None


class HeldOut(NamedTuple):
    """Discriminant scores of all articles by models that did not see the question (first and second encoder), -inf for
    those outside the larger space; None where the question is no example there."""

    first: Floats | None
    second: Floats | None = None


@dataclass(frozen=True)
class Evidence:
    """What speaks for each candidate article: ``features`` has shape (candidates, len(FEATURES))."""

    articles: Ints
    features: Floats
    raw: Floats
    """Best similarity of any text of the article, not standardised."""
    passages: Ints
    """The number of the best passage within the article, -1 without any."""
    second_raw: Floats | None = None
    """``raw`` by the second encoder, None where it was not asked."""
    hidden: dict[str, int] = field(default_factory=dict)
    """How many of the texts that were not to be seen have each word."""
    hidden_article: int = -1


@dataclass(frozen=True)
class View:
    """All that is searched for one language. Immutable; safe to use from several threads."""

    language: str
    articles: tuple[PublishedArticle, ...]
    spaces: tuple[Space, ...]
    space_of: Ints
    larger: int
    """The space with the most articles, which alone has a discriminant: one article in another language takes nothing
    away from the others."""
    second: Space | None
    """The articles of the larger space by the encoder that crosses languages, where another reads them: a slow second
    opinion."""
    wording: Wording
    words: KbWords
    said: dict[str, int]
    """The article that has these very words (``plain_key``) as a title or question, where only one has."""
    is_other: bool
    """Whether the articles are in the customer's language, and the encoder that crosses languages reads both."""
    is_restricted: bool
    """Whether some article is not for everybody."""

    @property
    def rarity(self) -> Rarity:
        """How much each word tells in these articles."""
        return self.words.rarity

    def words_of(self, article_id: str, language: str) -> Mapping[str, int]:
        """How many texts of this article have each word; nothing where it is not here."""
        is_it = ((one.article.id, one.article.language) == (article_id, language) for one in self.articles)
        return next((words for words, it_is in zip(self.words.article_words, is_it, strict=True) if it_is), {})

    @cached_property
    def same_title(self) -> Mapping[int, frozenset[int]]:
        """All articles of one title, by each of them; only where several have it."""
        named: dict[str, list[int]] = {}
        for number, published in enumerate(self.articles):
            named.setdefault(plain_key(published.article.title), []).append(number)
        several = (frozenset(numbers) for numbers in named.values() if len(numbers) > 1)
        return {number: numbers for numbers in several for number in numbers}

    @cached_property
    def belief(self) -> Belief:
        """What to believe before anything is fitted: how an article is found depends on how it is written."""
        return belief_for(
            has_examples=bool(self.words.short_starts[-1] >= EXAMPLES_PER_ARTICLE * len(self.articles)),
            with_bodies=_share(self.articles, lambda one: bool(one.passages)),
            asking=_share(self.articles, lambda one: is_question(one.article.title)),
            is_other=self.is_other,
        )

    def asked(self, question: str, *, second: bool = False, known: VectorCache = _NOTHING) -> Asked:
        """``question`` (cleaned) as this view reads it; one model is asked once, and not for what is ``known``."""
        text = self.wording.question(question)
        encoders = {space.encoder.name: space.encoder for space in self.spaces}
        vectors = {name: _vector(encoder, text, known) for name, encoder in encoders.items()}
        asked = Asked(tuple(vectors[space.encoder.name] for space in self.spaces), self.wording.words(question))
        return self.looked_at_twice(asked, question, known) if second else asked

    def looked_at_twice(self, asked: Asked, question: str, known: VectorCache = _NOTHING) -> Asked:
        """The same with the second encoder's vector, where there is one."""
        if self.second is None:
            return asked
        return asked._replace(second=_vector(self.second.encoder, self.wording.question(question), known))

    def visible(self, asker: Asker) -> NDArray[np.bool_] | None:
        """Which articles ``asker`` may see; None for all of them."""
        if not self.is_restricted:
            return None
        return np.array([may_see(one.article, asker) for one in self.articles], np.bool_)

    def evidence(
        self,
        asked: Asked,
        without: Without | None = None,
        held_out: HeldOut | None = None,
        visible: NDArray[np.bool_] | None = None,
    ) -> Evidence:
        """The evidence for every article that could be meant, of those ``visible``."""
        short_scores = self.words.short_words.scores(asked.words)
        passage_scores = self.words.passage_words.scores(asked.words)
        if without is not None:
            self._hide(short_scores, passage_scores, without)
        unseen = _unseen(len(self.articles), without, visible)
        space, vector = self.spaces[self.larger], asked.vectors[self.larger]
        scores = self._scores(space, vector, held_out.first if held_out else None, unseen)
        articles = self._candidates(asked, short_scores, passage_scores, without, scores)
        if unseen is not None:
            articles = articles[~unseen[articles]]
        evidence = self._nearness(asked, articles, without)
        self._add_words(evidence, short_scores, passage_scores, asked.words)
        _add_discriminant(evidence, 7, scores, beside=0)
        if evidence.second_raw is not None and self.second is not None and asked.second is not None:
            second = self._scores(self.second, asked.second, held_out.second if held_out else None, unseen)
            _add_discriminant(evidence, FIRST_LOOK + 2, second, beside=FIRST_LOOK)
        return evidence

    def _nearness(self, asked: Asked, articles: Ints, without: Without | None) -> Evidence:
        features = np.zeros((len(articles), len(FEATURES)), np.float32)
        raw = np.zeros(len(articles), np.float32)
        places = np.full(len(articles), -1, np.int64)
        for number, space in enumerate(self.spaces):
            mine = np.flatnonzero(self.space_of[articles] == number)
            near = space.nearness(asked.vectors[number], articles[mine], without)
            features[mine, :NEARNESS], features[mine, _STRETCH] = near.columns, near.stretch
            raw[mine], places[mine] = near.raw, near.places
        second_raw = None
        if self.second is not None and asked.second is not None:
            mine = np.flatnonzero(self.space_of[articles] == self.larger)
            second = self.second.nearness(asked.second, articles[mine], without)
            # The others were read by that encoder already.
            second_raw = raw.copy()
            features[:, FIRST_LOOK], features[:, FIRST_LOOK + 1] = features[:, 0], features[:, 3]
            second_raw[mine] = second.raw
            features[mine, FIRST_LOOK], features[mine, FIRST_LOOK + 1] = second.columns[:, 0], second.columns[:, 3]
        return Evidence(articles, features, raw, places, second_raw, *self._hidden_words(asked.words, without))

    def _scores(
        self, space: Space, vector: Floats, held_out: Floats | None, unseen: NDArray[np.bool_] | None
    ) -> Floats | None:
        if space.discriminant is None:
            return None
        scores = space.discriminant.scores(vector) if held_out is None else held_out.copy()
        if unseen is not None:
            scores[unseen] = -np.inf
        return scores

    def _hidden_words(self, words: Sequence[str], without: Without | None) -> tuple[dict[str, int], int]:
        if without is None:
            return {}, -1
        hidden = self.words.article_words[without.article] if without.rows is None else dict.fromkeys(words, 1)
        return hidden, without.article

    def _hide(self, short_scores: Floats, passage_scores: Floats, without: Without) -> None:
        first, end = self.words.short_starts[without.article : without.article + 2]
        if without.rows is not None:
            short_scores[first + np.array(without.rows)] = 0
        else:
            short_scores[first:end] = 0
            passage_scores[slice(*self.words.passage_starts[without.article : without.article + 2])] = 0

    def _candidates(
        self,
        asked: Asked,
        short_scores: Floats,
        passage_scores: Floats,
        without: Without | None,
        discriminant: Floats | None,
    ) -> Ints:
        found = [space.candidates(vector, without) for space, vector in zip(self.spaces, asked.vectors, strict=True)]
        found.append(_owners(short_scores, self.words.short_starts))
        found.append(_owners(passage_scores, self.words.passage_starts))
        if asked.second is not None and self.second is not None:
            found.append(self.second.candidates(asked.second, without))
        if discriminant is not None:
            found.append(np.argsort(-discriminant, kind="stable")[:_BY_WORDS])
        return np.unique(np.concatenate(found))

    def _add_words(
        self, evidence: Evidence, short_scores: Floats, passage_scores: Floats, words: Sequence[str]
    ) -> None:
        articles, features = evidence.articles, evidence.features
        features[:, 5] = _best_of_articles(passage_scores, self.words.passage_starts)[articles]
        features[:, 6] = _best_of_articles(short_scores, self.words.short_starts)[articles]
        for row in np.flatnonzero(evidence.passages < 0).tolist():
            first, end = self.words.passage_starts[articles[row] : articles[row] + 2]
            own = passage_scores[first:end]
            if len(own):
                evidence.passages[row] = int(own.argmax())
        features[:, 8] = self._covered(evidence, words)
        # A hidden text must not say how well it fits; its word scores are zero already.
        returned = np.where(short_scores > 0, self.words.short_words.returned(words), 0)
        features[:, 9] = _best_of_articles(returned, self.words.short_starts)[articles]

    def _covered(self, evidence: Evidence, words: Sequence[str]) -> Floats:
        """Of each candidate: how much of what the question says, by weight, the article says at all."""
        known = dict.fromkeys(words)
        total = sum(self.rarity[word] for word in known) or 1.0
        covered = np.zeros(len(self.articles), np.float32)
        for word in known:
            if word in self.words.sayers:
                covered[self.words.sayers[word]] += np.float32(self.rarity[word])
        if evidence.hidden_article >= 0:
            said = self.words.article_words[evidence.hidden_article]
            left = [word for word in known if said.get(word, 0) > evidence.hidden.get(word, 0)]
            covered[evidence.hidden_article] = sum(self.rarity[word] for word in left)
        shares: Floats = covered[evidence.articles] / np.float32(total)
        return shares


def _share(articles: Sequence[PublishedArticle], holds: Callable[[PublishedArticle], bool]) -> float:
    return sum(map(holds, articles)) / len(articles) if articles else 0.0


def _unseen(articles: int, without: Without | None, visible: NDArray[np.bool_] | None) -> NDArray[np.bool_] | None:
    """Which articles cannot be meant: an article left out to see how it would be without it, and what is not shown."""
    is_gone = without is not None and without.rows is None
    if not is_gone and visible is None:
        return None
    unseen = np.zeros(articles, np.bool_) if visible is None else ~visible
    if without is not None and is_gone:
        unseen[without.article] = True
    return unseen


def _add_discriminant(evidence: Evidence, column: int, scores: Floats | None, beside: int) -> None:
    """The log-probability of each article among all, by a discriminant.

    An article that it does not know is as probable as one that lies just as near, by the column ``beside``.
    """
    if scores is None or not np.isfinite(scores).any():
        return
    top = scores.max()
    logs = (scores - top - np.log(np.exp(scores - top).sum()))[evidence.articles]
    found, near = np.maximum(logs, _LEAST_LOG_PROBABILITY), evidence.features[:, beside]
    is_known = np.isfinite(logs)
    if is_known.any() and not is_known.all():
        order = np.argsort(near[is_known], kind="stable")
        rising = np.maximum.accumulate(found[is_known][order])
        found[~is_known] = np.interp(near[~is_known], near[is_known][order], rising)
    evidence.features[:, column] = found


def _best_of_articles(scores: Floats, starts: Ints) -> Floats:
    """The best score of each article's texts, 0 without any."""
    best = np.zeros(len(starts) - 1, np.float32)
    filled = np.flatnonzero(np.diff(starts) > 0)
    if len(filled):
        best[filled] = np.maximum.reduceat(scores, starts[filled])
    return best


def _owners(scores: Floats, starts: Ints) -> Ints:
    """The articles of the few best texts by words."""
    if not len(scores):
        return np.empty(0, np.int64)
    best = np.argpartition(-scores, min(_BY_WORDS, len(scores) - 1))[:_BY_WORDS]
    owners: Ints = np.searchsorted(starts, best[scores[best] > 0], side="right") - 1
    return np.unique(owners)


def _vector(encoder: Encoder, text: str, known: VectorCache) -> Floats:
    vector = known.get(key_of(encoder.name, Kind.QUERY, text)) if known else None
    return encoder.queries([text])[0] if vector is None else vector
