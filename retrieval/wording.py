"""A customer's wording, turned into the KB's before it is searched for. What anyone is shown is never changed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise

from kb_content.articles import Contents, PublishedArticle, Term
from retrieval.chinese import simplified
from retrieval.mending import Mender, vocabulary
from retrieval.sharing import OfArticle
from retrieval.synonyms import Synonyms
from retrieval.texts import clean, without_markup
from retrieval.variants import base, chosen_articles
from retrieval.words import stem, words_of

_HAN_RUN = re.compile(r"[\u3005-\u3007\u3400-\u9fff\uf900-\ufaff]+")
_SPACED = re.compile(r"[^\W_\u3005-\u3007\u3400-\u9fff\uf900-\ufaff]+")

_MAY_BE_CHINESE = frozenset({"zh", "*"})


@dataclass(frozen=True)
class Wording:
    """How customers of one language say what the KB says. Immutable but for a cache; safe to use from several threads.

    ``own``: the glossary of that language. ``others``: the rest of it, whose terms only the word index is asked for.
    """

    language: str
    own: Synonyms
    others: Synonyms
    mender: Mender

    @classmethod
    def of(cls, contents: Contents, language: str) -> Wording:
        """The wording of a view's language, ``*`` for customers whose language the KB does not have."""
        is_chinese = base(language) in _MAY_BE_CHINESE
        counts, pairs = _said(contents, language, is_chinese)
        used = _Used(frozenset(map(stem, counts)), pairs)
        own = [term for term in _english_first(contents.glossary) if language == "*" or _speaks(term, language)]
        others = [term for term in contents.glossary if term not in own and used.has(term.term)]
        counts.update(vocabulary(word for term in contents.glossary for word in (term.term, *term.also)))
        form = _simplified_form if is_chinese else clean
        return cls(
            language=base(language),
            own=Synonyms.of(own, used.has, form),
            others=Synonyms.of(others, lambda _: True, form),
            mender=Mender(counts),
        )

    def question(self, text: str) -> str:
        """``text`` as an encoder should see it.

        A misspelled word is mended for the encoder only where that is certain, and where a dictionary tells it from a
        plain word that the KB happens to lack: in English.
        """
        folded = self.folded(text)
        if self.language == "en":
            folded = self.mender.mended(folded, certain=True)
        return self.own.applied(folded)

    def words(self, text: str) -> list[str]:
        """The tokens that a word index should be asked for ``text``."""
        mended = self.mender.mended(self.folded(text), certain=False)
        return words_of(self.others.applied(self.own.applied(mended)))

    @property
    def indexed(self) -> Callable[[str], list[str]]:
        """The tokens by which a text of an article should be found. Always the same function for a language, so that
        what was made with it can be kept."""
        return _simplified_words if self.is_simplified else words_of

    @property
    def is_simplified(self) -> bool:
        """Whether what customers say, and articles, are compared in simplified Chinese."""
        return self.language in _MAY_BE_CHINESE

    def folded(self, text: str) -> str:
        """``text`` in folded width and, for Chinese customers, in simplified characters."""
        return _simplified_form(text) if self.is_simplified else clean(text)


@dataclass(frozen=True)
class _Used:
    """What the articles say: stems of words, and pairs of Chinese characters."""

    stems: frozenset[str]
    pairs: frozenset[str]

    def has(self, word: str) -> bool:
        """Whether the articles say all parts of ``word``."""
        spaced = [part for part in _SPACED.findall(word.lower()) if not part.isdigit()]
        return self.stems.issuperset(map(stem, spaced)) and self.pairs.issuperset(_pairs([word]))


def _simplified_words(text: str) -> list[str]:
    return words_of(simplified(text))


def _simplified_form(word: str) -> str:
    return simplified(clean(word))


_Vocabulary = tuple[Counter[str], frozenset[str]]
"""How often each word of a script with spaces is said, and the pairs of Chinese characters."""


def _said(contents: Contents, language: str, is_chinese: bool) -> _Vocabulary:
    """All that is said in a view: by its articles, and by the intents of its language."""
    of_article = _said_in_simplified if is_chinese else _said_as_written
    parts = [of_article(published) for published in chosen_articles(contents, language)]
    examples = [
        text
        for intent in contents.intents
        for spoken, several in intent.examples.items()
        if base(spoken) == base(language)
        for text in several
    ]
    parts.append(_said_in(examples, is_chinese))
    counts: Counter[str] = Counter()
    for words, _ in parts:
        counts.update(words)
    return counts, frozenset().union(*(pairs for _, pairs in parts))


def _said_by(published: PublishedArticle, is_chinese: bool) -> _Vocabulary:
    article = published.article
    passages = (f"{passage.heading}\n{without_markup(passage.text)}" for passage in published.passages)
    return _said_in([article.title, *article.questions, *passages], is_chinese)


def _said_in(texts: Iterable[str], is_chinese: bool) -> _Vocabulary:
    cleaned = [clean(text, len(text) + 1) for text in texts]
    cleaned = [simplified(text) for text in cleaned] if is_chinese else cleaned
    return vocabulary(cleaned), _pairs(cleaned)


_said_as_written = OfArticle(lambda published: _said_by(published, False))
_said_in_simplified = OfArticle(lambda published: _said_by(published, True))


def _pairs(texts: Iterable[str]) -> frozenset[str]:
    runs = (run for text in texts for run in _HAN_RUN.findall(text))
    return frozenset(f"{one}{other}" for run in runs for one, other in pairwise(run))


def _speaks(term: Term, language: str) -> bool:
    return base(term.language) == base(language)


def _english_first(terms: Iterable[Term]) -> list[Term]:
    return sorted(terms, key=lambda term: base(term.language) != "en")
