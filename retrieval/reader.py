"""Reading a customer's text: its language, its intent, the articles that answer it, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from kb_content.articles import Contents, PublishedArticle
from retrieval import prior
from retrieval.audience import ANYONE, Asker
from retrieval.background import everyday_to, open_background
from retrieval.codes import codes_in, is_about_another
from retrieval.encoders import Encoders
from retrieval.index import Floats
from retrieval.intents import IntentGuess, IntentModel, open_intents
from retrieval.known_intents import ASKS_FOR_HUMAN
from retrieval.languages import language_of, tag_of
from retrieval.opening import open_views
from retrieval.parameters import Parameters, ViewParameters
from retrieval.quoting import quoted
from retrieval.ranking import OPTIONS, Ranking, raw_sign
from retrieval.reranker import Reranker
from retrieval.rereading import SIGN, WORTH, Careful, judge, moved, reread
from retrieval.sentences import beginnings, told
from retrieval.texts import clean, plain_key, says_something
from retrieval.variants import Variants, base, languages_of
from retrieval.vectors import VectorCache
from retrieval.view import Asked, Evidence, View

ANY_LANGUAGE = "*"
"""The view for customers whose language the KB does not have."""

_HITS = 10
_CLOSE_SHARE = 0.03
"""An article competes for the answer when its share is at least this part of the best one's."""

_FOREIGN_CONFIDENCE = 0.4
"""What an article may well answer is not foreign."""

_VERBATIM = 0.995
"""Confidence in the article that has the very words of the question among its own."""

_OTHER_CODE = 0.4
"""No article about error E12 is answered from when E21 was asked for, but it may be offered."""

_EXPLAINS, _EXPLAINED = 0.3, 0.4
"""Where an article may well be right, and says more of the words than all requests for a person do, the
sentence is likely none of them."""
_SAID_ENOUGH = 0.6
"""What requests for a person say so much of, by weight, is one however much of it an article says."""

_REQUEST = 0.95
"""How sure a clause must be a request for a person, to be one for its whole message."""
_REQUEST_WORDS = 0.75
"""The share of its words, by weight, that requests for a person must say."""
_SOME_WORDS = 0.2
"""The share from which a clause may begin as one."""
_BEGUN = (_REQUEST_WORDS, 0.95)
"""The shares of the beginnings that are looked at."""

_ANSWERABLE = 0.7
"""The share of questions that a KB is assumed to answer, before anything is known of one."""
_FOREIGN_TELLS = -2.0
"""Log-odds: an eighth as many look foreign among the questions that a KB answers as among those that it does not."""

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
    offer: float = 0.0
    """The probability that one of the articles in ``close`` is right."""


@dataclass(frozen=True)
class Reader:
    """A release, ready to be asked. Immutable: a new release is a new Reader. Safe to use from several threads."""

    encoders: Encoders
    views: dict[str, View]
    intents: dict[str, IntentModel]
    backgrounds: dict[str, dict[str, Floats]]
    """By encoder and language: everyday questions, which lie outside every KB."""
    parameters: Parameters
    main_language: str
    variants: Variants
    reranker: Careful | None = None

    @classmethod
    def open(
        cls,
        contents: Contents,
        vectors: VectorCache,
        parameters: bytes,
        encoders: Encoders,
        reranker: Reranker | None = None,
    ) -> Reader:
        """Build the indexes from ``vectors`` (see ``retrieval.needs.wanted``) and the release's ``parameters``.

        A ``reranker`` need not be the one that the release was built with, if any. Raises VectorsMissing or
        ParametersUnreadable.
        """
        fitted = Parameters.from_bytes(parameters)
        languages = languages_of(contents)
        return cls(
            encoders=encoders,
            views=open_views(contents, (*languages, ANY_LANGUAGE), encoders, vectors),
            intents={
                encoder.name: open_intents(contents, encoder, encoders, vectors, fitted.intent(encoder.name))
                for encoder in encoders.distinct
            },
            backgrounds={encoder.name: open_background(encoder, encoders, vectors) for encoder in encoders.distinct},
            parameters=fitted,
            main_language=languages[0] if languages else "en",
            variants=Variants.of(contents),
            reranker=Careful(reranker) if reranker else None,
        )

    def read(self, text: str, language: str | None = None, *, asker: Asker = ANYONE) -> Reading:
        """Understand ``text``; ``language`` (BCP 47) where it is known, else it is guessed.

        Only what ``asker`` may see is found. Where the first look leaves doubt, a second encoder is asked; where that
        leaves doubt, too, the reranker.
        """
        spoken = base(language) if language else language_of(text, self.main_language, self._han)
        if not says_something(text):
            return Reading(text, spoken, None, 0.0, (), 0.0, True, (), {})
        view, question = self.view_of(spoken), clean(text)
        asked = view.asked(question)
        reading = self.understand(text, spoken, asked, asker, language)
        fitted = self.parameters.view(view.language, view.belief)
        pays = view.second is not None and fitted.second is not None
        if pays and prior.NEAR[0] < reading.confidence < prior.NEAR[1]:
            asked = view.looked_at_twice(asked, question)
            reading = self.understand(text, spoken, asked, asker, language)
        pays = self.reranker is not None and self.reranker.fitted(fitted.rereading).pays
        if pays and WORTH[0] < reading.confidence < WORTH[1]:
            reading = self.understand(text, spoken, asked, asker, language, reranker=self.reranker)
        return self._with_request(reading, view, asked.words)

    def _with_request(self, reading: Reading, view: View, words: Sequence[str]) -> Reading:
        """``reading`` as a request for a person if a part of it is one by itself, whatever else is told beside it."""
        intents = self.intents[view.spaces[0].encoder.name]
        guess = IntentGuess(reading.intent, reading.intent_confidence)
        is_request = guess.name == ASKS_FOR_HUMAN
        if guess.confidence >= _REQUEST if is_request else intents.is_for_people(guess, reading.confidence):
            return reading
        for part in self._requests(reading, view, intents, words):
            text = view.wording.question(clean(part))
            guess = intents.guess(text, view.spaces[0].encoder.queries([text])[0])
            if guess.name == ASKS_FOR_HUMAN and guess.confidence >= _REQUEST:
                # Whatever an article says of the rest, that part is for a person.
                sure = max(guess.confidence, reading.confidence)
                return replace(reading, intent=guess.name, intent_confidence=sure)
        return reading

    def _requests(self, reading: Reading, view: View, intents: IntentModel, words: Sequence[str]) -> list[str]:
        """The clauses of the text, if several, and the beginnings of clauses ("I want to talk to a person" about this
        and that) of which requests for a person say most: few are worth encoding. ``words``: of the whole text."""
        clauses = told(reading.text)
        found = []
        for clause in clauses if intents.requests else ():
            said = words if len(clauses) == 1 else view.wording.words(clause)
            share = view.rarity.share(said, intents.requests, {})
            if share >= _REQUEST_WORDS and len(clauses) > 1:
                found.append(clause)
            elif share >= _SOME_WORDS:
                found += self._beginnings(clause, reading, view, intents)
        return found

    def _beginnings(self, clause: str, reading: Reading, view: View, intents: IntentModel) -> list[str]:
        """The longest, and the longest that says nothing else at all where the first ends on "about the". What an
        article says as well ("opening hours of our agents") is no request."""
        parts = [part for part in beginnings(clause) if intents.ends_as_request(part)]
        said = {part: self._share(part, view, intents.requests) for part in parts}
        longest = (next((part for part, share in said.items() if share >= least), "") for least in _BEGUN)
        article = view.words_of(reading.hits[0].article_id, reading.hits[0].language) if reading.hits else {}
        chosen = (part for part in dict.fromkeys(longest) if part)
        return [part for part in chosen if self._share(part, view, article) < said[part]]

    def _share(self, text: str, view: View, counts: Mapping[str, int]) -> float:
        """How much of its words texts with ``counts`` say, by weight."""
        return view.rarity.share(view.wording.words(text), counts, {})

    @property
    def _han(self) -> str | None:
        """Whose language Han characters alone are, where the KB speaks one of the two that write them."""
        return "ja" if "ja" in self.views and "zh" not in self.views else None

    def view_of(self, language: str) -> View:
        """What is searched for a customer of ``language``."""
        return self.views.get(language) or self.views[ANY_LANGUAGE]

    def understand(
        self,
        text: str,
        language: str,
        asked: Asked,
        asker: Asker = ANYONE,
        tag: str | None = None,
        reranker: Careful | None = None,
    ) -> Reading:
        """All of reading beside the encoders. ``asked``: the text as its view reads it; ``tag``: BCP 47 if known;
        ``reranker``: asked if given.
        """
        view = self.view_of(language)
        fitted = self.parameters.view(view.language, view.belief)
        look = fitted.first if asked.second is None or fitted.second is None else fitted.second
        intents = self.intents[view.spaces[0].encoder.name]
        guess = intents.guess(view.wording.question(clean(text)), asked.vectors[0])
        evidence = view.evidence(asked, visible=view.visible(asker))
        if not len(evidence.articles):
            return Reading(text, language, guess.name, guess.confidence, (), 0.0, True, (), {})
        judged = judge(view, evidence, asked, look)
        if reranker is not None:
            known = reranker.fitted(fitted.rereading)
            judged = reread(judged, view, asked, look, clean(text), reranker, known)
        if SIGN not in judged.why:
            # Else the passages were read together with the question, which tells more.
            passages = quoted(view, asked, judged.evidence, judged.ranking.order)
            judged = replace(judged, evidence=replace(judged.evidence, passages=passages))
        evidence, ranking, confidence, offer = judged.evidence, judged.ranking, judged.confidence, judged.offer
        verbatim = np.flatnonzero(evidence.articles == view.said.get(plain_key(text), -1))
        if len(verbatim):
            # What an editor wrote down as a question of an article is answered by it, whatever else lies near.
            ranking, confidence = ranking.led_by(int(verbatim[0])), max(confidence, _VERBATIM)
            offer = confidence
        else:
            confidence = min(confidence, _share_of_title(view, evidence, ranking))
            if is_about_another(codes_in(text), view.articles[int(evidence.articles[ranking.order[0]])]):
                confidence = min(confidence, _OTHER_CODE)
        if confidence >= _EXPLAINS and guess.name == ASKS_FOR_HUMAN and not intents.has(text):
            said = view.rarity.share(asked.words, intents.requests, {})
            if said < min(_SAID_ENOUGH, float(raw_sign(ranking.signs, "words covered"))):
                # A product may have agents of its own, and pages about them.
                guess = IntentGuess(guess.name, min(guess.confidence, _EXPLAINED))
        is_foreign = confidence < _FOREIGN_CONFIDENCE and self._is_foreign(view, evidence, ranking, asked, fitted)
        tag, close = tag or tag_of(text, language), _close(view, evidence, ranking)
        return Reading(
            text=text,
            language=language,
            intent=guess.name,
            intent_confidence=guess.confidence,
            hits=tuple(self._regional(view, hit, tag, asker) for hit in _hits(view, evidence, ranking)),
            confidence=confidence,
            foreign=is_foreign,
            close=close,
            why=judged.why,
            effects=judged.effects,
            offer=max(confidence, _offer(offer, is_foreign, len(close) / len(view.articles))),
        )

    def _regional(self, view: View, hit: Hit, tag: str, asker: Asker) -> Hit:
        """The same in the customer's regional form of the language, where the article has one."""
        if not self.variants.several:
            return hit
        published = next(one for one in view.articles if one.article.id == hit.article_id)
        place = next((n for n, passage in enumerate(published.passages) if passage.key == hit.passage), -1)
        shown, place = self.variants.nearest(published, place, tag, asker)
        return hit if shown is published else _hit(shown, place, hit.score)

    def _is_foreign(
        self, view: View, evidence: Evidence, ranking: Ranking, asked: Asked, fitted: ViewParameters
    ) -> bool:
        """Whether everyday questions lie nearer than anything that the best article says, or everything lies far.

        Never everyday questions in the customer's own language to an article in another: they lie nearer whatever they
        say.
        """
        first = int(evidence.articles[ranking.order[0]])
        space = int(view.space_of[first])
        by_language = self.backgrounds[view.spaces[space].encoder.name]
        spoken = base(view.articles[first].article.language)
        background = by_language[spoken if spoken in by_language else "en"]
        everyday = everyday_to(background, asked.vectors[space], view.words.texts)
        similarity = float(evidence.raw[ranking.order[0]])
        if everyday is not None and everyday.is_nearer(similarity):
            return True
        return _is_far(view, evidence, ranking, fitted) and not (everyday and everyday.is_left_behind(similarity))


def _hits(view: View, evidence: Evidence, ranking: Ranking) -> tuple[Hit, ...]:
    return tuple(
        _hit(view.articles[int(evidence.articles[row])], int(evidence.passages[row]), float(share))
        for row, share in zip(ranking.order[:_HITS].tolist(), ranking.shares[:_HITS].tolist(), strict=True)
    )


def _hit(published: PublishedArticle, place: int, score: float) -> Hit:
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
        for row, share in zip(ranking.order[:OPTIONS].tolist(), ranking.shares[:OPTIONS].tolist(), strict=True)
        if share >= _CLOSE_SHARE * ranking.shares[0]
    )


def _share_of_title(view: View, evidence: Evidence, ranking: Ranking) -> float:
    """What the first article has of the share of all with its title, 1 for no other: pages called Installation in the
    folder of each product all fit, however well the words do, and only what sets one apart tells which is meant."""
    alike = view.same_title.get(int(evidence.articles[ranking.order[0]]))
    if alike is None:
        return 1.0
    shares = zip(evidence.articles[ranking.order].tolist(), ranking.shares.tolist(), strict=True)
    all_of_them: float = sum(share for number, share in shares if number in alike)
    return float(ranking.shares[0]) / all_of_them


def _offer(probability: float, is_foreign: bool, offered: float) -> float:
    """``probability`` that a choice has a right article, by what else is known. ``offered``: the share of all articles
    that it has: of five, any three are most."""
    if is_foreign:
        return float(moved(np.array(probability), np.array(_FOREIGN_TELLS)))
    return max(probability, _ANSWERABLE * offered)


def _is_far(view: View, evidence: Evidence, ranking: Ranking, fitted: ViewParameters) -> bool:
    """Whether the question has next to nothing in common with the best article, in vectors and in words.

    Across languages neither says so: there words are never shared, and everything lies far.
    """
    article = view.articles[int(evidence.articles[ranking.order[0]])].article
    if base(article.language) != base(view.language):
        return False
    return ranking.closeness < fitted.foreign_below and ranking.known_words < _FOREIGN_WORDS
