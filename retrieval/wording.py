"""A customer's wording, turned into the KB's before it is searched for. What anyone is shown is never changed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from kb_content.articles import Contents, Term
from retrieval.chinese import simplified
from retrieval.mending import Mender, vocabulary
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
        texts = [clean(text, len(text) + 1) for text in _texts(contents, language)]
        texts = [simplified(text) for text in texts] if is_chinese else texts
        counts = vocabulary(texts)
        used = _Used(frozenset(map(stem, counts)), _pairs(texts))
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

    def indexed(self, text: str) -> list[str]:
        """The tokens by which ``text`` of an article should be found."""
        return words_of(simplified(text) if self.language in _MAY_BE_CHINESE else text)

    def folded(self, text: str) -> str:
        """``text`` in folded width and, for Chinese customers, in simplified characters."""
        return _simplified_form(text) if self.language in _MAY_BE_CHINESE else clean(text)


@dataclass(frozen=True)
class _Used:
    """What the articles say: stems of words, and pairs of Chinese characters."""

    stems: frozenset[str]
    pairs: frozenset[str]

    def has(self, word: str) -> bool:
        """Whether the articles say all parts of ``word``."""
        spaced = [part for part in _SPACED.findall(word.lower()) if not part.isdigit()]
        return self.stems.issuperset(map(stem, spaced)) and self.pairs.issuperset(_pairs([word]))


def _simplified_form(word: str) -> str:
    return simplified(clean(word))


def _texts(contents: Contents, language: str) -> Iterator[str]:
    for published in chosen_articles(contents, language):
        yield published.article.title
        yield from published.article.questions
        for passage in published.passages:
            yield f"{passage.heading}\n{without_markup(passage.text)}"
    for intent in contents.intents:
        for spoken, examples in intent.examples.items():
            if base(spoken) == base(language):
                yield from examples


def _pairs(texts: Iterable[str]) -> frozenset[str]:
    runs = (run for text in texts for run in _HAN_RUN.findall(text))
    return frozenset(f"{one}{other}" for run in runs for one, other in pairwise(run))


def _speaks(term: Term, language: str) -> bool:
    return base(term.language) == base(language)


def _english_first(terms: Iterable[Term]) -> list[Term]:
    return sorted(terms, key=lambda term: base(term.language) != "en")
