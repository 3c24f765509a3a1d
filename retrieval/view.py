"""What a customer of one language can be answered from, and the evidence for each article.

Each article is seen once: in the customer's language, else in English, else in the first language it has.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from kb_content.articles import Contents, PublishedArticle
from retrieval import prior
from retrieval.discriminant import Discriminant
from retrieval.encoders import Encoder, Encoders
from retrieval.index import Floats, Ints, VectorIndex, Without, best_of_each
from retrieval.pieces import Role, pieces_of, stacked
from retrieval.prior import Belief
from retrieval.texts import plain_key
from retrieval.vectors import VectorCache
from retrieval.words import Rarity, WordIndex, words_of

FEATURES = ("nearest", "near", "title", "passage", "passages", "passage words", "question words", "discriminant")
"""Columns of ``Evidence.features``. Similarities are standardised by the question's similarity to the whole KB."""

_BY_WORDS = 8
_LEAST_LOG_PROBABILITY = -12.0
_EXAMPLES_PER_ARTICLE = 2.5
"""Title and questions that articles must have on average before a discriminant over them says anything."""


@dataclass(frozen=True)
class Evidence:
    """What speaks for each candidate article: ``features`` has shape (candidates, len(FEATURES))."""

    articles: Ints
    features: Floats
    raw: Floats
    """Best similarity of any text of the article, not standardised."""
    passages: Ints
    """The number of the best passage within the article, -1 without any."""
    hidden: dict[str, int] = field(default_factory=dict)
    """How many of the texts that were not to be seen have each word."""
    hidden_article: int = -1


@dataclass(frozen=True)
class Space:
    """The articles of a view that one encoder reads, in the view's language or in others.

    Others lie apart even where the encoder is the same: it finds two texts of one language closer than they are, so
    similarities to each kind are standardised among themselves.
    """

    encoder: Encoder
    shorts: VectorIndex
    passages: VectorIndex
    members: Ints

    def candidates(self, question: Floats, without: Without | None) -> Ints:
        short = passage = None
        if without is not None and len(self.members):
            passage = self.passages.rows_of(without.article) if without.row is None else None
            short = self.shorts.rows_of(without.article)
            if without.row is not None:
                short = (short[0] + without.row, short[0] + without.row + 1)
        return np.union1d(
            self.shorts.nearest_articles(question, short), self.passages.nearest_articles(question, passage)
        )


@dataclass(frozen=True)
class View:
    """All that is searched for one language. Immutable; safe to use from several threads."""

    language: str
    articles: tuple[PublishedArticle, ...]
    spaces: tuple[Space, ...]
    space_of: Ints
    short_words: WordIndex
    passage_words: WordIndex
    short_starts: Ints
    passage_starts: Ints
    rarity: Rarity
    article_words: tuple[dict[str, int], ...]
    """Of each article, how many of its texts have each word."""
    discriminant: Discriminant | None
    said: dict[str, int]
    """The article that has these very words (``plain_key``) as a title or question, where only one has."""
    examples: tuple[Floats, Ints] = field(repr=False)
    """Vectors of titles and questions with the article of each, where one encoder reads all articles."""

    @property
    def belief(self) -> Belief:
        """What to believe before anything is fitted: articles with examples are found otherwise than bare pages."""
        return prior.ASKED if self.short_starts[-1] >= _EXAMPLES_PER_ARTICLE * len(self.articles) else prior.BARE

    def encode(self, question: str) -> list[Floats]:
        """The question by the encoder of each space; one model is asked once."""
        known = {space.encoder.name: space.encoder for space in self.spaces}
        vectors = {name: encoder.queries([question])[0] for name, encoder in known.items()}
        return [vectors[space.encoder.name] for space in self.spaces]

    def evidence(
        self,
        vectors: Sequence[Floats],
        words: Sequence[str],
        without: Without | None = None,
        discriminant: Floats | None = None,
    ) -> Evidence:
        """The evidence for every article that could be meant.

        ``vectors``: the question by the encoder of each space. ``discriminant``: scores of all articles, where they
        come from a model that did not see the question (else this view's own).
        """
        short_scores, passage_scores = self.short_words.scores(words), self.passage_words.scores(words)
        if without is not None:
            self._hide(short_scores, passage_scores, without)
        if discriminant is None and self.discriminant is not None:
            discriminant = self.discriminant.scores(vectors[0])
        if discriminant is not None and without is not None and without.row is None:
            discriminant[without.article] = -np.inf
        articles = self._candidates(vectors, short_scores, passage_scores, without, discriminant)
        parts = [
            self._of_space(n, vectors[n], articles[self.space_of[articles] == n], without)
            for n in range(len(self.spaces))
        ]
        joined = Evidence(
            articles=np.concatenate([part.articles for part in parts]),
            features=np.concatenate([part.features for part in parts]),
            raw=np.concatenate([part.raw for part in parts]),
            passages=np.concatenate([part.passages for part in parts]),
            hidden=self._hidden_words(words, without),
            hidden_article=-1 if without is None else without.article,
        )
        self._add_words(joined, short_scores, passage_scores)
        _add_discriminant(joined, discriminant)
        return joined

    def _hidden_words(self, words: Sequence[str], without: Without | None) -> dict[str, int]:
        if without is None:
            return {}
        return self.article_words[without.article] if without.row is None else dict.fromkeys(words, 1)

    def _hide(self, short_scores: Floats, passage_scores: Floats, without: Without) -> None:
        first, end = self.short_starts[without.article : without.article + 2]
        if without.row is not None:
            short_scores[first + without.row] = 0
        else:
            short_scores[first:end] = 0
            passage_scores[slice(*self.passage_starts[without.article : without.article + 2])] = 0

    def _candidates(
        self,
        vectors: Sequence[Floats],
        short_scores: Floats,
        passage_scores: Floats,
        without: Without | None,
        discriminant: Floats | None,
    ) -> Ints:
        found = [space.candidates(vector, without) for space, vector in zip(self.spaces, vectors, strict=True)]
        found.append(_owners(short_scores, self.short_starts))
        found.append(_owners(passage_scores, self.passage_starts))
        if discriminant is not None:
            found.append(np.argsort(-discriminant, kind="stable")[:_BY_WORDS])
        articles: Ints = np.unique(np.concatenate(found))
        if without is not None and without.row is None:
            articles = articles[articles != without.article]
        return articles

    def _of_space(self, number: int, question: Floats, articles: Ints, without: Without | None) -> Evidence:
        space = self.spaces[number]
        shorts, counts = space.shorts.similarities(question, articles)
        if without is not None and without.row is not None:
            place = int(np.searchsorted(articles, without.article))
            if place < len(articles) and articles[place] == without.article:
                shorts[int(counts[:place].sum()) + without.row] = -np.inf
        titles = shorts[np.cumsum(counts) - counts]
        nearest, near, _ = best_of_each(shorts, counts, 0.0, top=3)
        passages, passage_counts = space.passages.similarities(question, articles)
        best, several, places = best_of_each(passages, passage_counts, 0.0, top=2)
        mean, spread = space.shorts.level(question)
        features = np.zeros((len(articles), len(FEATURES)), np.float32)
        for column, values in enumerate((nearest, near, titles)):
            features[:, column] = (values - mean) / spread
        mean, spread = space.passages.level(question)
        for column, values in ((3, best), (4, several)):
            # An article without passages is as good as its title.
            features[:, column] = np.where(passage_counts > 0, (values - mean) / spread, features[:, 2])
        return Evidence(articles, features, np.maximum(nearest, best), places)

    def _add_words(self, evidence: Evidence, short_scores: Floats, passage_scores: Floats) -> None:
        for column, scores, starts in ((5, passage_scores, self.passage_starts), (6, short_scores, self.short_starts)):
            for row, article in enumerate(evidence.articles.tolist()):
                own = scores[starts[article] : starts[article + 1]]
                if not len(own):
                    continue
                evidence.features[row, column] = own.max()
                if column == 5 and evidence.passages[row] < 0:
                    evidence.passages[row] = int(own.argmax())


def _add_discriminant(evidence: Evidence, scores: Floats | None) -> None:
    """The log-probability of each article among all, by the discriminant."""
    if scores is None:
        return
    top = scores.max()
    logs = scores - top - np.log(np.exp(scores - top).sum())
    evidence.features[:, 7] = np.maximum(logs[evidence.articles], _LEAST_LOG_PROBABILITY)


def _owners(scores: Floats, starts: Ints) -> Ints:
    """The articles of the few best texts by words."""
    if not len(scores):
        return np.empty(0, np.int64)
    best = np.argpartition(-scores, min(_BY_WORDS, len(scores) - 1))[:_BY_WORDS]
    owners: Ints = np.searchsorted(starts, best[scores[best] > 0], side="right") - 1
    return np.unique(owners)


def chosen_articles(contents: Contents, language: str) -> tuple[PublishedArticle, ...]:
    """Each article once, in the version that a customer of ``language`` should read."""
    versions: dict[str, list[PublishedArticle]] = {}
    for published in contents.articles:
        versions.setdefault(published.article.id, []).append(published)

    def distance(published: PublishedArticle) -> int:
        own = published.article.language
        return 0 if own == language else 1 if base(own) == base(language) else 2 if base(own) == "en" else 3

    return tuple(min(several, key=distance) for several in versions.values())


def base(language: str) -> str:
    """``zh`` of ``zh-Hant``."""
    return language.split("-")[0].lower()


def open_view(contents: Contents, language: str, encoders: Encoders, vectors: VectorCache) -> View:
    """Build what is searched for questions in ``language``. Raises VectorsMissing."""
    articles = chosen_articles(contents, language)
    readers = _readers(articles, language, encoders)
    # The customer's own language first.
    used = tuple(sorted(dict.fromkeys(readers), key=lambda reader: not reader[1])) or ((encoders.of(language), True),)
    space_of = np.array([used.index(reader) for reader in readers], np.int64)
    spaces = tuple(_space(articles, space_of, n, encoder, encoders, vectors) for n, (encoder, _) in enumerate(used))
    shorts = [[words_of(piece.text) for piece in pieces_of(one) if piece.role is not Role.PASSAGE] for one in articles]
    passages = [[words_of(piece.text) for piece in pieces_of(one) if piece.role is Role.PASSAGE] for one in articles]
    rarity = Rarity.of([text for several in (*shorts, *passages) for text in several])
    examples = (spaces[0].shorts.rows, spaces[0].shorts.group)
    return View(
        language=language,
        articles=articles,
        spaces=spaces,
        space_of=space_of,
        short_words=WordIndex([text for several in shorts for text in several], rarity),
        passage_words=WordIndex([text for several in passages for text in several], rarity),
        short_starts=np.cumsum([0, *map(len, shorts)]),
        passage_starts=np.cumsum([0, *map(len, passages)]),
        rarity=rarity,
        article_words=tuple(
            dict(Counter(word for text in (*short, *passage) for word in set(text)))
            for short, passage in zip(shorts, passages, strict=True)
        ),
        said=_said(articles),
        discriminant=discriminant_of(*examples, len(articles), len(used)),
        examples=examples,
    )


def _said(articles: Sequence[PublishedArticle]) -> dict[str, int]:
    owners: dict[str, set[int]] = {}
    for number, one in enumerate(articles):
        for text in (one.article.title, *one.article.questions):
            owners.setdefault(plain_key(text), set()).add(number)
    return {words: min(several) for words, several in owners.items() if words and len(several) == 1}


def _readers(articles: Sequence[PublishedArticle], language: str, encoders: Encoders) -> list[tuple[Encoder, bool]]:
    """Of each article the encoder that reads it here, and whether it is in the customer's own language."""
    own = encoders.of(language)
    found = []
    for one in articles:
        spoken = base(one.article.language)
        found.append((own if encoders.of(spoken) is own else encoders.crossing, spoken == base(language)))
    return found


def discriminant_of(vectors: Floats, groups: Ints, articles: int, spaces: int) -> Discriminant | None:
    """The view's discriminant, None where there are too few examples or more than one space."""
    if spaces > 1 or articles < 2 or len(vectors) < _EXAMPLES_PER_ARTICLE * articles:
        return None
    return Discriminant.fit(vectors, groups, articles)


def _space(
    articles: Sequence[PublishedArticle],
    space_of: Ints,
    number: int,
    encoder: Encoder,
    encoders: Encoders,
    vectors: VectorCache,
) -> Space:
    rows: dict[bool, list[Floats]] = {True: [], False: []}
    groups: dict[bool, list[int]] = {True: [], False: []}
    for n, published in enumerate(articles):
        if space_of[n] != number:
            continue
        crossing = encoders.of(base(published.article.language)) is not encoder
        pieces = pieces_of(published, crossing)
        matrix = stacked(vectors, encoder, pieces)
        for is_passage in (True, False):
            mine = [row for row, piece in enumerate(pieces) if (piece.role is Role.PASSAGE) is is_passage]
            rows[is_passage].append(matrix[mine])
            groups[is_passage] += [n] * len(mine)
    shorts, passages = (
        VectorIndex(_stack(rows[kind], encoder.dimension), groups[kind], len(articles)) for kind in (False, True)
    )
    return Space(encoder, shorts, passages, np.flatnonzero(space_of == number))


def _stack(parts: list[Floats], dimension: int) -> Floats:
    return np.concatenate(parts) if parts else np.empty((0, dimension), np.float32)
